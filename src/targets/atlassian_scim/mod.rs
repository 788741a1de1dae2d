//! Atlassian Cloud's SCIM directories: of managed users, and of the customers of Jira Service Management.
//!
//! Both speak SCIM as [`super::scim`] does, with fewer words: a filter is one `eq` on `userName` or `displayName`, users come
//! with their groups, `department` and `organization` are attributes of the user itself. They differ in what may change,
//! see [`DirectoryKind`]. What the directories refuse anyway is not sent: an address that cannot change, a group too many.

mod limits;
mod locale;

use serde_json::Value;

use crate::base::{Pii, UnixTime};
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{
    AccountChanges, AccountId, AccountKey, Capabilities, Known, Listed, Operation, Page, Profile,
    ProfileField, Question, RemoteState, Seats,
};

use super::answer::refusal;
use super::application::Application;
use super::endpoint::Endpoint;
use super::error::{Outcome, Prepared, Request, TargetError};
use super::scim::{self, Changes, Dialect, Memberships, Scim, missing};
pub use limits::Limits;
pub use locale::supported as supported_locale;

/// The word for the places of groups that a directory has left, among [`RemoteState::seats`].
const GROUPS: &str = "groups of the directory";

/// How much older than the answer a resource must be to have been there before: the clocks of one service agree to
/// less.
const LINKED_AFTER_SECONDS: u64 = 5;

/// Which of the two directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryKind {
    /// Managed users: an e-mail address may change, a group's name may not.
    ManagedUsers,
    /// Customers of Jira Service Management: groups are read-only organizations, which may be renamed; the e-mail
    /// address of a synced customer may not change; locales are mapped to those that portals have.
    JsmCustomers,
}

/// One directory.
#[derive(Clone, Debug)]
pub struct AtlassianScim {
    scim: Scim,
    kind: DirectoryKind,
    limits: Limits,
}

impl AtlassianScim {
    /// The directory at `endpoint`, whose path prefix ends in the directory's id.
    #[must_use]
    pub const fn new(endpoint: Endpoint, kind: DirectoryKind) -> Self {
        let dialect = Dialect {
            name: "atlassian_scim",
            changes: Changes::Patch,
            memberships: Memberships::Automatic,
            // Addresses cannot be filtered by; a user name is usually one.
            email_filter: "userName",
            flat_profile: true,
            needs_email: true,
            email_immutable: matches!(kind, DirectoryKind::JsmCustomers),
            // Names of users stay; names of groups only where organizations follow them (J24).
            renames_accounts: false,
            renames_groups: matches!(kind, DirectoryKind::JsmCustomers),
            groups_are_organizations: matches!(kind, DirectoryKind::JsmCustomers),
        };
        Self { scim: Scim::speaking(endpoint, dialect), kind, limits: Limits::VENDOR }
    }

    /// The same with other limits than the vendor's.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The calls that add `members` to the group of this id, which has `present` members (J5): as many as it takes, or
    /// none.
    ///
    /// # Errors
    /// [`TargetError::LimitExceeded`] when the group cannot hold them all.
    pub fn add_members(
        &self,
        group: &str,
        present: u64,
        members: &[AccountId],
    ) -> Result<Vec<HttpCall>, TargetError> {
        let batches = self.limits.batches(present, members)?;
        Ok(batches.map(|batch| self.scim.add_members(group, batch)).collect())
    }

    const fn customers(&self) -> bool {
        matches!(self.kind, DirectoryKind::JsmCustomers)
    }

    /// A group is made only when its name is free and the directory has room for it (J6, J23).
    fn create_group(
        &self,
        operation: &Operation,
        group: &str,
        remote: &RemoteState,
        now: UnixTime,
    ) -> Prepared {
        match remote.directory.group(group) {
            Some(Known::Exists(_)) => return Prepared::AlreadySo,
            Some(Known::Absent) => {}
            None => {
                return Prepared::Ask(Question::Group { name: group.to_owned(), page: Page::FIRST });
            }
        }
        let room = remote.seats.iter().find(|seats| seats.product == GROUPS);
        match room.map(|seats| seats.remaining) {
            None => Prepared::Ask(Question::Seats),
            Some(Some(0)) => Prepared::Refuse(TargetError::LimitExceeded {
                request: Request::Change(operation.kind()),
                limit: "groups per directory",
                allowed: self.limits.groups_per_directory,
            }),
            Some(_) => self.scim.prepare(operation, remote, now),
        }
    }

