//! The stand-in for Atlassian's SCIM directories does what the vendor documents, awkward parts included.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use serde_json::{Value, json};
use testbed::atlassian_scim::{AtlassianScim, Conflict, KEY, Profile, READING_KEY};
use testbed::stand_in::{Answer, Api, Incoming};

struct Client(AtlassianScim);

impl Client {
    fn new(profile: Profile) -> Self {
        Self(AtlassianScim::new(profile))
    }

    fn raw(&mut self, request: Incoming) -> Answer {
        self.0.answer(&request.with("user-agent", "test"))
    }

    fn call(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let mut request = Incoming::new(method, &format!("/scim/directory/4f2d/{path}"))
            .with("authorization", &format!("Bearer {KEY}"));
        if !body.is_null() {
            request = request.with_json(&body);
        }
        let answer = self.raw(request);
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    fn user(&mut self, email: &str) -> String {
        let (status, made) = self.call("POST", "Users", user(email));
        assert_eq!(status, 201, "{made}");
        made["id"].as_str().unwrap().to_owned()
    }

    fn group(&mut self, name: &str) -> String {
        let (status, made) = self.call("POST", "Groups", json!({ "displayName": name }));
        assert_eq!(status, 201, "{made}");
        made["id"].as_str().unwrap().to_owned()
    }

    fn patch(&mut self, path: &str, operations: Value) -> (u16, Value) {
        self.call("PATCH", path, json!({ "Operations": operations }))
    }

    fn join(&mut self, group: &str, user: &str) {
        let add = json!([{ "op": "add", "path": "members", "value": [{ "value": user }] }]);
        assert_eq!(self.patch(&format!("Groups/{group}"), add).0, 200);
    }
}

fn user(email: &str) -> Value {
    json!({ "userName": email, "displayName": "A", "active": true,
        "emails": [{ "value": email, "type": "work", "primary": true }] })
}

#[test]
fn nobody_without_a_key_and_no_browser_gets_in() {
    let mut client = Client::new(Profile::ManagedUsers);
    let path = "/scim/directory/4f2d/Users";
    let key = |key: &str| format!("Bearer {key}");
    for (what, request, status) in [
        ("no key", Incoming::new("GET", path), 401),
        ("wrong key", Incoming::new("GET", path).with("authorization", &key("x")), 401),
        ("basic", Incoming::new("GET", path).with("authorization", "Basic eDp5"), 401),
        ("cookie", Incoming::new("GET", path).with("authorization", &key(KEY)).with("cookie", "a=b"), 403),
        ("browser", Incoming::new("GET", path).with("authorization", &key(KEY)).with("origin", "x"), 403),
        (
            "write with a reading key",
            Incoming::new("POST", path).with("authorization", &key(READING_KEY)).with_json(&user("a@b.test")),
            403,
        ),
    ] {
        let answer = client.raw(request);
        assert_eq!(answer.status, status, "{what}");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(body["traceId"].is_string() && body.get("schemas").is_none(), "{what}: {body}");
    }
    let reading = Incoming::new("GET", path).with("authorization", &key(READING_KEY));
    assert_eq!(client.raw(reading).status, 200);
    let elsewhere = Incoming::new("GET", "/scim/directory/other/Users").with("authorization", &key(KEY));
    assert_eq!(client.raw(elsewhere).status, 404);
}

#[test]
fn users_that_are_not_in_order_are_refused_and_change_nothing() {
    let mut client = Client::new(Profile::ManagedUsers);
    let ada = client.user("ada@b.test");
    let mut text = user("x@b.test");
    text["active"] = json!("true");
    let mut two = user("x@b.test");
    two["emails"] =
        json!([{ "value": "x@b.test", "primary": true }, { "value": "y@b.test", "primary": true }]);
    let mut none = user("x@b.test");
    none["emails"] = json!([{ "value": "x@b.test" }]);
    let mut same_email = user("ADA@b.test");
    same_email["userName"] = json!("other");
    for (what, body, status) in [
        ("no object", json!([]), 400),
        ("no user name", json!({ "emails": [{ "value": "x@b.test", "primary": true }] }), 400),
        ("active is text", text, 400),
        ("two primary addresses", two, 400),
        ("no primary address", none, 400),
        ("same user name, other case", user("ADA@B.TEST"), 409),
        ("same address", same_email, 409),
    ] {
        assert_eq!(client.call("POST", "Users", body).0, status, "{what}");
    }
    for operations in [
        json!([{ "op": "replace", "path": "id", "value": "1" }]),
        json!([{ "op": "replace", "path": "displayName", "value": "B" }, { "op": "move" }]),
        json!([{ "op": "remove" }]),
        json!([{ "op": "replace", "path": "active", "value": "False" }]),
        json!([{ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "x@b.test" }]),
        json!([]),
    ] {
        assert_eq!(client.patch(&format!("Users/{ada}"), operations.clone()).0, 400, "{operations}");
    }
    assert_eq!(client.0.users().count(), 1);
    assert_eq!(client.0.user("ada@b.test").unwrap().display_name(), "A");
}

#[test]
fn put_clears_what_it_does_not_name() {
    let mut client = Client::new(Profile::ManagedUsers);
    let mut body = user("ada@b.test");
    body["title"] = json!("Engineer");
    let (_, made) = client.call("POST", "Users", body);
    let path = format!("Users/{}", made["id"].as_str().unwrap());
    let (status, replaced) = client.call("PUT", &path, user("ada@b.test"));
    assert_eq!((status, replaced.get("title")), (200, None));
    client.0.default_active = false;
    let mut silent = user("ada@b.test");
    silent.as_object_mut().unwrap().remove("active");
    assert_eq!(client.call("PUT", &path, silent).1["active"], json!(false));
}

#[test]
fn filters_are_one_eq() {
    let mut client = Client::new(Profile::ManagedUsers);
    let ada = client.user("ada@b.test");
    client.group("staff");
    for (query, found) in [
        ("Users?filter=userName%20eq%20%22ADA%40b.test%22", Some(1)),
        ("Users?filter=userName%20eq%20%22eve%22", Some(0)),
        ("Users?filter=emails.value%20eq%20%22ada%40b.test%22", None),
        ("Users?filter=userName%20eq%20%22a%22%20and%20active%20eq%20true", None),
        ("Groups?filter=displayName%20eq%20%22STAFF%22", Some(1)),
        ("Groups?filter=members.value%20eq%20%22user-0001%22", None),
        ("Users?startIndex=2", Some(1)),
    ] {
        let (status, list) = client.call("GET", query, Value::Null);
        assert_eq!(status, if found.is_some() { 200 } else { 400 }, "{query}");
        assert_eq!(list["totalResults"].as_u64(), found, "{query}");
    }
    assert_eq!(client.call("DELETE", &format!("Users/{ada}"), Value::Null).0, 204);
    assert_eq!(client.call("GET", &format!("Users/{ada}"), Value::Null).0, 404);
    assert_ne!(client.user("ada@b.test"), ada, "an id is never used again");
}

#[test]
fn the_directories_differ_in_names_and_addresses() {
    for profile in [Profile::ManagedUsers, Profile::JsmCustomers] {
        let mut client = Client::new(profile);
        let ada = client.user("ada@b.test");
        let group = client.group("Acme");
        client.0.site.add_organization("Local", &[]);
        let email =
            json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "new@b.test" }]);
        let renamed = |name: &str| json!([{ "op": "replace", "path": "displayName", "value": name }]);
        let managed = profile == Profile::ManagedUsers;
        let status = client.patch(&format!("Users/{ada}"), email).0;
        assert_eq!(status, if managed { 200 } else { 400 });
        let onto_local = client.patch(&format!("Groups/{group}"), renamed("local")).0;
        assert_eq!(onto_local, if managed { 400 } else { 409 });
        let free = client.patch(&format!("Groups/{group}"), renamed("Acme Ltd")).0;
        assert_eq!(free, if managed { 400 } else { 200 });
        assert_eq!(client.0.site.organization("Acme Ltd").is_some(), !managed);
    }
}

