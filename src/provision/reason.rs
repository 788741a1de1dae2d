//! Why an operation is in a plan.

use core::fmt;

/// Why an operation is in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The person has no account.
    AccountAbsent,
    /// The account is deactivated.
    AccountInactive,
    /// The IdP's e-mail address differs.
    EmailDiffers,
    /// The IdP's display name differs.
    DisplayNameDiffers,
    /// E-mail address and display name differ.
    EmailAndDisplayNameDiffer,
    /// Another field differs.
    ProfileDiffers,
    /// A group is to be added, and it is not known to exist.
    GroupNotKnown,
    /// The rules give the group, and the account is no member.
    NotMember,
    /// The rules give the managed group no longer, and the account is a member.
    NoLongerGranted,
    /// Somebody is to be put into the organization, and it is not known to exist.
    OrganizationNotKnown,
    /// The organization is not known to be linked to the service desk.
    NotLinked,
    /// The customer belongs there and was not put there yet.
    CustomerBelongs,
    /// We put the customer there, and the customer belongs there no longer.
    CustomerMoved,
    /// The marker is absent, misses the portal sign-in, or is older than a day.
    MarkerOutdated,
    /// The account was made just now, and its groups are still to come.
    AccountUnfinished,
    /// The application cannot be asked what it has.
    NotReadable,
    /// The person left, as the directory says.
    PersonLeft,
    /// The directory has another name for it.
    NameDiffers,
    /// The directory has the group no longer.
    GroupAbsentAtSource,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccountAbsent => "account absent",
            Self::AccountInactive => "account deactivated",
            Self::EmailDiffers => "e-mail differs",
            Self::DisplayNameDiffers => "display name differs",
            Self::EmailAndDisplayNameDiffer => "e-mail and display name differ",
            Self::ProfileDiffers => "profile differs",
            Self::GroupNotKnown => "group not known to exist",
            Self::NotMember => "granted, not a member",
            Self::NoLongerGranted => "no longer granted",
            Self::OrganizationNotKnown => "organization not known to exist",
            Self::NotLinked => "organization not known to be linked",
            Self::CustomerBelongs => "customer belongs there",
            Self::CustomerMoved => "customer belongs there no longer",
            Self::MarkerOutdated => "marker absent or outdated",
            Self::AccountUnfinished => "account unfinished",
            Self::NotReadable => "the application cannot be read",
            Self::PersonLeft => "the person left",
            Self::NameDiffers => "name differs",
            Self::GroupAbsentAtSource => "the directory has it no longer",
        })
    }
}
