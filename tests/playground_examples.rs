//! `playground/web/examples.js` is what is made here from the keys of `tests/keys`: sign-ins to load with one click.
//! After a change run `SAMLGATE_WRITE_DOCUMENTS=1 cargo test --test playground_examples`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    reason = "tests fail by panicking, and their support is no public interface"
)]

#[path = "support/saml_response.rs"]
mod saml_response;

use std::collections::BTreeMap;
use std::path::Path;

use saml_response::{ACS, IDP, NOW, REQUEST, SP, attribute, attributes, by_assertion, swap, tests_folder};
use samlgate::base::{EntropyFailure, EntropySource, UnixTime};
use samlgate::config;
use samlgate::encoding::base64;
use samlgate::flow::{Env, Trust, explain};
use samlgate::provision::RecordedAccount;
use samlgate::report::Report;
use samlgate::xmlsec::RustCrypto;
use serde_json::{Value, json};

/// The names that `portal` and the like stand for come from the preset.
const CONFIGURATION: &str = r#"# Jira Service Management behind Envoy: customers come in by the help center, agents by /.
presets: [JSM_PORTAL]
sp:
  entity_id: SP
  base_uri: SITE
idp:
  metadata: { environment_variable: IDP_METADATA }
session:
  keys: [ { environment_variable: SAMLGATE_SESSION_KEY } ]
headers:
  username: x-remote-user
  email: x-remote-email
  groups: { name: x-remote-groups, format: COMMA_SEPARATED }
policy:
  group_mapping:
    - { idp_group: it-support, groups: [jira-servicedesk-users] }
    - { idp_group: developers, groups: [jira-developers] }
  default_groups: # a licence, for whoever the mapping makes an agent or a developer
    groups: [jira-software-users]
    only_if: { mapped_group: { any_of: [jira-servicedesk-users, jira-developers] } }
  rules:
    - name: partners see no code
      match: { email_domains: ["partner.example"] }
      action: { withhold: { groups: [jira-developers] } }
  protected_groups: [jira-administrators]
provisioning:
  jira_dc: { cluster: jira, authority: jira.example }
"#;

struct Zeros;

impl EntropySource for Zeros {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        out.fill(0);
        Ok(())
    }
}

fn configuration() -> String {
    CONFIGURATION
        .replace("SITE", ACS.strip_suffix("/saml/acs").unwrap())
        .replace("entity_id: SP", &format!("entity_id: {SP}"))
}

fn metadata() -> String {
    let pem = std::fs::read_to_string(tests_folder("keys").join("rsa2048.crt.pem")).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{IDP}">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
      <ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
"#
    )
}

struct Person {
    name: &'static str,
    email: &'static str,
    display: &'static str,
    groups: &'static [&'static str],
}

const AGENT: Person = Person {
    name: "anna",
    email: "anna@example.com",
    display: "Anna Agent",
    groups: &["it-support", "developers"],
};
const PARTNER: Person =
    Person { name: "paul", email: "paul@partner.example", display: "Paul Partner", groups: &["developers"] };
const CUSTOMER: Person =
    Person { name: "carl", email: "carl@customer.example", display: "Carl Customer", groups: &["customers"] };

fn response(person: &Person) -> String {
    by_assertion(|message| {
        message.name_id = message.name_id.replace("alice", person.name);
        message.attribute_statement = attributes(&format!(
            "\n{}\n{}\n{}\n",
            attribute("urn:oid:2.5.4.31", person.groups),
            attribute("urn:oid:0.9.2342.19200300.100.1.3", &[person.email]),
            attribute("urn:oid:2.16.840.1.113730.3.1.241", &[person.display]),
        ));
    })
}

struct Example {
    id: &'static str,
    title: &'static str,
    description: &'static str,
    xml: String,
    started_at: &'static str,
    account: Value,
    now: u64,
    /// What the core says about it: a code, or nothing for a sign-in.
    code: Option<&'static str>,
    /// Does the person get the group that costs a licence?
    licence: bool,
}

const LICENCE: &str = "jira-software-users";

