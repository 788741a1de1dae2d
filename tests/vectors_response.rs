//! Runs every response of `tests/vectors/response` through the whole chain: lexer, reader, signatures, profile,
//! identity. The files are made by `support/response_cases.rs`; after a change there run
//! `cargo test --test vectors_response -- --ignored rewrite`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "tests fail by panicking, and their support is no public interface"
)]

#[path = "support/encrypt.rs"]
mod encrypt;
#[path = "support/encrypted_cases.rs"]
mod encrypted_cases;
#[path = "support/explained.rs"]
mod explained;
#[path = "support/idp_cases.rs"]
mod idp_cases;
#[path = "support/response_cases.rs"]
mod response_cases;
#[path = "support/review_cases.rs"]
mod review_cases;
#[path = "support/saml_response.rs"]
mod saml_response;
#[path = "support/sign_in.rs"]
mod sign_in;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use response_cases::Case;
use saml_response::{ACS, IDP, NOW, REQUEST, SP, certificate, decryption_key, tests_folder};
use samlgate::base::{ClockSkew, Code, Limits, UnixTime};
use samlgate::http::Reply;
use samlgate::identity::{AssertedGroups, Identity, Settings, UsernamePattern, UsernameSource};
use samlgate::report::{self, CheckOutcome, Report};
use samlgate::saml::profiles::web_sso::{
    AcceptedAssertion, AuthnExpectation, Expectations, RequestBinding, accept,
};
use samlgate::saml::protocol::RequestId;
use samlgate::saml::{ResponseError, SignatureDemand, Trust, Unverified};
use samlgate::session::replay::{Attempt, ReplayLedger};
use samlgate::xml::Source;
use samlgate::xmlsec::RustCrypto;
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::decrypt::{CipherPolicy, Recipient};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    expect: String,
    #[allow(dead_code, reason = "for readers, and checked to be there")]
    comment: String,
    #[allow(dead_code, reason = "for readers, and checked to be there")]
    section: String,
    #[serde(default)]
    covers: Vec<String>,
    #[serde(default = "issued")]
    now: u64,
    #[serde(default = "one_minute")]
    skew: u64,
    #[serde(default = "first_key")]
    keys: Vec<String>,
    #[serde(default = "idp")]
    idp: String,
    demand: Option<String>,
    #[serde(default)]
    danger_allow_sha1: bool,
    /// The keys that we decrypt with.
    #[serde(default)]
    decryption: Vec<String>,
    #[serde(default)]
    danger_allow_aes_cbc: bool,
    username_attribute: Option<String>,
    username_pattern: Option<String>,
    /// What must come out.
    username: Option<String>,
    groups: Option<Groups>,
    acceptable_until: Option<u64>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Groups {
    Unknown(String),
    Known(BTreeSet<String>),
}

const fn issued() -> u64 {
    NOW
}

const fn one_minute() -> u64 {
    60
}

fn first_key() -> Vec<String> {
    vec![String::from("rsa2048")]
}

fn idp() -> String {
    IDP.to_owned()
}

fn algorithms(case: &Expected) -> AlgorithmPolicy {
    let strong = AlgorithmPolicy::STRONG;
    if case.danger_allow_sha1 { strong.with_danger_sha1() } else { strong }
}

fn ciphers(case: &Expected) -> CipherPolicy {
    let strong = CipherPolicy::STRONG;
    if case.danger_allow_aes_cbc { strong.with_danger_cbc() } else { strong }
}

fn demand(case: &Expected) -> SignatureDemand {
    match case.demand.as_deref() {
        None => SignatureDemand::Any,
        Some("RESPONSE") => SignatureDemand::Response,
        Some("ASSERTION") => SignatureDemand::Assertion,
        Some("BOTH") => SignatureDemand::Both,
        Some(other) => panic!("unknown demand {other}"),
    }
}

fn identity_settings(case: &Expected) -> Settings {
    Settings {
        username: match &case.username_attribute {
            None => UsernameSource::NameId,
            Some(name) => UsernameSource::Attribute(vec![name.clone()]),
        },
        username_pattern: case.username_pattern.as_ref().map(|text| UsernamePattern::compile(text).unwrap()),
        ..Settings::default()
    }
}

