//! One step of a plan.

use core::fmt;

use crate::base::Pii;

use super::account::{AccountRef, Profile};
use super::delivery::Delivery;
use super::marker::Marker;
use super::reason::Reason;

/// One change at the application. Each may be repeated without harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Make the account, active, without any application access of its own: a portal customer needs none, and an agent
    /// gets it from the groups that the same plan adds. So creating an account never uses up a licence.
    CreateAccount {
        /// The user name.
        username: Pii<String>,
        /// The e-mail address, if the IdP sent one.
        email: Option<Pii<String>>,
        /// What to call the person; the user name when the IdP sent nothing better.
        display_name: Pii<String>,
        /// What else the IdP said and the application keeps.
        profile: Profile,
        /// It is a portal customer.
        customer: bool,
    },
    /// Let a deactivated account be used again.
    ReactivateAccount {
        /// Whose.
        account: AccountRef,
    },
    /// Change what differs, nothing else.
    UpdateAccount {
        /// Whose.
        account: AccountRef,
        /// What to change; at least one field is set.
        changes: AccountChanges,
    },
    /// Make the group if the application lacks it.
    CreateGroup {
        /// The group's name.
        group: String,
    },
    /// Make the account a member.
    AddToGroup {
        /// Whose.
        account: AccountRef,
        /// The group in the configured spelling.
        group: String,
        /// The name came from the IdP: a group that does not exist is passed over.
        if_it_exists: bool,
    },
    /// End the account's membership.
    RemoveFromGroup {
        /// Whose.
        account: AccountRef,
        /// The group in the application's spelling.
        group: String,
    },
    /// Make the organization if the application lacks it.
    CreateOrganization {
        /// The organization's name.
        organization: String,
    },
    /// Let the organization's members reach the service desk.
    LinkOrganization {
        /// The organization's name.
        organization: String,
        /// The service desk's id.
        service_desk: String,
    },
    /// Let the account reach the service desk as a customer.
    AddCustomer {
        /// Whose.
        account: AccountRef,
        /// The service desk's id.
        service_desk: String,
    },
    /// Put the account into the organization.
    AddToOrganization {
        /// Whose.
        account: AccountRef,
        /// The organization's name.
        organization: String,
    },
    /// Take the account out of the organization.
    RemoveFromOrganization {
        /// Whose.
        account: AccountRef,
        /// The organization's name.
        organization: String,
    },
    /// Write our marker; a marker that is not unfinished is the last step, so it says that the rest was done.
    WriteMarker {
        /// Whose.
        account: AccountRef,
        /// The whole new value.
        marker: Marker,
    },
    /// Tell everything at once.
    Deliver(Box<Delivery>),
    /// Let the account be used no more; what it belongs to stays (J21).
    DeactivateAccount {
        /// Whose.
        account: AccountRef,
    },
    /// Make the application forget whose the account was.
    AnonymizeAccount {
        /// Whose.
        account: AccountRef,
    },
    /// Delete the account for good (J22).
    DeleteAccount {
        /// Whose.
        account: AccountRef,
    },
    /// Give the account another user name.
    RenameAccount {
        /// Whose, under the name that it has.
        account: AccountRef,
        /// The new name.
        username: Pii<String>,
    },
    /// Give the group another name, which must be free.
    RenameGroup {
        /// The name that it has.
        group: String,
        /// The new name.
        name: String,
    },
    /// Delete the group; its members stay.
    DeleteGroup {
        /// The group's name.
        group: String,
    },
    /// Give the organization another name, which must be free (J24).
    RenameOrganization {
        /// The name that it has.
        organization: String,
        /// The new name.
        name: String,
    },
    /// Delete the organization; its members stay customers (J25).
    DeleteOrganization {
        /// The organization's name.
        organization: String,
    },
}

/// The fields of an account that a sign-in may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChanges {
    /// The new e-mail address.
    pub email: Option<Pii<String>>,
    /// The new display name.
    pub display_name: Option<Pii<String>>,
    /// The other fields that change.
    pub profile: Profile,
}

