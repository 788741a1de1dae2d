//! Who may enter, and what becomes of the account.

use core::fmt;

use super::condition::Holds;
use super::facts::{AccountFacts, Facts};
use super::settings::{Access, Settings};
use crate::base::Code;
use crate::identity::AssertedGroups;

/// May the person enter?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessDecision {
    /// Yes.
    Allowed {
        /// The rule that says so; `None` when no rule speaks of the person.
        rule: Option<String>,
    },
    /// No.
    Denied(AccessRefusal),
}

/// Why somebody may not enter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessRefusal {
    /// None of `required_groups.sign_in` is among the asserted groups.
    RequiredGroupMissing,
    /// A rule denies it.
    Rule {
        /// The rule's name.
        name: String,
    },
    /// No rule allows it, and `default_access` is `DENY`.
    Default,
}

impl AccessRefusal {
    /// The code of the finding.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::RequiredGroupMissing => Code::RequiredGroupMissing,
            Self::Rule { .. } | Self::Default => Code::AccessDenied,
        }
    }
}

impl fmt::Display for AccessRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RequiredGroupMissing => {
                f.write_str("none of required_groups.sign_in is among the asserted groups")
            }
            Self::Rule { name } => write!(f, "access rule `{name}` denies it"),
            Self::Default => f.write_str("no access rule allows it, and default_access is DENY"),
        }
    }
}

/// What becomes of the person's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountDecision {
    /// Nobody looked for one.
    NotProvisioned,
    /// It is made.
    Create,
    /// E-mail address and display name follow the IdP.
    Update,
    /// It is activated again.
    Reactivate {
        /// E-mail address and display name follow the IdP.
        update: bool,
    },
    /// It stays as it is.
    Keep,
    /// The person has no account that may be used, and gets none.
    Refuse(AccountRefusal),
}

impl AccountDecision {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotProvisioned => "none",
            Self::Create => "create",
            Self::Update => "update",
            Self::Reactivate { .. } => "reactivate",
            Self::Keep => "keep",
            Self::Refuse(_) => "refuse",
        }
    }
}

impl fmt::Display for AccountDecision {
    /// Why, in a few words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotProvisioned => f.write_str("the application is told by headers alone"),
            Self::Create => f.write_str("the person has no account"),
            Self::Update => f.write_str("the account exists"),
            Self::Reactivate { .. } => f.write_str("the account is deactivated, reactivate_accounts is on"),
            Self::Keep => f.write_str("the account exists, update_accounts is off"),
            Self::Refuse(why) => write!(f, "{why}"),
        }
    }
}

/// Why there is no account for the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountRefusal {
    /// There is none, and accounts are not made.
    CreationOff,
    /// There is none, and none of the person's IdP groups stands for a group of the application.
    NoMappedGroup,
    /// It is deactivated, and accounts are not reactivated.
    Inactive,
    /// This is a background sync, and none of `required_groups.sync` is among the asserted groups.
    NotInSync,
}

impl AccountRefusal {
    /// The code of the finding.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::CreationOff => Code::AccountAbsent,
            Self::NoMappedGroup => Code::NoMappedGroup,
            Self::Inactive => Code::AccountInactive,
            Self::NotInSync => Code::RequiredGroupMissing,
        }
    }
}

impl fmt::Display for AccountRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CreationOff => "the person has no account and create_accounts is off",
            Self::NoMappedGroup => {
                "the person has no account, create_only_with_mapped_group is on, and no asserted group is mapped"
            }
            Self::Inactive => "the account is deactivated and reactivate_accounts is off",
            Self::NotInSync => "none of required_groups.sync is among the asserted groups",
        })
    }
}

/// May the person enter?
pub(super) fn access(facts: &Facts<'_>, settings: &Settings) -> AccessDecision {
    let signs_in = facts.request.started_at.is_some();
    if signs_in && !has_one_of(&settings.required_groups.sign_in, &facts.identity.groups) {
        return AccessDecision::Denied(AccessRefusal::RequiredGroupMissing);
    }
    for rule in &settings.access {
        match (rule.access, rule.condition.holds(facts)) {
            (Access::Allow, Holds::Yes) => {
                return AccessDecision::Allowed { rule: Some(rule.name.clone()) };
            }
            // Who cannot be told from those that must stay outside stays outside.
            (Access::Deny, Holds::Yes | Holds::Unknown) => {
                return AccessDecision::Denied(AccessRefusal::Rule { name: rule.name.clone() });
            }
            (Access::Allow, Holds::No | Holds::Unknown) | (Access::Deny, Holds::No) => {}
        }
    }
    match settings.default_access {
        Access::Allow => AccessDecision::Allowed { rule: None },
        Access::Deny => AccessDecision::Denied(AccessRefusal::Default),
    }
}

/// What becomes of the account; `maps` says whether an asserted group stands for a group of the application.
pub(super) fn account(facts: &Facts<'_>, settings: &Settings, maps: bool) -> AccountDecision {
    let rules = settings.accounts;
    let in_background = facts.request.started_at.is_none();
    if in_background && !has_one_of(&settings.required_groups.sync, &facts.identity.groups) {
        return AccountDecision::Refuse(AccountRefusal::NotInSync);
    }
    match facts.account {
        AccountFacts::Unknown => AccountDecision::NotProvisioned,
        AccountFacts::Absent if !rules.create => AccountDecision::Refuse(AccountRefusal::CreationOff),
        AccountFacts::Absent if rules.create_only_with_mapped_group && !maps => {
            AccountDecision::Refuse(AccountRefusal::NoMappedGroup)
        }
        AccountFacts::Absent => AccountDecision::Create,
        AccountFacts::Present { active: false, .. } if rules.reactivate => {
            AccountDecision::Reactivate { update: rules.update }
        }
        AccountFacts::Present { active: false, .. } => AccountDecision::Refuse(AccountRefusal::Inactive),
        AccountFacts::Present { .. } if rules.update => AccountDecision::Update,
        AccountFacts::Present { .. } => AccountDecision::Keep,
    }
}

/// Is it certain that the rules keep whoever a directory lists out of the application? What is not known keeps nobody out for
/// this, and neither does a rule about the request, because there is none: it is asked before something is taken away.
#[must_use]
pub fn keeps_out(facts: &Facts<'_>, settings: &Settings) -> bool {
    if matches!(facts.identity.groups, AssertedGroups::Unknown(_)) {
        return false;
    }
    if !has_one_of(&settings.required_groups.sync, &facts.identity.groups) {
        return true;
    }
    for rule in &settings.access {
        if rule.condition.looks_at_request() {
            return false;
        }
        match (rule.condition.holds(facts), rule.access) {
            (Holds::Yes, access) => return access == Access::Deny,
            (Holds::Unknown, _) => return false,
            (Holds::No, _) => {}
        }
    }
    settings.default_access == Access::Deny
}

/// An empty list demands nothing; groups that are not known meet no demand.
fn has_one_of(required: &[String], asserted: &AssertedGroups) -> bool {
    required.is_empty()
        || match asserted {
            AssertedGroups::Known(asserted) => required.iter().any(|group| asserted.contains(group)),
            AssertedGroups::Unknown(_) => false,
        }
}
