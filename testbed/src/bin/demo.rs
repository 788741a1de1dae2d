//! The demo: `cargo xtask demo` runs it.

fn main() {}
