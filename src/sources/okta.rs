//! Okta, by its management API.
//!
//! Each page names the next one in a `link` header (RFC 8288); the one that names only itself is the last. A page without
//! any has lost its headers on its way, and says nothing about what follows. Without a search Okta leaves out people who
//! were deactivated: they are not there.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::base::UnixTime;
use crate::directory::{Group, Person};
use crate::http::{HttpCall, HttpResponse};

use super::cursor::{Cursor, DeltaToken, Listing, Place};
use super::endpoint::Endpoint;
use super::error::{Request, SourceError, expect_200, headers, read_json, refusal};
use super::link;
use super::person::{self, Attributes};
use super::source::{End, GroupsRead, Key, Next, PageRead, Pull, Source, certain};

/// People of one page, the most that Okta gives.
pub const MAX_PAGE_SIZE: u32 = 200;

/// Changes that are told once more: searches lag behind.
const DELTA_OVERLAP: core::time::Duration = core::time::Duration::from_secs(600);

/// Links of one answer that are looked at: there are two.
const MAX_LINKS: usize = 16;

/// In what organizations differ.
#[derive(Clone, Debug)]
pub struct OktaOptions {
    /// People of one page, at most [`MAX_PAGE_SIZE`].
    pub page_size: u32,
    /// An expression of Okta's search that chooses the people.
    pub search: Option<String>,
    /// The attribute of the profile that is the user name.
    pub username: String,
}

/// One organization.
#[derive(Clone, Debug)]
pub struct Okta {
    endpoint: Endpoint,
    options: OktaOptions,
}

#[derive(Deserialize)]
struct User {
    id: String,
    #[serde(default)]
    status: Value,
    #[serde(default)]
    profile: Map<String, Value>,
}

#[derive(Deserialize)]
struct OktaGroup {
    id: String,
    profile: GroupProfile,
}

#[derive(Deserialize)]
struct GroupProfile {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    error_code: String,
}

/// The pages that an answer names.
#[derive(Default)]
struct Links<'a> {
    itself: bool,
    next: Option<&'a str>,
}

impl Okta {
    /// The organization at `endpoint`; the path prefix is usually empty.
    #[must_use]
    pub const fn new(endpoint: Endpoint, options: OktaOptions) -> Self {
        Self { endpoint, options }
    }

    fn search(&self, further: Option<String>) -> Option<String> {
        match (&self.options.search, further) {
            (Some(search), Some(further)) => Some(format!("({search}) and {further}")),
            (search, further) => further.or_else(|| search.clone()),
        }
    }

    fn person(&self, user: &User) -> Result<Option<Person>, &'static str> {
        if !person::is_id(&user.id) {
            return Err("users with an `id`");
        }
        let text = |name: &str| {
            user.profile.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
        };
        let display_name =
            text("displayName").map(str::to_owned).or_else(|| match (text("firstName"), text("lastName")) {
                (Some(first), Some(last)) => Some(format!("{first} {last}")),
                (first, last) => first.or(last).map(str::to_owned),
            });
        let mut attributes = Attributes::default();
        for (name, value) in &user.profile {
            attributes.take(name, value);
        }
        let username = &self.options.username;
        Ok(person::person(&user.id, username, text("email"), display_name.as_deref(), attributes))
    }

    fn active(user: &User) -> Result<bool, &'static str> {
        match user.status.as_str() {
            // Who is locked out mistyped a password, or somebody else did: that must not take an account away.
            Some("ACTIVE" | "LOCKED_OUT" | "PASSWORD_EXPIRED" | "PROVISIONED" | "RECOVERY") => Ok(true),
            Some("DEPROVISIONED" | "STAGED" | "SUSPENDED") => Ok(false),
            _ => Err("a known `status`"),
        }
    }
}

