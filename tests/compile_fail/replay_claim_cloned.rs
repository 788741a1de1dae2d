//! One claim is one use.

use samlgate::session::replay::ReplayClaim;

fn twice(claim: ReplayClaim) -> (ReplayClaim, ReplayClaim) {
    (claim.clone(), claim)
}

fn main() {}
