//! `samlgate keygen`: keys for sessions, signing and decryption.

use std::process::ExitCode;
use std::str::FromStr as _;
use std::time::{Duration, SystemTime};

use getrandom::SysRng;
use p256::ecdsa;
use p256::elliptic_curve::Generate as _;
use rand_core::{TryRng as _, UnwrapErr};
use rsa::RsaPrivateKey;
use rsa::pkcs1v15;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use samlgate::encoding::base64;
use sha2::Sha256;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder as _, CertificateBuilder};
use x509_cert::certificate::TbsCertificate;
use x509_cert::der::EncodePem as _;
use x509_cert::ext::Extension;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{EncodePublicKey, SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};
use x509_cert::time::{Time, Validity};
use zeroize::Zeroizing;

use crate::arguments::{Keygen, Kind};
use crate::failure::Failure;
use crate::{file, terminal};

/// NIST SP 800-57: 128 bits of security, good beyond 2030.
const RSA_BITS: usize = 3072;

pub(crate) fn run(keygen: &Keygen) -> Result<ExitCode, Failure> {
    if keygen.kind == Kind::Session {
        if keygen.certificate.is_some() {
            return Err(Failure::new("a session key has no certificate"));
        }
        let mut bytes = Zeroizing::new([0; 32]);
        SysRng.try_fill_bytes(bytes.as_mut()).map_err(Failure::new)?;
        let text = Zeroizing::new(format!("{}\n", base64::encode(bytes.as_ref())));
        return put(keygen.key.as_deref(), &text, true);
    }
    let pair = match keygen.kind {
        Kind::Decryption => rsa_pair(keygen)?,
        Kind::Session | Kind::Signing => p256_pair(keygen)?,
    };
    put(keygen.key.as_deref(), &pair.key, true)?;
    put(keygen.certificate.as_deref(), &pair.certificate, false)
}

/// To the file, or to standard output.
fn put(path: Option<&std::path::Path>, text: &str, secret: bool) -> Result<ExitCode, Failure> {
    match path {
        Some(path) => file::create(path, text, secret).map(|()| ExitCode::SUCCESS),
        None => terminal::print(text),
    }
}

/// A private key and its certificate, both in PEM.
struct Pair {
    key: Zeroizing<String>,
    certificate: String,
}

fn p256_pair(keygen: &Keygen) -> Result<Pair, Failure> {
    let key = ecdsa::SigningKey::generate_from_rng(&mut UnwrapErr(SysRng));
    let builder = builder(keygen, key.verifying_key())?;
    let certificate = builder.build::<_, ecdsa::DerSignature>(&key).map_err(Failure::new)?;
    Ok(Pair { key: private(&key)?, certificate: certificate.to_pem(LineEnding::LF).map_err(Failure::new)? })
}

fn rsa_pair(keygen: &Keygen) -> Result<Pair, Failure> {
    let key = RsaPrivateKey::new(&mut UnwrapErr(SysRng), RSA_BITS).map_err(Failure::new)?;
    let builder = builder(keygen, &key.to_public_key())?;
    let signer = pkcs1v15::SigningKey::<Sha256>::new(key.clone());
    let certificate = builder.build::<_, pkcs1v15::Signature>(&signer).map_err(Failure::new)?;
    Ok(Pair { key: private(&key)?, certificate: certificate.to_pem(LineEnding::LF).map_err(Failure::new)? })
}

fn private(key: &impl EncodePrivateKey) -> Result<Zeroizing<String>, Failure> {
    key.to_pkcs8_pem(LineEnding::LF).map_err(Failure::new)
}

/// A self-signed certificate for `key` from now on. In SAML it is a container of a key and nothing else (metadata
/// interoperability profile 2.6.1), so it has no extensions.
fn builder(keygen: &Keygen, key: &impl EncodePublicKey) -> Result<CertificateBuilder<Plain>, Failure> {
    let name = keygen.name.as_str();
    // RFC 5280: ub-common-name.
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        return Err(Failure::new("--name: expected 1 to 64 characters"));
    }
    // RFC 4514 2.4.
    let escaped: String = name
        .chars()
        .flat_map(|character| {
            let special = matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '#' | '=' | ' ');
            special.then_some('\\').into_iter().chain([character])
        })
        .collect();
    let subject = Name::from_str(&format!("CN={escaped}")).map_err(Failure::new)?;
    let mut serial = [0; 16];
    SysRng.try_fill_bytes(&mut serial).map_err(Failure::new)?;
    // RFC 5280 4.1.2.2: positive, and not zero.
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    let now = SystemTime::now();
    let end = now + Duration::from_secs(u64::from(keygen.days) * 24 * 60 * 60);
    let validity = Validity::new(time(now)?, time(end)?);
    CertificateBuilder::new(
        Plain(subject),
        SerialNumber::new(&serial).map_err(Failure::new)?,
        validity,
        SubjectPublicKeyInfo::from_key(key).map_err(Failure::new)?,
    )
    .map_err(Failure::new)
}

fn time(at: SystemTime) -> Result<Time, Failure> {
    Time::try_from(at).map_err(Failure::new)
}

/// A certificate with nothing but a name and a key.
struct Plain(Name);

impl BuilderProfile for Plain {
    fn get_issuer(&self, subject: &Name) -> Name {
        subject.clone()
    }

    fn get_subject(&self) -> Name {
        self.0.clone()
    }

    fn build_extensions(
        &self,
        _spk: SubjectPublicKeyInfoRef<'_>,
        _issuer_spk: SubjectPublicKeyInfoRef<'_>,
        _tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        Ok(Vec::new())
    }
}
