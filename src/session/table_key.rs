//! The key of the table in the shared store.
//!
//! Rows stay for years, session secrets do not. So the rows are sealed with a key of their own, drawn when the table is
//! begun and kept in its first row, which the session secrets seal; when those are replaced, only that row is sealed anew.
//! A row is bound to its place: what is copied to another place does not open there.

use core::fmt;

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use super::error::Unreadable;
use super::keys::Purpose;
use super::payload;
use super::settings::Settings;
use crate::base::{EntropyFailure, EntropySource, Secret, random};
use crate::store::table::{MAX_ROW_BYTES, Row, RowKey};

/// The first byte of a sealed row; a change of any row's shape changes it.
const FORMAT_VERSION: u8 = 1;

const NONCE_BYTES: usize = 24;

/// Bytes of a name: what a hash needs so that nobody finds two people with one name.
const NAME_BYTES: usize = 16;

/// What takes the place of a cookie's name in the first row.
const FIRST_ROW: &str = "first row";

/// Bytes of a sealed first row that are looked at; it has about 110.
const MAX_FIRST_ROW_BYTES: usize = 1024;

/// Seals the rows of one table, and names what their keys must not tell.
#[derive(Clone)]
pub struct TableKey {
    root: Secret<[u8; 32]>,
    cipher: XChaCha20Poly1305,
    names: Secret<[u8; 32]>,
}

/// Why a row could not be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSealed {
    /// It holds more than a row can, even deflated.
    TooLarge,
    /// There is no nonce.
    EntropyUnavailable,
}

impl From<EntropyFailure> for NotSealed {
    fn from(EntropyFailure: EntropyFailure) -> Self {
        Self::EntropyUnavailable
    }
}

impl fmt::Display for NotSealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "a row has at most {MAX_ROW_BYTES} bytes"),
            Self::EntropyUnavailable => EntropyFailure.fmt(f),
        }
    }
}

impl TableKey {
    /// The key of a new table.
    ///
    /// # Errors
    /// [`EntropyFailure`].
    pub fn new(entropy: &dyn EntropySource) -> Result<Self, EntropyFailure> {
        random(entropy).map(Self::of)
    }

    #[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8,160 bytes, and 32 are taken")]
    fn of(root: [u8; 32]) -> Self {
        let derive = |usage: &[u8]| {
            let mut out = [0; 32];
            Hkdf::<Sha256>::new(Some(b"samlgate table v1"), &root).expand(usage, &mut out).expect("32 bytes");
            Secret::new(out)
        };
        let cipher = XChaCha20Poly1305::new(&Key::from(*derive(b"rows").expose()));
        Self { cipher, names: derive(b"names"), root: Secret::new(root) }
    }

    /// The first row of the table, with `note` beside the key.
    ///
    /// # Errors
    /// [`NotSealed`].
    pub fn first_row<T: Serialize>(
        &self,
        note: &T,
        settings: &Settings,
        entropy: &dyn EntropySource,
    ) -> Result<Vec<u8>, NotSealed> {
        let content = payload::encode(&(*self.root.expose(), note)).ok_or(NotSealed::TooLarge)?;
        let sealed = settings.keys.seal(Purpose::Table, FIRST_ROW, &content, entropy);
        sealed.map(String::into_bytes).map_err(|_| NotSealed::EntropyUnavailable)
    }

    /// The key and the note in `sealed`, and whether the newest secret sealed it.
    ///
    /// # Errors
    /// [`Unreadable`] when none of our secrets did.
    pub fn open_first_row<T: DeserializeOwned>(
        sealed: &[u8],
        settings: &Settings,
    ) -> Result<(Self, T, bool), Unreadable> {
        if sealed.len() > MAX_FIRST_ROW_BYTES {
            return Err(Unreadable::Encoding);
        }
        let text = core::str::from_utf8(sealed).map_err(|_| Unreadable::Encoding)?;
        let content = settings.keys.open(Purpose::Table, FIRST_ROW, text)?;
        let (root, note): ([u8; 32], T) = payload::decode(&content)?;
        Ok((Self::of(root), note, settings.keys.is_newest(Purpose::Table, FIRST_ROW, text)))
    }

    /// What is written under `key` to hold `value`.
    ///
    /// # Errors
    /// [`NotSealed`].
    #[expect(clippy::expect_used, reason = "the cipher takes 256 GiB, and a row is far below that")]
    pub fn seal<T: Serialize>(
        &self,
        key: &RowKey,
        value: &T,
        entropy: &dyn EntropySource,
    ) -> Result<Vec<u8>, NotSealed> {
        let mut content = payload::encode(value).ok_or(NotSealed::TooLarge)?;
        let nonce: [u8; NONCE_BYTES] = random(entropy)?;
        self.cipher
            .encrypt_in_place(&XNonce::from(nonce), &bound_to(key), &mut content)
            .expect("a row is shorter than the cipher's limit");
        let sealed = [&[FORMAT_VERSION], nonce.as_slice(), &content].concat();
        if sealed.len() > MAX_ROW_BYTES { Err(NotSealed::TooLarge) } else { Ok(sealed) }
    }

    /// What `row` holds, if it was sealed for its place.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn open<T: DeserializeOwned>(&self, row: &Row) -> Result<T, Unreadable> {
        let Some((version, rest)) = row.content.split_first() else { return Err(Unreadable::Encoding) };
        if *version != FORMAT_VERSION {
            return Err(Unreadable::Version);
        }
        let Some((nonce, body)) = rest.split_first_chunk::<NONCE_BYTES>() else {
            return Err(Unreadable::Encoding);
        };
        let mut content = body.to_vec();
        self.cipher
            .decrypt_in_place(&XNonce::from(*nonce), &bound_to(&row.key), &mut content)
            .map_err(|_| Unreadable::Seal)?;
        payload::decode(&content)
    }

    /// What `content` is called in a key of the table: the same as long as the table lives, and nothing can be guessed from
    /// it without its key. HMAC-SHA256, as "extract" of HKDF is (RFC 5869 2.2), cut to 128 bits.
    #[must_use]
    pub fn name(&self, kind: &str, content: &str) -> String {
        let mut text = (kind.len() as u64).to_le_bytes().to_vec();
        text.extend_from_slice(kind.as_bytes());
        text.extend_from_slice(content.as_bytes());
        let hash = Hkdf::<Sha256>::extract(Some(self.names.expose()), &text).0;
        hash.iter().take(NAME_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A row's place, which it is bound to.
fn bound_to(key: &RowKey) -> Vec<u8> {
    [&[FORMAT_VERSION], key.as_str().as_bytes()].concat()
}

impl fmt::Debug for TableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TableKey")
    }
}
