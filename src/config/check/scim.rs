//! `provisioning.scim` and `provisioning.atlassian_scim`.

use super::target::endpoint;
use super::{Checker, quoted};
use crate::config::path::Path;
use crate::config::raw::{
    AtlassianDirectory, AtlassianScim as RawAtlassianScim, Scim as RawScim, ScimChanges, ScimMemberships,
};
use crate::targets::Target;
use crate::targets::atlassian_scim::{AtlassianScim, DirectoryKind};
use crate::targets::scim::{Changes, Memberships, Scim};

/// Groups whose members are read at each sign-in, a call for each: what fits into the 64 questions of one sign-in with
/// some to spare.
const MAX_READ_GROUPS: usize = 50;

pub(super) fn scim(raw: &RawScim, at: &Path, checker: &mut Checker<'_>) -> Option<Target> {
    let memberships = match &raw.memberships {
        None => Memberships::Automatic,
        Some(ScimMemberships::User(_)) => Memberships::User,
        Some(ScimMemberships::MemberFilter(_)) => Memberships::MemberFilter,
        Some(ScimMemberships::Groups(names)) => {
            let path = at.field("memberships").field("groups");
            if !(1..=MAX_READ_GROUPS).contains(&names.len()) {
                checker.invalid(&path, "", "1 to 50 names of groups");
            }
            for (index, name) in names.iter().enumerate() {
                if name.trim().is_empty() || name.chars().any(char::is_control) {
                    checker.invalid(&path.index(index), quoted(name), "the name of a group");
                }
            }
            Memberships::Groups(names.clone())
        }
    };
    let changes = match raw.changes {
        ScimChanges::Patch => Changes::Patch,
        ScimChanges::Put => Changes::Put,
    };
    Some(Target::new(Scim::new(endpoint(&raw.endpoint(), at, checker)?, changes, memberships)))
}

pub(super) fn atlassian_scim(raw: &RawAtlassianScim, at: &Path, checker: &mut Checker<'_>) -> Option<Target> {
    let expected = "`MANAGED_USERS` or `JSM_CUSTOMERS`";
    let kind = checker.required(raw.directory, &at.field("directory"), expected);
    let endpoint = endpoint(&raw.endpoint(), at, checker);
    let kind = match kind? {
        AtlassianDirectory::ManagedUsers => DirectoryKind::ManagedUsers,
        AtlassianDirectory::JsmCustomers => DirectoryKind::JsmCustomers,
    };
    Some(Target::new(AtlassianScim::new(endpoint?, kind)))
}
