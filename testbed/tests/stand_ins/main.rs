//! The stand-ins of Crowd, Confluence and Bitbucket answer as the documentation of the real ones says, awkward codes
//! above all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod bitbucket;
mod confluence;
mod crowd;
mod leaving;

use serde_json::Value;
use testbed::stand_in::{Answer, Api, Incoming};

/// What a server sends with every call.
fn request(method: &str, target: &str, authorization: &str) -> Incoming {
    Incoming::new(method, target)
        .with("accept", "application/json")
        .with("x-atlassian-token", "no-check")
        .with("user-agent", "test")
        .with("authorization", authorization)
}

fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// Asserts the status of every call of `table` in order; a body that is no object is left out.
fn check<A: Api>(api: &mut A, authorization: &str, table: &[(&str, &str, Value, u16)]) {
    for (method, target, body, status) in table {
        let mut call = request(method, target, authorization);
        if body.is_object() {
            call = call.with_json(body);
        }
        let answer = api.answer(&call);
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, *status, "{method} {target} {body}: {text}");
    }
}
