//! Rows that stay: a table that all replicas read and change, in transactions.
//!
//! Every change is one transaction: it says which rows must still be as they were read, and is carried out whole or not at
//! all. What a row holds is sealed by whoever writes it, and bound to its key; what a key tells about people are hashes.

mod answer;
mod key;

use serde_json::{Value, json};

use super::error::StoreError;
use super::etcd::{Etcd, Token};
use crate::encoding::base64;
use crate::http::{HttpCall, HttpResponse};

pub use key::{Folder, RowKey};

/// Actions of one transaction, and its conditions: etcd's `--max-txn-ops` unless somebody raised it.
pub const MAX_ACTIONS: usize = 128;

/// Bytes of the content of a row as it is written. A user of a directory has one or two thousand, deflated less; and
/// [`MAX_ROWS`] of this size stay, in base64, below the 1 MiB that is read of an answer.
pub const MAX_ROW_BYTES: usize = 16 * 1024;

/// Bytes of all contents of one transaction: etcd takes 1.5 MiB (`--max-request-bytes`), and the rest of it is keys.
pub const MAX_TRANSACTION_BYTES: usize = 1024 * 1024;

/// Rows of one answer with their contents.
pub const MAX_ROWS: u32 = 40;

/// Rows of one answer whose contents say next to nothing, such as that somebody is a member: at some 300 bytes each, in
/// base64 and with what stands around it, they stay below that too.
pub const MAX_SMALL_ROWS: u32 = 2_000;

/// When a row was last written, in the count of the store's writes; [`RowVersion::ABSENT`] for one that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowVersion(u64);

impl RowVersion {
    /// There is no such row.
    pub const ABSENT: Self = Self(0);

    /// The version with this number, as it was kept.
    #[must_use]
    pub const fn kept(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// One row as it was read. What it holds is not believed before it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its key.
    pub key: RowKey,
    /// When it was written.
    pub version: RowVersion,
    /// What somebody wrote; empty where nobody asked.
    pub content: Vec<u8>,
}

/// What must be so for a transaction to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The row is as it was read, or still absent.
    Unchanged(RowKey, RowVersion),
    /// There is such a row, however it was changed.
    Exists(RowKey),
}

/// One step of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Reads one row.
    Read(RowKey),
    /// Looks whether there is a row, without reading it.
    Find(RowKey),
    /// Reads rows of a folder in the order of their keys.
    List(List),
    /// Writes a row.
    Put(RowKey, Vec<u8>),
    /// Deletes a row, if it is there.
    Delete(RowKey),
}

/// Rows of one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Which.
    pub folder: Folder,
    /// Only those after this one.
    pub after: Option<RowKey>,
    /// At most so many; 0 only counts.
    pub limit: u32,
    /// How large they can be.
    pub size: RowSize,
}

/// How large the rows of a folder can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowSize {
    /// Up to [`MAX_ROW_BYTES`]: an answer has [`MAX_ROWS`] at most.
    Any,
    /// A few dozen bytes: an answer has [`MAX_SMALL_ROWS`] at most.
    Small,
    /// Nobody asks what they hold; as many as of the small ones.
    Unread,
}

impl List {
    /// How many an answer shows at most.
    fn most(&self) -> u32 {
        self.limit.min(match self.size {
            RowSize::Any => MAX_ROWS,
            RowSize::Small | RowSize::Unread => MAX_SMALL_ROWS,
        })
    }
}

/// Rows of a folder as they were listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// In the order of their keys.
    pub rows: Vec<Row>,
    /// How many there are from where the list began, whatever its limit.
    pub count: u64,
    /// There are more behind these.
    pub more: bool,
}

/// What came of one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The row, where there is one.
    Read(Option<Row>),
    /// The rows.
    Listed(Listed),
    /// It is written.
    Put,
    /// It is not there, and was or was not before.
    Deleted,
}

