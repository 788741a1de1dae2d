//! Tests of the room from inside: they make sessions without an assertion, which nobody else can.

mod attempts;
mod cache;
mod cookies;
mod expiry;
mod notes;
mod outbox;
mod pending;
mod properties;
mod replay;
mod revocation;
mod saved_forms;
mod sealing;
mod speed;
mod table;

use core::cell::Cell;
use core::time::Duration;

use sha2::{Digest, Sha256};

use super::state::Fields;
use super::{CookieSettings, SealingKeys, Session, SessionError, SessionNameId, Settings};
use crate::base::{EntropyFailure, EntropySource, Pii, Secret, UnixTime};
use crate::effect::NothingStored;
use crate::http::{SameSite, SetCookie};

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

/// SHA-256 of a counter: never repeats, and is the same in every run.
#[derive(Default)]
pub(super) struct Counting(Cell<u64>);

impl EntropySource for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        for chunk in out.chunks_mut(32) {
            self.0.set(self.0.get() + 1);
            let block = Sha256::digest(self.0.get().to_le_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

/// A host without randomness.
pub(super) struct Broken;

impl EntropySource for Broken {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyFailure> {
        Err(EntropyFailure)
    }
}

pub(super) fn keys(secrets: &[u8], context: &str) -> SealingKeys {
    SealingKeys::new(secrets.iter().map(|byte| Secret::new(vec![*byte; 32])).collect(), context).unwrap()
}

pub(super) fn settings() -> Settings {
    Settings {
        keys: keys(&[1], "https://sp.example/saml"),
        cookie: CookieSettings {
            name: String::from("__Host-samlgate"),
            domain: None,
            path: String::from("/"),
            same_site: SameSite::Lax,
            partitioned: false,
        },
        absolute_ttl: Duration::from_secs(28_800),
        idle_ttl: Some(Duration::from_secs(3_600)),
        pending_request_ttl: Duration::from_secs(600),
        max_pending_requests: 3,
        max_cookie_bytes: 16_384,
    }
}

pub(crate) fn session() -> Session {
    Session {
        fields: Fields {
            id: [9; 16],
            username: Pii::new(String::from("alice")),
            name_id: Some(SessionNameId {
                value: Pii::new(String::from("alice@idp.example")),
                format: Some(String::from("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress")),
                name_qualifier: Some(String::from("https://idp.example/metadata")),
                sp_name_qualifier: None,
                sp_provided_id: None,
            }),
            email: Some(Pii::new(String::from("alice@example.com"))),
            display_name: Some(Pii::new(String::from("Alice Example"))),
            groups: vec![String::from("jira-software-users"), String::from("project-a")],
            attributes: vec![(String::from("department"), vec![String::from("Research")])],
            idp_entity_id: String::from("https://idp.example/metadata"),
            session_index: Some(String::from("_session-index-1")),
            authn_instant: NOW,
            authn_context_class: Some(String::from("urn:oasis:names:tc:SAML:2.0:ac:classes:Password")),
            asserted_at: NOW,
            issued_at: NOW,
            last_seen: NOW,
            expires_at: NOW.saturating_add(Duration::from_secs(28_800)),
        },
    }
}

/// The same session of somebody else.
pub(crate) fn session_of(username: &str) -> Session {
    let mut other = session();
    other.fields.username = Pii::new(username.to_owned());
    other
}

/// A session whose groups do not compress, with about `bytes` of them.
pub(crate) fn large_session(bytes: usize, seed: u8) -> Session {
    let mut large = session();
    large.fields.groups = (0..bytes / 43)
        .map(|index| {
            let mut hash = Sha256::new();
            hash.update([seed]);
            hash.update(index.to_le_bytes());
            crate::encoding::base64url::encode(&hash.finalize())
        })
        .collect();
    large
}

/// As [`crate::session::open`], where nobody ever signed out.
pub(super) fn open(
    presented: &[(&str, &str)],
    settings: &Settings,
    now: UnixTime,
) -> Result<Session, SessionError> {
    crate::session::open(presented, settings, now, &NothingStored)
}

pub(super) fn at(offset: i64) -> UnixTime {
    UnixTime::from_secs(NOW.as_secs().checked_add_signed(offset).unwrap())
}

/// What a browser that got `cookies` presents.
pub(super) fn jar(cookies: &[SetCookie]) -> Vec<(&str, &str)> {
    cookies
        .iter()
        .filter(|cookie| cookie.max_age != Some(Duration::ZERO))
        .map(|cookie| (cookie.name.as_str(), cookie.value.as_str()))
        .collect()
}

pub(super) fn removed(cookies: &[SetCookie]) -> Vec<&str> {
    cookies
        .iter()
        .filter(|cookie| cookie.max_age == Some(Duration::ZERO) && cookie.value.is_empty())
        .map(|cookie| cookie.name.as_str())
        .collect()
}