impl Source for Okta {
    fn name(&self) -> &'static str {
        "okta"
    }

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn fingerprint(&self) -> String {
        let Endpoint { authority, path_prefix, .. } = &self.endpoint;
        let search = self.options.search.as_deref().unwrap_or_default();
        format!("okta {authority}{path_prefix} {} {search}", self.options.username)
    }

    fn has_delta(&self) -> bool {
        true
    }

    fn start(&self, pull: &Pull, now: UnixTime) -> Result<Cursor, SourceError> {
        let mut cursor = Cursor::new(Listing::People, Place::First);
        let token = Some(DeltaToken(now.saturating_sub(DELTA_OVERLAP).to_xs_date_time()));
        match pull {
            Pull::Full { then_delta } => cursor.delta = token.filter(|_| *then_delta),
            Pull::Delta(since) => {
                // It goes into a search.
                since.instant(now).ok_or(SourceError::DeltaExpired)?;
                cursor.listing = Listing::Changes;
                cursor.since = Some(since.0.clone());
                cursor.delta = token;
            }
        }
        Ok(cursor)
    }

    fn groups_of(&self, person: &Person) -> Option<Cursor> {
        Some(Cursor::new(Listing::Groups(person.id.clone()), Place::First))
    }

    fn page(&self, cursor: &Cursor) -> HttpCall {
        let resource = match (&cursor.place, &cursor.listing) {
            (Place::Link(path), _) => return self.endpoint.get(path.clone(), "application/json"),
            (_, Listing::Groups(person)) => {
                self.endpoint.resource("/api/v1/users").segment(person).path("/groups")
            }
            (_, Listing::People | Listing::Changes) => {
                let resource = self.endpoint.resource("/api/v1/users");
                let resource = resource.query("limit", &self.options.page_size.to_string());
                let since = cursor.since.as_ref().map(|since| format!("lastUpdated gt \"{since}\""));
                match self.search(since) {
                    Some(search) => resource.query("search", &search),
                    None => resource,
                }
            }
        };
        self.endpoint.get(resource.into_path(), "application/json")
    }

    fn read(&self, cursor: &Cursor, response: &HttpResponse, now: UnixTime) -> Result<PageRead, SourceError> {
        let request = cursor.request();
        refusal(request, response, now)?;
        expect_200(request, response)?;
        let malformed = |expected| SourceError::Malformed { request, status: response.status, expected };
        let users: Vec<User> = read_json(request, response, "a list of users")?;
        let links = links(response).ok_or(malformed("`link` headers that can be read"))?;
        let next = match links.next {
            Some(next) => {
                let path = link::follow(&self.endpoint, next, request)?;
                Next::Page(cursor.follow(path, users.len())?)
            }
            None if !links.itself => return Err(malformed("a `link` header")),
            None => {
                let last = cursor.turn_page(users.len())?;
                let whole = match cursor.listing {
                    Listing::People => Some(last.whole()?),
                    _ => None,
                };
                Next::End(End { whole, delta: last.delta })
            }
        };
        let mut read = PageRead::before(next);
        for user in &users {
            read.enter(self.person(user).map_err(malformed)?, Self::active(user));
        }
        Ok(read)
    }

    fn read_groups(
        &self,
        cursor: &Cursor,
        response: &HttpResponse,
        now: UnixTime,
    ) -> Result<GroupsRead, SourceError> {
        let request = Request::Groups;
        refusal(request, response, now)?;
        if response.status == 404 && is_not_found(request, response)? {
            return Err(SourceError::Vanished);
        }
        expect_200(request, response)?;
        let malformed = |expected| SourceError::Malformed { request, status: response.status, expected };
        let listed: Vec<OktaGroup> = read_json(request, response, "a list of groups")?;
        let entries = listed.len();
        let group = |group: OktaGroup| Group { id: group.id, name: group.profile.name };
        let groups: Vec<Group> = listed.into_iter().map(group).collect();
        let odd = |expected| SourceError::Odd { request, expected };
        if groups.iter().any(|group| !person::is_id(&group.id) || group.name.trim().is_empty()) {
            return Err(odd("groups with `id` and name"));
        }
        let links = links(response).ok_or(malformed("`link` headers that can be read"))?;
        let next = match links.next {
            Some(next) => Some(cursor.follow(link::follow(&self.endpoint, next, request)?, entries)?),
            // Groups of a page that is not there would be taken away.
            None if !links.itself => return Err(odd("a `link` header")),
            None => None,
        };
        Ok(GroupsRead { groups, next })
    }

    fn look_up(&self, key: &Key) -> HttpCall {
        let users = self.endpoint.resource("/api/v1/users");
        let resource = match key {
            Key::Id(id) => users.segment(id),
            Key::Username(name) | Key::Email(name) => {
                let by = if matches!(key, Key::Email(_)) { "email" } else { &self.options.username };
                let named = format!("profile.{by} eq {}", Value::from(name.as_str()));
                users.query("search", &self.search(Some(named)).unwrap_or_default())
            }
        };
        self.endpoint.get(resource.into_path(), "application/json")
    }

    fn looked_up(
        &self,
        key: &Key,
        response: &HttpResponse,
        now: UnixTime,
    ) -> Result<Option<Person>, SourceError> {
        let request = Request::Person;
        let malformed = |expected| SourceError::Malformed { request, status: response.status, expected };
        refusal(request, response, now)?;
        match key {
            Key::Id(id) => {
                if response.status == 404 && is_not_found(request, response)? {
                    return Ok(None);
                }
                expect_200(request, response)?;
                let user: User = read_json(request, response, "a user")?;
                // A login does in the place of an id, and `me` is whoever asks.
                if user.id != *id {
                    return Err(malformed("the user that was asked for"));
                }
                certain(self.person(&user).map_err(malformed)?, Self::active(&user))
            }
            Key::Username(_) | Key::Email(_) => {
                expect_200(request, response)?;
                let users: Vec<User> = read_json(request, response, "a list of users")?;
                for user in &users {
                    let found = self.person(user).map_err(malformed)?;
                    if let Some(person) = found.filter(|person| key.is(person)) {
                        return certain(Some(person), Self::active(user));
                    }
                }
                if users.is_empty() {
                    Ok(None)
                } else {
                    Err(malformed("users with the name that was asked for"))
                }
            }
        }
    }
}

