//! The response inside `Unverified` is opaque even where somebody gets hold of one.

fn reads(response: &samlgate::saml::Response<'_>) {
    let _ = response.assertion;
    let _ = response.envelope;
}

fn main() {}
