//! What an operator chooses about sessions.

use core::time::Duration;

use super::keys::SealingKeys;
use crate::http::{SameSite, SetCookie};

/// The checked settings of the room.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The keys of this service provider.
    pub keys: SealingKeys,
    /// What our cookies look like.
    pub cookie: CookieSettings,
    /// How long a session lasts at most, from the sign-in on. Shortening it also ends sessions that were begun before.
    pub absolute_ttl: Duration,
    /// How long a session lasts without a request; `None` switches this off.
    pub idle_ttl: Option<Duration>,
    /// How long a user may take at the identity provider.
    pub pending_request_ttl: Duration,
    /// How many sign-ins one browser may have open at a time, as with several tabs; at least 1.
    pub max_pending_requests: usize,
    /// Bytes of all chunks of one session together. Envoy takes 60 KiB of request headers, and applications often
    /// only 8 KiB, but those never see our cookies.
    pub max_cookie_bytes: usize,
}

impl Settings {
    /// The most that `max_cookie_bytes` can mean: nine chunks of 3,800 bytes hold this much text beside names and
    /// attributes of ordinary length. A larger setting is not an error, but promises what does not fit.
    pub const MAX_COOKIE_BYTES: usize = 32 * 1024;
}

/// What our cookies look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieSettings {
    /// The session cookie's name, and the beginning of every other name of ours. With the prefix `__Host-` no other
    /// host can set it (RFC 6265bis 4.1.3.2); that needs `domain` empty and `path` `/`.
    pub name: String,
    /// `None` restricts the cookies to the host that set them.
    pub domain: Option<String>,
    /// Where the session cookie is sent. Pending requests always have `/`, because the assertion consumer service
    /// may lie elsewhere.
    pub path: String,
    /// For the session cookie. Pending requests are always `None`: the identity provider posts from its own site.
    pub same_site: SameSite,
    /// Keep cookies apart per embedding site (CHIPS).
    pub partitioned: bool,
}

impl CookieSettings {
    /// A cookie of the session.
    pub(super) fn set(&self, name: String, value: String, max_age: Option<Duration>) -> SetCookie {
        SetCookie {
            name,
            value,
            max_age,
            path: self.path.clone(),
            domain: self.domain.clone(),
            same_site: self.same_site,
            partitioned: self.partitioned,
        }
    }

    /// A cookie of ours beside the session, for the whole site.
    pub(super) fn beside(
        &self,
        name: String,
        value: String,
        max_age: Duration,
        same_site: SameSite,
    ) -> SetCookie {
        SetCookie {
            name,
            value,
            max_age: Some(max_age),
            path: String::from("/"),
            domain: self.domain.clone(),
            same_site,
            partitioned: self.partitioned,
        }
    }

    /// The removal of a cookie of the session.
    pub(super) fn expire(&self, name: String) -> SetCookie {
        self.set(name, String::new(), Some(Duration::ZERO))
    }
}
