//! A form that met an ended session, kept until its sender has signed in again.
//!
//! It waits in the store that all workers share, in one of a fixed number of slots, sealed. Three things open it: our
//! keys, a secret that only the browser has which sent it, and a session of the person whose session had ended. So
//! nobody can put his own form before somebody else, and nobody sees what somebody else filled in.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::cookie::{first_usable, open_chunks};
use super::error::{SessionError, Unreadable};
use super::keys::Purpose;
use super::payload;
use super::settings::Settings;
use super::state::Session;
use crate::base::{EntropySource, Pii, UnixTime, random};
use crate::encoding::{base64url, form};
use crate::http::{RedirectTarget, SameSite, SetCookie};

/// Bytes of a body that can be kept. Sealed it stays below the bound of a payload, encoded or not.
pub const MAX_BYTES: usize = 64 * 1024;

/// Pairs of a form: as many as PHP reads, which makes other forms rare.
const MAX_PAIRS: usize = 1_000;

/// Forms that one browser keeps at a time, in tabs whose sessions ended together.
const MAX_FORMS: usize = 4;

/// Removals in one reply; who presents more made them up.
const MAX_EVICTIONS: usize = 16;

/// Cookies of one name that are tried; see `chunks`.
const MAX_CANDIDATES: usize = 4;

/// Bytes of the part of an id that nobody guesses, and of the browser's secret.
const TOKEN_BYTES: usize = 16;

/// What stands before the sealed text: the instant at which the slot is free again, in seconds, little-endian.
const INSTANT_BYTES: usize = 8;

/// A form, decoded: names and values in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Where it was sent.
    pub action: RedirectTarget,
    fields: Vec<(String, Pii<String>)>,
}

/// Why a form cannot be kept: what a browser would send later would not be what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfaithful {
    /// Not decodable, or with more pairs than can be kept.
    Encoding,
    /// A browser writes the same fields in another way.
    Spelling,
    /// A name or value that a hidden field does not bring through.
    Value,
}

/// Whose form it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    username: Pii<String>,
    idp_entity_id: String,
}

/// Which form: when it was sent, its slot, and a part that nobody guesses. It stands in addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormId {
    text: String,
    slot: u16,
}

/// A form on its way into its slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedForm {
    /// Names it.
    pub id: FormId,
    /// What the slot is to hold.
    pub value: Vec<u8>,
    /// What the browser keeps, and removals of its oldest when it has too many.
    pub cookies: Vec<SetCookie>,
}

/// Why there is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoForm {
    /// It was sent, or has run out, or another took its place, or this browser did not send it.
    Missing,
    /// Another person is signed in.
    OfAnother,
}

#[derive(Serialize, Deserialize)]
struct Fields {
    form: Form,
    sender: Sender,
    expires_at: UnixTime,
}

impl Form {
    /// Reads the body of a POST to `action`.
    ///
    /// # Errors
    /// [`Unfaithful`] when a page with hidden fields would not send the same bytes again.
    pub fn read(action: RedirectTarget, body: &[u8]) -> Result<Self, Unfaithful> {
        let pairs = form::parse(body, MAX_PAIRS).map_err(|_| Unfaithful::Encoding)?;
        if form::serialize(&pairs) != body {
            return Err(Unfaithful::Spelling);
        }
        if !pairs.iter().all(|(name, value)| is_kept_by_browsers(name, value)) {
            return Err(Unfaithful::Value);
        }
        let fields = pairs.into_iter().map(|(name, value)| (name, Pii::new(value))).collect();
        Ok(Self { action, fields })
    }

    /// Names and values, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.expose().as_str()))
    }
}

