//! Checks over the finished .wasm.
