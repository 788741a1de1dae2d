//! The set of schemes is closed: HMAC is not one of them, nor is whatever a message names.

use samlgate::effect::SignatureScheme;

fn main() {
    let _ = SignatureScheme::HmacSha256;
    let _: SignatureScheme = String::from("http://www.w3.org/2000/09/xmldsig#hmac-sha1").into();
}
