//! A good signature does not say for whom, when and where: nothing is readable before `accept`.

fn skips_the_profile(verified: &samlgate::saml::Verified) {
    let _ = &verified.assertion;
    let _ = verified.attributes();
}

fn main() {}