fn accepted(xml: &[u8], case: &Expected) -> Result<AcceptedAssertion, ResponseError> {
    let keys: Vec<_> = case.keys.iter().map(|name| certificate(name).key().clone()).collect();
    let decryption: Vec<_> = case.decryption.iter().map(|name| decryption_key(name)).collect();
    let request = RequestId::parse(REQUEST).unwrap();
    let expectations = Expectations {
        now: UnixTime::from_secs(case.now),
        skew: ClockSkew::new(Duration::from_secs(case.skew)).unwrap(),
        idp_entity_id: &case.idp,
        audience: SP,
        recipient: ACS,
        destination: ACS,
        request: RequestBinding::Solicited(&request),
        authn: AuthnExpectation::default(),
    };
    let source = Source::check(xml, &Limits::DEFAULT)?;
    let document = source.document()?;
    let unverified = Unverified::read(&document)?;
    let verified = unverified.verify(&Trust {
        keys: &keys,
        algorithms: algorithms(case),
        demand: demand(case),
        recipient: &Recipient { entity_id: SP, keys: &decryption, ciphers: ciphers(case) },
        crypto: &RustCrypto,
        limits: &Limits::DEFAULT,
    })?;
    Ok(accept(verified, &expectations)?)
}

fn outcome(xml: &[u8], case: &Expected) -> Result<(AcceptedAssertion, Identity), (Code, String)> {
    let accepted = accepted(xml, case).map_err(|error| (error.code(), error.to_string()))?;
    let identity = Identity::from_assertion(&accepted, &identity_settings(case))
        .map_err(|error| (error.code(), error.to_string()))?;
    Ok((accepted, identity))
}

/// What is wrong with the outcome, if anything.
fn judge(xml: &[u8], case: &Expected) -> Result<(), String> {
    let (accepted, identity) = match outcome(xml, case) {
        Err((code, detail)) if code.id() == case.expect => {
            let readable = !detail.is_empty() && !detail.contains('\n') && !detail.ends_with('.');
            return if readable { Ok(()) } else { Err(format!("message `{detail}` breaks the style")) };
        }
        Err((code, detail)) => return Err(format!("expected {}, got {code}: {detail}", case.expect)),
        Ok(_) if case.expect != "accept" => return Err(format!("expected {}, was accepted", case.expect)),
        Ok(outcome) => outcome,
    };
    if let Some(username) = &case.username
        && identity.username.expose() != username
    {
        return Err(format!("user name is {}", identity.username.expose()));
    }
    let groups_fit = match (&case.groups, &identity.groups) {
        (None, _) => true,
        (Some(Groups::Known(expected)), AssertedGroups::Known(groups)) => expected == groups,
        (Some(Groups::Unknown(word)), AssertedGroups::Unknown(_)) => word == "UNKNOWN",
        _ => false,
    };
    if !groups_fit {
        return Err(format!("groups are {:?}", identity.groups));
    }
    if let Some(until) = case.acceptable_until
        && accepted.acceptable_until() != UnixTime::from_secs(until)
    {
        return Err(format!("acceptable until {}", accepted.acceptable_until()));
    }
    // Every good message must be remembered long enough to refuse its own repetition.
    if accepted.acceptable_until() <= UnixTime::from_secs(case.now) {
        return Err(String::from("a replay claim would be over before it begins"));
    }
    Ok(())
}

