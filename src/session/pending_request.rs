//! A sign-in that waits for the identity provider: sealed into a cookie of its own, found again by RelayState.
//!
//! RelayState carries only a random token (bindings 3.4.3: at most 80 bytes, integrity protected by us because it is
//! bound to the cookie). The cookie is `SameSite=None` because the answer is posted from the identity provider's site.
//! Every tab has its own cookie; when a browser has too many, the oldest are removed in the reply that adds one.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::chunks::MAX_SET_COOKIE_BYTES;
use super::error::{SessionError, Unreadable};
use super::keys::Purpose;
use super::payload;
use super::settings::Settings;
use crate::base::{EntropySource, UnixTime, random};
use crate::encoding::base64url;
use crate::http::{RedirectTarget, SameSite, SetCookie};

/// Bytes of a token: unguessable, and short enough for identity providers that cut RelayState at 80 bytes.
const TOKEN_BYTES: usize = 16;

/// How far the clocks of two replicas may differ.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_secs(300);

/// Cookies that are opened to find the oldest. Browsers keep about 180 cookies of a site; who presents more than this
/// many pending requests made most of them up.
const MAX_OPENED: usize = 64;

/// Removals in one reply; a browser that presents more loses the rest with the next replies.
const MAX_EVICTIONS: usize = 32;

/// Cookies of one name that are tried; see `chunks`.
const MAX_CANDIDATES: usize = 4;

/// What a sign-in is for. Each is sealed with keys of its own, so none ever opens as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// To enter.
    SignIn,
    /// To see what a sign-in would do; it never begins a session.
    Test {
        /// The person showed the secret of the test page.
        by_secret: bool,
    },
    /// To enter with what the identity provider sent without being asked, once the person has said so. `request_id` holds
    /// what tells that response from others.
    Unsolicited,
}

impl Intent {
    const ALL: [Self; 4] =
        [Self::SignIn, Self::Test { by_secret: false }, Self::Test { by_secret: true }, Self::Unsolicited];

    const fn purpose(self) -> Purpose {
        match self {
            Self::SignIn => Purpose::PendingRequest,
            Self::Test { by_secret: false } => Purpose::TestSignIn,
            Self::Test { by_secret: true } => Purpose::TestSignInBySecret,
            Self::Unsolicited => Purpose::UnsolicitedSignIn,
        }
    }
}

/// What must be remembered between the AuthnRequest and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRequest {
    /// The ID of the AuthnRequest, which the answer must repeat in InResponseTo (profiles 4.1.4.2).
    pub request_id: String,
    /// The identity provider that was asked; no other may answer.
    pub idp_entity_id: String,
    /// Where the browser goes after the sign-in.
    pub target: RedirectTarget,
    /// What the sign-in is for.
    pub intent: Intent,
    /// What the answer has to fulfil.
    pub demanded: Demanded,
    /// The first second at which an answer comes too late.
    pub expires_at: UnixTime,
}

/// What the answer to a request has to fulfil besides the profile. The default demands nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demanded {
    /// `AuthnContextClassRef` must be one of these (core 3.3.2.2.1); empty for any.
    pub authn_context_classes: Vec<String>,
    /// `AuthnInstant` must not be before this.
    pub authenticated_since: Option<UnixTime>,
    /// The identity provider was asked to show the person nothing (core 3.4.1): `NoPassive` is an answer too.
    pub is_passive: bool,
}

/// A pending request on its way to the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedPendingRequest {
    /// What the identity provider has to return: 22 characters of base64url.
    pub relay_state: String,
    /// The cookie that holds the pending request.
    pub cookie: SetCookie,
    /// Removals of surplus pending requests of this browser, for the same reply.
    pub evictions: Vec<SetCookie>,
}

#[derive(Serialize, Deserialize)]
struct Fields {
    issued_at: UnixTime,
    request_id: String,
    idp_entity_id: String,
    target: RedirectTarget,
    demanded: Demanded,
    expires_at: UnixTime,
}

impl Fields {
    fn ended_at(&self, settings: &Settings) -> UnixTime {
        self.expires_at.min(self.issued_at.saturating_add(settings.pending_request_ttl))
    }
}

