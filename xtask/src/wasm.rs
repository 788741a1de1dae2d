//! The filter as a file: compiled, then freed of everything that Envoy does not call.

use std::fs;
use std::path::{Path, PathBuf};

use walrus::Module;
use wasm_tests::BUDGET_BYTES;

use crate::run::{Failure, Outcome, cargo, repository, run};
use crate::tools;

/// The exports that Envoy is to find: what any module needs, and the callbacks that the filter implements. The SDK exports
/// a function for every callback of the ABI, and Envoy calls each that it finds, for every request.
const KEEP: &[&str] = &[
    "memory",
    "_initialize",
    "proxy_abi_version_0_2_1",
    "proxy_on_memory_allocate",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_configure",
    "proxy_on_tick",
    "proxy_on_request_headers",
    "proxy_on_request_body",
    "proxy_on_request_trailers",
    "proxy_on_response_headers",
    "proxy_on_http_call_response",
    "proxy_on_queue_ready",
];

/// Builds `target/samlgate.wasm`.
pub(crate) fn build() -> Outcome<PathBuf> {
    build_package("samlgate-filter", "samlgate", &[])
}

/// Builds `target/samlgate-provoked.wasm`, for tests: requests can crash it.
pub(crate) fn build_provoked() -> Outcome<PathBuf> {
    build_package("samlgate-filter", "samlgate-provoked", &["--features", "provoked_failure"])
}

/// Builds `target/noop.wasm`, which the bench measures ours against.
pub(crate) fn build_noop() -> Outcome<PathBuf> {
    build_package("noop-filter", "noop", &[])
}

fn build_package(package: &str, name: &str, options: &[&str]) -> Outcome<PathBuf> {
    tools::wasm_targets()?;
    let mut build = cargo(&["build", "--package", package, "--target", "wasm32-wasip1", "--release"]);
    run(build.args(options))?;
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| repository().join("target"), |folder| repository().join(folder));
    let compiled = target.join(format!("wasm32-wasip1/release/{}.wasm", package.replace('-', "_")));
    let finished = target.join(format!("{name}.wasm"));
    trim(&compiled, &finished)?;
    Ok(finished)
}

/// Drops the exports that are not in [`KEEP`], and with them what only they reach.
fn trim(from: &Path, to: &Path) -> Outcome {
    let mut module =
        Module::from_file(from).map_err(|error| Failure::new(format!("{}: {error}", from.display())))?;
    let dropped: Vec<_> = module
        .exports
        .iter()
        .filter(|export| !KEEP.contains(&export.name.as_str()))
        .map(walrus::Export::id)
        .collect();
    for export in dropped {
        module.exports.delete(export);
    }
    walrus::passes::gc::run(&mut module);
    let bytes = module.emit_wasm();
    // Replaced in one step: an Envoy that is starting must not read half a file.
    let fresh = to.with_extension("wasm.new");
    fs::write(&fresh, bytes)?;
    Ok(fs::rename(&fresh, to)?)
}

/// Prints the size and refuses what is over the budget.
pub(crate) fn size(path: &Path) -> Outcome {
    let bytes = fs::metadata(path)?.len();
    println!("{}: {bytes} bytes of {BUDGET_BYTES}", path.display());
    if bytes > BUDGET_BYTES {
        return Err(Failure::new(format!(
            "the filter is {} bytes over its budget; find out what came in",
            bytes - BUDGET_BYTES
        )));
    }
    Ok(())
}
