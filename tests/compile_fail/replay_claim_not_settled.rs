//! The claim must be settled by the store's answer before it proves anything.

use samlgate::session::replay::{PendingClaim, ReplayClaim};

fn hasty(pending: PendingClaim) -> ReplayClaim {
    pending.into()
}

fn main() {}
