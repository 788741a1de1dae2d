//! The properties of `tests/support/fuzzed`, as the targets need them; stable tests run the same ones.

#[path = "../../tests/support/fuzzed/mod.rs"]
mod fuzzed;

pub use fuzzed::*;
