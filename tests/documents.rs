//! The generated documents are those that the sources make: `cargo xtask schema` and `cargo xtask codes`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

use std::path::Path;

/// Compares a committed document with its text, or writes it when `SAMLGATE_WRITE_DOCUMENTS` is set.
fn committed(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("SAMLGATE_WRITE_DOCUMENTS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let have = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(have == text, "docs/{name} is out of date: run `cargo xtask schema` and `cargo xtask codes`");
}

#[test]
fn errors_are_current() {
    committed("errors.md", &samlgate::base::code::markdown());
}

#[cfg(feature = "schema")]
#[test]
fn schema_is_current() {
    committed("config.schema.json", &samlgate::config::schema::json());
}

#[cfg(feature = "schema")]
#[test]
fn reference_is_current() {
    committed("config.md", &samlgate::config::schema::markdown());
}
