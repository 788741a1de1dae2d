//! What the worst documents cost: families of hostile shapes, a search for worse ones, and growth with the groups.
//!
//! `cargo bench --bench documents [-- families [WORDS] | growth | search SECONDS]` prints lines of tab-separated cells; it also
//! runs in wasm. `cargo xtask budgets` runs it in both and writes `docs/budgets.md`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a bench prints and fails by panicking"
)]

mod families;
mod growth;
mod message;
mod search;
mod shape;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with("--"));
    match words.next().as_deref() {
        None | Some("families") => families::run(&words.next().unwrap_or_default()),
        Some("growth") => growth::run(),
        Some("search") => search::run(words.next().map_or(60, |seconds| seconds.parse().unwrap())),
        Some(other) => panic!("`{other}` is none of families, growth, search"),
    }
}

/// Milliseconds that `work` takes: processor time, averaged over as many runs as `enough` holds.
fn milliseconds<R>(enough: Duration, mut work: impl FnMut() -> R) -> f64 {
    std::hint::black_box(work());
    let begun = processor_time();
    for runs in 1_u32.. {
        std::hint::black_box(work());
        let taken = processor_time().saturating_sub(begun);
        if taken > enough || runs == 100_000 {
            return taken.as_secs_f64() * 1e3 / f64::from(runs);
        }
    }
    0.0
}

/// Time that this thread has run, where the system says so; what others do on the machine does not count. It comes in
/// steps of a few milliseconds.
fn processor_time() -> Duration {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    let statistics = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    match statistics.split(' ').next().and_then(|run| run.parse().ok()) {
        Some(nanoseconds) => Duration::from_nanos(nanoseconds),
        None => BEGUN.get_or_init(Instant::now).elapsed(),
    }
}
