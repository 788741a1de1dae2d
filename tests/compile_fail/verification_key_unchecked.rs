//! The one constructor of a key to verify with is for the room that checks keys.

use samlgate::effect::{KeyKind, VerificationKey};

fn main() {
    let _ = VerificationKey::from_checked_spki(KeyKind::Rsa, Vec::new());
}