#[test]
fn every_response_is_accepted_or_refused_as_its_case_says() {
    let folder = tests_folder("vectors/response");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let (mut failures, mut hostile) = (String::new(), 0);
    for name in &names {
        let yaml = std::fs::read_to_string(folder.join(name).join("case.yaml")).unwrap();
        let case: Expected = serde_norway::from_str(&yaml).unwrap_or_else(|error| panic!("{name}: {error}"));
        let xml = std::fs::read(folder.join(name).join("input.xml")).unwrap();
        hostile += usize::from(case.expect != "accept");
        assert!(case.covers.iter().all(|id| !id.is_empty()), "{name}");
        if let Err(problem) = judge(&xml, &case) {
            writeln!(failures, "  {name}: {problem}").unwrap();
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(hostile >= 150, "only {hostile} hostile cases of {}", names.len());
}

/// An explanation that says otherwise than the service would be worse than none.
#[test]
fn every_response_is_explained_as_the_service_answers_it() {
    let folder = tests_folder("vectors/response");
    let (mut failures, mut accepted) = (String::new(), 0);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let yaml = std::fs::read_to_string(path.join("case.yaml")).unwrap();
        let case: Expected = serde_norway::from_str(&yaml).unwrap();
        let xml = std::fs::read(path.join("input.xml")).unwrap();
        let settings = explained::settings(&case);
        let reply = sign_in::posted(&xml, &settings, case.now);
        let report = sign_in::report(&xml, Some(REQUEST), &settings, case.now);
        if let Err(problem) = compare(&xml, &case, &reply, &report) {
            writeln!(failures, "  {}: {problem}\n{report}", path.display()).unwrap();
        }
        accepted += usize::from(report.is_accepted());
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(accepted >= 40, "only {accepted} accepted");
}

/// What is wrong with `report`, if anything: it must say what the service did and what the core found.
fn compare(xml: &[u8], case: &Expected, reply: &Reply, report: &Report) -> Result<(), String> {
    if sign_in::code(reply) != report.code {
        return Err(format!("the service answers {:?}", sign_in::code(reply)));
    }
    let failed = report.checks.iter().position(|check| check.outcome == CheckOutcome::Failed);
    let in_order = report.checks.iter().enumerate().all(|(at, check)| {
        check.outcome
            == match failed {
                Some(failed) if at == failed => CheckOutcome::Failed,
                Some(failed) if at > failed => CheckOutcome::NotReached,
                _ => CheckOutcome::Passed,
            }
    });
    if failed.is_some() == report.is_accepted() || !in_order || report.checks.len() < 20 {
        return Err(String::from("the timeline does not fit the outcome"));
    }
    let signed_in = report.checks.iter().any(|check| check.check == "identity" && failed.is_none());
    match outcome(xml, case) {
        Ok((_, identity)) if signed_in => {
            let told = report.identity.as_ref().ok_or("no identity")?;
            let same = told.username.as_ref() == Some(identity.username.expose())
                && told.name_id.as_ref().map(|name_id| &name_id.value)
                    == identity.name_id.as_ref().map(|name_id| name_id.value().expose())
                && told.attributes.len() == identity.attributes.len()
                && match (&told.groups, &identity.groups) {
                    (Some(report::Groups::Known(told)), AssertedGroups::Known(groups)) => {
                        told.iter().eq(groups)
                    }
                    (Some(report::Groups::Unknown(_)), AssertedGroups::Unknown(_)) => true,
                    _ => false,
                };
            let response = report.response.as_ref().ok_or("no response")?;
            let signed = !response.signatures.is_empty() && response.clock_skew_seconds.is_some();
            if same && signed && report.headers.iter().any(|header| header.name == "x-user") {
                Ok(())
            } else {
                Err(String::from("the identity is another"))
            }
        }
        Ok(_) => Ok(()),
        // What hangs on time is followed by how far the clocks are apart.
        Err((code, detail)) if report.code == Some(code.id()) && report.reason.starts_with(&detail) => {
            let nothing = report.decision.is_none() && report.headers.is_empty() && report.calls.is_empty();
            if nothing { Ok(()) } else { Err(String::from("it goes on after a failure")) }
        }
        Err((code, detail)) => Err(format!("the core found {code}: {detail}")),
    }
}

/// Without a request the response's own word is taken, and the line says so.
#[test]
fn an_explanation_says_what_it_could_not_check() {
    let case: Expected = serde_norway::from_str("expect: accept\ncomment: ''\nsection: ''").unwrap();
    let xml = saml_response::by_assertion(|_| {});
    let settings = explained::settings(&case);
    let line = |report: &Report, name: &str| {
        report.checks.iter().find(|check| check.check == name).unwrap().detail.clone()
    };
    let report = sign_in::report(xml.as_bytes(), None, &settings, NOW + 2);
    assert!(report.is_accepted(), "{report}");
    assert!(line(&report, "in_response_to").contains("not checked"), "{report}");
    assert!(line(&report, "one_use").contains("taken for granted"), "{report}");
    assert_eq!(report.response.unwrap().clock_skew_seconds, Some(-2));

    let other = sign_in::report(xml.as_bytes(), Some("_other"), &settings, NOW);
    assert_eq!(other.slug, Some("in_response_to_mismatch"), "{other}");
    let unsolicited = saml_response::by_assertion(|message| message.in_response_to = None);
    let unsolicited = sign_in::report(unsolicited.as_bytes(), None, &settings, NOW);
    assert_eq!(unsolicited.slug, Some("unsolicited_refused"), "{unsolicited}");
    assert!(unsolicited.identity.is_none());
}

/// Hints and what is known of an accepted assertion, for those who choose by them.
#[test]
fn what_a_message_says_is_told_as_it_says_it() {
    let xml = saml_response::by_assertion(|_| {});
    let source = Source::check(xml.as_bytes(), &Limits::DEFAULT).unwrap();
    let document = source.document().unwrap();
    let unverified = Unverified::read(&document).unwrap();
    assert_eq!((unverified.issuer_hint(), unverified.in_response_to_hint()), (Some(IDP), Some(REQUEST)));
    let case: Expected = serde_norway::from_str("expect: accept\ncomment: ''\nsection: ''").unwrap();
    let accepted = accepted(xml.as_bytes(), &case).unwrap();
    let class = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
    assert_eq!(accepted.authn_context_class(), Some(class));
    assert_eq!(accepted.session_index(), Some("_session-1"));
}

/// What xmlsec1 and OpenSSL encrypted (`vectors/generate/encrypted.py`). AES-CBC, which needs a signed response, gets one.
#[test]
fn what_others_encrypt_is_read() {
    let folder = tests_folder("vectors/encrypted");
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert_eq!(names.len(), 8);
    for path in names {
        let name = path.file_stem().unwrap().to_string_lossy();
        let case = |text: &str| serde_norway::from_str::<Expected>(text).unwrap();
        let plain = "decryption: [rsa2048_decryption]\ncomment: ''\nsection: ''\nusername: alice\n";
        let xml = std::fs::read_to_string(&path).unwrap();
        if name.ends_with("cbc") {
            let allowed = format!("{plain}danger_allow_aes_cbc: true\n");
            let signed = saml_response::sign_response(&xml);
            judge(signed.as_bytes(), &case(&format!("{allowed}expect: accept"))).unwrap();
            judge(xml.as_bytes(), &case(&format!("{allowed}expect: SG3020"))).unwrap();
            judge(signed.as_bytes(), &case(&format!("{plain}expect: SG3019"))).unwrap();
        } else {
            judge(xml.as_bytes(), &case(&format!("{plain}expect: accept")))
                .unwrap_or_else(|fault| panic!("{name}: {fault}"));
        }
    }
}

/// One assertion in every spelling that its signature allows has one use. A reviewer's question: is a ciphertext made
/// anew, another envelope or a dropped outer signature another assertion to the ledger?
#[test]
fn an_assertion_in_another_spelling_has_been_used_too() {
    let case: Expected =
        serde_norway::from_str("decryption: [rsa2048_decryption]\ncomment: ''\nsection: ''\nexpect: accept")
            .unwrap();
    let named = |name: &str| {
        std::fs::read_to_string(tests_folder("vectors/response").join(name).join("input.xml")).unwrap()
    };
    let both = named("encrypted_both_signed");
    let first = accepted(named("good_assertion_signed").as_bytes(), &case).unwrap();
    let now = UnixTime::from_secs(NOW);
    let Attempt::Write { value: used, .. } = ReplayLedger::attempt(&first, None, now) else {
        panic!("an empty slot refuses")
    };
    for (spelling, xml) in [
        ("encrypted", named("encrypted_aes256_gcm")),
        ("with another cipher", named("encrypted_aes128_gcm")),
        ("for two recipients", named("encrypted_recipients_named")),
        ("signed around", both.clone()),
        ("no longer signed around", saml_response::without_signature(&both)),
        ("in another response", both.replace(saml_response::RESPONSE_ID, "_other")),
        ("with other line ends", named("review_plaintext_with_windows_line_ends")),
        ("in a response with the same ID", named("review_same_id_outside_and_inside")),
    ] {
        // Where the response's signature covers its ID it has to go first.
        let xml =
            if spelling == "in another response" { saml_response::without_signature(&xml) } else { xml };
        let again = accepted(xml.as_bytes(), &case).unwrap_or_else(|error| panic!("{spelling}: {error}"));
        assert_eq!(ReplayLedger::slot_key(&again), ReplayLedger::slot_key(&first), "{spelling}");
        let attempt = ReplayLedger::attempt(&again, Some(&used), now);
        assert!(matches!(attempt, Attempt::AlreadyClaimed), "{spelling}");
    }
}

fn yaml(case: &Case) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let mut yaml = format!(
        "expect: {}\ncomment: {}\nsection: {}\n",
        case.expect,
        quoted(case.comment),
        quoted(case.section)
    );
    for (key, value) in &case.fields {
        writeln!(yaml, "{key}: {value}").unwrap();
    }
    yaml
}

#[test]
fn the_files_are_what_the_generator_makes() {
    let folder = tests_folder("vectors/response");
    let cases = response_cases::all();
    let mut made = BTreeSet::new();
    for case in &cases {
        assert!(made.insert(case.name.to_owned()), "{} is there twice", case.name);
        let unfilled = ["NAME_ID", "CONFIRMATIONS"].iter().any(|place| case.xml.contains(place));
        assert!(!unfilled, "{} has a place that nobody filled", case.name);
        let here = folder.join(case.name);
        let same = |file: &str, text: &str| {
            std::fs::read_to_string(here.join(file)).is_ok_and(|found| found == text)
        };
        assert!(
            same("case.yaml", &yaml(case)) && same("input.xml", &case.xml),
            "{} is out of step",
            case.name
        );
    }
    let found: BTreeSet<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, made, "folders that nobody makes");
}

#[test]
#[ignore = "writes into the source tree"]
fn rewrite() {
    let folder = tests_folder("vectors/response");
    std::fs::remove_dir_all(&folder).ok();
    for case in response_cases::all() {
        let here = folder.join(case.name);
        std::fs::create_dir_all(&here).unwrap();
        std::fs::write(here.join("case.yaml"), yaml(&case)).unwrap();
        std::fs::write(here.join("input.xml"), &case.xml).unwrap();
    }
}
