//! There is no way through `Unverified` to what it holds.

use samlgate::saml::{Response, Unverified};

fn opens<'a>(unverified: Unverified<Response<'a>>) -> Response<'a> {
    let _: &Response<'_> = &*unverified;
    unverified.into_inner()
}

fn main() {}
