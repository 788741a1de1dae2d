//! Envoy's foreign functions `verify_signature` and `sign`: ten times faster than the same arithmetic in wasm.
//!
//! Their arguments are protobuf messages of four fields, so they are encoded by hand. Envoy would take SHA-1 and
//! 1024-bit keys; what is acceptable was decided in the core before this is called.

use proxy_wasm::hostcalls;
use samlgate::effect::{CryptoProvider, SignatureScheme, SigningFailure, SigningKey, VerificationKey};

/// Signatures by Envoy.
pub(crate) struct EnvoyCrypto;

impl CryptoProvider for EnvoyCrypto {
    fn verify(
        &self,
        scheme: SignatureScheme,
        key: &VerificationKey,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        if !scheme.takes(key.kind()) {
            return false;
        }
        // VerifySignatureArguments: 1 hash_function, 2 public_key (DER SubjectPublicKeyInfo), 3 signature, 4 clear_text.
        let mut argument = Vec::with_capacity(message.len().saturating_add(1024));
        field(&mut argument, 1, hash_function(scheme).as_bytes());
        field(&mut argument, 2, key.spki_der());
        field(&mut argument, 3, signature);
        field(&mut argument, 4, message);
        // VerifySignatureResult { 1: result = true } and nothing else.
        hostcalls::call_foreign_function("verify_signature", Some(&argument))
            .is_ok_and(|result| result.as_deref() == Some([0x08, 0x01].as_slice()))
    }

    fn sign(
        &self,
        scheme: SignatureScheme,
        key: &SigningKey,
        message: &[u8],
    ) -> Result<Vec<u8>, SigningFailure> {
        if !scheme.takes(key.kind()) {
            return Err(SigningFailure);
        }
        // SignArguments: 1 hash_function, 2 private_key (DER PKCS#8), 3 text.
        let mut argument = Vec::with_capacity(message.len().saturating_add(2048));
        field(&mut argument, 1, hash_function(scheme).as_bytes());
        field(&mut argument, 2, key.pkcs8_der().expose());
        field(&mut argument, 3, message);
        let result =
            hostcalls::call_foreign_function("sign", Some(&argument)).ok().flatten().ok_or(SigningFailure)?;
        signature_of(&result).ok_or(SigningFailure)
    }
}

const fn hash_function(scheme: SignatureScheme) -> &'static str {
    match scheme {
        SignatureScheme::RsaSha1 => "sha1",
        SignatureScheme::RsaSha256 | SignatureScheme::EcdsaSha256 => "sha256",
        SignatureScheme::RsaSha384 | SignatureScheme::EcdsaSha384 => "sha384",
        SignatureScheme::RsaSha512 | SignatureScheme::EcdsaSha512 => "sha512",
    }
}

/// One length-delimited protobuf field; `number` is below 16, so the tag is one byte.
fn field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    out.push(number << 3 | 2);
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(bytes);
}

/// SignResult { 1: result = true, 2: signature }.
fn signature_of(result: &[u8]) -> Option<Vec<u8>> {
    let rest = result.strip_prefix(&[0x08, 0x01, 0x12])?;
    let (mut length, mut shift, mut at) = (0_usize, 0_u32, 0_usize);
    loop {
        let byte = *rest.get(at)?;
        at = at.checked_add(1)?;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            break;
        }
        shift = shift.checked_add(7).filter(|shift| *shift < 28)?;
    }
    let end = at.checked_add(length)?;
    (rest.len() == end).then(|| rest.get(at..end).map(<[u8]>::to_vec)).flatten()
}
