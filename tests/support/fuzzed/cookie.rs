//! Nothing opens but what was sealed here, for this purpose, under this name, and not for longer than it lasts.
//!
//! The input is a list of cookies: a byte says how the next one is made, and its arguments follow.

use std::collections::BTreeMap;
use std::time::Duration;

use samlgate::base::{EntropyFailure, EntropySource, Secret, UnixTime};
use samlgate::effect::{Answer, NothingStored};
use samlgate::http::{OwnedHeaders, RedirectTarget, RequestHead, SameSite, SanitizedHead, SetCookie, cookie};
use samlgate::identity::{self, Identity};
use samlgate::policy::{self, AccountFacts, Facts, RequestFacts, decide};
use samlgate::session::pending_request::{self, Demanded, Intent, PendingRequest};
use samlgate::session::replay::{Attempt, ReplayLedger, Settled};
use samlgate::session::{
    self, CookieSettings, Forwarded, OpenedCache, SealingKeys, Session, SessionError, Settings,
};
use samlgate::store::SharedClaim;

use super::world::{NOW, REQUEST};

const NAME: &str = "__Host-samlgate";

/// SHA-256 is not needed here: numbers that never repeat will do.
#[derive(Default)]
struct Counting(std::cell::Cell<u64>);

impl EntropySource for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        for byte in out {
            self.0.set(self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            *byte = self.0.get().to_be_bytes()[0];
        }
        Ok(())
    }
}

