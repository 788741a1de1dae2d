//! A certificate that is accepted is one text in one form, with a key that is strong enough; a private key likewise.

use samlgate::base::Secret;
use samlgate::effect::KeyKind;
use samlgate::encoding::base64;
use samlgate::xmlsec::key::{Certificate, parse_signing_key};

pub fn check(input: &[u8]) {
    // As text (PEM or base64), and as the DER itself.
    let text = String::from_utf8_lossy(input);
    for text in [text.as_ref(), &base64::encode(input)] {
        if let Ok(certificate) = Certificate::parse(text) {
            judge(&certificate);
        }
    }
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", base64::encode(input));
    for pem in [text.into_owned(), pem] {
        if let Ok(key) = parse_signing_key(&Secret::new(pem)) {
            assert!(!key.pkcs8_der().expose().is_empty());
        }
    }
}

fn judge(certificate: &Certificate) {
    let again = Certificate::parse(&base64::encode(certificate.der())).expect("its own DER");
    assert_eq!(&again, certificate);
    let spki = certificate.key().spki_der();
    let contains = certificate.der().windows(spki.len()).any(|window| window == spki);
    assert!(contains, "the key is not the one in the certificate");
    // 2,048 bits of modulus and what is around it.
    if certificate.key().kind() == KeyKind::Rsa {
        assert!((290..=1_100).contains(&spki.len()), "{} bytes of an RSA key", spki.len());
    }
}
