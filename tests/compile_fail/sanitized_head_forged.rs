//! A sanitized head is a head that was sanitized.

fn main() {
    let _ = samlgate::http::SanitizedHead { pairs: Vec::new(), removed: Vec::new(), connection: None };
}
