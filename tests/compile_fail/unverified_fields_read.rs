//! Before its signatures are checked a response gives hints and nothing else.

use samlgate::saml::{Response, Unverified};

fn reads(unverified: &Unverified<Response<'_>>) {
    let _ = &unverified.0;
    let _ = unverified.assertion();
    let _ = unverified.name_id();
}

fn main() {}
