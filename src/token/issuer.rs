//! Makes tokens for sessions.

use core::time::Duration;

use crate::base::UnixTime;
use crate::effect::CryptoProvider;
use crate::session::Session;

use super::claims::{self, AttributeClaim, Claim, Frame};
use super::{KeySet, SigningIdentity, TokenError};

/// Bytes of a token. With the other headers it has to fit into what servers take by default: Tomcat 8 KiB unless told
/// otherwise, most others 16 KiB or more.
const MAX_TOKEN_BYTES: usize = 12 * 1024;

/// Who issues tokens, for whom, and what they say.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// `iss`.
    pub issuer: String,
    /// `aud`; not empty.
    pub audience: Vec<String>,
    /// How long a token is good; never longer than its session.
    pub lifetime: Duration,
    /// What it says beside the registered claims.
    pub claims: Vec<Claim>,
    /// Forwarded attributes in it.
    pub attributes: Vec<AttributeClaim>,
    /// Signs.
    pub signing: SigningIdentity,
    /// What it is verified with.
    pub keys: KeySet,
}

/// A token that was made, and when to make the next.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityToken {
    /// The compact form: base64url and two dots, so it is a header value as it is.
    pub text: String,
    /// From then on another is made, so that the application always gets one with half of its life before it, or all
    /// that is left of the session.
    pub renew_at: UnixTime,
}

impl core::fmt::Debug for IdentityToken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "IdentityToken({} bytes, until {})", self.text.len(), self.renew_at)
    }
}

impl Issuer {
    /// A token for `session`, which is good at `now`.
    ///
    /// # Errors
    /// [`TokenError`] when it cannot be signed or would be too long.
    pub fn issue(
        &self,
        session: &Session,
        now: UnixTime,
        crypto: &dyn CryptoProvider,
    ) -> Result<IdentityToken, TokenError> {
        let expires_at = now.saturating_add(self.lifetime).min(session.expires_at());
        let frame = Frame { issuer: &self.issuer, audience: &self.audience, issued_at: now, expires_at };
        let claims = claims::claims(session, &frame, &self.claims, &self.attributes);
        let text = self.signing.sign(&claims, crypto)?;
        if text.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLarge { bytes: text.len(), most: MAX_TOKEN_BYTES });
        }
        // In the last half of a session's life a token cannot last longer, so it is not made anew all the time.
        let half = now.saturating_add(self.lifetime / 2);
        Ok(IdentityToken { text, renew_at: half.min(expires_at) })
    }
}
