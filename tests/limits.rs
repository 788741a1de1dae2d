//! Every limit on both sides: what is exactly as much passes, one more is refused with its code.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable,
    reason = "tests fail by panicking, and share a file"
)]

#[path = "support/saml_response.rs"]
mod saml_response;

use core::time::Duration;
use std::fmt::Write as _;

use saml_response::*;
use std::collections::BTreeMap;

use samlgate::base::{ClockSkew, EntropyFailure, EntropySource, Limits, Secret, UnixTime};
use samlgate::effect::{Answer, SignatureScheme, VerificationKey};
use samlgate::encoding::{base64, inflate, percent};
use samlgate::http::SameSite;
use samlgate::identity::{self, AssertedGroups, Identity};
use samlgate::policy::{self, AccountFacts, Facts, GroupRule, RequestFacts};
use samlgate::saml::bindings::post;
use samlgate::saml::profiles::web_sso::{
    AcceptedAssertion, AuthnExpectation, Expectations, RequestBinding, accept,
};
use samlgate::saml::protocol::RequestId;
use samlgate::saml::{ResponseError, SignatureDemand, Trust, Unverified};
use samlgate::session::replay::{Attempt, ReplayClaim, ReplayLedger, Settled};
use samlgate::session::{self, CookieSettings, Forwarded, SealingKeys, Session, SessionError};
use samlgate::store::SharedClaim;
use samlgate::xml::Source;
use samlgate::xmlsec::RustCrypto;
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::decrypt::Recipient;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

/// `limit` is kept by `most`, and `beyond` is refused with `code`.
fn both_sides<T, E>(
    limit: &str,
    most: Result<T, E>,
    beyond: Result<T, E>,
    code: &str,
    id: fn(&E) -> &'static str,
) {
    assert_eq!(most.map_err(|error| id(&error)).err(), None, "{limit}: exactly as much");
    assert_eq!(beyond.map_err(|error| id(&error)).err(), Some(code), "{limit}: one more");
}

/// A new limit does not compile before somebody looked here; those with a comment are tested elsewhere.
#[test]
fn every_limit_has_its_test() {
    let Limits {
        max_body_bytes: _,
        max_xml_bytes: _,
        max_xml_depth: _,
        max_xml_nodes: _,
        max_xml_attributes: _,
        max_xml_prefixes: _,
        max_xml_name_bytes: _,
        max_xml_value_bytes: _,
        max_listed_prefixes: _,
        max_attributes: _,
        max_groups: _,
        max_group_bytes: _,
        max_value_bytes: _,
        max_name_id_bytes: _,
        max_uri_bytes: _,
        max_audiences: _,
        max_confirmations: _,
        max_inflated_bytes: _,
        max_signature_checks: _,
        // beside `xmlsec::decrypt`
        max_encrypted_keys: _,
        max_decryptions: _,
    } = Limits::DEFAULT;
}

#[test]
fn forms_and_deflated_messages() {
    let limits = Limits { max_body_bytes: 21, ..Limits::DEFAULT };
    let decode = |body: &str| post::decode(FORM, body.as_bytes(), &limits);
    both_sides(
        "max_body_bytes",
        decode("SAMLResponse=PGEvPg=="),
        decode("SAMLResponse=PGEvPg==&"),
        "SG1004",
        |error| error.code().id(),
    );
    let deflated = inflate::deflate_raw(b"a message");
    both_sides(
        "max_inflated_bytes",
        inflate::inflate_raw(&deflated, 9),
        inflate::inflate_raw(&deflated, 8),
        "SG1004",
        |error| error.code().id(),
    );
}

