//! Keeping the application in step with a directory while nobody signs in.
//!
//! A [`Run`] pulls the people of a directory page by page, and brings each to the application by the flow that a sign-in
//! uses. Between two pages it writes a checkpoint, so that whoever comes after a failure goes on where it stopped; the
//! checkpoint is also the lease that lets one runner work at a time. What a run may take away is decided after the last
//! page of a full pull, and never otherwise.

mod begin;
mod clean;
pub(in crate::flow) mod fetch;
mod guest;
mod keeper;
pub(in crate::flow) mod names;
mod post;
mod progress;
mod pull;
pub(in crate::flow) mod record;
mod report;
mod run;
mod save;
mod scheduler;
pub(in crate::flow) mod settings;
mod status;

pub use super::provisioning::budget::RemovalBounds;
pub use progress::{Counts, Outcome, Phase, Progress, Trouble};
pub use run::{Run, Wish};
pub use scheduler::{Scheduler, progress};
pub use settings::{FirstRun, MembershipsManagedBy, Settings, StatusPage};
pub use status::{data as status_data, view as status_view};

#[cfg(test)]
mod tests;
