//! A stand-in for Jira Data Center, and the demo's application.
//!
//! It answers the REST calls that provisioning needs as Jira documents them, and renders a page for every other path
//! that shows what the application was told by headers. `/rest/api/2/..`, `/rest/api/latest/..` and
//! `/rest/servicedeskapi/..` need a bearer token or the user header; [`crate::stand_in`] has the rest.

mod desk;
mod page;
mod rest;
mod store;

use axum::Router;
use serde_json::Value;

use crate::stand_in::{Answer, Api, Incoming, StandIn};
pub use crate::stand_in::{Call, Effect, Fault};
pub use store::{GroupSeed, Licence, Rights, Seed, Store, UserSeed};

/// The bearer token that [`Store::demo`] knows; its owner is an administrator.
pub const TOKEN: &str = "stand-in-jira-token";

/// The header that names the signed-in user.
pub const USER_HEADER: &str = "x-remote-user";

/// A running stand-in.
pub type JiraState = StandIn<Store>;

impl Api for Store {
    fn answer(&mut self, request: &Incoming) -> Answer {
        if request.path.starts_with("/rest/") {
            rest::answer(request, self)
        } else {
            page::answer(request, self)
        }
    }

    fn to_json(&self) -> Value {
        Self::to_json(self)
    }

    fn replace(&mut self, state: &[u8]) -> Result<(), String> {
        let seed: Seed = serde_json::from_slice(state).map_err(|error| error.to_string())?;
        Self::replace(self, seed);
        Ok(())
    }
}

impl Default for JiraState {
    fn default() -> Self {
        Self::new(Store::demo())
    }
}

impl JiraState {
    /// What it holds now.
    #[must_use]
    pub fn store(&self) -> Store {
        self.state()
    }

    /// The recorded REST calls as `METHOD path status`, for comparing.
    #[must_use]
    pub fn rest_calls(&self) -> Vec<String> {
        let prefix = format!("{}/rest/", self.context_path());
        self.calls().iter().filter(|call| call.path.starts_with(&prefix)).map(Call::line).collect()
    }
}

/// The whole application.
pub fn router(state: JiraState) -> Router {
    state.router()
}
