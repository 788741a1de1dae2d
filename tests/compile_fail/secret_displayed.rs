//! Nor has it one for people.

use samlgate::base::Secret;

fn display(secret: &Secret<String>) -> String {
    format!("{secret}")
}

fn main() {}
