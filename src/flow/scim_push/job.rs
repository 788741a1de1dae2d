//! What exactly is left to do about somebody, by the rows as they are now.

use crate::base::Pii;
use crate::directory::{Group, GroupsBecome, Membership, Person};
use crate::provision::{Absence, AccountRef, Capabilities};
use crate::scim::{User, person};
use crate::session::table_key::TableKey;
use crate::store::table::RowKey;

use super::super::directory::Intent;
use super::book::Found;
use super::decision::Context;
use super::pen::row;
use super::person::account_name;
use super::rows::{self, Projected, What};
use super::settings::OnDelete;
use super::users::folder;

/// Members of a group that are looked at in one transaction.
pub(super) const CHUNK: usize = 40;

/// Names that one person can keep: each rename keeps one until the application follows.
pub(super) const MAX_HELD: u64 = 30;

/// Those that are given free at once, at two rows each.
const MAX_RELEASED: usize = 50;

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
    /// What the application is to know the person by, folded.
    pub(super) name: String,
    /// The row `at/ID` as it is in the table.
    pub(super) before: Option<Projected>,
    /// Whose account it is: the only one that is left, or renamed.
    pub(super) theirs: Theirs,
    /// Rows `held/ID/H`; those that nobody needs are given free when it is done.
    pub(super) held: Vec<RowKey>,
    /// Memberships of somebody who is gone.
    pub(super) clear: Vec<RowKey>,
}

/// The account that we made, or that was found to be the person's while they were to have one.
#[derive(Debug, Default)]
pub(super) struct Theirs {
    pub(super) account: Option<AccountRef>,
    /// What it is known by, folded.
    pub(super) name: String,
    /// It was not there before.
    pub(super) made: bool,
    /// It has this name by now, or still the other one.
    pub(super) renaming: Option<Pii<String>>,
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

impl PersonJob {
    /// The rows of names that nobody keeps once the application has `now`; all of them for whoever is gone.
    pub(super) fn released(&self, now: Option<&Projected>, table: &TableKey) -> Vec<RowKey> {
        let kept = now.map(|now| {
            let username = now.account.as_ref().map(|(username, _)| username.expose());
            let renaming = now.renaming.as_ref().map(Pii::expose);
            let names = [Some(&self.name), Some(now.name.expose()), username, renaming];
            let rows = names.into_iter().flatten().filter_map(|name| rows::unique("account", name, table));
            rows.collect::<Vec<_>>()
        });
        let kept = kept.unwrap_or_default();
        let free = self.held.iter().filter(|held| kept.iter().all(|kept| kept.last() != held.last()));
        let rows = |held: &RowKey| [Some(held.clone()), rows::about("account", held.last())];
        free.take(MAX_RELEASED).flat_map(rows).flatten().collect()
    }
}

impl Context<'_> {
    /// What `what` means for `id`.
    pub(super) fn job(&self, id: &str, what: &What) -> Found<Job> {
        match what {
            What::Person => match self.user(id)? {
                None => match self.gone(id)? {
                    Some(user) => self.person_job(id, &user, Membership::Known(Vec::new()), true),
                    None => Ok(Job::Nothing),
                },
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
        let before = self.book.get::<Projected>(&row(rows::about("at", id))?)?.map(|(at, _)| at);
        let intent = match (gone, user.active()) {
            (true, _) => Intent::Absent(self.leaving(&capabilities)),
            (false, true) => Intent::Present { reactivate: true },
            (false, false) => Intent::Absent(inactive(&capabilities)),
        };
        let known = before.as_ref().map(|before| before.name.expose().clone());
        let name = match (account_name(user, self.identity, self.provisioning), intent) {
            (Ok(name), _) => name,
            (Err(_), Intent::Present { .. }) => return Ok(Job::Nothing),
            // Whoever leaves needs no name that anybody could sign in with.
            (Err(_), Intent::Absent(_)) => known.clone().unwrap_or_default(),
        };
        let held = self.book.all(&folder(rows::all_held(id))?, super::users::MAX_GROUPS_OF_ONE)?;
        let held = held.into_iter().cloned().collect();
        let theirs = Theirs {
            account: before.as_ref().and_then(Projected::reference),
            name: known.unwrap_or_default(),
            made: before.as_ref().is_some_and(|before| before.made),
            renaming: before.as_ref().and_then(|before| before.renaming.clone()),
        };
        let clear = if gone {
            let left = self.book.all(&folder(rows::groups(id))?, super::users::MAX_GROUPS_OF_ONE)?;
            left.into_iter().cloned().collect()
        } else {
            Vec::new()
        };
        Ok(Job::Person(Box::new(PersonJob { person, intent, gone, name, before, theirs, held, clear })))
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
        let held = self.book.all(&folder(rows::all_held(id))?, super::users::MAX_GROUPS_OF_ONE)?;
        for held in held.into_iter().take(MAX_RELEASED) {
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
