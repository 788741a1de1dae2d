//! The filter in a real Envoy, with the testbed's identity provider and Jira. Each file is about one thing and starts
//! the Envoys it needs; tests that can share one take turns. What happens to single requests is in `e2e_requests.rs`.
//!
//! A new case: take a turn of the nearest scene, or start one with [`testbed::SceneOptions::patch`].
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod answers;
mod encryption;
mod operation;
mod options;
mod provisioning;
mod saved_form;
mod session;
mod sign_in;
mod test_page;

use serde_json::json;
use testbed::browser::Page;
use testbed::client::Response;
use testbed::{SceneOptions, SharedScene, Turn};

/// The demo as it is shipped, but for the circuit: one test's fault is nothing to the next.
static DEMO: SharedScene =
    SharedScene::new(|| SceneOptions::new().patch(json!({ "provisioning": { "circuit_open_for": "0s" } })));

fn demo() -> Turn<'static> {
    DEMO.turn().unwrap()
}

/// Status and code of a refusal.
fn refusal(response: &Response) -> (u16, &str) {
    (response.status, response.header("x-samlgate-code").unwrap_or("no code"))
}

fn page_refusal(page: &Page) -> (u16, &str) {
    refusal(&page.response)
}
