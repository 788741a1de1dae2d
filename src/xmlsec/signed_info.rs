//! `ds:SignedInfo` (XML-DSig core 4.3), read strictly: every part in its place, nothing else anywhere.

use crate::base::Limits;
use crate::effect::SignatureScheme;
use crate::encoding::base64;
use crate::xml::c14n::{Exclusive, canonicalize};
use crate::xml::{Element, XmlError};

use super::algorithm::{AlgorithmPolicy, DigestAlgorithm, ENVELOPED, EXCLUSIVE, EXCLUSIVE_WITH_COMMENTS};
use super::{DS, SignatureError};

/// Exclusive canonical XML with its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canonicalization {
    /// The `#WithComments` variant. A reference to an ID signs no comments all the same (XML-DSig core 4.3.3.3).
    pub with_comments: bool,
    /// The PrefixList of `InclusiveNamespaces`.
    pub inclusive_prefixes: Vec<String>,
}

impl Canonicalization {
    /// Reads `CanonicalizationMethod`, or the `Transform` of that kind; `None` when it names another algorithm.
    fn read(element: Element<'_>, limits: &Limits) -> Result<Option<Self>, SignatureError> {
        let with_comments = match algorithm(element)? {
            EXCLUSIVE => false,
            EXCLUSIVE_WITH_COMMENTS => true,
            _ => return Ok(None),
        };
        let mut children = children(element)?;
        let inclusive_prefixes = match (children.next(), children.next()) {
            (None, _) => Vec::new(),
            (Some(only), None) if only.is(EXCLUSIVE, "InclusiveNamespaces") => prefix_list(only, limits)?,
            _ => return Err(misshapen(element, "a canonicalization with foreign parameters")),
        };
        Ok(Some(Self { with_comments, inclusive_prefixes }))
    }

    /// The canonical octets of what a reference to the ID of `element` signs: without `omit`, and never with comments.
    /// They are taken out when the reference is resolved (XML-DSig core 4.3.3.3), before any transform could keep them.
    pub(super) fn apply_to_reference(
        &self,
        element: Element<'_>,
        omit: Option<Element<'_>>,
    ) -> Result<Vec<u8>, SignatureError> {
        self.octets(element, omit, false)
    }

    /// The canonical octets of `SignedInfo`.
    pub(super) fn apply_to_signed_info(&self, element: Element<'_>) -> Result<Vec<u8>, SignatureError> {
        self.octets(element, None, self.with_comments)
    }

    /// Canonical octets that begin with the element's own start tag.
    fn octets(
        &self,
        element: Element<'_>,
        omit: Option<Element<'_>>,
        with_comments: bool,
    ) -> Result<Vec<u8>, SignatureError> {
        let inclusive_prefixes: Vec<&str> = self.inclusive_prefixes.iter().map(String::as_str).collect();
        let how = Exclusive { with_comments, inclusive_prefixes: &inclusive_prefixes, omit };
        let octets = canonicalize(element, &how)?;
        let begins = octets
            .strip_prefix(b"<")
            .and_then(|octets| octets.strip_prefix(element.qualified_name().as_bytes()))
            .is_some_and(|octets| matches!(octets.first(), Some(b' ' | b'>')));
        if !begins {
            // "The Fragile Lock": a digest of nothing, or of something else, must never be compared.
            return Err(XmlError::CanonicalizationFailed { at: element.position() }.into());
        }
        Ok(octets)
    }
}

/// Exclusive canonical XML section 4: prefixes and `#default`, separated by white space.
fn prefix_list(element: Element<'_>, limits: &Limits) -> Result<Vec<String>, SignatureError> {
    only_attributes(element, &["PrefixList"])?;
    if children(element)?.next().is_some() {
        return Err(misshapen(element, "`InclusiveNamespaces` is not empty"));
    }
    let mut prefixes: Vec<String> = Vec::new();
    for prefix in element.attribute("PrefixList").unwrap_or_default().split_ascii_whitespace() {
        let is_name = prefix.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && prefix.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        if !(is_name || prefix == "#default") || prefixes.len() >= limits.max_listed_prefixes {
            return Err(misshapen(element, "`PrefixList` is no list of prefixes, or too long"));
        }
        prefixes.push(prefix.to_owned());
    }
    Ok(prefixes)
}

/// Everything that a signature signs directly.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SignedInfo {
    /// How `SignedInfo` itself is canonicalized.
    pub(super) canonicalization: Canonicalization,
    /// The signature algorithm; allowed by the policy.
    pub(super) scheme: SignatureScheme,
    /// The `URI` of the one reference.
    pub(super) uri: String,
    /// How the referenced element is canonicalized, behind the enveloped-signature transform.
    pub(super) transform: Canonicalization,
    /// The digest algorithm; allowed by the policy.
    pub(super) digest: DigestAlgorithm,
    /// The digest of the referenced element.
    pub(super) digest_value: Vec<u8>,
}