#[test]
fn documents() {
    let default = Limits::DEFAULT;
    let rows: [(&str, Limits, &str, &str, &str); 7] = [
        ("max_xml_bytes", Limits { max_xml_bytes: 9, ..default }, "<e>aa</e>", "<e>aaa</e>", "SG2001"),
        (
            "max_xml_depth",
            Limits { max_xml_depth: 2, ..default },
            "<e><e/></e>",
            "<e><e><e/></e></e>",
            "SG2006",
        ),
        (
            "max_xml_nodes",
            Limits { max_xml_nodes: 4, ..default },
            "<e>a<f/><!----></e>",
            "<e>a<f/><!---->b</e>",
            "SG2007",
        ),
        (
            "max_xml_attributes",
            Limits { max_xml_attributes: 2, ..default },
            "<e a='' b=''/>",
            "<e a='' b='' c=''/>",
            "SG2008",
        ),
        (
            "max_xml_prefixes",
            Limits { max_xml_prefixes: 2, ..default },
            "<e xmlns:a='urn:a'><f xmlns:b='urn:b'/><f xmlns:b='urn:c'/></e>",
            "<e xmlns:a='urn:a'><f xmlns:b='urn:b'/><f xmlns:c='urn:c'/></e>",
            "SG2009",
        ),
        (
            "max_xml_name_bytes",
            Limits { max_xml_name_bytes: 5, ..default },
            "<e1234/>",
            "<e12345/>",
            "SG2018",
        ),
        (
            "max_xml_value_bytes",
            Limits { max_xml_value_bytes: 2, ..default },
            "<e a='12'/>",
            "<e a='123'/>",
            "SG2019",
        ),
    ];
    let check = |xml: &str, limits: &Limits| {
        let source = Source::check(xml.as_bytes(), limits)?;
        source.document().map(|_| ())
    };
    for (limit, limits, most, beyond, code) in &rows {
        both_sides(limit, check(most, limits), check(beyond, limits), code, |error| error.code().id());
    }
}

/// Everything from the document to an accepted assertion.
fn consume(xml: &str, keys: &[VerificationKey], limits: &Limits) -> Result<AcceptedAssertion, ResponseError> {
    let source = Source::check(xml.as_bytes(), limits)?;
    let document = source.document()?;
    let verified = Unverified::read(&document)?.verify(&Trust {
        keys,
        algorithms: AlgorithmPolicy::STRONG,
        demand: SignatureDemand::Any,
        recipient: &Recipient::NOBODY,
        crypto: &RustCrypto,
        limits,
    })?;
    let request = RequestId::parse(REQUEST).unwrap();
    let expected = Expectations {
        now: UnixTime::from_secs(NOW),
        skew: ClockSkew::new(Duration::from_secs(60)).unwrap(),
        idp_entity_id: IDP,
        audience: SP,
        recipient: ACS,
        destination: ACS,
        request: RequestBinding::Solicited(&request),
        authn: AuthnExpectation::default(),
    };
    Ok(accept(verified, &expected)?)
}

fn consumed(xml: &str, limits: &Limits) -> Result<AcceptedAssertion, ResponseError> {
    consume(xml, &[certificate("rsa2048").key().clone()], limits)
}

#[test]
fn signatures() {
    let keys = ["rsa2048_second", "rsa2048"].map(|name| certificate(name).key().clone());
    let xml = by_assertion(|_| {});
    let checks = |max_signature_checks| {
        consume(&xml, &keys, &Limits { max_signature_checks, ..Limits::DEFAULT }).map(|_| ())
    };
    both_sides("max_signature_checks", checks(2), checks(1), "SG3013", |error| error.code().id());

    let listed = |number: usize| {
        let prefixes: Vec<String> = (0..number).map(|number| format!("p{number}")).collect();
        let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
        let xml = Message::default().render();
        let xml = signed(&xml, ASSERTION_ID, "rsa2048", SignatureScheme::RsaSha256, &prefixes);
        consumed(&xml, &Limits::DEFAULT).map(|_| ())
    };
    both_sides("max_listed_prefixes", listed(16), listed(17), "SG3002", |error| error.code().id());
}

/// The limit, its code, how a message comes to have so many, and its default.
type Row = (&'static str, &'static str, fn(&mut Message, usize), usize);

