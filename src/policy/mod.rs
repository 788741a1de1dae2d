//! Decides which application groups a person gets, and says why.
//!
//! Works on facts that others gathered: the identity, where the sign-in started, the account as the application
//! knows it, and the rules. Never does input or output, changes nothing, and knows no provisioning call.

mod cleanup;
pub mod condition;
mod decide;
mod explanation;
mod facts;
mod group_name;
mod portal;
mod settings;

pub use cleanup::{
    AccountUse, CleanupDecision, CleanupMode, CleanupReason, CleanupSettings, CustomerMark, decide_cleanup,
};
pub use condition::{Condition, Holds};
pub use decide::{Decision, DesiredGroups, decide};
pub use explanation::{Explanation, Reason, Withheld};
pub use facts::{AccountFacts, Facts, RequestFacts, StartUrl};
pub use group_name::{FoldedName, GroupNames};
pub use portal::{Entrance, PortalRule};
pub use settings::{AssignTo, Contradiction, DefaultGroups, GroupRule, Settings};