    /// What of `changes` may be sent (J19) and says something new (J18).
    fn sendable(&self, changes: &AccountChanges, remote: &RemoteState) -> AccountChanges {
        let mut changes = changes.clone();
        if !self.customers() {
            return changes;
        }
        changes.email = None;
        let have =
            remote.account.as_ref().and_then(|account| account.profile.get(&ProfileField::PreferredLanguage));
        if let Some(language) = changes.profile.get_mut(&ProfileField::PreferredLanguage) {
            *language = Pii::new(locale::supported(language.expose()).to_owned());
            // The directory shows what it was sent, mapped or not.
            if have.is_some_and(|have| locale::supported(have.expose()) == language.expose()) {
                changes.profile.remove(&ProfileField::PreferredLanguage);
            }
        }
        changes
    }

    fn profile(&self, profile: &Profile) -> Profile {
        let mut profile = profile.clone();
        if let Some(language) = profile.get_mut(&ProfileField::PreferredLanguage).filter(|_| self.customers())
        {
            *language = Pii::new(locale::supported(language.expose()).to_owned());
        }
        profile
    }
}

impl Application for AtlassianScim {
    fn name(&self) -> &'static str {
        self.scim.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.scim.capabilities()
    }

    fn look_up(&self, key: &AccountKey) -> Vec<Question> {
        self.scim.look_up(key)
    }

    fn ask(&self, question: &Question) -> HttpCall {
        match question {
            // One resource and the number of all: a count of 0 is not everywhere taken for one.
            Question::Seats => {
                let groups = self.scim.groups().query("startIndex", "1").query("count", "1");
                self.scim.call("GET", groups.query("excludedAttributes", "members"), None)
            }
            other => self.scim.ask(other),
        }
    }

    fn learn(
        &self,
        question: &Question,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Result<Vec<Question>, TargetError> {
        if *question != Question::Seats {
            return self.scim.learn(question, response, remote);
        }
        let request = Request::of(question);
        refusal(request, response)?;
        let total = scim::total(request, response)?;
        remote.seats.retain(|seats| seats.product != GROUPS);
        remote.seats.push(Seats {
            product: String::from(GROUPS),
            groups: Vec::new(),
            remaining: Some(self.limits.groups_per_directory.saturating_sub(total)),
        });
        Ok(Vec::new())
    }

    fn prepare(&self, operation: &Operation, remote: &RemoteState, now: UnixTime) -> Prepared {
        match operation {
            Operation::CreateAccount { username, email, display_name, profile, customer } => {
                let address =
                    email.clone().or_else(|| username.expose().contains('@').then(|| username.clone()));
                // A user without a primary address is refused, and nobody would be linked.
                let Some(address) = address else { return missing(operation, "e-mail address") };
                let create = Operation::CreateAccount {
                    username: username.clone(),
                    email: Some(address),
                    display_name: display_name.clone(),
                    profile: self.profile(profile),
                    customer: *customer,
                };
                self.scim.prepare(&create, remote, now)
            }
            Operation::UpdateAccount { account, changes } => {
                let changes = self.sendable(changes, remote);
                if changes.is_empty() {
                    return Prepared::AlreadySo;
                }
                let update = Operation::UpdateAccount { account: account.clone(), changes };
                self.scim.prepare(&update, remote, now)
            }
            Operation::CreateGroup { group } => self.create_group(operation, group, remote, now),
            other => self.scim.prepare(other, remote, now),
        }
    }

    fn outcome(&self, operation: &Operation, response: &HttpResponse, remote: &mut RemoteState) -> Outcome {
        let outcome = self.scim.outcome(operation, response, remote);
        match (operation, &outcome) {
            // The account of a person who was here before is linked, not made (J8, J15): told as what was so already.
            (Operation::CreateAccount { .. }, Outcome::Applied) if was_there(response) => Outcome::AlreadySo,
            (Operation::CreateGroup { .. }, Outcome::Applied) => {
                for seats in remote.seats.iter_mut().filter(|seats| seats.product == GROUPS) {
                    seats.remaining = seats.remaining.map(|left| left.saturating_sub(1));
                }
                outcome
            }
            _ => outcome,
        }
    }

    fn list_accounts(&self, page: &Page) -> Option<HttpCall> {
        self.scim.list_accounts(page)
    }

    fn listed_accounts(&self, page: &Page, response: &HttpResponse) -> Result<Listed, TargetError> {
        self.scim.listed_accounts(page, response)
    }

    fn reread(&self, operation: &Operation, remote: &RemoteState) -> Question {
        self.scim.reread(operation, remote)
    }
}

/// Does the answer to a creation show somebody who was there before? It says 200 instead of 201, or that they were made
/// before they were changed.
fn was_there(response: &HttpResponse) -> bool {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let time = |name| body.pointer(name).and_then(Value::as_str).and_then(UnixTime::parse_xs_date_time);
    let made_before = match (time("/meta/created"), time("/meta/lastModified")) {
        (Some(made), Some(changed)) => changed.saturating_since(made).as_secs() > LINKED_AFTER_SECONDS,
        _ => false,
    };
    response.status == 200 || made_before
}

#[cfg(test)]
mod tests;
