//! One swap settles one claim.

use samlgate::effect::Answer;
use samlgate::session::replay::{PendingClaim, Settled};

fn twice(pending: PendingClaim) -> (Settled, Settled) {
    (pending.settle(&Answer::Swapped), pending.settle(&Answer::Swapped))
}

fn main() {}
