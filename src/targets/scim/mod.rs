//! SCIM 2.0 (RFC 7643, RFC 7644): what to send.
//!
//! Accounts are found by `userName eq`, groups by `displayName eq`, and both are changed under the `id` that the service
//! gave them. A membership is changed at the group, because `groups` of a user is read-only (RFC 7643 4.1.2): `add` to
//! `members`, and `remove` of `members[value eq "ID"]`. `active` is never left out, because services differ in what they
//! take for granted then. A service without PATCH gets its own resources back, changed, by PUT.

mod edit;
mod outcome;
mod read;
mod rename;
mod wire;

use serde_json::{Value, json};

use crate::base::{Pii, UnixTime};
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{
    AccountId, AccountKey, AccountRef, Capabilities, Known, KnownGroup, Listed, Operation, Page,
    ProfileField, Question, RemoteState,
};

use super::application::Application;
use super::endpoint::{Endpoint, Media};
use super::error::{Outcome, Prepared, Request, TargetError};
use super::resource::Resource;
use super::subject::Subject;
use edit::Edits;
pub(crate) use edit::chosen_email;
pub(crate) use wire::{attribute, boolean, eq, text, values};

/// Memberships of one page; services announce at least this many (`filter.maxResults`) or send fewer of their own accord.
const PAGE_SIZE: &str = "100";

/// The cursor that asks for a group with its members.
const WITH_MEMBERS: &str = "members";

/// The cursor that asks for the group of this id, whole: what goes back by PUT must have come so, because a list may show
/// groups without their members.
const BY_ID: &str = "id:";

/// What an account of ours can hold besides name and address.
pub(super) const PROFILE_FIELDS: &[ProfileField] = &[
    ProfileField::Title,
    ProfileField::Department,
    ProfileField::Organization,
    ProfileField::TimeZone,
    ProfileField::PreferredLanguage,
];

/// How resources are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// By PATCH, which names what changes.
    Patch,
    /// By PUT of the whole resource as it was read, for services that announce `patch.supported: false`.
    Put,
}

/// Where somebody's memberships are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memberships {
    /// In `groups` of the user; where a user comes without it, as [`Memberships::MemberFilter`].
    Automatic,
    /// In `groups` of the user; a user without it is in no group.
    User,
    /// By asking for groups with `members.value eq "ID"`.
    MemberFilter,
    /// In `members` of these groups, one call each: for services that can do neither.
    Groups(Vec<String>),
}

/// In what services differ. The generic service is what the configuration says; others have their own rooms.
#[derive(Clone, Debug)]
pub(super) struct Dialect {
    pub(super) name: &'static str,
    pub(super) changes: Changes,
    pub(super) memberships: Memberships,
    /// The attribute that is compared with an e-mail address.
    pub(super) email_filter: &'static str,
    /// `department` and `organization` are attributes of the user itself and not of the enterprise extension.
    pub(super) flat_profile: bool,
    /// A user is made only with an e-mail address.
    pub(super) needs_email: bool,
    pub(super) email_immutable: bool,
    pub(super) renames_accounts: bool,
    pub(super) renames_groups: bool,
    pub(super) groups_are_organizations: bool,
}

/// One service.
#[derive(Clone, Debug)]
pub struct Scim {
    endpoint: Endpoint,
    dialect: Dialect,
}

impl Scim {
    /// The service at `endpoint`, whose path prefix is the service's base, such as `/scim/v2`.
    #[must_use]
    pub const fn new(endpoint: Endpoint, changes: Changes, memberships: Memberships) -> Self {
        let dialect = Dialect {
            name: "scim",
            changes,
            memberships,
            email_filter: "emails.value",
            flat_profile: false,
            needs_email: false,
            email_immutable: false,
            renames_accounts: true,
            renames_groups: true,
            groups_are_organizations: false,
        };
        Self::speaking(endpoint, dialect)
    }

    pub(super) const fn speaking(endpoint: Endpoint, dialect: Dialect) -> Self {
        Self { endpoint, dialect }
    }

    pub(super) fn call(&self, method: &'static str, resource: Resource, body: Option<&Value>) -> HttpCall {
        self.endpoint.call(method, resource, Media::ScimJson, body)
    }

    pub(super) fn users(&self) -> Resource {
        self.endpoint.resource("/Users")
    }

    pub(super) fn groups(&self) -> Resource {
        self.endpoint.resource("/Groups")
    }

    /// Adds `members` to the group of this id.
    pub(super) fn add_members(&self, group: &str, members: &[AccountId]) -> HttpCall {
        self.call("PATCH", self.groups().segment(group), Some(&edit::add_members(members)))
    }

