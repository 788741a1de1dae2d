//! The testbed's own addresses, below `/__testbed`.

use serde_json::{Value, json};

use super::{Answer, Api, Fault, Incoming, StandIn};

/// The answer to a request to `/__testbed/..`; `None` for any other.
pub(super) fn answer<A: Api>(incoming: &Incoming, stand_in: &StandIn<A>) -> Option<Answer> {
    let path = incoming.path.strip_prefix("/__testbed/")?;
    if path == "echo" || path.starts_with("echo/") {
        return Some(Answer::json(200, &echo(incoming)));
    }
    Some(match (incoming.method.as_str(), path) {
        ("GET", "calls") => Answer::json(200, &json!(stand_in.calls())),
        ("DELETE", "calls") => {
            stand_in.clear_calls();
            Answer::empty(204)
        }
        ("GET", "state") => Answer::json(200, &stand_in.state().to_json()),
        ("PUT", "state") => match stand_in.lock().api.replace(&incoming.body) {
            Ok(()) => Answer::empty(204),
            Err(error) => Answer::error(400, &error),
        },
        ("GET", "faults") => Answer::json(200, &json!(stand_in.faults())),
        ("POST", "faults") => match serde_json::from_slice::<Fault>(&incoming.body) {
            Ok(fault) => {
                stand_in.fault(fault);
                Answer::empty(204)
            }
            Err(error) => Answer::error(400, &error.to_string()),
        },
        ("DELETE", "faults") => {
            stand_in.clear_faults();
            Answer::empty(204)
        }
        ("POST", "reset") => {
            stand_in.reset();
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
