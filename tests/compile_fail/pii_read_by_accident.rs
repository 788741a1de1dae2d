//! A personal value does not turn into text by itself.

use samlgate::base::Pii;

fn logs(name: &Pii<String>) -> String {
    let _: &str = name;
    let _ = &name.0;
    name.len().to_string()
}

fn main() {}
