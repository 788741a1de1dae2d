//! What every target can do, in one trait: operations become calls, answers become facts.

use core::fmt;

use crate::base::{Pii, UnixTime};
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{
    AccountKey, Capabilities, Listed, ListedOrganizations, Operation, Page, Question, RemoteState,
};

use super::answer;
use super::error::{Outcome, Prepared, Request, TargetError};

/// One application that follows the sign-in.
///
/// It is asked from outside: which calls to make, and what their answers mean. It decides nothing, keeps nothing between
/// two calls, and learns into the [`RemoteState`] that it is handed.
pub trait Application: fmt::Debug + Send + Sync {
    /// The word for it in the configuration, in metrics and in events.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Everything that can be asked at once about whoever `key` names. What needs the answers of others (the groups of an
    /// account that is only found by its address) is raised by [`Application::learn`].
    fn look_up(&self, key: &AccountKey) -> Vec<Question>;

    /// The call that asks `question`.
    fn ask(&self, question: &Question) -> HttpCall;

    /// Puts the answer to `question` into `remote`, and says what else has to be asked now.
    ///
    /// An address that leads to several accounts sets [`RemoteState::ambiguous`].
    ///
    /// # Errors
    /// [`TargetError`] when the answer does not tell; `remote` is then unchanged.
    fn learn(
        &self,
        question: &Question,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Result<Vec<Question>, TargetError>;

    /// What it takes to carry out `operation`. An account that `operation` names without its id is
    /// [`RemoteState::account`].
    fn prepare(&self, operation: &Operation, remote: &RemoteState, now: UnixTime) -> Prepared;

    /// What the answer to the call of `operation` says; ids in it are learned.
    fn outcome(&self, operation: &Operation, response: &HttpResponse, remote: &mut RemoteState) -> Outcome;

    /// What it means that `operation` was refused ambiguously and is not done: a directory that can only be read (M10) is
    /// recognised by that where the application has no word for it.
    fn not_done(&self, operation: &Operation) -> TargetError {
        TargetError::NotSatisfied { request: Request::Change(operation.kind()) }
    }

    /// The call that ends every session of `username` in the application; `None` where it has none.
    fn end_sessions(&self, _username: &Pii<String>) -> Option<HttpCall> {
        None
    }

    /// What the answer to that call says.
    ///
    /// # Errors
    /// [`TargetError`] when the sessions may still be there.
    fn sessions_ended(&self, response: &HttpResponse) -> Result<(), TargetError> {
        let request = Request::EndSessions;
        answer::refusal(request, response)?;
        match response.status {
            200..=299 if !answer::is_html(response) => Ok(()),
            status => Err(TargetError::Refused { request, status }),
        }
    }

    /// The call that asks for a page of all accounts; `None` where they cannot be listed.
    ///
    /// Accounts that come or go between two pages may be missed or shown twice: whoever acts on a list looks at each
    /// account before.
    fn list_accounts(&self, _page: &Page) -> Option<HttpCall> {
        None
    }

    /// What the answer to the call for `page` shows.
    ///
    /// # Errors
    /// [`TargetError`] when it is not the whole page that was asked for.
    fn listed_accounts(&self, _page: &Page, _response: &HttpResponse) -> Result<Listed, TargetError> {
        Err(TargetError::Missing { request: Request::ListAccounts, what: "way to ask" })
    }

    /// The call that asks for a page of all organizations; `None` where they cannot be listed.
    fn list_organizations(&self, _page: &Page) -> Option<HttpCall> {
        None
    }

    /// What the answer to the call for `page` shows.
    ///
    /// # Errors
    /// [`TargetError`] when it is not the whole page that was asked for.
    fn listed_organizations(
        &self,
        _page: &Page,
        _response: &HttpResponse,
    ) -> Result<ListedOrganizations, TargetError> {
        Err(TargetError::Missing { request: Request::ListOrganizations, what: "way to ask" })
    }

    /// What shows whether `operation` is done, for [`crate::provision::satisfied`].
    fn reread(&self, operation: &Operation, remote: &RemoteState) -> Question;
}
