//! `xenc:EncryptedData` and `xenc:EncryptedKey` (xmlenc-core1 3), read strictly: every part in its place.

use crate::base::Limits;
use crate::encoding::base64;
use crate::xml::Element;
use crate::xmlsec::{DS, DecryptionError};

use super::XENC;

/// xmlenc-core1 3.1: what was encrypted is an element.
const TYPE_ELEMENT: &str = "http://www.w3.org/2001/04/xmlenc#Element";
const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";

/// Encrypted content and the keys that came with it.
pub(super) struct EncryptedContent<'a> {
    /// The URI of the content's cipher.
    pub(super) algorithm: String,
    pub(super) cipher_value: Element<'a>,
    /// Inside `KeyInfo`, then beside; never empty.
    pub(super) keys: Vec<EncryptedKey<'a>>,
}

/// The content's key, encrypted for one recipient.
pub(super) struct EncryptedKey<'a> {
    /// The URI of the key transport.
    pub(super) algorithm: String,
    /// The URI of the OAEP digest, if one is named.
    pub(super) digest: Option<String>,
    /// The URI of the OAEP mask generation function, if one is named.
    pub(super) mask: Option<String>,
    pub(super) recipient: Option<&'a str>,
    /// DER of the one certificate in `KeyInfo`: whose key it is for. A hint.
    pub(super) certificate: Option<Vec<u8>>,
    pub(super) cipher_value: Element<'a>,
}

impl<'a> EncryptedContent<'a> {
    /// Reads `container`: `EncryptedData`, then any number of `EncryptedKey` (SAML core 2.2.4).
    pub(super) fn read(container: Element<'a>, limits: &Limits) -> Result<Self, DecryptionError> {
        let mut beside = children(container)?;
        let encrypted = beside
            .next()
            .filter(|first| first.is(XENC, "EncryptedData"))
            .ok_or_else(|| misshapen(container, "`EncryptedData` is missing"))?;
        // SAML core 2.2.4: Type should be there, and then says Element.
        if encrypted.attribute("Type").is_some_and(|kind| kind != TYPE_ELEMENT) {
            return Err(misshapen(encrypted, "`Type` is not that of an element"));
        }
        let mut parts = Parts::of(encrypted)?;
        let method = parts.required(XENC, "EncryptionMethod")?;
        let algorithm = algorithm(method)?;
        if children(method)?.next().is_some() {
            return Err(misshapen(method, "a cipher with parameters"));
        }
        let key_info = parts.optional(DS, "KeyInfo");
        let cipher_value = cipher_value(parts.required(XENC, "CipherData")?)?;
        parts.end()?;

        let inside = key_info.map(children).transpose()?.into_iter().flatten();
        // Whatever else `KeyInfo` holds points to keys that we would have to fetch or already have.
        let mut elements: Vec<_> = inside.filter(|child| child.is(XENC, "EncryptedKey")).collect();
        for key in beside {
            if !key.is(XENC, "EncryptedKey") {
                return Err(misshapen(container, "an element beside `EncryptedData` is no `EncryptedKey`"));
            }
            elements.push(key);
        }
        if elements.is_empty() {
            return Err(misshapen(encrypted, "no `EncryptedKey`"));
        }
        if elements.len() > limits.max_encrypted_keys {
            return Err(DecryptionError::AttemptsExceeded);
        }
        let keys = elements.into_iter().map(EncryptedKey::read).collect::<Result<_, _>>()?;
        Ok(Self { algorithm, cipher_value, keys })
    }
}

impl<'a> EncryptedKey<'a> {
    fn read(element: Element<'a>) -> Result<Self, DecryptionError> {
        let mut parts = Parts::of(element)?;
        let method = parts.required(XENC, "EncryptionMethod")?;
        let algorithm = algorithm(method)?;
        // xmlenc-core1 5.5.2: digest and mask generation function in any order; no label, which would need to match.
        let (mut digest, mut mask) = (None, None);
        for parameter in children(method)? {
            let place = if parameter.is(DS, "DigestMethod") {
                &mut digest
            } else if parameter.is(XENC11, "MGF") {
                &mut mask
            } else {
                return Err(misshapen(method, "a parameter of the key transport that is not supported"));
            };
            if place.replace(self::algorithm(parameter)?).is_some() {
                return Err(misshapen(method, "a parameter of the key transport stands twice"));
            }
        }
        let certificate = parts.optional(DS, "KeyInfo").and_then(named_certificate);
        let cipher_value = cipher_value(parts.required(XENC, "CipherData")?)?;
        // Both only connect keys with content, which the container does.
        parts.optional(XENC, "ReferenceList");
        parts.optional(XENC, "CarriedKeyName");
        parts.end()?;
        let recipient = element.attribute("Recipient");
        Ok(Self { algorithm, digest, mask, recipient, certificate, cipher_value })
    }
}

/// The certificate that `KeyInfo` names, if it is written out. It chooses among our keys and proves nothing, so what
/// cannot be read is no hint.
fn named_certificate(key_info: Element<'_>) -> Option<Vec<u8>> {
    let x509 = key_info.child(DS, "X509Data").ok()??;
    let certificate = x509.child(DS, "X509Certificate").ok()??;
    base64::decode_xml(certificate.value().ok()?).ok()
}

/// xmlenc-core1 3.3: the one `CipherValue` of `CipherData`. A `CipherReference` would have to be fetched.
fn cipher_value(cipher_data: Element<'_>) -> Result<Element<'_>, DecryptionError> {
    let mut parts = children(cipher_data)?;
    match (parts.next(), parts.next()) {
        (Some(value), None) if value.is(XENC, "CipherValue") => Ok(value),
        _ => Err(misshapen(cipher_data, "not exactly one `CipherValue`")),
    }
}

fn algorithm(element: Element<'_>) -> Result<String, DecryptionError> {
    let uri = element.attribute("Algorithm").ok_or_else(|| misshapen(element, "`Algorithm` is missing"))?;
    Ok(uri.to_owned())
}

fn children<'a>(
    element: Element<'a>,
) -> Result<impl Iterator<Item = Element<'a>> + use<'a>, DecryptionError> {
    if !element.holds_only_elements() {
        return Err(misshapen(element, "text or a comment between elements"));
    }
    Ok(element.children())
}

pub(super) fn misshapen(element: Element<'_>, finding: &'static str) -> DecryptionError {
    DecryptionError::Structure { finding, at: element.position() }
}

/// The children of one element, taken in the order of the schema.
struct Parts<'a> {
    parent: Element<'a>,
    rest: core::iter::Peekable<std::vec::IntoIter<Element<'a>>>,
}

impl<'a> Parts<'a> {
    fn of(parent: Element<'a>) -> Result<Self, DecryptionError> {
        let rest: Vec<_> = children(parent)?.collect();
        Ok(Self { parent, rest: rest.into_iter().peekable() })
    }

    fn optional(&mut self, namespace: &str, name: &str) -> Option<Element<'a>> {
        self.rest.next_if(|child| child.is(namespace, name))
    }

    fn required(&mut self, namespace: &str, name: &str) -> Result<Element<'a>, DecryptionError> {
        self.optional(namespace, name)
            .ok_or_else(|| misshapen(self.parent, "an element is missing or misplaced"))
    }

    fn end(mut self) -> Result<(), DecryptionError> {
        match self.rest.next() {
            None => Ok(()),
            Some(_) => Err(misshapen(self.parent, "an element is repeated or misplaced")),
        }
    }
}
