//! Keys that the message brings, and keys that are not for this.

use samlgate::base::Code;

use super::text::{about_the_victim, behind, signed_by, split, swap, unsigned, with_assertion};
use super::{Attack, Class, Threat};
use crate::idp::{Signed, TestKey};

static BROUGHT: Threat = Threat {
    class: Class::Key,
    attack: "the message is signed with a key of the attacker's, and KeyInfo brings or describes it",
    source: "XML-DSig core 4.4; CVE-2021-21239 pysaml2; CVE-2020-2021 PAN-OS",
    answer: "keys come from the configured metadata alone; `xmlsec::verify` never reads KeyInfo",
};

static NOT_FOR_THIS: Threat = Threat {
    class: Class::Key,
    attack: "a key that is known, but not for signing, or not the identity provider's",
    source: "SAML metadata 2.4.1.1 (`use`)",
    answer: "`IdpMetadata::signing_keys` holds what the chosen entity names for signing",
};

static INDIFFERENT: Threat = Threat {
    class: Class::Key,
    attack: "another KeyInfo under a genuine signature",
    source: "XML-DSig core 4.4: KeyInfo is optional and not signed",
    answer: "KeyInfo is not read, so nothing in it means anything",
};

/// The assertion about the victim, signed by the attacker, with this content of KeyInfo; `{cert}` is the attacker's.
fn forged(xml: &str, key_info: &str) -> Option<String> {
    let key_info = key_info
        .replace("{cert}", &TestKey::Stranger.certificate_base64())
        .replace("{idp}", &TestKey::Rsa.certificate_base64());
    with_assertion(xml, |assertion| {
        let signed = signed_by(&about_the_victim(&unsigned(assertion)?.0)?, TestKey::Stranger)?;
        let (front, _, back) = split(&signed, "ds:KeyInfo")?;
        Some(format!("{front}{key_info}{back}"))
    })
}

pub(super) fn attacks() -> Vec<Attack> {
    let invalid = Code::SignatureInvalid;
    let brought = |name: &str, inside: &'static str| {
        BROUGHT.text(format!("key-info-{name}"), invalid, move |xml| {
            forged(xml, &format!("<ds:KeyInfo>{inside}</ds:KeyInfo>"))
        })
    };
    let indifferent = |name: &str, inside: &'static str| {
        INDIFFERENT.harmless(name, move |xml| {
            let inside = inside.replace("{cert}", &TestKey::Stranger.certificate_base64());
            let (front, _, back) = split(xml, "ds:KeyInfo")?;
            Some(format!("{front}{inside}{back}"))
        })
    };
    let with = |name: &str, key: TestKey| NOT_FOR_THIS.issue(name, invalid, move |o| o.key = key);
    vec![
        brought("x509", "<ds:X509Data><ds:X509Certificate>{cert}</ds:X509Certificate></ds:X509Data>"),
        brought(
            "x509-behind-the-genuine",
            "<ds:X509Data><ds:X509Certificate>{idp}</ds:X509Certificate><ds:X509Certificate>{cert}</ds:X509Certificate></ds:X509Data>",
        ),
        brought(
            "x509-before-the-genuine",
            "<ds:X509Data><ds:X509Certificate>{cert}</ds:X509Certificate></ds:X509Data><ds:X509Data><ds:X509Certificate>{idp}</ds:X509Certificate></ds:X509Data>",
        ),
        brought(
            "x509-genuine-only",
            "<ds:X509Data><ds:X509Certificate>{idp}</ds:X509Certificate></ds:X509Data>",
        ),
        brought(
            "rsa-key-value",
            "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>",
        ),
        brought(
            "rsa-key-value-exponent-1",
            "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQ==</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>",
        ),
        brought(
            "der-encoded",
            "<d:DEREncodedKeyValue xmlns:d=\"http://www.w3.org/2009/xmldsig11#\">{cert}</d:DEREncodedKeyValue>",
        ),
        brought(
            "ec-key-value",
            "<ds:KeyValue><d:ECKeyValue xmlns:d=\"http://www.w3.org/2009/xmldsig11#\"><d:NamedCurve URI=\"urn:oid:1.2.840.10045.3.1.7\"/><d:PublicKey>BAAA</d:PublicKey></d:ECKeyValue></ds:KeyValue>",
        ),
        brought("key-name", "<ds:KeyName>../../../../dev/null</ds:KeyName>"),
        brought("key-name-of-the-idp", "<ds:KeyName>samlgate test key rsa2048</ds:KeyName>"),
        brought(
            "retrieval-method",
            "<ds:RetrievalMethod URI=\"http://evil.example/cert\" Type=\"http://www.w3.org/2000/09/xmldsig#rawX509Certificate\"/>",
        ),
        brought(
            "retrieval-method-here",
            "<ds:RetrievalMethod URI=\"#_evil\" Type=\"http://www.w3.org/2000/09/xmldsig#X509Data\"/>",
        ),
        brought(
            "key-info-reference",
            "<d:KeyInfoReference xmlns:d=\"http://www.w3.org/2009/xmldsig11#\" URI=\"http://evil.example/\"/>",
        ),
        brought(
            "issuer-serial",
            "<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=samlgate test key rsa2048</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>",
        ),
        brought(
            "subject-name",
            "<ds:X509Data><ds:X509SubjectName>CN=samlgate test key rsa2048</ds:X509SubjectName></ds:X509Data>",
        ),
        brought("pgp", "<ds:PGPData><ds:PGPKeyID>AAAA</ds:PGPKeyID></ds:PGPData>"),
        brought("encrypted-key", "<xenc:EncryptedKey xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"/>"),
        brought(
            "wss-token",
            "<w:SecurityTokenReference xmlns:w=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\"/>",
        ),
        BROUGHT.text("key-info-left-out", invalid, |xml| forged(xml, "")),
        BROUGHT.text("key-info-before-signed-info", Code::SignatureStructure, |xml| {
            let (front, info, back) = split(xml, "ds:KeyInfo")?;
            swap(&format!("{front}{back}"), "<ds:SignedInfo ", &format!("{info}<ds:SignedInfo "))
        }),
        BROUGHT
            .text("response-signed-by-the-attacker", invalid, |xml| {
                signed_by(&about_the_victim(&unsigned(xml)?.0)?, TestKey::Stranger)
            })
            .on(Signed::Response),
        // The genuine assertion stays signed, a second signature of the attacker's is around it.
        BROUGHT.text("key-info-behind-two-signatures", Code::SignatureStructure, |xml| {
            let hostile = forged(xml, "")?;
            let (_, signature, _) = split(xml, "ds:Signature")?;
            behind(&hostile, "</ds:Signature>", signature)
        }),
        with("key-for-encryption", TestKey::Encryption),
        with("key-for-encryption-on-response", TestKey::Encryption).on(Signed::Response),
        with("key-of-the-service-provider", TestKey::Stranger),
        NOT_FOR_THIS.text("response-signed-by-key-for-encryption", invalid, |xml| {
            signed_by(xml, TestKey::Encryption)
        }),
        indifferent("key-info-removed", ""),
        indifferent("key-info-emptied", "<ds:KeyInfo></ds:KeyInfo>"),
        indifferent(
            "key-info-of-the-attacker",
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{cert}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
        ),
        indifferent("key-info-foreign", "<ds:KeyInfo><x:y xmlns:x=\"urn:x\">evil</x:y></ds:KeyInfo>"),
    ]
}
