//! A secret has no text.

use samlgate::base::Secret;

fn print(secret: &Secret<Vec<u8>>) -> String {
    format!("{secret:?}")
}

fn main() {}
