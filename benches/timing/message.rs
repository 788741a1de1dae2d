//! Responses with an encrypted assertion, each broken in one way, all of the same length.

use std::fmt::Write as _;

use aes_gcm::{AeadInOut as _, Aes256Gcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::hazmat::rsa_encrypt;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::{BoxedUint, RsaPublicKey};
use samlgate::base::{Limits, Secret};
use samlgate::effect::VerificationKey;
use samlgate::saml::{ResponseError, SignatureDemand, Trust, Unverified};
use samlgate::xml::Source;
use samlgate::xmlsec::RustCrypto;
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::decrypt::{CipherPolicy, DecryptionKey, Recipient};
use samlgate::xmlsec::key::Certificate;
use sha1::Sha1;
use sha2::{Digest, Sha256};

const OUR_KEY: &str = include_str!("../../tests/keys/rsa2048_decryption.key.pem");
const OUR_CERTIFICATE: &str = include_str!("../../tests/keys/rsa2048_decryption.crt.pem");
const OTHER_CERTIFICATE: &str = include_str!("../../tests/keys/rsa2048.crt.pem");

/// Octets of the modulus.
const MODULUS: usize = 256;
/// Octets of the encrypted assertion, nonce and tag not counted.
const CONTENT: usize = 2048;
const KEY: usize = 32;
const NONCE: usize = 12;
const TAG: usize = 16;

/// What may be learned from the time that a kind takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Nothing: the kinds of this group must take the same time.
    Alike,
    /// That the content key is right, which its sender knows: nobody gets here without it.
    Known,
    /// What everybody can see in the message.
    Public,
    /// The measurement itself.
    Control,
}

impl Group {
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Alike => "=",
            Self::Known => "k",
            Self::Public => "p",
            Self::Control => "c",
        }
    }
}

/// A way in which a response is broken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    TagLastOctet,
    TagFirstOctet,
    CiphertextChanged,
    KeyOfAnother,
    RandomNumber,
    FirstOctet,
    LabelHash,
    NoSeparator,
    PaddingNotZero,
    OtherMask,
    NotBelowModulus,
    WrappedTooShort,
    ContentKeyShort,
    ContentKeyLong,
    ContentKeyEmpty,
    NoText,
    NoXml,
    OtherElement,
    Unsigned,
    ContentTooShort,
    CipherUnknown,
    ControlSame,
    ControlWithMoreWork,
}

impl Kind {
    /// With what the others are compared.
    pub const REFERENCE: Self = Self::TagLastOctet;

    pub const ALL: [Self; 23] = [
        Self::TagLastOctet,
        Self::TagFirstOctet,
        Self::CiphertextChanged,
        Self::KeyOfAnother,
        Self::RandomNumber,
        Self::FirstOctet,
        Self::LabelHash,
        Self::NoSeparator,
        Self::PaddingNotZero,
        Self::OtherMask,
        Self::NotBelowModulus,
        Self::WrappedTooShort,
        Self::ContentKeyShort,
        Self::ContentKeyLong,
        Self::ContentKeyEmpty,
        Self::NoText,
        Self::NoXml,
        Self::OtherElement,
        Self::Unsigned,
        Self::ContentTooShort,
        Self::CipherUnknown,
        Self::ControlSame,
        Self::ControlWithMoreWork,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::TagLastOctet => "GCM tag wrong in its last octet, content key right",
            Self::TagFirstOctet => "GCM tag wrong in its first octet",
            Self::CiphertextChanged => "ciphertext changed",
            Self::KeyOfAnother => "content key encrypted to another RSA key",
            Self::RandomNumber => "RSA ciphertext is a random number",
            Self::FirstOctet => "OAEP: first octet is not zero (Manger's oracle)",
            Self::LabelHash => "OAEP: hash of another label",
            Self::NoSeparator => "OAEP: no octet 1 behind the padding",
            Self::PaddingNotZero => "OAEP: padding is not zero",
            Self::OtherMask => "OAEP: mask made with SHA-256",
            Self::NotBelowModulus => "RSA ciphertext is not below the modulus",
            Self::WrappedTooShort => "RSA ciphertext an octet too short",
            Self::ContentKeyShort => "content key of 16 octets for AES-256",
            Self::ContentKeyLong => "content key of 64 octets",
            Self::ContentKeyEmpty => "content key of no octets",
            Self::NoText => "decrypts to what is no UTF-8",
            Self::NoXml => "decrypts to what is no XML",
            Self::OtherElement => "decrypts to another element",
            Self::Unsigned => "decrypts to an assertion that nobody signed",
            Self::ContentTooShort => "encrypted content shorter than nonce and tag",
            Self::CipherUnknown => "cipher that is not supported",
            Self::ControlSame => "the first kind again",
            Self::ControlWithMoreWork => "the first kind, and four SHA-256 of the message",
        }
    }

    pub const fn group(self) -> Group {
        match self {
            Self::NoText | Self::NoXml | Self::OtherElement | Self::Unsigned => Group::Known,
            Self::ContentTooShort | Self::CipherUnknown => Group::Public,
            Self::ControlSame | Self::ControlWithMoreWork => Group::Control,
            _ => Group::Alike,
        }
    }
}