#[test]
fn a_known_customer_is_linked_and_others_stay() {
    let mut client = Client::new(Profile::JsmCustomers);
    client.0.site.add_customer("Ada@B.test");
    client.0.site.add_customer("eve@b.test");
    let (_, made) = client.call("POST", "Users", user("ada@b.test"));
    assert_ne!(made["meta"]["created"], made["meta"]["lastModified"], "it was there before");
    assert_eq!(client.0.site.people.len(), 2);
    assert!(client.0.site.person("ada@b.test").unwrap().synced);
    assert!(!client.0.site.person("eve@b.test").unwrap().synced);
    let mut french = user("fr@b.test");
    french["locale"] = json!("fr-CA");
    assert_eq!(client.call("POST", "Users", french).1["locale"], "fr-CA", "shown as it was sent");
    assert_eq!(client.0.site.person("fr@b.test").unwrap().locale, "fr_FR", "and mapped");
}

#[test]
fn organizations_follow_groups_and_outlive_deactivation() {
    let mut client = Client::new(Profile::JsmCustomers);
    let ada = client.user("ada@b.test");
    let group = client.group("Acme");
    client.0.site.attach("Acme", "HELP");
    client.join(&group, &ada);
    assert!(!client.0.site.edit("acme", |organization| organization.members.clear()), "read-only");
    assert_eq!(client.0.site.projects_of("ada@b.test"), ["HELP".to_owned()].into());
    let active = |value: bool| json!([{ "op": "replace", "path": "active", "value": value }]);
    assert_eq!(client.patch(&format!("Users/{ada}"), active(false)).0, 200);
    assert!(client.0.site.projects_of("ada@b.test").is_empty());
    assert_eq!(client.0.site.organizations_of("ada@b.test"), ["Acme".to_owned()].into());
    assert_eq!(client.patch(&format!("Users/{ada}"), active(true)).0, 200);
    assert_eq!(client.0.site.projects_of("ada@b.test"), ["HELP".to_owned()].into());
    assert_eq!(client.call("DELETE", &format!("Users/{ada}"), Value::Null).0, 204);
    assert!(client.0.site.people.is_empty() && client.0.site.organizations_of("ada@b.test").is_empty());
    assert_eq!(client.call("DELETE", &format!("Groups/{group}"), Value::Null).0, 204);
    assert!(client.0.site.organizations.is_empty());
}

