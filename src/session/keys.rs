//! Sealing keys: what turns a value into cookie text that only we can read and nobody can alter.
//!
//! A sealed text is base64url without padding of `version | hint | nonce (24) | ciphertext | tag (16)`. The cipher
//! is XChaCha20-Poly1305: its 24-byte nonces may be drawn at random without counting, which matters because
//! replicas share keys but no state.
//!
//! Never interprets what is sealed.

use core::fmt;

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};

use super::error::{SessionError, Unreadable};
use crate::base::{EntropySource, PiiKey, Secret, random};
use crate::encoding::base64url;

/// The first byte of every sealed text; a change of any payload's shape changes it.
const FORMAT_VERSION: u8 = 2;

/// Separates our derived keys from those of any other software that is given the same secret.
const HKDF_SALT: &[u8] = b"samlgate sealing v1";

const NONCE_BYTES: usize = 24;

/// What a sealed text is for. Each purpose has keys of its own, so that a text never opens as something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The session of a signed-in user.
    Session,
    /// A sign-in that waits for the identity provider's answer.
    PendingRequest,
    /// A test sign-in that waits for it.
    TestSignIn,
    /// A test sign-in by somebody who showed the secret.
    TestSignInBySecret,
    /// A sign-in that the identity provider began, and that waits for the person's word.
    UnsolicitedSignIn,
    /// What a sign-in leaves for the background runner. Others may share the queue: it belongs to a `vm_id`.
    BackgroundMessage,
    /// That we made an account and are not done with it. It is kept where the account's owner may be able to write.
    AccountMark,
    /// How often this browser signed in lately.
    SignInRounds,
    /// That the application's own sign-in may be used.
    EmergencyAccess,
    /// Which identity provider this browser signed in with last.
    LastIdp,
    /// What workers share of metadata that was fetched. Others may share the store: it belongs to a `vm_id`.
    IdpMetadata,
    /// A logout that waits for the identity provider's answer.
    PendingLogout,
    /// A form that waits for its sender to sign in. Others may write to the store that it waits in.
    SavedForm,
    /// What goes to the store that replicas share, or is needed to speak to it.
    SharedStore,
    /// The key of the table in that store.
    Table,
    /// Where a directory sync is, and whom it saw: who could write that could make a run believe that everybody is gone.
    DirectorySync,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Session => b"session",
            Self::PendingRequest => b"pending request",
            Self::TestSignIn => b"test sign-in",
            Self::TestSignInBySecret => b"test sign-in by secret",
            Self::UnsolicitedSignIn => b"unsolicited sign-in",
            Self::BackgroundMessage => b"background message",
            Self::AccountMark => b"account mark",
            Self::SignInRounds => b"sign-in rounds",
            Self::EmergencyAccess => b"emergency access",
            Self::LastIdp => b"last identity provider",
            Self::IdpMetadata => b"idp metadata",
            Self::PendingLogout => b"pending logout",
            Self::SavedForm => b"saved form",
            Self::SharedStore => b"shared store",
            Self::Table => b"table",
            Self::DirectorySync => b"directory sync",
        }
    }
}

/// The keys of one service provider, derived from the configured secrets.
///
/// The first secret seals; every one opens. A secret is replaced in three steps, so that no replica meets a text that
/// it cannot open: the new one is put behind the old one everywhere, then in front of it, and the old one is dropped
/// when the last session made with it has ended.
#[derive(Clone)]
pub struct SealingKeys {
    context: String,
    session: Vec<PurposeKey>,
    pending_request: Vec<PurposeKey>,
    test_sign_in: Vec<PurposeKey>,
    test_sign_in_by_secret: Vec<PurposeKey>,
    unsolicited_sign_in: Vec<PurposeKey>,
    background_message: Vec<PurposeKey>,
    account_mark: Vec<PurposeKey>,
    sign_in_rounds: Vec<PurposeKey>,
    emergency_access: Vec<PurposeKey>,
    last_idp: Vec<PurposeKey>,
    idp_metadata: Vec<PurposeKey>,
    pending_logout: Vec<PurposeKey>,
    saved_form: Vec<PurposeKey>,
    shared_store: Vec<PurposeKey>,
    table: Vec<PurposeKey>,
    directory_sync: Vec<PurposeKey>,
    pii: PiiKey,
    names: Secret<[u8; 32]>,
    identity: [u8; 32],
}

#[derive(Clone)]
struct PurposeKey {
    /// Wipes its key when dropped.
    cipher: XChaCha20Poly1305,
    /// One byte derived from the key: says which key to try, and nothing else.
    hint: u8,
}

impl SealingKeys {
    /// Bytes that a secret needs at least: as many as the cipher's key has.
    pub const MIN_SECRET_BYTES: usize = 32;

