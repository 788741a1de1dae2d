//! A directory that speaks SCIM 2.0 (RFC 7644 3.4.2).
//!
//! Pages are counted (`startIndex`, `count`). Groups come with the user where the service sends `groups` (RFC 7643 4.1.2),
//! else they are asked for by their members.

use serde_json::Value;

use crate::base::UnixTime;
use crate::directory::{Group, Membership, Person};
use crate::http::{HttpCall, HttpResponse};
use crate::targets::scim::{attribute, boolean, chosen_email, eq, text, values};

use super::cursor::{Cursor, DeltaToken, Listing, Place};
use super::endpoint::Endpoint;
use super::error::{Request, SourceError, expect_200, read_json, refusal};
use super::index::{self, Turned};
use super::person::{self, Attributes};
use super::source::{End, GroupsRead, Key, Next, PageRead, Pull, Source, certain};

/// Groups of one page.
const GROUPS_PER_PAGE: u32 = 100;

/// RFC 7643 4.3.
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The id of nobody: drawn once, of the shape that services give most often.
const NOBODY: &str = "0f6c1f0e-7a3b-4d52-9c86-5be2a4d7913f";

/// Changes that are told once more: clocks of servers differ, and lists lag behind.
const DELTA_OVERLAP: core::time::Duration = core::time::Duration::from_secs(300);

/// Where somebody's groups are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScimGroups {
    /// In `groups` of the user; where a user comes without it, by the members of groups.
    #[default]
    Automatic,
    /// In `groups` of the user; a user without it is in no group.
    User,
    /// By asking for groups with `members.value eq "ID"`.
    MemberFilter,
}

/// In what services differ.
#[derive(Clone, Debug)]
pub struct ScimOptions {
    /// People of one page.
    pub page_size: u32,
    /// A filter (RFC 7644 3.4.2.2) that chooses the people.
    pub filter: Option<String>,
    /// Where groups are read.
    pub groups: ScimGroups,
    /// The service can filter by `meta.lastModified`.
    pub delta: bool,
}

/// One service.
#[derive(Clone, Debug)]
pub struct Scim {
    endpoint: Endpoint,
    options: ScimOptions,
}

impl Scim {
    /// The service at `endpoint`, whose path prefix is the service's base, such as `/scim/v2`.
    #[must_use]
    pub const fn new(endpoint: Endpoint, options: ScimOptions) -> Self {
        Self { endpoint, options }
    }

    fn filter(&self, cursor: &Cursor) -> Option<String> {
        let since = cursor.since.as_ref().map(|since| format!("meta.lastModified ge \"{since}\""));
        match (&self.options.filter, since) {
            (Some(filter), Some(since)) => Some(format!("({filter}) and {since}")),
            (filter, since) => since.or_else(|| filter.clone()),
        }
    }

    fn person(&self, user: &Value) -> Result<Option<Person>, &'static str> {
        let expected = "users with an `id`";
        let id = text(user, "id").filter(|id| person::is_id(id)).ok_or(expected)?;
        let mut attributes = Attributes::default();
        for (name, value) in user.as_object().into_iter().flatten() {
            if !["id", "schemas", "active", "meta", "password"]
                .iter()
                .any(|own| name.eq_ignore_ascii_case(own))
            {
                attributes.take(spelled(name), value);
            }
        }
        let extension = attribute(user, ENTERPRISE).and_then(Value::as_object);
        for (name, value) in extension.into_iter().flatten() {
            attributes.take(name, value);
        }
        let emails = values(user, "emails").unwrap_or_default();
        let email = chosen_email(emails).and_then(|at| emails.get(at)).and_then(|email| text(email, "value"));
        let username = text(user, "userName");
        let email = email.or(username.filter(|name| name.contains('@')));
        let found = person::person(id, "userName", email, display_name(user).as_deref(), attributes);
        // Groups that are half told are not known.
        let groups = self.groups(user).unwrap_or(Membership::Unknown);
        Ok(found.map(|person| Person { groups, ..person }))
    }

    fn active(user: &Value) -> Result<bool, &'static str> {
        Ok(boolean(user, "active").map_err(|()| "`active` as a boolean")?.unwrap_or(true))
    }

    /// The groups that came with the user; `None` where not all of them can be read.
    fn groups(&self, user: &Value) -> Option<Membership> {
        let listed = match (self.options.groups, values(user, "groups")) {
            (ScimGroups::MemberFilter, _) | (ScimGroups::Automatic, None) => return None,
            (ScimGroups::User, None) => &[],
            (ScimGroups::Automatic | ScimGroups::User, Some(listed)) => listed,
        };
        let mut groups = Vec::new();
        for group in listed {
            let id = text(group, "value").filter(|id| person::is_id(id))?;
            // `display` may be left out (RFC 7643 4.1.2); names are asked for then.
            let name = text(group, "display")?;
            groups.push(Group { id: id.to_owned(), name: name.to_owned() });
        }
        Some(Membership::Known(groups))
    }
}

