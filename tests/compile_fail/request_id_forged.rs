//! A request identifier is one that we made: random, or parsed back in exactly that shape.

fn main() {
    let _ = samlgate::saml::protocol::RequestId(String::new());
}
