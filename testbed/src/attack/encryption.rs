//! What is encrypted, and by whom: anybody can encrypt to a key that our metadata publishes.

use samlgate::base::Code;

use super::text::{
    ASSERTION, about_the_victim, at_issuer, before, behind, evil, signed_by, split, swap, unsigned,
    with_assertion, with_text,
};
use super::{Attack, Class, Threat, VICTIM};
use crate::idp::encrypt::{Cipher, Encryption, OAEP, Place, SHA256, To};
use crate::idp::{Encrypted, Signed, Tamper, TestKey};

static SEALED: Threat = Threat {
    class: Class::Encryption,
    attack: "an assertion that the attacker encrypted to us, with no signature, another's or a genuine one that covers \
             something else",
    source: "CVE-2024-4985 and CVE-2024-9487 GitHub Enterprise Server; SAML core 2.3.4 and 5.4; profiles 4.1.4.2",
    answer: "`Decrypted` is as unverified as what arrived: a signature inside or a verified response around must cover it",
};

static BROKEN_OUT: Threat = Threat {
    class: Class::Encryption,
    attack: "plaintext that is more, or something else, than one assertion",
    source: "xmlenc-core1 4.4; SAML core 2.3.4",
    answer: "`Decrypted::read`: one element of the right name, checked by the same lexer and limits as the message",
};

static CIPHERS: Threat = Threat {
    class: Class::Encryption,
    attack: "ciphers that tell by their errors, or that say nothing about who wrote",
    source: "Jager and Somorovsky, \"How to Break XML Encryption\" (2011); Jager and others, \"Bleichenbacher's Attack Strikes \
             Again\" (2012); xmlenc-core1 6.1",
    answer: "`CipherPolicy::STRONG`: AES-GCM and RSA-OAEP; AES-CBC behind a `danger_` field and inside a verified response; \
             RSA-1_5 never",
};

static SPOILT: Threat = Threat {
    class: Class::Encryption,
    attack: "ciphertext or wrapped key changed, cut or made for somebody else",
    source: "xmlenc-core1 6.1.1; Manger (2001)",
    answer: "one code and one path behind the first use of a private key: `DecryptionError::Failed`",
};

static CONTAINER: Threat = Threat {
    class: Class::Encryption,
    attack: "encrypted elements that point elsewhere, repeat or wrap",
    source: "xmlenc-core1 3; SAML core 2.2.4",
    answer: "`EncryptedContent::read`: every part in its place, nothing fetched, bounded numbers",
};

const CONTAINER_NAME: &str = "EncryptedAssertion";

/// `plaintext` encrypted to us, as it should be but for `change`.
fn sealed_with(plaintext: &str, change: impl FnOnce(&mut Encryption<'_>)) -> Option<String> {
    let certificate = TestKey::Decryption.certificate().ok()?;
    let mut encryption = Encryption::to(&certificate);
    change(&mut encryption);
    Some(encryption.encrypt(CONTAINER_NAME, plaintext.as_bytes()))
}

fn sealed(plaintext: &str) -> Option<String> {
    sealed_with(plaintext, |_| {})
}

/// The response with what `plaintext` makes of its assertion, encrypted, in the assertion's stead.
fn instead(xml: &str, plaintext: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    with_assertion(xml, |assertion| sealed(&plaintext(assertion)?))
}

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = sealed_by_the_attacker();
    attacks.extend(plaintexts());
    attacks.extend(ciphers());
    attacks.extend(spoilt());
    attacks.extend(containers());
    attacks
}

