//! The applications behind one type: what a flow may ask of any of them.

use crate::base::Pii;
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{Operation, RemoteAccount, RemoteMarker, RemoteState};

use super::error::{Outcome, TargetError};
use super::jira_dc::JiraDc;

/// One application that follows the sign-in.
#[derive(Clone, Debug)]
pub enum Target {
    /// Jira Data Center.
    JiraDc(JiraDc),
}

impl Target {
    /// Asks for the account of `username` with all its groups.
    #[must_use]
    pub fn read_account(&self, username: &Pii<String>) -> HttpCall {
        match self {
            Self::JiraDc(jira) => jira.read_account(username.expose()),
        }
    }

    /// Asks for our marker at the account of `username`; independent of [`Target::read_account`].
    #[must_use]
    pub fn read_marker(&self, username: &Pii<String>) -> HttpCall {
        match self {
            Self::JiraDc(jira) => jira.read_marker(username.expose()),
        }
    }

    /// The account in the answer to [`Target::read_account`]; `None` when there is none.
    ///
    /// # Errors
    /// [`TargetError`] when the answer does not tell.
    pub fn account(
        &self,
        username: &Pii<String>,
        response: &HttpResponse,
    ) -> Result<Option<RemoteAccount>, TargetError> {
        match self {
            Self::JiraDc(jira) => jira.account(username.expose(), response),
        }
    }

    /// The marker in the answer to [`Target::read_marker`].
    ///
    /// # Errors
    /// [`TargetError`] when the answer does not tell.
    pub fn marker(&self, response: &HttpResponse) -> Result<RemoteMarker, TargetError> {
        match self {
            Self::JiraDc(jira) => jira.marker(response),
        }
    }

    /// The call that carries out `operation`.
    #[must_use]
    pub fn call(&self, operation: &Operation) -> HttpCall {
        match self {
            Self::JiraDc(jira) => jira.call(operation),
        }
    }

    /// What the answer to [`Target::call`] says.
    #[must_use]
    pub fn outcome(&self, operation: &Operation, response: &HttpResponse) -> Outcome {
        match self {
            Self::JiraDc(jira) => jira.outcome(operation, response),
        }
    }

    /// Asks for what shows whether `operation` is done.
    #[must_use]
    pub fn reread(&self, operation: &Operation) -> HttpCall {
        match self {
            Self::JiraDc(jira) => jira.reread(operation),
        }
    }

    /// Puts the answer to [`Target::reread`] into `remote`.
    ///
    /// # Errors
    /// [`TargetError`] when the answer does not tell.
    pub fn observe(
        &self,
        operation: &Operation,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Result<(), TargetError> {
        match self {
            Self::JiraDc(jira) => jira.observe(operation, response, remote),
        }
    }
}
