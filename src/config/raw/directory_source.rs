//! `directory_sync.source`.

use super::{BasicCredentials, DataSource, Endpoint, Span, raw};

raw! {
    /// Where people and groups come from: exactly one of the keys.
    choice DirectorySource {
        /// A directory that speaks SCIM 2.0.
        Scim(ScimSource),
        /// Microsoft Entra ID, by Microsoft Graph.
        Graph(GraphSource),
        /// Okta.
        Okta(OktaSource),
        /// Keycloak.
        Keycloak(KeycloakSource),
    }
}

/// A directory: the fields that all have, and its own after them, with what holds when the file does not say otherwise.
macro_rules! source {
    (
        $(#[$meta:meta])* struct $name:ident at $authority:expr, $path_prefix:literal;
        { $($(#[$field_meta:meta])* $field:ident: $type:ty = $default:expr,)* }
    ) => {
        raw! {
            $(#[$meta])*
            struct $name {
                /// Name of the cluster in Envoy's configuration. Give it TLS with a `validation_context` and the name of the
                /// host: who it leads to decides about accounts.
                #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
                cluster: Option<String>,
                /// The `:authority` of the calls. Further pages are fetched from this host only, wherever the directory says
                /// they are.
                #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
                authority: Option<String>,
                /// Path before the directory's own; empty if it has none. Further pages are fetched below it only.
                path_prefix: String,
                /// Time for one call, from `0.1s` to `30s`.
                timeout: Span,
                /// What proves to the directory who we are. Leave it out if Envoy's `credential_injector` adds it, which
                /// keeps it out of the filter.
                credentials: Option<SourceCredentials>,
                $($(#[$field_meta])* $field: $type,)*
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    cluster: None,
                    authority: $authority,
                    path_prefix: String::from($path_prefix),
                    timeout: Span::seconds(10),
                    credentials: None,
                    $($field: $default,)*
                }
            }
        }

        impl $name {
            /// Where it is; credentials of directories have kinds of their own.
            pub(crate) fn endpoint(&self) -> Endpoint<'_> {
                Endpoint {
                    cluster: self.cluster.as_ref(),
                    authority: self.authority.as_ref(),
                    path_prefix: &self.path_prefix,
                    timeout: &self.timeout,
                    credentials: None,
                }
            }
        }
    };
}

source! {
    /// A directory that speaks SCIM 2.0. `path_prefix` is the path of the service's base address, such as `/scim/v2`.
    struct ScimSource at None, "";
    {
        /// A filter (RFC 7644) that chooses the people, such as `userType eq "Employee"`. Who is not chosen counts as gone.
        filter: Option<String> = None,
        /// Where somebody's groups are read.
        groups: SourceGroups = SourceGroups::Automatic,
        /// The directory can filter by `meta.lastModified`, so that `delta_interval` can be used.
        delta: bool = false,
    }
}

raw! {
    /// Where somebody's groups are read.
    words SourceGroups {
        /// In `groups` of the user; where a user comes without it, by asking for groups with the user among their members.
        Automatic = "AUTOMATIC",
        /// In `groups` of the user; a user without it is in no group.
        User = "USER",
        /// By asking for groups with the user among their members, a call for each user.
        MemberFilter = "MEMBER_FILTER",
    }
}

source! {
    /// Microsoft Entra ID, by Microsoft Graph. The application needs the rights `User.Read.All` and `GroupMember.Read.All`.
    struct GraphSource at Some(String::from("graph.microsoft.com")), "/v1.0";
    {
        /// `$filter` that chooses the people, such as `userType eq 'Member'`. Who is not chosen counts as gone.
        filter: Option<String> = None,
        /// The property that is the user name, before `identity.username_pattern`: that which sign-ins send.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
        username_attribute: String = String::from("userPrincipalName"),
        /// Properties that rules ask for besides the usual ones, at most 32.
        #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
        attributes: Vec<String> = Vec::new(),
        /// Members of a group in a group are members of both.
        nested_groups: bool = true,
    }
}

source! {
    /// Okta. The credentials are an API token of a read-only administrator as `ssws`, or a `bearer` token that somebody else
    /// renews.
    struct OktaSource at None, "";
    {
        /// An expression of Okta's search that chooses the people, such as `profile.department eq "IT"`. Who is not chosen
        /// counts as gone. Searches lag some seconds behind.
        search: Option<String> = None,
        /// The attribute of the profile that is the user name, before `identity.username_pattern`: that which sign-ins send.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
        username_attribute: String = String::from("login"),
    }
}

source! {
    /// Keycloak. `path_prefix` is empty, or `/auth` before Keycloak 17. The client needs the roles `view-users` and
    /// `query-groups` of `realm-management`.
    struct KeycloakSource at None, "";
    {
        /// The realm.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        realm: Option<String> = None,
        /// `username`, `email` or an attribute: the user name, before `identity.username_pattern`, that which sign-ins send.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
        username_attribute: String = String::from("username"),
        /// What the name of a group is.
        group_names: SourceGroupNames = SourceGroupNames::Name,
    }
}

raw! {
    /// What the name of a group is.
    words SourceGroupNames {
        /// Its name, such as `agents`; groups at two places can have the same.
        Name = "NAME",
        /// Its path, such as `/it/agents`, as Keycloak's assertions have it with `Full group path`.
        Path = "PATH",
    }
}

raw! {
    /// What proves to a directory who we are.
    choice SourceCredentials {
        /// A token, sent as `authorization: Bearer TOKEN`.
        Bearer(DataSource),
        /// Name and password, sent as `authorization: Basic ..`.
        Basic(BasicCredentials),
        /// A token of Okta, sent as `authorization: SSWS TOKEN`.
        Ssws(DataSource),
        /// A client (OAuth 2.0) whose name and secret bring tokens.
        ClientCredentials(ClientCredentials),
    }
}

raw! {
    /// A client (OAuth 2.0) whose name and secret bring tokens (RFC 6749 4.4).
    #[derive(Default)]
    struct ClientCredentials {
        /// Name of the cluster of the token endpoint; that of the directory if it is left out.
        cluster: Option<String>,
        /// The `:authority` of the token endpoint, such as `login.microsoftonline.com`; that of the directory if it is left
        /// out.
        authority: Option<String>,
        /// Path of the token endpoint, such as `/TENANT/oauth2/v2.0/token`.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        path: Option<String>,
        /// Name of the client.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        client_id: Option<String>,
        /// Secret of the client.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        client_secret: Option<DataSource>,
        /// What is asked for; Microsoft needs `https://graph.microsoft.com/.default`.
        scope: Option<String>,
    }
}
