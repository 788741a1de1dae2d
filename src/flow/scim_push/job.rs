//! What exactly is left to do about somebody, by the rows as they are now.

use crate::base::Pii;
use crate::directory::{Group, GroupsBecome, Membership, Person};
use crate::provision::{Absence, AccountKeyKind, AccountRef, Capabilities};
use crate::scim::{User, person};
use crate::store::table::RowKey;

use super::super::directory::Intent;
use super::book::{Found, Stop};
use super::decision::Context;
use super::pen::row;
use super::person::account_name;
use super::rows::{self, Projected, What};
use super::settings::OnDelete;
use super::users::folder;

/// Members of a group that are looked at in one transaction.
pub(super) const CHUNK: usize = 40;

/// Names that one person can keep: each rename keeps one until the application follows.
const MAX_HELD: usize = 40;

#[derive(Debug)]
pub(super) enum Job {
    /// It was done, or nobody wants it any more.
    Nothing,
    Person(Box<PersonJob>),
    Group(GroupJob),
}

/// Somebody is to be brought somewhere.
#[derive(Debug)]
pub(super) struct PersonJob {
    pub(super) person: Person,
    pub(super) intent: Intent,
    pub(super) gone: bool,
    /// First the account is to get another name.
    pub(super) rename: Option<(AccountRef, Pii<String>)>,
    /// The name that the application has afterwards, folded.
    pub(super) name: String,
    pub(super) before: Option<Projected>,
    /// Rows of names that are nobody's when it is done.
    pub(super) release: Vec<RowKey>,
    /// Memberships of somebody who is gone.
    pub(super) clear: Vec<RowKey>,
}

/// An organization is to follow its group.
#[derive(Debug)]
pub(super) struct GroupJob {
    /// What the application calls it; `None` where it has none.
    pub(super) from: Option<String>,
    /// What it is to be called; `None` for nothing.
    pub(super) to: Option<String>,
    /// We were about to make it.
    pub(super) making: bool,
    /// It is not ours.
    pub(super) detached: bool,
    /// It was there before us.
    pub(super) adopted: bool,
    pub(super) organizations: bool,
    /// Who is looked at next, and whether their memberships end.
    pub(super) members: Members,
    pub(super) release: Vec<RowKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Members {
    LeftAlone,
    LookedAt,
    PutOut,
}

impl Context<'_> {
    /// What `what` means for `id`.
    pub(super) fn job(&self, id: &str, what: &What) -> Found<Job> {
        match what {
            What::Person => match self.user(id)? {
                None => Ok(Job::Nothing),
                Some(kept) => {
                    let groups = self.groups_for_rules(id)?;
                    let groups = if groups.is_empty() && !self.were_groups_pushed()? {
                        Membership::Unknown
                    } else {
                        Membership::Known(groups)
                    };
                    self.person_job(id, &kept.user, groups, false)
                }
            },
            What::PersonGone(json) => {
                let todo = row(rows::about("todo", id))?;
                let user: User = serde_json::from_str(json.expose()).map_err(|_| Stop::Unreadable(todo))?;
                self.person_job(id, &user, Membership::Known(Vec::new()), true)
            }
            What::Group { everybody } => match self.group(id)? {
                None => Ok(Job::Nothing),
                Some(kept) => {
                    let members = if *everybody { Members::LookedAt } else { Members::LeftAlone };
                    let to = (!kept.stored.detached).then(|| kept.group.display_name().to_owned());
                    self.group_job(id, to, kept.stored.detached, members)
                }
            },
            // The members of a group that was made after all are left alone.
            What::GroupGone if self.group(id)?.is_some() => Ok(Job::Nothing),
            What::GroupGone => self.group_job(id, None, false, Members::PutOut),
        }
    }

