//! Our marker as Crowd keeps it: attributes of the user.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::base::{Pii, UnixTime};
use crate::provision::{Marker, RemoteMarker};

/// The attribute that says that somebody came by the portal, and as whom (requirement R11). Its presence counts, so it is
/// never taken away. A name without a prefix of ours, because administrators search by it.
pub const CUSTOMER_LOGIN: &str = "customerLogin";

const VERSION: &str = "samlgate.version";
const LAST_LOGIN: &str = "samlgate.lastLogin";
const UNFINISHED: &str = "samlgate.unfinished";
const PROOF: &str = "samlgate.proof";
const ORGANIZATIONS: &str = "samlgate.organizations";
const SERVICE_DESKS: &str = "samlgate.serviceDesks";

/// The version of the marker that we write.
const MARKER_VERSION: u64 = 1;

/// The longest value that fits into Crowd's column.
const MAX_VALUE: usize = 255;

/// The attributes to set. Those that are not named stay as they are.
pub(super) fn encode(marker: &Marker) -> Value {
    let mut attributes = Vec::new();
    let mut set = |name: &str, values: Vec<String>| {
        let values: Vec<String> =
            values.iter().map(|value| value.chars().take(MAX_VALUE).collect()).collect();
        attributes.push(json!({ "name": name, "values": values }));
    };
    set(VERSION, vec![MARKER_VERSION.to_string()]);
    if let Some(customer_login) = &marker.customer_login {
        set(CUSTOMER_LOGIN, vec![customer_login.expose().clone()]);
    }
    if let Some(last_login) = marker.last_login {
        set(LAST_LOGIN, vec![last_login.to_xs_date_time()]);
    }
    set(UNFINISHED, vec![marker.unfinished.to_string()]);
    if let Some(proof) = &marker.proof {
        set(PROOF, vec![proof.clone()]);
    }
    for (name, values) in [(ORGANIZATIONS, &marker.organizations), (SERVICE_DESKS, &marker.service_desks)] {
        if !values.is_empty() {
            set(name, values.iter().cloned().collect());
        }
    }
    json!({ "attributes": attributes })
}

/// What the attributes say; `None` when `answer` is no list of attributes. A marker of a later version is left alone.
pub(super) fn decode(answer: &Value) -> Option<RemoteMarker> {
    let attributes = answer.get("attributes")?.as_array()?;
    let values = |name: &str| {
        let found =
            attributes.iter().find(|attribute| attribute.get("name").and_then(Value::as_str) == Some(name));
        let values =
            found.and_then(|found| found.get("values")).and_then(Value::as_array).into_iter().flatten();
        values.filter_map(Value::as_str)
    };
    let first = |name: &str| values(name).next();
    let set = |name: &str| values(name).map(str::to_owned).collect::<BTreeSet<_>>();
    match first(VERSION).and_then(|version| version.parse::<u64>().ok()) {
        Some(MARKER_VERSION) => {}
        Some(later) if later > MARKER_VERSION => return Some(RemoteMarker::Foreign),
        Some(_) | None => return Some(RemoteMarker::Absent),
    }
    Some(RemoteMarker::Present(Marker {
        customer_login: first(CUSTOMER_LOGIN).map(|name| Pii::new(name.to_owned())),
        last_login: first(LAST_LOGIN).and_then(UnixTime::parse_xs_date_time),
        unfinished: first(UNFINISHED) == Some("true"),
        // An attribute that is not named stays, so an old proof stands beside a mark that is gone.
        proof: first(PROOF).filter(|_| first(UNFINISHED) == Some("true")).map(str::to_owned),
        moving: false,
        organizations: set(ORGANIZATIONS),
        service_desks: set(SERVICE_DESKS),
    }))
}