impl Source for Scim {
    fn name(&self) -> &'static str {
        "scim"
    }

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn fingerprint(&self) -> String {
        let filter = self.options.filter.as_deref().unwrap_or_default();
        let groups = self.options.groups;
        format!("scim {}{} {groups:?} {filter}", self.endpoint.authority, self.endpoint.path_prefix)
    }

    fn has_delta(&self) -> bool {
        self.options.delta
    }

    fn start(&self, pull: &Pull, now: UnixTime) -> Result<Cursor, SourceError> {
        let place = if self.options.groups == ScimGroups::User { Place::First } else { Place::Probe };
        let mut cursor = Cursor::new(Listing::People, place);
        let token = || Some(DeltaToken(now.saturating_sub(DELTA_OVERLAP).to_xs_date_time()));
        match pull {
            Pull::Full { then_delta } => cursor.delta = token().filter(|_| *then_delta && self.options.delta),
            Pull::Delta(since) => {
                // It goes into a filter.
                since.instant(now).ok_or(SourceError::DeltaExpired)?;
                cursor.listing = Listing::Changes;
                cursor.since = Some(since.0.clone());
                cursor.delta = token();
            }
        }
        Ok(cursor)
    }

    fn groups_of(&self, person: &Person) -> Option<Cursor> {
        let asked = person.groups == Membership::Unknown && self.options.groups != ScimGroups::User;
        asked.then(|| Cursor::new(Listing::Groups(person.id.clone()), Place::First))
    }

    fn page(&self, cursor: &Cursor) -> HttpCall {
        // RFC 7644 3.4.2.4: counted from 1.
        let start = index::first(cursor).saturating_add(1).to_string();
        let resource = match &cursor.listing {
            _ if cursor.place == Place::Probe => {
                let filter = eq("members.value", NOBODY);
                let groups = self.endpoint.resource("/Groups").query("filter", &filter);
                groups.query("excludedAttributes", "members").query("startIndex", "1").query("count", "1")
            }
            Listing::People | Listing::Changes => {
                let resource = self.endpoint.resource("/Users");
                let resource = match self.filter(cursor) {
                    Some(filter) => resource.query("filter", &filter),
                    None => resource,
                };
                resource.query("startIndex", &start).query("count", &self.options.page_size.to_string())
            }
            Listing::Groups(person) => self
                .endpoint
                .resource("/Groups")
                .query("filter", &eq("members.value", person))
                .query("excludedAttributes", "members")
                .query("startIndex", &start)
                .query("count", &GROUPS_PER_PAGE.to_string()),
        };
        self.endpoint.get(resource.into_path(), "application/scim+json")
    }

    fn read(&self, cursor: &Cursor, response: &HttpResponse, now: UnixTime) -> Result<PageRead, SourceError> {
        let request = cursor.request();
        if cursor.place == Place::Probe {
            let mut first = cursor.clone();
            (first.place, first.no_groups) = (Place::First, !is_filtered(response, now)?);
            return Ok(PageRead::before(Next::Page(first)));
        }
        let (entries, turned) = list(cursor, response, self.options.page_size, now)?;
        let malformed = |expected| SourceError::Malformed { request, status: response.status, expected };
        let fresh = entries.get(turned.fresh).unwrap_or_default();
        let next = match (turned.last, &cursor.listing) {
            (false, _) => Next::Page(turned.cursor),
            (true, Listing::People) => {
                let whole = Some(turned.cursor.whole()?);
                Next::End(End { whole, delta: turned.cursor.delta })
            }
            (true, _) => {
                turned.cursor.ended()?;
                Next::End(End { whole: None, delta: turned.cursor.delta })
            }
        };
        let mut read = PageRead { asks_groups: !cursor.no_groups, ..PageRead::before(next) };
        for user in fresh {
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
        let (entries, turned) = list(cursor, response, GROUPS_PER_PAGE, now)?;
        let odd =
            SourceError::Odd { request: Request::Groups, expected: "groups with `id` and `displayName`" };
        let mut groups = Vec::new();
        for group in entries.get(turned.fresh).unwrap_or_default() {
            let id = text(group, "id").filter(|id| person::is_id(id)).ok_or(odd)?;
            let name = text(group, "displayName").filter(|name| !name.trim().is_empty()).ok_or(odd)?;
            groups.push(Group { id: id.to_owned(), name: name.to_owned() });
        }
        if turned.last {
            turned.cursor.ended()?;
        }
        Ok(GroupsRead { groups, next: Some(turned.cursor).filter(|_| !turned.last) })
    }

    fn look_up(&self, key: &Key) -> HttpCall {
        let resource = match key {
            Key::Id(id) => self.endpoint.resource("/Users").segment(id),
            Key::Username(name) | Key::Email(name) => {
                let attribute = if matches!(key, Key::Email(_)) { "emails.value" } else { "userName" };
                let filter = eq(attribute, name);
                let filter = match &self.options.filter {
                    Some(chosen) => format!("({chosen}) and {filter}"),
                    None => filter,
                };
                self.endpoint.resource("/Users").query("filter", &filter)
            }
        };
        self.endpoint.get(resource.into_path(), "application/scim+json")
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
                let user: Value = read_json(request, response, "a user")?;
                if response.status == 404 {
                    // RFC 7644 3.12: a proxy's 404, or that of a wrong path, is not the service's.
                    let own = values(&user, "schemas").unwrap_or_default();
                    let own =
                        own.iter().any(|schema| schema == "urn:ietf:params:scim:api:messages:2.0:Error");
                    return if own { Ok(None) } else { Err(malformed("an error of SCIM")) };
                }
                expect_200(request, response)?;
                if text(&user, "id") != Some(id) {
                    return Err(malformed("the user that was asked for"));
                }
                certain(self.person(&user).map_err(malformed)?, Self::active(&user))
            }
            Key::Username(_) | Key::Email(_) => {
                expect_200(request, response)?;
                let (total, users) = resources(request, response)?;
                if total != u64::try_from(users.len()).unwrap_or(u64::MAX) {
                    return Err(malformed("one page"));
                }
                for user in &users {
                    // RFC 7643 4.1.1: without case.
                    let found = self.person(user).map_err(malformed)?;
                    if let Some(person) = found.filter(|person| key.is(person)) {
                        return certain(Some(person), Self::active(user));
                    }
                }
                // A service that does not know the filter shows everybody, and one that shows others says nothing.
                if users.is_empty() {
                    Ok(None)
                } else {
                    Err(malformed("users with the name that was asked for"))
                }
            }
        }
    }
}

