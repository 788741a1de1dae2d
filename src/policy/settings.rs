//! The rules as the operator wrote them.

use super::group_name::GroupNames;
use super::portal::PortalRule;

/// The checked `policy` part of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The table from IdP groups to application groups. Groups that it names on the right are *managed*: a person
    /// who no rule gives one to any more loses it at the next sign-in, unless a field below says otherwise.
    pub group_mapping: Vec<GroupRule>,
    /// Groups that people get whatever the IdP says.
    pub default_groups: DefaultGroups,
    /// Which sign-ins come by the customer portal and so get no default groups; `None` for no such rule.
    pub portal: Option<PortalRule>,
    /// Application groups that are never touched: neither given nor taken away, by no rule. Compared as the
    /// application compares names.
    pub protected_groups: Vec<String>,
    /// Only ever add: nobody loses a group. Makes `protected_groups` matter for additions only.
    pub keep_existing_groups: bool,
}

/// One row of the table: who is in `idp_group` gets all of `groups`.
///
/// Several rows may name the same IdP group, and several IdP groups may lead to the same application group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRule {
    /// The group as the IdP names it (a name or an id), compared exactly: case counts, nothing is trimmed, there
    /// are no wildcards.
    pub idp_group: String,
    /// Application groups, compared as the application compares names and sent in this spelling.
    pub groups: Vec<String>,
}

/// Groups that do not depend on the IdP's groups, usually those that give access to the application.
///
/// Unless `assign_to` is [`AssignTo::None`] nobody ever loses one of them, even if the table names it too: whoever got
/// it at the first sign-in would otherwise lose it at the second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DefaultGroups {
    /// Application groups.
    pub groups: Vec<String>,
    /// Who gets them.
    pub assign_to: AssignTo,
}

/// Who gets the default groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssignTo {
    /// Whoever has no account yet, once: when this sign-in makes it. Under a portal rule an account that was made at
    /// the portal never gets them by this; agents get their access from the table, which the portal does not stop.
    #[default]
    NewUsers,
    /// Everybody, at every sign-in, even if somebody took the group away meanwhile.
    AllUsers,
    /// Nobody; the list may stay and has no effect at all.
    None,
}

impl AssignTo {
    /// The spelling of the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewUsers => "NEW_USERS",
            Self::AllUsers => "ALL_USERS",
            Self::None => "NONE",
        }
    }
}

/// A group that one part of the settings gives and another forbids to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// `protected_groups` names a group that row `rule` of the table gives.
    ProtectedButMapped {
        /// The group in the spelling of the table.
        group: String,
        /// Index into `group_mapping`.
        rule: usize,
    },
    /// `protected_groups` names a default group that somebody would get.
    ProtectedButDefault {
        /// The group in the spelling of `default_groups`.
        group: String,
    },
}

impl core::fmt::Display for Contradiction {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::ProtectedButMapped { group, rule } => {
                write!(f, "`{group}` is protected, so group_mapping[{rule}] cannot give it")
            }
            Self::ProtectedButDefault { group } => {
                write!(f, "`{group}` is protected, so default_groups cannot give it")
            }
        }
    }
}

impl Settings {
    /// Every place where `protected_groups` cancels what another field promises. Protection wins; the operator
    /// should know at configuration time (SG9005).
    #[must_use]
    pub fn contradictions(&self) -> Vec<Contradiction> {
        let protected = GroupNames::from_iter(&self.protected_groups);
        let mut found = Vec::new();
        for (rule, row) in self.group_mapping.iter().enumerate() {
            for group in row.groups.iter().filter(|group| protected.contains(group)) {
                found.push(Contradiction::ProtectedButMapped { group: group.clone(), rule });
            }
        }
        if self.default_groups.assign_to != AssignTo::None {
            for group in self.default_groups.groups.iter().filter(|group| protected.contains(group)) {
                found.push(Contradiction::ProtectedButDefault { group: group.clone() });
            }
        }
        found
    }
}
