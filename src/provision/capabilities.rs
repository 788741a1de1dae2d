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
    /// An account can be deactivated.
    pub deactivates: bool,
    /// The application can forget whose an account was.
    pub anonymizes: bool,
    /// An account can be deleted.
    pub deletes_accounts: bool,
    /// The user name of an account can be changed.
    pub renames_accounts: bool,
    /// The accounts can be listed.
    pub lists_accounts: bool,
    /// Groups can be made.
    pub creates_groups: bool,
    /// Groups can be renamed.
    pub renames_groups: bool,
    /// Groups can be deleted.
    pub deletes_groups: bool,
    /// It has organizations of customers.
    pub organizations: bool,
    /// Its groups are such organizations: who is deleted has to be taken out of them before (J22).
    pub groups_are_organizations: bool,
    /// Organizations can be renamed.
    pub renames_organizations: bool,
    /// Organizations can be deleted.
    pub deletes_organizations: bool,
    /// The organizations can be listed.
    pub lists_organizations: bool,
    /// An account is made only with a password; [`super::Pieces::password`] is then there when one is.
    pub needs_password: bool,
    /// An account is made only with an e-mail address.
    pub needs_email: bool,
    /// What it keeps about people.
    pub profile_fields: &'static [ProfileField],
}

impl Default for Capabilities {
    /// Accounts known by user name, all that a sign-in needs of an application, and our marker. Nothing that ends or lists
    /// anything.
    fn default() -> Self {
        Self {
            reads: true,
            accounts_by: AccountKeyKind::Username,
            marker: true,
            email_immutable: false,
            shows_email: true,
            updates: true,
            reactivates: true,
            deactivates: false,
            anonymizes: false,
            deletes_accounts: false,
            renames_accounts: false,
            lists_accounts: false,
            creates_groups: true,
            renames_groups: false,
            deletes_groups: false,
            organizations: false,
            groups_are_organizations: false,
            renames_organizations: false,
            deletes_organizations: false,
            lists_organizations: false,
            needs_password: false,
            needs_email: false,
            profile_fields: &[],
        }
    }
}
