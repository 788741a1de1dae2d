//! People whom nobody touches.

use crate::base::{Code, Pii};
use crate::directory::{GroupNaming, Membership, Person};
use crate::http::HttpResponse;
use crate::scim::{Document, Error};

use super::Gate;

/// Is anybody protected?
pub(super) fn are_protected(gate: Gate<'_>) -> bool {
    gate.env.settings.provisioning.as_ref().is_some_and(|to| !to.protected_usernames.is_empty())
}

/// Nobody gets the name of somebody who is protected.
///
/// # Errors
/// One of `names` is such a name.
pub(super) fn check(names: &[&str], gate: Gate<'_>) -> Result<(), Error> {
    if names.iter().any(|name| is_protected(name, gate)) {
        let code = Code::AccountProtected;
        return Err(Error::Refused { status: 403, scim_type: None, code, retry_after: None });
    }
    Ok(())
}

/// May the person who was looked at be changed? `None` when nobody can tell who it is.
pub(super) fn met(response: &HttpResponse, gate: Gate<'_>) -> Option<Result<(), Error>> {
    let user = Document::parse(&response.body).ok()?;
    let names = user.user_names();
    (!names.is_empty()).then(|| check(&names, gate))
}

/// As it is, and as a sign-in would read it.
fn is_protected(name: &str, gate: Gate<'_>) -> bool {
    let Some(to) = &gate.env.settings.provisioning else { return false };
    let person = Person {
        id: String::new(),
        username: Pii::new(name.trim().to_owned()),
        active: true,
        email: None,
        display_name: None,
        attributes: std::collections::BTreeMap::new(),
        groups: Membership::Unknown,
    };
    let read = person.identity(GroupNaming::Name, &gate.env.settings.identity);
    to.is_protected(name.trim()) || read.is_ok_and(|read| to.is_protected(read.username.expose()))
}
