//! The cases of `tests/vectors/response` that are encrypted.

use samlgate::effect::SignatureScheme;

use crate::encrypt::{Cipher, Encryption, OAEP, Place, SHA1, SHA256, To, XENC};
use crate::response_cases::Case;
use crate::saml_response::*;

const CORE: &str = "core 2.3.4, 6.1";
const XMLENC: &str = "xmlenc-core1 3";
const KEY: &str = "rsa2048_decryption";
const SECOND: &str = "rsa2048_decryption_second";
const SCHEMA: &str =
    "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";

pub fn all() -> Vec<Case> {
    [good(), hostile_keys(), hostile_content(), algorithms(), structure(), coverage(), parts()]
        .into_iter()
        .flatten()
        .map(
            |case| {
                if case.has("decryption") { case } else { case.field("decryption", "[rsa2048_decryption]") }
            },
        )
        .collect()
}

fn case(
    name: &'static str,
    expect: &'static str,
    section: &'static str,
    comment: &'static str,
    xml: String,
) -> Case {
    Case { name, expect, section, comment, fields: Vec::new(), xml }
}

/// A response whose assertion is `plaintext`, encrypted as `how` says.
fn around(plaintext: &str, how: &Encryption<'_>) -> String {
    let message = Message::default().render();
    let assertion = assertion_of(&message).to_owned();
    swap(&message, &assertion, &how.encrypt("EncryptedAssertion", plaintext.as_bytes()))
}

/// The assertion of the usual message, signed.
fn signed_assertion() -> String {
    assertion_of(&by_assertion(|_| {})).to_owned()
}

fn unsigned_assertion() -> String {
    Message::default().assertion()
}

