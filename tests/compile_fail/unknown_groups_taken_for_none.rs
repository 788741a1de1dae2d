//! Groups that are not known are no empty set: who reads them has to say what happens then.

use std::collections::BTreeSet;

use samlgate::identity::AssertedGroups;

fn forgets_the_unknown(groups: &AssertedGroups) -> &BTreeSet<String> {
    match groups {
        AssertedGroups::Known(groups) => groups,
    }
}

fn takes_them_for_none(groups: AssertedGroups) -> BTreeSet<String> {
    groups.unwrap_or_default()
}

fn main() {}