fn sealed_by_the_attacker() -> Vec<Attack> {
    let repeated = Code::AssertionRepeated;
    vec![
        // The attacker's own answer, encrypted by them: nothing is gained.
        SEALED.harmless("sealed-genuine", |xml| instead(xml, |assertion| Some(assertion.to_owned()))),
        SEALED.text("sealed-evil", Code::SignatureMissing, |xml| instead(xml, evil)),
        SEALED
            .text("sealed-evil-response-signed", Code::DigestMismatch, |xml| instead(xml, evil))
            .on(Signed::Response),
        SEALED
            .text("sealed-evil-both-signed", Code::DigestMismatch, |xml| instead(xml, evil))
            .on(Signed::Both),
        SEALED.text("sealed-evil-before-genuine", repeated, |xml| {
            with_assertion(xml, |assertion| Some(format!("{}{assertion}", sealed(&evil(assertion)?)?)))
        }),
        SEALED.text("sealed-evil-behind-genuine", repeated, |xml| {
            with_assertion(xml, |assertion| Some(format!("{assertion}{}", sealed(&evil(assertion)?)?)))
        }),
        SEALED.text("sealed-evil-beside-sealed-genuine", repeated, |xml| {
            with_assertion(xml, |assertion| {
                let hostile = sealed(&evil(assertion)?)?.replace("_key-0", "_key-9");
                Some(format!("{hostile}{}", sealed(assertion)?))
            })
        }),
        SEALED.text("sealed-evil-in-extensions", Code::SchemaViolation, |xml| {
            let hostile = sealed(&evil(split(xml, ASSERTION)?.1)?)?;
            before(xml, "<samlp:Status>", &format!("<samlp:Extensions>{hostile}</samlp:Extensions>"))
        }),
        SEALED.harmless("sealed-evil-in-key-info", |xml| {
            before(xml, "</ds:KeyInfo>", &sealed(&evil(split(xml, ASSERTION)?.1)?)?)
        }),
        SEALED.text("sealed-evil-in-advice", Code::DigestMismatch, |xml| {
            let hostile = sealed(&evil(split(xml, ASSERTION)?.1)?)?;
            behind(xml, "</saml:Conditions>", &format!("<saml:Advice>{hostile}</saml:Advice>"))
        }),
        SEALED.text("sealed-evil-signed-by-the-attacker", Code::SignatureInvalid, |xml| {
            instead(xml, |assertion| signed_by(&evil(assertion)?, TestKey::Stranger))
        }),
        SEALED.text("sealed-changed", Code::DigestMismatch, |xml| instead(xml, about_the_victim)),
        SEALED.text("sealed-changed-signature-stripped", Code::SignatureMissing, |xml| {
            instead(xml, |assertion| about_the_victim(&unsigned(assertion)?.0))
        }),
        SEALED
            .text("sealed-genuine-in-signed-response", Code::DigestMismatch, |xml| {
                instead(xml, |assertion| Some(assertion.to_owned()))
            })
            .on(Signed::Response),
        // Wrapping, where nobody sees it.
        SEALED.text("sealed-evil-around-genuine", Code::SignatureMissing, |xml| {
            instead(xml, |assertion| {
                let hostile = evil(assertion)?;
                Some(format!("{}{assertion}</saml:Assertion>", hostile.strip_suffix("</saml:Assertion>")?))
            })
        }),
        SEALED.text("sealed-evil-around-genuine-signature-left", Code::ReferenceRefused, |xml| {
            instead(xml, |assertion| {
                let (bare, signature) = unsigned(assertion)?;
                let (head, rest) = at_issuer(&evil(assertion)?)?;
                Some(format!(
                    "{head}{signature}{}{bare}</saml:Assertion>",
                    rest.strip_suffix("</saml:Assertion>")?
                ))
            })
        }),
        SEALED.text("sealed-evil-genuine-in-object", Code::SignatureStructure, |xml| {
            instead(xml, |assertion| {
                let (bare, signature) = unsigned(assertion)?;
                let (head, rest) = at_issuer(&evil(assertion)?)?;
                let open = signature.strip_suffix("</ds:Signature>")?;
                Some(format!("{head}{open}<ds:Object>{bare}</ds:Object></ds:Signature>{rest}"))
            })
        }),
        SEALED.text("sealed-evil-signature-outside", Code::SchemaViolation, |xml| {
            with_assertion(xml, |assertion| {
                let (_, signature) = unsigned(assertion)?;
                Some(format!("{signature}{}", sealed(&evil(assertion)?)?))
            })
        }),
        SEALED.text("sealed-evil-signature-in-container", Code::EncryptionStructure, |xml| {
            with_assertion(xml, |assertion| {
                let (_, signature) = unsigned(assertion)?;
                before(&sealed(&evil(assertion)?)?, "</saml:EncryptedAssertion>", &signature)
            })
        }),
        SEALED.text("sealed-name", Code::DigestMismatch, |xml| {
            let certificate = TestKey::Decryption.certificate().ok()?;
            let name = format!("<saml:NameID>{VICTIM}</saml:NameID>");
            let hidden = Encryption::to(&certificate).encrypt("EncryptedID", name.as_bytes());
            let (front, _, back) = split(xml, "saml:NameID")?;
            Some(format!("{front}{hidden}{back}"))
        }),
        SEALED.text("sealed-name-beside-the-name", Code::DigestMismatch, |xml| {
            let certificate = TestKey::Decryption.certificate().ok()?;
            let name = format!("<saml:NameID>{VICTIM}</saml:NameID>");
            let hidden = Encryption::to(&certificate).encrypt("EncryptedID", name.as_bytes());
            before(xml, "<saml:NameID ", &hidden)
        }),
        SEALED.issue("sealed-name-exchanged", Code::DigestMismatch, |o| {
            o.encrypted = Some(Encrypted::NameId(TestKey::Decryption));
            // One character of the ciphertext; the signature covers it.
            o.tamper.push(Tamper::new("<xenc:CipherValue>", "<xenc:CipherValue>AAAA"));
        }),
        SEALED.issue("sealed-name-with-a-comment", Code::XmlValueSplit, |o| {
            o.encrypted = Some(Encrypted::NameId(TestKey::Decryption));
            o.name_id_xml = Some(format!("{VICTIM}<!-- -->.evil"));
        }),
        SEALED.issue("sealed-name-for-somebody-else", Code::DecryptionFailed, |o| {
            o.encrypted = Some(Encrypted::NameId(TestKey::Stranger));
        }),
    ]
}