#[test]
fn values_of_an_assertion() {
    let repeated = |text: &str, number: usize| text.repeat(number);
    let rows: [Row; 7] = [
        (
            "max_attributes",
            "SG4028",
            |message, number| {
                let all: String =
                    (0..number).map(|number| attribute(&format!("a{number}"), &["v"])).collect();
                // Of a name that is there already: no further attribute.
                message.attribute_statement = attributes(&(all + &attribute("a0", &["v", "w"])));
            },
            256,
        ),
        (
            "max_value_bytes",
            "SG4027",
            |message, number| {
                message.attribute_statement = attributes(&attribute("photo", &[&"v".repeat(number)]))
            },
            65_536,
        ),
        (
            "max_name_id_bytes",
            "SG4027",
            |message, number| message.name_id = format!("<saml:NameID>{}</saml:NameID>", "n".repeat(number)),
            1_024,
        ),
        (
            "max_name_id_bytes in a value",
            "SG4027",
            |message, number| {
                let name = format!("<saml:NameID>{}</saml:NameID>", "n".repeat(number));
                message.attribute_statement = attributes(&attribute("eduPersonTargetedID", &[&name]));
            },
            1_024,
        ),
        (
            "max_uri_bytes",
            "SG4027",
            |message, number| {
                let other = format!("urn:{}", "a".repeat(number - 4));
                let both =
                    format!("<saml:Audience>{other}</saml:Audience><saml:Audience>{SP}</saml:Audience>");
                message.conditions = conditions(
                    -60,
                    300,
                    &format!("<saml:AudienceRestriction>{both}</saml:AudienceRestriction>"),
                );
            },
            2_048,
        ),
        (
            "max_audiences",
            "SG4028",
            // In two restrictions: they are counted together.
            |message, number| {
                let one = format!("<saml:Audience>{SP}</saml:Audience>");
                let restriction = |number| {
                    format!("<saml:AudienceRestriction>{}</saml:AudienceRestriction>", one.repeat(number))
                };
                message.conditions = conditions(-60, 300, &(restriction(10) + &restriction(number - 10)));
            },
            64,
        ),
        (
            "max_confirmations",
            "SG4028",
            |message, number| message.confirmations = bearer(&good_confirmation()).repeat(number),
            16,
        ),
    ];
    for (limit, code, change, most) in rows {
        let outcome =
            |number| consumed(&by_assertion(|message| change(message, number)), &Limits::DEFAULT).map(|_| ());
        both_sides(limit, outcome(most), outcome(most + 1), code, |error| error.code().id());
    }
    // Before any signature is looked at: the issuer of the response.
    let issued = |number| {
        let issuer = format!("<saml:Issuer>{}</saml:Issuer>", repeated("i", number));
        let refused = consumed(&by_assertion(|message| message.response_issuer = issuer), &Limits::DEFAULT);
        refused.unwrap_err().code().id()
    };
    assert_eq!((issued(2_048), issued(2_049)), ("SG4005", "SG4027"));
}

fn group(number: usize) -> String {
    let name = format!("cn=group-{number:05},ou=");
    format!("{name}{},dc=example,dc=org", "u".repeat(120 - 18 - name.len()))
}

/// A signed response with these groups.
fn with_groups(groups: &[String]) -> String {
    let mut values = String::from("<saml:Attribute Name=\"groups\">");
    for group in groups {
        write!(values, "<saml:AttributeValue>{group}</saml:AttributeValue>").unwrap();
    }
    by_assertion(|message| message.attribute_statement = attributes(&(values + "</saml:Attribute>")))
}

#[test]
fn groups() {
    let identified = |groups: &[String]| {
        let settings = identity::Settings { max_groups: 3, ..identity::Settings::default() };
        Identity::from_assertion(&consumed(&with_groups(groups), &Limits::DEFAULT).unwrap(), &settings)
    };
    let of = |number| (0..number).map(group).collect::<Vec<_>>();
    both_sides("max_groups", identified(&of(3)), identified(&of(4)), "SG4042", |error| error.code().id());
    let long = |bytes| identified(&["g".repeat(bytes)]);
    both_sides("max_group_bytes", long(1_024), long(1_025), "SG4027", |error| error.code().id());
}

