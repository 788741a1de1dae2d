//! The name that the application knows a user by.

use crate::directory::{GroupNaming, Membership};
use crate::identity;
use crate::scim::{Error, User, fold, person};

/// The user name that the application gets for `user`, folded.
///
/// # Errors
/// Nobody could sign in with it.
pub(super) fn account_name(user: &User, settings: &identity::Settings) -> Result<String, Error> {
    let refused = |_| Error::Value {
        attribute: String::from("userName"),
        finding: "is none that the application can have",
    };
    let identity = person("", user, Membership::Unknown).identity(GroupNaming::Name, settings);
    identity.map(|identity| fold(identity.username.expose())).map_err(refused)
}