    /// Derives the keys for the service provider named by `context` (its entity id and host). Texts sealed under
    /// one context do not open under another, even with the same secrets.
    ///
    /// # Errors
    /// [`SessionError::SealingKeyMissing`] for an empty list, [`SessionError::SealingKeyTooShort`] for a secret
    /// below [`Self::MIN_SECRET_BYTES`].
    #[expect(
        clippy::needless_pass_by_value,
        reason = "takes the secrets into custody: they are wiped on return"
    )]
    pub fn new(secrets: Vec<Secret<Vec<u8>>>, context: &str) -> Result<Self, SessionError> {
        let newest = secrets.first().ok_or(SessionError::SealingKeyMissing)?;
        for (position, secret) in secrets.iter().enumerate() {
            let bytes = secret.expose().len();
            if bytes < Self::MIN_SECRET_BYTES {
                return Err(SessionError::SealingKeyTooShort {
                    position,
                    bytes,
                    minimum: Self::MIN_SECRET_BYTES,
                });
            }
        }
        let keys = |purpose| secrets.iter().map(|secret| PurposeKey::derive(secret, purpose)).collect();
        let mut identity = Sha256::new();
        identity.update((context.len() as u64).to_le_bytes());
        identity.update(context.as_bytes());
        for secret in &secrets {
            identity.update(derive::<32>(secret, b"identity").expose());
        }
        Ok(Self {
            context: context.to_owned(),
            session: keys(Purpose::Session),
            pending_request: keys(Purpose::PendingRequest),
            test_sign_in: keys(Purpose::TestSignIn),
            test_sign_in_by_secret: keys(Purpose::TestSignInBySecret),
            unsolicited_sign_in: keys(Purpose::UnsolicitedSignIn),
            background_message: keys(Purpose::BackgroundMessage),
            account_mark: keys(Purpose::AccountMark),
            sign_in_rounds: keys(Purpose::SignInRounds),
            emergency_access: keys(Purpose::EmergencyAccess),
            last_idp: keys(Purpose::LastIdp),
            idp_metadata: keys(Purpose::IdpMetadata),
            pending_logout: keys(Purpose::PendingLogout),
            saved_form: keys(Purpose::SavedForm),
            shared_store: keys(Purpose::SharedStore),
            table: keys(Purpose::Table),
            directory_sync: keys(Purpose::DirectorySync),
            pii: PiiKey::new(*derive::<32>(newest, b"pii").expose()),
            names: derive::<32>(newest, b"names"),
            identity: identity.finalize().into(),
        })
    }

    /// The key of the short hashes under which people appear in the log.
    #[must_use]
    pub const fn pii_key(&self) -> &PiiKey {
        &self.pii
    }

    /// A name for `content` that says nothing about it to whoever does not know the newest secret: HMAC-SHA256, which is
    /// what "extract" of HKDF is (RFC 5869 2.2).
    pub(super) fn name(&self, purpose: Purpose, kind: &str, content: &[u8]) -> [u8; 32] {
        let mut text = self.associated_data(purpose, 0, kind);
        text.extend_from_slice(content);
        Hkdf::<Sha256>::extract(Some(self.names.expose()), &text).0.into()
    }

    /// Equal only for the same secrets in the same order under the same context.
    pub(super) const fn identity(&self) -> &[u8; 32] {
        &self.identity
    }

    /// The service provider whose keys these are.
    pub(super) fn context(&self) -> &str {
        &self.context
    }

    const fn ring(&self, purpose: Purpose) -> &Vec<PurposeKey> {
        match purpose {
            Purpose::Session => &self.session,
            Purpose::PendingRequest => &self.pending_request,
            Purpose::TestSignIn => &self.test_sign_in,
            Purpose::TestSignInBySecret => &self.test_sign_in_by_secret,
            Purpose::UnsolicitedSignIn => &self.unsolicited_sign_in,
            Purpose::BackgroundMessage => &self.background_message,
            Purpose::AccountMark => &self.account_mark,
            Purpose::SignInRounds => &self.sign_in_rounds,
            Purpose::EmergencyAccess => &self.emergency_access,
            Purpose::LastIdp => &self.last_idp,
            Purpose::IdpMetadata => &self.idp_metadata,
            Purpose::PendingLogout => &self.pending_logout,
            Purpose::SavedForm => &self.saved_form,
            Purpose::SharedStore => &self.shared_store,
            Purpose::Table => &self.table,
            Purpose::DirectorySync => &self.directory_sync,
        }
    }

    /// Seals `payload`, at most [`super::payload::MAX_PAYLOAD_BYTES`] long, for the cookie `cookie_name`.
    ///
    /// # Errors
    /// [`SessionError::EntropyUnavailable`] when there is no nonce.
    #[expect(clippy::expect_used, reason = "the cipher takes 256 GiB, and a payload is far below that")]
    pub(super) fn seal(
        &self,
        purpose: Purpose,
        cookie_name: &str,
        payload: &[u8],
        entropy: &dyn EntropySource,
    ) -> Result<String, SessionError> {
        let key = self.ring(purpose).first().ok_or(SessionError::SealingKeyMissing)?;
        let nonce: [u8; NONCE_BYTES] = random(entropy)?;
        let associated = self.associated_data(purpose, key.hint, cookie_name);
        let mut body = payload.to_vec();
        key.cipher
            .encrypt_in_place(&XNonce::from(nonce), &associated, &mut body)
            .expect("a payload is shorter than the cipher's limit");
        let mut sealed = Vec::with_capacity(2 + NONCE_BYTES + body.len());
        sealed.extend_from_slice(&[FORMAT_VERSION, key.hint]);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&body);
        Ok(base64url::encode(&sealed))
    }

    /// Opens `text` as the value of the cookie `cookie_name`, with whichever key sealed it.
    ///
    /// # Errors
    /// Why it does not open.
    pub(super) fn open(
        &self,
        purpose: Purpose,
        cookie_name: &str,
        text: &str,
    ) -> Result<Vec<u8>, Unreadable> {
        let sealed = base64url::decode(text).map_err(|_| Unreadable::Encoding)?;
        let Some((&[version, hint], rest)) = sealed.split_first_chunk::<2>() else {
            return Err(Unreadable::Encoding);
        };
        if version != FORMAT_VERSION {
            return Err(Unreadable::Version);
        }
        let Some((nonce, body)) = rest.split_first_chunk::<NONCE_BYTES>() else {
            return Err(Unreadable::Encoding);
        };
        let nonce = XNonce::from(*nonce);
        // The hint is authenticated: a text with another hint than its key's was never sealed.
        let associated = self.associated_data(purpose, hint, cookie_name);
        for key in self.ring(purpose).iter().filter(|key| key.hint == hint) {
            let mut payload = body.to_vec();
            if key.cipher.decrypt_in_place(&nonce, &associated, &mut payload).is_ok() {
                return Ok(payload);
            }
        }
        Err(Unreadable::Seal)
    }

    /// Does the newest secret open `text`, which any of them does? Otherwise it is to be sealed anew before that one is
    /// dropped.
    pub(super) fn is_newest(&self, purpose: Purpose, cookie_name: &str, text: &str) -> bool {
        let newest = self.ring(purpose).first();
        let opens = |key: &PurposeKey| {
            let sealed = base64url::decode(text).ok()?;
            let (&[_, hint], rest) = sealed.split_first_chunk::<2>()?;
            let (nonce, body) = rest.split_first_chunk::<NONCE_BYTES>()?;
            let associated = self.associated_data(purpose, hint, cookie_name);
            key.cipher.decrypt_in_place(&XNonce::from(*nonce), &associated, &mut body.to_vec()).ok()
        };
        newest.is_some_and(|key| opens(key).is_some())
    }

    /// Everything a text is bound to besides its key. Every part but the last carries its length, so no two
    /// different bindings have the same bytes.
    fn associated_data(&self, purpose: Purpose, hint: u8, cookie_name: &str) -> Vec<u8> {
        let parts = [purpose.label(), self.context.as_bytes(), cookie_name.as_bytes()];
        let mut out = Vec::with_capacity(64 + self.context.len() + cookie_name.len());
        out.push(FORMAT_VERSION);
        out.push(hint);
        for part in parts {
            out.extend_from_slice(&(part.len() as u64).to_le_bytes());
            out.extend_from_slice(part);
        }
        out
    }
}

impl PurposeKey {
    fn derive(secret: &Secret<Vec<u8>>, purpose: Purpose) -> Self {
        let key = derive::<32>(secret, purpose.label());
        let hint = derive::<1>(secret, &[purpose.label(), b" hint"].concat());
        let [hint] = *hint.expose();
        Self { cipher: XChaCha20Poly1305::new(&Key::from(*key.expose())), hint }
    }
}

/// HKDF-SHA256 (RFC 5869) of `secret` for one use.
#[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8,160 bytes, and no use takes more than 32")]
fn derive<const N: usize>(secret: &Secret<Vec<u8>>, usage: &[u8]) -> Secret<[u8; N]> {
    let mut out = [0; N];
    Hkdf::<Sha256>::new(Some(HKDF_SALT), secret.expose())
        .expand(usage, &mut out)
        .expect("at most 32 bytes are asked for");
    Secret::new(out)
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKeys({} keys, context `{}`)", self.session.len(), self.context)
    }
}
