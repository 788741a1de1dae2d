//! XML Encryption as SAML uses it (xmlenc-core1, SAML core section 6): decrypting one element.
//!
//! What comes out is [`Decrypted`]: octets that nobody vouches for. Anybody can encrypt to a published key, so a
//! signature inside, or a verified one around, has to cover them before they are believed.
//!
//! Everything up to the private key depends on the message alone, and its findings are told apart. From the first use
//! of a private key on there is one failure, and one path to it: every attempt is made, a key that does not come
//! out of RSA-OAEP is replaced by one that only we can compute, and the content is decrypted all the same.

mod cipher;
mod encrypted;
mod key;
#[cfg(test)]
mod tests;

use core::fmt;

use crate::base::{Budget, Limits};
use crate::encoding::base64;
use crate::xml::writer::escape_attribute;
use crate::xml::{Element, Source};

use super::{DecryptionError, SignedElement};
use cipher::KeyTransport;
use encrypted::{EncryptedContent, EncryptedKey};

pub use cipher::CipherPolicy;
pub use key::DecryptionKey;

/// The namespace of XML encryption.
pub const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";

/// For whom a message must be encrypted to be readable here.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// Our entity id, as `EncryptedKey/@Recipient` may name it.
    pub entity_id: &'a str,
    /// Our keys; several while one takes over from another. None at all: nothing encrypted can be read.
    pub keys: &'a [DecryptionKey],
    /// Which ciphers are accepted.
    pub ciphers: CipherPolicy,
}

impl Recipient<'_> {
    /// Nobody: nothing encrypted can be read.
    pub const NOBODY: Self = Self { entity_id: "", keys: &[], ciphers: CipherPolicy::STRONG };
}

/// What was inside an encrypted element. Opaque: only this crate reads it, and only to look for the signature in it or
/// because a verified element contained the ciphertext.
#[derive(Clone)]
pub struct Decrypted {
    text: String,
    limits: Limits,
}

impl fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decrypted({} bytes)", self.text.len())
    }
}

/// Where the prefixes of a decrypted element that it does not declare itself get their meaning (xmlenc-core1 4.4: it
/// takes the place of `EncryptedData`).
#[derive(Clone, Copy)]
pub(crate) enum Context<'a> {
    /// The message as it arrived. Who sent it chose the declarations, so only for checking a signature, which covers
    /// every name that is used.
    AsSent(Element<'a>),
    /// Octets that were signed. Canonical XML leaves out declarations that only values or encrypted content need; the
    /// usual prefixes of XML Schema have their usual meaning all the same.
    Signed(Element<'a>),
}

const SCHEMA_PREFIXES: [(&str, &str); 3] = [
    ("xs", "http://www.w3.org/2001/XMLSchema"),
    ("xsd", "http://www.w3.org/2001/XMLSchema"),
    ("xsi", "http://www.w3.org/2001/XMLSchema-instance"),
];

impl Context<'_> {
    /// `text` inside an element with the declarations.
    fn around(self, text: &str) -> String {
        let (element, usual) = match self {
            Self::AsSent(element) => (element, [].as_slice()),
            Self::Signed(element) => (element, SCHEMA_PREFIXES.as_slice()),
        };
        let declared: Vec<_> = element.namespaces_in_scope().collect();
        let undeclared = usual.iter().filter(|(prefix, _)| declared.iter().all(|(have, _)| have != prefix));
        let mut wrapped = String::from("<decrypted");
        for (prefix, uri) in declared.iter().chain(undeclared) {
            wrapped.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            wrapped.push_str(prefix);
            wrapped.push_str("=\"");
            wrapped.push_str(&escape_attribute(uri));
            wrapped.push('"');
        }
        wrapped.push('>');
        wrapped.push_str(text);
        wrapped.push_str("</decrypted>");
        wrapped
    }
}

