//! Metadata that is accepted names one identity provider, with keys, and addresses that can stand in a header.

use samlgate::base::Limits;
use samlgate::saml::metadata::idp::IdpMetadata;

pub fn check(input: &[u8]) {
    let limits = Limits::DEFAULT;
    let Ok(idp) = IdpMetadata::parse(input, None, &limits) else {
        let _ = IdpMetadata::parse(input, Some("https://idp.example/metadata"), &limits);
        return;
    };
    assert!(!idp.single_sign_on.is_empty() && !idp.signing_keys.is_empty());
    let through_browser = idp.single_sign_on.iter().chain(&idp.single_logout);
    let locations =
        through_browser.flat_map(|endpoint| [endpoint.location.as_str(), endpoint.response_location()]);
    for location in locations.chain(idp.artifact_resolution.iter().map(|service| service.location.as_str())) {
        assert!(location.starts_with("https://") || location.starts_with("http://"), "`{location}`");
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'#');
        assert!(location.bytes().all(plain), "`{location}`");
    }
    for (at, key) in idp.signing_keys.iter().enumerate() {
        assert!(!idp.signing_keys[..at].contains(key), "a key is there twice");
        assert!(idp.certificates.iter().any(|certificate| certificate.key() == key));
    }
    // Who is asked for by name is the one who is there, and nobody else.
    let named = IdpMetadata::parse(input, Some(&idp.entity_id), &limits).expect("by its own name");
    assert_eq!(named.signing_keys, idp.signing_keys);
    assert!(IdpMetadata::parse(input, Some(&format!("{}x", idp.entity_id)), &limits).is_err());
}