/// What the control does beyond judging.
pub fn a_little_work(response: &str) -> [u8; 32] {
    (0..4).fold([0; 32], |last, _| Sha256::new().chain_update(last).chain_update(response).finalize().into())
}

/// The service provider that is asked.
pub struct Responder {
    keys: Vec<DecryptionKey>,
    idp: Vec<VerificationKey>,
}

impl Responder {
    pub fn new() -> Self {
        let ours = Certificate::parse(OUR_CERTIFICATE).unwrap();
        let idp = Certificate::parse(OTHER_CERTIFICATE).unwrap().key().clone();
        let key = DecryptionKey::parse(&Secret::new(OUR_KEY.to_owned()), ours).unwrap();
        Self { keys: vec![key], idp: vec![idp] }
    }

    /// From the text of the message to the refusal.
    pub fn judge(&self, response: &str) -> Result<(), ResponseError> {
        let recipient =
            Recipient { entity_id: "https://sp.example", keys: &self.keys, ciphers: CipherPolicy::STRONG };
        let trust = Trust {
            keys: &self.idp,
            algorithms: AlgorithmPolicy::STRONG,
            demand: SignatureDemand::Any,
            recipient: &recipient,
            crypto: &RustCrypto,
            limits: &Limits::DEFAULT,
        };
        let source = Source::check(response.as_bytes(), &Limits::DEFAULT)?;
        let document = source.document()?;
        Unverified::read(&document)?.verify(&trust).map(|_| ())
    }

    /// `response`, which is refused as its kind must be.
    pub fn checked(&self, kind: Kind, response: String) -> String {
        let code = self.judge(&response).unwrap_err().code().id();
        let expected = match kind {
            Kind::Unsigned => "SG3001",
            Kind::CipherUnknown => "SG3019",
            _ => "SG3017",
        };
        assert!(code == expected, "{}: {code}", kind.name());
        response
    }
}

/// Makes the responses.
pub struct Forge {
    state: u64,
    ours: RsaPublicKey,
    another: RsaPublicKey,
}

impl Forge {
    pub fn new() -> Self {
        let key = |pem: &str| {
            let certificate = Certificate::parse(pem).unwrap();
            RsaPublicKey::from_public_key_der(certificate.key().spki_der()).unwrap()
        };
        Self { state: 1, ours: key(OUR_CERTIFICATE), another: key(OTHER_CERTIFICATE) }
    }

