//! The identity token on its way, the key set, filter state, and the health check.

use core::cell::Cell;
use core::time::Duration;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::base::{EntropyFailure, EntropySource, UnixTime};
use crate::config;
use crate::effect::{
    CryptoProvider, NothingStored, SignatureScheme, SigningFailure, SigningKey, Step, Tell, Verdict,
    VerificationKey,
};
use crate::encoding::base64url;
use crate::gateway::{Exchange, Gateway, Host};
use crate::http::{HeaderEdits, Reply, RequestHead};
use crate::session;
use crate::session::tests::{NOW, session};
use crate::xmlsec::RustCrypto;

pub(super) struct Entropy;

impl EntropySource for Entropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        out.fill(7);
        Ok(())
    }
}

/// Signs as often as it may, and counts.
struct Signer {
    left: Cell<u32>,
}

impl Signer {
    const fn times(left: u32) -> Self {
        Self { left: Cell::new(left) }
    }
}

impl CryptoProvider for Signer {
    fn verify(&self, _: SignatureScheme, _: &VerificationKey, _: &[u8], _: &[u8]) -> bool {
        panic!("nothing is to be verified")
    }

    fn sign(
        &self,
        scheme: SignatureScheme,
        key: &SigningKey,
        text: &[u8],
    ) -> Result<Vec<u8>, SigningFailure> {
        let left = self.left.get().checked_sub(1).ok_or(SigningFailure)?;
        self.left.set(left);
        RustCrypto.sign(scheme, key, text)
    }
}

fn host(now: UnixTime, crypto: &dyn CryptoProvider) -> Host<'_> {
    Host { now, uptime: Duration::ZERO, entropy: &Entropy, crypto, shared: &NothingStored }
}

/// Metadata of the identity provider that vouched in [`session`].
fn idp() -> String {
    let certificate: String = include_str!("../../../tests/keys/rsa2048.crt.pem")
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/metadata">
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing">
<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>
</ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService
Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/></md:IDPSSODescriptor>
</md:EntityDescriptor>"#
    )
}

/// With a token and everything in filter state, unless `patch` says otherwise.
pub(super) fn gateway(patch: &Value) -> Gateway {
    let mut whole = json!({
        "sp": { "entity_id": "https://jira.example.com/saml/metadata", "base_uri": "https://jira.example.com" },
        "idp": { "metadata": { "inline_string": idp() } },
        "session": { "keys": [{ "inline_string": "C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=" }] },
        "identity_token": {
            "audience": ["jira"],
            "signing": {
                "algorithm": "ES256",
                "private_key": { "inline_string": include_str!("../../../tests/keys/p256.key.pem") },
            },
            "further_public_keys": [{ "inline_string": include_str!("../../../tests/keys/rsa2048.crt.pem") }],
        },
        "filter_state": ["USER", "GROUPS", "SESSION_ID"],
        "health_check": {},
        "rules": [
            { "match": { "path": { "prefix": "/public/" } }, "access": "BYPASS" },
            { "match": { "path": { "prefix": "/either" } }, "access": "OPTIONAL" },
        ],
    });
    for (name, value) in patch.as_object().unwrap() {
        if value.is_null() {
            whole.as_object_mut().unwrap().remove(name);
        } else {
            whole[name] = value.clone();
        }
    }
    let loaded = config::load(whole.to_string().as_bytes(), &BTreeMap::new(), NOW);
    Gateway::new(Rc::new(loaded.unwrap_or_else(|faults| panic!("{faults:?}")).0))
}

/// The cookies of a browser with a session.
pub(super) fn cookies(gateway: &Gateway) -> String {
    let settings = &gateway.settings.flow.session;
    let made = session::seal(&session(), settings, &[], &Entropy).unwrap();
    made.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect::<Vec<_>>().join("; ")
}

pub(super) fn ask(gateway: &mut Gateway, host: &Host<'_>, headers: &[(&str, &str)]) -> Step<Exchange> {
    let own = [(":authority", "jira.example.com"), (":scheme", "https"), ("accept", "text/html")];
    let own = own.iter().filter(|(name, _)| !headers.iter().any(|(have, _)| have == name));
    let pairs = own.chain(headers).map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    gateway.start(RequestHead::new(pairs.collect()), host)
}

