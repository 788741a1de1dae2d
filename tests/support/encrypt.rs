//! Encrypts an element as an identity provider does (xmlenc-core1). The same input gives the same text each time.
#![allow(dead_code, reason = "each test target that includes this file uses a part of it")]

use std::convert::Infallible;

use aes_gcm::{AeadInOut as _, Aes128Gcm, Aes256Gcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeEncrypt as _, KeyIvInit as _};
use rsa::pkcs8::DecodePublicKey as _;
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::{Oaep, RsaPublicKey};
use samlgate::xmlsec::key::Certificate;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

pub const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
pub const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
pub const OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
pub const OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
pub const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
pub const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// The content's cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    Aes128Gcm,
    Aes256Gcm,
    Aes128Cbc,
    Aes256Cbc,
}

impl Cipher {
    pub fn uri(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            Self::Aes256Gcm => "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            Self::Aes128Cbc => "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            Self::Aes256Cbc => "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
        }
    }

    fn key_bytes(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Cbc => 16,
            Self::Aes256Gcm | Self::Aes256Cbc => 32,
        }
    }
}

/// One recipient.
#[derive(Clone, Debug)]
pub struct To<'a> {
    pub certificate: &'a Certificate,
    /// `EncryptedKey/@Recipient`.
    pub recipient: Option<&'a str>,
    /// Whether `KeyInfo` of the encrypted key shows the certificate.
    pub shown: bool,
}

impl<'a> To<'a> {
    pub fn new(certificate: &'a Certificate) -> Self {
        Self { certificate, recipient: None, shown: false }
    }
}

/// Where the encrypted keys stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the `KeyInfo` of `EncryptedData`.
    Inside,
    /// Behind `EncryptedData`.
    Beside,
    /// Behind `EncryptedData`, with a `RetrievalMethod` that points to the first.
    Referenced,
}

/// How to encrypt.
#[derive(Clone, Debug)]
pub struct Encryption<'a> {
    pub cipher: Cipher,
    /// The key transport's URI.
    pub transport: &'a str,
    /// URI of the OAEP digest; `None` leaves it out and means SHA-1.
    pub digest: Option<&'a str>,
    /// URI of the mask generation function; `None` leaves it out and means MGF1 with SHA-1.
    pub mask: Option<&'a str>,
    pub to: Vec<To<'a>>,
    pub place: Place,
    /// Bytes to encrypt in the place of the content key, to show what a wrong one does.
    pub false_key: Option<&'a [u8]>,
    /// Changes the content's ciphertext (nonce or IV first).
    pub spoil: fn(&mut Vec<u8>),
    /// Changes each wrapped key.
    pub spoil_key: fn(&mut Vec<u8>),
}

impl<'a> Encryption<'a> {
    /// AES-256-GCM, RSA-OAEP with SHA-1, the key inside.
    pub fn to(certificate: &'a Certificate) -> Self {
        Self {
            cipher: Cipher::Aes256Gcm,
            transport: OAEP_MGF1P,
            digest: None,
            mask: None,
            to: vec![To::new(certificate)],
            place: Place::Inside,
            false_key: None,
            spoil: |_| {},
            spoil_key: |_| {},
        }
    }

    /// `element` (or whatever bytes) as the content of `<saml:{container}>`.
    pub fn encrypt(&self, container: &str, plaintext: &[u8]) -> String {
        let mut stream = Stream::of(plaintext);
        let mut content_key = [0; 32];
        stream.read(&mut content_key);
        let content_key = &content_key[..self.cipher.key_bytes()];
        let mut content = self.content(content_key, plaintext, &mut stream);
        (self.spoil)(&mut content);
        let wrapped = self.false_key.unwrap_or(content_key);
        let keys: String = (self.to.iter().enumerate())
            .map(|(index, to)| self.encrypted_key(index, to, wrapped, &mut stream))
            .collect();
        let (inside, beside) = match self.place {
            Place::Inside => (keys, String::new()),
            Place::Beside => (String::new(), keys),
            Place::Referenced => (
                "<ds:RetrievalMethod Type=\"http://www.w3.org/2001/04/xmlenc#EncryptedKey\" URI=\"#_key-0\"/>"
                    .to_owned(),
                keys,
            ),
        };
        let key_info = if inside.is_empty() {
            String::new()
        } else {
            format!("<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{inside}</ds:KeyInfo>")
        };
        format!(
            "<saml:{container} xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">\
             <xenc:EncryptedData xmlns:xenc=\"{XENC}\" Type=\"{XENC}Element\">\
             <xenc:EncryptionMethod Algorithm=\"{cipher}\"/>{key_info}\
             <xenc:CipherData><xenc:CipherValue>{content}</xenc:CipherValue></xenc:CipherData>\
             </xenc:EncryptedData>{beside}</saml:{container}>",
            cipher = self.cipher.uri(),
            content = STANDARD.encode(content),
        )
    }