    /// SplitMix64: the same messages in every run.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn octets<const LENGTH: usize>(&mut self) -> [u8; LENGTH] {
        core::array::from_fn(|_| self.next().to_le_bytes()[0])
    }

    pub fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            let chosen = usize::try_from(self.next() % (last as u64 + 1)).unwrap();
            order.swap(last, chosen);
        }
    }

    /// A response that is broken as `kind` says.
    pub fn make(&mut self, kind: Kind) -> String {
        let key: [u8; KEY] = self.octets();
        let cipher = if kind == Kind::CipherUnknown {
            "http://www.w3.org/2001/04/xmlenc#tripledes-cbc"
        } else {
            "http://www.w3.org/2009/xmlenc11#aes256-gcm"
        };
        render(cipher, &self.wrap(kind, &key), &self.encrypt(kind, &key))
    }

    /// The content key as it is sent.
    fn wrap(&mut self, kind: Kind, key: &[u8]) -> Vec<u8> {
        let number = match kind {
            Kind::RandomNumber => self.octets::<MODULUS>().to_vec(),
            _ => self.encode(kind, key),
        };
        let public = if kind == Kind::KeyOfAnother { &self.another } else { &self.ours };
        let mut wrapped = if kind == Kind::RandomNumber {
            // Below the modulus, whose first bit is set.
            let mut number = number;
            number[0] &= 0x7F;
            number
        } else {
            let number = BoxedUint::from_be_slice(&number, 8 * MODULUS as u32).unwrap();
            rsa_encrypt(public, &number).unwrap().to_be_bytes().to_vec()
        };
        match kind {
            Kind::NotBelowModulus => wrapped.fill(0xFF),
            Kind::WrappedTooShort => wrapped.truncate(MODULUS - 1),
            _ => {}
        }
        wrapped
    }

    /// EME-OAEP with SHA-1 (RFC 8017 7.1.1).
    fn encode(&mut self, kind: Kind, key: &[u8]) -> Vec<u8> {
        const HASH: usize = 20;
        let long: [u8; 64] = self.octets();
        let key = match kind {
            Kind::ContentKeyShort => &key[..16],
            Kind::ContentKeyLong => &long,
            Kind::ContentKeyEmpty => &[],
            _ => key,
        };
        let label: &[u8] = if kind == Kind::LabelHash { b"label" } else { b"" };
        let mut block = vec![0; MODULUS - HASH - 1];
        let separator = block.len() - key.len() - 1;
        block[..HASH].copy_from_slice(&Sha1::digest(label));
        block[separator] = u8::from(kind != Kind::NoSeparator);
        block[separator + 1..].copy_from_slice(key);
        match kind {
            Kind::NoSeparator => block[HASH..].fill(0),
            Kind::PaddingNotZero => block[separator - 1] = 2,
            _ => {}
        }
        let mut seed: [u8; HASH] = self.octets();
        if kind == Kind::OtherMask {
            mask::<Sha256>(&mut block, &seed);
            mask::<Sha256>(&mut seed, &block);
        } else {
            mask::<Sha1>(&mut block, &seed);
            mask::<Sha1>(&mut seed, &block);
        }
        let first = if kind == Kind::FirstOctet { 1 + self.octets::<1>()[0] % 0x7F } else { 0 };
        [vec![first], seed.to_vec(), block].concat()
    }

    /// The assertion as it is sent.
    fn encrypt(&mut self, kind: Kind, key: &[u8]) -> Vec<u8> {
        let mut content = plaintext(kind);
        let nonce: [u8; NONCE] = self.octets();
        let cipher = Aes256Gcm::new_from_slice(key).unwrap();
        let tag =
            cipher.encrypt_inout_detached(&Nonce::from(nonce), &[], content.as_mut_slice().into()).unwrap();
        let mut sent = [nonce.as_slice(), &content, &tag].concat();
        let length = sent.len();
        match kind {
            Kind::TagLastOctet | Kind::ControlSame | Kind::ControlWithMoreWork => sent[length - 1] ^= 1,
            Kind::TagFirstOctet => sent[length - TAG] ^= 0x80,
            Kind::CiphertextChanged => sent[NONCE + CONTENT / 2] ^= 4,
            Kind::ContentTooShort => sent.truncate(NONCE + TAG - 1),
            _ => {}
        }
        sent
    }
}

/// RFC 8017 B.2.1.
fn mask<D: Digest>(target: &mut [u8], seed: &[u8]) {
    for (counter, part) in (0_u32..).zip(target.chunks_mut(<D as Digest>::output_size())) {
        let mask = D::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize();
        for (octet, mask) in part.iter_mut().zip(mask) {
            *octet ^= mask;
        }
    }
}

/// What is encrypted.
fn plaintext(kind: Kind) -> Vec<u8> {
    let name = if kind == Kind::OtherElement { "Advice" } else { "Assertion" };
    let mut text = format!(
        "<saml:{name} xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_a\" Version=\"2.0\" \
         IssueInstant=\"2026-11-21T12:00:00Z\"><saml:Issuer>https://idp.example</saml:Issuer>"
    );
    let end = format!("</saml:{name}>");
    let room = CONTENT - end.len();
    while text.len() < room {
        text.push(' ');
    }
    text.push_str(&end);
    let mut octets = text.into_bytes();
    match kind {
        Kind::NoText => octets[CONTENT / 2] = 0xFF,
        Kind::NoXml => octets[..CONTENT].fill(b'x'),
        _ => {}
    }
    octets
}

fn render(cipher: &str, wrapped: &[u8], content: &[u8]) -> String {
    let padded = |octets: &[u8], length: usize| {
        let text = STANDARD.encode(octets);
        let width = 4 * length.div_ceil(3);
        format!("{text:width$}")
    };
    let mut xml = String::from(
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_r\" Version=\"2.0\" \
         IssueInstant=\"2026-11-21T12:00:00Z\"><samlp:Status><samlp:StatusCode \
         Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status><saml:EncryptedAssertion \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"><xenc:EncryptedData \
         xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" Type=\"http://www.w3.org/2001/04/xmlenc#Element\">",
    );
    write!(
        xml,
        "<xenc:EncryptionMethod Algorithm=\"{cipher}\"/><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
         <xenc:EncryptedKey><xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"/>\
         <xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>\
         <xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>\
         </saml:EncryptedAssertion></samlp:Response>",
        padded(wrapped, MODULUS),
        padded(content, NONCE + CONTENT + TAG),
    )
    .unwrap();
    xml
}
