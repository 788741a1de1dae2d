//! Our metadata while a key of ours is changed: what is published, in which order, and that a key can be changed without
//! an instant at which an identity provider knows the wrong one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use samlgate::base::UnixTime;
use samlgate::xmlsec::RustCrypto;
use samlgate::{config, gateway};
use serde_json::{Value, json};

fn key(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(name)).unwrap()
}

/// The base64 of a certificate, as metadata carries it.
fn certificate(name: &str) -> String {
    key(&format!("{name}.crt.pem")).lines().filter(|line| !line.starts_with("-----")).collect()
}

fn pair(name: &str) -> Value {
    json!({
        "private_key": { "inline_string": key(&format!("{name}.key.pem")) },
        "certificate": { "inline_string": key(&format!("{name}.crt.pem")) },
    })
}

fn signing(name: &str, further: &[&str]) -> Value {
    let mut value = pair(name);
    value["algorithm"] = json!(if name.starts_with("rsa") { "RSA_SHA256" } else { "ECDSA_SHA256" });
    let further: Vec<_> =
        further.iter().map(|name| json!({ "inline_string": key(&format!("{name}.crt.pem")) })).collect();
    value["further_certificates"] = json!(further);
    value
}

/// The `use` and the certificate of each key that our metadata names.
fn published(sp: &Value) -> Vec<(String, String)> {
    let mut whole = json!({
        "sp": { "entity_id": "https://jira.example.com/saml/metadata", "base_uri": "https://jira.example.com" },
        "session": { "keys": [{ "inline_string": "C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=" }] },
    });
    for (name, value) in sp.as_object().unwrap() {
        whole["sp"][name] = value.clone();
    }
    let now = UnixTime::from_secs(1_800_000_000);
    let loaded = config::load(whole.to_string().as_bytes(), &BTreeMap::new(), now);
    let (settings, _) = loaded.unwrap_or_else(|faults| panic!("{faults:?}"));
    let text = gateway::metadata(&settings, &RustCrypto).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    document
        .descendants()
        .filter(|node| node.has_tag_name(("urn:oasis:names:tc:SAML:2.0:metadata", "KeyDescriptor")))
        .map(|node| {
            let certificate = node.descendants().find(|node| node.tag_name().name() == "X509Certificate");
            let certificate = certificate.and_then(|node| node.text()).unwrap();
            (node.attribute("use").unwrap().to_owned(), certificate.to_owned())
        })
        .collect()
}

fn expected(keys: &[(&str, &str)]) -> Vec<(String, String)> {
    keys.iter().map(|(usage, name)| ((*usage).to_owned(), certificate(name))).collect()
}

#[test]
fn the_signing_key_changes_without_a_gap() {
    let steps = [
        (signing("rsa2048", &[]), vec![("signing", "rsa2048")]),
        // The next one is known to everybody before it signs ...
        (signing("rsa2048", &["p256"]), vec![("signing", "rsa2048"), ("signing", "p256")]),
        // ... and the last one as long as somebody may still know only that.
        (signing("p256", &["rsa2048"]), vec![("signing", "p256"), ("signing", "rsa2048")]),
        (signing("p256", &[]), vec![("signing", "p256")]),
    ];
    for (signing, keys) in steps {
        assert_eq!(published(&json!({ "signing": signing })), expected(&keys));
    }
}

#[test]
fn signing_and_decryption_have_keys_of_their_own_and_a_decryption_key_changes_without_a_gap() {
    let entry = |name: &str, publish: Option<bool>| {
        let mut value = pair(name);
        if let Some(publish) = publish {
            value["publish"] = json!(publish);
        }
        value
    };
    let (old, new) = ("rsa2048_decryption", "rsa2048_decryption_second");
    for (decryption, keys) in [
        // The second decrypts already, so it may be published at any time.
        (json!([entry(old, None), entry(new, None)]), vec![("encryption", old)]),
        (json!([entry(old, None), entry(new, Some(true))]), vec![("encryption", old), ("encryption", new)]),
        (json!([entry(new, None), entry(old, None)]), vec![("encryption", new)]),
        (json!([entry(old, Some(false)), entry(new, Some(true))]), vec![("encryption", new)]),
        (json!([entry(old, Some(false))]), vec![]),
        (json!([]), vec![]),
    ] {
        let mut all = vec![("signing", "p256")];
        all.extend(keys);
        let sp = json!({ "signing": signing("p256", &[]), "decryption": decryption });
        assert_eq!(published(&sp), expected(&all));
    }
}
