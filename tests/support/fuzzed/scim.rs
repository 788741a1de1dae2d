//! SCIM: any text is a filter, a path or a patch, or is refused with a reason; what a patch leaves is a resource again.

use samlgate::base::UnixTime;
use samlgate::scim::{Document, Error, Filter, Group, Limits, Lookup, Meta, Patch, ResourceKind, User, fold};
use serde_json::{Value, json};

const LIMITS: Limits = Limits::DEFAULT;

const ID: &str = "42";

fn document(value: &Value) -> Document {
    Document::parse(value.to_string().as_bytes()).expect("an object")
}

fn user() -> User {
    let user = json!({
        "userName": "ann@example.com", "externalId": "E-1", "title": "Clerk",
        "name": { "givenName": "Ann", "familyName": "Lee" },
        "emails": [
            { "value": "ann@example.com", "type": "work", "primary": true },
            { "value": "ann@home.example", "type": "home" },
        ],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Ops" },
    });
    User::from_post(&document(&user), &LIMITS).expect("a user")
}

fn group() -> Group {
    Group::from_post(&document(&json!({ "displayName": "Staff" })), &LIMITS).expect("a group").0
}

fn meta() -> Meta {
    Meta {
        id: String::from(ID),
        created: UnixTime::from_secs(1_767_225_600),
        last_modified: UnixTime::from_secs(1_767_312_000),
        version: String::from("7"),
    }
}

/// A reason is one line with the code of a request that is at fault.
fn explained(error: &Error) {
    let text = error.to_string();
    assert!(!text.is_empty() && !text.contains(['\n', '\r']), "{text:?}");
    assert!((400..500).contains(&error.status()), "{error:?}");
}

/// A filter answers, the same each time; what denies it answers the opposite; what is looked up for it, each match has.
pub fn filter(input: &[u8]) {
    let Ok(text) = core::str::from_utf8(input) else { return };
    let shown = [
        (ResourceKind::User, user().render(&meta(), &[], "https://x")),
        (ResourceKind::Group, group().render(&meta(), Some(&[]), "https://x")),
    ];
    for (kind, resource) in shown {
        let filter = match Filter::parse(kind, text, &LIMITS) {
            Ok(filter) => filter,
            Err(error) => {
                explained(&error);
                continue;
            }
        };
        let matches = filter.matches(&resource);
        assert_eq!(filter.matches(&resource), matches, "another answer the second time: {text}");
        if let Ok(denied) = Filter::parse(kind, &format!("not ({text})"), &LIMITS) {
            assert_eq!(denied.matches(&resource), !matches, "denied: {text}");
            assert_eq!(denied.lookup(), None, "denied: {text}");
        }
        let has = |pointer: &str, value: &str, exact: bool| {
            let have = resource.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            if exact { have == value } else { fold(have) == value }
        };
        let found = match filter.lookup() {
            None => true,
            Some(Lookup::Id(id)) => has("/id", id, true),
            Some(Lookup::ExternalId(id)) => has("/externalId", id, true),
            Some(Lookup::UserName(name)) => has("/userName", name, false),
            Some(Lookup::DisplayName(name)) => has("/displayName", name, false),
            Some(Lookup::Email(email)) => {
                has("/emails/0/value", email, false) || has("/emails/1/value", email, false)
            }
            Some(Lookup::Member(_)) => false,
        };
        assert!(found || !matches, "an index would not find what matches: {text}");
        assert!(filter.memberships().len() <= LIMITS.max_filter_terms, "{text}");
    }
}

/// A path is followed by every operation, or refused.
pub fn path(input: &[u8]) {
    let Ok(text) = core::str::from_utf8(input) else { return };
    for op in ["add", "replace", "remove"] {
        for value in [json!("x"), json!(true), json!({ "value": "x" }), json!([])] {
            let body = json!({ "Operations": [{ "op": op, "path": text, "value": value }] });
            applied(&document(&body));
        }
    }
    applied(&document(&json!({ "Operations": [{ "op": "replace", "value": { text: "x" } }] })));
}

/// A patch is applied or refused, and what it leaves is a resource again.
pub fn patch(input: &[u8]) {
    match Document::parse(input) {
        Ok(body) => applied(&body),
        Err(error) => explained(&error),
    }
}

fn applied(body: &Document) {
    match Patch::parse(ResourceKind::User, body, &LIMITS)
        .and_then(|patch| user().apply_patch(ID, &patch, &LIMITS))
    {
        Ok(left) => {
            assert!(!left.user_name().trim().is_empty(), "nobody without a name");
            let again = User::from_post(&document(&json!(left)), &LIMITS).expect("what is kept can be read");
            assert_eq!(json!(again), json!(left), "what is kept is read as it is");
        }
        Err(error) => explained(&error),
    }
    let patched = Patch::parse(ResourceKind::Group, body, &LIMITS)
        .and_then(|patch| group().apply_patch(ID, &patch, &LIMITS));
    match patched {
        Ok((left, change)) => {
            assert!(!left.display_name().trim().is_empty(), "no group without a name");
            assert!(change.added().is_disjoint(change.removed()), "nobody comes and goes");
            assert!(!change.replaces() || change.removed().is_empty(), "who is not named is out already");
        }
        Err(error) => explained(&error),
    }
}