impl SignedInfo {
    /// Reads `element`, a `ds:SignedInfo`.
    pub(super) fn read(
        element: Element<'_>,
        policy: AlgorithmPolicy,
        limits: &Limits,
    ) -> Result<Self, SignatureError> {
        // XML-DSig core 4.3: CanonicalizationMethod, SignatureMethod, Reference; SAML core 5.4.2: a single reference
        // (several have let attackers choose which one counts, CVE-2025-29774).
        only_attributes(element, &["Id"])?;
        let names = ["CanonicalizationMethod", "SignatureMethod", "Reference"];
        let [canonicalization, method, reference] = exactly(element, names)?;
        // 4.3.1 with SAML core 5.4.3
        let Some(canonicalization) = Canonicalization::read(canonicalization, limits)? else {
            return Err(SignatureError::CanonicalizationRefused {
                uri: algorithm(canonicalization)?.to_owned(),
            });
        };
        // 4.3.2; an HMACOutputLength or other parameter is refused with the children.
        let uri = algorithm(method)?;
        empty(method)?;
        let scheme = SignatureScheme::from_uri(uri)
            .filter(|scheme| policy.allows_scheme(*scheme))
            .ok_or_else(|| SignatureError::SchemeRefused { uri: uri.to_owned() })?;
        Self::read_reference(reference, canonicalization, scheme, policy, limits)
    }

    /// XML-DSig core 4.3.3: Transforms, DigestMethod, DigestValue.
    fn read_reference(
        reference: Element<'_>,
        canonicalization: Canonicalization,
        scheme: SignatureScheme,
        policy: AlgorithmPolicy,
        limits: &Limits,
    ) -> Result<Self, SignatureError> {
        only_attributes(reference, &["Id", "URI", "Type"])?;
        let [transforms, method, value] = exactly(reference, ["Transforms", "DigestMethod", "DigestValue"])?;
        // 4.3.3.4 with SAML core 5.4.4: enveloped-signature, then exclusive canonical XML, each once.
        only_attributes(transforms, &[])?;
        let refused = |transform: Option<Element<'_>>| {
            let uri = transform.and_then(|transform| transform.attribute("Algorithm")).unwrap_or_default();
            SignatureError::TransformRefused { uri: uri.to_owned() }
        };
        let mut listed = children(transforms)?;
        let (first, second, third) = (listed.next(), listed.next(), listed.next());
        let first = first.filter(|first| first.is(DS, "Transform")).ok_or_else(|| refused(first))?;
        if algorithm(first)? != ENVELOPED {
            return Err(refused(Some(first)));
        }
        empty(first)?;
        let second = second.filter(|second| second.is(DS, "Transform")).ok_or_else(|| refused(second))?;
        let transform = Canonicalization::read(second, limits)?.ok_or_else(|| refused(Some(second)))?;
        if third.is_some() {
            return Err(refused(third));
        }
        // 4.3.3.5
        let uri = algorithm(method)?;
        empty(method)?;
        let digest = DigestAlgorithm::from_uri(uri)
            .filter(|digest| policy.allows_digest(*digest))
            .ok_or_else(|| SignatureError::DigestRefused { uri: uri.to_owned() })?;
        // 4.3.3.6
        only_attributes(value, &[])?;
        let digest_value = octets(value, "DigestValue")?;
        let uri =
            reference.attribute("URI").ok_or_else(|| misshapen(reference, "a reference without URI"))?;
        Ok(Self { canonicalization, scheme, uri: uri.to_owned(), transform, digest, digest_value })
    }
}

/// The plain base64 text of `element`; a comment in it ends in [`SignatureError::Xml`] (CVE-2025-29775).
pub(super) fn octets(element: Element<'_>, name: &'static str) -> Result<Vec<u8>, SignatureError> {
    let octets = base64::decode_xml(element.value()?);
    octets.ok().filter(|octets| !octets.is_empty()).ok_or(SignatureError::ValueMalformed { element: name })
}

/// The children of `element` if they are exactly `names` of the signature namespace, in that order.
pub(super) fn exactly<'a, const N: usize>(
    element: Element<'a>,
    names: [&str; N],
) -> Result<[Element<'a>; N], SignatureError> {
    let found: Vec<Element<'a>> = children(element)?.collect();
    <[Element<'a>; N]>::try_from(found)
        .ok()
        .filter(|found| found.iter().zip(names).all(|(child, name)| child.is(DS, name)))
        .ok_or_else(|| misshapen(element, "an element is missing, repeated or misplaced"))
}

/// The child elements of `element`, which holds nothing else but white space.
pub(super) fn children<'a>(
    element: Element<'a>,
) -> Result<impl Iterator<Item = Element<'a>> + use<'a>, SignatureError> {
    if !element.holds_only_elements() {
        return Err(misshapen(element, "text or a comment between elements"));
    }
    Ok(element.children())
}

fn empty(element: Element<'_>) -> Result<(), SignatureError> {
    match children(element)?.next() {
        None => Ok(()),
        Some(_) => Err(misshapen(element, "parameters where none are allowed")),
    }
}

/// The value of `Algorithm`, the only attribute of `element`.
fn algorithm<'a>(element: Element<'a>) -> Result<&'a str, SignatureError> {
    only_attributes(element, &["Algorithm"])?;
    element.attribute("Algorithm").ok_or_else(|| misshapen(element, "`Algorithm` is missing"))
}

/// Refuses attributes other than `names`, and every attribute in a namespace.
pub(super) fn only_attributes(element: Element<'_>, names: &[&str]) -> Result<(), SignatureError> {
    let known = element
        .attributes()
        .all(|attribute| attribute.namespace.is_none() && names.contains(&attribute.local_name));
    if known { Ok(()) } else { Err(misshapen(element, "an unknown attribute")) }
}

pub(super) fn misshapen(element: Element<'_>, finding: &'static str) -> SignatureError {
    SignatureError::Structure { finding, at: element.position() }
}
