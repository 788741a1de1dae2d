//! Weak, wrong and confused algorithms.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samlgate::base::Code;
use samlgate::effect::SignatureScheme;
use sha2::{Digest as _, Sha256};

use super::text::{about_the_victim, before, signed_info, swap, text, with_signature, with_text};
use super::{Attack, Class, Threat};
use crate::idp::{Signed, TestKey};

pub(super) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
const HMAC_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

static HMAC: Threat = Threat {
    class: Class::Algorithm,
    attack: "the public key of the identity provider as the secret of an HMAC",
    source: "XML-DSig core 6.3; McLean, \"Critical vulnerabilities in JSON Web Token libraries\" (2015)",
    answer: "`SignatureScheme` is a closed set without HMAC; each scheme takes one kind of key",
};

static TRUNCATED: Threat = Threat {
    class: Class::Algorithm,
    attack: "an HMAC of one bit, or of none",
    source: "CVE-2009-0217: xmlsec1, Mono, Java, .NET, Santuario",
    answer: "no HMAC; parameters of SignatureMethod are refused",
};

static CONFUSED: Threat = Threat {
    class: Class::Algorithm,
    attack: "a signature under the name of another algorithm",
    source: "XML-DSig core 4.3.2; RFC 6931",
    answer: "`SignatureScheme::takes`: a scheme is tried with keys of its kind only",
};

static WEAK: Threat = Threat {
    class: Class::Algorithm,
    attack: "SHA-1, MD5 and other algorithms that are broken or that we do not know",
    source: "Leurent and Peyrin, \"SHA-1 is a Shambles\" (2020); RFC 6194; NIST SP 800-131A",
    answer: "`AlgorithmPolicy::STRONG`; SHA-1 only behind `danger_allow_sha1`, the rest never",
};

/// An HMAC with `key` over a SignedInfo that says so.
fn hmac(xml: &str, key: &[u8]) -> Option<String> {
    let renamed = swap(&about_the_victim(xml)?, RSA_SHA256, HMAC_SHA256)?;
    let mac = STANDARD.encode(hmac_sha256(key, signed_info(&renamed)?.as_bytes()));
    with_text(&renamed, "ds:SignatureValue", |_| mac)
}

/// HMAC (RFC 2104) with SHA-256.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut block = if key.len() > BLOCK { Sha256::digest(key).to_vec() } else { key.to_vec() };
    block.resize(BLOCK, 0);
    let pad = |byte: u8| block.iter().map(|have| have ^ byte).collect::<Vec<u8>>();
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

fn spki() -> Option<Vec<u8>> {
    Some(TestKey::Rsa.certificate().ok()?.key().spki_der().to_vec())
}

/// PEM of `der`.
fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into_bytes()
}

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = hmacs();
    attacks.extend(confused());
    attacks.extend(weak());
    attacks
}

