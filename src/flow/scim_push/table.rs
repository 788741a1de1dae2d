//! The table as flows use it: opened once, and every transaction on the condition that it is still the same.

use core::cell::RefCell;
use std::rc::Rc;

use crate::base::{Code, Rejection};
use crate::effect::{Answer, Ask};
use crate::flow::Env;
use crate::flow::shared_store::{Errand, ErrandTurn, Transact};
use crate::scim::Error;
use crate::session::table_key::TableKey;
use crate::store::StoreError;
use crate::store::table::{Action, Condition, Done, Outcome, Row, RowVersion, Transaction};

use super::pen::unavailable;
use super::rows::{self, First};

/// A table that was opened.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) key: TableKey,
    /// Of the first row: another one is another table.
    version: RowVersion,
}

/// The table as this worker last saw it.
#[derive(Clone, Debug, Default)]
pub struct KnownTable(Rc<RefCell<Option<Rc<Table>>>>);

impl KnownTable {
    pub(super) fn known(&self) -> Option<Rc<Table>> {
        self.0.borrow().clone()
    }

    pub(super) fn forget(&self) {
        self.0.replace(None);
    }

    fn keep(&self, table: &Rc<Table>) {
        self.0.replace(Some(Rc::clone(table)));
    }

    /// Opens the first row as it was read.
    pub(super) fn open(
        &self,
        row: Option<&Row>,
        env: &Env<'_>,
    ) -> Result<(Rc<Table>, First, bool), TableFault> {
        let row = row.ok_or(TableFault::Missing)?;
        let opened = TableKey::open_first_row::<First>(&row.content, &env.settings.session);
        let (key, first, newest) = opened.map_err(|_| TableFault::Unreadable)?;
        let table = Rc::new(Table { key, version: row.version });
        if first.ready {
            self.keep(&table);
        }
        Ok((table, first, newest))
    }
}

/// Why the table cannot be relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TableFault {
    /// The store did not do what it was asked.
    Store(StoreError),
    /// There is none, or not the one that was known.
    Missing,
    /// There is none, and nobody said that one is to be begun.
    Lost,
    /// It is being put together.
    NotReady,
    /// A row of it does not open.
    Unreadable,
}

impl TableFault {
    pub(super) const fn code(&self) -> Code {
        match self {
            Self::Store(_) => Code::ScimTableUnavailable,
            Self::Missing | Self::Lost | Self::NotReady => Code::ScimTableNotReady,
            Self::Unreadable => Code::ScimTableUnreadable,
        }
    }

    pub(super) fn rejection(&self) -> Rejection {
        match self {
            Self::Store(fault) => Rejection::new(self.code(), fault),
            Self::Missing => Rejection::new(self.code(), "the shared store has no table, or another one"),
            Self::Lost => {
                Rejection::new(self.code(), "the shared store has no table: restore it, or begin another one")
            }
            Self::NotReady => Rejection::new(self.code(), "the table is being put together"),
            Self::Unreadable => Rejection::new(self.code(), "a row of the table does not open"),
        }
    }

    /// Never "there is nothing": whoever pushes would make everybody anew.
    pub(super) fn error(&self) -> Error {
        unavailable(self.code())
    }
}

/// A call to the table under way.
#[derive(Debug)]
pub(super) struct TableCall(Errand<Transact>);

/// What comes of a call.
pub(super) enum TableTurn {
    Ask(TableCall, Ask),
    /// Carried out, or one of its conditions does not hold; then with what was read instead.
    Done(Transaction, Outcome),
    Failed(TableFault),
}

impl TableCall {
    /// Reads the first row.
    pub(super) fn first(env: &Env<'_>) -> TableTurn {
        let then = rows::first().into_iter().map(Action::Read).collect();
        Self::raw(Transaction { then, ..Transaction::default() }, env)
    }

    /// Carries out `transaction` if the table is still `table`. What is read otherwise comes first in [`Outcome::done`].
    pub(super) fn start(table: &Table, mut transaction: Transaction, env: &Env<'_>) -> TableTurn {
        if let Some(first) = rows::first() {
            transaction.conditions.push(Condition::Unchanged(first.clone(), table.version));
            transaction.otherwise.push(Action::Read(first));
        }
        Self::raw(transaction, env)
    }

    /// Carries out `transaction` as it is.
    pub(super) fn raw(transaction: Transaction, env: &Env<'_>) -> TableTurn {
        let Some(settings) = &env.settings.shared_store else {
            return TableTurn::Failed(TableFault::Missing);
        };
        Self::turned(Errand::start(Transact(transaction), &settings.etcd, env))
    }

    /// Takes the answer to the last ask.
    pub(super) fn answer(self, answer: Answer, env: &Env<'_>) -> TableTurn {
        let Some(settings) = &env.settings.shared_store else {
            return TableTurn::Failed(TableFault::Missing);
        };
        Self::turned(self.0.answer(answer, &settings.etcd, env))
    }

    fn turned(turn: ErrandTurn<Transact>) -> TableTurn {
        match turn {
            ErrandTurn::Ask(errand, ask) => TableTurn::Ask(Self(errand), ask),
            ErrandTurn::Done(_, Err(fault)) => TableTurn::Failed(TableFault::Store(fault)),
            ErrandTurn::Done(Transact(transaction), Ok(outcome)) => TableTurn::Done(transaction, outcome),
        }
    }
}

impl Table {
    /// Is it still this table, by what a transaction of [`TableCall::start`] read that was not carried out?
    pub(super) fn is_same(&self, outcome: &Outcome) -> bool {
        matches!(outcome.done.last(), Some(Done::Read(Some(row))) if row.version == self.version)
    }
}
