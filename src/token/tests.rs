//! Tokens as another implementation reads them, and what must not get into one.

use core::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::base::{Secret, UnixTime};
use crate::effect::{CryptoProvider, SignatureScheme, SigningFailure, SigningKey, VerificationKey};
use crate::encoding::base64url;
use crate::session::tests::{NOW, large_session, session, session_of};
use crate::xmlsec::RustCrypto;
use crate::xmlsec::key::parse_signing_key;
use crate::xmlsec::public_key::parse_public_key;

const KEYS: [(Algorithm, &str, &str); 4] = [
    (
        Algorithm::Rs256,
        include_str!("../../tests/keys/rsa2048.key.pem"),
        include_str!("../../tests/keys/rsa2048.crt.pem"),
    ),
    (
        Algorithm::Es256,
        include_str!("../../tests/keys/p256.key.pem"),
        include_str!("../../tests/keys/p256.crt.pem"),
    ),
    (
        Algorithm::Es384,
        include_str!("../../tests/keys/p384.key.pem"),
        include_str!("../../tests/keys/p384.crt.pem"),
    ),
    (
        Algorithm::Es512,
        include_str!("../../tests/keys/p521.key.pem"),
        include_str!("../../tests/keys/p521.crt.pem"),
    ),
];

fn key(pem: &str) -> SigningKey {
    parse_signing_key(&Secret::new(pem.to_owned())).unwrap()
}

fn issuer(algorithm: Algorithm, pem: &str) -> Issuer {
    let signing = SigningIdentity::new(algorithm, key(pem)).unwrap().unwrap();
    Issuer {
        issuer: "https://jira.example.com".to_owned(),
        audience: vec!["jira".to_owned()],
        lifetime: Duration::from_secs(300),
        claims: Vec::new(),
        attributes: Vec::new(),
        keys: KeySet::new(&signing, &[]).unwrap(),
        signing,
    }
}

fn es256() -> Issuer {
    issuer(KEYS[1].0, KEYS[1].1)
}

fn part(token: &str, index: usize) -> Value {
    serde_json::from_slice(&base64url::decode(token.split('.').nth(index).unwrap()).unwrap()).unwrap()
}

fn claims(issuer: &Issuer, now: UnixTime) -> Value {
    part(&issuer.issue(&session(), now, &RustCrypto).unwrap().text, 1)
}

#[test]
fn the_least_is_said_unless_more_is_wanted() {
    assert_eq!(
        claims(&es256(), NOW),
        json!({
            "iss": "https://jira.example.com",
            "sub": "alice",
            "aud": "jira",
            "iat": 1_800_000_000_u64,
            "exp": 1_800_000_300_u64,
            "sid": "CQkJCQkJCQkJCQkJCQkJCQ",
            "auth_time": 1_800_000_000_u64,
            "acr": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
        })
    );
    let more = Issuer {
        audience: vec!["jira".to_owned(), "search".to_owned()],
        claims: vec![Claim::Email, Claim::Name, Claim::Groups, Claim::NameId, Claim::IdentityProvider],
        attributes: ["department", "absent"]
            .map(|name| AttributeClaim { attribute: name.to_owned(), claim: format!("x_{name}") })
            .to_vec(),
        ..es256()
    };
    let claims = claims(&more, NOW);
    assert_eq!(claims["aud"], json!(["jira", "search"]));
    assert_eq!(claims["groups"], json!(["jira-software-users", "project-a"]));
    assert_eq!(claims["email"], "alice@example.com");
    assert_eq!(claims["name"], "Alice Example");
    assert_eq!(claims["name_id"], "alice@idp.example");
    assert_eq!(claims["idp"], "https://idp.example/metadata");
    assert_eq!(claims["x_department"], json!(["Research"]));
    assert_eq!(claims.as_object().unwrap().len(), 14, "{claims}");
}

#[test]
fn every_algorithm_verifies_over_the_octets_that_were_sent() {
    for (algorithm, private, certificate) in KEYS {
        let issuer = issuer(algorithm, private);
        let token = issuer.issue(&session(), NOW, &RustCrypto).unwrap().text;
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let header = part(&token, 0);
        assert_eq!(header["alg"], algorithm.as_str());
        assert_eq!(header["typ"], "JWT");
        let set: Value = serde_json::from_str(issuer.keys.json()).unwrap();
        assert_eq!(set["keys"][0]["kid"], header["kid"]);
        assert_eq!(set["keys"][0]["alg"], header["alg"]);
        let public = parse_public_key(certificate).unwrap();
        let raw = base64url::decode(signature).unwrap();
        let signature = match public.kind().scalar_bytes() {
            None => raw,
            // What another implementation reads: two numbers of fixed length.
            Some(bytes) => {
                assert_eq!(raw.len(), 2 * bytes);
                crate::xmlsec::ecdsa_to_der(&raw, bytes).unwrap()
            }
        };
        assert!(RustCrypto.verify(algorithm_scheme(algorithm), &public, signed.as_bytes(), &signature));
    }
}

const fn algorithm_scheme(algorithm: Algorithm) -> SignatureScheme {
    match algorithm {
        Algorithm::Rs256 => SignatureScheme::RsaSha256,
        Algorithm::Rs384 => SignatureScheme::RsaSha384,
        Algorithm::Rs512 => SignatureScheme::RsaSha512,
        Algorithm::Es256 => SignatureScheme::EcdsaSha256,
        Algorithm::Es384 => SignatureScheme::EcdsaSha384,
        Algorithm::Es512 => SignatureScheme::EcdsaSha512,
    }
}

