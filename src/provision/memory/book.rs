//! Groups and organizations that exist, with their ids.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::UnixTime;

use super::super::directory::Directory;

/// How long a name is believed to exist. Long enough for the sign-ins of a morning to share it, short enough that a group
/// which was deleted by hand is noticed before lunch; ids that are gone are noticed at once.
const KNOWN_FOR: Duration = Duration::from_secs(600);

/// Entries of each kind. With names of 60 bytes that is 64 KiB, which takes 40 us to load.
const MAX_ENTRIES: usize = 500;

/// What is known to exist, for a while. That something does not exist is never written here: who makes it by hand wants to
/// see it used at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Book {
    groups: BTreeMap<String, GroupEntry>,
    organizations: BTreeMap<String, OrganizationEntry>,
    /// Until when the licences need not be counted again.
    seats_until: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct GroupEntry {
    /// Seconds since 1970.
    until: u64,
    id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct OrganizationEntry {
    until: u64,
    id: String,
    #[serde(default)]
    service_desks: BTreeSet<String>,
}

impl Book {
    /// What is stored; whatever cannot be read counts as nothing known.
    #[must_use]
    pub fn decode(stored: Option<&[u8]>) -> Self {
        stored.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
    }

    /// What to store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What is known at `now`.
    #[must_use]
    pub fn directory(&self, now: UnixTime) -> Directory {
        let mut directory = Directory::default();
        let now = now.as_secs();
        for (name, entry) in self.groups.iter().filter(|(_, entry)| entry.until > now) {
            directory.learn_group(name, entry.id.as_deref());
        }
        for (name, entry) in self.organizations.iter().filter(|(_, entry)| entry.until > now) {
            directory.learn_organization(name, &entry.id);
            for service_desk in &entry.service_desks {
                directory.learn_link(name, service_desk);
            }
        }
        directory
    }

    /// Were the licences counted a while ago?
    #[must_use]
    pub fn are_seats_counted(&self, now: UnixTime) -> bool {
        self.seats_until > now.as_secs()
    }

    /// This book after a sign-in that knew `directory` at its end; `None` when that says nothing new.
    /// `counted` says that it counted the licences.
    ///
    /// A name that was known keeps its time, so that nothing is believed for ever by being used; one that the directory
    /// knows no more is struck out. When there are too many, those that end first go.
    #[must_use]
    pub fn after(&self, directory: &Directory, counted: bool, now: UnixTime) -> Option<Self> {
        let until = now.saturating_add(KNOWN_FOR).as_secs();
        let current = |until: u64| until > now.as_secs();
        let groups = directory.groups().map(|group| {
            let known =
                self.groups.get(&group.name).filter(|known| current(known.until) && known.id == group.id);
            let entry = known.cloned().unwrap_or_else(|| GroupEntry { until, id: group.id.clone() });
            (group.name.clone(), entry)
        });
        let organizations = directory.organizations().map(|organization| {
            let same = |known: &&OrganizationEntry| {
                current(known.until)
                    && known.id == organization.id
                    && known.service_desks == organization.service_desks
            };
            let known = self.organizations.get(&organization.name).filter(same);
            let entry = known.cloned().unwrap_or_else(|| OrganizationEntry {
                until,
                id: organization.id.clone(),
                service_desks: organization.service_desks.clone(),
            });
            (organization.name.clone(), entry)
        });
        let seats_until = if counted { until } else { self.seats_until };
        let mut book = Self { groups: groups.collect(), organizations: organizations.collect(), seats_until };
        shorten(&mut book.groups, |entry| entry.until);
        shorten(&mut book.organizations, |entry| entry.until);
        (book != *self).then_some(book)
    }
}

fn shorten<T>(entries: &mut BTreeMap<String, T>, until: impl Fn(&T) -> u64) {
    while entries.len() > MAX_ENTRIES {
        let first = entries.iter().min_by_key(|(_, entry)| until(entry)).map(|(name, _)| name.clone());
        let Some(first) = first else { return };
        entries.remove(&first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_secs(seconds)
    }

    #[test]
    fn what_is_known_is_known_for_ten_minutes_and_absence_never() {
        let mut directory = Directory::with_groups(["Staff"]);
        directory.learn_no_group("gone");
        directory.learn_organization("Acme", "7");
        directory.learn_link("Acme", "3");
        let book = Book::default().after(&directory, false, at(1_000)).unwrap();
        let book = Book::decode(Some(&book.encode()));
        let later = book.directory(at(1_599));
        assert!(later.has_group("staff") && later.is_linked("Acme", "3"));
        assert_eq!(later.group("gone"), None);
        assert_eq!(book.directory(at(1_600)), Directory::default());
    }

    #[test]
    fn use_does_not_prolong_and_what_was_forgotten_is_struck_out() {
        let mut directory = Directory::with_groups(["a", "b"]);
        let book = Book::default().after(&directory, false, at(1_000)).unwrap();
        assert_eq!(book.after(&book.directory(at(1_500)), false, at(1_500)), None);
        directory.forget_group("a");
        let book = book.after(&directory, false, at(1_500)).unwrap();
        assert!(!book.directory(at(1_501)).has_group("a") && book.directory(at(1_501)).has_group("b"));
        assert!(!book.directory(at(1_600)).has_group("b"));
    }

    #[test]
    fn it_has_an_end() {
        let directory = Directory::with_groups((0..2 * MAX_ENTRIES).map(|number| format!("g{number}")));
        let book = Book::default().after(&directory, false, at(0)).unwrap();
        assert_eq!(book.groups.len(), MAX_ENTRIES);
        assert_eq!(Book::decode(Some(b"{\"groups\":{\"a\":{}}}")), Book::default());
    }
}
