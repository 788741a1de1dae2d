//! The name of an account follows the directory.

use crate::base::Pii;

use super::account::AccountRef;
use super::operation::Operation;
use super::plan::Plan;

/// Plans that `account` is called `username` (J12).
#[must_use]
pub fn renaming(account: AccountRef, username: Pii<String>) -> Plan {
    Plan::of_leaving(vec![Operation::RenameAccount { account, username }], 0)
}
