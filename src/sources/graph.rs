//! Microsoft Entra ID, by Microsoft Graph.
//!
//! Each page names the next one (`@odata.nextLink`); the one that names none is the last. Changes are told by
//! `/users/delta`, which names whoever changed; each of them is read anew, because only what changed is certainly told. A token
//! for changes is asked for before anybody is listed, so that nothing falls between the two.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::base::UnixTime;
use crate::directory::{Group, Person};
use crate::http::{HttpCall, HttpResponse};
use crate::targets::Resource;

use super::cursor::{Cursor, DeltaToken, Listing, Place};
use super::endpoint::Endpoint;
use super::error::{Request, SourceError, expect_200, read_json, refusal};
use super::link;
use super::person::{self, Attributes};
use super::source::{End, GroupsRead, Key, Next, PageRead, Pull, Source, certain};

/// What is read of everybody besides what the configuration names. Without `$select` Graph leaves out `accountEnabled`.
const SELECTED: [&str; 15] = [
    "id",
    "accountEnabled",
    "companyName",
    "department",
    "displayName",
    "employeeId",
    "givenName",
    "jobTitle",
    "mail",
    "officeLocation",
    "onPremisesSamAccountName",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "userType",
];

/// Groups of one page, the most that Graph gives.
const GROUPS_PER_PAGE: &str = "999";

/// What is asked for when changes are.
const DELTA: &str = "/users/delta";

/// In what tenants differ.
#[derive(Clone, Debug)]
pub struct GraphOptions {
    /// People of one page, at most 999.
    pub page_size: u32,
    /// `$filter` of OData that chooses the people.
    pub filter: Option<String>,
    /// The property that is the user name.
    pub username: String,
    /// Properties to read besides the usual ones.
    pub attributes: Vec<String>,
    /// Groups of groups count too.
    pub nested_groups: bool,
}

/// One tenant.
#[derive(Clone, Debug)]
pub struct Graph {
    endpoint: Endpoint,
    options: GraphOptions,
}

/// A page of whatever.
#[derive(Deserialize)]
struct Page {
    /// Graph's own answers say what they are about.
    #[serde(rename = "@odata.context")]
    _context: String,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    delta: Option<String>,
    value: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Refusal {
    error: RefusalError,
}

#[derive(Deserialize)]
struct RefusalError {
    code: String,
}

impl Graph {
    /// The tenant at `endpoint`, whose path prefix is the API's version, `/v1.0`.
    #[must_use]
    pub const fn new(endpoint: Endpoint, options: GraphOptions) -> Self {
        Self { endpoint, options }
    }

    fn selected(&self, resource: Resource) -> Resource {
        let mut names: Vec<&str> = SELECTED.to_vec();
        let further =
            self.options.attributes.iter().map(String::as_str).chain([self.options.username.as_str()]);
        for name in further {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        resource.query("$select", &names.join(","))
    }

    /// Filters on most properties are answered from an index that lags behind a little, and only with these two.
    fn counted(&self, path: String, filter: Option<&str>) -> HttpCall {
        let mut call = self.endpoint.get(path, "application/json");
        if filter.is_some() {
            call.headers.push((String::from("consistencylevel"), String::from("eventual")));
        }
        call
    }

    fn person(&self, user: &Map<String, Value>) -> Result<Option<Person>, &'static str> {
        let text = |name: &str| user.get(name).and_then(Value::as_str);
        let id = text("id").filter(|id| person::is_id(id)).ok_or("users with an `id`")?;
        let mut attributes = Attributes::default();
        for (name, value) in user {
            if !name.contains('@') && !["id", "accountEnabled"].contains(&name.as_str()) {
                attributes.take(name, value);
            }
        }
        Ok(person::person(id, &self.options.username, text("mail"), text("displayName"), attributes))
    }

    /// Absent means that it may not be read; taking that for either would be wrong for somebody.
    fn active(user: &Map<String, Value>) -> Result<bool, &'static str> {
        user.get("accountEnabled").and_then(Value::as_bool).ok_or("`accountEnabled`")
    }

    fn page_of(&self, request: Request, response: &HttpResponse, now: UnixTime) -> Result<Page, SourceError> {
        refusal(request, response, now)?;
        match (request, response.status) {
            // Documented as 410; a token that cannot be read at all is answered 400.
            (Request::Changes, 400 | 410) => return Err(SourceError::DeltaExpired),
            (Request::Groups, 404) if is_not_found(request, response)? => return Err(SourceError::Vanished),
            _ => expect_200(request, response)?,
        }
        read_json(request, response, "a page of Microsoft Graph")
    }