/// The usual signed assertion, encrypted to us with one change.
fn encrypted(change: impl FnOnce(&mut Encryption<'_>)) -> String {
    let own = certificate(KEY);
    let mut how = Encryption::to(&own);
    change(&mut how);
    around(&signed_assertion(), &how)
}

/// Whatever is in the place of the assertion.
fn holding(plaintext: &str) -> String {
    around(plaintext, &Encryption::to(&certificate(KEY)))
}

fn good() -> Vec<Case> {
    let good = |name, comment, xml| case(name, "accept", CORE, comment, xml).field("username", "alice");
    let (own, second, other) = (certificate(KEY), certificate(SECOND), certificate("rsa2048_second"));
    let both_keys = "[rsa2048_decryption, rsa2048_decryption_second]";
    let to = |keys: Vec<To<'_>>, place| {
        let how = Encryption { to: keys, place, ..Encryption::to(&own) };
        around(&signed_assertion(), &how)
    };
    let named = |certificate, recipient| To { recipient: Some(recipient), ..To::new(certificate) };
    vec![
        good("encrypted_aes256_gcm", "the assertion is signed, then encrypted", encrypted(|_| {}))
            .field("groups", "[jira-admins, jira-users]"),
        good("encrypted_aes128_gcm", "the smaller key", encrypted(|how| how.cipher = Cipher::Aes128Gcm)),
        good(
            "encrypted_oaep_sha1_named",
            "the digest that is meant anyway is named",
            encrypted(|how| how.digest = Some(SHA1)),
        ),
        good(
            "encrypted_oaep_sha256",
            "xmlenc 1.1: SHA-256 for label and mask",
            encrypted(|how| {
                (how.transport, how.digest, how.mask) =
                    (OAEP, Some(SHA256), Some("http://www.w3.org/2009/xmlenc11#mgf1sha256"));
            }),
        ),
        good(
            "encrypted_oaep_sha256_mgf1_sha1",
            "SHA-256 for the label, the mask of old",
            encrypted(|how| how.digest = Some(SHA256)),
        ),
        good(
            "encrypted_oaep_mgf1_sha256",
            "SHA-1 for the label, SHA-256 for the mask",
            encrypted(|how| {
                (how.transport, how.mask) = (OAEP, Some("http://www.w3.org/2009/xmlenc11#mgf1sha256"));
            }),
        ),
        good(
            "encrypted_oaep_mgf1_sha1_named",
            "xmlenc 1.1 with what it means anyway",
            encrypted(|how| {
                (how.transport, how.mask) = (OAEP, Some("http://www.w3.org/2009/xmlenc11#mgf1sha1"));
            }),
        ),
        good(
            "encrypted_key_beside",
            "the encrypted key stands behind EncryptedData",
            encrypted(|how| how.place = Place::Beside),
        ),
        good(
            "encrypted_key_referenced",
            "a RetrievalMethod points to it",
            encrypted(|how| how.place = Place::Referenced),
        ),
        good(
            "encrypted_recipients_unnamed",
            "for somebody else and for us",
            to(vec![To::new(&other), To::new(&own)], Place::Beside),
        ),
        good(
            "encrypted_recipients_named",
            "for three, each named",
            to(
                vec![named(&other, "https://a.example"), named(&own, SP), named(&other, "https://b.example")],
                Place::Beside,
            ),
        ),
        good(
            "encrypted_recipient_misnamed",
            "a name that is not our entity id is only a hint",
            to(vec![named(&own, "jira")], Place::Inside),
        ),
        good(
            "encrypted_to_second_key",
            "during a change of keys the identity provider uses the other one",
            to(vec![To::new(&second)], Place::Inside),
        )
        .field("decryption", both_keys),
        good(
            "encrypted_to_first_key_of_two",
            "the first key is not spoilt by the attempt with the second",
            encrypted(|_| {}),
        )
        .field("decryption", both_keys),
        good(
            "encrypted_to_shown_certificate",
            "the encrypted key shows whose it is",
            to(vec![To { shown: true, ..To::new(&second) }], Place::Inside),
        )
        .field("decryption", both_keys),
        good("encrypted_shown_certificate_unknown", "a certificate that is not ours is only a hint", {
            let shown = to(vec![To { shown: true, ..To::new(&own) }], Place::Inside);
            let der = |certificate: &samlgate::xmlsec::key::Certificate| {
                use base64::Engine as _;
                base64::engine::general_purpose::STANDARD.encode(certificate.der())
            };
            swap(&shown, &der(&own), &der(&other))
        }),
        good(
            "encrypted_response_signed",
            "encrypted, then the response is signed",
            sign_response(&holding(&unsigned_assertion())),
        ),
        good("encrypted_both_signed", "signed, encrypted, signed", sign_response(&encrypted(|_| {})))
            .field("demand", "BOTH"),
        good("encrypted_assertion_demanded", "a signed assertion is demanded and inside", encrypted(|_| {}))
            .field("demand", "ASSERTION"),
        good(
            "encrypted_aes128_cbc_response_signed",
            "CBC where danger_allow_aes_cbc is set and the response is signed",
            sign_response(&encrypted(|how| how.cipher = Cipher::Aes128Cbc)),
        )
        .field("danger_allow_aes_cbc", "true"),
        good(
            "encrypted_aes256_cbc_response_signed",
            "as AD FS and Entra ID encrypt",
            sign_response(&encrypted(|how| how.cipher = Cipher::Aes256Cbc)),
        )
        .field("danger_allow_aes_cbc", "true"),
        good(
            "encrypted_aes256_cbc_covered_by_response",
            "the response vouches for what is inside",
            sign_response(&around(
                &unsigned_assertion(),
                &Encryption { cipher: Cipher::Aes256Cbc, ..Encryption::to(&own) },
            )),
        )
        .field("danger_allow_aes_cbc", "true"),
        good(
            "encrypted_fragment_needs_outer_prefixes",
            "the plaintext uses prefixes that the response declares",
            {
                let whole = typed_values();
                let whole = signed(&whole, ASSERTION_ID, "rsa2048", SignatureScheme::RsaSha256, &["xs"]);
                let assertion = assertion_of(&whole).to_owned();
                let bare =
                    swap_first(&assertion, " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"", "");
                swap(&whole, &assertion, &Encryption::to(&own).encrypt("EncryptedAssertion", bare.as_bytes()))
            },
        )
        .field("groups", "[jira-admins, jira-users]"),
        good(
            "encrypted_fragment_needs_outer_prefixes_response_signed",
            "canonical XML drops xs and xsi, which are well known",
            {
                let whole = typed_values();
                let assertion = assertion_of(&whole).to_owned();
                let bare =
                    swap_first(&assertion, " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"", "");
                sign_response(&swap(
                    &whole,
                    &assertion,
                    &Encryption::to(&own).encrypt("EncryptedAssertion", bare.as_bytes()),
                ))
            },
        )
        .field("groups", "[jira-admins, jira-users]"),
        good(
            "encrypted_white_space_around",
            "white space around the element",
            holding(&format!("\n  {}\n", signed_assertion())),
        ),
        good(
            "encrypted_type_left_out",
            "Type is recommended, not demanded",
            swap(&encrypted(|_| {}), &format!(" Type=\"{XENC}Element\""), ""),
        ),
        good(
            "encrypted_key_with_reference_list",
            "a list of what the key is for, and its name",
            swap(
                &encrypted(|_| {}),
                "</xenc:EncryptedKey>",
                "<xenc:ReferenceList><xenc:DataReference URI=\"#x\"/></xenc:ReferenceList><xenc:CarriedKeyName>k</xenc:CarriedKeyName></xenc:EncryptedKey>",
            ),
        ),
        good(
            "encrypted_eight_keys_named",
            "as many encrypted keys as limits allow; only ours is tried",
            to([vec![named(&other, "https://a.example"); 7], vec![named(&own, SP)]].concat(), Place::Beside),
        ),
        good(
            "encrypted_five_keys",
            "as many decryptions as limits allow",
            to([vec![To::new(&other); 4], vec![To::new(&own)]].concat(), Place::Beside),
        ),
    ]
}

/// The usual message with `xsi:type` at its values, declared at the root.
fn typed_values() -> String {
    swap(&Message::default().render(), "<samlp:Response ", &format!("<samlp:Response {SCHEMA} "))
        .replace("<saml:AttributeValue>", "<saml:AttributeValue xsi:type=\"xs:string\">")
}

/// From the private key on every failure is the same one.
fn hostile_keys() -> Vec<Case> {
    let failed = |name, comment, xml| case(name, "SG3017", "xmlenc-core1 6.1", comment, xml);
    let other = certificate("rsa2048_second");
    vec![
        case(
            "encrypted_no_key_configured",
            "SG4009",
            CORE,
            "there is no key to decrypt it with",
            encrypted(|_| {}),
        )
        .field("decryption", "[]"),
        failed(
            "encrypted_to_somebody_else",
            "none of our keys",
            around(&signed_assertion(), &Encryption::to(&other)),
        ),
        failed(
            "encrypted_wrapped_key_flipped_first",
            "the first byte of RSA's input",
            encrypted(|how| how.spoil_key = |key| key[0] ^= 1),
        ),
        failed(
            "encrypted_wrapped_key_flipped_last",
            "the last byte of RSA's input",
            encrypted(|how| how.spoil_key = |key| *key.last_mut().unwrap() ^= 1),
        ),
        failed(
            "encrypted_wrapped_key_zero",
            "RSA's input is zero",
            encrypted(|how| how.spoil_key = |key| key.fill(0)),
        ),
        failed(
            "encrypted_wrapped_key_one",
            "RSA's input is one",
            encrypted(|how| {
                how.spoil_key = |key| {
                    key.fill(0);
                    *key.last_mut().unwrap() = 1;
                }
            }),
        ),
        failed(
            "encrypted_wrapped_key_beyond_modulus",
            "RSA's input is larger than the modulus",
            encrypted(|how| how.spoil_key = |key| key.fill(0xFF)),
        ),
        failed(
            "encrypted_wrapped_key_short",
            "RSA's input is a byte short",
            encrypted(|how| {
                how.spoil_key = |key| {
                    key.pop();
                }
            }),
        ),
        failed(
            "encrypted_wrapped_key_long",
            "RSA's input is a byte too long",
            encrypted(|how| how.spoil_key = |key| key.insert(0, 0)),
        ),
        failed("encrypted_wrapped_key_empty", "no input at all", encrypted(|how| how.spoil_key = Vec::clear)),
        failed(
            "encrypted_content_key_short",
            "16 bytes for AES-256",
            encrypted(|how| how.false_key = Some(&[7; 16])),
        ),
        failed(
            "encrypted_content_key_long",
            "33 bytes for AES-256",
            encrypted(|how| how.false_key = Some(&[7; 33])),
        ),
        failed(
            "encrypted_content_key_empty",
            "no bytes for AES-256",
            encrypted(|how| how.false_key = Some(&[])),
        ),
        failed(
            "encrypted_content_key_wrong",
            "another key of the right length",
            encrypted(|how| how.false_key = Some(&[7; 32])),
        ),
        failed(
            "encrypted_oaep_digest_misnamed",
            "the label was hashed with SHA-1",
            swap(
                &encrypted(|_| {}),
                "rsa-oaep-mgf1p\"></xenc:EncryptionMethod>",
                &format!(
                    "rsa-oaep-mgf1p\"><ds:DigestMethod xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Algorithm=\"{SHA256}\"/></xenc:EncryptionMethod>"
                ),
            ),
        ),
    ]
}

fn hostile_content() -> Vec<Case> {
    let failed = |name, comment, xml| case(name, "SG3017", CORE, comment, xml);
    let signed = signed_assertion();
    let own = certificate(KEY);
    let cbc = |spoil: fn(&mut Vec<u8>)| {
        let how = Encryption { cipher: Cipher::Aes128Cbc, spoil, ..Encryption::to(&own) };
        sign_response(&around(&unsigned_assertion(), &how))
    };
    vec![
        failed(
            "encrypted_tag_flipped",
            "the last byte of the tag",
            encrypted(|how| how.spoil = |text| *text.last_mut().unwrap() ^= 1),
        ),
        failed(
            "encrypted_content_flipped",
            "a byte of the content",
            encrypted(|how| how.spoil = |text| text[100] ^= 1),
        ),
        failed(
            "encrypted_nonce_flipped",
            "a byte of the nonce",
            encrypted(|how| how.spoil = |text| text[0] ^= 1),
        ),
        failed(
            "encrypted_content_cut",
            "the tag is cut off",
            encrypted(|how| how.spoil = |text| text.truncate(text.len() - 16)),
        ),
        failed(
            "encrypted_content_only_nonce",
            "nothing but a nonce",
            encrypted(|how| how.spoil = |text| text.truncate(12)),
        ),
        failed(
            "encrypted_content_shorter_than_tag",
            "27 bytes",
            encrypted(|how| how.spoil = |text| text.truncate(27)),
        ),
        failed("encrypted_content_missing", "an empty CipherValue", encrypted(|how| how.spoil = Vec::clear)),
        failed("encrypted_cbc_padding_zero", "a last byte that is no padding", {
            // Two last blocks exchanged: the padding turns into noise, the same noise each time.
            cbc(|text| {
                let end = text.len();
                for index in 0..16 {
                    text.swap(end - 32 + index, end - 16 + index);
                }
            })
        })
        .field("danger_allow_aes_cbc", "true"),
        failed(
            "encrypted_cbc_cut",
            "not a number of whole blocks",
            cbc(|text| {
                text.pop();
            }),
        )
        .field("danger_allow_aes_cbc", "true"),
        failed("encrypted_cbc_only_iv", "no block at all", cbc(|text| text.truncate(16)))
            .field("danger_allow_aes_cbc", "true"),
        failed(
            "encrypted_cbc_shorter_than_iv",
            "not even an initialization vector",
            cbc(|text| text.truncate(7)),
        )
        .field("danger_allow_aes_cbc", "true"),
        failed("encrypted_nothing", "the empty text", holding("")),
        failed("encrypted_text", "no element", holding("alice")),
        failed("encrypted_not_utf8", "Latin-1", {
            let latin: Vec<u8> = signed
                .replace("alice", "alic\u{7f}")
                .bytes()
                .map(|byte| if byte == 0x7f { 0xE9 } else { byte })
                .collect();
            let message = Message::default().render();
            let assertion = assertion_of(&message).to_owned();
            swap(&message, &assertion, &Encryption::to(&own).encrypt("EncryptedAssertion", &latin))
        }),
        failed(
            "encrypted_not_well_formed",
            "a tag is missing",
            holding(signed.strip_suffix("</saml:Assertion>").unwrap()),
        ),
        failed(
            "encrypted_two_assertions",
            "two elements",
            holding(&format!("{signed}{}", swap(&signed, ASSERTION_ID, "_other"))),
        ),
        failed("encrypted_text_beside", "text beside the element", holding(&format!("{signed}x"))),
        failed(
            "encrypted_comment_beside",
            "a comment beside the element",
            holding(&format!("{signed}<!-- -->")),
        ),
        failed(
            "encrypted_declaration",
            "an XML declaration",
            holding(&format!("<?xml version=\"1.0\"?>{signed}")),
        ),
        failed(
            "encrypted_doctype",
            "a document type",
            holding(&format!("<!DOCTYPE a [<!ENTITY b 'c'>]>{signed}")),
        ),
        failed(
            "encrypted_entity",
            "an entity that nobody declared",
            holding(&swap(&signed, ">alice<", ">&alice;<")),
        ),
        failed(
            "encrypted_breaks_out",
            "the element that it is read in is closed and opened again",
            holding(&format!("{signed}</decrypted><decrypted>")),
        ),
        failed(
            "encrypted_breaks_out_with_cdata",
            "an open CDATA section",
            holding(&format!("{signed}<![CDATA[")),
        ),
        failed("encrypted_breaks_out_with_comment", "an open comment", holding(&format!("{signed}<!--"))),
        failed("encrypted_response_inside", "a whole response", holding(&by_assertion(|_| {}))),
        failed(
            "encrypted_name_inside",
            "an element of another name",
            holding("<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">a</saml:NameID>"),
        ),
        failed(
            "encrypted_twice",
            "encrypted again",
            holding(&Encryption::to(&own).encrypt("EncryptedAssertion", signed.as_bytes())),
        ),
        failed(
            "encrypted_other_namespace",
            "Assertion in the namespace of SAML 1.1",
            holding(&swap(
                &signed,
                "urn:oasis:names:tc:SAML:2.0:assertion",
                "urn:oasis:names:tc:SAML:1.0:assertion",
            )),
        ),
        case(
            "encrypted_comment_in_name",
            "SG2015",
            "CVE-2017-11427",
            "a comment splits the name",
            holding(&swap(&signed, ">alice<", ">al<!-- -->ice<")),
        ),
        case(
            "encrypted_duplicate_id",
            "SG3017",
            CORE,
            "IDs inside are unique too",
            holding(&swap(&signed, "<saml:Subject>", &format!("<saml:Subject id=\"{ASSERTION_ID}\">"))),
        ),
    ]
}

fn algorithms() -> Vec<Case> {
    let refused = |name, comment, xml| case(name, "SG3019", "xmlenc-core1 5", comment, xml);
    let one = encrypted(|_| {});
    let cipher = |uri: &str| swap(&one, "http://www.w3.org/2009/xmlenc11#aes256-gcm", uri);
    let transport = |uri: &str| swap(&one, "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p", uri);
    let modern = encrypted(|how| {
        (how.transport, how.digest, how.mask) =
            (OAEP, Some(SHA256), Some("http://www.w3.org/2009/xmlenc11#mgf1sha256"));
    });
    let cbc = encrypted(|how| how.cipher = Cipher::Aes256Cbc);
    vec![
        refused(
            "encrypted_rsa_1_5",
            "Bleichenbacher 1998, and every few years since",
            transport("http://www.w3.org/2001/04/xmlenc#rsa-1_5"),
        ),
        refused(
            "encrypted_key_wrap",
            "a shared secret instead of a public key",
            transport("http://www.w3.org/2001/04/xmlenc#kw-aes256"),
        ),
        refused(
            "encrypted_key_agreement",
            "no RSA at all",
            transport("http://www.w3.org/2009/xmlenc11#ECDH-ES"),
        ),
        refused("encrypted_transport_unknown", "nobody knows it", transport("urn:x")),
        refused(
            "encrypted_oaep_sha512",
            "a digest that nobody needs here",
            swap(&modern, SHA256, "http://www.w3.org/2001/04/xmlenc#sha512"),
        ),
        refused(
            "encrypted_oaep_md5",
            "a digest that nobody needs anywhere",
            swap(&modern, SHA256, "http://www.w3.org/2001/04/xmldsig-more#md5"),
        ),
        refused(
            "encrypted_mgf1_sha512",
            "a mask that nobody needs here",
            swap(&modern, "mgf1sha256", "mgf1sha512"),
        ),
        refused(
            "encrypted_mgf_of_old_transport",
            "rsa-oaep-mgf1p has its mask in its name",
            swap(&modern, OAEP, "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"),
        ),
        refused(
            "encrypted_triple_des",
            "64-bit blocks",
            cipher("http://www.w3.org/2001/04/xmlenc#tripledes-cbc"),
        ),
        refused(
            "encrypted_aes192_gcm",
            "not among the two",
            cipher("http://www.w3.org/2009/xmlenc11#aes192-gcm"),
        ),
        refused("encrypted_cipher_unknown", "nobody knows it", cipher("urn:x")),
        refused("encrypted_cbc_not_allowed", "CBC needs danger_allow_aes_cbc", sign_response(&cbc)),
        case(
            "encrypted_cbc_response_unsigned",
            "SG3020",
            "xmlenc-core1 6.1.2",
            "CBC needs a signed response too",
            cbc.clone(),
        )
        .field("danger_allow_aes_cbc", "true"),
        refused(
            "encrypted_gcm_named_cbc",
            "the cipher's name is not what it was",
            sign_response(&cipher("http://www.w3.org/2001/04/xmlenc#aes256-cbc")),
        ),
        case(
            "encrypted_gcm_named_cbc_allowed",
            "SG3017",
            "xmlenc-core1 6.1.2",
            "GCM's output read as CBC",
            sign_response(&cipher("http://www.w3.org/2001/04/xmlenc#aes256-cbc")),
        )
        .field("danger_allow_aes_cbc", "true"),
    ]
}

fn structure() -> Vec<Case> {
    let structure = |name, comment, xml| case(name, "SG3018", XMLENC, comment, xml);
    let one = encrypted(|_| {});
    let data = between(&one, "<xenc:EncryptedData", "</xenc:EncryptedData>").to_owned();
    let key = between(&one, "<xenc:EncryptedKey", "</xenc:EncryptedKey>").to_owned();
    let modern = encrypted(|how| (how.transport, how.digest) = (OAEP, Some(SHA256)));
    let digest = between(&modern, "<ds:DigestMethod", "/>").to_owned();
    let keys = |own: usize| {
        let other = certificate("rsa2048_second");
        let how =
            Encryption { to: vec![To::new(&other); own], place: Place::Beside, ..Encryption::to(&other) };
        around(&signed_assertion(), &how)
    };
    vec![
        structure("encrypted_data_missing", "nothing in it", swap(&one, &data, "")),
        structure(
            "encrypted_data_twice",
            "two in it",
            swap(&one, &data, &format!("{data}{data}").replacen("_key-0", "_key-1", 1)),
        ),
        structure(
            "encrypted_data_foreign",
            "another namespace",
            swap(&one, "xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" Type", "xmlns:xenc=\"urn:x\" Type"),
        ),
        structure(
            "encrypted_type_content",
            "the content of an element is not an element",
            swap(&one, "xmlenc#Element\"", "xmlenc#Content\""),
        ),
        structure("encrypted_key_missing", "no key came with it", swap(&one, &key, "")),
        structure(
            "encrypted_key_is_named_only",
            "we would have to know the key",
            swap(&one, &key, "<ds:KeyName>k</ds:KeyName>"),
        ),
        structure(
            "encrypted_method_missing",
            "which cipher?",
            swap(
                &one,
                "<xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"/>",
                "",
            ),
        ),
        structure(
            "encrypted_algorithm_missing",
            "which cipher?",
            swap(&one, " Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"", ""),
        ),
        structure(
            "encrypted_cipher_with_parameters",
            "a key size",
            swap(
                &one,
                "#aes256-gcm\"/>",
                "#aes256-gcm\"><xenc:KeySize>256</xenc:KeySize></xenc:EncryptionMethod>",
            ),
        ),
        structure(
            "encrypted_oaep_label",
            "a label would have to be agreed upon",
            swap(&modern, &digest, &format!("<xenc:OAEPparams>AA==</xenc:OAEPparams>{digest}")),
        ),
        structure("encrypted_oaep_digest_twice", "which of them?", swap(&modern, &digest, &digest.repeat(2))),
        structure(
            "encrypted_cipher_reference",
            "content from elsewhere",
            swap(
                &one,
                between(&data, "<xenc:CipherValue>", "</xenc:CipherValue>"),
                "<xenc:CipherReference URI=\"http://evil.example/\"/>",
            ),
        ),
        structure(
            "encrypted_cipher_value_twice",
            "which of them?",
            swap_first(
                &one,
                "<xenc:CipherValue>",
                "<xenc:CipherValue>AAAA</xenc:CipherValue><xenc:CipherValue>",
            ),
        ),
        structure(
            "encrypted_cipher_value_no_base64",
            "no base64",
            swap_first(&one, "<xenc:CipherValue>", "<xenc:CipherValue>*"),
        ),
        structure(
            "encrypted_properties",
            "nobody sends them",
            swap(&one, "</xenc:EncryptedData>", "<xenc:EncryptionProperties/></xenc:EncryptedData>"),
        ),
        structure(
            "encrypted_text_between",
            "stray text",
            swap(&one, "<xenc:CipherData><xenc:CipherValue>", "x<xenc:CipherData><xenc:CipherValue>"),
        ),
        structure(
            "encrypted_comment_between",
            "a comment",
            swap(&one, "<xenc:CipherData><xenc:CipherValue>", "<!-- --><xenc:CipherData><xenc:CipherValue>"),
        ),
        structure(
            "encrypted_assertion_beside_data",
            "a readable assertion inside EncryptedAssertion",
            swap(&one, &data, &format!("{data}{}", swap(&signed_assertion(), "alice", "admin"))),
        ),
        case(
            "encrypted_comment_in_cipher_value",
            "SG2015",
            "CVE-2025-29775",
            "a comment splits the value",
            swap_first(&one, "<xenc:CipherValue>", "<xenc:CipherValue><!-- -->"),
        ),
        case("encrypted_nine_keys", "SG3021", XMLENC, "more encrypted keys than limits allow", keys(9)),
        case(
            "encrypted_decryptions_exceeded",
            "SG3021",
            XMLENC,
            "three encrypted keys times two of ours",
            keys(3),
        )
        .field("decryption", "[rsa2048_decryption, rsa2048_decryption_second]"),
    ]
}

/// Anybody can encrypt to us: who vouches for what is inside?
fn coverage() -> Vec<Case> {
    let own = certificate(KEY);
    let evil = swap(&unsigned_assertion(), ">alice<", ">admin<");
    let one = encrypted(|_| {});
    let container = between(&one, "<saml:EncryptedAssertion", "</saml:EncryptedAssertion>").to_owned();
    let genuine = signed_assertion();
    let stranger =
        signed(&Message::default().render(), ASSERTION_ID, "rsa2048_second", SignatureScheme::RsaSha256, &[]);
    vec![
        case("encrypted_unsigned", "SG3001", CORE, "nobody vouches for it", holding(&unsigned_assertion())),
        case("encrypted_demand_response", "SG3001", CORE, "a signed response is demanded", encrypted(|_| {}))
            .field("demand", "RESPONSE"),
        case(
            "encrypted_demand_assertion",
            "SG3001",
            CORE,
            "a signed assertion is demanded",
            sign_response(&holding(&unsigned_assertion())),
        )
        .field("demand", "ASSERTION"),
        case(
            "encrypted_demand_both",
            "SG3001",
            CORE,
            "both signatures are demanded",
            sign_response(&holding(&unsigned_assertion())),
        )
        .field("demand", "BOTH"),
        case(
            "encrypted_changed_inside",
            "SG3004",
            CORE,
            "the name was changed before it was encrypted",
            holding(&swap(&genuine, ">alice<", ">admin<")),
        ),
        case(
            "encrypted_signed_by_stranger",
            "SG3005",
            CORE,
            "signed with a key that is not the identity provider's",
            holding(assertion_of(&stranger)),
        ),
        case(
            "encrypted_signed_by_stranger_response_signed",
            "SG3005",
            CORE,
            "a present signature must hold even if another one would do",
            sign_response(&holding(assertion_of(&stranger))),
        ),
        case(
            "encrypted_replaced_in_signed_response",
            "SG3004",
            CORE,
            "another ciphertext in a signed response",
            swap(
                &sign_response(&one),
                &container,
                &Encryption::to(&own).encrypt("EncryptedAssertion", evil.as_bytes()),
            ),
        ),
        case(
            "encrypted_wrapped_genuine_inside",
            "SG3001",
            "core 5.4.2",
            "the evil assertion holds the genuine one as advice",
            holding(&swap(
                &evil.replace(ASSERTION_ID, "_evil"),
                "<saml:AuthnStatement",
                &format!("<saml:Advice>{genuine}</saml:Advice><saml:AuthnStatement"),
            )),
        ),
        case(
            "encrypted_signature_of_another",
            "SG3003",
            "core 5.4.2",
            "the genuine signature in the evil assertion",
            holding(&swap(
                &evil.replace(ASSERTION_ID, "_evil"),
                "<saml:Subject>",
                &format!("{}<saml:Subject>", signature_of(&genuine)),
            )),
        ),
        case(
            "encrypted_beside_plain",
            "SG4008",
            CORE,
            "a readable assertion too",
            swap(&one, &container, &format!("{container}{genuine}")),
        ),
        case(
            "encrypted_behind_plain",
            "SG4008",
            CORE,
            "a readable assertion too",
            swap(&one, &container, &format!("{genuine}{container}")),
        ),
        case(
            "encrypted_two",
            "SG4008",
            CORE,
            "two of them",
            swap(&one, &container, &format!("{container}{}", container.replace("_key-0", "_key-1"))),
        ),
        case(
            "encrypted_in_extensions",
            "SG4024",
            "core 3.2.2",
            "in the extension point, the genuine one in its place",
            swap(
                &by_assertion(|_| {}),
                "<samlp:Status>",
                &format!("<samlp:Extensions>{container}</samlp:Extensions><samlp:Status>"),
            ),
        ),
        case(
            "encrypted_prefix_chosen_by_sender",
            "SG3017",
            "xmlenc-core1 4.4",
            "a declaration that the signature does not cover gives no meaning to what it does cover",
            swap(
                &sign_response(&around(
                    &swap(&unsigned_assertion(), "<saml:Subject>", "<saml:Subject x:y=\"\">"),
                    &Encryption::to(&own),
                )),
                "<samlp:Response ",
                "<samlp:Response xmlns:x=\"urn:x\" ",
            ),
        ),
    ]
}

/// Encrypted names and attributes, in an assertion whose signature covers the ciphertext.
fn parts() -> Vec<Case> {
    let own = certificate(KEY);
    let other = certificate("rsa2048_second");
    let good = |name, comment, xml| case(name, "accept", "core 2.2.4", comment, xml);
    let saml = "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";
    let name = format!("<saml:NameID {saml}>alice</saml:NameID>");
    let id = |plaintext: &str| Encryption::to(&own).encrypt("EncryptedID", plaintext.as_bytes());
    let mail = format!(
        "<saml:Attribute {saml} Name=\"mail\"><saml:AttributeValue>alice@example.com</saml:AttributeValue></saml:Attribute>"
    );
    let typed = "<saml:Attribute Name=\"urn:oid:2.5.4.31\"><saml:AttributeValue xsi:type=\"xs:string\">jira-users</saml:AttributeValue></saml:Attribute>";
    let attribute = |plaintext: &str| {
        attributes(&Encryption::to(&own).encrypt("EncryptedAttribute", plaintext.as_bytes()))
    };
    let cbc = Encryption { cipher: Cipher::Aes256Cbc, ..Encryption::to(&own) }
        .encrypt("EncryptedID", name.as_bytes());
    let with_name = |name: String| move |m: &mut Message| m.name_id = name;
    vec![
        good("encrypted_name", "the name alone is encrypted", by_assertion(with_name(id(&name))))
            .field("username", "alice"),
        good("encrypted_name_response_signed", "the response is signed", by_response(with_name(id(&name))))
            .field("username", "alice"),
        good(
            "encrypted_name_without_declaration",
            "the assertion declares the prefix",
            by_assertion(with_name(id("<saml:NameID>alice</saml:NameID>"))),
        )
        .field("username", "alice"),
        good(
            "encrypted_name_in_encrypted_assertion",
            "encrypted twice over",
            holding(assertion_of(&by_assertion(with_name(id(&name))))),
        )
        .field("username", "alice"),
        good(
            "encrypted_attribute",
            "one attribute is encrypted",
            by_assertion(|m| m.attribute_statement = attribute(&mail)),
        )
        .field("username_attribute", "mail")
        .field("username", "alice@example.com"),
        good(
            "encrypted_attribute_typed",
            "xs and xsi are well known",
            by_assertion(|m| m.attribute_statement = attribute(typed)),
        )
        .field("groups", "[jira-users]"),
        good(
            "encrypted_attribute_beside_plain",
            "values of one name are merged",
            by_assertion(|m| {
                m.attribute_statement =
                    [attributes(&self::attribute("urn:oid:2.5.4.31", &["jira-admins"])), attribute(typed)]
                        .concat();
            }),
        )
        .field("groups", "[jira-admins, jira-users]"),
        good(
            "encrypted_name_cbc_response_signed",
            "CBC inside a signed response",
            by_response(with_name(cbc.clone())),
        )
        .field("danger_allow_aes_cbc", "true")
        .field("username", "alice"),
        case(
            "encrypted_name_cbc_assertion_signed",
            "SG3020",
            "xmlenc-core1 6.1.2",
            "CBC needs a signed response",
            by_assertion(with_name(cbc)),
        )
        .field("danger_allow_aes_cbc", "true"),
        case(
            "encrypted_name_no_key",
            "SG4009",
            "core 2.2.4",
            "there is no key to decrypt it with",
            by_assertion(with_name(id(&name))),
        )
        .field("decryption", "[]"),
        case(
            "encrypted_name_for_other",
            "SG3017",
            "core 2.2.4",
            "none of our keys",
            by_assertion(with_name(Encryption::to(&other).encrypt("EncryptedID", name.as_bytes()))),
        ),
        case(
            "encrypted_name_changed_after_signing",
            "SG3004",
            "core 2.2.4",
            "another name of another's choice",
            swap(&by_assertion(with_name(id(&name))), &id(&name), &id(&swap(&name, "alice", "admin"))),
        ),
        case(
            "encrypted_name_is_assertion",
            "SG3017",
            "core 2.2.4",
            "an assertion instead of a name",
            by_assertion(with_name(id(&unsigned_assertion()))),
        ),
        case(
            "encrypted_name_split",
            "SG2015",
            "CVE-2017-11427",
            "a comment splits the name",
            by_assertion(with_name(id(&swap(&name, "alice", "al<!-- -->ice")))),
        ),
        case(
            "encrypted_name_beside_plain",
            "SG4024",
            "core 2.4.1",
            "two names",
            by_assertion(with_name(format!("{}{name}", id(&name)))),
        ),
        case(
            "encrypted_attribute_is_name",
            "SG3017",
            "core 2.7.3.2",
            "a name instead of an attribute",
            by_assertion(|m| m.attribute_statement = attribute(&name)),
        ),
        case(
            "encrypted_attribute_for_other",
            "SG3017",
            "core 2.7.3.2",
            "what cannot be read is not left out",
            by_assertion(|m| {
                m.attribute_statement =
                    attributes(&Encryption::to(&other).encrypt("EncryptedAttribute", mail.as_bytes()))
            }),
        ),
        case(
            "encrypted_six_attributes",
            "SG3021",
            "core 2.7.3.2",
            "six uses of the private key",
            by_assertion(|m| {
                m.attribute_statement = (0..6)
                    .map(|index| {
                        attribute(&mail.replace("mail", &format!("mail-{index}")))
                            .replace("_key-0", &format!("_key-{index}"))
                    })
                    .collect();
            }),
        ),
    ]
}
