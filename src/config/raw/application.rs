//! `provisioning`.

use super::{DataSource, Span, Whole, raw};

raw! {
    /// The application whose accounts and groups follow the sign-in.
    struct Provisioning {
        /// Jira Data Center with Jira Service Management.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        jira_dc: Option<JiraDc>,
        /// Creates accounts for people who have none; otherwise they are refused.
        create_accounts: bool,
        /// Keeps e-mail address and display name as the identity provider has them.
        update_accounts: bool,
        /// Activates deactivated accounts of people who sign in; otherwise they are refused.
        reactivate_accounts: bool,
        /// Creates an account only for people with a group of the identity provider that stands for a group of the
        /// application; others who have no account are refused.
        create_only_with_mapped_group: bool,
        /// Creates groups of the application that do not exist yet; otherwise adding somebody to one fails (SG8003).
        create_missing_groups: bool,
        /// Groups that one sign-in may take away, at most 1000; a plan that takes away more is refused as a whole.
        #[cfg_attr(feature = "schema", schemars(range(max = 1000)))]
        max_group_removals: Whole,
        /// Groups that one sign-in may create, at most 1000; a plan that creates more is refused as a whole.
        #[cfg_attr(feature = "schema", schemars(range(max = 1000)))]
        max_group_creations: Whole,
        /// What a failure means for the person who signs in.
        on_failure: OnFailure,
    }
}

raw! {
    /// Jira Data Center's REST API, reached through a cluster of Envoy.
    struct JiraDc {
        /// Name of the cluster in Envoy's configuration.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        cluster: Option<String>,
        /// The `:authority` of the calls, usually the host of Jira's base URL.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        authority: Option<String>,
        /// Context path of Jira, such as `/jira`; empty if it has none.
        path_prefix: String,
        /// Time for one call, from `0.1s` to `30s`.
        timeout: Span,
        /// Personal access token of an administrator. Leave it out if Envoy's `credential_injector` adds it, which
        /// keeps it out of the filter.
        token: Option<DataSource>,
    }
}

raw! {
    /// What a provisioning failure means for the person who signs in.
    words OnFailure {
        /// No session: nobody enters with rights that could not be checked.
        Refuse = "REFUSE",
        /// The session begins all the same.
        Continue = "CONTINUE",
    }
}
