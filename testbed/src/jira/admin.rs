//! The testbed's own addresses, below `/__testbed`.

use serde_json::{Value, json};

use super::answer::Answer;
use super::{Fault, Incoming, JiraState, Seed};

/// The answer to a request to `/__testbed/..`; `None` for any other.
pub(super) fn answer(incoming: &Incoming, state: &JiraState) -> Option<Answer> {
    let path = incoming.path.strip_prefix("/__testbed/")?;
    if path == "echo" || path.starts_with("echo/") {
        return Some(Answer::json(200, &echo(incoming)));
    }
    Some(match (incoming.method.as_str(), path) {
        ("GET", "calls") => Answer::json(200, &json!(state.calls())),
        ("DELETE", "calls") => {
            state.clear_calls();
            Answer::empty(204)
        }
        ("GET", "state") => Answer::json(200, &state.store().to_json()),
        ("PUT", "state") => match serde_json::from_slice::<Seed>(&incoming.body) {
            Ok(seed) => {
                state.change(|store| store.replace(seed));
                Answer::empty(204)
            }
            Err(error) => Answer::error(400, &error.to_string()),
        },
        ("GET", "faults") => Answer::json(200, &json!(state.lock().faults)),
        ("POST", "faults") => match serde_json::from_slice::<Fault>(&incoming.body) {
            Ok(fault) => {
                state.fault(fault);
                Answer::empty(204)
            }
            Err(error) => Answer::error(400, &error.to_string()),
        },
        ("DELETE", "faults") => {
            state.clear_faults();
            Answer::empty(204)
        }
        ("POST", "reset") => {
            state.reset();
            Answer::empty(204)
        }
        (_, "calls" | "state" | "faults" | "reset") => Answer::error(405, "no such method"),
        _ => Answer::error(404, "no such address of the testbed"),
    })
}

fn echo(incoming: &Incoming) -> Value {
    json!({
        "method": incoming.method,
        "target": incoming.target,
        "path": incoming.path,
        "query": incoming.query,
        "headers": incoming.headers,
        "body": String::from_utf8_lossy(&incoming.body),
    })
}