fn examples() -> Vec<Example> {
    let groups = json!(["jira-servicedesk-users", "jira-administrators", "jira-developers", LICENCE]);
    let new = json!({ "exists": false, "existing_groups": groups });
    let agent = json!({
        "username": "anna", "email": "anna@old.example", "display_name": "Anna Agent",
        "groups": ["jira-servicedesk-users", "jira-administrators", LICENCE], "existing_groups": groups,
    });
    let plain = |id, title, description, person: &Person| Example {
        id,
        title,
        description,
        xml: response(person),
        started_at: "/browse/TEST-1",
        account: new.clone(),
        now: NOW + 2,
        code: None,
        licence: true,
    };
    vec![
        plain("good", "Good sign-in", "A new agent opens an issue: account, groups and licence", &AGENT),
        Example {
            started_at: "/servicedesk/customer/portals",
            account: agent,
            licence: false,
            ..plain(
                "agent-portal",
                "Agent by the portal",
                "An established agent enters by the help center and loses nothing",
                &AGENT,
            )
        },
        Example {
            started_at: "/servicedesk/customer/portals",
            licence: false,
            ..plain(
                "customer-portal",
                "Customer by the portal",
                "A customer enters by the help center: no licence",
                &CUSTOMER,
            )
        },
        Example {
            started_at: "/",
            licence: false,
            ..plain(
                "customer-root",
                "Customer by /",
                "A customer enters by the front door: no licence either",
                &CUSTOMER,
            )
        },
        plain(
            "partner",
            "Rule withholds",
            "A partner is a developer, and a rule keeps one group from partners",
            &PARTNER,
        ),
        Example {
            xml: swap(&response(&CUSTOMER), ">carl</saml:NameID>", ">anna</saml:NameID>"),
            code: Some("SG3004"),
            licence: false,
            ..plain(
                "forged",
                "Forged response",
                "A customer writes another name into a signed message",
                &CUSTOMER,
            )
        },
        Example {
            now: NOW + 3600,
            code: Some("SG4012"),
            licence: false,
            ..plain("expired", "Expired", "A message that was kept for an hour", &AGENT)
        },
    ]
}

fn environment() -> BTreeMap<String, String> {
    [
        ("IDP_METADATA", metadata()),
        ("SAMLGATE_SESSION_KEY", String::from("C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn report(example: &Example) -> Report {
    let yaml: serde_norway::Value = serde_norway::from_str(&configuration()).unwrap();
    let json = serde_json::to_string(&yaml).unwrap();
    let now = UnixTime::from_secs(example.now);
    let loaded = config::load(json.as_bytes(), &environment(), now);
    let (settings, _) = loaded.unwrap_or_else(|faults| {
        panic!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    let env = Env {
        now,
        uptime: core::time::Duration::ZERO,
        entropy: &Zeros,
        crypto: &RustCrypto,
        settings: &settings.flow,
        trust: &Trust::new(&settings.flow),
    };
    let account: RecordedAccount = serde_json::from_value(example.account.clone()).unwrap();
    explain::explain(
        &explain::Input {
            response: example.xml.as_bytes(),
            request_id: Some(REQUEST),
            idp_entity_id: None,
            started_at: Some(example.started_at),
            account: Some(explain::KnownAccount::Recorded(&account)),
        },
        &env,
    )
}

#[test]
fn every_example_shows_what_it_promises() {
    for example in examples() {
        let report = report(&example);
        assert_eq!(report.code, example.code, "{}: {}", example.id, report.reason);
        let added = |operation: &samlgate::report::Operation| {
            operation.operation == "add_to_group" && operation.detail == LICENCE
        };
        assert_eq!(report.operations.iter().any(added), example.licence, "{}: licence", example.id);
        let removed = report.operations.iter().any(|operation| operation.operation == "remove_from_group");
        assert!(!removed, "{} loses a group", example.id);
    }
}

#[test]
fn the_examples_of_the_page_are_current() {
    let list: Vec<Value> = examples()
        .iter()
        .map(|example| {
            let mut environment = environment();
            environment.remove("SAMLGATE_SESSION_KEY");
            json!({
                "id": example.id, "title": example.title, "description": example.description,
                "input": {
                    "configuration": configuration(), "environment": environment,
                    "response": base64::encode(example.xml.as_bytes()), "request_id": REQUEST,
                    "started_at": example.started_at, "account": example.account, "now": example.now,
                },
            })
        })
        .collect();
    let text = format!(
        "// Made by tests/playground_examples.rs from the keys of tests/keys; do not edit.\nexport default {};\n",
        serde_json::to_string_pretty(&list).unwrap()
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("playground/web/examples.js");
    if std::env::var_os("SAMLGATE_WRITE_DOCUMENTS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let have = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(have == text, "run `SAMLGATE_WRITE_DOCUMENTS=1 cargo test --test playground_examples`");
}