fn plaintexts() -> Vec<Attack> {
    let failed = Code::DecryptionFailed;
    let plain = |name: &str, code, change: fn(&str) -> Option<String>| {
        BROKEN_OUT.text(format!("sealed-{name}"), code, move |xml| instead(xml, change))
    };
    vec![
        plain("two-assertions", failed, |genuine| Some(format!("{}{genuine}", evil(genuine)?))),
        plain("nothing", failed, |_| Some(String::new())),
        plain("text", failed, |_| Some(String::from(VICTIM))),
        plain("text-beside", failed, |genuine| Some(format!("admin{genuine}"))),
        plain("comment-beside", failed, |genuine| Some(format!("<!-- -->{genuine}"))),
        plain("doctype", failed, |genuine| Some(format!("<!DOCTYPE r>{genuine}"))),
        plain("declaration", failed, |genuine| Some(format!("<?xml version=\"1.0\"?>{genuine}"))),
        plain("entity", failed, |genuine| with_text(genuine, "saml:NameID", |_| String::from("&admin;"))),
        plain("comment-in-name", Code::XmlValueSplit, |genuine| {
            with_text(genuine, "saml:NameID", |name| format!("{name}<!-- -->"))
        }),
        plain("wrapper-closed", failed, |genuine| Some(format!("</decrypted><decrypted>{genuine}"))),
        plain("wrapper-closed-twice", failed, |genuine| Some(format!("{genuine}</decrypted><decrypted>"))),
        plain("response", failed, |genuine| {
            Some(format!(
                "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">{genuine}</samlp:Response>"
            ))
        }),
        plain("name-id", failed, |_| {
            Some(format!(
                "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{VICTIM}</saml:NameID>"
            ))
        }),
        plain("sealed", failed, sealed),
        plain("id-twice", failed, |genuine| {
            let id = super::text::attribute(genuine, "ID")?;
            swap(genuine, "<saml:NameID ", &format!("<saml:NameID xml:id=\"{id}\" "))
        }),
        plain("deep", failed, |genuine| {
            before(genuine, "</saml:AttributeValue>", &format!("{}{}", "<a>".repeat(100), "</a>".repeat(100)))
        }),
        plain("half", failed, |genuine| {
            genuine.split_once("<saml:Subject>").map(|(head, _)| head.to_owned())
        }),
    ]
}