/// Are groups filtered by their members? A service that passes over a filter shows all groups (RFC 7644 3.4.2.2 wants a
/// refusal), and everybody would be in each of them. One that refuses tells nobody's groups.
fn is_filtered(response: &HttpResponse, now: UnixTime) -> Result<bool, SourceError> {
    let request = Request::Groups;
    if matches!(response.status, 400 | 404 | 501) {
        return Ok(false);
    }
    refusal(request, response, now)?;
    expect_200(request, response)?;
    let (total, groups) = resources(request, response)?;
    Ok(total == 0 && groups.is_empty())
}

/// One page of a list, and what it means for where the pull is.
fn list(
    cursor: &Cursor,
    response: &HttpResponse,
    page_size: u32,
    now: UnixTime,
) -> Result<(Vec<Value>, Turned), SourceError> {
    let request = cursor.request();
    refusal(request, response, now)?;
    expect_200(request, response)?;
    let (total, entries) = resources(request, response)?;
    let expected = "resources with an `id`";
    let malformed = SourceError::Malformed { request, status: response.status, expected };
    let id = |entry| text(entry, "id").filter(|id| person::is_id(id)).ok_or(malformed);
    let ids: Vec<&str> = entries.iter().map(id).collect::<Result<_, _>>()?;
    let turned = index::turn(cursor, &ids, page_size, Some(total))?;
    Ok((entries, turned))
}

/// RFC 7644 3.4.2: `totalResults` is required, `Resources` where there are any. `itemsPerPage` is not read: some services
/// say what they would have sent.
fn resources(request: Request, response: &HttpResponse) -> Result<(u64, Vec<Value>), SourceError> {
    let expected = "a list of resources";
    let malformed = SourceError::Malformed { request, status: response.status, expected };
    let list: Value = read_json(request, response, expected)?;
    let total = match attribute(&list, "totalResults") {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    let entries = match attribute(&list, "Resources") {
        None => Vec::new(),
        Some(Value::Array(entries)) => entries.clone(),
        Some(_) => return Err(malformed),
    };
    Ok((total.ok_or(malformed)?, entries))
}

/// `displayName`, else `name.formatted`, else given and family name (RFC 7643 4.1.1).
fn display_name(user: &Value) -> Option<String> {
    let name = attribute(user, "name");
    let part = |part| name.and_then(|name| text(name, part));
    let whole = text(user, "displayName").or_else(|| part("formatted")).map(str::to_owned);
    whole.or_else(|| match (part("givenName"), part("familyName")) {
        (Some(given), Some(family)) => Some(format!("{given} {family}")),
        (given, family) => given.or(family).map(str::to_owned),
    })
}

/// The attribute as RFC 7643 spells it: rules compare names with case, services do not.
fn spelled(name: &str) -> &str {
    const NAMES: [&str; 8] = [
        "userName",
        "displayName",
        "nickName",
        "title",
        "userType",
        "preferredLanguage",
        "locale",
        "timezone",
    ];
    NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name)
}
