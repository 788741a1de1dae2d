//! New names of groups.

use crate::provision::{Known, KnownGroup, Operation, Page, Question, RemoteState};
use crate::targets::error::{Prepared, Request, TargetError};

use super::edit::Edits;
use super::{BY_ID, Changes, Scim, missing, wire};

impl Scim {
    /// Names `group` anew. The new name must be free: names of groups need not be unique (RFC 7643 4.2), so a service may let
    /// two groups have one. Its own name in another spelling is free.
    pub(super) fn rename_group(
        &self,
        operation: &Operation,
        group: &str,
        name: &str,
        remote: &RemoteState,
    ) -> Prepared {
        let ask = |name: &str, page| Prepared::Ask(Question::Group { name: name.to_owned(), page });
        let id = match remote.directory.group(group) {
            Some(Known::Exists(KnownGroup { id: Some(id), .. })) => id,
            Some(Known::Absent) => return missing(operation, "group"),
            Some(Known::Exists(_)) | None => return ask(group, Page::FIRST),
        };
        match remote.directory.group(name) {
            None => return ask(name, Page::FIRST),
            Some(Known::Exists(other)) if other.id.as_deref() != Some(id) => {
                let request = Request::Change(operation.kind());
                return Prepared::Refuse(TargetError::NameTaken { request });
            }
            Some(Known::Exists(_) | Known::Absent) => {}
        }
        let edits = Edits::display_name(name);
        let resource = self.groups().segment(id);
        if self.dialect.changes == Changes::Patch {
            return Prepared::Call(self.call("PATCH", resource, Some(&edits.patch())));
        }
        match wire::document(remote, wire::Kind::Group, id) {
            Some(document) => Prepared::Call(self.put(resource, edits.applied_to(document))),
            None => ask(group, Page::at(format!("{BY_ID}{id}"))),
        }
    }
}
