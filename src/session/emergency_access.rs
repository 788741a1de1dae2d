//! That somebody showed the secret of the emergency access, and may use the application's own sign-in for a while.

use core::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::SessionError;
use super::keys::Purpose;
use super::note::Note;
use super::settings::Settings;
use crate::base::{EntropySource, Secret, UnixTime};
use crate::http::{SameSite, SetCookie};

/// `Strict`: nothing that another site starts passes by it.
pub(super) const NOTE: Note =
    Note { suffix: "-e", purpose: Purpose::EmergencyAccess, same_site: SameSite::Strict };

/// How far the clocks of two replicas may differ.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

#[derive(Serialize, Deserialize)]
struct Fields {
    granted_at: UnixTime,
    /// Which secret was shown: another one in the configuration ends what was granted for this.
    secret: [u8; 16],
}

/// A cookie that lets its browser pass for `duration`.
///
/// # Errors
/// [`SessionError::EntropyUnavailable`].
pub fn grant(
    secret: &Secret<String>,
    duration: Duration,
    now: UnixTime,
    settings: &Settings,
    entropy: &dyn EntropySource,
) -> Result<SetCookie, SessionError> {
    NOTE.seal(&Fields { granted_at: now, secret: digest(secret) }, duration, settings, entropy)
}

/// Does a cookie in `presented` let its browser pass? `duration` is what is configured now.
#[must_use]
pub fn is_granted(
    presented: &[(&str, &str)],
    secret: &Secret<String>,
    duration: Duration,
    now: UnixTime,
    settings: &Settings,
) -> bool {
    NOTE.open::<Fields>(presented, settings).any(|fields| {
        fields.secret == digest(secret)
            && fields.granted_at <= now.saturating_add(MAX_CLOCK_DIFFERENCE)
            && now < fields.granted_at.saturating_add(duration)
    })
}

/// Ends it in this browser.
#[must_use]
pub fn end(settings: &Settings) -> SetCookie {
    NOTE.expire(settings)
}

fn digest(secret: &Secret<String>) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(b"samlgate emergency access");
    hash.update(secret.expose().as_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let (half, _) = hash.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    *half
}
