//! Groups and memberships made, changed and deleted.

use std::collections::BTreeSet;

use crate::base::Code;
use crate::directory::GroupsBecome;
use crate::scim::router::{Precondition, Projection};
use crate::scim::{Document, Error, Group, MembersChange, Patch, ResourceKind, fold};
use crate::store::table::{RowKey, RowVersion};

use super::book::{Found, Stop};
use super::decision::{
    AccessChange, Commit, Context, Decision, MAX_INLINE, MEMBERS_AT_ONCE, ManyMembers, Then,
};
use super::pen::{Pen, row, unavailable};
use super::rows::{self, Projected, Stored, Todo, What};
use super::users::{etag, folder, json};

const KIND: ResourceKind = ResourceKind::Group;

/// How long the members of a group that is being made are left alone; no request takes as long.
const STAGING_SECS: u64 = 600;

/// A change of a group.
pub(super) enum Change<'a> {
    Replace(&'a Document),
    Patch(&'a Patch),
}

/// A group as it is kept.
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) group: Group,
    pub(super) stored: Stored,
    pub(super) version: RowVersion,
}

/// Who comes in and who goes out.
#[derive(Default)]
struct Moves {
    add: Vec<String>,
    remove: Vec<String>,
    /// Whom the request names, and about whom nothing changes.
    named: Vec<String>,
}

