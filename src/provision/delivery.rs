//! Everything that an application which cannot be read is told at a sign-in.

use std::collections::BTreeSet;

use crate::base::{Pii, UnixTime};

use super::account::Profile;

/// The whole desired state of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The user name.
    pub username: Pii<String>,
    /// The e-mail address, if the IdP sent one.
    pub email: Option<Pii<String>>,
    /// What to call the person.
    pub display_name: Pii<String>,
    /// What else the IdP said.
    pub profile: Profile,
    /// It is a portal customer.
    pub is_customer: bool,
    /// The groups that the person should have.
    pub groups: BTreeSet<String>,
    /// Managed groups that the person should not have.
    pub not_groups: BTreeSet<String>,
    /// The organizations that the person belongs to; `None` when this sign-in says nothing about them.
    pub organizations: Option<BTreeSet<String>>,
    /// When the person signed in; `None` when nobody signs in.
    pub signed_in_at: Option<UnixTime>,
}
