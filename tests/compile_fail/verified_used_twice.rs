//! `accept` takes what was verified away, so that it cannot be tried with other expectations.

use samlgate::saml::Verified;
use samlgate::saml::profiles::web_sso::{Expectations, accept};

fn tries_twice(verified: Verified, strict: &Expectations<'_>, lenient: &Expectations<'_>) {
    let _ = accept(verified, strict).or_else(|_| accept(verified, lenient));
}

fn main() {}