    /// Changes the user of `account`.
    pub(super) fn change_user(
        &self,
        operation: &Operation,
        account: &AccountRef,
        edits: impl FnOnce(Option<&Value>) -> Edits,
        remote: &RemoteState,
    ) -> Prepared {
        let Some(id) = id_of(account, remote) else { return missing(operation, "account") };
        let document = wire::document(remote, wire::Kind::User, id.as_str());
        let edits = edits(document.as_ref());
        let resource = self.users().segment(id.as_str());
        match (self.dialect.changes, document) {
            (Changes::Patch, _) => Prepared::Call(self.call("PATCH", resource, Some(&edits.patch()))),
            (Changes::Put, Some(document)) => Prepared::Call(self.put(resource, edits.applied_to(document))),
            (Changes::Put, None) => Prepared::Ask(account_question(&account.username)),
        }
    }

    /// Changes the members of `group`.
    fn change_members(
        &self,
        operation: &Operation,
        account: &AccountRef,
        (group, if_it_exists): (&str, bool),
        joins: bool,
        remote: &RemoteState,
    ) -> Prepared {
        let Some(member) = id_of(account, remote) else { return missing(operation, "account") };
        let by_put = self.dialect.changes == Changes::Put;
        let ask = |page| Prepared::Ask(Question::Group { name: group.to_owned(), page });
        let id = match remote.directory.group(group) {
            Some(Known::Absent) if if_it_exists => return Prepared::PassOver,
            // What does not exist has no members.
            Some(Known::Absent) if !joins => return Prepared::AlreadySo,
            Some(Known::Absent) => return missing(operation, "group"),
            Some(Known::Exists(known)) => known.id.as_deref(),
            None => None,
        };
        let Some(id) = id else { return ask(Page::FIRST) };
        let resource = self.groups().segment(id);
        if !by_put {
            return Prepared::Call(if joins {
                self.add_members(id, core::slice::from_ref(member))
            } else {
                self.call("PATCH", resource, Some(&edit::remove_member(member)))
            });
        }
        let Some(document) = wire::document(remote, wire::Kind::Group, id) else {
            return ask(Page::at(format!("{BY_ID}{id}")));
        };
        match edit::with_membership(document, member, joins) {
            Some(document) => Prepared::Call(self.put(resource, document)),
            None => Prepared::AlreadySo,
        }
    }

    /// Asks for a page of all users, without what may be long and is not looked at.
    fn list(&self, page: &Page) -> HttpCall {
        let resource = self.users().query("startIndex", &read::list_start(page).to_string());
        let resource = resource.query("count", PAGE_SIZE).query("attributes", "userName,emails,active");
        self.call("GET", resource, None)
    }

    /// Sends a resource back. A service that versions its resources (RFC 7644 3.14) refuses when somebody else was faster.
    fn put(&self, resource: Resource, document: Value) -> HttpCall {
        let version = wire::version(&document).map(str::to_owned);
        let mut call = self.call("PUT", resource, Some(&edit::writable(document)));
        if let Some(version) = version {
            call.headers.push((String::from("if-match"), version));
        }
        call
    }
}