/// Okta's own 404 (`E0000007`); any other is not about the person.
fn is_not_found(request: Request, response: &HttpResponse) -> Result<bool, SourceError> {
    let refusal: Refusal = read_json(request, response, "an error of Okta")?;
    Ok(refusal.error_code == "E0000007")
}

/// The links of an answer (RFC 8288 3), one a header or several with commas; `None` when they cannot be read or name two
/// next pages.
fn links(response: &HttpResponse) -> Option<Links<'_>> {
    let mut found = Links::default();
    for (number, value) in headers(response, "link").flat_map(targets).enumerate() {
        let (target, relation) = value?;
        if number >= MAX_LINKS {
            return None;
        }
        match relation {
            "self" => found.itself = true,
            "next" if found.next.is_some() => return None,
            "next" => found.next = Some(target),
            _ => {}
        }
    }
    Some(found)
}

/// The targets in one header with their relation; the last is `None` where the text is no list of links.
fn targets(header: &str) -> impl Iterator<Item = Option<(&str, &str)>> {
    let mut rest = Some(header);
    core::iter::from_fn(move || {
        let text = rest.take()?.trim_start_matches([' ', '\t', ',']);
        if text.is_empty() {
            return None;
        }
        let Some((target, after)) = text.strip_prefix('<').and_then(|text| text.split_once('>')) else {
            return Some(None);
        };
        let (parameters, others) = match after.split_once(",") {
            Some((parameters, others)) => (parameters, Some(others)),
            None => (after, None),
        };
        rest = others;
        let relation = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches('"'))
        });
        Some(relation.map(|relation| (target, relation)))
    })
}
