//! One step of a plan: what to do, why, and how to see that it is done.

use core::fmt;

use crate::base::Pii;
use crate::policy::FoldedName;

use super::marker::{Marker, RemoteMarker};
use super::state::RemoteState;

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
    },
    /// Let a deactivated account be used again.
    ReactivateAccount {
        /// The user name in the application's spelling.
        username: Pii<String>,
    },
    /// Change what differs, nothing else.
    UpdateAccount {
        /// The user name in the application's spelling.
        username: Pii<String>,
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
        /// The user name.
        username: Pii<String>,
        /// The group in the configured spelling.
        group: String,
        /// The name came from the IdP: a group that does not exist is passed over.
        if_it_exists: bool,
    },
    /// End the account's membership.
    RemoveFromGroup {
        /// The user name.
        username: Pii<String>,
        /// The group in the application's spelling.
        group: String,
    },
    /// Write our marker; a marker that is not unfinished is the last step, so it says that the rest was done.
    WriteMarker {
        /// The user name.
        username: Pii<String>,
        /// The whole new value.
        marker: Marker,
    },
}

/// The fields of an account that a sign-in may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChanges {
    /// The new e-mail address.
    pub email: Option<Pii<String>>,
    /// The new display name.
    pub display_name: Option<Pii<String>>,
}

impl AccountChanges {
    /// True when there is nothing to change.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.email.is_none() && self.display_name.is_none()
    }
}

/// The kind of an operation, for logs and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OperationKind {
    /// [`Operation::CreateAccount`].
    CreateAccount,
    /// [`Operation::ReactivateAccount`].
    ReactivateAccount,
    /// [`Operation::UpdateAccount`].
    UpdateAccount,
    /// [`Operation::CreateGroup`].
    CreateGroup,
    /// [`Operation::AddToGroup`].
    AddToGroup,
    /// [`Operation::RemoveFromGroup`].
    RemoveFromGroup,
    /// [`Operation::WriteMarker`].
    WriteMarker,
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
            Self::WriteMarker => "write_marker",
        }
    }
}

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
    /// A group is to be added, and it is not known to exist.
    GroupNotKnown,
    /// The rules give the group, and the account is no member.
    NotMember,
    /// The rules give the managed group no longer, and the account is a member.
    NoLongerGranted,
    /// The marker is absent, misses the portal sign-in, or is older than a day.
    MarkerOutdated,
    /// The account was made just now, and its groups are still to come.
    AccountUnfinished,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccountAbsent => "account absent",
            Self::AccountInactive => "account deactivated",
            Self::EmailDiffers => "e-mail differs",
            Self::DisplayNameDiffers => "display name differs",
            Self::EmailAndDisplayNameDiffer => "e-mail and display name differ",
            Self::GroupNotKnown => "group not known to exist",
            Self::NotMember => "granted, not a member",
            Self::NoLongerGranted => "no longer granted",
            Self::MarkerOutdated => "marker absent or outdated",
            Self::AccountUnfinished => "account unfinished",
        })
    }
}

/// What has to be read again to see whether an operation is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The account of this user name, with its groups.
    Account(&'a Pii<String>),
    /// Whether this group exists.
    Group(&'a str),
    /// The marker at the account of this user name.
    Marker(&'a Pii<String>),
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
            Self::WriteMarker { .. } => OperationKind::WriteMarker,
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
                (None, _) => Reason::DisplayNameDiffers,
                (Some(_), None) => Reason::EmailDiffers,
            },
            Self::CreateGroup { .. } => Reason::GroupNotKnown,
            Self::AddToGroup { .. } => Reason::NotMember,
            Self::RemoveFromGroup { .. } => Reason::NoLongerGranted,
            Self::WriteMarker { marker, .. } if marker.unfinished => Reason::AccountUnfinished,
            Self::WriteMarker { .. } => Reason::MarkerOutdated,
        }
    }

    /// What to read when the application's answer leaves open whether it is done.
    #[must_use]
    pub fn subject(&self) -> Subject<'_> {
        match self {
            Self::CreateAccount { username, .. }
            | Self::ReactivateAccount { username }
            | Self::UpdateAccount { username, .. }
            | Self::AddToGroup { username, .. }
            | Self::RemoveFromGroup { username, .. } => Subject::Account(username),
            Self::CreateGroup { group } => Subject::Group(group),
            Self::WriteMarker { username, .. } => Subject::Marker(username),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateGroup { group }
            | Self::AddToGroup { group, .. }
            | Self::RemoveFromGroup { group, .. } => {
                write!(f, "{} `{group}` ({})", self.kind().as_str(), self.reason())
            }
            Self::CreateAccount { .. }
            | Self::ReactivateAccount { .. }
            | Self::UpdateAccount { .. }
            | Self::WriteMarker { .. } => {
                write!(f, "{} ({})", self.kind().as_str(), self.reason())
            }
        }
    }
}

/// Is what `operation` wants already so in `remote`, freshly read?
///
/// This is how an answer that can mean several things is understood: the state decides, never the text of an error.
/// An account that exists satisfies its creation only while it is active: the plan was made for a person without an
/// account, and a deactivated one must not be entered by the back door.
#[must_use]
pub fn satisfied(operation: &Operation, remote: &RemoteState) -> bool {
    let account = remote.account.as_ref();
    match operation {
        Operation::CreateAccount { username, .. } => account.is_some_and(|account| {
            account.active && FoldedName::same(account.username.expose(), username.expose())
        }),
        Operation::ReactivateAccount { .. } => account.is_some_and(|account| account.active),
        Operation::UpdateAccount { changes, .. } => account.is_some_and(|account| {
            changes.email.as_ref().is_none_or(|email| account.email.as_ref() == Some(email))
                && changes.display_name.as_ref().is_none_or(|name| account.display_name == *name)
        }),
        Operation::CreateGroup { group } => remote.knows_group(group),
        Operation::AddToGroup { group, .. } => {
            account.is_some_and(|account| account.groups.iter().any(|have| FoldedName::same(have, group)))
        }
        Operation::RemoveFromGroup { group, .. } => {
            account.is_some_and(|account| !account.groups.iter().any(|have| FoldedName::same(have, group)))
        }
        Operation::WriteMarker { marker, .. } => {
            matches!(&remote.marker, RemoteMarker::Present(have) if have == marker)
        }
    }
}