fn ciphers() -> Vec<Attack> {
    let refused = Code::EncryptionAlgorithmRefused;
    let cipher = |name: &str, cipher: Cipher| {
        CIPHERS.text(format!("cipher-{name}"), refused, move |xml| {
            with_assertion(xml, |assertion| sealed_with(assertion, |e| e.cipher = cipher))
        })
    };
    let transport = |name: &str, uri: &'static str| {
        CIPHERS.text(format!("transport-{name}"), refused, move |xml| {
            with_assertion(xml, |assertion| sealed_with(assertion, |e| e.transport = uri))
        })
    };
    let named = |name: &str, uri: &'static str| {
        CIPHERS.text(format!("cipher-{name}"), refused, move |xml| {
            with_assertion(xml, |assertion| swap(&sealed(assertion)?, Cipher::Aes256Gcm.uri(), uri))
        })
    };
    let oaep = |name: &str, code, change: fn(&mut Encryption<'_>)| {
        CIPHERS.text(format!("oaep-{name}"), code, move |xml| {
            with_assertion(xml, |assertion| sealed_with(assertion, change))
        })
    };
    vec![
        cipher("aes128-cbc", Cipher::Aes128Cbc),
        cipher("aes256-cbc", Cipher::Aes256Cbc),
        CIPHERS
            .text("cipher-aes256-cbc-both-signed", Code::DigestMismatch, |xml| {
                with_assertion(xml, |assertion| sealed_with(assertion, |e| e.cipher = Cipher::Aes256Cbc))
            })
            .on(Signed::Both),
        named("aes192-gcm", "http://www.w3.org/2009/xmlenc11#aes192-gcm"),
        named("tripledes", "http://www.w3.org/2001/04/xmlenc#tripledes-cbc"),
        named("unknown", "urn:x"),
        named("empty", ""),
        transport("rsa-1-5", "http://www.w3.org/2001/04/xmlenc#rsa-1_5"),
        transport("key-wrap", "http://www.w3.org/2001/04/xmlenc#kw-aes256"),
        transport("diffie-hellman", "http://www.w3.org/2001/04/xmlenc#dh"),
        transport("unknown", "urn:x"),
        oaep("digest-md5", refused, |e| e.digest = Some("http://www.w3.org/2001/04/xmldsig-more#md5")),
        oaep("mask-unknown", refused, |e| {
            (e.transport, e.mask) = (OAEP, Some("http://www.w3.org/2009/xmlenc11#mgf1sha224"));
        }),
        CIPHERS.harmless("oaep-sha256", |xml| {
            with_assertion(xml, |assertion| {
                sealed_with(assertion, |e| {
                    (e.transport, e.digest) = (OAEP, Some(SHA256));
                    e.mask = Some("http://www.w3.org/2009/xmlenc11#mgf1sha256");
                })
            })
        }),
    ]
}

fn spoilt() -> Vec<Attack> {
    let spoil = |name: &str, change: fn(&mut Encryption<'_>)| {
        SPOILT.text(format!("spoilt-{name}"), Code::DecryptionFailed, move |xml| {
            with_assertion(xml, |assertion| sealed_with(assertion, change))
        })
    };
    vec![
        spoil("first-bit", |e| {
            e.spoil = |octets| octets.iter_mut().take(1).for_each(|octet| *octet ^= 1);
        }),
        spoil("content", |e| {
            e.spoil = |octets| octets.iter_mut().skip(20).take(1).for_each(|octet| *octet ^= 1);
        }),
        spoil("tag", |e| {
            e.spoil = |octets| octets.iter_mut().rev().take(1).for_each(|octet| *octet ^= 1);
        }),
        spoil("tag-cut", |e| e.spoil = |octets| octets.truncate(octets.len().saturating_sub(12))),
        spoil("cut-to-a-nonce", |e| e.spoil = |octets| octets.truncate(12)),
        spoil("cut-to-nothing", |e| e.spoil = |octets| octets.truncate(1)),
        spoil("longer", |e| e.spoil = |octets| octets.push(0)),
        spoil("key", |e| e.spoil_key = |octets| octets.iter_mut().take(1).for_each(|octet| *octet ^= 1)),
        spoil("key-cut", |e| e.spoil_key = |octets| octets.truncate(255)),
        spoil("key-zero", |e| e.spoil_key = |octets| octets.fill(0)),
        spoil("key-largest", |e| e.spoil_key = |octets| octets.fill(0xff)),
        spoil("key-false", |e| e.false_key = Some(&[0x41; 32])),
        spoil("key-short", |e| e.false_key = Some(&[0x41; 16])),
        spoil("key-empty", |e| e.false_key = Some(&[])),
        SPOILT.text("spoilt-for-somebody-else", Code::DecryptionFailed, |xml| {
            with_assertion(xml, |assertion| {
                let certificate = TestKey::NextDecryption.certificate().ok()?;
                Some(Encryption::to(&certificate).encrypt(CONTAINER_NAME, assertion.as_bytes()))
            })
        }),
    ]
}

