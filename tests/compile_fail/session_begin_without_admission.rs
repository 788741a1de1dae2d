//! Somebody whom the rules keep outside gets no session: what is forwarded comes from a decision that admits.

use std::collections::BTreeMap;

use samlgate::policy::{Admitted, Decision};
use samlgate::session::Forwarded;

fn forward(decision: &Decision, owned: Decision) {
    let _ = Forwarded::new(decision, BTreeMap::new());
    let _ = Forwarded::new(&Admitted(owned), BTreeMap::new());
    let _ = Forwarded { groups: decision.application_groups.clone(), attributes: BTreeMap::new() };
}

fn main() {}