    fn person_job(&self, id: &str, user: &User, groups: Membership, gone: bool) -> Found<Job> {
        let capabilities = self.provisioning.target.capabilities();
        let person = person(id, user, groups);
        let Ok(name) = account_name(user, self.identity) else { return Ok(Job::Nothing) };
        let before = self.book.get::<Projected>(&row(rows::about("at", id))?)?.map(|(at, _)| at);
        let keep = row(rows::unique("account", &name, self.book.table))?;
        let held = self.book.all(&folder(rows::all_held(id))?, MAX_HELD)?;
        let stale: Vec<&RowKey> =
            held.into_iter().filter(|held| gone || held.last() != keep.last()).collect();
        let mut release = Vec::new();
        for held in &stale {
            release.push((*held).clone());
            release.push(row(rows::about("account", held.last()))?);
        }
        let account = before.as_ref().and_then(Projected::reference);
        let by_name = capabilities.accounts_by == AccountKeyKind::Username;
        // A name that is still held may be what the application has: asking for the new one again does no harm.
        let rename =
            account.filter(|_| by_name && !gone && !stale.is_empty() && capabilities.renames_accounts);
        let identity = person.identity(self.settings.naming, self.identity);
        let rename = rename.zip(identity.ok()).map(|(account, identity)| (account, identity.username));
        let clear = if gone {
            let left = self.book.all(&folder(rows::groups(id))?, super::users::MAX_GROUPS_OF_ONE)?;
            left.into_iter().cloned().collect()
        } else {
            Vec::new()
        };
        let intent = match (gone, user.active()) {
            (true, _) => Intent::Absent(self.leaving(&capabilities)),
            (false, true) => Intent::Present { reactivate: true },
            (false, false) => Intent::Absent(inactive(&capabilities)),
        };
        Ok(Job::Person(Box::new(PersonJob { person, intent, gone, rename, name, before, release, clear })))
    }

    /// A directory that pushes people only says nothing about groups.
    fn were_groups_pushed(&self) -> Found<bool> {
        Ok(self.book.get::<()>(&row(rows::groups_pushed())?)?.is_some())
    }

    /// The groups of `id` as the rules know them.
    pub(super) fn groups_for_rules(&self, id: &str) -> Found<Vec<Group>> {
        let organizations = self.settings.groups_become == GroupsBecome::Organizations;
        let kept = self.kept_groups_of(id)?;
        let at = kept.iter().map(|group| row(rows::about("at", &group.id))).collect::<Found<Vec<_>>>()?;
        if organizations {
            self.book.prepare(&at)?;
        }
        let mut groups = Vec::new();
        for (kept, at) in kept.into_iter().zip(&at) {
            if kept.stored.detached {
                continue;
            }
            let mut name = kept.group.display_name().to_owned();
            if organizations
                && let Some((at, _)) = self.book.get::<Projected>(at)?
                && !at.making
            {
                // Until it is renamed, it is called as it was.
                name = at.name.expose().clone();
            }
            let id = kept.group.external_id().map_or_else(|| kept.id.clone(), str::to_owned);
            groups.push(Group { id, name });
        }
        Ok(groups)
    }

    fn group_job(&self, id: &str, to: Option<String>, detached: bool, members: Members) -> Found<Job> {
        let organizations = self.settings.groups_become == GroupsBecome::Organizations;
        let at = self.book.get::<Projected>(&row(rows::about("at", id))?)?.map(|(at, _)| at);
        let keep = match &to {
            Some(to) => Some(row(rows::unique("organization", to, self.book.table))?),
            None => None,
        };
        let mut release = Vec::new();
        for held in self.book.all(&folder(rows::all_held(id))?, MAX_HELD)? {
            if keep.as_ref().is_none_or(|keep| keep.last() != held.last()) {
                release.push(held.clone());
                release.push(row(rows::about("organization", held.last()))?);
            }
        }
        let adopted = at.as_ref().is_some_and(|at| at.adopted);
        let making = at.as_ref().is_some_and(|at| at.making);
        Ok(Job::Group(GroupJob {
            from: at.filter(|at| !at.making).map(|at| at.name.expose().clone()),
            to,
            making,
            detached,
            adopted,
            organizations,
            members,
            release,
        }))
    }

    fn leaving(&self, capabilities: &Capabilities) -> Absence {
        match self.settings.on_delete {
            OnDelete::Delete if Absence::Delete.is_possible(capabilities) => Absence::Delete,
            OnDelete::Delete | OnDelete::Deactivate => inactive(capabilities),
        }
    }
}

/// What keeps somebody out who may come back; where an account cannot be deactivated, it keeps nothing that the rules gave.
fn inactive(capabilities: &Capabilities) -> Absence {
    if Absence::Deactivate.is_possible(capabilities) { Absence::Deactivate } else { Absence::RemoveGroups }
}