    fn content(&self, key: &[u8], plaintext: &[u8], stream: &mut Stream) -> Vec<u8> {
        let gcm = matches!(self.cipher, Cipher::Aes128Gcm | Cipher::Aes256Gcm);
        let mut iv = [0; 16];
        stream.read(&mut iv);
        if gcm {
            let nonce = Nonce::try_from(&iv[..12]).unwrap();
            let mut content = plaintext.to_vec();
            let tag = if key.len() == 16 {
                let cipher = Aes128Gcm::new_from_slice(key).unwrap();
                cipher.encrypt_inout_detached(&nonce, &[], content.as_mut_slice().into()).unwrap()
            } else {
                let cipher = Aes256Gcm::new_from_slice(key).unwrap();
                cipher.encrypt_inout_detached(&nonce, &[], content.as_mut_slice().into()).unwrap()
            };
            return [&iv[..12], &content, &tag].concat();
        }
        let padding = 16 - plaintext.len() % 16;
        let mut padded = plaintext.to_vec();
        // Only the last octet means something (xmlenc-core1 5.2.1).
        padded.resize(plaintext.len() + padding, 0xAA);
        *padded.last_mut().unwrap() = u8::try_from(padding).unwrap();
        let blocks = if key.len() == 16 {
            let cipher = cbc::Encryptor::<aes::Aes128>::new_from_slices(key, &iv).unwrap();
            cipher.encrypt_padded_vec::<NoPadding>(&padded)
        } else {
            let cipher = cbc::Encryptor::<aes::Aes256>::new_from_slices(key, &iv).unwrap();
            cipher.encrypt_padded_vec::<NoPadding>(&padded)
        };
        [&iv[..], &blocks].concat()
    }

    fn encrypted_key(&self, index: usize, to: &To<'_>, key: &[u8], stream: &mut Stream) -> String {
        let public = RsaPublicKey::from_public_key_der(to.certificate.key().spki_der()).unwrap();
        let digest = self.digest == Some(SHA256);
        let mask = self.mask.is_some_and(|mask| mask.ends_with("mgf1sha256"));
        let mut wrapped = match (digest, mask) {
            (false, false) => public.encrypt(stream, Oaep::<Sha1>::new(), key),
            (true, true) => public.encrypt(stream, Oaep::<Sha256>::new(), key),
            (true, false) => public.encrypt(stream, Oaep::<Sha256, Sha1>::new_with_mgf_hash(), key),
            (false, true) => public.encrypt(stream, Oaep::<Sha1, Sha256>::new_with_mgf_hash(), key),
        }
        .unwrap();
        (self.spoil_key)(&mut wrapped);
        let attribute = |uri: &str| format!(" Algorithm=\"{uri}\"");
        let recipient = to.recipient.map_or_else(String::new, |name| format!(" Recipient=\"{name}\""));
        let digest = self.digest.map_or_else(String::new, |uri| {
            format!("<ds:DigestMethod xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"{}/>", attribute(uri))
        });
        let mask = self.mask.map_or_else(String::new, |uri| {
            format!("<xenc11:MGF xmlns:xenc11=\"{XENC11}\"{}/>", attribute(uri))
        });
        let shown = if to.shown {
            format!(
                "<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{}\
                 </ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
                STANDARD.encode(to.certificate.der())
            )
        } else {
            String::new()
        };
        format!(
            "<xenc:EncryptedKey xmlns:xenc=\"{XENC}\" Id=\"_key-{index}\"{recipient}>\
             <xenc:EncryptionMethod{transport}>{digest}{mask}</xenc:EncryptionMethod>{shown}\
             <xenc:CipherData><xenc:CipherValue>{wrapped}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>",
            transport = attribute(self.transport),
            wrapped = STANDARD.encode(wrapped),
        )
    }
}

/// A stream of bytes that depends only on its seed: good enough for tests, and for nothing else.
struct Stream {
    seed: [u8; 32],
    block: u64,
}

impl Stream {
    fn of(seed: &[u8]) -> Self {
        Self { seed: Sha256::digest(seed).into(), block: 0 }
    }

    fn read(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            self.block += 1;
            let block =
                Sha256::new().chain_update(self.seed).chain_update(self.block.to_be_bytes()).finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.read(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.read(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.read(out);
        Ok(())
    }
}

impl TryCryptoRng for Stream {}
