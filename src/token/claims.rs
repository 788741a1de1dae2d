//! What a token says.

use serde_json::{Map, Value};

use crate::base::UnixTime;
use crate::session::Session;

/// What a token may say beyond who it is and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// `email`.
    Email,
    /// `name`.
    Name,
    /// `groups`: those that the application knows, as the policy decided.
    Groups,
    /// `name_id`: the NameID of the assertion.
    NameId,
    /// `idp`: the entityID of the identity provider.
    IdentityProvider,
}

/// A forwarded attribute and the claim that carries its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeClaim {
    /// Name of the attribute, as the session keeps it.
    pub attribute: String,
    /// Name of the claim; its value is a list of texts.
    pub claim: String,
}

/// Claims with a meaning of their own: RFC 7519 4.1, OpenID Connect Core 2, and ours.
const REGISTERED: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "sid",
    "auth_time",
    "acr",
    "amr",
    "azp",
    "nonce",
    "at_hash",
    "c_hash",
    "act",
    "may_act",
    "cnf",
    "scope",
    "client_id",
    "email",
    "email_verified",
    "name",
    "groups",
    "name_id",
    "idp",
];

/// Does the claim `name` mean something already?
#[must_use]
pub fn is_registered(name: &str) -> bool {
    REGISTERED.contains(&name)
}

/// For whom a token is, by whom, and till when.
pub(super) struct Frame<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a [String],
    pub(super) issued_at: UnixTime,
    pub(super) expires_at: UnixTime,
}

pub(super) fn claims(
    session: &Session,
    frame: &Frame<'_>,
    wanted: &[Claim],
    attributes: &[AttributeClaim],
) -> Map<String, Value> {
    let mut claims = Map::new();
    let mut set = |name: &str, value: Value| {
        claims.insert(name.to_owned(), value);
    };
    set("iss", frame.issuer.into());
    set("sub", session.username().expose().as_str().into());
    // RFC 7519 4.1.3: one audience may be a plain text, which is what most libraries expect.
    set(
        "aud",
        match frame.audience {
            [one] => one.as_str().into(),
            several => several.into(),
        },
    );
    set("iat", frame.issued_at.as_secs().into());
    set("exp", frame.expires_at.as_secs().into());
    set("sid", session.id().into());
    // OpenID Connect Core 2: when and how the person proved who they are, as the identity provider says.
    set("auth_time", session.authn_instant().as_secs().into());
    if let Some(class) = session.authn_context_class() {
        set("acr", class.into());
    }
    for claim in wanted {
        match claim {
            Claim::Email => {
                if let Some(email) = session.email() {
                    set("email", email.expose().as_str().into());
                }
            }
            Claim::Name => {
                if let Some(name) = session.display_name() {
                    set("name", name.expose().as_str().into());
                }
            }
            // An empty list says that there are none, which an absent claim would leave open.
            Claim::Groups => set("groups", session.groups().into()),
            Claim::NameId => {
                if let Some(name_id) = session.name_id() {
                    set("name_id", name_id.value.expose().as_str().into());
                }
            }
            Claim::IdentityProvider => set("idp", session.idp_entity_id().into()),
        }
    }
    for AttributeClaim { attribute, claim } in attributes {
        let values = session.attribute(attribute);
        if !values.is_empty() {
            set(claim, values.into());
        }
    }
    claims
}
