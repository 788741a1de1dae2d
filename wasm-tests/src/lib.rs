//! Nothing but tests: see `wasm-tests/tests`.