pub(super) fn get(
    gateway: &mut Gateway,
    host: &Host<'_>,
    path: &str,
    more: &[(&str, &str)],
) -> Step<Exchange> {
    ask(gateway, host, &[&[(":method", "GET"), (":path", path)], more].concat())
}

pub(super) fn forwarded(step: Step<Exchange>) -> HeaderEdits {
    let Step::End { verdict: Verdict::Forward(edits), .. } = step else { panic!("{step:?}") };
    edits
}

pub(super) fn replied(step: Step<Exchange>) -> (Reply, Option<&'static str>) {
    let Step::End { verdict: Verdict::Reply(reply), tells } = step else { panic!("{step:?}") };
    let code = tells.iter().find_map(|tell| if let Tell::Event(event) = tell { event.code } else { None });
    (reply, code.map(|code| code.id()))
}

pub(super) fn set<'a>(edits: &'a HeaderEdits, name: &str) -> Option<&'a str> {
    edits.sets().find(|(have, _)| have == name).map(|(_, value)| core::str::from_utf8(value).unwrap())
}

fn claim(token: &str, name: &str) -> Value {
    let claims = base64url::decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()[name].clone()
}

const TOKEN: &str = "x-samlgate-token";

#[test]
fn a_token_is_made_once_for_half_its_life() {
    let mut gateway = gateway(&json!({}));
    let cookie = cookies(&gateway);
    let crypto = Signer::times(3);
    let mut at = |offset: u64| {
        let now = NOW.saturating_add(Duration::from_secs(offset));
        let edits = forwarded(get(&mut gateway, &host(now, &crypto), "/browse", &[("cookie", &cookie)]));
        assert_eq!(set(&edits, "x-remote-user"), Some("alice"));
        set(&edits, TOKEN).unwrap().to_owned()
    };
    let first = at(0);
    assert_eq!((claim(&first, "sub"), claim(&first, "aud")), (json!("alice"), json!("jira")));
    assert_eq!(claim(&first, "iss"), "https://jira.example.com");
    assert_eq!(at(149), first);
    let second = at(150);
    assert_ne!(second, first);
    assert_eq!(claim(&second, "exp"), NOW.as_secs() + 450);
    assert_eq!(at(299), second);
    assert_ne!(at(300), second);
    assert_eq!(crypto.left.get(), 0);
}

#[test]
fn a_request_whose_token_cannot_be_signed_is_not_forwarded() {
    let mut gateway = gateway(&json!({}));
    let cookie = cookies(&gateway);
    let headers = [("cookie", cookie.as_str())];
    let (reply, code) = replied(get(&mut gateway, &host(NOW, &Signer::times(0)), "/browse", &headers));
    assert_eq!((reply.status, code), (500, Some("SG3022")));
    // A later one may be: what failed is not remembered.
    forwarded(get(&mut gateway, &host(NOW, &Signer::times(1)), "/browse", &headers));
}

#[test]
fn nobody_sends_a_token_but_us() {
    let mut gateway = gateway(&json!({}));
    let cookie = cookies(&gateway);
    let names = ["x-samlgate-token", "X_Samlgate_Token", "x.samlgate.token"];
    let forged = names.map(|name| (name, "e30.e30.x"));
    for (path, with_session) in
        [("/public/a", false), ("/public/a", true), ("/either", false), ("/either", true), ("/", true)]
    {
        let mut headers = forged.to_vec();
        if with_session {
            headers.push(("cookie", &cookie));
        }
        let edits = forwarded(get(&mut gateway, &host(NOW, &RustCrypto), path, &headers));
        assert_eq!(
            edits.removals().iter().filter(|name| names.contains(&name.as_str())).count(),
            3,
            "{path}"
        );
        let expected = with_session && path != "/public/a";
        assert_eq!(set(&edits, TOKEN).is_some(), expected, "{path} {with_session}");
        assert_eq!(edits.properties().count(), if expected { 3 } else { 0 }, "{path} {with_session}");
    }
    assert!(gateway.owned_headers().contains("X-SAMLGATE_TOKEN"));
}

