//! A trace fit for sharing names nobody, and says the same things about the same people.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests fail by panicking"
)]

use samlgate::encoding::base64;
use samlgate::report::redact;
use serde_json::{Value, json};

const XML: &str = r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r1" Destination="https://jira.example/saml/acs" Consent="by Zoë Tester">
<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">https://idp.example/metadata</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a1"><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:DigestValue>SECRETDIGEST=</ds:DigestValue></ds:SignedInfo><ds:SignatureValue>SECRETSIGNATURE=</ds:SignatureValue></ds:Signature>
<saml:Subject><saml:NameID Format="urn:x" SPProvidedID="ztester-7">ZTester@corp.example</saml:NameID></saml:Subject>
<saml:AttributeStatement>
<saml:Attribute Name="urn:oid:2.5.4.31"><saml:AttributeValue>Secret-Project</saml:AttributeValue><saml:AttributeValue>jira-users</saml:AttributeValue></saml:Attribute>
<saml:Attribute Name="displayName"><saml:AttributeValue>Zoë Tester</saml:AttributeValue></saml:Attribute>
<saml:Attribute Name="phone"><saml:AttributeValue>+49 30 1234</saml:AttributeValue></saml:Attribute>
</saml:AttributeStatement></saml:Assertion></samlp:Response>"#;

fn trace() -> Value {
    json!({
        "samlgate_trace": 1, "made_by": "0.1.0",
        "input": {
            "configuration": json!({
                "sp": { "entity_id": "https://sp.example/saml", "signing": { "key": { "inline_string": "SECRETKEY" } } },
                "idp": { "metadata": { "inline_string": "<EntityDescriptor entityID=\"https://idp.example/metadata\"><ContactPerson><GivenName>Zoltan</GivenName></ContactPerson></EntityDescriptor>" } },
                "policy": { "group_mapping": [{ "idp_group": "Secret-Project", "groups": ["jira-secret"] }],
                            "portal": { "path_prefixes": ["/servicedesk/"] }, "always_groups": ["nobody-has-this"],
                            "rules": [{ "name": "boss", "match": { "username": { "exact": "zenobia" } } }] },
                "test_page": { "path": "/saml/test", "people": ["zacharias"] },
            }).to_string(),
            "environment": { "KEY": "SECRETVARIABLE" },
            "response": base64::encode(XML.as_bytes()),
            "started_at": "/people/ztester?name=Zoltan&flag",
            "account": { "username": "ztester", "display_name": "Tester, Zoë", "groups": ["jira-secret", "jira-users"] },
        },
        "report": {
            "outcome": "accepted", "reason": "user `ZTESTER` and zoltan.other@corp.example",
            "checks": [{ "check": "identity", "outcome": "passed", "detail": "user name `ztester`, 2 groups" },
                       { "check": "audience", "outcome": "passed", "detail": "`https://sp.example/saml`" }],
            "identity": { "name_id": { "value": "ZTester@corp.example", "format": "urn:x" }, "username": "ztester",
                          "email": "zoe@corp.example", "display_name": "Zoë Tester",
                          "groups": { "known": ["Secret-Project", "jira-users"] },
                          "attributes": [{ "name": "displayName", "friendly_name": null, "values": ["Zoë Tester"] },
                                         { "name": "passed", "friendly_name": null, "values": ["passed", "1"] }] },
            "decision": { "groups": [{ "group": "jira-secret", "verdict": "add", "rule": "`Secret-Project`, group_mapping[0]" }] },
            "headers": [{ "name": "x-user", "value": "ztester" }, { "name": "x-groups", "value": "jira-secret,jira-users" },
                        { "name": "x-name", "value": "Wm/DqyBUZXN0ZXI=" }],
            "calls": [{ "method": "GET", "path": "/rest/api/2/user?username=ztester&key=Zo%C3%AB%20Tester", "body": null },
                      { "method": "POST", "path": "/rest/api/2/user", "body": "{\"name\":\"ztester\",\"displayName\":\"Zo\\u00eb\"}" },
                      { "method": "POST", "path": "/x", "body": "{\"unheard\":\"Zora\"}" }],
        },
    })
}

