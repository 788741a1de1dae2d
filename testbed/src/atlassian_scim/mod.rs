//! A stand-in for Atlassian's SCIM directories: of managed users, and of the customers of Jira Service Management.
//!
//! Everything is below `/scim/directory/` and the directory's id, with a bearer key. Filters are one `eq` and nothing else, PUT
//! clears what it does not name, 401 and 403 are not SCIM's errors, a deleted id is dead for ever. The two directories
//! differ as [`Profile`] says. Behind the directory is the [`Site`], where customers and organizations may have been
//! before the identity provider came.

mod filter;
mod groups;
mod patch;
mod resource;
mod site;
mod users;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::stand_in::{Answer, Api, Incoming, StandIn};
pub use groups::ScimGroup;
pub use site::{Organization, Person, SUPPORTED_LOCALES, Site};
pub use users::ScimUser;

/// The key of [`AtlassianScim::new`] that may do everything.
pub const KEY: &str = "stand-in-directory-key";

/// The key of [`AtlassianScim::new`] that may only read.
pub const READING_KEY: &str = "stand-in-reading-key";

/// The directory's id.
pub const DIRECTORY: &str = "4f2d";

/// A running stand-in.
pub type AtlassianScimState = StandIn<AtlassianScim>;

/// Which directory it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Managed users: an e-mail address may change, a group's name may not.
    ManagedUsers,
    /// Customers: groups are read-only organizations that may be renamed, a synced e-mail address may not change.
    JsmCustomers,
}

/// What a group becomes when an organization of its name exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The organization becomes the group's, and its members those of the group.
    Sync,
    /// The organization stays as it is.
    LeaveAlone,
}

/// Everything that the stand-in knows.
#[derive(Clone, Debug)]
pub struct AtlassianScim {
    profile: Profile,
    keys: BTreeMap<String, bool>,
    users: BTreeMap<String, ScimUser>,
    groups: BTreeMap<String, ScimGroup>,
    /// People and organizations of the site, those of the directory included.
    pub site: Site,
    /// The organization administrator's choice.
    pub conflict: Conflict,
    /// Members that a group may have.
    pub max_members: usize,
    /// Groups that the directory may have.
    pub max_groups: usize,
    /// What a new user without `active` is; the vendor's page does not say.
    pub default_active: bool,
    /// The clock: a minute for each request.
    minutes: u64,
}

impl AtlassianScim {
    /// An empty directory before an empty site.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            keys: BTreeMap::from([(KEY.to_owned(), true), (READING_KEY.to_owned(), false)]),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            site: Site::default(),
            conflict: Conflict::Sync,
            max_members: 150_000,
            max_groups: 20_000,
            default_active: true,
            minutes: 0,
        }
    }

    /// The users of the directory.
    pub fn users(&self) -> impl Iterator<Item = &ScimUser> {
        self.users.values()
    }

    /// The groups of the directory.
    pub fn groups(&self) -> impl Iterator<Item = &ScimGroup> {
        self.groups.values()
    }

    /// The user of this name, compared without case.
    #[must_use]
    pub fn user(&self, username: &str) -> Option<&ScimUser> {
        self.users.values().find(|user| user.is_named(username))
    }

    /// The group of this name, compared without case.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&ScimGroup> {
        self.groups.values().find(|group| fold(&group.name) == fold(name))
    }

    /// The names of the groups of the user of this name.
    #[must_use]
    pub fn groups_of(&self, username: &str) -> Vec<String> {
        let Some(user) = self.user(username) else { return Vec::new() };
        let of = self.groups.values().filter(|group| group.members.contains(&user.id));
        of.map(|group| group.name.clone()).collect()
    }

    /// Takes a key away.
    pub fn revoke_key(&mut self, key: &str) {
        self.keys.remove(key);
    }

    /// An id that no resource had, not even before somebody reset the stand-in: whoever remembers it must not meet
    /// another resource under it.
    fn fresh_id(kind: &str) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        format!("{kind}-{:04}", NEXT.fetch_add(1, Ordering::Relaxed))
    }

    fn route(&mut self, request: &Incoming) -> Answer {
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let ["scim", "directory", directory, rest @ ..] = segments.as_slice() else {
            return Answer::html(404, "<!DOCTYPE html><title>Page not found</title>");
        };
        if *directory != DIRECTORY {
            return resource::error(404, None, "directory not found");
        }
        match (request.method.as_str(), rest) {
            ("GET", ["ServiceProviderConfig"]) => resource::service_provider_config(),
            ("GET", ["Users"]) => self.list_users(request),
            ("POST", ["Users"]) => with_body(request, |body| self.create_user(body)),
            ("GET", ["Users", id]) => self.read_user(id),
            ("PUT", ["Users", id]) => with_body(request, |body| self.replace_user(id, body)),
            ("PATCH", ["Users", id]) => with_body(request, |body| self.patch_user(id, body)),
            ("DELETE", ["Users", id]) => self.delete_user(id),
            ("GET", ["Groups"]) => self.list_groups(request),
            ("POST", ["Groups"]) => with_body(request, |body| self.create_group(body)),
            ("GET", ["Groups", id]) => self.read_group(id, request),
            ("PUT", ["Groups", id]) => with_body(request, |body| self.replace_group(id, body)),
            ("PATCH", ["Groups", id]) => with_body(request, |body| self.patch_group(id, body)),
            ("DELETE", ["Groups", id]) => self.delete_group(id),
            _ => resource::error(404, None, "no such resource"),
        }
    }
}

impl Api for AtlassianScim {
    fn answer(&mut self, request: &Incoming) -> Answer {
        if request.is_from_a_browser() {
            return resource::outer_error(403);
        }
        match request.bearer().and_then(|key| self.keys.get(key)) {
            None => return resource::outer_error(401),
            Some(false) if Self::is_write(request) => return resource::outer_error(403),
            Some(_) => {}
        }
        self.minutes = self.minutes.saturating_add(1);
        self.route(request)
    }

    fn error(&self, status: u16) -> Answer {
        match status {
            401 | 403 => resource::outer_error(status),
            _ => resource::error(status, None, "The testbed was told to fail."),
        }
    }

    fn to_json(&self) -> Value {
        let users: Vec<Value> = self.users.values().map(|user| self.shown_user(user)).collect();
        let groups: Vec<Value> = self.groups.values().map(|group| self.shown_group(group, true)).collect();
        json!({ "users": users, "groups": groups, "site": self.site.to_json() })
    }
}

/// Hands over the body, all or nothing: a refusal leaves everything as it was.
fn with_body(
    request: &Incoming,
    carry_out: impl FnOnce(&serde_json::Map<String, Value>) -> Answer,
) -> Answer {
    if !matches!(request.media_type(), "application/scim+json" | "application/json") {
        return resource::error(415, None, "this media type is not supported");
    }
    match request.json() {
        Some(Value::Object(body)) => carry_out(&body),
        _ => resource::error(400, Some("invalidSyntax"), "the body is no JSON object"),
    }
}

fn fold(name: &str) -> String {
    name.to_lowercase()
}
