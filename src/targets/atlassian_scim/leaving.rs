//! What becomes of somebody who leaves, one step at a time.

use crate::base::UnixTime;
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{AccountRef, Operation, OperationKind, RemoteAccount, RemoteState};
use crate::targets::answer::{is_html, refusal};
use crate::targets::application::Application as _;
use crate::targets::error::{Prepared, Request, TargetError};
use crate::targets::scim::deactivation;

use super::AtlassianScim;

/// What becomes of somebody who leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaving {
    /// They cannot sign in; what they belong to stays, and is theirs again when they come back (J21).
    #[default]
    Deactivate,
    /// They are taken out of all groups, and then cannot sign in.
    DropGroupsAndDeactivate,
    /// They are taken out of all groups, and then deleted: from the site, for ever (J22). Never by default.
    Delete,
}

/// One step of leaving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Out of this group.
    LeaveGroup(String),
    /// No sign-in any more.
    Deactivate,
    /// Gone.
    Delete,
}

impl Leaving {
    /// What to do next with `account` as it was just read; `None` when there is nothing left to do.
    ///
    /// Memberships go first: a deactivated customer keeps them, so one that was deactivated before would get them back at
    /// the first reactivation. The state alone decides, so whoever was interrupted goes on by reading again.
    #[must_use]
    pub fn next(self, account: Option<&RemoteAccount>) -> Option<Step> {
        let account = account?;
        let keeps_groups = self == Self::Deactivate;
        match account.groups.first().filter(|_| !keeps_groups) {
            Some(group) => Some(Step::LeaveGroup(group.clone())),
            None if self == Self::Delete => Some(Step::Delete),
            None => account.active.then_some(Step::Deactivate),
        }
    }
}

impl AtlassianScim {
    /// The call of `step` for the account in `remote`, which was just read.
    #[must_use]
    pub fn leave(&self, step: &Step, remote: &RemoteState) -> Option<HttpCall> {
        let account: AccountRef = remote.account.as_ref()?.reference();
        match step {
            Step::LeaveGroup(group) => {
                let operation = Operation::RemoveFromGroup { account, group: group.clone() };
                match self.scim.prepare(&operation, remote, UnixTime::from_secs(0)) {
                    Prepared::Call(call) => Some(call),
                    _ => None,
                }
            }
            Step::Deactivate => {
                let user = self.scim.users().segment(account.id.as_ref()?.as_str());
                Some(self.scim.call("PATCH", user, Some(&deactivation())))
            }
            Step::Delete => {
                let user = self.scim.users().segment(account.id.as_ref()?.as_str());
                Some(self.scim.call("DELETE", user, None))
            }
        }
    }

    /// Was `step` done, as far as the answer to its call tells? When it tells nothing the account is read again.
    ///
    /// # Errors
    /// [`TargetError`] when the directory refuses.
    pub fn left(&self, step: &Step, response: &HttpResponse) -> Result<bool, TargetError> {
        let kind = match step {
            Step::LeaveGroup(_) => OperationKind::RemoveFromGroup,
            Step::Deactivate | Step::Delete => OperationKind::UpdateAccount,
        };
        let request = Request::Change(kind);
        refusal(request, response)?;
        match response.status {
            200 | 204 if !is_html(response) => Ok(true),
            // Gone already, or in the meantime.
            400 | 404 | 409 => Ok(false),
            status => Err(TargetError::Malformed { request, status, expected: "a documented status" }),
        }
    }
}