/// Who and what must be nowhere, however it is written.
const PERSONAL: &[&str] = &[
    "ztester",
    "zoë",
    "zoe@",
    "zo\\u00eb",
    "zo%c3",
    "zoltan",
    "zora",
    "zenobia",
    "zacharias",
    "wm/dqy",
    "tester",
    "1234",
    "corp.example",
    "secretkey",
    "secretdigest",
    "secretsignature",
    "secretvariable",
];

#[test]
fn nobody_is_named() {
    for keep_groups in [false, true] {
        let text = redact(trace(), keep_groups).to_string().to_lowercase();
        for name in PERSONAL {
            assert!(!text.contains(name), "`{name}` is in {text}");
        }
    }
}

#[test]
fn groups_stay_only_where_somebody_says_so() {
    let text = redact(trace(), false).to_string().to_lowercase();
    for group in ["secret-project", "jira-secret", "jira-users", "nobody-has-this"] {
        assert!(!text.contains(group), "`{group}` is in {text}");
    }
    let kept = redact(trace(), true);
    assert_eq!(kept["report"]["headers"][1]["value"], "jira-secret,jira-users");
    assert_eq!(kept["report"]["decision"]["groups"][0]["rule"], "`Secret-Project`, group_mapping[0]");
}

#[test]
fn the_same_person_has_the_same_name_everywhere() {
    let redacted = redact(trace(), false);
    let username = redacted["report"]["identity"]["username"].as_str().unwrap();
    assert_eq!(redacted["input"]["account"]["username"], username);
    assert_eq!(redacted["report"]["headers"][0]["value"], username);
    assert!(redacted["report"]["checks"][0]["detail"].as_str().unwrap().contains(&format!("`{username}`")));
    let group = &redacted["report"]["decision"]["groups"][0]["group"];
    assert_eq!(redacted["input"]["account"]["groups"][0], *group);
    assert_eq!(redacted["input"]["configuration"]["policy"]["group_mapping"][0]["groups"][0], *group);
    assert_eq!(redact(trace(), false), redacted, "it is the same every time");
}

#[test]
fn what_explains_the_sign_in_stays() {
    let redacted = redact(trace(), false);
    let response = redacted["input"]["response"].as_str().unwrap();
    for kept in [
        "https://jira.example/saml/acs",
        "https://idp.example/metadata",
        "status:Success",
        "rsa-sha256",
        "_a1",
        "displayName",
    ] {
        assert!(response.contains(kept), "`{kept}` is not in {response}");
    }
    assert_eq!(redacted["report"]["checks"][1]["detail"], "`https://sp.example/saml`");
    assert_eq!(redacted["report"]["outcome"], "accepted");
    assert_eq!(
        redacted["report"]["checks"][0]["outcome"], "passed",
        "a word of ours, whatever an attribute says"
    );
    assert_eq!(redacted["input"]["configuration"]["policy"]["portal"]["path_prefixes"][0], "/servicedesk/");
    let metadata = redacted["input"]["configuration"]["idp"]["metadata"]["inline_string"].as_str().unwrap();
    assert!(metadata.contains("https://idp.example/metadata"), "{metadata}");
}

#[test]
fn a_message_that_cannot_be_read_says_nothing() {
    let mut trace = trace();
    trace["input"]["response"] = json!("<broken>Zoltan");
    trace["input"]["configuration"] = json!("# for Zoltan\nnot: json");
    trace["report"] = json!({ "outcome": "rejected", "reason": "found `Zoltan`, expected `</broken>`", "identity": null,
                              "checks": [{ "check": "xml", "outcome": "failed", "detail": "found `Zoltan`" }] });
    let redacted = redact(trace, false);
    assert!(!redacted.to_string().contains("Zoltan"), "{redacted}");
    assert_eq!(redacted["report"]["reason"], "found `…`, expected `…`");
}

#[test]
fn any_json_is_taken() {
    for odd in [
        json!(null),
        json!([1, "a@b.example"]),
        json!({ "input": 1, "report": "x" }),
        json!({ "input": { "response": 7 } }),
    ] {
        assert!(!redact(odd, false).to_string().contains("a@b.example"));
    }
}
