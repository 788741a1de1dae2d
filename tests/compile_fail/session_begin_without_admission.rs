//! Somebody whom the rules keep outside gets no session: what is forwarded comes from a decision that admits.

use std::collections::BTreeMap;

use samlgate::policy::Decision;
use samlgate::session::Forwarded;

fn forward(decision: &Decision) {
    let _ = Forwarded::new(decision, BTreeMap::new());
}

fn forge(decision: Decision) -> Forwarded {
    Forwarded { groups: decision.application_groups, attributes: BTreeMap::new() }
}

fn main() {}
