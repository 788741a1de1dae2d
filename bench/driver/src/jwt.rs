//! A signed token and its key set for Envoy's own `jwt_authn`.

use std::error::Error;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use serde_json::json;
use sha2::{Digest, Sha256};
use testbed::idp::TestKey;

/// The token for the cookie, and the key set.
pub(crate) fn make() -> Result<(String, String), Box<dyn Error>> {
    let key = RsaPrivateKey::from_pkcs8_pem(TestKey::Rsa.private_pem())?;
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(json!({ "alg": "RS256", "kid": "bench", "typ": "JWT" }));
    let body = part(json!({
        "iss": "https://idp.example.org", "aud": "https://app.example.org", "sub": "agent",
        "email": "agent@example.org", "name": "Ada Agent", "groups": "jira-agents,staff",
        "iat": 1_700_000_000, "exp": 4_000_000_000_u64, "sid": "0123456789abcdef",
    }));
    let text = format!("{head}.{body}");
    let signature = key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(&text))?;
    let key_set = json!({ "keys": [{
        "kty": "RSA", "alg": "RS256", "use": "sig", "kid": "bench",
        "n": URL_SAFE_NO_PAD.encode(key.n().to_be_bytes_trimmed_vartime()),
        "e": URL_SAFE_NO_PAD.encode(key.e().to_be_bytes_trimmed_vartime()),
    }]});
    Ok((format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)), key_set.to_string()))
}
