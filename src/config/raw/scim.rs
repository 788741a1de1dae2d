//! `provisioning.scim` and `provisioning.atlassian_scim`.

use super::{Credentials, Empty, Endpoint, Span, raw, target};

target! {
    /// A service that speaks SCIM 2.0, reached through a cluster of Envoy. `path_prefix` is the path of the service's base
    /// address, such as `/scim/v2`. Accounts are found by `userName`, groups by `displayName`.
    struct Scim {
        /// How users and groups are changed.
        changes: ScimChanges = ScimChanges::Patch,
        /// Where somebody's memberships are read. Left out: in `groups` of the user, and where a user comes without it as
        /// with `member_filter`.
        memberships: Option<ScimMemberships> = None,
    }
}

raw! {
    /// How users and groups are changed.
    words ScimChanges {
        /// By PATCH.
        Patch = "PATCH",
        /// By reading them and sending them back as a whole: for services whose `ServiceProviderConfig` says
        /// `patch.supported: false`. What two sign-ins change in one group at the same time can be lost, unless the service
        /// has versions (`etag.supported`).
        Put = "PUT",
    }
}

raw! {
    /// Where somebody's memberships are read: exactly one of the keys.
    choice ScimMemberships {
        /// In `groups` of the user; a user without it is in no group.
        User(Empty),
        /// By asking for groups with `members.value eq "ID"`.
        MemberFilter(Empty),
        /// In the members of these groups, at one call for each: for services that can do neither. Memberships in others are
        /// not seen. At most 50.
        Groups(Vec<String>),
    }
}

target! {
    /// A SCIM directory of Atlassian Cloud. `authority` is `api.atlassian.com`, `path_prefix` the path of the directory's base
    /// address, such as `/scim/directory/ID`; the credentials are the directory's key as `bearer`.
    struct AtlassianScim {
        /// Which of the two kinds it is.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        directory: Option<AtlassianDirectory> = None,
    }
}

raw! {
    /// The kinds of SCIM directories of Atlassian Cloud.
    words AtlassianDirectory {
        /// Accounts of the organization's verified domains, and groups.
        ManagedUsers = "MANAGED_USERS",
        /// Customers of Jira Service Management, and their organizations: each group of the policy is one.
        JsmCustomers = "JSM_CUSTOMERS",
    }
}