    /// The call for whoever `filter` chooses.
    fn chosen(&self, filter: String) -> HttpCall {
        let users = self.selected(self.endpoint.resource("/users"));
        let path = users.query("$filter", &filter).query("$count", "true").into_path();
        self.counted(path, Some(&filter))
    }

    fn delta_token(&self, link: &str, request: Request) -> Result<DeltaToken, SourceError> {
        link::follow(&self.endpoint, link, request).map(DeltaToken)
    }
}

impl Source for Graph {
    fn name(&self) -> &'static str {
        "graph"
    }

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn fingerprint(&self) -> String {
        let Endpoint { authority, path_prefix, .. } = &self.endpoint;
        let filter = self.options.filter.as_deref().unwrap_or_default();
        let GraphOptions { username, nested_groups, .. } = &self.options;
        format!("graph {authority}{path_prefix} {username} {nested_groups} {filter}")
    }

    fn has_delta(&self) -> bool {
        true
    }

    fn start(&self, pull: &Pull, _: UnixTime) -> Result<Cursor, SourceError> {
        match pull {
            Pull::Full { then_delta: true } => Ok(Cursor::new(Listing::People, Place::Token)),
            Pull::Full { then_delta: false } => Ok(Cursor::new(Listing::People, Place::First)),
            Pull::Delta(token) => {
                let Endpoint { authority, path_prefix, .. } = &self.endpoint;
                let own = token.0.starts_with(&format!("{path_prefix}{DELTA}"));
                // It comes from a checkpoint, and is held to what an answer is held to.
                let path = link::follow(
                    &self.endpoint,
                    &format!("https://{authority}{}", token.0),
                    Request::Changes,
                );
                let path = path.ok().filter(|_| own).ok_or(SourceError::DeltaExpired)?;
                Ok(Cursor::new(Listing::Changes, Place::Link(path)))
            }
        }
    }

    fn groups_of(&self, person: &Person) -> Option<Cursor> {
        Some(Cursor::new(Listing::Groups(person.id.clone()), Place::First))
    }

    fn page(&self, cursor: &Cursor) -> HttpCall {
        let filter = self.options.filter.as_deref().filter(|_| cursor.listing == Listing::People);
        let resource = match (&cursor.place, &cursor.listing) {
            (Place::Link(path), _) => return self.counted(path.clone(), filter),
            (_, Listing::Groups(person)) => {
                let resource = self.endpoint.resource("/users").segment(person);
                let list = if self.options.nested_groups { "/transitiveMemberOf" } else { "/memberOf" };
                resource.path(list).query("$select", "id,displayName").query("$top", GROUPS_PER_PAGE)
            }
            (Place::Token, _) | (_, Listing::Changes) => {
                self.selected(self.endpoint.resource(DELTA)).query("$deltatoken", "latest")
            }
            (_, Listing::People) => {
                let resource = self.selected(self.endpoint.resource("/users"));
                let resource = resource.query("$top", &self.options.page_size.to_string());
                match filter {
                    Some(filter) => resource.query("$filter", filter).query("$count", "true"),
                    None => resource,
                }
            }
        };
        self.counted(resource.into_path(), filter)
    }

    fn read(&self, cursor: &Cursor, response: &HttpResponse, now: UnixTime) -> Result<PageRead, SourceError> {
        let request = cursor.request();
        let page = self.page_of(request, response, now)?;
        let malformed = |expected| SourceError::Malformed { request, status: response.status, expected };
        let mut read = PageRead::before(Next::End(End { whole: None, delta: None }));
        if cursor.place == Place::Token {
            let delta = page.delta.as_deref().ok_or(malformed("a `@odata.deltaLink`"))?;
            let mut next = Cursor::new(Listing::People, Place::First);
            next.delta = Some(self.delta_token(delta, request)?);
            read.next = Next::Page(next);
            return Ok(read);
        }
        for user in &page.value {
            if cursor.listing == Listing::Changes {
                let id = user.get("id").and_then(Value::as_str).filter(|id| person::is_id(id));
                let id = id.ok_or(malformed("users with an `id`"))?.to_owned();
                if user.contains_key("@removed") {
                    read.gone.push(id)
                } else {
                    read.changed.push(id)
                }
                continue;
            }
            read.enter(self.person(user).map_err(malformed)?, Self::active(user));
        }
        read.next = match (page.next, page.delta) {
            (Some(_), Some(_)) => return Err(malformed("either a next page or a token for changes")),
            (Some(next), None) => {
                let path = link::follow(&self.endpoint, &next, request)?;
                Next::Page(cursor.follow(path, page.value.len())?)
            }
            (None, Some(delta)) if cursor.listing == Listing::Changes => {
                Next::End(End { whole: None, delta: Some(self.delta_token(&delta, request)?) })
            }
            (None, None) if cursor.listing == Listing::People => {
                let last = cursor.turn_page(page.value.len())?;
                Next::End(End { whole: Some(last.whole()?), delta: last.delta })
            }
            _ => return Err(malformed("a next page or the end that was asked for")),
        };
        Ok(read)
    }

    fn read_groups(
        &self,
        cursor: &Cursor,
        response: &HttpResponse,
        now: UnixTime,
    ) -> Result<GroupsRead, SourceError> {
        let request = Request::Groups;
        let page = self.page_of(request, response, now)?;
        let odd = SourceError::Odd { request, expected: "groups with `id` and `displayName`" };
        let mut groups = Vec::new();
        for entry in &page.value {
            let text = |name| entry.get(name).and_then(Value::as_str);
            // Roles and administrative units are in the same list.
            match text("@odata.type") {
                Some("#microsoft.graph.group") => {}
                Some(_) => continue,
                None => return Err(odd),
            }
            let id = text("id").filter(|id| person::is_id(id)).ok_or(odd)?;
            // It is null where the right to read groups is missing: without its name nobody knows what it gives.
            let name = text("displayName").filter(|name| !name.trim().is_empty()).ok_or(odd)?;
            groups.push(Group { id: id.to_owned(), name: name.to_owned() });
        }
        let next = match page.next {
            Some(next) => {
                let path = link::follow(&self.endpoint, &next, request)?;
                Some(cursor.follow(path, page.value.len())?)
            }
            None => None,
        };
        Ok(GroupsRead { groups, next })
    }

    fn look_up(&self, key: &Key) -> HttpCall {
        let users = self.endpoint.resource("/users");
        match key {
            // Changes are told of everybody, and only a list is filtered: whoever is not chosen is not there.
            Key::Id(id) => match &self.options.filter {
                Some(filter) => self.chosen(filter_of(Some(filter), "id", id)),
                None => self.endpoint.get(self.selected(users.segment(id)).into_path(), "application/json"),
            },
            Key::Username(name) | Key::Email(name) => {
                let by = if matches!(key, Key::Email(_)) { "mail" } else { &self.options.username };
                self.chosen(filter_of(self.options.filter.as_deref(), by, name))
            }
        }
    }

    fn looked_up(
        &self,
        key: &Key,
        response: &HttpResponse,
        now: UnixTime,
    ) -> Result<Option<Person>, SourceError> {
        let request = Request::Person;
        let malformed = |expected| SourceError::Malformed { request, status: response.status, expected };
        match key {
            Key::Id(id) if self.options.filter.is_some() => {
                let page = self.page_of(request, response, now)?;
                match page.value.as_slice() {
                    [] if page.next.is_none() => Ok(None),
                    [user] if user.get("id").and_then(Value::as_str) == Some(id) => {
                        certain(self.person(user).map_err(malformed)?, Self::active(user))
                    }
                    _ => Err(malformed("the user that was asked for")),
                }
            }
            Key::Id(id) => {
                refusal(request, response, now)?;
                if response.status == 404 && is_not_found(request, response)? {
                    return Ok(None);
                }
                expect_200(request, response)?;
                let user: Map<String, Value> = read_json(request, response, "a user")?;
                if user.get("id").and_then(Value::as_str) != Some(id) {
                    return Err(malformed("the user that was asked for"));
                }
                certain(self.person(&user).map_err(malformed)?, Self::active(&user))
            }
            Key::Username(_) | Key::Email(_) => {
                let page = self.page_of(request, response, now)?;
                for user in &page.value {
                    let found = self.person(user).map_err(malformed)?;
                    if let Some(person) = found.filter(|person| key.is(person)) {
                        return certain(Some(person), Self::active(user));
                    }
                }
                let nobody = page.value.is_empty() && page.next.is_none();
                if nobody { Ok(None) } else { Err(malformed("users with the name that was asked for")) }
            }
        }
    }
}

/// The chosen one whose `property` is `value`. OData 4.01 5.1.1.6.2: a quote is written twice.
fn filter_of(filter: Option<&str>, property: &str, value: &str) -> String {
    let named = format!("{property} eq '{}'", value.replace('\'', "''"));
    match filter {
        Some(filter) => format!("({filter}) and {named}"),
        None => named,
    }
}

/// Graph's own 404; any other is not about the person.
fn is_not_found(request: Request, response: &HttpResponse) -> Result<bool, SourceError> {
    let refusal: Refusal = read_json(request, response, "an error of Microsoft Graph")?;
    Ok(matches!(refusal.error.code.as_str(), "Request_ResourceNotFound" | "ResourceNotFound"))
}