impl Decrypted {
    /// Gives the one element that was encrypted to `read`.
    ///
    /// # Errors
    /// [`DecryptionError::Failed`] when it is not one element called `{namespace}local_name`, and whatever `read`
    /// returns.
    pub(crate) fn read<R, E: From<DecryptionError>>(
        &self,
        context: Context<'_>,
        (namespace, local_name): (&str, &str),
        read: impl FnOnce(Element<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let failed = |_| DecryptionError::Failed;
        let source = Source::check(context.around(&self.text).as_bytes(), &self.limits).map_err(failed)?;
        let document = source.document().map_err(failed)?;
        let mut children = document.root().children();
        match (children.next(), children.next()) {
            (Some(only), None) if only.is(namespace, local_name) && document.root().holds_only_elements() => {
                read(only)
            }
            _ => Err(DecryptionError::Failed.into()),
        }
    }
}

/// Decrypts `container`: a `saml:EncryptedAssertion`, `EncryptedID` or `EncryptedAttribute` (SAML core 2.2.4, 2.3.4,
/// 2.7.3.2).
///
/// `covering` is the verified response that `container` was read from, if it was. AES-CBC has no integrity of its own
/// and needs it (xmlenc-core1 6.1.2: chosen ciphertexts). Each use of a private key takes one unit of `budget`.
///
/// # Errors
/// [`DecryptionError`]. Whatever went wrong behind the first use of a private key is [`DecryptionError::Failed`].
pub fn decrypt(
    container: Element<'_>,
    recipient: &Recipient<'_>,
    covering: Option<&SignedElement>,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Decrypted, DecryptionError> {
    if recipient.keys.is_empty() {
        return Err(DecryptionError::KeyMissing);
    }
    let content = EncryptedContent::read(container, limits)?;
    let cipher = recipient.ciphers.admit(&content.algorithm, covering.is_some())?;
    let ciphertext = octets(content.cipher_value)?;
    let attempts = attempts(&content.keys, recipient)?;
    // Counted before the first one is used: a message is refused as a whole.
    for _ in &attempts {
        budget.spend().map_err(|_| DecryptionError::AttemptsExceeded)?;
    }

    let unwrapped = attempts
        .iter()
        .map(|attempt| attempt.key.unwrap(attempt.transport, &attempt.wrapped, cipher.key_bytes()))
        .reduce(key::ContentKey::or)
        .ok_or(DecryptionError::KeyMissing)?;
    let plaintext = cipher.decrypt(&unwrapped, &ciphertext).ok_or(DecryptionError::Failed)?;
    let text = String::from_utf8(plaintext).map_err(|_| DecryptionError::Failed)?;
    Ok(Decrypted { text, limits: *limits })
}

/// An encrypted key, and a key of ours to try on it.
struct Attempt<'a> {
    transport: KeyTransport,
    wrapped: Vec<u8>,
    key: &'a DecryptionKey,
}

/// Every pair of an encrypted key and a private key that may fit: by public hints, never by trying.
fn attempts<'a>(
    keys: &[EncryptedKey<'_>],
    recipient: &'a Recipient<'_>,
) -> Result<Vec<Attempt<'a>>, DecryptionError> {
    // xmlenc-core1 3.5.1: `Recipient` is a hint. If one names us, the others are for others.
    let named = keys.iter().any(|key| key.recipient == Some(recipient.entity_id));
    let ours = keys.iter().filter(|key| !named || key.recipient == Some(recipient.entity_id));
    let mut pairs = Vec::new();
    let mut refused = None;
    for key in ours {
        let transport = match KeyTransport::admit(key) {
            Ok(transport) => transport,
            Err(error) => {
                refused.get_or_insert(error);
                continue;
            }
        };
        let wrapped = octets(key.cipher_value)?;
        let is_named =
            |private: &&DecryptionKey| Some(private.certificate().der()) == key.certificate.as_deref();
        let hinted = recipient.keys.iter().any(|private| is_named(&private));
        let fitting = recipient.keys.iter().filter(|private| !hinted || is_named(private));
        pairs.extend(fitting.map(|key| Attempt { transport, wrapped: wrapped.clone(), key }));
    }
    match refused {
        Some(error) if pairs.is_empty() => Err(error),
        _ => Ok(pairs),
    }
}

/// The plain base64 text of a `CipherValue`.
fn octets(cipher_value: Element<'_>) -> Result<Vec<u8>, DecryptionError> {
    base64::decode_xml(cipher_value.value()?).map_err(|_| encrypted::misshapen(cipher_value, "no base64"))
}
