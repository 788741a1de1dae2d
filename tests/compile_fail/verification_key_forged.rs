//! A key to verify with comes from a certificate whose key was checked, never from bare bytes.

use samlgate::effect::{KeyKind, VerificationKey};

fn main() {
    let _ = VerificationKey { kind: KeyKind::Rsa, spki_der: Vec::new() };
}
