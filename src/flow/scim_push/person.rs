//! What the application knows a user by.

use crate::base::Code;
use crate::directory::{GroupNaming, Membership};
use crate::flow::provisioning;
use crate::flow::settings::Provisioning;
use crate::identity;
use crate::scim::{Error, ScimType, User, fold, person};

/// What the application is to know `user` by, folded: the user name, or the address where people are known by that.
///
/// # Errors
/// Nobody could sign in with it.
pub(super) fn account_name(
    user: &User,
    settings: &identity::Settings,
    to: &Provisioning,
) -> Result<String, Error> {
    let refused = |attribute: &str| Error::Value {
        attribute: attribute.to_owned(),
        finding: "is none that the application can have",
    };
    let identity = person("", user, Membership::Unknown).identity(GroupNaming::Name, settings);
    let identity = identity.map_err(|_| refused("userName"))?;
    let person = provisioning::Person { username: &identity.username, email: identity.email.as_ref() };
    let key = person.key(to).map_err(|_| refused("emails"))?;
    Ok(fold(key.value().expose()))
}

/// Nobody is brought to an account that nobody may sign in with, and none is given such a name.
pub(super) fn check_protected(
    user: &User,
    settings: &identity::Settings,
    to: &Provisioning,
) -> Result<(), Error> {
    let identity = person("", user, Membership::Unknown).identity(GroupNaming::Name, settings).ok();
    let names =
        [identity.map(|identity| identity.username.expose().clone()), account_name(user, settings, to).ok()];
    if names.iter().flatten().any(|name| to.is_protected(name)) {
        return Err(Error::Refused {
            status: 400,
            scim_type: Some(ScimType::InvalidValue),
            code: Code::AccountProtected,
            retry_after: None,
        });
    }
    Ok(())
}