impl AccountChanges {
    /// True when there is nothing to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.email.is_none() && self.display_name.is_none() && self.profile.is_empty()
    }
}

/// The kind of an operation, for logs and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the variant of `Operation` of the same name")]
pub enum OperationKind {
    CreateAccount,
    ReactivateAccount,
    UpdateAccount,
    CreateGroup,
    AddToGroup,
    RemoveFromGroup,
    CreateOrganization,
    LinkOrganization,
    AddCustomer,
    AddToOrganization,
    RemoveFromOrganization,
    WriteMarker,
    Deliver,
    DeactivateAccount,
    AnonymizeAccount,
    DeleteAccount,
    RenameAccount,
    RenameGroup,
    DeleteGroup,
    RenameOrganization,
    DeleteOrganization,
}

impl OperationKind {
    /// The word used in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateAccount => "create_account",
            Self::ReactivateAccount => "reactivate_account",
            Self::UpdateAccount => "update_account",
            Self::CreateGroup => "create_group",
            Self::AddToGroup => "add_to_group",
            Self::RemoveFromGroup => "remove_from_group",
            Self::CreateOrganization => "create_organization",
            Self::LinkOrganization => "link_organization",
            Self::AddCustomer => "add_customer",
            Self::AddToOrganization => "add_to_organization",
            Self::RemoveFromOrganization => "remove_from_organization",
            Self::WriteMarker => "write_marker",
            Self::Deliver => "deliver",
            Self::DeactivateAccount => "deactivate_account",
            Self::AnonymizeAccount => "anonymize_account",
            Self::DeleteAccount => "delete_account",
            Self::RenameAccount => "rename_account",
            Self::RenameGroup => "rename_group",
            Self::DeleteGroup => "delete_group",
            Self::RenameOrganization => "rename_organization",
            Self::DeleteOrganization => "delete_organization",
        }
    }
}

impl Operation {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> OperationKind {
        match self {
            Self::CreateAccount { .. } => OperationKind::CreateAccount,
            Self::ReactivateAccount { .. } => OperationKind::ReactivateAccount,
            Self::UpdateAccount { .. } => OperationKind::UpdateAccount,
            Self::CreateGroup { .. } => OperationKind::CreateGroup,
            Self::AddToGroup { .. } => OperationKind::AddToGroup,
            Self::RemoveFromGroup { .. } => OperationKind::RemoveFromGroup,
            Self::CreateOrganization { .. } => OperationKind::CreateOrganization,
            Self::LinkOrganization { .. } => OperationKind::LinkOrganization,
            Self::AddCustomer { .. } => OperationKind::AddCustomer,
            Self::AddToOrganization { .. } => OperationKind::AddToOrganization,
            Self::RemoveFromOrganization { .. } => OperationKind::RemoveFromOrganization,
            Self::WriteMarker { .. } => OperationKind::WriteMarker,
            Self::Deliver(_) => OperationKind::Deliver,
            Self::DeactivateAccount { .. } => OperationKind::DeactivateAccount,
            Self::AnonymizeAccount { .. } => OperationKind::AnonymizeAccount,
            Self::DeleteAccount { .. } => OperationKind::DeleteAccount,
            Self::RenameAccount { .. } => OperationKind::RenameAccount,
            Self::RenameGroup { .. } => OperationKind::RenameGroup,
            Self::DeleteGroup { .. } => OperationKind::DeleteGroup,
            Self::RenameOrganization { .. } => OperationKind::RenameOrganization,
            Self::DeleteOrganization { .. } => OperationKind::DeleteOrganization,
        }
    }