impl Application for Scim {
    fn name(&self) -> &'static str {
        self.dialect.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            marker: false,
            deactivates: true,
            deletes_accounts: true,
            renames_accounts: self.dialect.renames_accounts,
            lists_accounts: true,
            renames_groups: self.dialect.renames_groups,
            deletes_groups: true,
            groups_are_organizations: self.dialect.groups_are_organizations,
            needs_email: self.dialect.needs_email,
            email_immutable: self.dialect.email_immutable,
            profile_fields: PROFILE_FIELDS,
            ..Capabilities::default()
        }
    }

    fn look_up(&self, key: &AccountKey) -> Vec<Question> {
        vec![Question::Account { by: key.clone(), page: Page::FIRST }]
    }

    fn ask(&self, question: &Question) -> HttpCall {
        let resource = match question {
            Question::Account { by: AccountKey::Username(username), .. } => {
                self.users().query("filter", &wire::eq("userName", username.expose()))
            }
            Question::Account { by: AccountKey::Email(email), .. } => {
                self.users().query("filter", &wire::eq(self.dialect.email_filter, email.expose()))
            }
            Question::Memberships { account, page } => {
                let id = account.id.as_ref().map_or("", AccountId::as_str);
                self.groups()
                    .query("filter", &wire::eq("members.value", id))
                    .query("excludedAttributes", "members")
                    .query("startIndex", page.as_str().unwrap_or("1"))
                    .query("count", PAGE_SIZE)
            }
            Question::Group { name, page } => {
                let resource = || self.groups().query("filter", &wire::eq("displayName", name));
                match page.as_str() {
                    None => resource().query("excludedAttributes", "members"),
                    Some(cursor) => match cursor.strip_prefix(BY_ID) {
                        Some(id) => self.groups().segment(id),
                        None => resource(),
                    },
                }
            }
            // Nothing of these is ever asked for; the answer to this says nothing about anybody.
            Question::Marker { .. } | Question::Organization { .. } | Question::Seats => {
                self.endpoint.resource("/ServiceProviderConfig")
            }
        };
        self.call("GET", resource, None)
    }

    fn learn(
        &self,
        question: &Question,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Result<Vec<Question>, TargetError> {
        self.read(question, response, remote)
    }

    fn prepare(&self, operation: &Operation, remote: &RemoteState, _: UnixTime) -> Prepared {
        match operation {
            Operation::CreateAccount { username, email, display_name, profile, .. } => {
                let user = edit::new_user(
                    username,
                    email.as_ref(),
                    display_name,
                    profile,
                    self.dialect.flat_profile,
                );
                Prepared::Call(self.call("POST", self.users(), Some(&user)))
            }
            Operation::ReactivateAccount { account } => {
                self.change_user(operation, account, |_| Edits::active(true), remote)
            }
            Operation::DeactivateAccount { account } => {
                self.change_user(operation, account, |_| Edits::active(false), remote)
            }
            Operation::RenameAccount { account, username } if self.dialect.renames_accounts => {
                self.change_user(operation, account, |_| Edits::username(username), remote)
            }
            Operation::DeleteAccount { account } => match id_of(account, remote) {
                Some(id) => Prepared::Call(self.call("DELETE", self.users().segment(id.as_str()), None)),
                None => Prepared::AlreadySo,
            },
            Operation::RenameGroup { group, name } if self.dialect.renames_groups => {
                self.rename_group(operation, group, name, remote)
            }
            Operation::RenameAccount { .. } | Operation::RenameGroup { .. } => {
                missing(operation, "way to do it")
            }
            Operation::DeleteGroup { group } => match remote.directory.group(group) {
                Some(Known::Exists(KnownGroup { id: Some(id), .. })) => {
                    Prepared::Call(self.call("DELETE", self.groups().segment(id), None))
                }
                Some(Known::Absent) => Prepared::AlreadySo,
                Some(Known::Exists(_)) | None => {
                    Prepared::Ask(Question::Group { name: group.clone(), page: Page::FIRST })
                }
            },
            Operation::UpdateAccount { account, changes } => {
                let edits =
                    |document: Option<&Value>| Edits::of(changes, document, self.dialect.flat_profile);
                self.change_user(operation, account, edits, remote)
            }
            Operation::CreateGroup { group } => match remote.directory.group(group) {
                Some(Known::Exists(_)) => Prepared::AlreadySo,
                Some(Known::Absent) => {
                    let group = json!({ "schemas": [wire::GROUP], "displayName": group });
                    Prepared::Call(self.call("POST", self.groups(), Some(&group)))
                }
                // Names of groups need not be unique (RFC 7643 4.2), so a service may make a second one of the same name.
                None => Prepared::Ask(Question::Group { name: group.clone(), page: Page::FIRST }),
            },
            Operation::AddToGroup { account, group, if_it_exists } => {
                self.change_members(operation, account, (group, *if_it_exists), true, remote)
            }
            Operation::RemoveFromGroup { account, group } => {
                self.change_members(operation, account, (group, false), false, remote)
            }
            Operation::CreateOrganization { .. }
            | Operation::LinkOrganization { .. }
            | Operation::AddCustomer { .. }
            | Operation::AddToOrganization { .. }
            | Operation::RemoveFromOrganization { .. }
            | Operation::WriteMarker { .. }
            | Operation::AnonymizeAccount { .. }
            | Operation::RenameOrganization { .. }
            | Operation::DeleteOrganization { .. }
            | Operation::Deliver(_) => missing(operation, "way to do it"),
        }
    }

    fn outcome(&self, operation: &Operation, response: &HttpResponse, remote: &mut RemoteState) -> Outcome {
        self.judge(operation, response, remote)
    }

    fn list_accounts(&self, page: &Page) -> Option<HttpCall> {
        Some(self.list(page))
    }

    fn listed_accounts(&self, page: &Page, response: &HttpResponse) -> Result<Listed, TargetError> {
        self.listed(page, response)
    }

    fn reread(&self, operation: &Operation, _: &RemoteState) -> Question {
        match Subject::of(operation) {
            Subject::Person(username) => account_question(username),
            Subject::Account(account) | Subject::Membership(account) | Subject::Marker(account) => {
                account_question(&account.username)
            }
            Subject::Group(name) | Subject::Organization(name) => {
                Question::Group { name: name.to_owned(), page: Page::FIRST }
            }
        }
    }
}

fn account_question(username: &Pii<String>) -> Question {
    Question::Account { by: AccountKey::Username(username.clone()), page: Page::FIRST }
}

/// How many resources a list says that there are; it may show fewer.
pub(super) fn total(request: Request, response: &HttpResponse) -> Result<u64, TargetError> {
    wire::page(request, response, 1).map(|page| page.total)
}

/// The id of `account`, which a new one has only since the answer to its creation.
pub(super) fn id_of<'a>(account: &'a AccountRef, remote: &'a RemoteState) -> Option<&'a AccountId> {
    account.id.as_ref().or_else(|| remote.account.as_ref()?.id.as_ref())
}

pub(super) const fn missing(operation: &Operation, what: &'static str) -> Prepared {
    Prepared::Refuse(TargetError::Missing { request: Request::Change(operation.kind()), what })
}

#[cfg(test)]
mod tests;
