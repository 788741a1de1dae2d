//! The closed set of ciphers: for content, and for the keys of content.

use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit as _, Nonce, Tag};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};

use crate::xmlsec::DecryptionError;
use crate::xmlsec::algorithm::DigestAlgorithm;

use super::encrypted::EncryptedKey;
use super::key::ContentKey;

const OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
const OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
const MGF1_SHA1: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha1";
const MGF1_SHA256: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha256";

const GCM_NONCE_BYTES: usize = 12;
const GCM_TAG_BYTES: usize = 16;
const AES_BLOCK_BYTES: usize = 16;

/// Which ciphers content may be encrypted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CipherPolicy {
    cbc: bool,
}

impl CipherPolicy {
    /// AES-128 and AES-256 in Galois/Counter Mode.
    pub const STRONG: Self = Self { cbc: false };

    /// Allows AES-CBC too, where a verified response contains the ciphertext. Without integrity of its own it gives
    /// plaintexts away to whoever may try ciphertexts ("How to Break XML Encryption", 2011).
    #[must_use]
    pub const fn with_danger_cbc(self) -> Self {
        Self { cbc: true }
    }

    /// May content that a verified response covers be encrypted with AES-CBC?
    #[must_use]
    pub const fn allows_cbc(self) -> bool {
        self.cbc
    }

    /// The cipher that `uri` names, if it may be used on content that a verified response covers or not.
    pub(super) fn admit(self, uri: &str, covered: bool) -> Result<ContentCipher, DecryptionError> {
        let cipher = ContentCipher::from_uri(uri).filter(|cipher| self.cbc || !cipher.is_cbc());
        match cipher {
            Some(cipher) if covered || !cipher.is_cbc() => Ok(cipher),
            Some(_) => Err(DecryptionError::ResponseUnsigned),
            None => Err(DecryptionError::AlgorithmRefused { uri: uri.to_owned() }),
        }
    }
}

/// A block cipher and its mode (xmlenc-core1 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentCipher {
    Aes128Gcm,
    Aes256Gcm,
    Aes128Cbc,
    Aes256Cbc,
}

impl ContentCipher {
    /// TripleDES and AES-192 are not among them.
    fn from_uri(uri: &str) -> Option<Self> {
        match uri {
            "http://www.w3.org/2009/xmlenc11#aes128-gcm" => Some(Self::Aes128Gcm),
            "http://www.w3.org/2009/xmlenc11#aes256-gcm" => Some(Self::Aes256Gcm),
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => Some(Self::Aes128Cbc),
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => Some(Self::Aes256Cbc),
            _ => None,
        }
    }

    const fn is_cbc(self) -> bool {
        matches!(self, Self::Aes128Cbc | Self::Aes256Cbc)
    }

    pub(super) const fn key_bytes(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Cbc => 16,
            Self::Aes256Gcm | Self::Aes256Cbc => 32,
        }
    }

    /// The plaintext; `None` for every fault alike.
    pub(super) fn decrypt(self, key: &ContentKey, ciphertext: &[u8]) -> Option<Vec<u8>> {
        let key = key.bytes(self.key_bytes())?;
        match self {
            Self::Aes128Gcm => open_gcm(&Aes128Gcm::new_from_slice(key).ok()?, ciphertext),
            Self::Aes256Gcm => open_gcm(&Aes256Gcm::new_from_slice(key).ok()?, ciphertext),
            Self::Aes128Cbc => {
                let (iv, blocks) = ciphertext.split_at_checked(AES_BLOCK_BYTES)?;
                let cipher = cbc::Decryptor::<aes::Aes128>::new_from_slices(key, iv).ok()?;
                unpad(cipher.decrypt_padded_vec::<NoPadding>(blocks).ok()?)
            }
            Self::Aes256Cbc => {
                let (iv, blocks) = ciphertext.split_at_checked(AES_BLOCK_BYTES)?;
                let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(key, iv).ok()?;
                unpad(cipher.decrypt_padded_vec::<NoPadding>(blocks).ok()?)
            }
        }
    }
}

/// xmlenc-core1 5.2.4: nonce, ciphertext, tag; no additional data.
fn open_gcm(cipher: &impl aes_gcm::AeadInOut, ciphertext: &[u8]) -> Option<Vec<u8>> {
    let (nonce, rest) = ciphertext.split_at_checked(GCM_NONCE_BYTES)?;
    let (content, tag) = rest.split_at_checked(rest.len().checked_sub(GCM_TAG_BYTES)?)?;
    let mut content = content.to_vec();
    let nonce = Nonce::try_from(nonce).ok()?;
    let tag = Tag::try_from(tag).ok()?;
    cipher.decrypt_inout_detached(&nonce, &[], content.as_mut_slice().into(), &tag).ok()?;
    Some(content)
}

/// xmlenc-core1 5.2.1: the last octet says how many octets of the last block are padding; the others are arbitrary.
fn unpad(mut content: Vec<u8>) -> Option<Vec<u8>> {
    let padding = usize::from(*content.last()?);
    if !(1..=AES_BLOCK_BYTES).contains(&padding) {
        return None;
    }
    content.truncate(content.len().checked_sub(padding)?);
    Some(content)
}

/// RSA-OAEP with its two hash functions (xmlenc-core1 5.5.2). RSA with PKCS#1 v1.5 padding is not there: servers that
/// decrypt it have been oracles since 1998.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyTransport {
    pub(super) digest: OaepHash,
    pub(super) mask: OaepHash,
}

/// A hash function inside OAEP, where collisions do not matter and SHA-1 is as good as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OaepHash {
    Sha1,
    Sha256,
}

impl KeyTransport {
    /// The key transport of `key`, if it is one of ours.
    pub(super) fn admit(key: &EncryptedKey<'_>) -> Result<Self, DecryptionError> {
        let refused = |uri: &str| DecryptionError::AlgorithmRefused { uri: uri.to_owned() };
        let digest = match key.digest.as_deref() {
            None => OaepHash::Sha1,
            Some(uri) => match DigestAlgorithm::from_uri(uri) {
                Some(DigestAlgorithm::Sha1) => OaepHash::Sha1,
                Some(DigestAlgorithm::Sha256) => OaepHash::Sha256,
                _ => return Err(refused(uri)),
            },
        };
        let mask = match (key.algorithm.as_str(), key.mask.as_deref()) {
            (OAEP_MGF1P, None) | (OAEP, None | Some(MGF1_SHA1)) => OaepHash::Sha1,
            (OAEP, Some(MGF1_SHA256)) => OaepHash::Sha256,
            (OAEP_MGF1P | OAEP, Some(mask)) => return Err(refused(mask)),
            (other, _) => return Err(refused(other)),
        };
        Ok(Self { digest, mask })
    }
}
