//! By what somebody is known again: each name goes into a set of its own kind of text, so that an id never passes for a
//! user name.

use crate::base::{Pii, PiiKey};
use crate::directory::{GroupNaming, Person, Seen};
use crate::identity;
use crate::provision::AccountRef;

/// A set of people, and the key that hides them.
pub(in crate::flow) struct Names<'a> {
    pub(in crate::flow) set: &'a mut Seen,
    pub(in crate::flow) key: &'a PiiKey,
}

impl Names<'_> {
    /// Puts the directory's entry `id` in; false when it was there.
    pub(super) fn entry(&mut self, id: &str) -> bool {
        self.set.insert(&format!("entry:{id}"), self.key)
    }

    /// Puts the account in, by every name that the application has for it.
    pub(super) fn account(&mut self, account: &AccountRef) {
        self.set.insert(&named(&account.username), self.key);
        if let Some(id) = &account.id {
            self.set.insert(&format!("id:{}", id.as_str()), self.key);
        }
    }

    /// Puts the person in, by every name that their account could have.
    pub(super) fn person(&mut self, person: &Person, naming: GroupNaming, settings: &identity::Settings) {
        self.set.insert(&named(&person.username), self.key);
        if let Ok(identity) = person.identity(naming, settings) {
            self.set.insert(&named(&identity.username), self.key);
        }
    }

    /// The same with the address: the directory keeps the person out, and the account may have another name.
    pub(super) fn kept_out(&mut self, person: &Person, naming: GroupNaming, settings: &identity::Settings) {
        self.person(person, naming, settings);
        if let Some(email) = &person.email {
            self.set.insert(&addressed(email), self.key);
        }
    }

    /// Puts in whom nobody came to know more about, to be looked at again.
    pub(super) fn carried(&mut self, account: &AccountRef, email: Option<&Pii<String>>) {
        self.account(account);
        if let Some(email) = email {
            self.set.insert(&addressed(email), self.key);
        }
    }

    /// The same for somebody whose account was not found out: by whatever it may be known.
    pub(super) fn unsure(&mut self, person: &Person, naming: GroupNaming, settings: &identity::Settings) {
        self.person(person, naming, settings);
        if let Some((local, _)) = person.username.expose().split_once('@') {
            self.set.insert(&named(&Pii::new(local.to_owned())), self.key);
        }
        if let Some(email) = &person.email {
            self.set.insert(&addressed(email), self.key);
        }
    }
}

/// Is the account in `set`, by any of its names?
pub(in crate::flow) fn contains(
    set: &Seen,
    account: &AccountRef,
    email: Option<&Pii<String>>,
    key: &PiiKey,
) -> bool {
    set.contains(&named(&account.username), key)
        || account.id.as_ref().is_some_and(|id| set.contains(&format!("id:{}", id.as_str()), key))
        || email.is_some_and(|email| set.contains(&addressed(email), key))
}

/// What stands for the name of an account, and for an entry of the directory.
pub(in crate::flow) fn account_mark(username: &Pii<String>, key: &PiiKey) -> u64 {
    Seen::mark(&named(username), key)
}

pub(super) fn entry_mark(id: &str, key: &PiiKey) -> u64 {
    Seen::mark(&format!("entry:{id}"), key)
}

fn named(username: &Pii<String>) -> String {
    format!("name:{}", username.expose().to_lowercase())
}

fn addressed(email: &Pii<String>) -> String {
    format!("mail:{}", email.expose().to_lowercase())
}
