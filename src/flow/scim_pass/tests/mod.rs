//! Requests of directories and answers of services, real ones and such as should not be.

mod application;
mod bringing;
mod people;

use core::cell::Cell;
use core::time::Duration;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::base::{EntropyFailure, EntropySource, UnixTime};
use crate::config;
use crate::flow::{Trust, settings};
use crate::scim::{Limits, router};
use crate::xmlsec::RustCrypto;

const BASE: &str = "https://gate.example/scim/v2";

/// 2026-01-01T00:00:00Z.
const NOW: UnixTime = UnixTime::from_secs(1_767_225_600);

struct Counter(Cell<u64>);

impl EntropySource for Counter {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        for byte in out {
            self.0.set(self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            *byte = (self.0.get() >> 33) as u8;
        }
        Ok(())
    }
}

/// A gateway as the configuration makes it.
struct House {
    settings: settings::Settings,
    trust: Trust,
    entropy: Counter,
    now: Cell<UnixTime>,
}

impl House {
    /// With `more` beside the way through.
    fn new(more: &Value) -> Self {
        let mut whole = json!({
            "sp": { "entity_id": "https://gate.example/saml/metadata", "base_uri": "https://gate.example" },
            "session": { "keys": [{ "inline_string": "C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=" }] },
            "policy": { "group_mapping": [
                { "idp_group": "Staff (IdP)", "groups": ["jira-users"] },
                { "idp_group": "Agents \"IdP\"", "groups": ["agents & more"] },
            ] },
            "scim_gateway": {
                "tokens": [{ "name": "okta", "token": { "inline_string": "0123456789abcdef0123456789abcdef" } }],
                "pass_through": {
                    "cluster": "scim", "authority": "api.atlassian.example",
                    "path_prefix": "/scim/directory/7",
                    "credentials": { "bearer": { "inline_string": "their-token" } },
                },
            },
        });
        merge(&mut whole, more);
        let loaded = config::load(whole.to_string().as_bytes(), &BTreeMap::new(), NOW);
        let (gateway, _) = loaded.unwrap_or_else(|faults| panic!("{faults:?}"));
        let trust = Trust::new(&gateway.flow);
        let entropy = Counter(Cell::new(1));
        Self { settings: gateway.flow, trust, entropy, now: Cell::new(NOW) }
    }

    fn plain() -> Self {
        Self::new(&json!({}))
    }

    fn env(&self) -> Env<'_> {
        Env {
            now: self.now.get(),
            uptime: Duration::ZERO,
            entropy: &self.entropy,
            crypto: &RustCrypto,
            settings: &self.settings,
            trust: &self.trust,
        }
    }

    fn with<T>(&self, act: impl FnOnce(Gate<'_>) -> T) -> T {
        let env = self.env();
        let settings = self.settings.scim_gateway.as_deref().and_then(|scim| scim.pass_through.as_ref());
        let settings = settings.expect("a way through");
        assert_eq!(settings.base_uri, BASE);
        act(Gate { settings, client: "okta", request_id: "r-1", env: &env })
    }

    fn start(&self, method: &str, target: &str, body: &Value) -> PassTurn {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.start_raw(method, target, &body).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same with a body that may be no request at all.
    fn start_raw(&self, method: &str, target: &str, body: &[u8]) -> Result<PassTurn, Error> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let incoming =
            Incoming { method, path, query, if_match: Some("W/\"3\""), body, ..Incoming::default() };
        let request = router::parse(&incoming, &Limits::DEFAULT)?;
        Ok(self.with(|gate| PassFlow::start(&request, &incoming, Media::Scim, gate)))
    }

    fn answer(&self, flow: PassFlow, id: AskId, answer: Answer) -> PassTurn {
        self.with(|gate| flow.answer(id, answer, gate))
    }
}