fn containers() -> Vec<Attack> {
    let structure = Code::EncryptionStructure;
    let changed = |name: &str, code, change: fn(&str) -> Option<String>| {
        CONTAINER.text(format!("container-{name}"), code, move |xml| {
            with_assertion(xml, |assertion| change(&sealed(assertion)?))
        })
    };
    const VALUE: &str = "<xenc:CipherValue>";
    vec![
        changed("cipher-reference", structure, |sealed| {
            let (front, _, back) = split(sealed, "xenc:CipherValue")?;
            Some(format!("{front}<xenc:CipherReference URI=\"http://evil.example/\"/>{back}"))
        }),
        changed("two-cipher-values", structure, |sealed| {
            before(sealed, VALUE, "<xenc:CipherValue>AAAA</xenc:CipherValue>")
        }),
        changed("comment-in-cipher-value", Code::XmlValueSplit, |sealed| behind(sealed, VALUE, "<!-- -->")),
        changed("cipher-value-not-base64", structure, |sealed| behind(sealed, VALUE, "*")),
        changed("content-instead-of-element", structure, |sealed| {
            swap(sealed, "xmlenc#Element\"", "xmlenc#Content\"")
        }),
        changed("without-a-key", structure, |sealed| {
            let (front, _, back) = split(sealed, "ds:KeyInfo")?;
            Some(format!("{front}{back}"))
        }),
        changed("empty", structure, |_| {
            Some(String::from(
                "<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"></saml:EncryptedAssertion>",
            ))
        }),
        changed("two-contents", structure, |sealed| {
            let (_, content, _) = split(sealed, "xenc:EncryptedData")?;
            before(sealed, "</saml:EncryptedAssertion>", &content.replace("_key-0", "_key-9"))
        }),
        changed("assertion-beside", structure, |sealed| {
            before(sealed, "</saml:EncryptedAssertion>", "<saml:Assertion ID=\"_evil\"/>")
        }),
        changed("text", structure, |sealed| before(sealed, "<xenc:EncryptedData ", "admin")),
        changed("cipher-with-parameters", structure, |sealed| {
            swap(
                sealed,
                "<xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"/>",
                "<xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"><xenc:KeySize>8</xenc:KeySize></xenc:EncryptionMethod>",
            )
        }),
        changed("oaep-label", structure, |sealed| {
            swap(
                sealed,
                "<xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\">",
                "<xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"><xenc:OAEPparams>AAAA</xenc:OAEPparams>",
            )
        }),
        CONTAINER.text("container-forty-keys", Code::DecryptionsExceeded, |xml| {
            with_assertion(xml, |assertion| {
                sealed_with(assertion, |e| {
                    let ours = e.to.first().cloned();
                    e.to = ours.into_iter().cycle().take(40).collect::<Vec<To<'_>>>();
                })
            })
        }),
        // Keys elsewhere are found by nobody; the one beside is ours.
        CONTAINER.harmless("container-retrieval-method", |xml| {
            with_assertion(xml, |assertion| sealed_with(assertion, |e| e.place = Place::Referenced))
        }),
        CONTAINER.text("container-key-in-extensions", structure, |xml| {
            let hostile = with_assertion(xml, sealed)?;
            let (front, key, back) = split(&hostile, "xenc:EncryptedKey")?;
            let key = key.to_owned();
            before(
                &format!("{front}{back}"),
                "<samlp:Status>",
                &format!("<samlp:Extensions>{key}</samlp:Extensions>"),
            )
        }),
        CONTAINER.text("container-in-another-namespace", Code::SchemaViolation, |xml| {
            with_assertion(xml, |assertion| {
                Some(sealed(assertion)?.replace("urn:oasis:names:tc:SAML:2.0:assertion", "urn:evil"))
            })
        }),
    ]
}