fn settings(secret: u8, context: &str) -> Settings {
    Settings {
        keys: SealingKeys::new(vec![Secret::new(vec![secret; 32])], context).expect("a key"),
        cookie: CookieSettings {
            name: NAME.to_owned(),
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

/// One who signed in, in `groups` groups.
fn session(settings: &Settings, groups: usize, entropy: &Counting) -> Session {
    let accepted = super::world::accepted_vector("good_assertion_signed");
    let identity = Identity::from_assertion(&accepted, &identity::Settings::default()).expect("a user name");
    let now = UnixTime::from_secs(NOW);
    let claim = match ReplayLedger::attempt(&accepted, None, now) {
        Attempt::Write { claim, .. } => claim.settle(&Answer::Swapped),
        _ => panic!("an empty ledger takes every assertion"),
    };
    let Settled::Claimed(claim) = claim else { panic!("a swap that happened is a claim") };
    let claim =
        SharedClaim::unneeded(None).and_then(|shared| claim.complete(&shared)).expect("there is no store");
    // Names that hardly deflate, so that they fill several cookies.
    let name = |index: usize| {
        let mixed = (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!("{mixed:016x}{:016x}", mixed.rotate_left(17).wrapping_mul(0xD6E8_FEB8_6659_FD93))
    };
    let rules =
        policy::Settings { always_groups: (0..groups).map(name).collect(), ..policy::Settings::default() };
    let (request, account) = (RequestFacts::default(), &AccountFacts::Unknown);
    let decision = decide(&Facts { identity: &identity, request, account, now }, &rules);
    let forwarded = Forwarded::new(&decision.admit().expect("nothing forbids it"), BTreeMap::new());
    Session::begin(&accepted, &identity, claim, forwarded, now, settings, entropy).expect("a session")
}

struct Stage {
    settings: Settings,
    sessions: Vec<Session>,
    pending: PendingRequest,
    relay_state: String,
    /// The cookies of each session, and of the pending request.
    sealed: Vec<Vec<(String, String)>>,
    /// Sealed under another key, and for another service provider with the same key.
    foreign: Vec<(String, String)>,
}

fn pairs(cookies: &[SetCookie]) -> Vec<(String, String)> {
    cookies.iter().map(|one| (one.name.clone(), one.value.clone())).collect()
}

impl Stage {
    fn new() -> Self {
        let entropy = Counting::default();
        let now = UnixTime::from_secs(NOW);
        let settings = settings(7, "https://sp.example/saml");
        let sessions = vec![session(&settings, 2, &entropy), session(&settings, 350, &entropy)];
        let mut sealed: Vec<_> = sessions
            .iter()
            .map(|one| pairs(&session::seal(one, &settings, &[], &entropy).expect("it fits")))
            .collect();
        assert!(sealed[0].len() == 1 && sealed[1].len() > 2, "one small session and one large");
        let pending = PendingRequest {
            request_id: REQUEST.to_owned(),
            idp_entity_id: String::from("https://idp.example/metadata"),
            target: RedirectTarget::root(),
            intent: Intent::SignIn,
            demanded: Demanded::default(),
            expires_at: now.saturating_add(Duration::from_secs(300)),
        };
        let waiting = pending_request::seal(&pending, &settings, &[], now, &entropy).expect("it fits");
        sealed.push(pairs(&[waiting.cookie]));
        let mut foreign = Vec::new();
        for other in
            [self::settings(8, "https://sp.example/saml"), self::settings(7, "https://other.example")]
        {
            let session = session(&other, 1, &entropy);
            foreign.extend(pairs(&session::seal(&session, &other, &[], &entropy).expect("it fits")));
        }
        Self { settings, sessions, pending, relay_state: waiting.relay_state, sealed, foreign }
    }

    /// The cookies that `input` describes.
    fn jar(&self, mut input: &[u8]) -> Vec<(String, String)> {
        let mut jar = Vec::new();
        while let [kind, which, index, at, with, rest @ ..] = input {
            input = rest;
            if jar.len() >= 24 {
                break;
            }
            let group = &self.sealed[usize::from(*which) % self.sealed.len()];
            let (mut name, mut value) = group[usize::from(*index) % group.len()].clone();
            let place = (usize::from(*at) | usize::from(*with & 0x0F) << 8) % value.len();
            let put = char::from(33 + with % 94);
            match kind % 8 {
                0 => {}
                1 => value.replace_range(place..=place, &put.to_string()),
                2 => value.truncate(place),
                3 => value.insert(place, put),
                4 => name = format!("{NAME}.{}", with % 12),
                5 => {
                    name =
                        if with & 1 == 0 { NAME.to_owned() } else { format!("{NAME}-p-{}", self.relay_state) }
                }
                6 => (name, value) = self.foreign[usize::from(*index) % self.foreign.len()].clone(),
                _ => {
                    let (text, after) = rest.split_at(usize::from(*at).min(rest.len()));
                    input = after;
                    value = String::from_utf8_lossy(text).into_owned();
                }
            }
            jar.push((name, value));
        }
        jar
    }
}

thread_local! {
    static STAGE: Stage = Stage::new();
}

pub fn check(input: &[u8]) {
    STAGE.with(|stage| {
        any_header(input);
        let Some((clock, rest)) = input.split_first() else { return };
        let jar = stage.jar(rest);
        let presented: Vec<(&str, &str)> = jar.iter().map(|(name, value)| (&**name, &**value)).collect();
        let later = [0, 299, 300, 3_599, 3_600, 28_799, 28_800, 1_000_000][usize::from(clock % 8)];
        stage.judge(&presented, later);
    });
}

impl Stage {
    fn judge(&self, presented: &[(&str, &str)], later: u64) {
        let now = UnixTime::from_secs(NOW + later);
        let settings = &self.settings;
        let opened = session::open(presented, settings, now, &NothingStored);
        if let Ok(session) = &opened {
            assert!(self.sessions.contains(session), "a session that nobody sealed: {session:?}");
            assert!(later < 3_600, "usable {later} seconds after its last use");
            // All of its cookies are there, as they were set.
            assert!(
                self.sealed[..2].iter().any(|group| group
                    .iter()
                    .all(|(name, value)| { presented.contains(&(name.as_str(), value.as_str())) })),
                "opened without its cookies"
            );
        }
        let mut cache = OpenedCache::new(2);
        for _ in 0..2 {
            let cached = cache
                .open(presented, settings, now, &NothingStored, |_| ())
                .map(|opened| opened.session().clone());
            assert_eq!(cached, opened, "the cache says something else");
        }

        let genuine = &self.sealed[2][0];
        let held = presented.contains(&(genuine.0.as_str(), genuine.1.as_str()));
        match pending_request::open(&self.relay_state, presented, settings, now) {
            Ok(pending) => assert!(held && later < 300 && pending == self.pending, "{pending:?}"),
            Err(SessionError::PendingRequestMissing) => assert!(!held),
            Err(_) => {}
        }
        let usable = pending_request::any_usable(presented, settings, now);
        assert!(usable.is_err() || held && later < 300, "usable without the cookie");
        for (name, _) in presented {
            assert!(
                session::is_own_cookie(name, settings)
                    || !self.sealed.iter().flatten().any(|(own, _)| own == name)
            );
        }
        // Clearing names every cookie of ours that a chunk can have, and no other.
        for removal in session::clear(settings, presented) {
            assert!(session::is_own_cookie(&removal.name, settings) && removal.value.is_empty());
        }
    }
}

/// Cookies of ours never reach the application, and those of others stay.
fn any_header(value: &[u8]) {
    let pairs = vec![(String::from("cookie"), value.to_vec())];
    let head = SanitizedHead::new(RequestHead::new(pairs), &OwnedHeaders::default());
    let own = |name: &str| name.starts_with(NAME);
    let others: Vec<(String, String)> = cookie::cookies(&head)
        .filter(|(name, _)| !own(name.trim_matches(|one: char| one.is_ascii_whitespace())))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let kept = match cookie::without(&head, own) {
        samlgate::http::CookieRemoval::Unchanged => value.to_vec(),
        samlgate::http::CookieRemoval::Replaced(kept) => kept,
        samlgate::http::CookieRemoval::Emptied => Vec::new(),
    };
    let pairs = vec![(String::from("cookie"), kept)];
    let head = SanitizedHead::new(RequestHead::new(pairs), &OwnedHeaders::default());
    let left: Vec<(String, String)> =
        cookie::cookies(&head).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(left, others);
}
