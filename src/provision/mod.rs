//! Compares what an account should be with what it is, and plans the difference.
//!
//! A plan adds before it removes, so that a crash between two operations never leaves a person with less than both the
//! old and the new state; every operation may be repeated; nothing to change means nothing to send. Knows no HTTP and
//! no vendor's field names, and decides nothing about who should get what.

mod absence;
mod account;
mod capabilities;
mod delivery;
mod directory;
mod guardrail;
mod listing;
mod marker;
pub mod memory;
mod operation;
mod organization;
mod pieces;
mod plan;
mod progress;
mod question;
mod reason;
mod recorded;
mod renaming;
mod run_guardrail;
mod satisfied;
mod seats;
mod state;

pub use absence::{Absence, LeavingRules, leaving};
pub use account::{AccountId, AccountKey, AccountKeyKind, AccountRef, Profile, ProfileField, RemoteAccount};
pub use capabilities::Capabilities;
pub use delivery::Delivery;
pub use directory::{Directory, Known, KnownGroup, KnownOrganization};
pub use guardrail::{Approved, Guardrail, GuardrailRefusal};
pub use listing::{Listed, ListedAccount, ListedOrganization, ListedOrganizations};
pub use marker::{CustomerAccess, LAST_LOGIN_RESOLUTION, Marker, MarkerUpdate, RemoteMarker};
pub use operation::{AccountChanges, Operation, OperationKind};
pub use organization::organization;
pub use pieces::{NewPassword, Pieces};
pub use plan::{Plan, ProvisionError, plan};
pub use progress::{Done, Progress};
pub use question::{Page, Question};
pub use reason::Reason;
pub use recorded::RecordedAccount;
pub use renaming::renaming;
pub use run_guardrail::{Population, Removal, Removals, RunGuardrail, RunRefusal};
pub use satisfied::satisfied;
pub use seats::Seats;
pub use state::{DesiredState, RemoteState, Settings};