/// What came of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Every condition held, and what was to be done is done. Otherwise nothing was.
    pub carried_out: bool,
    /// What came of each action of the branch that was taken, in their order.
    pub done: Vec<Done>,
    /// The store's count of writes after it: the version of whatever this transaction wrote.
    pub version: RowVersion,
}

/// Conditions, and what happens in either case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// What happens when they do.
    pub then: Vec<Action>,
    /// What is read when one does not.
    pub otherwise: Vec<Action>,
}

impl Transaction {
    /// Does it fit into one call?
    #[must_use]
    pub fn fits(&self) -> bool {
        let sizes = [self.conditions.len(), self.then.len(), self.otherwise.len()];
        let bytes = |action: &Action| match action {
            Action::Put(_, content) => content.len(),
            Action::Read(_) | Action::Find(_) | Action::List(_) | Action::Delete(_) => 0,
        };
        sizes.iter().all(|size| *size <= MAX_ACTIONS)
            && self.then.iter().all(|action| bytes(action) <= MAX_ROW_BYTES)
            && self.then.iter().map(bytes).sum::<usize>() <= MAX_TRANSACTION_BYTES
    }
}

impl Etcd {
    /// Carries out `transaction`.
    #[must_use]
    pub fn transact(&self, transaction: &Transaction, token: Option<&Token>) -> HttpCall {
        let actions =
            |actions: &[Action]| actions.iter().map(|action| self.action(action)).collect::<Vec<_>>();
        let body = json!({
            "compare": transaction.conditions.iter().map(|condition| self.condition(condition)).collect::<Vec<_>>(),
            "success": actions(&transaction.then),
            "failure": actions(&transaction.otherwise),
        });
        self.call("/v3/kv/txn", &body, token)
    }

    /// What the answer to [`Self::transact`] says.
    ///
    /// # Errors
    /// [`StoreError`], also when the answer is not one to this transaction.
    pub fn transacted(
        &self,
        transaction: &Transaction,
        response: &HttpResponse,
    ) -> Result<Outcome, StoreError> {
        answer::outcome(response, transaction, &self.table())
    }

    fn condition(&self, condition: &Condition) -> Value {
        match condition {
            Condition::Unchanged(key, version) => json!({
                "key": self.encoded(key), "target": "MOD", "result": "EQUAL", "mod_revision": version.0.to_string(),
            }),
            Condition::Exists(key) => json!({
                "key": self.encoded(key), "target": "CREATE", "result": "GREATER", "create_revision": "0",
            }),
        }
    }

    fn action(&self, action: &Action) -> Value {
        match action {
            Action::Read(key) => json!({ "request_range": { "key": self.encoded(key) } }),
            Action::Find(key) => json!({ "request_range": { "key": self.encoded(key), "keys_only": true } }),
            Action::List(list) => json!({ "request_range": self.range(list) }),
            Action::Put(key, content) => json!({
                "request_put": { "key": self.encoded(key), "value": base64::encode(content) },
            }),
            Action::Delete(key) => json!({ "request_delete_range": { "key": self.encoded(key) } }),
        }
    }

    fn range(&self, list: &List) -> Value {
        let (from, to) = list.folder.bounds(&self.table());
        // The first key behind another is that key with a zero byte (etcd's keys are byte strings).
        let from =
            list.after.as_ref().map_or(from, |after| [after.full(&self.table()).as_bytes(), &[0]].concat());
        let mut range = json!({
            "key": base64::encode(&from),
            "range_end": base64::encode(&to),
            "keys_only": list.size == RowSize::Unread,
        });
        let (name, value) = match list.most() {
            0 => ("count_only", json!(true)),
            most => ("limit", json!(most.to_string())),
        };
        range.as_object_mut().into_iter().for_each(|range| {
            range.insert(name.to_owned(), value.clone());
        });
        range
    }

    fn encoded(&self, key: &RowKey) -> String {
        base64::encode(key.full(&self.table()).as_bytes())
    }

    fn table(&self) -> String {
        format!("{}table/", self.key_prefix)
    }
}

#[cfg(test)]
mod tests;
