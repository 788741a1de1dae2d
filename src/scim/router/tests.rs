//! What the vectors cannot say: headers, pages, projections and answers.

use core::time::Duration;

use serde_json::{Value, json};

use super::{Discovery, Incoming, Page, Precondition, Request, parse};
use crate::base::{Code, UnixTime};
use crate::scim::message::{self, Media};
use crate::scim::{Error, Features, Limits, Meta, ResourceKind, ScimType, Stricter};

const BASE: &str = "https://gate.example/scim/v2";

fn get(path: &str, query: &str) -> Result<Request, Error> {
    parse(&Incoming { method: "GET", path, query, ..Incoming::default() }, &Limits::DEFAULT)
}

fn page(query: &str) -> Page {
    match get("/Users", query) {
        Ok(Request::List(query)) => query.page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pages_are_what_the_rfc_makes_of_them() {
    for (query, start, count) in [
        ("", 1, 200),
        ("startIndex=0", 1, 200),
        ("startIndex=-7", 1, 200),
        ("count=-1", 1, 0),
        ("count=0", 1, 0),
        ("startIndex=101&count=100", 101, 100),
        ("count=1000000", 1, 200),
        ("startIndex=9223372036854775807", 9_223_372_036_854_775_807, 200),
        ("startIndex=&count=", 1, 200),
        ("sortBy=userName&sortOrder=descending&aadOptscim062020", 1, 200),
    ] {
        assert_eq!(page(query), Page { start, count }, "{query}");
    }
    assert_eq!(page("startIndex=0").skip(), 0);
    for query in ["count=1e2", "startIndex=9223372036854775808", "count=0x10", "count=1%202"] {
        assert_eq!(
            get("/Users", query).map_err(|error| error.code()).err(),
            Some(Code::ScimValue),
            "{query}"
        );
    }
}

#[test]
fn slashes_too_many_and_escapes_lead_to_the_same_resource() {
    for path in ["/Users/a%2Db", "//Users//a-b/", "Users/a-b"] {
        match get(path, "") {
            Ok(Request::Read { kind: ResourceKind::User, id, .. }) => assert_eq!(id, "a-b"),
            other => panic!("{path}: {other:?}"),
        }
    }
    for path in ["/Users/%ff", "/Users/a/b", "/User/a", "/scim/v2/Users", "/Schemas/a/b"] {
        assert_eq!(get(path, "").map_err(|error| error.code()).err(), Some(Code::ScimNotFound), "{path}");
    }
    // An escaped slash is part of an id that does not exist, and leads nowhere else.
    match get("/Users/..%2FGroups", "") {
        Ok(Request::Read { kind: ResourceKind::User, id, .. }) => assert_eq!(id, "../Groups"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn conditions_compare_versions_and_refuse_what_they_do_not_understand() {
    let meta = Meta {
        id: String::from("1"),
        created: UnixTime::from_secs(0),
        last_modified: UnixTime::from_secs(0),
        version: String::from("7"),
    };
    let etag = meta.etag();
    assert_eq!(etag, "W/\"7\"");
    for header in [None, Some("*"), Some("W/\"7\""), Some("\"7\""), Some("\"6\", W/\"7\"")] {
        assert_eq!(Precondition::parse(header).check(&etag), Ok(()), "{header:?}");
    }
    for header in ["W/\"6\"", "7", "", "\"\"", "W/", "\"77\"", "w/\"7\""] {
        let found = Precondition::parse(Some(header)).check(&etag);
        assert_eq!(found.map_err(|error| error.code()), Err(Code::ScimVersion), "{header}");
    }
    let read = |header| {
        let incoming =
            Incoming { method: "GET", path: "/Users/1", if_none_match: header, ..Incoming::default() };
        match parse(&incoming, &Limits::DEFAULT) {
            Ok(Request::Read { condition, .. }) => condition.is_known(&etag),
            other => panic!("{other:?}"),
        }
    };
    assert!(read(Some("W/\"7\"")) && read(Some("*")));
    assert!(!read(None) && !read(Some("W/\"8\"")) && !read(Some("")));
}

#[test]
fn the_type_of_an_answer_is_the_one_that_was_asked_for() {
    for accept in [
        None,
        Some("*/*"),
        Some("application/scim+json"),
        Some("application/scim+json, application/json"),
        Some("application/json, application/scim+json;q=0.5"),
        Some("text/html, application/scim+json"),
        Some(""),
    ] {
        assert_eq!(Media::of(accept), Media::Scim, "{accept:?}");
    }
    for accept in
        ["application/json", "Application/JSON; charset=utf-8", "application/json, */*", "text/html"]
    {
        assert_eq!(Media::of(Some(accept)), Media::Json, "{accept}");
    }
}

fn header<'a>(reply: &'a crate::http::Reply, name: &str) -> Option<&'a str> {
    reply.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
}

#[test]
fn errors_say_what_clients_act_upon() {
    let error = Error::Uniqueness { attribute: "userName" };
    assert_eq!(error.code(), Code::ScimUniqueness);
    let reply = message::error(&error, Media::Json);
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!((reply.status, header(&reply, "content-type")), (409, Some("application/json")));
    assert_eq!(
        body,
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": "409",
            "scimType": "uniqueness",
            "detail": "`userName` is already in use (SG7010)",
        })
    );
    let refused = |status, retry_after| Error::Refused {
        status,
        scim_type: None,
        code: Code::SharedStoreUnavailable,
        retry_after,
    };
    let reply = message::error(&refused(503, Some(Duration::from_millis(200))), Media::Scim);
    assert_eq!((reply.status, header(&reply, "retry-after")), (503, Some("1")));
    let reply = message::error(&refused(401, None), Media::Scim);
    assert_eq!(header(&reply, "www-authenticate"), Some("Bearer"));
    assert_eq!(header(&reply, "cache-control"), Some("no-store"));
    assert_eq!(
        (Error::TooMany.code(), Error::TooMany.scim_type()),
        (Code::ScimTooMany, Some(ScimType::TooMany))
    );
    assert_eq!(Error::Version.code(), Code::ScimVersion);
}

#[test]
fn lists_count_in_numbers_and_show_resources_also_when_there_are_none() {
    let reply = message::list(3, Page { start: 4, count: 2 }, Vec::new(), Media::Scim);
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!(
        body,
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 3, "startIndex": 4, "itemsPerPage": 0, "Resources": [],
        })
    );
}

