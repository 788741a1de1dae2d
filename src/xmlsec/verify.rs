//! Verifying the signature of one element and keeping exactly the octets that were signed.

use subtle::ConstantTimeEq as _;

use crate::base::{Budget, Limits};
use crate::effect::{CryptoProvider, SignatureScheme, VerificationKey};
use crate::xml::{Element, Source};

use super::algorithm::{AlgorithmPolicy, DigestAlgorithm};
use super::detached::verify_value;
use super::key::KeyFingerprint;
use super::signed_info::{SignedInfo, children, misshapen, octets, only_attributes};
use super::{DS, SignatureError};

/// The canonical octets of an element whose signature was good: what was hashed, and nothing else.
///
/// Only [`verify()`] makes one. Everything that is believed is read through [`SignedElement::read`].
#[derive(Clone, Debug)]
pub struct SignedElement {
    source: Source,
    namespace: Option<String>,
    local_name: String,
    id: String,
    facts: SignatureFacts,
}

/// How an element was signed, for those who ask what was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureFacts {
    /// The algorithm of the signature.
    pub scheme: SignatureScheme,
    /// The algorithm of the reference's digest.
    pub digest: DigestAlgorithm,
    /// The configured key that made it.
    pub key: KeyFingerprint,
}

impl SignedElement {
    /// Gives the element to `read`, parsed from the octets that were digested, after a check that they say what the
    /// tree said that was verified: same name, same ID, and no signature left inside.
    ///
    /// # Errors
    /// [`SignatureError::Structure`] when the octets read differently, and whatever `read` returns.
    pub fn read<R, E: From<SignatureError>>(
        &self,
        read: impl FnOnce(Element<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let document = self.source.document().map_err(SignatureError::from)?;
        let root = document.root();
        let same = root.local_name() == self.local_name
            && root.namespace() == self.namespace.as_deref()
            && root.attribute("ID") == Some(self.id.as_str());
        if !same || has_signature(root) {
            return Err(misshapen(root, "the element reads differently in canonical form").into());
        }
        read(root)
    }

    /// How it was signed.
    #[must_use]
    pub const fn facts(&self) -> SignatureFacts {
        self.facts
    }

    /// The octets as text, for comparison and display.
    #[must_use]
    pub fn octets(&self) -> &str {
        self.source.as_str()
    }
}

/// Has `element` any `ds:Signature` child, good or bad?
#[must_use]
pub fn has_signature(element: Element<'_>) -> bool {
    signatures(element).next().is_some()
}

fn signatures<'a>(element: Element<'a>) -> impl Iterator<Item = Element<'a>> + use<'a> {
    element.children().filter(|child| child.is(DS, "Signature"))
}

/// Verifies the enveloped signature of `element` with `keys` (SAML core 5.4).
///
/// The signature must be the one `ds:Signature` child of `element` and refer to its `ID`. `KeyInfo` is ignored. Each
/// check with a key takes one unit of `budget`.
///
/// # Errors
/// The first finding as a [`SignatureError`].
pub fn verify(
    element: Element<'_>,
    keys: &[VerificationKey],
    policy: &AlgorithmPolicy,
    crypto: &dyn CryptoProvider,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<SignedElement, SignatureError> {
    let mut found = signatures(element);
    let signature = found.next().ok_or(SignatureError::Missing)?;
    // SAML core 5.4.1: at most one signature, a child of what it signs.
    if found.next().is_some() {
        return Err(misshapen(element, "an element with several signatures"));
    }
    let (signed_info, value) = parts(signature)?;
    let info = SignedInfo::read(signed_info, *policy, limits)?;
    // SAML core 5.4.2: the reference is to the ID of the element that contains the signature. `URI=""` is not.
    let id = element.attribute("ID").filter(|id| is_id(id));
    let Some(id) = id.filter(|id| info.uri.strip_prefix('#') == Some(*id)) else {
        return Err(SignatureError::ReferenceRefused { uri: info.uri });
    };
    // XML-DSig core 3.2.2: signature validation..
    let signed_octets = info.canonicalization.apply_to_signed_info(signed_info)?;
    let value = octets(value, "SignatureValue")?;
    let key = verify_value(info.scheme, &signed_octets, &value, keys, crypto, budget)?;
    // ..and what was acted on must be what the signed octets say.
    let again = Source::check_canonical(&signed_octets, limits)?;
    if SignedInfo::read(again.document()?.root(), *policy, limits)? != info {
        return Err(misshapen(signed_info, "`SignedInfo` reads differently in canonical form"));
    }
    // XML-DSig core 3.2.1: reference validation.
    let octets = info.transform.apply_to_reference(element, Some(signature))?;
    let digest = info.digest.digest(&octets);
    if !bool::from(digest.as_slice().ct_eq(&info.digest_value)) {
        return Err(SignatureError::DigestMismatch);
    }
    Ok(SignedElement {
        source: Source::check_canonical(&octets, limits)?,
        namespace: element.namespace().map(str::to_owned),
        local_name: element.local_name().to_owned(),
        id: id.to_owned(),
        facts: SignatureFacts { scheme: info.scheme, digest: info.digest, key: KeyFingerprint::of(key) },
    })
}

/// The characters of `xs:ID` (without those beyond ASCII), so that `#ID` is a plain fragment and no XPointer.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// XML-DSig core 4.1: SignedInfo, SignatureValue, optionally KeyInfo. `Object` could carry anything and is refused.
fn parts<'a>(signature: Element<'a>) -> Result<(Element<'a>, Element<'a>), SignatureError> {
    only_attributes(signature, &["Id"])?;
    let mut children = children(signature)?;
    let signed_info = children.next().filter(|child| child.is(DS, "SignedInfo"));
    let value = children.next().filter(|child| child.is(DS, "SignatureValue"));
    let key_info_or_end = children.next().is_none_or(|child| child.is(DS, "KeyInfo"));
    match (signed_info.zip(value), children.next()) {
        (Some((signed_info, value)), None) if key_info_or_end => {
            only_attributes(value, &["Id"])?;
            Ok((signed_info, value))
        }
        _ => Err(misshapen(signature, "an element is missing, repeated or misplaced")),
    }
}