/// HTML 4.10.21.4: a field without a name is not sent, `_charset_` gets a value of its own, and line breaks become CRLF;
/// 13.2.5: NUL does not survive parsing, and other control characters may not be written.
fn is_kept_by_browsers(name: &str, value: &str) -> bool {
    let plain = |text: &str| {
        let rest = text.replace("\r\n", "");
        rest.chars().all(|character| character == '\t' || !character.is_control())
    };
    !name.is_empty() && !name.eq_ignore_ascii_case("_charset_") && plain(name) && plain(value)
}

impl Sender {
    /// The person of `session`.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        Self { username: session.username().clone(), idp_entity_id: session.idp_entity_id().to_owned() }
    }

    /// The person whose session the browser still presents, though it may have ended. Good for nothing but comparing.
    #[must_use]
    pub fn of_ended(presented: &[(&str, &str)], settings: &Settings) -> Option<Self> {
        let found = first_usable(presented, settings, |chunks| {
            open_chunks(chunks, settings).map(|session| Self::of(&session))
        });
        found.ok()
    }
}

impl FormId {
    fn random(slots: u16, now: UnixTime, entropy: &dyn EntropySource) -> Result<Self, SessionError> {
        let token: [u8; TOKEN_BYTES] = random(entropy)?;
        let [low, high, ..] = token;
        let slot = u16::from_le_bytes([low, high]) % slots.max(1);
        // Names sort by age: fixed width, most significant digit first.
        let text = format!("{:012x}{slot:04x}{}", now.as_secs(), base64url::encode(&token));
        Ok(Self { text, slot })
    }

    /// Takes `text` if it may be one of ours with `slots` slots.
    #[must_use]
    pub fn parse(text: &str, slots: u16) -> Option<Self> {
        let (head, token) = text.split_at_checked(16)?;
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if !head.bytes().all(hex) || !base64url::decode(token).is_ok_and(|bytes| bytes.len() == TOKEN_BYTES) {
            return None;
        }
        let slot = u16::from_str_radix(head.get(12..)?, 16).ok().filter(|slot| *slot < slots)?;
        Some(Self { text: text.to_owned(), slot })
    }

    /// As it stands in addresses.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The store's key of its slot.
    #[must_use]
    pub fn slot_key(&self) -> String {
        // The number is the format's version: another format needs other keys.
        format!("samlgate.form.1.{:03x}", self.slot)
    }

    fn cookie_name(&self, settings: &Settings) -> String {
        format!("{}-f-{}", settings.cookie.name, self.text)
    }
}

/// Seals `form` of `sender` for one of `slots` slots. It is kept for as long as a sign-in may take.
///
/// # Errors
/// [`SessionError::EntropyUnavailable`].
pub fn seal(
    form: &Form,
    sender: &Sender,
    slots: u16,
    presented: &[(&str, &str)],
    settings: &Settings,
    now: UnixTime,
    entropy: &dyn EntropySource,
) -> Result<SealedForm, SessionError> {
    let id = FormId::random(slots, now, entropy)?;
    let secret = base64url::encode(&random::<TOKEN_BYTES>(entropy)?);
    let expires_at = now.saturating_add(settings.pending_request_ttl);
    let fields = Fields { form: form.clone(), sender: sender.clone(), expires_at };
    let too_large =
        SessionError::PendingRequestTooLarge { bytes: payload::MAX_PAYLOAD_BYTES, limit: MAX_BYTES };
    let payload = payload::encode(&fields).ok_or(too_large)?;
    let name = id.cookie_name(settings);
    let text = settings.keys.seal(Purpose::SavedForm, &bound(&name, &secret), &payload, entropy)?;
    let mut value = expires_at.as_secs().to_le_bytes().to_vec();
    value.extend_from_slice(text.as_bytes());
    let mut cookies = evictions(presented, settings);
    cookies.push(cookie(name, secret, settings.pending_request_ttl));
    Ok(SealedForm { id, value, cookies })
}