/// Seals `pending`, and evicts others from `presented` so that `settings.max_pending_requests` are left with it:
/// unreadable ones first, then those that expire first.
///
/// A target that does not fit into the cookie beside a very long entity id is replaced by the start page.
///
/// # Errors
/// [`SessionError::PendingRequestTooLarge`], [`SessionError::EntropyUnavailable`].
pub fn seal(
    pending: &PendingRequest,
    settings: &Settings,
    presented: &[(&str, &str)],
    now: UnixTime,
    entropy: &dyn EntropySource,
) -> Result<SealedPendingRequest, SessionError> {
    let relay_state = base64url::encode(&random::<TOKEN_BYTES>(entropy)?);
    let mut fields = Fields {
        issued_at: now,
        request_id: pending.request_id.clone(),
        idp_entity_id: pending.idp_entity_id.clone(),
        target: pending.target.clone(),
        demanded: pending.demanded.clone(),
        expires_at: pending.expires_at,
    };
    let max_age = fields.ended_at(settings).saturating_since(now);
    let seal = |fields: &Fields| {
        sealed_cookie(fields, pending.intent.purpose(), &relay_state, max_age, settings, entropy)
    };
    let mut cookie = seal(&fields)?;
    if cookie.render().len() > MAX_SET_COOKIE_BYTES {
        fields.target = RedirectTarget::root();
        cookie = seal(&fields)?;
    }
    let bytes = cookie.render().len();
    if bytes > MAX_SET_COOKIE_BYTES {
        return Err(SessionError::PendingRequestTooLarge { bytes, limit: MAX_SET_COOKIE_BYTES });
    }
    Ok(SealedPendingRequest { relay_state, cookie, evictions: evictions(settings, presented) })
}

fn sealed_cookie(
    fields: &Fields,
    purpose: Purpose,
    token: &str,
    max_age: Duration,
    settings: &Settings,
    entropy: &dyn EntropySource,
) -> Result<SetCookie, SessionError> {
    let too_large = SessionError::PendingRequestTooLarge {
        bytes: payload::MAX_PAYLOAD_BYTES,
        limit: MAX_SET_COOKIE_BYTES,
    };
    let payload = payload::encode(fields).ok_or(too_large)?;
    let name = cookie_name(token, settings);
    let text = settings.keys.seal(purpose, &name, &payload, entropy)?;
    Ok(set_cookie(name, text, max_age, settings))
}

/// Opens the pending request that `relay_state` names among the cookies of the request.
///
/// # Errors
/// [`SessionError::RelayStateMalformed`], [`SessionError::PendingRequestMissing`],
/// [`SessionError::PendingRequestUnreadable`], [`SessionError::PendingRequestExpired`].
pub fn open(
    relay_state: &str,
    presented: &[(&str, &str)],
    settings: &Settings,
    now: UnixTime,
) -> Result<PendingRequest, SessionError> {
    if !is_token(relay_state) {
        return Err(SessionError::RelayStateMalformed);
    }
    let name = cookie_name(relay_state, settings);
    let mut refused = None;
    for (_, text) in presented.iter().filter(|(have, _)| *have == name).take(MAX_CANDIDATES) {
        match open_cookie(&name, text, settings) {
            Ok((intent, fields)) => return usable(intent, fields, settings, now),
            Err(why) => {
                refused.get_or_insert(why);
            }
        }
    }
    Err(refused.map_or(SessionError::PendingRequestMissing, SessionError::PendingRequestUnreadable))
}

/// Whether any of the cookies in `presented` is a pending request that can still be answered: the cheap question
/// before a body is read.
///
/// # Errors
/// [`SessionError::PendingRequestMissing`] when there is none at all, otherwise why the last one is of no use.
pub fn any_usable(
    presented: &[(&str, &str)],
    settings: &Settings,
    now: UnixTime,
) -> Result<(), SessionError> {
    let mut refused = SessionError::PendingRequestMissing;
    // As many as are ever left in a browser, and some slack; what follows opens the right one by its name.
    let candidates = settings.max_pending_requests.saturating_add(MAX_EVICTIONS);
    for (name, text) in
        presented.iter().filter(|(name, _)| is_pending_cookie(name, settings)).take(candidates)
    {
        let opened = open_cookie(name, text, settings).map_err(SessionError::PendingRequestUnreadable);
        match opened.and_then(|(intent, fields)| usable(intent, fields, settings, now)) {
            Ok(_) => return Ok(()),
            Err(why) => refused = why,
        }
    }
    Err(refused)
}

