//! The configuration file as it is written: names, shapes and defaults, nothing checked.
//!
//! The doc comments are the reference that operators read; the JSON Schema and `docs/config.md` are made from them.
//! Whether a required field is there is checked by `config::check`, so that its absence hides no other fault; here
//! every field may be absent. Fields that begin with `danger_` weaken a check and cause a warning.

mod application;
mod audit;
mod authentication;
mod condition;
mod directory_source;
mod directory_sync;
mod discovery;
mod emergency_access;
mod identity;
mod identity_token;
mod idp;
mod pages;
mod policy;
mod portals;
mod presets;
mod remote_metadata;
mod request;
mod saved_forms;
mod scim;
mod scim_gateway;
mod session;
mod shared_store;
mod sp;
mod sp_description;
mod test_page;
mod units;

pub(super) use application::*;
pub(super) use audit::*;
pub(super) use authentication::*;
pub(super) use condition::*;
pub(super) use directory_source::*;
pub(super) use directory_sync::*;
pub(super) use discovery::*;
pub(super) use emergency_access::*;
pub(super) use identity::*;
pub(super) use identity_token::*;
pub(super) use idp::*;
pub(super) use pages::*;
pub(super) use policy::*;
pub(super) use portals::*;
pub(super) use presets::*;
pub(super) use remote_metadata::*;
pub(super) use request::*;
pub(super) use saved_forms::*;
pub(super) use scim::*;
pub(super) use scim_gateway::*;
pub(super) use session::*;
pub(super) use shared_store::*;
pub(super) use sp::*;
pub(super) use sp_description::*;
pub(super) use test_page::*;
pub(super) use units::*;

/// Shapes of the file. A map refuses unknown fields, and absent ones take the value of `Default`; a choice is a map with
/// exactly one key; words are fixed texts.
macro_rules! raw {
    ($(#[$meta:meta])* struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        #[derive(serde::Deserialize)]
        #[serde(default, deny_unknown_fields, expecting = "a map", remote = "Self")]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        $(#[$meta])*
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $type,)* }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // The inherent function, which `remote` derives.
                Self::deserialize(crate::config::raw::units::MapOnly(deserializer))
            }
        }
    };
    ($(#[$meta:meta])* choice $name:ident { $($(#[$variant_meta:meta])* $variant:ident($type:ty),)* }) => {
        $(#[$meta])*
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub(crate) enum $name { $($(#[$variant_meta])* $variant($type),)* }
    };
    ($(#[$meta:meta])* words $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
        pub(crate) enum $name { $($(#[$variant_meta])* #[cfg_attr(feature = "schema", serde(rename = $word))] $variant,)* }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = crate::config::raw::units::word(deserializer, &[$($word),*])?;
                match word.as_str() {
                    $($word => Ok(Self::$variant),)*
                    other => Err(serde::de::Error::unknown_variant(other, &[$($word),*])),
                }
            }
        }
    };
}
pub(crate) use raw;

raw! {
    /// Configuration of one samlgate filter.
    struct Configuration {
        /// Settings of products that are replaced. A preset stands for ordinary fields, which `samlgate check --expand`
        /// shows; what the file says itself counts more, and a list of the file takes the place of the preset's. Two presets
        /// that say different things about a field that the file leaves out contradict each other.
        presets: Vec<Preset>,
        /// Our own side of SAML: the service provider.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        sp: Option<Sp>,
        /// The identity provider that is trusted. Without it sign-in is refused, but the metadata of the service
        /// provider is served, so that the identity provider can be set up first.
        idp: Option<Idp>,
        /// The identity providers that are trusted, where there is more than one; then `idp` is left out. An answer is accepted
        /// from the one that was asked only.
        #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
        idps: Vec<Idp>,
        /// Which of several identity providers a sign-in goes to. Without it a page shows all of `idps` to choose from.
        discovery: Option<Discovery>,
        /// How an assertion becomes an identity.
        identity: Identity,
        /// The request headers that carry the identity to the application. All of them are removed from every
        /// inbound request, in every spelling, on bypassed paths too.
        headers: Headers,
        /// A short-lived signed statement of who is signed in, in a request header; without it there is none.
        identity_token: Option<IdentityToken>,
        /// What Envoy itself may know of who is signed in, for its access log, RBAC and rate limits.
        filter_state: Vec<FilterStateValue>,
        /// An address that says whether this Envoy can serve people; without it there is none.
        health_check: Option<HealthCheck>,
        /// Session cookies and lifetimes.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        session: Option<Session>,
        /// A store that all replicas share; without it each replica knows by itself which responses were used, and who
        /// signed out.
        shared_store: Option<SharedStore>,
        /// Which requests need a session. The first rule that matches decides; a request that none matches is
        /// protected.
        rules: Vec<Rule>,
        /// Which portals of Jira Service Management lead to sign-in: rules for the pages below `/servicedesk/customer` of
        /// the context path in `provisioning.jira_dc.path_prefix`. They come after `rules`, but before a rule that matches
        /// every request.
        portals: Option<Portals>,
        /// What happens to requests that bring their own credentials in an `authorization` header.
        requests_with_credentials: RequestsWithCredentials,
        /// What happens to CORS preflight requests (`OPTIONS` with `origin` and `access-control-request-method`),
        /// which browsers send without cookies.
        cors_preflight: PassOrProtect,
        /// Hosts, with the port where it is not the default, that are served besides that of `sp.base_uri`, such as
        /// `jira.internal:8080`. Sign-in still ends at `sp.base_uri`.
        allowed_hosts: Vec<String>,
        /// Origins, such as `https://portal.example.com`, whose pages may send POST and other unsafe requests with
        /// our session, besides that of `sp.base_uri`.
        allowed_origins: Vec<String>,
        /// Which application groups people get, and who may enter.
        policy: Policy,
        /// The application whose accounts and groups follow the sign-in; without it only headers are set.
        provisioning: Option<Provisioning>,
        /// A directory whose people and groups are brought to the application on a schedule; without it only sign-ins
        /// are. Needs `provisioning`, and the background service (docs/operating/background.md) or `samlgate sync`.
        directory_sync: Option<DirectorySync>,
        /// A SCIM service for identity providers that push people and groups; without it there is none.
        scim_gateway: Option<ScimGateway>,
        /// The audit trail: one line for each change at the application, which begins with `samlgate-audit:`.
        audit: Audit,
        /// The test sign-in page; without it there is none.
        test_page: Option<TestPage>,
        /// A way past single sign-on for administrators; without it there is none.
        emergency_access: Option<EmergencyAccess>,
        /// Forms that meet an ended session; without it none is kept, and its sender starts again.
        saved_forms: Option<SavedForms>,
        /// How the pages look that visitors see: refusals, logout, the choice of an identity provider.
        pages: Pages,
        /// Bounds on inbound messages.
        limits: Limits,
        /// First part of the name of every metric: letters, digits, `_` and `.`.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
        stat_prefix: String,
    }
}
