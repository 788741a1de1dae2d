//! What an application can do.

use super::account::{AccountKeyKind, ProfileField};

/// What a target's application can do; a plan never asks for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// It can be asked what it has. Otherwise every sign-in tells it everything ([`super::Operation::Deliver`]).
    pub reads: bool,
    /// By what it knows people.
    pub accounts_by: AccountKeyKind,
    /// It keeps our marker.
    pub marker: bool,
    /// An e-mail address cannot be changed once the account is there (J19).
    pub email_immutable: bool,
    /// It shows e-mail addresses. Where it does not, the identity provider's goes along when something else changes,
    /// because nobody can send back what was not shown.
    pub shows_email: bool,
    /// Name, address and profile of an account can be changed. Where they belong to the person or to somebody else, a
    /// difference is no reason to do anything.
    pub updates: bool,
    /// A deactivated account can be activated.
    pub reactivates: bool,
    /// Groups can be made.
    pub creates_groups: bool,
    /// It has organizations of customers.
    pub organizations: bool,
    /// An account is made only with a password; [`super::Pieces::password`] is then there when one is.
    pub needs_password: bool,
    /// What it keeps about people.
    pub profile_fields: &'static [ProfileField],
}

impl Default for Capabilities {
    /// Accounts known by user name, all that every application has, and our marker.
    fn default() -> Self {
        Self {
            reads: true,
            accounts_by: AccountKeyKind::Username,
            marker: true,
            email_immutable: false,
            shows_email: true,
            updates: true,
            reactivates: true,
            creates_groups: true,
            organizations: false,
            needs_password: false,
            profile_fields: &[],
        }
    }
}