    /// Whose account it is about, where the account is there already.
    #[must_use]
    pub const fn account(&self) -> Option<&AccountRef> {
        match self {
            Self::ReactivateAccount { account }
            | Self::UpdateAccount { account, .. }
            | Self::AddToGroup { account, .. }
            | Self::RemoveFromGroup { account, .. }
            | Self::AddCustomer { account, .. }
            | Self::AddToOrganization { account, .. }
            | Self::RemoveFromOrganization { account, .. }
            | Self::WriteMarker { account, .. }
            | Self::DeactivateAccount { account }
            | Self::AnonymizeAccount { account }
            | Self::DeleteAccount { account }
            | Self::RenameAccount { account, .. } => Some(account),
            Self::CreateAccount { .. }
            | Self::CreateGroup { .. }
            | Self::CreateOrganization { .. }
            | Self::LinkOrganization { .. }
            | Self::Deliver(_)
            | Self::RenameGroup { .. }
            | Self::DeleteGroup { .. }
            | Self::RenameOrganization { .. }
            | Self::DeleteOrganization { .. } => None,
        }
    }

    /// True for the mark that an account is unfinished. It matters only if the plan breaks off later, so its own failure
    /// must not be what breaks the plan off: that would leave the very account it is meant for unmarked.
    #[must_use]
    pub const fn is_precaution(&self) -> bool {
        matches!(self, Self::WriteMarker { marker, .. } if marker.unfinished)
    }

    /// Why it is in the plan.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::CreateAccount { .. } => Reason::AccountAbsent,
            Self::ReactivateAccount { .. } => Reason::AccountInactive,
            Self::UpdateAccount { changes, .. } => match (&changes.email, &changes.display_name) {
                (Some(_), Some(_)) => Reason::EmailAndDisplayNameDiffer,
                (None, Some(_)) => Reason::DisplayNameDiffers,
                (Some(_), None) => Reason::EmailDiffers,
                (None, None) => Reason::ProfileDiffers,
            },
            Self::CreateGroup { .. } => Reason::GroupNotKnown,
            Self::AddToGroup { .. } => Reason::NotMember,
            Self::RemoveFromGroup { .. } => Reason::NoLongerGranted,
            Self::CreateOrganization { .. } => Reason::OrganizationNotKnown,
            Self::LinkOrganization { .. } => Reason::NotLinked,
            Self::AddCustomer { .. } | Self::AddToOrganization { .. } => Reason::CustomerBelongs,
            Self::RemoveFromOrganization { .. } => Reason::CustomerMoved,
            Self::WriteMarker { marker, .. } if marker.unfinished => Reason::AccountUnfinished,
            Self::WriteMarker { .. } => Reason::MarkerOutdated,
            Self::Deliver(_) => Reason::NotReadable,
            Self::DeactivateAccount { .. } | Self::AnonymizeAccount { .. } | Self::DeleteAccount { .. } => {
                Reason::PersonLeft
            }
            Self::RenameAccount { .. } | Self::RenameGroup { .. } | Self::RenameOrganization { .. } => {
                Reason::NameDiffers
            }
            Self::DeleteGroup { .. } | Self::DeleteOrganization { .. } => Reason::GroupAbsentAtSource,
        }
    }

    /// The group or organization that it is about.
    #[must_use]
    pub fn about(&self) -> Option<&str> {
        match self {
            Self::CreateGroup { group }
            | Self::AddToGroup { group, .. }
            | Self::RemoveFromGroup { group, .. }
            | Self::RenameGroup { group, .. }
            | Self::DeleteGroup { group } => Some(group),
            Self::CreateOrganization { organization }
            | Self::LinkOrganization { organization, .. }
            | Self::AddToOrganization { organization, .. }
            | Self::RemoveFromOrganization { organization, .. }
            | Self::RenameOrganization { organization, .. }
            | Self::DeleteOrganization { organization } => Some(organization),
            Self::AddCustomer { service_desk, .. } => Some(service_desk),
            Self::CreateAccount { .. }
            | Self::ReactivateAccount { .. }
            | Self::UpdateAccount { .. }
            | Self::WriteMarker { .. }
            | Self::Deliver(_)
            | Self::DeactivateAccount { .. }
            | Self::AnonymizeAccount { .. }
            | Self::DeleteAccount { .. }
            | Self::RenameAccount { .. } => None,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.about() {
            Some(name) => write!(f, "{} `{name}` ({})", self.kind().as_str(), self.reason()),
            None => write!(f, "{} ({})", self.kind().as_str(), self.reason()),
        }
    }
}
