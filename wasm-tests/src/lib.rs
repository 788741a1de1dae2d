//! Tests of what is compiled to wasm: see `wasm-tests/tests`. Here stands only what others share with them.

/// What `samlgate.wasm` may weigh, argued in `docs/decisions/0011-size-budget.md`. Envoy compiles it at every start, and
/// every worker holds its memory.
pub const BUDGET_BYTES: u64 = 5_850_000;
