//! Decides which application groups a person gets, and says why.
//!
//! Works on facts that others gathered: the identity, where the sign-in started, the account as the application
//! knows it, and the rules. Never does input or output, changes nothing, and knows no provisioning call.

mod access;
mod cleanup;
pub mod condition;
mod decide;
mod explanation;
mod facts;
mod grants;
mod group_name;
mod portal;
mod removal;
mod rules;
mod settings;

pub use access::{AccessDecision, AccessRefusal, AccountDecision, AccountRefusal, keeps_out};
pub use cleanup::{
    AccountUse, CleanupDecision, CleanupMode, CleanupReason, CleanupSettings, CustomerMark, decide_cleanup,
};
pub use condition::{Condition, Holds};
pub use decide::{Admitted, Decision, DesiredGroups, Refusal, decide};
pub use explanation::{Explanation, GroupVerdict, Note, Reason, Verdict, Withheld};
pub use facts::{AccountFacts, Facts, RequestFacts, StartUrl};
pub use group_name::{FoldedName, GroupNames};
pub use portal::{Entrance, Mark, PortalRule};
pub use settings::{
    Access, AccessRule, AccountRules, ApplyTo, AssignTo, Contradiction, DefaultGroups, GroupPattern,
    GroupRule, GroupTable, MAX_GROUP_NAME_BYTES, Manage, OnlyIf, RequiredGroups, Rule, RuleAction, SameName,
    Settings, Switch,
};
