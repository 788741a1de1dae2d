//! Why a decision came out as it did: typed, in the order of the rules, without personal data.

use core::fmt;

use super::settings::AssignTo;
use crate::identity::UnknownGroups;

/// The reasons of one decision, in the order in which the rules were applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation(Vec<Reason>);

impl Explanation {
    pub(super) fn push(&mut self, reason: Reason) {
        self.0.push(reason);
    }

    /// The reasons in order.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.0
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, reason) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{reason}")?;
        }
        Ok(())
    }
}

/// One rule that had a say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The IdP's groups are not known, so nothing is taken away and no row of the table applies.
    AssertedGroupsUnknown(UnknownGroups),
    /// A row of the table gives the group.
    Mapped {
        /// The IdP's group.
        idp_group: String,
        /// The application's group.
        group: String,
    },
    /// So many of the IdP's groups appear in no row of the table.
    Unmapped {
        /// How many.
        count: usize,
    },
    /// A default group is given.
    DefaultGroup {
        /// The application's group.
        group: String,
        /// To whom the configuration gives it.
        assign_to: AssignTo,
    },
    /// The default groups are not given; whoever has them keeps them.
    DefaultGroupsWithheld(Withheld),
    /// A rule gives the group, but it is protected: its members stay its members, and nobody becomes one.
    Protected {
        /// The application's group.
        group: String,
    },
    /// No rule gives the managed group any more: it is taken away.
    Revoked {
        /// The application's group.
        group: String,
    },
    /// No rule gives the group, but it is a default group, and those are never taken away.
    DefaultGroupKept {
        /// The application's group.
        group: String,
    },
    /// Nothing is taken away because existing groups are kept.
    ExistingGroupsKept,
}

/// Why the default groups are not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// The sign-in started at the customer portal.
    Portal,
    /// No request started this, and a portal rule is configured: nobody knows which door the person uses.
    NoRequest,
    /// They are for new users, and the account exists.
    AccountExists,
    /// They are for new users, and whether the account exists is not known.
    AccountUnknown,
    /// They are for nobody.
    AssignedToNone,
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portal => "portal sign-in",
            Self::NoRequest => "no request",
            Self::AccountExists => "account exists",
            Self::AccountUnknown => "account unknown",
            Self::AssignedToNone => "assigned to none",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AssertedGroupsUnknown(why) => {
                write!(f, "asserted groups unknown ({}), nothing removed", unknown(*why))
            }
            Self::Mapped { idp_group, group } => write!(f, "`{idp_group}` gives `{group}`"),
            Self::Unmapped { count } => write!(f, "{count} asserted groups not mapped"),
            Self::DefaultGroup { group, assign_to } => {
                write!(f, "default group `{group}` ({})", assign_to.as_str())
            }
            Self::DefaultGroupsWithheld(why) => write!(f, "default groups withheld ({why})"),
            Self::Protected { group } => write!(f, "`{group}` is protected"),
            Self::Revoked { group } => write!(f, "`{group}` revoked"),
            Self::DefaultGroupKept { group } => write!(f, "default group `{group}` kept"),
            Self::ExistingGroupsKept => f.write_str("existing groups kept"),
        }
    }
}

const fn unknown(why: UnknownGroups) -> &'static str {
    match why {
        UnknownGroups::ClaimMissing => "claim missing",
        UnknownGroups::Overage => "overage",
        UnknownGroups::Unreadable => "value unreadable",
    }
}
