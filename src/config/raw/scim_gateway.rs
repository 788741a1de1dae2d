//! `scim_gateway`.

use super::{Credentials, DataSource, Endpoint, Span, Whole, raw, target};

raw! {
    /// A SCIM 2.0 service for identity providers that push people and groups, in front of applications that have none. What
    /// was pushed lies in `shared_store`, sealed, and is brought to the application of `provisioning` by the same rules as
    /// sign-ins. Taking this section out hands everything back: accounts, groups and organizations stay as they are, and
    /// belong to the application's administrators again.
    struct ScimGateway {
        /// Where the service begins, such as `/scim/v2`; what clients ask for `sp.base_uri` with this behind it.
        path_prefix: String,
        /// Texts of which a client shows one as its bearer token; several while one takes the place of another.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 8), extend("x-required" = true)))]
        tokens: Vec<ScimToken>,
        /// A service that speaks SCIM itself: requests go on to it, people without their roles, groups under the names of
        /// `policy.group_mapping` and only where it leads. Nothing is kept here, and `shared_store` and `provisioning` are not
        /// needed. With `provisioning` people are brought there as well when a change concerns them: to the groups that SCIM
        /// cannot write. The fields from `groups_become` to `on_delete`, and the two limits of groups, have no effect then.
        pass_through: Option<ScimPassThrough>,
        /// What the groups of the directory become.
        groups_become: ScimGroupsBecome,
        /// By what the rules of `policy` know the groups.
        groups_known_by: ScimGroupsKnownBy,
        /// What happens to a group whose name an organization of the application has already; only with
        /// `groups_become: ORGANIZATIONS`. A change holds for groups that are pushed from then on.
        on_name_conflict: OnNameConflict,
        /// Who decides about memberships in groups that were pushed.
        memberships: ScimMembershipsBy,
        /// What becomes of the account of somebody whom the client deletes. Whoever is only set inactive is deactivated
        /// in any case, and keeps what they have for the day on which they come back.
        on_delete: OnDelete,
        /// Bytes of the body of one request, from `16384` to `16777216`. A member of a group takes about 60.
        max_body_bytes: Whole,
        /// Requests of one second that each worker of each Envoy takes, from 1 to 1000; more are asked to wait.
        max_requests_per_second: Whole,
        /// Members of one group, from 1 to 150000.
        max_users_per_group: Whole,
        /// Groups in all, from 1 to 20000.
        max_groups: Whole,
        /// Accounts that may be deactivated or deleted, and organizations that may be deleted, in one hour by all replicas
        /// together, from 1 to 150000. What goes beyond it waits, and clients are told so.
        max_deactivations_per_hour: Whole,
        /// What to do when the shared store has no table of what was pushed.
        table: ScimTable,
        /// A word of your choice, such as the day: whenever it is a new one, everybody who was pushed is looked at again by
        /// the rules as they are now. Change it when all replicas have the new rules. 1 to 64 letters, digits, `-`, `_`
        /// and `.`; no effect with `pass_through`.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
        look_again: Option<String>,
        /// Networks from which clients may come, such as `20.0.0.0/8`, compared with the client's address as Envoy knows it;
        /// empty for all.
        #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
        allowed_client_networks: Vec<String>,
    }
}

raw! {
    /// One bearer token.
    struct ScimToken {
        /// What events call whoever shows it: letters, digits, `-`, `_` and `.`.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
        name: String,
        /// The token: at least 32 characters of those that a header can hold.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        token: Option<DataSource>,
    }
}

raw! {
    /// What the groups of a directory become.
    words ScimGroupsBecome {
        /// What the rules of `policy` make of them, as at a sign-in.
        Groups = "GROUPS",
        /// Organizations of customers of Jira Service Management. People become customers, and get no groups and no licence.
        Organizations = "ORGANIZATIONS",
    }
}

raw! {
    /// By what the rules know groups.
    words ScimGroupsKnownBy {
        /// By `displayName`.
        DisplayName = "DISPLAY_NAME",
        /// By `externalId`, which is the object id of Microsoft Entra ID.
        ExternalId = "EXTERNAL_ID",
    }
}

raw! {
    /// What happens to a group whose name is taken in the application.
    words OnNameConflict {
        /// It takes the organization over.
        Sync = "SYNC",
        /// It is kept here, and the organization is left alone.
        DoNotSync = "DO_NOT_SYNC",
    }
}

raw! {
    /// What to do when the shared store has no table.
    words ScimTable {
        /// There was one, so that it is lost: clients are told to come back until it is restored.
        Expected = "EXPECTED",
        /// An empty one is begun: when the gateway is switched on, or when all clients push everything again. Take it out
        /// afterwards, so that a store that loses its data later does not read as a directory without people.
        BeginAnew = "BEGIN_ANEW",
    }
}

raw! {
    /// Who decides about memberships in groups that were pushed.
    words ScimMembershipsBy {
        /// The directory alone: sign-ins neither give nor take what a pushed group gives.
        Directory = "DIRECTORY",
        /// Both: the last one to speak decides.
        Both = "BOTH",
    }
}

raw! {
    /// What becomes of the account of somebody who is deleted.
    words OnDelete {
        /// It is deactivated.
        Deactivate = "DEACTIVATE",
        /// It is taken out of its organizations and deleted, where the application can.
        Delete = "DELETE",
    }
}

target! {
    /// The service to which requests go on. `path_prefix` is the path of its base address, such as `/scim/directory/ID`.
    struct ScimPassThrough {
        /// `roles` and `entitlements` of people go on as well. Some services give rights by them, that of an owner included, and
        /// then whoever holds the directory's token gives them. Left out they stay here, and the rest of the request goes on.
        forward_roles: bool = false,
    }
}
