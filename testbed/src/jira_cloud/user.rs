//! Accounts, how they are found, and their properties.

use serde_json::{Map, Value, json};

use super::site::{Site, User, fold};
use crate::stand_in::{Answer, Incoming};

/// The search looks at so many people and no further.
const SEARCHED: usize = 1000;

pub(super) fn answer(path: &str, request: &Incoming, site: &mut Site) -> Answer {
    if let Some(rest) = path.strip_prefix("user/properties") {
        return properties(rest.trim_start_matches('/'), request, site);
    }
    match (request.method.as_str(), path) {
        ("GET", "user") => match named(request, site) {
            Ok(user) => Answer::json(200, &whole(user, request, site)),
            Err(refusal) => refusal,
        },
        ("POST", "user") => create(request, site),
        ("DELETE", "user") => match named(request, site).map(|user| user.account_id.clone()) {
            Ok(id) => {
                site.remove_user(&id);
                Answer::empty(204)
            }
            Err(refusal) => refusal,
        },
        ("GET", "user/groups") => match named(request, site) {
            Ok(user) => Answer::json(200, &groups(user, site)),
            Err(refusal) => refusal,
        },
        ("GET", "user/search") => search(request, site),
        ("GET", "users/search") => list(request, site),
        // There is no PUT: profiles belong to the person or to the organization.
        (_, "user" | "user/groups" | "user/search") => Answer::empty(405),
        _ => Answer::html(404, "<!DOCTYPE html><title>Not found</title>"),
    }
}

fn named<'a>(request: &Incoming, site: &'a Site) -> Result<&'a User, Answer> {
    let Some(id) = request.query("accountId") else {
        return Err(Answer::error(400, "Der Abfrageparameter 'accountId' fehlt."));
    };
    site.user(id).ok_or_else(|| Answer::error(404, "Der angegebene Benutzer ist nicht vorhanden."))
}

fn groups(user: &User, site: &Site) -> Value {
    let of = site.groups.iter().filter(|group| group.members.contains(&user.account_id));
    of.map(|group| json!({ "name": group.name, "groupId": group.id, "self": "" })).collect()
}

fn whole(user: &User, request: &Incoming, site: &Site) -> Value {
    let mut shown = user_json(user);
    let expands =
        |what: &str| request.query("expand").unwrap_or_default().split(',').any(|word| word == what);
    let groups = groups(user, site);
    let size = groups.as_array().map_or(0, Vec::len);
    let items = if expands("groups") { groups } else { json!([]) };
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("groups".to_owned(), json!({ "size": size, "items": items }));
        shown.insert("expand".to_owned(), json!("groups,applicationRoles"));
    }
    shown
}

/// A hidden address is not there, rather than empty.
pub(super) fn user_json(user: &User) -> Value {
    let mut shown = Map::new();
    let kind = if user.customer { "customer" } else { "atlassian" };
    for (name, value) in [
        ("accountId", json!(user.account_id)),
        ("accountType", json!(kind)),
        ("displayName", json!(user.display_name)),
        ("active", json!(user.active)),
        ("timeZone", json!("Etc/UTC")),
    ] {
        shown.insert(name.to_owned(), value);
    }
    if !user.hidden {
        shown.insert("emailAddress".to_owned(), json!(user.email));
    }
    Value::Object(shown)
}

fn create(request: &Incoming, site: &mut Site) -> Answer {
    let body = request.json().unwrap_or_default();
    let email = body.get("emailAddress").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if !email.contains('@') {
        return Answer::field_error(400, "email", "Die E-Mail-Adresse ist nicht in Ordnung.");
    }
    let Some(products) = body.get("products").and_then(Value::as_array) else {
        return Answer::field_error(400, "products", "Die Produkte fehlen.");
    };
    let mut groups = Vec::new();
    for product in products {
        let Some(licence) = site.licences().iter().find(|licence| product.as_str() == Some(&licence.key))
        else {
            return Answer::field_error(400, "products", "Das Produkt ist nicht bekannt.");
        };
        if site.seats_taken(licence) >= licence.seats {
            return Answer::error(400, "Die Höchstzahl der Benutzer ist erreicht.");
        }
        groups.push(licence.group.clone());
    }
    let same = |user: &&User| !user.customer && fold(&user.email) == fold(&email);
    if let Some(existing) = site.users().find(same) {
        // With access it is answered like a new one, whatever state it is in; without, it is refused.
        let has_access = existing.active && !site.seats_of(&existing.account_id).is_empty();
        return if has_access {
            Answer::json(201, &user_json(existing))
        } else {
            Answer::error(400, "Benutzer nicht gefunden.")
        };
    }
    let name = email.split('@').next().unwrap_or_default().to_owned();
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let id = site.add_user(&email, &name, &groups);
    site.invite();
    site.user(&id).map_or_else(|| Answer::empty(500), |user| Answer::json(201, &user_json(user)))
}

/// Active people whose name or address begins with `query`; hidden addresses are not looked at.
fn search(request: &Incoming, site: &Site) -> Answer {
    let Some(wanted) = request.query("query").map(fold) else {
        return Answer::error(400, "Der Abfrageparameter 'query' fehlt.");
    };
    let found: Vec<Value> = site
        .users()
        .take(SEARCHED)
        .filter(|user| user.active)
        .filter(|user| {
            let by_email = !user.hidden && fold(&user.email).starts_with(&wanted);
            by_email || fold(&user.display_name).starts_with(&wanted)
        })
        .skip(request.number("startAt", 0))
        .take(request.number("maxResults", super::MAX_PAGE).min(SEARCHED))
        .map(user_json)
        .collect();
    Answer::json(200, &Value::Array(found))
}

/// Everybody, whatever state, in pages of at most a thousand.
fn list(request: &Incoming, site: &Site) -> Answer {
    let size = request.number("maxResults", super::MAX_PAGE).min(SEARCHED);
    let found = site.users().skip(request.number("startAt", 0)).take(size);
    Answer::json(200, &found.map(user_json).collect())
}

fn properties(key: &str, request: &Incoming, site: &mut Site) -> Answer {
    let id = match named(request, site) {
        Ok(user) => user.account_id.clone(),
        Err(refusal) => return refusal,
    };
    let Some(user) = site.user_mut(&id) else { return Answer::empty(500) };
    if key.is_empty() {
        let keys: Vec<Value> = user.properties.keys().map(|key| json!({ "key": key })).collect();
        return Answer::json(200, &json!({ "keys": keys }));
    }
    let missing = || Answer::error(404, "Die Eigenschaft ist nicht vorhanden.");
    match request.method.as_str() {
        "GET" => user
            .properties
            .get(key)
            .map_or_else(missing, |value| Answer::json(200, &json!({ "key": key, "value": value }))),
        "PUT" => {
            let value = request.json().filter(|_| key.len() <= 255 && request.body.len() <= 32_768);
            let Some(value) = value else { return Answer::error(400, "Der Wert ist nicht in Ordnung.") };
            let is_new = user.properties.insert(key.to_owned(), value).is_none();
            Answer::empty(if is_new { 201 } else { 200 })
        }
        "DELETE" => user.properties.remove(key).map_or_else(missing, |_| Answer::empty(204)),
        _ => Answer::empty(405),
    }
}
