//! Renaming and deleting the organization that follows a group. A sign-in does neither; whoever pushes groups does.

use serde_json::json;

use crate::http::{HttpCall, HttpResponse};
use crate::provision::{Known, OperationKind, RemoteState};
use crate::targets::answer::{is_html, refusal};
use crate::targets::error::{Request, TargetError};

use super::AtlassianScim;

/// The operation that stands for both in logs and errors.
const REQUEST: Request = Request::Change(OperationKind::CreateGroup);

impl AtlassianScim {
    /// The call that names the group `id` anew, and its organization with it (J12): members and projects stay, because the
    /// id does. What is known of the name in `remote` was just asked for.
    ///
    /// # Errors
    /// [`TargetError::OrganizationRefused`] where groups are not renamed, and where another group has the name: the
    /// directory refuses both (J24), so nothing is sent. [`TargetError::Missing`] when nobody asked for the name.
    pub fn rename_group(&self, id: &str, name: &str, remote: &RemoteState) -> Result<HttpCall, TargetError> {
        if !self.renames_groups() {
            return Err(TargetError::OrganizationRefused { request: REQUEST });
        }
        match remote.directory.group(name) {
            None => return Err(TargetError::Missing { request: REQUEST, what: "look at the name" }),
            // Its own name in another spelling is no other group.
            Some(Known::Exists(known)) if known.id.as_deref() != Some(id) => {
                return Err(TargetError::OrganizationRefused { request: REQUEST });
            }
            Some(Known::Exists(_) | Known::Absent) => {}
        }
        let change = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "displayName", "value": name }],
        });
        Ok(self.scim.call("PATCH", self.scim.groups().segment(id), Some(&change)))
    }

    /// The call that deletes the group `id`, and its organization with it. Its members stay customers (J25).
    #[must_use]
    pub fn delete_group(&self, id: &str) -> HttpCall {
        self.scim.call("DELETE", self.scim.groups().segment(id), None)
    }

    /// Was it renamed or deleted? A group that is gone is as deleted as can be, and cannot be renamed.
    ///
    /// # Errors
    /// [`TargetError`] when the directory refuses; [`TargetError::OrganizationRefused`] when the name was taken meanwhile.
    pub fn follows(&self, response: &HttpResponse) -> Result<bool, TargetError> {
        refusal(REQUEST, response)?;
        match response.status {
            200 | 204 if !is_html(response) => Ok(true),
            404 if !is_html(response) => Ok(false),
            409 => Err(TargetError::OrganizationRefused { request: REQUEST }),
            status @ 400..=499 => Err(TargetError::Refused { request: REQUEST, status }),
            status => {
                Err(TargetError::Malformed { request: REQUEST, status, expected: "a documented status" })
            }
        }
    }
}
