//! From an accepted assertion to a session: the claim, the two ends, and what is kept.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

use core::cell::Cell;
use core::time::Duration;
use std::collections::BTreeMap;

use samlgate::base::{ClockSkew, Code, EntropyFailure, EntropySource, Limits, Secret, UnixTime};
use samlgate::effect::{Answer, NothingStored, SignatureScheme};
use samlgate::http::SameSite;
use samlgate::identity::{self, Identity};
use samlgate::policy::{self, AccountFacts, Facts, RequestFacts, decide};
use samlgate::saml::profiles::web_sso::{
    AcceptedAssertion, AuthnExpectation, Expectations, RequestBinding, accept,
};
use samlgate::saml::protocol::RequestId;
use samlgate::saml::{SignatureDemand, Trust, Unverified};
use samlgate::session::replay::{Attempt, ReplayClaim, ReplayLedger, Settled};
use samlgate::session::{self, CookieSettings, Forwarded, SealingKeys, Session, SessionError, Settings};
use samlgate::store::SharedClaim;
use samlgate::xml::Source;
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::decrypt::Recipient;
use samlgate::xmlsec::key::{Certificate, parse_signing_key};
use samlgate::xmlsec::{Canonicalization, RustCrypto, sign};

const NOW: UnixTime = UnixTime::from_secs(1_767_323_045);
const REQUEST: &str = "_0123456789abcdef0123456789abcdef";
const TTL: Duration = Duration::from_secs(28_800);

fn at(offset: i64) -> UnixTime {
    UnixTime::from_secs(NOW.as_secs().checked_add_signed(offset).unwrap())
}

/// Counts up; good enough where nothing is secret.
struct Counting(Cell<u8>);

impl EntropySource for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        self.0.set(self.0.get() + 1);
        out.fill(self.0.get());
        Ok(())
    }
}

