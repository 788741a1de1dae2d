//! Keycloak, by its admin API.
//!
//! Pages are counted (`first`, `max`) in the order of user names and do not say how many there are, so people are counted
//! before the first page and after the last one; a page with nobody new on it is the last, whatever its size, because
//! federated users make short ones in between.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::base::UnixTime;
use crate::directory::{Group, Person};
use crate::http::{HttpCall, HttpResponse};
use crate::targets::Resource;

use super::cursor::{Cursor, Listing, Place};
use super::endpoint::Endpoint;
use super::error::{Request, SourceError, expect_200, read_json, refusal};
use super::index;
use super::person::{self, Attributes};
use super::source::{End, GroupsRead, Key, Next, PageRead, Pull, Source, certain};

/// Groups of one page, as many as Keycloak gives by default.
const GROUPS_PER_PAGE: u32 = 100;

/// What a group's name is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeycloakGroupNames {
    /// Its name, such as `agents`. Two groups can have the same at different places.
    #[default]
    Name,
    /// Its path, such as `/it/agents`.
    Path,
}

/// In what realms differ.
#[derive(Clone, Debug)]
pub struct KeycloakOptions {
    /// The realm.
    pub realm: String,
    /// People of one page.
    pub page_size: u32,
    /// The user name: `username`, `email`, or an attribute.
    pub username: String,
    /// What a group's name is.
    pub group_names: KeycloakGroupNames,
}

/// One realm.
#[derive(Clone, Debug)]
pub struct Keycloak {
    endpoint: Endpoint,
    options: KeycloakOptions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    id: String,
    username: String,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default)]
    attributes: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Deserialize)]
struct KeycloakGroup {
    id: String,
    name: String,
    path: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Keycloak {
    /// The realm at `endpoint`, whose path prefix is usually empty and `/auth` before Keycloak 17.
    #[must_use]
    pub const fn new(endpoint: Endpoint, options: KeycloakOptions) -> Self {
        Self { endpoint, options }
    }

    fn users(&self) -> Resource {
        self.endpoint.resource("/admin/realms").segment(&self.options.realm).path("/users")
    }

    fn person(&self, user: &User) -> Result<Option<Person>, &'static str> {
        if !person::is_id(&user.id) {
            return Err("users with an `id`");
        }
        let mut attributes = Attributes::default();
        let own = [
            ("username", Some(&user.username)),
            ("email", user.email.as_ref()),
            ("firstName", user.first_name.as_ref()),
            ("lastName", user.last_name.as_ref()),
        ];
        for (name, value) in own {
            if let Some(value) = value {
                attributes.put(name, value);
            }
        }
        for (name, values) in user.attributes.iter().flatten() {
            // What people may write into their own profile never takes the place of what they are called.
            if own.iter().all(|(known, _)| known != name) {
                values.iter().for_each(|value| attributes.put(name, value));
            }
        }
        let display_name = match (&user.first_name, &user.last_name) {
            (Some(first), Some(last)) => Some(format!("{first} {last}")),
            (first, last) => first.clone().or_else(|| last.clone()),
        };
        let (email, display_name) = (user.email.as_deref(), display_name.as_deref());
        let username = &self.options.username;
        Ok(person::person(&user.id, username, email, display_name, attributes))
    }

    fn active(user: &User) -> Result<bool, &'static str> {
        user.enabled.ok_or("`enabled`")
    }
}