#[test]
fn envoy_learns_what_is_configured_and_only_with_a_session() {
    let mut gateway = gateway(&json!({ "filter_state": ["GROUPS"], "identity_token": null }));
    let cookie = cookies(&gateway);
    let edits = forwarded(get(&mut gateway, &host(NOW, &RustCrypto), "/", &[("cookie", &cookie)]));
    let properties: Vec<_> = edits.properties().collect();
    assert_eq!(properties, [&("samlgate_groups", ",jira-software-users,project-a,".to_owned())]);
    assert_eq!(set(&edits, TOKEN), None);
}

#[test]
fn the_key_set_is_for_everybody_at_our_address() {
    let mut gateway = gateway(&json!({}));
    let crypto = Signer::times(0);
    let host = host(NOW, &crypto);
    let (reply, code) = replied(get(&mut gateway, &host, "/saml/jwks", &[("accept", "*/*")]));
    assert_eq!((reply.status, code), (200, None));
    assert!(reply.headers.contains(&("content-type".to_owned(), "application/jwk-set+json".to_owned())));
    let set: Value = serde_json::from_slice(&reply.body).unwrap();
    let kinds: Vec<_> = set["keys"].as_array().unwrap().iter().map(|key| key["kty"].clone()).collect();
    assert_eq!(kinds, ["EC", "RSA"]);
    assert!(set["keys"].as_array().unwrap().iter().all(|key| key.get("d").is_none()));
    for (method, authority, expected) in
        [("POST", "jira.example.com", "SG1010"), ("GET", "evil.example", "SG1013"), ("PUT", "", "SG1013")]
    {
        let asked = [(":method", method), (":path", "/saml/jwks"), (":authority", authority)];
        let (reply, code) = replied(ask(&mut gateway, &host, &asked));
        assert_eq!((code, reply.status >= 400), (Some(expected), true), "{method} {authority}");
    }
}

#[test]
fn without_tokens_the_path_of_the_key_set_is_the_applications() {
    let mut gateway = gateway(&json!({ "identity_token": null, "health_check": null }));
    let cookie = cookies(&gateway);
    for path in ["/saml/jwks", "/saml/health"] {
        let edits = forwarded(get(&mut gateway, &host(NOW, &RustCrypto), path, &[("cookie", &cookie)]));
        assert_eq!(set(&edits, "x-remote-user"), Some("alice"), "{path}");
    }
}

#[test]
fn the_health_check_answers_whoever_knows_our_address() {
    let mut gateway = gateway(&json!({}));
    let host = host(NOW, &RustCrypto);
    for authority in ["10.1.2.3:8443", "jira.example.com", ""] {
        for method in ["GET", "HEAD"] {
            let asked = [(":method", method), (":path", "/saml/health"), (":authority", authority)];
            let (reply, code) = replied(ask(&mut gateway, &host, &asked));
            assert_eq!((reply.status, code), (200, None), "{method} {authority}");
        }
    }
    let asked = [(":method", "POST"), (":path", "/saml/health"), (":authority", "10.1.2.3")];
    assert_eq!(replied(ask(&mut gateway, &host, &asked)).0.status, 405);
    // Only the very path: everything else is asked for by our name.
    let (reply, code) = replied(get(&mut gateway, &host, "/saml/healthy", &[(":authority", "10.1.2.3")]));
    assert!(reply.status >= 400 && code.is_some());
}

#[test]
fn a_replica_that_knows_no_identity_provider_says_so() {
    let remote = json!({
        "entity_id": "https://idp.example/metadata",
        "remote_metadata": { "uri": "https://idp.example/metadata", "cluster": "idp" },
    });
    let mut gateway = gateway(&json!({ "idp": remote }));
    let (reply, code) = replied(get(&mut gateway, &host(NOW, &RustCrypto), "/saml/health", &[]));
    assert_eq!((reply.status, code), (503, None));
    assert_eq!(reply.body, b"no metadata of an identity provider\n");
    // Who is signed in is served all the same, with token and everything.
    let cookie = cookies(&gateway);
    let edits = forwarded(get(&mut gateway, &host(NOW, &RustCrypto), "/", &[("cookie", &cookie)]));
    assert!(set(&edits, TOKEN).is_some());
}
