//! Compares what an account should be with what it is, and plans the difference.
//!
//! A plan adds before it removes, so that a crash between two operations never leaves a person with less than both the
//! old and the new state; every operation may be repeated; nothing to change means nothing to send. Knows no HTTP and
//! no vendor's field names, and decides nothing about who should get what.

mod guardrail;
mod marker;
mod operation;
mod plan;
mod progress;
mod recorded;
mod state;

pub use guardrail::{Approved, Guardrail, GuardrailRefusal};
pub use marker::{LAST_LOGIN_RESOLUTION, Marker, MarkerUpdate, RemoteMarker};
pub use operation::{AccountChanges, Operation, OperationKind, Reason, Subject, satisfied};
pub use plan::{Plan, ProvisionError, plan};
pub use progress::{Done, Progress};
pub use recorded::RecordedAccount;
pub use state::{DesiredState, RemoteAccount, RemoteState, Settings};
