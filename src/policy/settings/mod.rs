//! The rules as the operator wrote them.

mod contradiction;
mod mapping;
mod rule;

pub use contradiction::Contradiction;
pub use mapping::{ApplyTo, GroupPattern, GroupRule, GroupTable, MAX_GROUP_NAME_BYTES, Manage, SameName};
pub use rule::{AccessRule, RequiredGroups, Rule, RuleAction, Switch};

use super::cleanup::CleanupSettings;
use super::condition::Condition;
use super::group_name::GroupNames;
use super::portal::PortalRule;

/// The checked `policy` part of the configuration, with what `provisioning` says about accounts.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The table from IdP groups to application groups.
    pub group_mapping: GroupTable,
    /// Rows whose left side is a regular expression.
    pub group_patterns: Vec<GroupPattern>,
    /// IdP groups stand for application groups of the same name; `None` for no such rule.
    pub same_name: Option<SameName>,
    /// Whose groups follow the IdP's: the three fields above hold for these people.
    pub apply_idp_groups_to: ApplyTo,
    /// Groups that people get whatever the IdP says, within bounds.
    pub default_groups: DefaultGroups,
    /// Groups that everybody gets, always.
    pub always_groups: Vec<String>,
    /// Which sign-ins come by the customer portal and so get no default groups; `None` for no such rule.
    pub portal: Option<PortalRule>,
    /// Rules in order: the first that holds and speaks of a group decides about that group.
    pub rules: Vec<Rule>,
    /// Who may enter, in order: the first that holds decides.
    pub access: Vec<AccessRule>,
    /// What holds for those of whom no access rule speaks.
    pub default_access: Access,
    /// IdP groups of which a person needs one.
    pub required_groups: RequiredGroups,
    /// What may be done to accounts.
    pub accounts: AccountRules,
    /// Groups that the rules give and the application lacks are made. Otherwise giving such a group fails, except in
    /// same-name mode and for patterns, where it is passed over.
    pub create_missing_groups: bool,
    /// Application groups that are never touched: neither given nor taken away, by no rule.
    pub ignored_groups: Vec<String>,
    /// Application groups that are never taken away; rules may give them.
    pub protected_groups: Vec<String>,
    /// Application groups that make administrators. Only a text that names one gives or takes it: a row of the table,
    /// `default_groups`, `always_groups` or a rule; never a pattern, a name that the IdP sent, or [`Manage::All`].
    pub admin_groups: Vec<String>,
    /// Lifts that guard for patterns and same-name mode.
    pub danger_allow_admin_groups_by_name: bool,
    /// Only ever add: nobody loses a group.
    pub keep_existing_groups: bool,
    /// Sign-ins only add, because a sync of the directory takes groups away: of two that know the groups from different
    /// hours, one must not undo what the other did.
    pub only_syncs_remove: bool,
    /// Which of an account's groups are ours to take away.
    pub manage: Manage,
    /// What happens to accounts that a background sync does not find any more.
    pub cleanup: CleanupSettings,
}

/// May somebody enter?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Yes.
    #[default]
    Allow,
    /// No.
    Deny,
}

/// Groups that do not depend on the IdP's groups, usually those that give access to the application.
#[derive(Clone, Debug)]
pub struct DefaultGroups {
    /// Application groups.
    pub groups: Vec<String>,
    /// Who gets them.
    pub assign_to: AssignTo,
    /// What else must hold.
    pub only_if: OnlyIf,
    /// Nobody ever loses one of them, even if the table names it too: whoever got it at the first sign-in would otherwise
    /// lose it at the second. Without this they are taken from whoever does not get them, as the products do that
    /// replace all groups at every sign-in. Has no effect with [`AssignTo::None`].
    pub keep: bool,
}

impl Default for DefaultGroups {
    fn default() -> Self {
        Self { groups: Vec::new(), assign_to: AssignTo::default(), only_if: OnlyIf::Always, keep: true }
    }
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

/// The positive sign that the default groups need, so that the page where somebody enters is not enough.
#[derive(Clone, Debug, Default)]
pub enum OnlyIf {
    /// None.
    #[default]
    Always,
    /// One of the person's IdP groups stands for one of these groups of the application: those that only agents are
    /// mapped to. That customers are mapped to groups of their own is no sign.
    MappedGroup {
        /// Application groups.
        any_of: GroupNames,
    },
    /// A condition that holds.
    Matches(Box<Condition>),
}

/// What may be done to accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountRules {
    /// Make an account for whoever has none; otherwise such a sign-in ends with SG8008.
    pub create: bool,
    /// Bring e-mail address and display name of existing accounts up to date.
    pub update: bool,
    /// Activate a deactivated account; otherwise such a sign-in ends with SG8007.
    pub reactivate: bool,
    /// Make an account only for whoever has an IdP group that stands for a group of the application (SG6004).
    pub create_only_with_mapped_group: bool,
}

impl Default for AccountRules {
    fn default() -> Self {
        Self { create: true, update: true, reactivate: false, create_only_with_mapped_group: false }
    }
}
