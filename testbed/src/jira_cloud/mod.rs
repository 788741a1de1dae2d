//! A stand-in for Jira Cloud with Jira Service Management: `/rest/api/3` and `/rest/servicedeskapi`.
//!
//! People are account ids here, never names. What is awkward at the real one is awkward here: the search finds active
//! people only and none whose address is hidden, an existing member is refused with 400, an existing organization is
//! answered with 201, a batch with one unknown id is refused although the others were added, deactivated and
//! portal-only accounts cannot get groups, groups and organizations of an identity provider are read-only, a 429 says
//! which limit it was, and lists are cut to 50.

mod desk;
mod group;
mod look;
mod organization;
mod site;
mod user;

use serde_json::{Value, json};

use crate::stand_in::{Answer, Api, Incoming};
pub use site::{Licence, Rights, Site};

/// The e-mail address of the account whose token [`Site::demo`] knows.
pub const ADMINISTRATOR: &str = "admin@example.test";

/// The API token of [`ADMINISTRATOR`]. As a bearer token it is taken too, as one of OAuth would be.
pub const TOKEN: &str = crate::jira::TOKEN;

/// The most entries of a page.
const MAX_PAGE: usize = 50;

impl Api for Site {
    fn answer(&mut self, request: &Incoming) -> Answer {
        let rights = match authenticate(request, self) {
            Ok(rights) => rights,
            Err(refusal) => return refusal,
        };
        let writes = Self::is_write(request);
        if request.is_from_a_browser() || (writes && request.header("x-atlassian-token") != Some("no-check"))
        {
            return Answer::text(403, "XSRF check failed");
        }
        if writes && !request.body.is_empty() && request.media_type() != "application/json" {
            return Answer::empty(415);
        }
        if let Some(path) = request.path.strip_prefix("/rest/servicedeskapi/") {
            return service_desk_api(path, request, rights, self);
        }
        let Some(path) = request.path.strip_prefix("/rest/api/3/") else {
            return Answer::html(404, "<!DOCTYPE html><title>Oops, you've found a dead link.</title>");
        };
        if writes && rights != Rights::Administer {
            return Answer::error(403, "Sie sind nicht berechtigt, Benutzer zu verwalten.");
        }
        platform(path, request, self)
    }

    fn error(&self, status: u16) -> Answer {
        let answer = Answer::error(status, "The testbed was told to fail.");
        if status == 429 { answer.with("ratelimit-reason", "jira-burst-based") } else { answer }
    }

    fn to_json(&self) -> Value {
        self.shown()
    }
}

/// By e-mail address and API token, or by a bearer token.
fn authenticate(request: &Incoming, site: &Site) -> Result<Rights, Answer> {
    let basic = request.basic().filter(|(email, _)| email == ADMINISTRATOR).map(|(_, token)| token);
    let token = basic.or_else(|| request.bearer().map(str::to_owned));
    token.and_then(|token| site.rights(&token)).ok_or_else(|| {
        Answer::text(401, "Client must be authenticated to access this resource.")
            .with("www-authenticate", "OAuth realm=\"https://site.example.test\"")
    })
}

fn platform(path: &str, request: &Incoming, site: &mut Site) -> Answer {
    match (request.method.as_str(), path) {
        ("GET", "serverInfo") => {
            Answer::json(200, &json!({ "deploymentType": "Cloud", "version": "1001.0.0" }))
        }
        ("GET", "myself") => Answer::json(200, &json!({ "emailAddress": ADMINISTRATOR, "active": true })),
        ("GET", "applicationrole") => Answer::json(200, &site.roles()),
        (_, "group" | "group/user" | "group/member" | "group/bulk") => group::answer(path, request, site),
        _ if path == "user" || path.starts_with("user/") || path == "users/search" => {
            user::answer(path, request, site)
        }
        _ => Answer::html(404, "<!DOCTYPE html><title>Not found</title>"),
    }
}

fn service_desk_api(path: &str, request: &Incoming, rights: Rights, site: &mut Site) -> Answer {
    if !site.has_service_management() {
        return desk_error(403, "sd.not.licensed");
    }
    if Site::is_write(request) && rights != Rights::Administer {
        return desk_error(403, "sd.forbidden");
    }
    let segments: Vec<&str> = path.split('/').collect();
    match *segments.as_slice() {
        ["info"] => Answer::json(200, &json!({ "version": "1001.0.0", "isLicensedForUse": true })),
        ["customer"] if request.method == "POST" => desk::create_customer(request, site),
        ["organization", ..] => organization::answer(&segments, request, site),
        ["servicedesk", ..] => desk::answer(&segments, request, site),
        _ => desk_error(404, "sd.resource.not.found"),
    }
}

/// The error object of `/rest/servicedeskapi`; the platform's has another shape.
fn desk_error(status: u16, key: &str) -> Answer {
    let i18n = json!({ "i18nKey": key, "parameters": [] });
    Answer::json(status, &json!({ "errorMessage": "Das ging nicht.", "i18nErrorMessage": i18n }))
}

/// A page of `/rest/api/3`.
fn page(request: &Incoming, all: &[Value]) -> Answer {
    let start = request.number("startAt", 0);
    let size = request.number("maxResults", MAX_PAGE).clamp(1, MAX_PAGE);
    let values: Vec<&Value> = all.iter().skip(start).take(size).collect();
    let is_last = start.saturating_add(values.len()) >= all.len();
    Answer::json(
        200,
        &json!({
            "maxResults": size, "startAt": start, "total": all.len(), "isLast": is_last, "values": values,
        }),
    )
}

/// A page of `/rest/servicedeskapi`: no total.
fn desk_page(request: &Incoming, all: &[Value]) -> Answer {
    let start = request.number("start", 0);
    let limit = request.number("limit", MAX_PAGE).clamp(1, MAX_PAGE);
    let values: Vec<&Value> = all.iter().skip(start).take(limit).collect();
    let is_last = start.saturating_add(values.len()) >= all.len();
    Answer::json(
        200,
        &json!({
            "_expands": [], "size": values.len(), "start": start, "limit": limit, "isLastPage": is_last,
            "values": values,
        }),
    )
}

/// The account ids that the body names, known ones first taken: an unknown one spoils the answer, not the others.
fn account_ids(request: &Incoming, site: &Site) -> Result<(Vec<String>, bool), Answer> {
    let body = request.json().unwrap_or_default();
    let Some(ids) = body.get("accountIds").and_then(Value::as_array).filter(|ids| !ids.is_empty()) else {
        return Err(desk_error(400, "sd.request.invalid"));
    };
    let known = |id: &&Value| id.as_str().is_some_and(|id| site.user(id).is_some());
    let known: Vec<String> = ids.iter().filter(known).filter_map(Value::as_str).map(str::to_owned).collect();
    let all = known.len() == ids.len();
    Ok((known, all))
}