fn merge(into: &mut Value, more: &Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (name, value) in more {
                merge(into.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more.clone(),
    }
}

fn start(method: &str, target: &str, body: &Value) -> PassTurn {
    House::plain().start(method, target, body)
}

/// The answer to the one call of a request.
fn then(flow: PassFlow, answer: Answer) -> PassTurn {
    House::plain().answer(flow, CALL, answer)
}

fn waits(turn: PassTurn) -> (PassFlow, HttpCall) {
    match turn {
        PassTurn::Wait { inner, mut asks, .. } => match asks.pop() {
            Some((CALL, Ask::HttpCall(call))) if asks.is_empty() => (inner, call),
            other => panic!("{other:?}"),
        },
        PassTurn::End { reply, .. } => panic!("{} {}", reply.status, String::from_utf8_lossy(&reply.body)),
    }
}

fn ends(turn: PassTurn) -> (Reply, Option<Rejection>) {
    match turn {
        PassTurn::End { reply, fault, .. } => (reply, fault.and_then(|(_, rejection)| rejection)),
        PassTurn::Wait { asks, .. } => panic!("{asks:?}"),
    }
}

fn code(turn: PassTurn) -> (u16, String) {
    let (reply, _) = ends(turn);
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    let detail = body["detail"].as_str().unwrap_or_default().to_owned();
    let code = detail.rsplit_once('(').map(|(_, code)| code.trim_end_matches(')').to_owned());
    (reply.status, code.unwrap_or_default())
}

fn response(status: u16, headers: &[(&str, &str)], body: &Value) -> Answer {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    Answer::HttpResponse(HttpResponse { status, headers, body })
}

fn group(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g", "displayName": name,
        "meta": { "resourceType": "Group", "location": "https://api.atlassian.example/scim/directory/7/Groups/g" },
    })
}

#[test]
fn people_pass_as_they_are_and_with_our_credentials() {
    let body = json!({ "userName": "ann", "unknown": [1] });
    let (flow, call) = waits(start("POST", "/Users?attributes=userName&evil=1", &body));
    assert_eq!((call.method, call.path.as_str()), ("POST", "/scim/directory/7/Users?attributes=userName"));
    assert_eq!(call.body, body.to_string().into_bytes());
    let header =
        |name: &str| call.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str());
    assert_eq!(header("authorization"), Some("Bearer their-token"));
    assert_eq!((header("if-match"), header("cookie")), (Some("W/\"3\""), None));
    let location = "https://api.atlassian.example/scim/directory/7/Users/u";
    let user =
        json!({ "id": "u", "userName": "ann", "meta": { "resourceType": "User", "location": location } });
    let answer = response(201, &[("location", location), ("etag", "W/\"4\""), ("set-cookie", "x=y")], &user);
    let (reply, rejection) = ends(then(flow, answer));
    assert_eq!((reply.status, rejection), (201, None));
    let header =
        |name: &str| reply.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str());
    assert_eq!(header("location"), Some("https://gate.example/scim/v2/Users/u"));
    assert_eq!((header("etag"), header("set-cookie")), (Some("W/\"4\""), None));
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!(body.pointer("/meta/location"), Some(&json!("https://gate.example/scim/v2/Users/u")));
}

