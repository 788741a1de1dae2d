//! Users made, changed and deleted.

use crate::base::{Code, Pii};
use crate::provision::AccountKeyKind;
use crate::scim::router::{Precondition, Projection};
use crate::scim::{Document, Error, Patch, ResourceKind, User, fold};
use crate::store::table::{RowKey, RowVersion};

use super::book::{Found, Stop};
use super::decision::{Commit, Context, Decision, MEMBERS_AT_ONCE, Then};
use super::job::MAX_HELD;
use super::pen::{Pen, row, unavailable};
use super::person::{account_name, check_protected};
use super::rows::{self, Projected, Stored, Todo, What};

/// Groups of one person that are looked at. An assertion may name as many.
pub(super) const MAX_GROUPS_OF_ONE: usize = 20_000;

const KIND: ResourceKind = ResourceKind::User;

/// A change of a user.
pub(super) enum Change<'a> {
    Replace(&'a Document),
    Patch(&'a Patch),
}

/// A user as it is kept.
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) user: User,
    pub(super) stored: Stored,
    pub(super) version: RowVersion,
}

impl Context<'_> {
    pub(super) fn create_user(&self, body: &Document, projection: &Projection) -> Found<Decision> {
        let user = User::from_post(body, self.limits)?;
        self.check_email(&user)?;
        let name = row(rows::unique("name", user.user_name(), self.book.table))?;
        if let Some((owner, _)) = self.book.get::<String>(&name)? {
            // Made, but nobody was told so: whoever asks again makes it (and gets the same id).
            let kept = self.user(&owner)?;
            return match kept.filter(|kept| kept.stored.provisional) {
                Some(kept) => self.write_user(&kept, user, 201, projection),
                None => Err(Error::Uniqueness { attribute: "userName" }.into()),
            };
        }
        check_protected(&user, self.identity, self.provisioning)?;
        let account = self.account_row(&user)?;
        let at_work = self.free_account(&account, self.new_id)?;
        let mut pen = Pen::new(self.book.table, self.entropy);
        pen.unchanged(&name, RowVersion::ABSENT);
        pen.unchanged(&account, at_work);
        let now = self.now.as_secs();
        let stored =
            Stored { json: json(&user)?, created: now, modified: now, provisional: true, detached: false };
        pen.put(row(rows::resource(KIND, self.new_id))?, &stored)?;
        pen.put(name, &self.new_id)?;
        self.hold(&mut pen, account, self.new_id)?;
        for key in self.finders(&user, self.new_id)? {
            pen.put(key, &())?;
        }
        self.bring(&mut pen, self.new_id, What::Person)?;
        Ok(self.commit(
            pen,
            self.new_id,
            Then::Show {
                status: 201,
                kind: KIND,
                id: self.new_id.to_owned(),
                projection: projection.clone(),
            },
        ))
    }

    pub(super) fn change_user(
        &self,
        id: &str,
        change: &Change<'_>,
        precondition: &Precondition,
        projection: &Projection,
    ) -> Found<Decision> {
        let kept = self.user(id)?.ok_or(Error::NotFound { what: "user" })?;
        precondition.check(&etag(kept.version))?;
        let user = match change {
            Change::Replace(body) => kept.user.apply_put(body, self.limits)?,
            Change::Patch(patch) => kept.user.apply_patch(id, patch, self.limits)?,
        };
        self.write_user(&kept, user, 200, projection)
    }

    pub(super) fn delete_user(&self, id: &str, precondition: &Precondition) -> Found<Decision> {
        let Some(kept) = self.user(id)? else {
            // Deleted, but not yet in the application: the client asks again because it was told so.
            return match self.gone(id)? {
                Some(_) => {
                    let todo = row(rows::about("todo", id))?;
                    if self.book.version(&todo)? != RowVersion::ABSENT {
                        return Ok(self.only_settle(id, Then::Nothing));
                    }
                    // What was left to do was lost, and the person with it.
                    let mut pen = Pen::new(self.book.table, self.entropy);
                    pen.unchanged(&todo, RowVersion::ABSENT);
                    self.bring(&mut pen, id, What::Person)?;
                    Ok(self.commit(pen, id, Then::Nothing))
                }
                None => Err(Error::NotFound { what: "user" }.into()),
            };
        };
        precondition.check(&etag(kept.version))?;
        let groups = self.book.all(&folder(rows::groups(id))?, MAX_GROUPS_OF_ONE)?;
        let mut pen = Pen::new(self.book.table, self.entropy);
        let key = row(rows::resource(KIND, id))?;
        pen.unchanged(&key, kept.version);
        pen.delete(key);
        pen.delete(row(rows::unique("name", kept.user.user_name(), self.book.table))?);
        for key in self.finders(&kept.user, id)? {
            pen.delete(key);
        }
        // More than that are taken out by whoever brings the deletion to the application.
        for group in groups.iter().take(MEMBERS_AT_ONCE) {
            let sides = rows::membership(group.last(), id).ok_or(Error::NotFound { what: "group" })?;
            sides.into_iter().for_each(|side| pen.delete(side));
        }
        // Not in `todo/ID`, which whoever looks at the members of a group may be writing just now.
        pen.put(row(rows::about("gone", id))?, &kept.stored.json)?;
        self.bring(&mut pen, id, What::Person)?;
        Ok(self.commit(pen, id, Then::Nothing))
    }

    /// Who the deleted user `id` was, as long as the application may have them.
    pub(super) fn gone(&self, id: &str) -> Found<Option<User>> {
        let key = row(rows::about("gone", id))?;
        let Some((json, _)) = self.book.get::<Pii<String>>(&key)? else { return Ok(None) };
        serde_json::from_str(json.expose()).map(Some).map_err(|_| Stop::Unreadable(key))
    }

    /// The user `id`; `None` where there is none.
    pub(super) fn user(&self, id: &str) -> Found<Option<Kept>> {
        let Some(key) = rows::resource(KIND, id) else { return Ok(None) };
        let Some((stored, version)) = self.book.get::<Stored>(&key)? else { return Ok(None) };
        let user: User = serde_json::from_str(stored.json.expose()).map_err(|_| Stop::Unreadable(key))?;
        Ok(Some(Kept { id: id.to_owned(), user, stored, version }))
    }

    fn write_user(&self, kept: &Kept, user: User, status: u16, projection: &Projection) -> Found<Decision> {
        let id = kept.id.as_str();
        let show = Then::Show { status, kind: KIND, id: id.to_owned(), projection: projection.clone() };
        let todo = row(rows::about("todo", id))?;
        let at = row(rows::about("at", id))?;
        self.book.prepare(&[todo.clone(), at.clone()])?;
        if user == kept.user {
            // Nothing to write. What an earlier request left to do is done before this one is told that all is well.
            let left = self.book.version(&todo)? != RowVersion::ABSENT;
            return if left { Ok(self.only_settle(id, show)) } else { Ok(Decision::show(show)) };
        }
        check_protected(&user, self.identity, self.provisioning)?;
        let projected = self.book.get::<Projected>(&at)?.filter(|(at, _)| at.account.is_some());
        if let Some((at, _)) = &projected {
            // Before its name there: where that is the address, none at all would be an odd value only.
            self.check_immutable_email(&kept.user, &user, at)?;
        }
        let account = self.account_row(&user)?;
        // What it was known by may be no name any more: the rules for names change too.
        let renamed = self.account_row(&kept.user).ok().is_none_or(|old| old != account);
        let old_name = row(rows::unique("name", kept.user.user_name(), self.book.table))?;
        match &projected {
            Some((at, _)) => self.check_immutable_name(renamed, at)?,
            None => self.check_email(&user)?,
        }
        if renamed && self.book.count(folder(rows::all_held(id))?)? >= MAX_HELD {
            return Err(unavailable(Code::ScimContended).into());
        }
        let mut pen = Pen::new(self.book.table, self.entropy);
        let key = row(rows::resource(KIND, id))?;
        pen.unchanged(&key, kept.version);
        let name = row(rows::unique("name", user.user_name(), self.book.table))?;
        if name != old_name {
            if self.book.version(&name)? != RowVersion::ABSENT {
                return Err(Error::Uniqueness { attribute: "userName" }.into());
            }
            pen.unchanged(&name, RowVersion::ABSENT);
            pen.delete(old_name);
            pen.put(name, &id)?;
        }
        if renamed {
            // What was allowed was so for what the application has.
            pen.unchanged(&at, self.book.version(&at)?);
            let version = self.free_account(&account, id)?;
            pen.unchanged(&account, version);
            // The old one stays ours until the application knows the new one.
            self.hold(&mut pen, account, id)?;
        }
        let (old, new) = (self.finders(&kept.user, id)?, self.finders(&user, id)?);
        old.iter().filter(|key| !new.contains(key)).for_each(|key| pen.delete(key.clone()));
        for key in new.into_iter().filter(|key| !old.contains(key)) {
            pen.put(key, &())?;
        }
        let modified = self.now.as_secs().max(kept.stored.modified);
        pen.put(key, &Stored { json: json(&user)?, modified, ..kept.stored.clone() })?;
        self.bring(&mut pen, id, What::Person)?;
        Ok(self.commit(pen, id, show))
    }

    /// Asking again later would make no account either.
    fn check_email(&self, user: &User) -> Found<()> {
        let needs_email = self.settings.stricter(Some(self.provisioning)).needs_email;
        if needs_email && user.email().is_none() {
            return Err(
                Error::value("emails", "is missing, and the application has no accounts without").into()
            );
        }
        Ok(())
    }

    /// A name that the application would refuse is refused before anything is written (J12).
    fn check_immutable_name(&self, renamed: bool, at: &Projected) -> Found<()> {
        let capabilities = self.provisioning.target.capabilities();
        match capabilities.accounts_by {
            // An account that was there before keeps its name: others may know it by that.
            AccountKeyKind::Username if renamed && !(capabilities.renames_accounts && at.made) => {
                Err(immutable("userName"))
            }
            AccountKeyKind::Email if renamed => Err(immutable("emails")),
            AccountKeyKind::Username | AccountKeyKind::Email => Ok(()),
        }
    }

    /// The same of an address (J19).
    fn check_immutable_email(&self, old: &User, new: &User, at: &Projected) -> Found<()> {
        let stricter = self.settings.stricter(Some(self.provisioning));
        // Whose account was found by the address keeps that too: another one would lead to another account.
        let keeps = stricter.keeps_email || at.is_linked();
        // RFC 7644 3.5.2.2: what is required cannot be taken away.
        let taken = stricter.needs_email && new.email().is_none();
        if (keeps || taken) && old.email().map(fold) != new.email().map(fold) {
            return Err(immutable("emails"));
        }
        Ok(())
    }

    fn account_row(&self, user: &User) -> Found<RowKey> {
        let name = account_name(user, self.identity, self.provisioning)?;
        row(rows::unique("account", &name, self.book.table))
    }

    /// The version of the row of an account that nobody but `id` has to do with.
    fn free_account(&self, account: &RowKey, id: &str) -> Found<RowVersion> {
        match self.book.get::<String>(account)? {
            None => Ok(RowVersion::ABSENT),
            Some((owner, version)) if owner == id => Ok(version),
            Some((owner, _)) => match self.user(&owner)? {
                // Two user names that are one in the application.
                Some(kept) if self.owns(&kept, account)? => Err(self.taken().into()),
                // It is being renamed, or its owner was deleted, and the application does not know yet: what is done to
                // it now could hit somebody else.
                _ => Err(unavailable(Code::ScimContended).into()),
            },
        }
    }

    /// Is it `kept` whose account has the row `account`, by what is pushed or because it was found to be theirs?
    fn owns(&self, kept: &Kept, account: &RowKey) -> Found<bool> {
        if self.account_row(&kept.user).is_ok_and(|own| own == *account) {
            return Ok(true);
        }
        let at = self.book.get::<Projected>(&row(rows::about("at", &kept.id))?)?;
        let Some((username, _)) = at.filter(|(at, _)| at.is_linked()).and_then(|(at, _)| at.account) else {
            return Ok(false);
        };
        Ok(row(rows::unique("account", username.expose(), self.book.table))? == *account)
    }

    /// Somebody else has what the application knows people by.
    fn taken(&self) -> Error {
        let attribute = match self.provisioning.target.capabilities().accounts_by {
            AccountKeyKind::Username => "userName",
            AccountKeyKind::Email => "emails",
        };
        Error::Uniqueness { attribute }
    }

    /// Keeps others from an account or organization until nothing is left to do about it.
    pub(super) fn hold(&self, pen: &mut Pen<'_>, hold: RowKey, id: &str) -> Found<()> {
        pen.put(row(rows::held(id, &hold))?, &())?;
        pen.put(hold, &id)
    }

    /// The rows by which `user` is found besides the user name.
    fn finders(&self, user: &User, id: &str) -> Found<Vec<RowKey>> {
        let table = self.book.table;
        let external = user.external_id().map(|value| rows::finds("extern", KIND, value, id, table));
        let emails = user.emails().map(|email| rows::finds("email", KIND, &fold(email), id, table));
        let mut keys = external.into_iter().chain(emails).map(row).collect::<Found<Vec<_>>>()?;
        keys.sort();
        keys.dedup();
        // Beside the other rows of a user there is room for so many; nobody has them.
        if keys.len() > MAX_FINDERS {
            return Err(Error::TooLarge { what: "e-mail addresses of one person", limit: MAX_FINDERS }.into());
        }
        Ok(keys)
    }

    /// Writes down that something is left to do about `id`.
    pub(super) fn bring(&self, pen: &mut Pen<'_>, id: &str, what: What) -> Found<()> {
        pen.put(row(rows::about("todo", id))?, &Todo::at(self.now.as_secs(), what))
    }

    pub(super) fn commit(&self, pen: Pen<'_>, id: &str, then: Then) -> Decision {
        let Pen { conditions, actions, .. } = pen;
        Decision::Commit(Box::new(Commit {
            conditions,
            actions,
            settle: vec![id.to_owned()],
            then,
            ..Commit::default()
        }))
    }

    pub(super) fn only_settle(&self, id: &str, then: Then) -> Decision {
        Decision::Commit(Box::new(Commit { settle: vec![id.to_owned()], then, ..Commit::default() }))
    }
}

/// Addresses, twice: old ones go and new ones come in one transaction.
const MAX_FINDERS: usize = 20;

impl Decision {
    /// Nothing is to be done.
    pub(super) fn show(then: Then) -> Self {
        Self::Commit(Box::new(Commit { then, ..Commit::default() }))
    }
}

fn immutable(attribute: &str) -> Stop {
    let finding = "cannot be changed in the application";
    Error::Mutability { attribute: attribute.to_owned(), finding }.into()
}

/// The version of a resource, as clients see it.
pub(super) fn etag(version: RowVersion) -> String {
    format!("W/\"{}\"", version.number())
}

pub(super) fn json<T: serde::Serialize>(resource: &T) -> Found<Pii<String>> {
    let text = serde_json::to_string(resource);
    text.map(Pii::new).map_err(|_| Error::Syntax { finding: String::from("the resource has no JSON") }.into())
}

pub(super) fn folder(folder: Option<crate::store::table::Folder>) -> Found<crate::store::table::Folder> {
    folder.ok_or(Stop::Refuse(Error::NotFound { what: "resource" }))
}
