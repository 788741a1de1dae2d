//! Decrypted is not verified, and not signed.

use samlgate::saml::profiles::web_sso::{Expectations, accept};
use samlgate::xmlsec::{Decrypted, SignedElement};

fn skips_the_signature(decrypted: Decrypted, expected: &Expectations<'_>) {
    let _ = accept(decrypted, expected);
}

fn calls_it_signed(decrypted: Decrypted) -> SignedElement {
    decrypted.into()
}

fn main() {}
