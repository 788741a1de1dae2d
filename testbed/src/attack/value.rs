//! The number that is the signature.

use num_bigint::BigUint;
use samlgate::base::Code;
use sha2::{Digest as _, Sha256};

use super::corpus::Delivery;
use super::text::{about_the_victim, digested_anew, signed_info, with_text, with_value};
use super::{Attack, Class, Threat};
use crate::idp::{Signed, TestKey};

static ZERO: Threat = Threat {
    class: Class::SignatureValue,
    attack: "an ECDSA signature of zeros, of the group order or of another number out of range",
    source: "CVE-2022-21449 Java (\"psychic signatures\"); FIPS 186-5 section 6.4.2",
    answer: "`xmlsec::ecdsa::to_der` refuses a half that is zero or of the wrong length; the provider refuses the rest",
};

static MALLEABLE: Threat = Threat {
    class: Class::SignatureValue,
    attack: "the other half of a genuine ECDSA signature: s becomes n - s",
    source: "FIPS 186-5 does not forbid it; ECDSA is malleable by design",
    answer: "accepted on purpose: the signed words are the same, and so is the person. Nothing of ours is keyed by the \
             signature; `ReplayLedger` is keyed by issuer and assertion ID, so it counts as the same use",
};

static SPELLING: Threat = Threat {
    class: Class::SignatureValue,
    attack: "a signature value in another spelling: DER, halves exchanged, cut, longer",
    source: "RFC 6931 section 2.3.6; RFC 8017 section 8.2.2",
    answer: "ECDSA values have exactly twice the curve's length; RSA values exactly that of the modulus; base64 is strict",
};

static PADDING: Threat = Threat {
    class: Class::SignatureValue,
    attack: "a forged PKCS#1 v1.5 block under a key with the exponent 3",
    source: "Bleichenbacher (2006), CVE-2006-4339 OpenSSL; CVE-2014-1568 NSS (BERserk); Chau and others, \"Analyzing \
             Semantic Correctness of PKCS#1 v1.5\" (2019): CVE-2018-16151 strongSwan, CVE-2018-15836 Openswan",
    answer: "the provider makes the one right block and compares; it never parses a block that was sent",
};

static TRIVIAL: Threat = Threat {
    class: Class::SignatureValue,
    attack: "an RSA value that is trivial or out of range: 0, 1, the modulus, one less, the signature plus the modulus",
    source: "RFC 8017 section 5.2.2",
    answer: "the provider refuses what is not below the modulus, and the block of the others is not the right one",
};

/// The order of P-256 (FIPS 186-4, D.1.2.3).
const P256_ORDER: &[u8] = b"FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
/// DER of everything of DigestInfo with SHA-256 in front of the digest (RFC 8017 section 9.2, note 1).
const SHA256_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];
/// Octets of the modulus.
const MODULUS_BYTES: usize = 256;

fn order() -> Option<BigUint> {
    BigUint::parse_bytes(P256_ORDER, 16)
}

/// `from` less `number`; `None` below zero.
fn less(from: BigUint, number: &[u8]) -> Option<BigUint> {
    let number = BigUint::from_bytes_be(number);
    (from >= number).then(|| from - number)
}

/// `number` in `length` octets.
fn octets(number: &BigUint, length: usize) -> Option<Vec<u8>> {
    let bytes = number.to_bytes_be();
    let mut out = vec![0; length.checked_sub(bytes.len())?];
    out.extend(bytes);
    Some(out)
}

/// The INTEGERs at the beginning of `der`, the content of a SEQUENCE.
fn integers(mut der: &[u8]) -> Option<Vec<BigUint>> {
    let mut found = Vec::new();
    while let [0x02, rest @ ..] = der {
        let (length, rest) = match rest {
            [0x82, high, low, rest @ ..] => (usize::from(*high) * 256 + usize::from(*low), rest),
            [0x81, length, rest @ ..] => (usize::from(*length), rest),
            [length, rest @ ..] => (usize::from(*length), rest),
            [] => return None,
        };
        let (integer, rest) = rest.split_at_checked(length)?;
        found.push(BigUint::from_bytes_be(integer));
        der = rest;
    }
    Some(found)
}

/// Modulus and public exponent. Behind 24 octets of algorithm identifier and 4 of SEQUENCE is PKCS#1.
fn public(key: TestKey) -> Option<(BigUint, BigUint)> {
    let certificate = key.certificate().ok()?;
    let numbers = integers(certificate.key().spki_der().get(28..)?)?;
    Some((numbers.first()?.clone(), numbers.get(1)?.clone()))
}

