//! Ordered rules about groups and about who may enter.

use super::Access;
use crate::policy::condition::Condition;

/// A rule about groups.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The name by which explanations call it.
    pub name: String,
    /// When it holds.
    pub condition: Condition,
    /// What it says then.
    pub action: RuleAction,
}

/// What a rule says.
#[derive(Clone, Debug)]
pub enum RuleAction {
    /// These groups are given. Needs a condition that certainly holds.
    Grant {
        /// Application groups.
        groups: Vec<String>,
        /// They are managed: taken away when the condition certainly does not hold and nobody else gives them.
        remove_otherwise: bool,
    },
    /// These groups are not given, by no later rule, not by the table and not by default. Whoever has one keeps it. A
    /// condition that may hold is enough.
    Withhold {
        /// Application groups.
        groups: Vec<String>,
    },
    /// Whether the default groups are given, instead of the portal rule: [`Switch::Give`] needs a condition that certainly
    /// holds, for [`Switch::Withhold`] one that may hold is enough. The scope of the default groups stays as it is.
    DefaultGroups(Switch),
}

/// Given or not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Given.
    Give,
    /// Not given; never taken away by this.
    Withhold,
}

/// A rule about who may enter. [`Access::Allow`] needs a condition that certainly holds; for [`Access::Deny`] one that
/// may hold is enough.
#[derive(Clone, Debug)]
pub struct AccessRule {
    /// The name by which explanations call it.
    pub name: String,
    /// When it holds.
    pub condition: Condition,
    /// What it says then.
    pub access: Access,
}

/// IdP groups of which a person needs one, compared exactly. An empty list demands nothing; groups that are not known
/// meet no demand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequiredGroups {
    /// To be provisioned by a background sync.
    pub sync: Vec<String>,
    /// To sign in. Independent of the other list: who signs in is created and updated whatever a sync would do.
    pub sign_in: Vec<String>,
}
