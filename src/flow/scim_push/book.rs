//! The rows that a request was decided by, and the rows that it still needs.
//!
//! A request is worked out by functions that read the table as if it were all here: [`Book`] hands out what was read, and
//! where something was not, the function stops, it is read, and the function begins anew. So what it decides rests on rows
//! with their versions, and what it writes names those as its conditions.

use serde::de::DeserializeOwned;

use core::cell::Cell;
use std::collections::{BTreeMap, VecDeque};

use crate::scim::Error;
use crate::session::table_key::TableKey;
use crate::store::table::{Action, Folder, List, Listed, Row, RowKey, RowSize, RowVersion};

/// What was read for one request.
#[derive(Debug, Default)]
pub(super) struct Facts {
    rows: BTreeMap<RowKey, Option<Row>>,
    found: BTreeMap<RowKey, bool>,
    /// Each with whether all its rows were opened.
    lists: Vec<(List, Listed, Cell<bool>)>,
}

impl Facts {
    /// Takes in what `action` showed.
    pub(super) fn learn(&mut self, action: Action, done: crate::store::table::Done) {
        use crate::store::table::Done;
        match (action, done) {
            (Action::Read(key), Done::Read(row)) => drop(self.rows.insert(key, row)),
            (Action::Find(key), Done::Read(row)) => drop(self.found.insert(key, row.is_some())),
            (Action::List(list), Done::Listed(listed)) => self.lists.push((list, listed, Cell::new(false))),
            _ => {}
        }
    }
}

/// Why a function cannot go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// These are to be read first.
    Read(Vec<Action>),
    /// The client is told so.
    Refuse(Error),
    /// A row does not open: nothing in the table is to be relied on.
    Unreadable(RowKey),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refuse(error)
    }
}

/// What was found, or why not.
pub(super) type Found<T> = Result<T, Stop>;

/// Takes the next of `queue` that one transaction can read. So a function that needs many rows begins anew once, not once for
/// each transaction.
pub(super) fn next_reads(queue: &mut VecDeque<Action>) -> Vec<Action> {
    let most = match queue.front() {
        None => 0,
        Some(Action::Find(_)) => LOOKS,
        Some(Action::Read(_)) => READS,
        Some(_) => 1,
    };
    let first = queue.front().map(core::mem::discriminant);
    let same = queue.iter().take(most).take_while(|action| Some(core::mem::discriminant(*action)) == first);
    let count = same.count();
    queue.drain(..count).collect()
}

/// The table as one request sees it.
#[derive(Clone, Copy)]
pub(super) struct Book<'a> {
    pub(super) table: &'a TableKey,
    pub(super) facts: &'a Facts,
}

/// Reads of one step: as many as fit beside each other with their contents.
const READS: usize = 32;

/// Looks of one step: etcd's limit on a transaction.
const LOOKS: usize = 120;

impl<'a> Book<'a> {
    /// What the row `key` holds, and its version.
    pub(super) fn get<T: DeserializeOwned>(&self, key: &RowKey) -> Found<Option<(T, RowVersion)>> {
        match self.facts.rows.get(key) {
            None => Err(Stop::Read(vec![Action::Read(key.clone())])),
            Some(None) => Ok(None),
            Some(Some(row)) => self.open(row).map(|value| Some((value, row.version))),
        }
    }

    /// The version of `key`, also of one that is not there.
    pub(super) fn version(&self, key: &RowKey) -> Found<RowVersion> {
        match self.facts.rows.get(key) {
            None => Err(Stop::Read(vec![Action::Read(key.clone())])),
            Some(row) => Ok(row.as_ref().map_or(RowVersion::ABSENT, |row| row.version)),
        }
    }

    /// Makes sure that all of `keys` are known, so that they are read at once.
    pub(super) fn prepare(&self, keys: &[RowKey]) -> Found<()> {
        let missing = keys.iter().filter(|key| !self.facts.rows.contains_key(*key));
        let missing: Vec<Action> = missing.map(|key| Action::Read(key.clone())).collect();
        if missing.is_empty() { Ok(()) } else { Err(Stop::Read(missing)) }
    }

    /// Makes sure that it is known of all of `keys` whether they are there.
    pub(super) fn look(&self, keys: impl IntoIterator<Item = RowKey>) -> Found<()> {
        let missing = keys.into_iter().filter(|key| !self.facts.found.contains_key(key));
        let missing: Vec<Action> = missing.map(Action::Find).collect();
        if missing.is_empty() { Ok(()) } else { Err(Stop::Read(missing)) }
    }

    /// Is the row there, after [`Self::look`]?
    pub(super) fn is_there(&self, key: &RowKey) -> Found<bool> {
        self.facts.found.get(key).copied().ok_or_else(|| Stop::Read(vec![Action::Find(key.clone())]))
    }

    /// One page of a folder.
    pub(super) fn page(&self, list: List) -> Found<&'a Listed> {
        self.known_page(list).map(|(listed, _)| listed)
    }

    fn known_page(&self, list: List) -> Found<(&'a Listed, &'a Cell<bool>)> {
        let known = self.facts.lists.iter().find(|(have, ..)| *have == list);
        known.map(|(_, listed, opened)| (listed, opened)).ok_or_else(|| Stop::Read(vec![Action::List(list)]))
    }

    /// How many rows a folder has.
    pub(super) fn count(&self, folder: Folder) -> Found<u64> {
        self.page(List { folder, after: None, limit: 0, size: RowSize::Small }).map(|listed| listed.count)
    }

    /// All rows of a folder of small rows, each of which must open: nobody else put it there. More than `most` are refused.
    pub(super) fn all(&self, folder: &Folder, most: usize) -> Found<Vec<&'a RowKey>> {
        let mut keys = Vec::new();
        let mut after = None;
        loop {
            let limit = crate::store::table::MAX_SMALL_ROWS;
            let list = List { folder: folder.clone(), after, limit, size: RowSize::Small };
            let (page, opened) = self.known_page(list)?;
            if !opened.get() {
                page.rows.iter().try_for_each(|row| self.open::<()>(row))?;
                opened.set(true);
            }
            keys.extend(page.rows.iter().map(|row| &row.key));
            after = page.rows.last().map(|row| row.key.clone());
            if keys.len() > most {
                return Err(Error::TooMany.into());
            }
            if !page.more {
                return Ok(keys);
            }
        }
    }

    /// What `row` holds.
    pub(super) fn open<T: DeserializeOwned>(&self, row: &Row) -> Found<T> {
        self.table.open(row).map_err(|_| Stop::Unreadable(row.key.clone()))
    }
}