/// Modulus and private exponent. Behind 26 octets of PKCS#8 and 4 of SEQUENCE is PKCS#1.
fn private(key: TestKey) -> Option<(BigUint, BigUint)> {
    let key = key.signing_key().ok()?;
    let numbers = integers(key.pkcs8_der().expose().get(30..)?)?;
    Some((numbers.get(1)?.clone(), numbers.get(3)?.clone()))
}

/// The digest that the signature must be of.
fn digest(xml: &str) -> Option<Vec<u8>> {
    Some(Sha256::digest(signed_info(xml)?.as_bytes()).to_vec())
}

/// `head` and enough `fill` to be as long as the modulus with `tail`.
fn filled(head: &[u8], fill: u8, tail: &[u8]) -> Option<Vec<u8>> {
    let fill = vec![fill; MODULUS_BYTES.checked_sub(head.len().checked_add(tail.len())?)?];
    Some([head, &fill, tail].concat())
}

/// DigestInfo of `digest`.
fn info(digest: &[u8]) -> Vec<u8> {
    [SHA256_INFO, digest].concat()
}

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = ecdsa();
    attacks.extend(padding());
    attacks.extend(rsa());
    attacks
}

fn ecdsa() -> Vec<Attack> {
    let halves = |threat: &'static Threat, name: &str, code, change: fn(&[u8], &[u8]) -> Option<Vec<u8>>| {
        threat
            .text(name, code, move |xml| {
                with_value(&about_the_victim(xml)?, |value| {
                    let (r, s) = value.split_at_checked(32)?;
                    change(r, s)
                })
            })
            .key(TestKey::P256)
    };
    let (malformed, invalid) = (Code::SignatureValueMalformed, Code::SignatureInvalid);
    let negated = |xml: &str| {
        with_value(xml, |value| {
            let (r, s) = value.split_at_checked(32)?;
            let other = less(order()?, s)?;
            Some([r, &octets(&other, 32)?].concat())
        })
    };
    let mut attacks = vec![
        halves(&ZERO, "ecdsa-zero", malformed, |_, _| Some(vec![0; 64])),
        halves(&ZERO, "ecdsa-r-zero", malformed, |_, s| Some([&[0; 32], s].concat())),
        halves(&ZERO, "ecdsa-s-zero", malformed, |r, _| Some([r, &[0; 32]].concat())),
        halves(&ZERO, "ecdsa-r-is-the-order", invalid, |_, s| Some([&octets(&order()?, 32)?, s].concat())),
        halves(&ZERO, "ecdsa-s-is-the-order", invalid, |r, _| Some([r, &octets(&order()?, 32)?].concat())),
        halves(&ZERO, "ecdsa-both-are-the-order", invalid, |_, _| Some(octets(&order()?, 32)?.repeat(2))),
        halves(&ZERO, "ecdsa-one-one", invalid, |_, _| {
            let one = octets(&BigUint::from(1_u8), 32)?;
            Some(one.repeat(2))
        }),
        halves(&ZERO, "ecdsa-order-and-one", invalid, |_, _| {
            let above = octets(&(order()? + 1_u8), 32)?;
            Some(above.repeat(2))
        }),
        halves(&ZERO, "ecdsa-largest", invalid, |_, _| Some(vec![0xff; 64])),
        halves(&SPELLING, "ecdsa-halves-exchanged", invalid, |r, s| Some([s, r].concat())),
        halves(&SPELLING, "ecdsa-r-negated", invalid, |r, s| {
            let other = less(order()?, r)?;
            Some([&octets(&other, 32)?, s].concat())
        }),
        halves(&SPELLING, "ecdsa-cut", malformed, |r, s| Some([r, s.get(..31)?].concat())),
        halves(&SPELLING, "ecdsa-longer", malformed, |r, s| Some([r, s, &[0]].concat())),
        halves(&SPELLING, "ecdsa-halves-padded", malformed, |r, s| Some([&[0; 1], r, &[0; 1], s].concat())),
        // As long as a signature of the next curve.
        halves(&SPELLING, "ecdsa-as-long-as-p384", invalid, |r, s| Some([&[0; 16], r, &[0; 16], s].concat())),
        halves(&SPELLING, "ecdsa-r-alone", malformed, |r, _| Some(r.to_vec())),
        halves(&SPELLING, "ecdsa-der", malformed, |r, s| {
            let integer = |half: &[u8]| [&[0x02, 33, 0], half].concat();
            Some([&[0x30, 70][..], &integer(r), &integer(s)].concat())
        }),
        MALLEABLE.harmless("ecdsa-s-negated", negated).key(TestKey::P256),
        MALLEABLE
            .text("ecdsa-s-negated-used-again", Code::AssertionReplayed, negated)
            .key(TestKey::P256)
            .delivered(Delivery::AfterGenuine),
        // The same trick carries no other name.
        MALLEABLE
            .text("ecdsa-s-negated-evil", Code::DigestMismatch, move |xml| negated(&about_the_victim(xml)?))
            .key(TestKey::P256),
    ];
    for (name, key, length) in [("p384", TestKey::P384, 96), ("p521", TestKey::P521, 132)] {
        attacks.push(
            ZERO.text(format!("ecdsa-{name}-zero"), malformed, move |xml| {
                with_value(&about_the_victim(xml)?, |_| Some(vec![0; length]))
            })
            .key(key),
        );
    }
    attacks
}

