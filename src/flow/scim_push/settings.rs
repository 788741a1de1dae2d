//! What an operator chooses about people and groups that are pushed.

use core::fmt;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use crate::base::Secret;
use crate::directory::{GroupNaming, GroupsBecome};
use crate::flow::scim_pass;
use crate::flow::settings::Provisioning;
use crate::http::network::Network;
use crate::provision::AccountKeyKind;
use crate::scim::Stricter;

/// The checked settings of the gateway.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The service to which requests go on; nothing is kept then.
    pub pass_through: Option<scim_pass::Settings>,
    /// Where the service begins, in normal form without a slash at its end.
    pub path_prefix: String,
    /// The same as clients know it, with scheme and host.
    pub base_uri: String,
    /// Whoever shows one of these may do everything; at least one.
    pub tokens: Vec<Token>,
    /// Networks that clients may come from; empty for all.
    pub networks: Vec<Network>,
    /// What groups become.
    pub groups_become: GroupsBecome,
    /// By what the rules know groups.
    pub naming: GroupNaming,
    /// What happens to a group whose name is taken in the application.
    pub on_name_conflict: OnNameConflict,
    /// Who decides about memberships in groups that were pushed.
    pub memberships: Memberships,
    /// What becomes of the accounts of people who are deleted.
    pub on_delete: OnDelete,
    /// Bytes of one body.
    pub max_body_bytes: usize,
    /// Requests of one second at one worker.
    pub max_requests_per_second: u32,
    /// Members of one group (J5).
    pub max_users_per_group: u64,
    /// Groups in all (J6).
    pub max_groups: u64,
    /// Accounts and organizations that may end in one hour, by all replicas together.
    pub max_endings_per_hour: u64,
    /// Where there is no table, an empty one is begun; else it is lost.
    pub begins_anew: bool,
    /// Everybody is looked at once for each new word here.
    pub look_again: Option<String>,
}

/// What happens to a group whose name is taken in the application (J13, J23, J26).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnNameConflict {
    /// It takes over what is there.
    Sync,
    /// It is kept, and what is there is left alone.
    DoNotSync,
}

/// Who decides about memberships in groups that were pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memberships {
    /// The directory alone.
    Directory,
    /// Sign-ins too.
    Both,
}

/// What becomes of the account of somebody who is deleted (J22).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDelete {
    /// It is deactivated.
    Deactivate,
    /// It is deleted.
    Delete,
}

/// A bearer token, as its hash.
#[derive(Clone)]
pub struct Token {
    /// What events call whoever shows it.
    name: String,
    digest: [u8; 32],
}

impl Token {
    /// The token that `text` is.
    #[must_use]
    pub fn new(name: String, text: &Secret<String>) -> Self {
        Self { name, digest: digest(text.expose()) }
    }

    /// What events call whoever shows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Is it the same text?
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.digest.ct_eq(&other.digest).into()
    }
}

impl Settings {
    /// Whose token the header `authorization` shows. RFC 6750 2.1; the scheme is compared without case (RFC 9110 11.1).
    #[must_use]
    pub fn caller(&self, authorization: Option<&str>) -> Option<&str> {
        let (scheme, token) = authorization?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| self.client(token.trim())).flatten()
    }

    /// Whose token `presented` is. All are compared, each in constant time, so that the time tells neither a token nor which
    /// one it was.
    #[must_use]
    pub fn client(&self, presented: &str) -> Option<&str> {
        let presented = digest(presented);
        let mut found = None;
        for token in &self.tokens {
            let same: Choice = presented.ct_eq(&token.digest);
            if same.into() {
                found = Some(token.name());
            }
        }
        found
    }

    /// What the application of `provisioning` does not do for clients.
    #[must_use]
    pub fn stricter(&self, provisioning: Option<&Provisioning>) -> Stricter {
        let Some(provisioning) = provisioning else { return Stricter::default() };
        let can = provisioning.target.capabilities();
        let by_name = can.accounts_by == AccountKeyKind::Username;
        let organizations = self.groups_become == GroupsBecome::Organizations;
        Stricter {
            needs_email: can.needs_email,
            keeps_email: can.email_immutable || !by_name,
            keeps_user_name: by_name && !can.renames_accounts,
            keeps_group_name: organizations && !can.renames_organizations,
        }
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::new_with_prefix(b"scim token").chain_update(text.as_bytes()).finalize().into()
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.name)
    }
}