/// May a form be put where `loaded` is?
#[must_use]
pub fn is_free(loaded: Option<&[u8]>, now: UnixTime) -> bool {
    // What we never wrote is overwritten: nobody else has any business in these keys.
    let until = loaded.and_then(|value| value.first_chunk::<INSTANT_BYTES>());
    until.is_none_or(|until| {
        let until = UnixTime::from_secs(u64::from_le_bytes(*until));
        // A slot that claims to be taken for longer than any form is kept was not taken by us.
        now >= until || until > now.saturating_add(LONGEST)
    })
}

/// The longest that `session.pending_request_timeout` may be, and as much as two clocks may differ.
const LONGEST: Duration = Duration::from_secs(3_600 + 300);

/// Opens the form `id` in `loaded` for `reader`, who is signed in, with the secret that the browser presents.
///
/// # Errors
/// [`NoForm`].
pub fn open(
    id: &FormId,
    loaded: Option<&[u8]>,
    reader: &Sender,
    presented: &[(&str, &str)],
    settings: &Settings,
    now: UnixTime,
) -> Result<Form, NoForm> {
    let name = id.cookie_name(settings);
    let (_, sealed) =
        loaded.and_then(|value| value.split_first_chunk::<INSTANT_BYTES>()).ok_or(NoForm::Missing)?;
    let text = core::str::from_utf8(sealed).map_err(|_| NoForm::Missing)?;
    let opened = presented
        .iter()
        .filter(|(have, secret)| *have == name && is_token(secret))
        .take(MAX_CANDIDATES)
        .find_map(|(_, secret)| open_with(&name, secret, text, settings).ok());
    let Fields { form, sender, expires_at } = opened.ok_or(NoForm::Missing)?;
    if now >= expires_at {
        return Err(NoForm::Missing);
    }
    if sender != *reader {
        return Err(NoForm::OfAnother);
    }
    Ok(form)
}

fn open_with(name: &str, secret: &str, text: &str, settings: &Settings) -> Result<Fields, Unreadable> {
    payload::decode(&settings.keys.open(Purpose::SavedForm, &bound(name, secret), text)?)
}

/// What a sealed form is bound to. Neither part has a `;`.
fn bound(name: &str, secret: &str) -> String {
    format!("{name};{secret}")
}

/// Removes the browser's secret for the form `id`.
#[must_use]
pub fn clear(id: &FormId, settings: &Settings) -> SetCookie {
    cookie(id.cookie_name(settings), String::new(), Duration::ZERO)
}

/// Is `name` the name of a saved form's cookie?
#[must_use]
pub fn is_form_cookie(name: &str, settings: &Settings) -> bool {
    id_of(name, settings).is_some()
}

fn id_of<'a>(name: &'a str, settings: &Settings) -> Option<&'a str> {
    name.strip_prefix(settings.cookie.name.as_str())?.strip_prefix("-f-")
}

fn is_token(text: &str) -> bool {
    base64url::decode(text).is_ok_and(|bytes| bytes.len() == TOKEN_BYTES)
}

/// For this host only, whatever the session cookie's domain is: forms are kept where they are sent. `Lax`, because the
/// browser comes back from the identity provider's site.
fn cookie(name: String, value: String, max_age: Duration) -> SetCookie {
    SetCookie {
        name,
        value,
        max_age: Some(max_age),
        path: String::from("/"),
        domain: None,
        same_site: SameSite::Lax,
        partitioned: false,
    }
}

/// Removals that make room for one more form, oldest first.
fn evictions(presented: &[(&str, &str)], settings: &Settings) -> Vec<SetCookie> {
    let mut held: Vec<&str> = presented
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| id_of(name, settings).is_some_and(|id| FormId::parse(id, u16::MAX).is_some()))
        .collect();
    held.sort_unstable();
    held.dedup();
    let surplus = (held.len() + 1).saturating_sub(MAX_FORMS);
    held.into_iter()
        .take(surplus.min(MAX_EVICTIONS))
        .map(|name| cookie(name.to_owned(), String::new(), Duration::ZERO))
        .collect()
}