impl Context<'_> {
    pub(super) fn create_group(&self, body: &Document, projection: &Projection) -> Found<Decision> {
        let (group, members) = Group::from_post(body, self.limits)?;
        let title = row(rows::unique("title", group.display_name(), self.book.table))?;
        if let Some((owner, _)) = self.book.get::<String>(&title)? {
            // As with users: made, but nobody was told so.
            let kept = self.group(&owner)?;
            return match kept.filter(|kept| kept.stored.provisional) {
                Some(kept) => {
                    let change = MembersChange::replace_by(members);
                    self.write_group(&kept, group, &change, 201, projection)
                }
                None => Err(Error::Uniqueness { attribute: "displayName" }.into()),
            };
        }
        // J6.
        if self.book.count(folder(rows::resources(KIND))?)? >= self.settings.max_groups {
            return Err(limit_reached().into());
        }
        let moves = self.moves(self.new_id, &MembersChange::replace_by(members), true)?;
        let mut pen = Pen::new(self.book.table, self.entropy);
        pen.unchanged(&title, RowVersion::ABSENT);
        if self.are_organizations() {
            let hold = self.hold_of(group.display_name())?;
            let version = self.free_organization(&hold, self.new_id)?;
            pen.unchanged(&hold, version);
            self.hold(&mut pen, hold, self.new_id)?;
        }
        let now = self.now.as_secs();
        let stored =
            Stored { json: json(&group)?, created: now, modified: now, provisional: true, detached: false };
        pen.put(row(rows::resource(KIND, self.new_id))?, &stored)?;
        pen.put(title, &self.new_id)?;
        pen.put(row(rows::groups_pushed())?, &())?;
        if let Some(key) = self.external(&group, self.new_id)? {
            pen.put(key, &())?;
        }
        let then = Then::Show {
            status: 201,
            kind: KIND,
            id: self.new_id.to_owned(),
            projection: projection.clone(),
        };
        let many = moves.add.len() > MEMBERS_AT_ONCE;
        self.finish(
            pen,
            self.new_id,
            moves,
            Written { then, staged: many, todo: many.then_some(true), renamed: false },
        )
    }

    pub(super) fn change_group(
        &self,
        id: &str,
        change: &Change<'_>,
        precondition: &Precondition,
        projection: &Projection,
    ) -> Found<Decision> {
        let kept = self.group(id)?.ok_or(Error::NotFound { what: "group" })?;
        precondition.check(&etag(kept.version))?;
        let (group, change, status) = match change {
            Change::Replace(body) => {
                let (group, change) = kept.group.apply_put(body, self.limits)?;
                (group, change, 200)
            }
            Change::Patch(patch) => {
                let (group, change) = kept.group.apply_patch(id, patch, self.limits)?;
                // Nobody wants a list of all members for an answer (Entra ID asks for 204).
                (group, change, if *projection == Projection::Default { 204 } else { 200 })
            }
        };
        self.write_group(&kept, group, &change, status, projection)
    }

    pub(super) fn delete_group(&self, id: &str, precondition: &Precondition) -> Found<Decision> {
        let Some(kept) = self.group(id)? else {
            let todo = self.book.get::<Todo>(&row(rows::about("todo", id))?)?;
            return match todo {
                Some((Todo { what: What::GroupGone, .. }, _)) => Ok(self.only_settle(id, Then::Nothing)),
                _ => Err(Error::NotFound { what: "group" }.into()),
            };
        };
        precondition.check(&etag(kept.version))?;
        if self.are_organizations() && !kept.stored.detached {
            self.check_capability(self.provisioning.target.capabilities().deletes_organizations, id)?;
        }
        let mut pen = Pen::new(self.book.table, self.entropy);
        let key = row(rows::resource(KIND, id))?;
        pen.unchanged(&key, kept.version);
        pen.delete(key);
        pen.delete(row(rows::unique("title", kept.group.display_name(), self.book.table))?);
        if let Some(key) = self.external(&kept.group, id)? {
            pen.delete(key);
        }
        // A membership counts only while its group is there; the rows are cleared away by whoever does what is left.
        self.bring(&mut pen, id, What::GroupGone)?;
        let lost = self.book.count(folder(rows::members(id))?)?;
        let Decision::Commit(mut commit) = self.commit(pen, id, Then::Nothing) else {
            return Err(Error::NotFound { what: "group" }.into());
        };
        if lost > u64::try_from(MAX_INLINE).unwrap_or(u64::MAX) {
            commit.settle.clear();
        }
        commit.access = Some(AccessChange {
            group: id.to_owned(),
            gained: 0,
            lost: usize::try_from(lost).unwrap_or(usize::MAX),
            renamed: false,
        });
        Ok(Decision::Commit(commit))
    }

    /// The group `id`; `None` where there is none.
    pub(super) fn group(&self, id: &str) -> Found<Option<Kept>> {
        let Some(key) = rows::resource(KIND, id) else { return Ok(None) };
        let Some((stored, version)) = self.book.get::<Stored>(&key)? else { return Ok(None) };
        let group: Group = serde_json::from_str(stored.json.expose()).map_err(|_| Stop::Unreadable(key))?;
        Ok(Some(Kept { id: id.to_owned(), group, stored, version }))
    }

    fn write_group(
        &self,
        kept: &Kept,
        group: Group,
        change: &MembersChange,
        status: u16,
        projection: &Projection,
    ) -> Found<Decision> {
        let id = kept.id.as_str();
        let then = match status {
            204 => Then::Nothing,
            status => Then::Show { status, kind: KIND, id: id.to_owned(), projection: projection.clone() },
        };
        let moves = self.moves(id, change, false)?;
        let renamed = group.display_name() != kept.group.display_name();
        let known_otherwise = renamed || group.external_id() != kept.group.external_id();
        if group == kept.group && moves.add.is_empty() && moves.remove.is_empty() {
            return self.left_to_do(id, moves.named, then);
        }
        let mut pen = Pen::new(self.book.table, self.entropy);
        let key = row(rows::resource(KIND, id))?;
        pen.unchanged(&key, kept.version);
        let (old, new) = (kept.group.display_name(), group.display_name());
        if fold(old) != fold(new) {
            let title = row(rows::unique("title", new, self.book.table))?;
            if self.book.version(&title)? != RowVersion::ABSENT {
                return Err(Error::Uniqueness { attribute: "displayName" }.into());
            }
            pen.unchanged(&title, RowVersion::ABSENT);
            pen.delete(row(rows::unique("title", old, self.book.table))?);
            pen.put(title, &id)?;
        }
        if renamed && self.are_organizations() && !kept.stored.detached {
            self.check_capability(!self.settings.stricter(Some(self.provisioning)).keeps_group_name, id)?;
            let hold = self.hold_of(new)?;
            let version = self.free_organization(&hold, id)?;
            pen.unchanged(&hold, version);
            self.hold(&mut pen, hold, id)?;
        }
        let (before, after) = (self.external(&kept.group, id)?, self.external(&group, id)?);
        if before != after {
            before.into_iter().for_each(|key| pen.delete(key));
            if let Some(key) = after {
                pen.put(key, &())?;
            }
        }
        let modified = self.now.as_secs().max(kept.stored.modified);
        pen.put(key, &Stored { json: json(&group)?, modified, ..kept.stored.clone() })?;
        let todo = known_otherwise.then_some(true);
        self.finish(pen, id, moves, Written { then, staged: false, todo, renamed })
    }

    /// Nothing changes. What earlier requests left to do about those whom this one names is done before it is told that all is
    /// well.
    fn left_to_do(&self, id: &str, named: Vec<String>, then: Then) -> Found<Decision> {
        let mut settle = Vec::new();
        if named.len() <= MAX_INLINE {
            let ids: Vec<String> = named.into_iter().chain([id.to_owned()]).collect();
            let keys = ids.iter().map(|id| row(rows::about("todo", id))).collect::<Found<Vec<_>>>()?;
            self.book.look(keys.iter().cloned())?;
            for (id, key) in ids.into_iter().zip(&keys) {
                if self.book.is_there(key)? {
                    settle.push(id);
                }
            }
        }
        Ok(Decision::Commit(Box::new(Commit { settle, then, ..Commit::default() })))
    }

    /// Who comes in and goes out, when `change` is made to the group `id`.
    fn moves(&self, id: &str, change: &MembersChange, is_new: bool) -> Found<Moves> {
        let member = |user: &str| {
            let [member, _] = rows::membership(id, user).ok_or_else(unknown_member)?;
            Ok::<RowKey, Stop>(member)
        };
        let mut moves = Moves::default();
        let most = usize::try_from(self.settings.max_users_per_group).unwrap_or(usize::MAX);
        if is_new {
            moves.add = change.added().iter().cloned().collect();
        } else if change.replaces() {
            let present = self.book.all(&folder(rows::members(id))?, most)?;
            let present: BTreeSet<&str> = present.iter().map(|key| key.last()).collect();
            for user in change.added() {
                let list = if present.contains(user.as_str()) { &mut moves.named } else { &mut moves.add };
                list.push(user.clone());
            }
            let stays = |user: &&&str| !change.added().contains(**user);
            moves.remove = present.iter().filter(stays).map(|user| (*user).to_owned()).collect();
        } else {
            let named = change.added().iter().map(|user| (user, true));
            let named: Vec<(&String, bool)> =
                named.chain(change.removed().iter().map(|user| (user, false))).collect();
            // Who is no user cannot be a member: taking them out changes nothing.
            let is_id = |user: &String| rows::membership(id, user).is_some();
            let known = named.iter().filter(|(user, _)| is_id(user));
            self.book.look(known.map(|(user, _)| member(user)).collect::<Found<Vec<_>>>()?)?;
            for (user, comes) in named {
                if !comes && !is_id(user) {
                    continue;
                }
                let list = match (comes, self.book.is_there(&member(user)?)?) {
                    (true, false) => &mut moves.add,
                    (false, true) => &mut moves.remove,
                    _ => &mut moves.named,
                };
                list.push(user.clone());
            }
        }
        // A part of a change is worse than none: whoever is unknown stops all of it.
        let users = moves.add.iter().map(|user| rows::resource(ResourceKind::User, user));
        let users = users.map(|key| key.ok_or_else(unknown_member)).collect::<Result<Vec<_>, Stop>>()?;
        self.book.look(users.iter().cloned())?;
        for user in &users {
            if !self.book.is_there(user)? {
                return Err(unknown_member());
            }
        }
        // J5.
        let present = if is_new { 0 } else { self.book.count(folder(rows::members(id))?)? };
        let size = |list: &[String]| u64::try_from(list.len()).unwrap_or(u64::MAX);
        let after = present.saturating_add(size(&moves.add)).saturating_sub(size(&moves.remove));
        if !moves.add.is_empty() && after > self.settings.max_users_per_group {
            return Err(limit_reached().into());
        }
        Ok(moves)
    }

    /// Completes what `pen` wrote about the group `id` with its members.
    fn finish(&self, mut pen: Pen<'_>, id: &str, moves: Moves, written: Written) -> Found<Decision> {
        let Moves { add, remove, .. } = moves;
        let affected = add.len().saturating_add(remove.len());
        let mut settle: Vec<String> = Vec::new();
        let organization = self.are_organizations();
        let todo = written.todo.or_else(|| (written.then.is_new() && organization).then_some(false));
        if let Some(everybody) = todo {
            self.bring(&mut pen, id, What::Group { everybody })?;
            settle.push(id.to_owned());
        }
        let access = AccessChange {
            group: id.to_owned(),
            gained: add.len(),
            lost: remove.len(),
            renamed: written.renamed,
        };
        let mut commit = Commit { then: written.then, ..Commit::default() };
        if affected > MEMBERS_AT_ONCE {
            if written.staged {
                // Should the group never be made, its members are cleared away.
                let due = self.now.as_secs().saturating_add(STAGING_SECS);
                let mut staging = Pen::new(self.book.table, self.entropy);
                staging.put(row(rows::about("todo", id))?, &Todo::at(due, What::GroupGone))?;
                commit.before = staging.actions;
                pen.exists(&row(rows::about("todo", id))?);
            }
            commit.members = Some(ManyMembers { group: id.to_owned(), add, remove, staged: written.staged });
            // The caretaker does it; nobody waits.
            settle.clear();
        } else {
            for user in &add {
                pen.exists(&row(rows::resource(ResourceKind::User, user))?);
                for side in rows::membership(id, user).ok_or_else(unknown_member)? {
                    pen.put(side, &())?;
                }
            }
            for user in &remove {
                let sides = rows::membership(id, user).ok_or_else(unknown_member)?;
                sides.into_iter().for_each(|side| pen.delete(side));
            }
            for user in add.iter().chain(&remove) {
                self.bring(&mut pen, user, What::Person)?;
            }
            if affected <= MAX_INLINE {
                settle.extend(add.into_iter().chain(remove));
            }
        }
        commit.settle = settle;
        commit.access = (affected > 0 || access.renamed).then_some(access);
        commit.conditions = pen.conditions;
        commit.actions = pen.actions;
        Ok(Decision::Commit(Box::new(commit)))
    }

    fn are_organizations(&self) -> bool {
        self.settings.groups_become == GroupsBecome::Organizations
    }

    fn external(&self, group: &Group, id: &str) -> Found<Option<RowKey>> {
        let external = group.external_id();
        external.map(|value| row(rows::finds("extern", KIND, value, id, self.book.table))).transpose()
    }

    fn hold_of(&self, name: &str) -> Found<RowKey> {
        row(rows::unique("organization", name, self.book.table))
    }

    /// The version of the row of an organization that no other group has to do with.
    fn free_organization(&self, hold: &RowKey, id: &str) -> Found<RowVersion> {
        match self.book.get::<String>(hold)? {
            None => Ok(RowVersion::ABSENT),
            Some((owner, version)) if owner == id => Ok(version),
            // It is being renamed or deleted: what is done to it now would hit the wrong one.
            Some(_) => Err(unavailable(Code::ScimContended).into()),
        }
    }

    /// What the application cannot do to an organization that it has is refused before anything is written.
    fn check_capability(&self, can: bool, id: &str) -> Found<()> {
        let at = self.book.get::<Projected>(&row(rows::about("at", id))?)?;
        if can || at.is_none() {
            return Ok(());
        }
        let finding = "cannot be changed in the application";
        Err(Error::Mutability { attribute: String::from("displayName"), finding }.into())
    }
}

/// What becomes of what was written about a group.
struct Written {
    then: Then,
    staged: bool,
    /// The group itself is to be brought to the application, and all its members with it.
    todo: Option<bool>,
    renamed: bool,
}

impl Then {
    const fn is_new(&self) -> bool {
        matches!(self, Self::Show { status: 201, .. })
    }
}

fn unknown_member() -> Stop {
    Stop::Refuse(Error::Value {
        attribute: String::from("members"),
        finding: "names somebody who is not there",
    })
}

fn limit_reached() -> Error {
    Error::Refused { status: 400, scim_type: None, code: Code::ScimLimitReached, retry_after: None }
}