fn padding() -> Vec<Attack> {
    /// A block that the private key signed as it is: what a forger would have to hit.
    fn block(name: &str, make: fn(&[u8]) -> Option<Vec<u8>>) -> Attack {
        PADDING
            .text(name, Code::SignatureInvalid, move |xml| {
                let hostile = digested_anew(xml)?;
                let block = BigUint::from_bytes_be(&make(&digest(&hostile)?)?);
                let (modulus, exponent) = private(TestKey::RsaE3)?;
                with_value(&hostile, |_| octets(&block.modpow(&exponent, &modulus), MODULUS_BYTES))
            })
            .key(TestKey::RsaE3)
    }
    vec![
        // The forgery itself, without any private key: a cube root of the block with rubbish behind the digest.
        PADDING
            .text("pkcs1-cube-root", Code::SignatureInvalid, |xml| {
                let hostile = digested_anew(xml)?;
                let head = [
                    &[0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0][..],
                    &info(&digest(&hostile)?),
                ];
                let head = head.concat();
                let block = BigUint::from_bytes_be(&filled(&head, 0, &[])?);
                let root = block.cbrt() + 1_u8;
                let cube = octets(&root.pow(3), MODULUS_BYTES)?;
                // A verifier that looks at the head alone is fooled.
                cube.starts_with(&head).then_some(())?;
                with_value(&hostile, |_| octets(&root, MODULUS_BYTES))
            })
            .key(TestKey::RsaE3),
        block("pkcs1-rubbish-behind", |digest| {
            filled(
                &[&[0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0], &info(digest)[..]].concat(),
                0xaa,
                &[],
            )
        }),
        block("pkcs1-short-padding", |digest| {
            filled(&[&[0, 1, 0xff, 0], &info(digest)[..]].concat(), 0, &[])
        }),
        block("pkcs1-without-null", |digest| {
            let info =
                [&[0x30, 0x2f, 0x30, 0x0b][..], SHA256_INFO.get(4..15)?, &[0x04, 0x20], digest].concat();
            filled(&[0, 1], 0xff, &[&[0][..], &info].concat())
        }),
        block("pkcs1-rubbish-in-parameters", |digest| {
            let rubbish = [0xaa; 64];
            let algorithm = [SHA256_INFO.get(4..15)?, &[0x04, 64], &rubbish].concat();
            let info = [&[0x30, 111 + 2, 0x30, 77][..], &algorithm, &[0x04, 0x20], digest].concat();
            filled(&[0, 1], 0xff, &[&[0][..], &info].concat())
        }),
        block("pkcs1-long-lengths", |digest| {
            let info = [
                &[0x30, 0x81, 0x33, 0x30, 0x81, 0x0d][..],
                SHA256_INFO.get(4..17)?,
                &[0x04, 0x81, 0x20],
                digest,
            ]
            .concat();
            filled(&[0, 1], 0xff, &[&[0][..], &info].concat())
        }),
        block("pkcs1-other-digest-named", |digest| {
            let mut info = info(digest);
            // 2.16.840.1.101.3.4.2.1 becomes ..2.2, SHA-384.
            *info.get_mut(14)? = 2;
            filled(&[0, 1], 0xff, &[&[0][..], &info].concat())
        }),
        block("pkcs1-no-digest-info", |digest| filled(&[0, 1], 0xff, &[&[0], digest].concat())),
        block("pkcs1-block-type-0", |digest| filled(&[0, 0], 0, &info(digest))),
        block("pkcs1-block-type-2", |digest| filled(&[0, 2], 0xaa, &[&[0][..], &info(digest)].concat())),
        block("pkcs1-no-separator", |digest| filled(&[0, 1], 0xff, &info(digest))),
        block("pkcs1-padding-of-zeros", |digest| filled(&[0, 1], 0, &info(digest))),
        block("pkcs1-padding-with-a-hole", |digest| {
            filled(&[0, 1, 0xff, 0xff, 0xee], 0xff, &[&[0][..], &info(digest)].concat())
        }),
        block("pkcs1-two-digests", |digest| {
            let info = info(digest);
            filled(&[0, 1], 0xff, &[&[0][..], &info, &[0], &info].concat())
        }),
    ]
}