fn hmacs() -> Vec<Attack> {
    let refused = Code::SignatureAlgorithmRefused;
    let with = |name: &str, key: fn() -> Option<Vec<u8>>| {
        HMAC.text(format!("hmac-with-{name}"), refused, move |xml| hmac(xml, &key()?))
    };
    let named = |name: &str, uri: &'static str| {
        HMAC.text(name, refused, move |xml| swap(&hmac(xml, &spki()?)?, HMAC_SHA256, uri))
    };
    let truncated = |name: &str, bits: &'static str, mac: &'static str| {
        TRUNCATED.text(name, Code::SignatureStructure, move |xml| {
            let xml =
                swap(&about_the_victim(xml)?, RSA_SHA256, "http://www.w3.org/2000/09/xmldsig#hmac-sha1")?;
            let xml = before(
                &xml,
                "</ds:SignatureMethod>",
                &format!("<ds:HMACOutputLength>{bits}</ds:HMACOutputLength>"),
            )?;
            with_text(&xml, "ds:SignatureValue", |_| mac.to_owned())
        })
    };
    vec![
        with("certificate-pem", || Some(TestKey::Rsa.certificate_pem().as_bytes().to_vec())),
        with("certificate-der", || Some(TestKey::Rsa.certificate().ok()?.der().to_vec())),
        with("certificate-base64", || Some(TestKey::Rsa.certificate_base64().into_bytes())),
        with("spki-pem", || Some(pem("PUBLIC KEY", &spki()?))),
        with("spki-der", spki),
        // Behind the 24 octets of the algorithm identifier is the PKCS#1 key.
        with("pkcs1-der", || spki()?.get(24..).map(<[u8]>::to_vec)),
        with("pkcs1-pem", || Some(pem("RSA PUBLIC KEY", spki()?.get(24..)?))),
        with("nothing", || Some(Vec::new())),
        named("hmac-sha1", "http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
        named("hmac-sha512", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512"),
        named("hmac-md5", "http://www.w3.org/2001/04/xmldsig-more#hmac-md5"),
        truncated("hmac-of-one-bit", "1", "AA=="),
        truncated("hmac-of-eight-bits", "8", "AA=="),
        truncated("hmac-of-no-bits", "0", "AA=="),
        // The same parameter on an RSA signature.
        TRUNCATED.text("output-length-on-rsa", Code::SignatureStructure, |xml| {
            let parameter = "<ds:HMACOutputLength>0</ds:HMACOutputLength>";
            before(&about_the_victim(xml)?, "</ds:SignatureMethod>", parameter)
        }),
    ]
}

fn confused() -> Vec<Attack> {
    let method = |name: &str, code, uri: &'static str| {
        CONFUSED.text(name, code, move |xml| swap(&about_the_victim(xml)?, RSA_SHA256, uri))
    };
    let refused = Code::SignatureAlgorithmRefused;
    vec![
        method("rsa-named-ecdsa", Code::SignatureValueMalformed, ECDSA_SHA256),
        CONFUSED
            .text("ecdsa-named-rsa", Code::SignatureInvalid, |xml| {
                swap(&about_the_victim(xml)?, ECDSA_SHA256, RSA_SHA256)
            })
            .key(TestKey::P256),
        // Another digest under the signature: every RSA key is tried, none made it.
        method(
            "rsa-sha256-named-sha384",
            Code::SignatureInvalid,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
        ),
        method(
            "rsa-sha256-named-sha512",
            Code::SignatureInvalid,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        ),
        CONFUSED
            .text("ecdsa-p256-named-sha512", Code::SignatureInvalid, |xml| {
                swap(
                    &about_the_victim(xml)?,
                    ECDSA_SHA256,
                    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
                )
            })
            .key(TestKey::P256),
        method("method-is-a-digest", refused, SHA256),
        method("method-none", refused, "none"),
        method("method-left-empty", refused, ""),
        method("method-in-upper-case", refused, "HTTP://WWW.W3.ORG/2001/04/XMLDSIG-MORE#RSA-SHA256"),
        method("method-with-a-space", refused, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 "),
        CONFUSED.text("method-without-algorithm", Code::SignatureStructure, |xml| {
            swap(
                &about_the_victim(xml)?,
                &format!("<ds:SignatureMethod Algorithm=\"{RSA_SHA256}\">"),
                "<ds:SignatureMethod>",
            )
        }),
        CONFUSED.text("digest-is-a-method", Code::DigestAlgorithmRefused, |xml| {
            swap(&about_the_victim(xml)?, SHA256, RSA_SHA256)
        }),
        CONFUSED.text("digest-with-parameters", Code::SignatureStructure, |xml| {
            with_signature(&about_the_victim(xml)?, |s| {
                before(s, "</ds:DigestMethod>", "<ds:XPath>1</ds:XPath>")
            })
        }),
        // The digest is named in what is signed.
        CONFUSED.text("digest-named-sha512", Code::SignatureInvalid, |xml| {
            let xml = swap(&about_the_victim(xml)?, SHA256, "http://www.w3.org/2001/04/xmlenc#sha512")?;
            text(&xml, "ds:DigestValue")?;
            Some(xml)
        }),
    ]
}

fn weak() -> Vec<Attack> {
    let method = |name: &str, uri: &'static str| {
        WEAK.text(name, Code::SignatureAlgorithmRefused, move |xml| {
            swap(&about_the_victim(xml)?, RSA_SHA256, uri)
        })
    };
    let digest = |name: &str, uri: &'static str| {
        WEAK.text(name, Code::DigestAlgorithmRefused, move |xml| swap(&about_the_victim(xml)?, SHA256, uri))
    };
    vec![
        method("method-rsa-sha1", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        method("method-rsa-md5", "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
        method("method-rsa-ripemd160", "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160"),
        method("method-rsa-sha224", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224"),
        method("method-rsa-pss", "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"),
        method("method-rsa-pss-with-parameters", "http://www.w3.org/2007/05/xmldsig-more#rsa-pss"),
        method("method-dsa-sha1", "http://www.w3.org/2000/09/xmldsig#dsa-sha1"),
        method("method-dsa-sha256", "http://www.w3.org/2009/xmldsig11#dsa-sha256"),
        method("method-ecdsa-sha1", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"),
        method("method-ed25519", "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"),
        digest("digest-sha1", "http://www.w3.org/2000/09/xmldsig#sha1"),
        digest("digest-md5", "http://www.w3.org/2001/04/xmldsig-more#md5"),
        digest("digest-sha224", "http://www.w3.org/2001/04/xmldsig-more#sha224"),
        digest("digest-sha3", "http://www.w3.org/2007/05/xmldsig-more#sha3-256"),
        digest("digest-whirlpool", "http://www.w3.org/2007/05/xmldsig-more#whirlpool"),
        digest("digest-empty", ""),
        WEAK.issue("signed-with-sha1", Code::SignatureAlgorithmRefused, |o| {
            o.scheme = Some(SignatureScheme::RsaSha1);
        }),
        WEAK.issue("response-signed-with-sha1", Code::SignatureAlgorithmRefused, |o| {
            o.scheme = Some(SignatureScheme::RsaSha1);
        })
        .on(Signed::Response),
    ]
}
