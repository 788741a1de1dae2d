//! Time against the number of groups: from the posted form to the decision.

use core::time::Duration;
use std::fmt::Write as _;

use samlgate::base::{Limits, UnixTime};
use samlgate::encoding::{base64, percent};
use samlgate::identity::{self, Identity};
use samlgate::policy::{self, AccountFacts, Facts, GroupRule, RequestFacts};
use samlgate::saml::bindings::post;
use samlgate::xml::Source;

use crate::message::{Keys, consume, render};
use crate::milliseconds;

const GROUPS: [usize; 5] = [1, 10, 100, 1_000, 20_000];

/// Rows of the table from groups of the identity provider to groups of the application.
const RULES: usize = 200;

/// A distinguished name of 100 bytes.
fn group(number: usize) -> String {
    let name = format!(
        "cn=group-{number:05},ou=application groups,ou=groups,ou=people,dc=subsidiary,dc=example,dc=org"
    );
    format!("{name}{}", ",".repeat(100_usize.saturating_sub(name.len())))
}

/// `count` groups as the values of one attribute.
fn one_attribute(count: usize) -> String {
    let mut out = String::from("<saml:Attribute Name='groups'>");
    for number in 0..count {
        write!(out, "<saml:AttributeValue>{}</saml:AttributeValue>", group(number)).unwrap();
    }
    out + "</saml:Attribute>"
}

/// `count` groups with an attribute each, as Keycloak sends them unless told otherwise.
fn one_each(count: usize) -> String {
    let mut out = String::new();
    for number in 0..count {
        write!(
            out,
            "<saml:Attribute Name='groups'><saml:AttributeValue>{}</saml:AttributeValue></saml:Attribute>",
            group(number)
        )
        .unwrap();
    }
    out
}

/// Prints a line for each number of groups and each way to write them.
pub(crate) fn run() {
    let keys = Keys::read();
    let limits = Limits::LARGEST;
    let who = identity::Settings { max_groups: limits.max_groups, ..identity::Settings::default() };
    let rules = policy::Settings {
        group_mapping: (0..RULES)
            .map(|rule| GroupRule { idp_group: group(rule * 7), groups: vec![format!("application-{rule}")] })
            .collect(),
        ..policy::Settings::default()
    };
    for (name, write_groups) in
        [("one attribute", one_attribute as fn(usize) -> String), ("one each", one_each)]
    {
        let mut first = 0.0;
        for count in GROUPS {
            let xml = keys.signed(&render("", "", &write_groups(count)), false, &[]).unwrap();
            let form = format!(
                "SAMLResponse={}&RelayState=t",
                percent::query_component(&base64::encode(xml.as_bytes()))
            );
            let decode = || {
                let content_type = Some("application/x-www-form-urlencoded");
                post::decode(content_type, form.as_bytes(), &limits).unwrap().saml_response
            };
            let parse = |xml: &[u8]| {
                let source = Source::check(xml, &limits).unwrap();
                assert!(source.document().unwrap().root().local_name() == "Response");
            };
            let identify = |xml: &[u8]| {
                let accepted = consume(xml, &keys, &limits).unwrap();
                Identity::from_assertion(&accepted, &who).unwrap()
            };
            let decide = |identity: &Identity| {
                let (request, account) = (RequestFacts::default(), &AccountFacts::Unknown);
                let now = UnixTime::from_secs(0);
                policy::decide(&Facts { identity, request, account, now }, &rules)
            };
            let identity = identify(&decode());
            assert_eq!(decide(&identity).application_groups.len(), count.div_ceil(7).min(RULES));

            let enough = Duration::from_millis(300);
            let whole = milliseconds(enough, || decide(&identify(&decode())));
            let decoded = milliseconds(enough, decode);
            let parsed = milliseconds(enough, || parse(xml.as_bytes()));
            let decided = milliseconds(enough, || decide(&identity));
            if count == 1 {
                first = whole;
            }
            let more = u32::try_from(count - 1).map_or(0.0, f64::from);
            let each =
                if count == 1 { String::from("-") } else { format!("{:.0}", (whole - first) * 1e6 / more) };
            println!(
                "{name}\t{count}\t{}\t{decoded:.3}\t{parsed:.3}\t{decided:.3}\t{whole:.3}\t{each}",
                xml.len()
            );
        }
    }
}