fn open_cookie(name: &str, text: &str, settings: &Settings) -> Result<(Intent, Fields), Unreadable> {
    if text.len() > MAX_SET_COOKIE_BYTES {
        return Err(Unreadable::Encoding);
    }
    let mut refused = None;
    for intent in Intent::ALL {
        match settings.keys.open(intent.purpose(), name, text) {
            Ok(sealed) => return Ok((intent, payload::decode(&sealed)?)),
            Err(why) => {
                refused.get_or_insert(why);
            }
        }
    }
    Err(refused.unwrap_or(Unreadable::Seal))
}

fn usable(
    intent: Intent,
    fields: Fields,
    settings: &Settings,
    now: UnixTime,
) -> Result<PendingRequest, SessionError> {
    if fields.issued_at > now.saturating_add(MAX_CLOCK_DIFFERENCE) {
        return Err(SessionError::PendingRequestUnreadable(Unreadable::Future));
    }
    let ended_at = fields.ended_at(settings);
    if now >= ended_at {
        return Err(SessionError::PendingRequestExpired { ended_at });
    }
    let Fields { request_id, idp_entity_id, target, demanded, expires_at, .. } = fields;
    Ok(PendingRequest { request_id, idp_entity_id, target, intent, demanded, expires_at })
}

/// Removes the pending request that `relay_state` names, once its answer has come; `None` for no token of ours.
#[must_use]
pub fn clear(relay_state: &str, settings: &Settings) -> Option<SetCookie> {
    is_token(relay_state).then(|| expire(cookie_name(relay_state, settings), settings))
}

/// Is `name` the name of a pending request's cookie?
#[must_use]
pub fn is_pending_cookie(name: &str, settings: &Settings) -> bool {
    token_of(name, settings).is_some()
}

fn token_of<'a>(name: &'a str, settings: &Settings) -> Option<&'a str> {
    name.strip_prefix(settings.cookie.name.as_str())?.strip_prefix("-p-")
}

fn cookie_name(token: &str, settings: &Settings) -> String {
    format!("{}-p-{token}", settings.cookie.name)
}

fn is_token(text: &str) -> bool {
    base64url::decode(text).is_ok_and(|bytes| bytes.len() == TOKEN_BYTES)
}

fn set_cookie(name: String, value: String, max_age: Duration, settings: &Settings) -> SetCookie {
    settings.cookie.beside(name, value, max_age, SameSite::None)
}

fn expire(name: String, settings: &Settings) -> SetCookie {
    set_cookie(name, String::new(), Duration::ZERO, settings)
}

/// Removals that make room for one more pending request. Opens cookies only when there are too many.
fn evictions(settings: &Settings, presented: &[(&str, &str)]) -> Vec<SetCookie> {
    let mut held: Vec<(&str, &str)> = presented
        .iter()
        .filter(|(name, _)| token_of(name, settings).is_some_and(is_token))
        .copied()
        .collect();
    held.sort_unstable();
    held.dedup_by_key(|(name, _)| *name);
    let surplus = (held.len() + 1).saturating_sub(settings.max_pending_requests.max(1));
    if surplus == 0 {
        return Vec::new();
    }
    // `None`, for those that do not open, sorts before every instant.
    let mut by_age: Vec<(Option<UnixTime>, &str)> = held
        .into_iter()
        .enumerate()
        .map(|(index, (name, text))| {
            let fields = (index < MAX_OPENED).then(|| open_cookie(name, text, settings).ok()).flatten();
            (fields.map(|(_, fields)| fields.ended_at(settings)), name)
        })
        .collect();
    by_age.sort_unstable();
    by_age
        .into_iter()
        .take(surplus.min(MAX_EVICTIONS))
        .map(|(_, name)| expire(name.to_owned(), settings))
        .collect()
}