#[test]
fn no_algorithm_takes_a_key_of_another_kind() {
    for algorithm in [
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
    ] {
        for (own, private, _) in KEYS {
            let rsa = |algorithm: Algorithm| algorithm.as_str().starts_with("RS");
            let fits = algorithm == own || rsa(algorithm) && rsa(own);
            let made = SigningIdentity::new(algorithm, key(private)).unwrap();
            assert_eq!(made.is_some(), fits, "{algorithm:?} with the key of {own:?}");
        }
    }
}

#[test]
fn a_token_never_outlives_its_session_and_is_renewed_in_time() {
    let issuer = es256();
    let at = |offset: u64| NOW.saturating_add(Duration::from_secs(offset));
    for (now, expires, renew) in [
        (0, 300, 150),
        (28_000, 28_300, 28_150),
        // The session ends 28,800 seconds after it began.
        (28_600, 28_800, 28_750),
        (28_700, 28_800, 28_800),
        (28_799, 28_800, 28_800),
    ] {
        let token = issuer.issue(&session(), at(now), &RustCrypto).unwrap();
        assert_eq!(part(&token.text, 1)["exp"], at(expires).as_secs(), "{now}");
        assert_eq!(part(&token.text, 1)["iat"], at(now).as_secs(), "{now}");
        assert_eq!(token.renew_at, at(renew), "{now}");
    }
}

/// Says yes, and gives what it was told to.
struct Bad(Vec<u8>);

impl CryptoProvider for Bad {
    fn verify(&self, _: SignatureScheme, _: &VerificationKey, _: &[u8], _: &[u8]) -> bool {
        true
    }

    fn sign(&self, _: SignatureScheme, _: &SigningKey, _: &[u8]) -> Result<Vec<u8>, SigningFailure> {
        if self.0.is_empty() { Err(SigningFailure) } else { Ok(self.0.clone()) }
    }
}

#[test]
fn no_token_leaves_without_a_whole_signature() {
    for bad in [vec![], vec![0], vec![0x30, 0x06, 2, 1, 1, 2, 1], vec![1; 64]] {
        let error = es256().issue(&session(), NOW, &Bad(bad)).unwrap_err();
        assert_eq!(error, TokenError::Unsigned);
        assert_eq!(error.code().id(), "SG3022");
    }
}

#[test]
fn a_token_that_headers_cannot_carry_is_not_sent() {
    let issuer = Issuer { claims: vec![Claim::Groups], ..es256() };
    assert!(issuer.issue(&large_session(6_000, 1), NOW, &RustCrypto).is_ok());
    let error = issuer.issue(&large_session(12_000, 1), NOW, &RustCrypto).unwrap_err();
    assert_eq!(error.code().id(), "SG3023");
    // Who does not ask for groups is not concerned.
    assert!(es256().issue(&large_session(12_000, 1), NOW, &RustCrypto).is_ok());
}

/// Names and texts of people come as they are: JSON keeps them apart from ours.
#[test]
fn no_value_becomes_a_claim() {
    let forged = session_of("a\",\"sub\":\"admin\",\"\r\n.\u{0}\u{feff}é😀");
    let text = es256().issue(&forged, NOW, &RustCrypto).unwrap().text;
    assert_eq!(part(&text, 1)["sub"], forged.username().expose().as_str());
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
    assert_eq!(text.matches('.').count(), 2);
}

/// The examples of the RFCs: 7638 3.1, and the key of 7515 A.3 (its thumbprint by another implementation).
#[test]
fn thumbprints_are_those_of_the_rfcs() {
    let rsa = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZC\
        iFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0\
        zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCu\
        r-kEgU8awapJzKnqDKgw";
    let print = jwk::Jwk::from_numbers(crate::effect::KeyKind::Rsa, rsa, "AQAB").thumbprint();
    assert_eq!(print, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn the_key_set_holds_public_numbers_only_and_every_key_once_more() {
    let next = parse_public_key(KEYS[2].2).unwrap();
    let last = parse_public_key(KEYS[0].2).unwrap();
    let identity = SigningIdentity::new(KEYS[1].0, key(KEYS[1].1)).unwrap().unwrap();
    let set = KeySet::new(&identity, &[next, last]).unwrap();
    let json: Value = serde_json::from_str(set.json()).unwrap();
    let keys = json["keys"].as_array().unwrap();
    let members: Vec<Vec<&String>> =
        keys.iter().map(|key| key.as_object().unwrap().keys().collect()).collect();
    let curve = ["alg", "crv", "kid", "kty", "use", "x", "y"];
    assert_eq!(members, [curve.to_vec(), curve.to_vec(), vec!["e", "kid", "kty", "n", "use"]]);
    assert_eq!((&keys[0]["alg"], &keys[1]["alg"]), (&json!("ES256"), &json!("ES384")));
    assert!(keys.iter().all(|key| key["use"] == "sig" && key["kid"].as_str().unwrap().len() == 43));
    let debug = format!("{identity:?}");
    assert!(debug.len() < 80, "{debug}");
}
