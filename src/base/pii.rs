//! Personal values: usable in the flow, unreadable in logs.

use core::fmt;

use sha2::{Digest, Sha256};

/// A value about a person. `Debug` and `Display` print a short hash, never the value.
///
/// The hash lets an operator see that two lines speak of the same person; use [`Pii::keyed`] wherever a line is
/// kept, because short personal values can be guessed from an unkeyed hash. The plain formatting impls therefore
/// print only that something was there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Pii<T>(T);

/// The key of the short hashes of one configuration; not secret enough to encrypt with, secret enough to stop guessing.
#[derive(Clone)]
pub struct PiiKey([u8; 32]);

impl PiiKey {
    /// A key from 32 bytes derived from the configuration's session key.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for other keyed hashes.
    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl<T> Pii<T> {
    /// Marks `value` as personal.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the flow and for what leaves by design (headers, provisioning calls).
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, consumed.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: AsRef<str>> Pii<T> {
    /// Ten hexadecimal digits of SHA-256 over key and value: equal for equal values under the same key.
    #[must_use]
    pub fn keyed(&self, key: &PiiKey) -> String {
        let mut hash = Sha256::new();
        hash.update(key.0);
        hash.update(self.0.as_ref().as_bytes());
        let mut out = String::from("#");
        for byte in hash.finalize().iter().take(5) {
            out.push_str(&format!("{byte:02x}"));
        }
        out
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("#redacted")
    }
}

impl<T> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("#redacted")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_personal_is_printed() {
        let name = Pii::new(String::from("alice@example.com"));
        assert_eq!(format!("{name} {name:?}"), "#redacted #redacted");
        let one = name.keyed(&PiiKey::new([1; 32]));
        assert_eq!(one.len(), 11);
        assert_ne!(one, name.keyed(&PiiKey::new([2; 32])));
        assert!(!one.contains("alice"));
    }
}
