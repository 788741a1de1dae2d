//! What our records are called in the data that the workers of one Envoy share: it belongs to a `vm_id`, where other
//! sites may live, and the same site with other settings.

use sha2::{Digest, Sha256};

use super::settings::Settings;

/// The key of `kind`, which ends with its format's version, for this service provider and what else `parts` say.
pub(super) fn site_key(kind: &str, parts: &[&[u8]], settings: &Settings) -> String {
    let mut hash = Sha256::new();
    for part in [settings.keys.context().as_bytes()].iter().chain(parts) {
        // The length keeps (`a`, `bc`) and (`ab`, `c`) apart.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut key = format!("samlgate.{kind}.");
    for byte in hash.finalize().iter().take(16) {
        key.push_str(&format!("{byte:02x}"));
    }
    key
}
