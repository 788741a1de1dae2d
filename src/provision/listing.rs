//! Pages of what the application has, for whoever has to see all of it: a cleanup, or an index that is built anew.

use crate::base::Pii;

use super::account::AccountRef;
use super::question::Page;

/// A page of accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The accounts on it.
    pub accounts: Vec<ListedAccount>,
    /// Where to go on; `None` when this was the last page.
    pub next: Option<Page>,
}

/// An account as a list shows it: enough to tell whose it is, too little to decide anything about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAccount {
    /// The account.
    pub account: AccountRef,
    /// Its e-mail address; `None` where the list does not show one.
    pub email: Option<Pii<String>>,
    /// Whether it may be used; true where the list does not say.
    pub active: bool,
}

/// A page of organizations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedOrganizations {
    /// The organizations on it.
    pub organizations: Vec<ListedOrganization>,
    /// Where to go on; `None` when this was the last page.
    pub next: Option<Page>,
}

/// An organization as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedOrganization {
    /// The application's own name of it.
    pub id: String,
    /// The name.
    pub name: String,
    /// An identity provider keeps it, so it is not ours to change.
    pub kept_elsewhere: bool,
}