/// What the defaults are for: nobody with this many groups is turned away.
#[test]
fn the_default_holds_1400_groups_with_long_names() {
    let groups: Vec<String> = (0..1_400).map(group).collect();
    assert_eq!(groups[0].len(), 120);
    let identity = Identity::from_assertion(
        &consumed(&with_groups(&groups), &Limits::DEFAULT).unwrap(),
        &identity::Settings::default(),
    )
    .unwrap();
    assert_eq!(identity.groups, AssertedGroups::Known(groups.into_iter().collect()));
}

struct Sevens;

impl EntropySource for Sevens {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        out.fill(7);
        Ok(())
    }
}

fn claim(assertion: &AcceptedAssertion) -> ReplayClaim {
    let Attempt::Write { claim, .. } = ReplayLedger::attempt(assertion, None, UnixTime::from_secs(NOW))
    else {
        unreachable!("an empty slot takes a claim")
    };
    match claim.settle(&Answer::Swapped) {
        Settled::Claimed(claim) => claim.complete(&SharedClaim::unneeded(None).unwrap()).unwrap(),
        Settled::Conflict | Settled::Failed => unreachable!("the swap succeeded"),
    }
}

fn session_settings() -> session::Settings {
    session::Settings {
        keys: SealingKeys::new(vec![Secret::new(vec![7; 32])], SP).unwrap(),
        cookie: CookieSettings {
            name: String::from("__Host-samlgate"),
            domain: None,
            path: String::from("/"),
            same_site: SameSite::Lax,
            partitioned: false,
        },
        absolute_ttl: Duration::from_secs(28_800),
        idle_ttl: None,
        pending_request_ttl: Duration::from_secs(600),
        max_pending_requests: 8,
        max_cookie_bytes: 16_384,
    }
}

/// The largest document that can be configured holds 20,000 groups, and everything behind it takes them: the session
/// keeps what the table makes of them, and says so when the operator forwards all of them.
#[test]
fn the_largest_holds_20000_groups_from_the_form_to_the_session() {
    let groups: Vec<String> = (0..20_000).map(group).collect();
    let limits = Limits::LARGEST;
    let xml = with_groups(&groups);
    let form =
        format!("SAMLResponse={}&RelayState=t", percent::query_component(&base64::encode(xml.as_bytes())));
    let message = post::decode(FORM, form.as_bytes(), &limits).unwrap();
    let accepted = consumed(core::str::from_utf8(&message.saml_response).unwrap(), &limits).unwrap();
    let who = identity::Settings { max_groups: limits.max_groups, ..identity::Settings::default() };
    let identity = Identity::from_assertion(&accepted, &who).unwrap();
    assert_eq!(identity.groups, AssertedGroups::Known(groups.iter().cloned().collect()));

    let table = policy::Settings {
        group_mapping: (0..100)
            .map(|rule| GroupRule {
                idp_group: group(rule * 100),
                groups: vec![format!("application-{rule}")],
            })
            .collect(),
        ..policy::Settings::default()
    };
    let facts = Facts {
        identity: &identity,
        request: RequestFacts::default(),
        account: &AccountFacts::Unknown,
        now: UnixTime::from_secs(0),
    };
    let decision = policy::decide(&facts, &table);
    assert_eq!(decision.application_groups.len(), 100);

    let settings = session_settings();
    let seal = |forwarded: Forwarded| {
        let now = UnixTime::from_secs(NOW);
        let session =
            Session::begin(&accepted, &identity, claim(&accepted), forwarded, now, &settings, &Sevens)
                .unwrap();
        session::seal(&session, &settings, &[], &Sevens).map(|cookies| cookies.len())
    };
    let admitted = decision.admit().unwrap();
    assert_eq!(seal(Forwarded::new(&admitted, BTreeMap::new())), Ok(1));
    let all = Forwarded::new(&admitted, [(String::from("groups"), groups)].into());
    let refused = seal(all).unwrap_err();
    assert!(matches!(refused, SessionError::SessionTooLarge { attribute_values: 20_000, .. }), "{refused}");
    assert_eq!(refused.code().id(), "SG5006");
}