/// The assertion `id`, accepted at [`NOW`], with these attributes on its AuthnStatement.
fn accepted(id: &str, authn: &str) -> AcceptedAssertion {
    let file = |name: &str| {
        std::fs::read_to_string(format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let (issued, ends) = (NOW.to_xs_date_time(), at(300).to_xs_date_time());
    let xml = format!(
        r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r" Version="2.0" IssueInstant="{issued}" Destination="https://sp.example/saml/acs" InResponseTo="{REQUEST}"><saml:Issuer>https://idp.example</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="{id}" Version="2.0" IssueInstant="{issued}"><saml:Issuer>https://idp.example</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">alice</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{ends}" Recipient="https://sp.example/saml/acs" InResponseTo="{REQUEST}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotOnOrAfter="{ends}"><saml:AudienceRestriction><saml:Audience>https://sp.example</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{issued}" SessionIndex="_s1" {authn}><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="groups"><saml:AttributeValue>idp-group</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>"#
    );
    let key = parse_signing_key(&Secret::new(file("p256.key.pem"))).unwrap();
    let certificate = Certificate::parse(&file("p256.crt.pem")).unwrap();
    let request = sign::SigningRequest {
        key: &key,
        scheme: SignatureScheme::EcdsaSha256,
        certificate: None,
        canonicalization: Canonicalization::default(),
    };
    let signed = sign::enveloped(&xml, &request, &RustCrypto).unwrap();
    let source = Source::check(signed.as_bytes(), &Limits::DEFAULT).unwrap();
    let document = source.document().unwrap();
    let verified = Unverified::read(&document)
        .unwrap()
        .verify(&Trust {
            keys: &[certificate.key().clone()],
            algorithms: AlgorithmPolicy::STRONG,
            demand: SignatureDemand::Any,
            recipient: &Recipient::NOBODY,
            crypto: &RustCrypto,
            limits: &Limits::DEFAULT,
        })
        .unwrap();
    let expected = Expectations {
        now: NOW,
        skew: ClockSkew::new(Duration::from_secs(60)).unwrap(),
        idp_entity_id: "https://idp.example",
        audience: "https://sp.example",
        recipient: "https://sp.example/saml/acs",
        destination: "https://sp.example/saml/acs",
        request: RequestBinding::Solicited(&RequestId::parse(REQUEST).unwrap()),
        authn: AuthnExpectation::default(),
    };
    accept(verified, &expected).unwrap()
}

/// The shared store in small.
#[derive(Default)]
struct Store(BTreeMap<String, Vec<u8>>);

impl Store {
    fn claim(&mut self, assertion: &AcceptedAssertion) -> Option<ReplayClaim> {
        let key = ReplayLedger::slot_key(assertion);
        match ReplayLedger::attempt(assertion, self.0.get(&key).map(Vec::as_slice), NOW) {
            Attempt::Write { value, claim } => {
                self.0.insert(key, value);
                match claim.settle(&Answer::Swapped) {
                    Settled::Claimed(claim) => claim.complete(&SharedClaim::unneeded(None).unwrap()),
                    other => panic!("{other:?}"),
                }
            }
            Attempt::AlreadyClaimed => None,
            Attempt::Full => panic!("full"),
        }
    }
}

fn settings() -> Settings {
    Settings {
        keys: SealingKeys::new(vec![Secret::new(vec![7; 32])], "https://sp.example").unwrap(),
        cookie: CookieSettings {
            name: String::from("__Host-samlgate"),
            domain: None,
            path: String::from("/"),
            same_site: SameSite::Lax,
            partitioned: false,
        },
        absolute_ttl: TTL,
        idle_ttl: None,
        pending_request_ttl: Duration::from_secs(600),
        max_pending_requests: 8,
        max_cookie_bytes: 16_384,
    }
}

fn begin(assertion: &AcceptedAssertion, claim: ReplayClaim) -> Result<Session, SessionError> {
    let identity = Identity::from_assertion(assertion, &identity::Settings::default()).unwrap();
    let always_groups = ["jira-users", "a"].map(String::from).into();
    let rules = policy::Settings { always_groups, ..policy::Settings::default() };
    let (request, account) = (RequestFacts::default(), &AccountFacts::Unknown);
    let decision = decide(&Facts { identity: &identity, request, account, now: NOW }, &rules);
    let attributes = [(String::from("department"), vec![String::from("R&D")])].into();
    let forwarded = Forwarded::new(&decision.admit().unwrap(), attributes);
    Session::begin(assertion, &identity, claim, forwarded, NOW, &settings(), &Counting(Cell::new(0)))
}

#[test]
fn a_session_keeps_what_was_decided_and_opens_again() {
    let assertion = accepted("_a", "");
    let session = begin(&assertion, Store::default().claim(&assertion).unwrap()).unwrap();
    let cookies = session::seal(&session, &settings(), &[], &Counting(Cell::new(0))).unwrap();
    let presented = [(cookies[0].name.as_str(), cookies[0].value.as_str())];
    let opened = session::open(&presented, &settings(), NOW, &NothingStored).unwrap();
    assert_eq!(opened, session);
    assert_eq!(opened.username().expose(), "alice");
    let name_id = opened.name_id().unwrap();
    assert_eq!(name_id.value.expose(), "alice");
    assert!(name_id.format.as_deref().unwrap().ends_with(":unspecified"));
    assert_eq!(opened.groups(), ["a", "jira-users"]);
    assert_eq!(opened.attribute("department"), ["R&D"]);
    assert!(opened.attribute("groups").is_empty());
    assert_eq!(opened.idp_entity_id(), "https://idp.example");
    assert_eq!(opened.session_index(), Some("_s1"));
    assert_eq!((opened.issued_at(), opened.last_seen()), (NOW, NOW));
    assert_eq!(opened.id().len(), 22);
    assert_eq!((opened.email(), opened.display_name()), (None, None));
}

#[test]
fn one_assertion_makes_one_claim() {
    let mut store = Store::default();
    assert!(store.claim(&accepted("_a", "")).is_some());
    assert!(store.claim(&accepted("_a", "")).is_none());
    assert!(store.claim(&accepted("_b", "")).is_some());
    let key = |id: &str| ReplayLedger::slot_key(&accepted(id, ""));
    assert!(key("_a").starts_with("samlgate.replay.1."), "{}", key("_a"));
    assert_eq!(key("_a"), key("_a"));
    assert_ne!(key("_a"), key("_b"));
}

#[test]
fn a_claim_for_another_assertion_begins_nothing() {
    let (one, two) = (accepted("_a", ""), accepted("_b", ""));
    let claim = Store::default().claim(&one).unwrap();
    let refused = begin(&two, claim).unwrap_err();
    assert_eq!((refused.clone(), refused.code()), (SessionError::AssertionReplayed, Code::AssertionReplayed));
}

#[test]
fn the_earlier_of_both_ends_counts() {
    let ends = |offset: i64| {
        let assertion = accepted("_a", &format!("SessionNotOnOrAfter=\"{}\"", at(offset).to_xs_date_time()));
        begin(&assertion, Store::default().claim(&assertion).unwrap()).map(|session| session.expires_at())
    };
    let assertion = accepted("_a", "");
    let unlimited = begin(&assertion, Store::default().claim(&assertion).unwrap()).unwrap();
    assert_eq!(unlimited.expires_at(), NOW.saturating_add(TTL));
    assert_eq!(ends(28_801), Ok(NOW.saturating_add(TTL)));
    assert_eq!(ends(28_799), Ok(at(28_799)));
    assert_eq!(ends(1), Ok(at(1)));
    // The profile's skew lets these through; there is nothing left to begin.
    for offset in [0, -59] {
        let refused = ends(offset).unwrap_err();
        assert_eq!(refused, SessionError::IdpSessionEnded { not_on_or_after: at(offset) });
        assert_eq!(refused.code(), Code::IdpSessionExpired);
    }
}