/// No `null` anywhere: Entra ID's discovery of schemas fails on one (scim-clients.md).
fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(holds_null),
        Value::Object(object) => object.values().any(holds_null),
        _ => false,
    }
}

#[test]
fn the_service_describes_itself() {
    let features = Features { bulk: None, max_page: 200, etag: true, stricter: Stricter::default() };
    let shown = |asked: &Discovery| {
        let reply = message::discovery(asked, features, BASE, Media::Scim)?;
        Ok::<Value, Error>(serde_json::from_slice(&reply.body).expect("JSON"))
    };
    let config = shown(&Discovery::ServiceProviderConfig).expect("a description");
    assert_eq!(config.pointer("/bulk/supported"), Some(&json!(false)));
    assert_eq!(config.pointer("/filter/maxResults"), Some(&json!(200)));
    let types = shown(&Discovery::ResourceTypes(None)).expect("a list");
    let schemas = shown(&Discovery::Schemas(None)).expect("a list");
    assert_eq!((&types["totalResults"], &schemas["totalResults"]), (&json!(2), &json!(3)));
    assert!(![&config, &types, &schemas].into_iter().any(holds_null));
    for schema in schemas["Resources"].as_array().expect("a list") {
        let urn = schema["id"].as_str().expect("a text").to_uppercase();
        assert_eq!(&shown(&Discovery::Schemas(Some(urn))).expect("one"), schema);
    }
    for missing in [
        Discovery::Schemas(Some(String::from("urn:ietf:params:scim:schemas:core:2.0:Device"))),
        Discovery::ResourceTypes(Some(String::from("user"))),
        Discovery::Schemas(Some(String::new())),
    ] {
        assert_eq!(shown(&missing).map_err(|error| error.code()), Err(Code::ScimNotFound), "{missing:?}");
    }
}

#[test]
fn a_request_prints_nothing_about_people() {
    let body =
        br#"{"Operations":[{"op":"replace","path":"emails[value eq \"ann@x\"].value","value":"bob@x"}]}"#;
    let patch = Incoming { method: "PATCH", path: "/Users/1", body, ..Incoming::default() };
    let post = Incoming { method: "POST", path: "/Users", body: br#"{"userName":"ann@x"}"#, ..patch };
    let list = Incoming { method: "GET", path: "/Users", query: "filter=userName+eq+%22ann@x%22", ..patch };
    for incoming in [patch, post, list] {
        let printed = format!("{:?}", parse(&incoming, &Limits::DEFAULT).expect("a request"));
        assert!(!printed.contains("ann@x") && !printed.contains("bob@x"), "{printed}");
    }
}