#[test]
fn a_group_is_made_and_found_under_the_name_of_its_row() {
    let (flow, call) = waits(start("POST", "/Groups", &json!({ "displayName": "STAFF (IdP)" })));
    assert_eq!(call.body, br#"{"displayName":"jira-users"}"#);
    let (reply, _) = ends(then(flow, response(201, &[], &group("jira-users"))));
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!((reply.status, &body["displayName"]), (201, &json!("Staff (IdP)")));
    let target =
        "/Groups?filter=displayName%20eq%20%22agents%20%5C%22idp%5C%22%22&excludedAttributes=members";
    let (_, call) = waits(start("GET", target, &Value::Null));
    let path = "/scim/directory/7/Groups?filter=displayName%20eq%20%22agents%20%26%20more%22&excludedAttributes=members";
    assert_eq!(call.path, path);
}

#[test]
fn a_group_without_a_row_is_not_there_and_is_not_made() {
    for name in ["jira-administrators", "jira-users", "nobody"] {
        assert_eq!(
            code(start("POST", "/Groups", &json!({ "displayName": name }))),
            (403, String::from("SG7020"))
        );
        let target = format!("/Groups?filter=displayName+eq+%22{name}%22&startIndex=3");
        let (reply, _) = ends(start("GET", &target, &Value::Null));
        let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
        assert_eq!((reply.status, &body["totalResults"]), (200, &json!(0)));
    }
}

#[test]
fn a_group_that_is_addressed_by_its_id_is_looked_at_first() {
    let rename = json!({ "Operations": [{ "op": "replace", "value": { "displayName": "Agents \"IdP\"" } }] });
    let add = json!({ "Operations": [{ "op": "add", "path": "members", "value": [{ "value": "u" }] }] });
    let put = json!({ "displayName": "Staff (IdP)", "members": [] });
    for (method, body) in [("PATCH", &rename), ("PATCH", &add), ("PUT", &put), ("DELETE", &Value::Null)] {
        let (flow, look) = waits(start(method, "/Groups/g", body));
        assert_eq!(
            (look.method, look.path.as_str()),
            ("GET", "/scim/directory/7/Groups/g?excludedAttributes=members")
        );
        let (flow, call) = waits(then(flow, response(200, &[], &group("jira-users"))));
        assert_eq!((call.method, call.path.as_str()), (method, "/scim/directory/7/Groups/g"));
        let (reply, _) = ends(then(flow, response(204, &[("etag", "W/\"5\"")], &Value::Null)));
        assert_eq!(reply.status, 204);
        // A group that the application's administrators made, or one whose name nobody can read.
        for hidden in
            [group("jira-administrators"), group(""), json!({}), json!([]), json!({ "displayName": 7 })]
        {
            let (flow, _) = waits(start(method, "/Groups/g", body));
            let turn = then(flow, response(200, &[], &hidden));
            assert_eq!(code(turn), (403, String::from("SG7020")), "{method} {hidden}");
        }
        let (flow, _) = waits(start(method, "/Groups/g", body));
        assert_eq!(code(then(flow, response(404, &[], &Value::Null))), (404, String::from("SG7009")));
    }
}

#[test]
fn a_group_is_read_only_when_a_row_leads_to_it() {
    for target in ["/Groups/g", "/Groups/g?excludedAttributes=members"] {
        let (flow, _) = waits(start("GET", target, &Value::Null));
        let (reply, _) = ends(then(flow, response(200, &[], &group("jira-users"))));
        assert_eq!(reply.status, 200);
        for hidden in
            [group("jira-administrators"), json!({ "id": "g", "meta": { "resourceType": "Group" } })]
        {
            let (flow, _) = waits(start("GET", target, &Value::Null));
            let turn = then(flow, response(200, &[], &hidden));
            assert_eq!(code(turn), (403, String::from("SG7020")));
        }
    }
    // Where the name is not asked for, it is looked at first.
    let (flow, look) = waits(start("GET", "/Groups/g?attributes=members", &Value::Null));
    assert_eq!(look.path, "/scim/directory/7/Groups/g?excludedAttributes=members");
    let (flow, _) = waits(then(flow, response(200, &[], &group("jira-users"))));
    let members =
        json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g", "members": [] });
    assert_eq!(ends(then(flow, response(200, &[], &members))).0.status, 200);
}

#[test]
fn an_id_leads_nowhere_else() {
    for (target, path) in [
        ("/Users/..%2FGroups%2Fg", "/scim/directory/7/Users/..%2FGroups%2Fg"),
        ("/Users/%2e%2e", "/scim/directory/7/Users/..%EF%BF%BD"),
        ("/Users/a%3Fb%23c", "/scim/directory/7/Users/a%3Fb%23c"),
        ("/Schemas/urn%3Aietf%3Ax", "/scim/directory/7/Schemas/urn%3Aietf%3Ax"),
    ] {
        let (_, call) = waits(start("GET", target, &Value::Null));
        assert_eq!(call.path, path);
    }
}

#[test]
fn what_cannot_be_looked_at_does_not_pass() {
    let bulk = json!({ "Operations": [{ "method": "DELETE", "path": "/Groups/g" }] });
    assert_eq!(code(start("POST", "/Bulk", &bulk)), (501, String::from("SG7014")));
    let search = json!({ "filter": "displayName pr" });
    assert_eq!(code(start("POST", "/Groups/.search", &search)), (501, String::from("SG7014")));
    for filter in [
        "displayName%20pr",
        "displayName%20sw%20%22a%22",
        "not%20(displayName%20eq%20%22a%22)",
        "id%20pr%20or%20displayName%20eq%20%22a%22",
    ] {
        let found = code(start("GET", &format!("/Groups?filter={filter}"), &Value::Null));
        assert_eq!(found, (400, String::from("SG7003")), "{filter}");
    }
}

/// Whoever does not ask for names sees the groups that the rules lead to all the same, and those only.
#[test]
fn names_that_were_not_asked_for_are_looked_at_and_not_shown() {
    for (query, asked) in [
        ("attributes=members", "attributes=members%2CdisplayName"),
        ("excludedAttributes=DISPLAYNAME%2Cmembers", "excludedAttributes=members"),
        ("excludedAttributes=displayName", ""),
    ] {
        let (flow, call) = waits(start("GET", &format!("/Groups?{query}"), &Value::Null));
        let sent = call.path.split_once('?').map_or("", |(_, query)| query);
        assert_eq!(sent, asked, "{query}");
        let (ours, theirs) = (group("JIRA-users"), group("jira-administrators"));
        let nameless = json!({ "id": "h", "members": [] });
        let other_case = json!({ "id": "i", "displayname": "jira-users" });
        let list = json!({ "totalResults": 4, "Resources": [theirs, ours, nameless, other_case] });
        let (reply, _) = ends(then(flow, response(200, &[], &list)));
        let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
        let shown = body["Resources"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(shown.len(), 1, "{body}");
        assert_eq!((&shown[0]["id"], shown[0].get("displayName")), (&ours["id"], None));
    }
}

#[test]
fn a_list_shows_our_groups_only_and_discovery_no_bulk() {
    let (flow, _) = waits(start("GET", "/Groups?count=100", &Value::Null));
    let list = json!({ "totalResults": 2, "itemsPerPage": 2, "Resources": [group("jira-administrators"), group("JIRA-users")] });
    let (reply, _) = ends(then(flow, response(200, &[], &list)));
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!(body["Resources"].as_array().map(Vec::len), Some(1));
    assert_eq!(body.pointer("/Resources/0/displayName"), Some(&json!("Staff (IdP)")));
    let (flow, _) = waits(start("GET", "/ServiceProviderConfig", &Value::Null));
    let config = json!({ "bulk": { "supported": true, "maxOperations": 9 }, "patch": { "supported": true } });
    let (reply, _) = ends(then(flow, response(200, &[], &config)));
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!((&body["bulk"]["supported"], &body["patch"]["supported"]), (&json!(false), &json!(true)));
}

/// Never an empty list and never a 404 while nobody knows: a directory would make people twice, or forget them.
#[test]
fn a_service_that_is_away_is_asked_again_later() {
    let find = || waits(start("GET", "/Users?filter=userName%20eq%20%22a%22", &Value::Null)).0;
    let after = |reply: &Reply| {
        reply.headers.iter().find(|(name, _)| name == "retry-after").map(|(_, value)| value.clone())
    };
    for (answer, code, wait) in [
        (Answer::HttpFailed(CallFailure::NoAnswer), Code::ScimServiceUnavailable, "30"),
        (Answer::HttpFailed(CallFailure::NotSent), Code::ScimServiceUnavailable, "30"),
        (response(503, &[("retry-after", "7")], &Value::Null), Code::ScimServiceUnavailable, "7"),
        (response(500, &[("retry-after", "soon")], &Value::Null), Code::ScimServiceUnavailable, "30"),
        (
            response(502, &[("retry-after", "99999999999")], &Value::Null),
            Code::ScimServiceUnavailable,
            "86400",
        ),
        (response(401, &[], &Value::Null), Code::ScimServiceRefused, "30"),
        (response(403, &[], &json!({ "error": "x" })), Code::ScimServiceRefused, "30"),
        (response(200, &[], &Value::Null), Code::ScimServiceMalformed, "30"),
        (response(200, &[], &json!(["x"])), Code::ScimServiceMalformed, "30"),
        (
            response(302, &[("location", "https://evil.example")], &Value::Null),
            Code::ScimServiceMalformed,
            "30",
        ),
        (Answer::Swapped, Code::HostCallFailed, "30"),
    ] {
        let shown = format!("{answer:?}");
        let (reply, rejection) = ends(then(find(), answer));
        assert_eq!((reply.status, rejection.map(|found| found.code)), (503, Some(code)), "{shown}");
        assert_eq!(after(&reply).as_deref(), Some(wait), "{shown}");
    }
    let (reply, _) = ends(then(find(), response(429, &[("retry-after", "7")], &Value::Null)));
    assert_eq!((reply.status, after(&reply).as_deref()), (429, Some("7")));
}

#[test]
fn a_reason_of_the_service_is_handed_on() {
    let own = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "409", "scimType": "uniqueness", "detail": "taken" });
    let (flow, _) = waits(start("POST", "/Users", &json!({ "userName": "a" })));
    let (reply, _) = ends(then(flow, response(409, &[], &own)));
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!((reply.status, body), (409, own));
    for (status, code_of) in [(409, "SG7010"), (412, "SG7011"), (413, "SG7007"), (400, "SG7023")] {
        let (flow, _) = waits(start("POST", "/Users", &json!({ "userName": "a" })));
        let turn = then(flow, response(status, &[], &json!({ "error": "x" })));
        assert_eq!(code(turn), (status, code_of.to_owned()));
    }
}
