//! A transaction at the table.

use crate::http::{HttpCall, HttpResponse};
use crate::store::table::{Outcome, Transaction};
use crate::store::{Etcd, Lease, StoreError, Token};

use super::errand::Operation;

/// Carries out a transaction, once: one whose answer did not come may have been carried out, which the next one finds out
/// by its conditions.
#[derive(Debug)]
pub(in crate::flow) struct Transact(pub(in crate::flow) Transaction);

impl Operation for Transact {
    type Fact = Outcome;

    fn call(&self, etcd: &Etcd, token: Option<&Token>) -> HttpCall {
        etcd.transact(&self.0, token)
    }

    fn read(&self, etcd: &Etcd, response: &HttpResponse) -> Result<Outcome, StoreError> {
        etcd.transacted(&self.0, response)
    }

    fn lease(&self) -> Option<Lease> {
        None
    }
}
