//! Anybody can encrypt to us: what comes out of `decrypt` is opaque until a signature covers it.

use samlgate::xmlsec::Decrypted;

fn reads(decrypted: &Decrypted) -> &str {
    &decrypted.text
}

fn writes(decrypted: Decrypted) -> String {
    decrypted.to_string()
}

fn main() {
    let _ = Decrypted { text: String::new() };
}
