//! Our private decryption keys, and the content keys that come out of them.

use core::fmt;

use hkdf::Hkdf;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{Oaep, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;
use sha2::Sha256;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::Zeroize as _;

use crate::base::Secret;
use crate::xmlsec::KeyError;
use crate::xmlsec::key::{Certificate, parse_rsa_key};

use super::cipher::{KeyTransport, OaepHash};

/// Bytes of the longest content key: AES-256.
const LONGEST_KEY: usize = 32;

/// A private RSA key that identity providers encrypt to.
#[derive(Clone)]
pub struct DecryptionKey {
    private: RsaPrivateKey,
    /// Big-endian modulus; its length is that of a ciphertext.
    modulus: Vec<u8>,
    /// Makes the content keys that stand in for those that RSA does not give.
    rejection: Secret<[u8; 32]>,
    certificate: Certificate,
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecryptionKey({} bytes)", self.modulus.len())
    }
}

impl DecryptionKey {
    /// Parses one unencrypted PKCS#8 `PRIVATE KEY` block in PEM, RSA of 2048 to 8192 bits. `certificate` is what our
    /// metadata publishes for it; [`DecryptionKey::fits_certificate`] says whether it is of this key.
    ///
    /// # Errors
    /// [`KeyError`] when the text is none, or the key is too weak or of another kind.
    pub fn parse(pem: &Secret<String>, certificate: Certificate) -> Result<Self, KeyError> {
        let (private, der) = parse_rsa_key(pem)?;
        let modulus = private.n().as_ref().to_be_bytes_trimmed_vartime().to_vec();
        let mut rejection = [0; 32];
        Hkdf::<Sha256>::new(Some(b"samlgate implicit rejection"), der.expose())
            .expand(&[], &mut rejection)
            .map_err(|_| KeyError::PrivateKeyMalformed)?;
        Ok(Self { private, modulus, rejection: Secret::new(rejection), certificate })
    }

    /// What our metadata publishes for the key.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Is the certificate of this key?
    #[must_use]
    pub fn fits_certificate(&self) -> bool {
        RsaPublicKey::from_public_key_der(self.certificate.key().spki_der())
            .is_ok_and(|public| public == self.private.to_public_key())
    }

    /// The content key of `wanted` bytes in `wrapped`, and whether there was one. If there was not, the bytes are a
    /// secret function of `wrapped` (implicit rejection): the same each time, and known to nobody.
    pub(super) fn unwrap(&self, transport: KeyTransport, wrapped: &[u8], wanted: usize) -> ContentKey {
        let mut bytes = [0; LONGEST_KEY];
        let made = Hkdf::<Sha256>::new(Some(self.rejection.expose()), wrapped).expand(&[], &mut bytes);
        // RFC 8017 7.1.2 step 1, 5.1.2: the right length, and less than the modulus. Known to everybody, but not worth
        // a path of its own: something else of the right length is decrypted instead.
        let fits = wrapped.len() == self.modulus.len() && wrapped < self.modulus.as_slice();
        let one: Vec<u8>;
        let ciphertext = if fits {
            wrapped
        } else {
            one = [vec![0; self.modulus.len().saturating_sub(1)], vec![1]].concat();
            &one
        };
        let opened = self.open(transport, ciphertext);
        let mut found = [0; LONGEST_KEY];
        let mut length = 0_u64;
        if let Some(mut key) = opened {
            length = key.len() as u64;
            for (to, from) in found.iter_mut().zip(&key) {
                *to = *from;
            }
            key.zeroize();
        }
        let good = length.ct_eq(&(wanted as u64)) & Choice::from(u8::from(fits && made.is_ok()));
        for (to, from) in bytes.iter_mut().zip(&found) {
            to.conditional_assign(from, good);
        }
        found.zeroize();
        ContentKey { bytes, good }
    }

    /// RSAES-OAEP-DECRYPT (RFC 8017 7.1.2) in constant-time arithmetic; its one failure is `None`.
    fn open(&self, transport: KeyTransport, ciphertext: &[u8]) -> Option<Vec<u8>> {
        let key = &self.private;
        let opened = match (transport.digest, transport.mask) {
            (OaepHash::Sha1, OaepHash::Sha1) => key.decrypt(Oaep::<Sha1>::new(), ciphertext),
            (OaepHash::Sha256, OaepHash::Sha256) => key.decrypt(Oaep::<Sha256>::new(), ciphertext),
            (OaepHash::Sha256, OaepHash::Sha1) => {
                key.decrypt(Oaep::<Sha256, Sha1>::new_with_mgf_hash(), ciphertext)
            }
            (OaepHash::Sha1, OaepHash::Sha256) => {
                key.decrypt(Oaep::<Sha1, Sha256>::new_with_mgf_hash(), ciphertext)
            }
        };
        opened.ok()
    }
}

/// What one attempt gave: the key that content is decrypted with, or what stands in for it.
pub(super) struct ContentKey {
    bytes: [u8; LONGEST_KEY],
    good: Choice,
}

impl ContentKey {
    /// This one if it is good, else `other`, without a branch.
    pub(super) fn or(mut self, other: Self) -> Self {
        for (to, from) in self.bytes.iter_mut().zip(&other.bytes) {
            to.conditional_assign(from, !self.good);
        }
        self.good |= other.good;
        self
    }

    /// The first `length` bytes.
    pub(super) fn bytes(&self, length: usize) -> Option<&[u8]> {
        self.bytes.get(..length)
    }
}

impl Drop for ContentKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}
