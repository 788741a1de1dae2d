//! Reading and writing what is kept: in the store that replicas share where there is one, else in what the workers of one
//! Envoy share, which ends with it.

use crate::effect::{Answer, Ask, Version};
use crate::session::sync_record;
use crate::store::table::{Action, Condition, Done, RowKey, RowVersion, Transaction};
use crate::store::{Settings as Store, StoreError};

use super::super::Env;
use super::super::shared_store::{Errand as StoreErrand, ErrandTurn, Transact};

/// One thing to do at the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// Reading a place.
    Load,
    /// Writing it, if it is as it was read.
    Swap { expected: Stamp, value: Vec<u8> },
}

/// The state of a place as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    Shared(Version),
    Row(RowVersion),
}

/// What came of an errand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// What is there.
    Loaded { value: Option<Vec<u8>>, stamp: Stamp },
    /// It was written.
    Swapped,
    /// Somebody else wrote first.
    Conflict,
    /// The store did not do it, or nobody knows whether it did.
    Failed(&'static str),
}

/// An errand under way.
#[derive(Debug)]
pub(super) enum Keeper {
    Shared,
    Store(Box<StoreErrand<Transact>>),
}

/// What comes next.
#[derive(Debug)]
pub(super) enum KeeperTurn {
    Ask(Keeper, Ask),
    Done(Kept),
}

impl Keeper {
    /// Begins `errand` at the place that `scope` and `what` name.
    pub(super) fn start(errand: Errand, scope: &str, what: &str, env: &Env<'_>) -> KeeperTurn {
        let key = sync_record::key(what, scope, &env.settings.session);
        let Some(store) = &env.settings.shared_store else {
            return match errand {
                Errand::Load => KeeperTurn::Ask(Self::Shared, Ask::Load { key }),
                Errand::Swap { expected: Stamp::Shared(expected), value } => {
                    KeeperTurn::Ask(Self::Shared, Ask::CompareAndSwap { key, expected, value })
                }
                Errand::Swap { .. } => KeeperTurn::Done(Kept::Failed("another store was read")),
            };
        };
        // The last part of the key is a hash; `what` is in it too, and stands beside it for whoever looks into the store.
        let hash = key.rsplit('.').next().unwrap_or_default();
        let Some(row) = RowKey::new(&["sync", hash, what]) else {
            return KeeperTurn::Done(Kept::Failed("a place without a name"));
        };
        let transaction = match errand {
            Errand::Load => Transaction { then: vec![Action::Read(row)], ..Transaction::default() },
            Errand::Swap { expected: Stamp::Row(version), value } => Transaction {
                conditions: vec![Condition::Unchanged(row.clone(), version)],
                then: vec![Action::Put(row, value)],
                ..Transaction::default()
            },
            Errand::Swap { .. } => return KeeperTurn::Done(Kept::Failed("another store was read")),
        };
        if !transaction.fits() {
            return KeeperTurn::Done(Kept::Failed("a record is too large for the store"));
        }
        Self::turned(StoreErrand::start(Transact(transaction), &store.etcd, env))
    }

    /// Takes the answer to the last ask.
    pub(super) fn answer(self, answer: Answer, env: &Env<'_>) -> KeeperTurn {
        match (self, &env.settings.shared_store) {
            (Self::Store(errand), Some(Store { etcd, .. })) => Self::turned(errand.answer(answer, etcd, env)),
            (Self::Store(_), None) => KeeperTurn::Done(Kept::Failed("there is no store any more")),
            (Self::Shared, _) => KeeperTurn::Done(match answer {
                Answer::Loaded { value, version } => Kept::Loaded { value, stamp: Stamp::Shared(version) },
                Answer::Swapped => Kept::Swapped,
                Answer::Conflict => Kept::Conflict,
                _ => Kept::Failed("the data that workers share could not be used"),
            }),
        }
    }

    fn turned(turn: ErrandTurn<Transact>) -> KeeperTurn {
        let outcome = match turn {
            ErrandTurn::Ask(errand, ask) => return KeeperTurn::Ask(Self::Store(Box::new(errand)), ask),
            ErrandTurn::Done(_, outcome) => outcome,
        };
        KeeperTurn::Done(match outcome {
            Ok(outcome) if !outcome.carried_out => Kept::Conflict,
            Ok(outcome) => match outcome.done.into_iter().next() {
                Some(Done::Read(row)) => {
                    let version = row.as_ref().map_or(RowVersion::ABSENT, |row| row.version);
                    Kept::Loaded { value: row.map(|row| row.content), stamp: Stamp::Row(version) }
                }
                Some(Done::Put) => Kept::Swapped,
                _ => Kept::Failed("the store answered something else"),
            },
            Err(StoreError::NotReached(_)) => Kept::Failed("the shared store cannot be reached"),
            Err(_) => Kept::Failed("the shared store refused"),
        })
    }
}