impl Source for Keycloak {
    fn name(&self) -> &'static str {
        "keycloak"
    }

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn fingerprint(&self) -> String {
        let Endpoint { authority, path_prefix, .. } = &self.endpoint;
        let KeycloakOptions { realm, username, group_names, .. } = &self.options;
        format!("keycloak {authority}{path_prefix} {realm} {username} {group_names:?}")
    }

    fn has_delta(&self) -> bool {
        false
    }

    fn start(&self, pull: &Pull, _: UnixTime) -> Result<Cursor, SourceError> {
        match pull {
            Pull::Full { .. } => Ok(Cursor::new(Listing::People, Place::Count)),
            Pull::Delta(_) => Err(SourceError::DeltaExpired),
        }
    }

    fn groups_of(&self, person: &Person) -> Option<Cursor> {
        Some(Cursor::new(Listing::Groups(person.id.clone()), Place::First))
    }

    fn page(&self, cursor: &Cursor) -> HttpCall {
        let first = index::first(cursor).to_string();
        let resource = match (&cursor.place, &cursor.listing) {
            (Place::Count | Place::Recount, _) => self.users().path("/count"),
            (_, Listing::Groups(person)) => self
                .users()
                .segment(person)
                .path("/groups")
                .query("briefRepresentation", "true")
                .query("first", &first)
                .query("max", &GROUPS_PER_PAGE.to_string()),
            (_, Listing::People | Listing::Changes) => self
                .users()
                .query("briefRepresentation", "false")
                .query("first", &first)
                .query("max", &self.options.page_size.to_string()),
        };
        self.endpoint.get(resource.into_path(), "application/json")
    }

    fn read(&self, cursor: &Cursor, response: &HttpResponse, now: UnixTime) -> Result<PageRead, SourceError> {
        let request = cursor.request();
        refusal(request, response, now)?;
        expect_200(request, response)?;
        let mut read = PageRead::before(Next::Page(cursor.clone()));
        if matches!(cursor.place, Place::Count | Place::Recount) {
            let total: u64 = read_json(request, response, "a number")?;
            let mut next = cursor.clone();
            next.count(Some(total), self.options.page_size)?;
            read.next = match cursor.place {
                Place::Recount => Next::End(End { whole: Some(next.whole()?), delta: None }),
                _ => {
                    next.place = Place::First;
                    Next::Page(next)
                }
            };
            return Ok(read);
        }
        let users: Vec<User> = read_json(request, response, "a list of users")?;
        let ids: Vec<&str> = users.iter().map(|user| user.id.as_str()).collect();
        let turned = index::turn(cursor, &ids, self.options.page_size, None)?;
        for user in users.iter().skip(turned.fresh.start) {
            let malformed = |expected| SourceError::Malformed { request, status: response.status, expected };
            read.enter(self.person(user).map_err(malformed)?, Self::active(user));
        }
        let mut next = turned.cursor;
        if turned.last {
            next.place = Place::Recount;
        }
        read.next = Next::Page(next);
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
        let listed: Vec<KeycloakGroup> = read_json(request, response, "a list of groups")?;
        let ids: Vec<&str> = listed.iter().map(|group| group.id.as_str()).collect();
        let turned = index::turn(cursor, &ids, GROUPS_PER_PAGE, None)?;
        // Memberships are in Keycloak's own tables, so a short page is the last: most people need one call.
        let last = turned.last || u32::try_from(listed.len()).is_ok_and(|entries| entries < GROUPS_PER_PAGE);
        let mut groups = Vec::new();
        for group in listed.into_iter().skip(turned.fresh.start) {
            let name = match self.options.group_names {
                KeycloakGroupNames::Name => group.name,
                KeycloakGroupNames::Path => group.path,
            };
            if !person::is_id(&group.id) || name.trim().is_empty() {
                return Err(SourceError::Odd { request, expected: "groups with `id` and name" });
            }
            groups.push(Group { id: group.id, name });
        }
        Ok(GroupsRead { groups, next: Some(turned.cursor).filter(|_| !last) })
    }

    fn look_up(&self, key: &Key) -> HttpCall {
        let resource = match key {
            Key::Id(id) => self.users().segment(id),
            Key::Email(email) => {
                let users = self.users().query("briefRepresentation", "false").query("exact", "true");
                users.query("email", email)
            }
            Key::Username(name) => {
                let users = self.users().query("briefRepresentation", "false").query("exact", "true");
                match self.options.username.as_str() {
                    "username" => users.query("username", name),
                    "email" => users.query("email", name),
                    // Attributes are searched as `name:"value"`.
                    attribute => {
                        let value = name.replace('\\', "\\\\").replace('"', "\\\"");
                        users.query("q", &format!("{attribute}:\"{value}\""))
                    }
                }
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
                if user.id != *id {
                    return Err(malformed("the user that was asked for"));
                }
                certain(self.person(&user).map_err(malformed)?, Self::active(&user))
            }
            Key::Username(_) | Key::Email(_) => {
                expect_200(request, response)?;
                let users: Vec<User> = read_json(request, response, "a list of users")?;
                let nobody = users.is_empty();
                for user in &users {
                    let found = self.person(user).map_err(malformed)?;
                    if let Some(person) = found.filter(|person| key.is(person)) {
                        return certain(Some(person), Self::active(user));
                    }
                }
                if nobody { Ok(None) } else { Err(malformed("users with the name that was asked for")) }
            }
        }
    }
}

/// Keycloak's own 404 about a user; that of a realm (`Realm not found.`) or of a proxy is not about the person.
fn is_not_found(request: Request, response: &HttpResponse) -> Result<bool, SourceError> {
    let refusal: Refusal = read_json(request, response, "an error of Keycloak")?;
    Ok(refusal.error == "User not found")
}
