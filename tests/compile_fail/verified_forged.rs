//! What counts as verified was read from signed octets by `verify`.

fn forges(unverified: samlgate::saml::Unverified<samlgate::saml::Response<'_>>) -> samlgate::saml::Verified {
    let _ = samlgate::saml::Verified { response_signed: true };
    unverified.into()
}

fn main() {}
