//! One room per application: an operation becomes an HTTP call, and an answer becomes a fact.
//!
//! Nothing here decides what should be done. Names travel into paths, queries and bodies only through typed encoders,
//! and what an answer's text says to people is never read: status codes and documented fields only.

mod answer;
mod application;
pub mod atlassian_scim;
pub mod bitbucket_dc;
pub mod confluence_dc;
pub mod crowd;
mod endpoint;
mod error;
pub mod jira_cloud;
pub mod jira_dc;
pub mod jsm_dc;
mod listing;
mod resource;
pub mod scim;
mod service_desk;
mod subject;
mod target;
pub mod webhook;

pub use application::Application;
pub use endpoint::{Credentials, Endpoint};
pub use error::{Outcome, Prepared, Request, TargetError};
pub(crate) use resource::Resource;
pub use target::Target;

#[cfg(test)]
mod tests;
