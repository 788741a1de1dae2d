//! Our marker as Jira keeps it: an entity property of the user.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::base::{Pii, UnixTime};
use crate::provision::{Marker, RemoteMarker};

/// The key of the user property that holds our marker.
///
/// An entity property of the user, limited to 32,768 bytes by Jira, visible by REST only. Its value is
/// `{"v":1,"customerLogin":"..","lastLogin":"2026-01-02T03:04:05Z","unfinished":true,"organizations":[".."],
/// "serviceDesks":[".."]}`; the fields after `v` are optional.
pub const MARKER_KEY: &str = "samlgate";

/// The version of the marker's JSON that we write.
const MARKER_VERSION: u64 = 1;

/// The property's value.
pub(in crate::targets) fn encode(marker: &Marker) -> Value {
    let mut value = Map::new();
    value.insert(String::from("v"), json!(MARKER_VERSION));
    if let Some(customer_login) = &marker.customer_login {
        value.insert(String::from("customerLogin"), json!(customer_login.expose()));
    }
    if let Some(last_login) = marker.last_login {
        value.insert(String::from("lastLogin"), json!(last_login.to_xs_date_time()));
    }
    if marker.unfinished {
        value.insert(String::from("unfinished"), json!(true));
    }
    if let Some(proof) = &marker.proof {
        value.insert(String::from("proof"), json!(proof));
    }
    if marker.moving {
        value.insert(String::from("moving"), json!(true));
    }
    for (name, set) in [("organizations", &marker.organizations), ("serviceDesks", &marker.service_desks)] {
        if !set.is_empty() {
            value.insert(name.to_owned(), json!(set));
        }
    }
    Value::Object(value)
}

/// What the property's value says. A value that is not a marker counts as none and is replaced at the next write; one of
/// a later version is left alone.
pub(in crate::targets) fn decode(value: &Value) -> RemoteMarker {
    match value.get("v").and_then(Value::as_u64) {
        Some(MARKER_VERSION) => {}
        Some(later) if later > MARKER_VERSION => return RemoteMarker::Foreign,
        Some(_) | None => return RemoteMarker::Absent,
    }
    let text = |name| value.get(name).and_then(Value::as_str);
    let set = |name| -> BTreeSet<String> {
        let items = value.get(name).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    RemoteMarker::Present(Marker {
        customer_login: text("customerLogin").map(|name| Pii::new(name.to_owned())),
        last_login: text("lastLogin").and_then(UnixTime::parse_xs_date_time),
        unfinished: value.get("unfinished").and_then(Value::as_bool).unwrap_or(false),
        proof: text("proof").map(str::to_owned),
        moving: value.get("moving").and_then(Value::as_bool).unwrap_or(false),
        organizations: set("organizations"),
        service_desks: set("serviceDesks"),
    })
}