fn rsa() -> Vec<Attack> {
    let value = |name: &str, key: TestKey, make: fn(&BigUint, &[u8]) -> Option<Vec<u8>>| {
        TRIVIAL
            .text(name, Code::SignatureInvalid, move |xml| {
                let hostile = digested_anew(xml)?;
                let (modulus, _) = public(key)?;
                with_value(&hostile, |have| make(&modulus, &have))
            })
            .key(key)
    };
    let number = |name: &str, make: fn(&BigUint) -> BigUint| {
        TRIVIAL
            .text(name, Code::SignatureInvalid, move |xml| {
                let (modulus, _) = public(TestKey::Rsa)?;
                with_value(&digested_anew(xml)?, |_| octets(&make(&modulus), MODULUS_BYTES))
            })
            .key(TestKey::Rsa)
    };
    let genuine = |name: &str, code, change: fn(&[u8]) -> Vec<u8>| {
        SPELLING.text(name, code, move |xml| with_value(xml, |value| Some(change(&value))))
    };
    vec![
        number("rsa-zero", |_| BigUint::ZERO),
        number("rsa-one", |_| BigUint::from(1_u8)),
        number("rsa-modulus", BigUint::clone),
        number("rsa-modulus-and-one", |modulus| modulus + 1_u8),
        number("rsa-modulus-less-one", |modulus| modulus - 1_u8),
        value("rsa-one-with-exponent-3", TestKey::RsaE3, |_, _| octets(&BigUint::from(1_u8), MODULUS_BYTES)),
        value("rsa-signature-negated", TestKey::Rsa, |modulus, have| {
            octets(&less(modulus.clone(), have)?, MODULUS_BYTES)
        }),
        // A genuine signature, of another length or out of range: the same words, but not the same value.
        TRIVIAL.text("rsa-signature-plus-modulus", Code::SignatureInvalid, |xml| {
            let (modulus, _) = public(TestKey::Rsa)?;
            with_value(xml, |value| Some((BigUint::from_bytes_be(&value) + modulus).to_bytes_be()))
        }),
        genuine("rsa-zero-in-front", Code::SignatureInvalid, |value| [&[0], value].concat()),
        genuine("rsa-zero-behind", Code::SignatureInvalid, |value| [value, &[0]].concat()),
        genuine("rsa-cut", Code::SignatureInvalid, |value| {
            value.split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default()
        }),
        genuine("rsa-twice", Code::SignatureInvalid, |value| value.repeat(2)),
        genuine("rsa-reversed", Code::SignatureInvalid, |value| value.iter().rev().copied().collect()),
        genuine("rsa-one-bit", Code::SignatureInvalid, |value| {
            let mut value = value.to_vec();
            if let Some(last) = value.last_mut() {
                *last ^= 1;
            }
            value
        }),
        SPELLING.text("signature-value-without-padding", Code::SignatureValueMalformed, |xml| {
            with_text(xml, "ds:SignatureValue", |value| value.trim_end_matches('=').to_owned())
        }),
        SPELLING.text("signature-value-with-left-over-bits", Code::SignatureValueMalformed, |xml| {
            with_text(xml, "ds:SignatureValue", |value| {
                // Four bits of the last character count for nothing.
                let kept = value.trim_end_matches("==");
                let last = kept.chars().last().unwrap_or('A');
                let next = match last {
                    'A' => 'B',
                    'Q' => 'R',
                    'g' => 'h',
                    _ => 'x',
                };
                let head = kept.strip_suffix(last).unwrap_or(kept);
                format!("{head}{next}==")
            })
        }),
        SPELLING.text("signature-value-with-a-foreign-character", Code::SignatureValueMalformed, |xml| {
            with_text(xml, "ds:SignatureValue", |value| format!("{value}!"))
        }),
        SPELLING.harmless("signature-value-in-lines", |xml| {
            with_text(xml, "ds:SignatureValue", |value| {
                let lines: Vec<_> = value.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
                format!("\n{}\n", lines.join("&#13;\n"))
            })
        }),
        SPELLING
            .text("signature-value-of-zeros-on-response", Code::SignatureInvalid, |xml| {
                with_value(&about_the_victim(xml)?, |value| Some(vec![0; value.len()]))
            })
            .on(Signed::Response),
    ]
}
