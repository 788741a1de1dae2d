//! The finished module: imports and exports against allow-lists, and a size budget.
//!
//! `cargo xtask test` builds the module first and names it in `SAMLGATE_WASM`.
#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;

use wasm_tests::BUDGET_BYTES;
use wasmparser::{Parser, Payload};

/// Host functions that the shell calls.
const CALLED: &[&str] = &[
    "env.proxy_add_header_map_value",
    "env.proxy_call_foreign_function",
    "env.proxy_continue_stream",
    "env.proxy_define_metric",
    "env.proxy_dequeue_shared_queue",
    "env.proxy_enqueue_shared_queue",
    "env.proxy_get_buffer_bytes",
    "env.proxy_get_current_time_nanoseconds",
    "env.proxy_get_header_map_pairs",
    "env.proxy_get_property",
    "env.proxy_get_shared_data",
    "env.proxy_http_call",
    "env.proxy_increment_metric",
    "env.proxy_log",
    "env.proxy_record_metric",
    "env.proxy_register_shared_queue",
    "env.proxy_remove_header_map_value",
    "env.proxy_replace_header_map_value",
    "env.proxy_resolve_shared_queue",
    "env.proxy_send_local_response",
    "env.proxy_set_effective_context",
    "env.proxy_set_property",
    "env.proxy_set_shared_data",
    "env.proxy_set_tick_period_milliseconds",
    // Randomness, the environment that vm_config lists, and what std needs to say that it panicked.
    "wasi_snapshot_preview1.environ_get",
    "wasi_snapshot_preview1.environ_sizes_get",
    "wasi_snapshot_preview1.fd_write",
    "wasi_snapshot_preview1.proc_exit",
    "wasi_snapshot_preview1.random_get",
];

/// Host functions that nothing of ours calls. The SDK's traits offer them as methods, so the tables of our trait objects
/// name them.
const OFFERED: &[&str] = &[
    // `parking_lot`, which the parser of expressions brings, would wait for another thread with these; there is none.
    "wasi_snapshot_preview1.clock_time_get",
    "wasi_snapshot_preview1.sched_yield",
    "env.proxy_close_stream",
    "env.proxy_done",
    "env.proxy_get_header_map_value",
    "env.proxy_get_status",
    "env.proxy_grpc_call",
    "env.proxy_grpc_cancel",
    "env.proxy_grpc_close",
    "env.proxy_grpc_send",
    "env.proxy_grpc_stream",
    "env.proxy_set_buffer_bytes",
    "env.proxy_set_header_map_pairs",
];

/// What Envoy finds. It calls every callback that is there, for each request, so there are those that the filter
/// implements and no others; `KEEP` in xtask/src/wasm.rs drops the rest.
const EXPORTS: &[&str] = &[
    "_initialize",
    "memory",
    "proxy_abi_version_0_2_1",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_http_call_response",
    "proxy_on_memory_allocate",
    "proxy_on_queue_ready",
    "proxy_on_request_body",
    "proxy_on_request_headers",
    "proxy_on_request_trailers",
    "proxy_on_response_headers",
    "proxy_on_tick",
];

fn module() -> Vec<u8> {
    let path = std::env::var("SAMLGATE_WASM").expect(
        "SAMLGATE_WASM names the finished module; `cargo xtask test` sets it after `cargo xtask build`",
    );
    fs::read(&path).unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

fn surface(bytes: &[u8]) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut imports, mut exports) = (BTreeSet::new(), BTreeSet::new());
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.unwrap() {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.unwrap();
                    imports.insert(format!("{}.{}", import.module, import.name));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    exports.insert(export.unwrap().name.to_owned());
                }
            }
            _ => {}
        }
    }
    (imports, exports)
}

#[test]
fn the_module_is_valid_and_small() {
    let bytes = module();
    wasmparser::Validator::new().validate_all(&bytes).unwrap();
    assert!(bytes.len() as u64 <= BUDGET_BYTES, "{} bytes, the budget is {BUDGET_BYTES}", bytes.len());
}

#[test]
fn nothing_is_imported_that_is_not_listed() {
    let (imports, _) = surface(&module());
    let allowed: BTreeSet<String> = CALLED.iter().chain(OFFERED).map(|name| (*name).to_owned()).collect();
    let foreign: Vec<_> = imports.difference(&allowed).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn exactly_the_listed_callbacks_are_exported() {
    let (_, exports) = surface(&module());
    let wanted: BTreeSet<String> = EXPORTS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(exports, wanted);
}

/// The build that tests crash says this when it is asked to.
#[test]
fn nobody_can_crash_it_by_asking() {
    let bytes = module();
    let words = b"a failure was provoked";
    assert!(!bytes.windows(words.len()).any(|window| window == words));
}
