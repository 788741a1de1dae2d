//! What no message can show.

use super::*;
use crate::base::Secret;
use crate::xmlsec::key::Certificate;

const KEY: &str = include_str!("../../../tests/keys/rsa2048_decryption.key.pem");
const CERTIFICATE: &str = include_str!("../../../tests/keys/rsa2048_decryption.crt.pem");
/// A response that xmlsec1 encrypted the assertion of (`tests/vectors/generate/encrypted.py`).
const MESSAGE: &str = include_str!("../../../tests/vectors/encrypted/xmlsec1_aes128_gcm.xml");

fn key(pem: &str, certificate: &str) -> DecryptionKey {
    DecryptionKey::parse(&Secret::new(pem.to_owned()), Certificate::parse(certificate).unwrap()).unwrap()
}

/// `MESSAGE` and the place of its encrypted assertion.
fn container<'a>(document: &'a crate::xml::Document<'_>) -> Element<'a> {
    document.root().children().find(|child| child.local_name() == "EncryptedAssertion").unwrap()
}

#[test]
fn what_was_decrypted_is_not_printed() {
    let own = key(KEY, CERTIFICATE);
    assert!(own.fits_certificate());
    let source = Source::check(MESSAGE.as_bytes(), &Limits::DEFAULT).unwrap();
    let document = source.document().unwrap();
    let keys = [own];
    let recipient = Recipient { entity_id: "sp", keys: &keys, ciphers: CipherPolicy::STRONG };
    let budget = &mut Budget::new(1);
    let decrypted = decrypt(container(&document), &recipient, None, &Limits::DEFAULT, budget).unwrap();
    assert!(decrypted.text.contains(">alice<"));
    let printed = format!("{decrypted:?} {keys:?}");
    assert!(printed.len() < 80 && !printed.contains("alice"), "{printed}");
}

#[test]
fn a_key_that_is_not_found_is_replaced_by_one_that_only_we_can_compute() {
    let own = key(KEY, CERTIFICATE);
    let other = key(
        include_str!("../../../tests/keys/rsa2048_decryption_second.key.pem"),
        include_str!("../../../tests/keys/rsa2048_decryption_second.crt.pem"),
    );
    let transport = KeyTransport { digest: cipher::OaepHash::Sha1, mask: cipher::OaepHash::Sha1 };
    let rejected =
        |key: &DecryptionKey, wrapped: &[u8]| key.unwrap(transport, wrapped, 32).bytes(32).unwrap().to_vec();
    let junk = [1; 256];
    assert_eq!(rejected(&own, &junk), rejected(&own, &junk), "the same each time");
    assert_ne!(rejected(&own, &junk), rejected(&own, &[2; 256]), "another for each input");
    assert_ne!(rejected(&own, &junk), rejected(&other, &junk), "another for each key");
    assert_ne!(rejected(&own, &[0xFF; 256]), rejected(&own, &[0xFE; 256]), "beyond the modulus too");
    assert_ne!(rejected(&own, &[]), vec![0; 32]);
    // The key in the message has 16 bytes: asked for 32, it is not the beginning of what is given.
    let source = Source::check(MESSAGE.as_bytes(), &Limits::DEFAULT).unwrap();
    let document = source.document().unwrap();
    let content = EncryptedContent::read(container(&document), &Limits::DEFAULT).unwrap();
    let wrapped = octets(content.keys[0].cipher_value).unwrap();
    let good = own.unwrap(transport, &wrapped, 16).bytes(16).unwrap().to_vec();
    assert_ne!(rejected(&own, &wrapped)[..16], good);
    // The good one is chosen wherever it stands.
    let chosen = [&other, &own, &other].map(|key| key.unwrap(transport, &wrapped, 16));
    assert_eq!(chosen.into_iter().reduce(key::ContentKey::or).unwrap().bytes(16).unwrap(), good);
}
