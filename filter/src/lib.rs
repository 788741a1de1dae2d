//! The Envoy shell: it performs asks, feeds answers, and writes tells to the log and to Envoy's statistics.
//!
//! There is no `if` about SAML, policy or Jira in this crate; those live in the core.

mod background;
mod crypto;
mod driver;
mod errand;
mod host;
mod metrics;
mod outside;
mod root;
mod waiting;

use proxy_wasm::traits::RootContext;

mod entry {
    use super::{RootContext, root};

    // `_initialize` is the reactor entry point of wasm32-wasip1 (ABI 0.2.1).
    proxy_wasm::main! {{
        proxy_wasm::set_log_level(proxy_wasm::types::LogLevel::Trace);
        proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(root::Root::default()) });
    }}
}