#[test]
fn a_name_that_is_in_use_follows_the_policy() {
    for (conflict, read_only, members) in [(Conflict::Sync, true, 0), (Conflict::LeaveAlone, false, 1)] {
        let mut client = Client::new(Profile::JsmCustomers);
        client.0.conflict = conflict;
        client.0.site.add_organization("Acme", &["eve@b.test"]);
        client.group("acme");
        let organization = client.0.site.organization("Acme").unwrap();
        assert_eq!((organization.group.is_some(), organization.members.len()), (read_only, members));
        assert_eq!(client.call("POST", "Groups", json!({ "displayName": "ACME" })).0, 409);
    }
}

#[test]
fn members_are_checked_before_any_is_taken() {
    let mut client = Client::new(Profile::JsmCustomers);
    let (ada, bob) = (client.user("ada@b.test"), client.user("bob@b.test"));
    let group = client.group("Acme");
    client.join(&group, &ada);
    client.join(&group, &ada);
    let path = format!("Groups/{group}");
    let add = |id: &str| json!({ "op": "add", "path": "members", "value": [{ "value": id }] });
    assert_eq!(client.patch(&path, json!([add(&bob), add("user-9")])).0, 400);
    client.0.max_members = 1;
    assert_eq!(client.patch(&path, json!([add(&bob)])).0, 400);
    assert_eq!(client.0.group("acme").unwrap().members.len(), 1);
    let remove = json!([{ "op": "remove", "path": format!("members[value eq \"{ada}\"]") }]);
    for _ in 0..2 {
        assert_eq!(client.patch(&path, remove.clone()).0, 200, "a second time is no error");
    }
    assert!(client.0.group("acme").unwrap().members.is_empty());
    client.0.max_groups = 1;
    assert_eq!(client.call("POST", "Groups", json!({ "displayName": "More" })).0, 400);
}
