//! `provisioning`.

use super::{AtlassianScim, DataSource, Scim, Span, StringMatch, Whole, raw};

raw! {
    /// The application whose accounts and groups follow the sign-in: exactly one, in the field of its name.
    struct Provisioning {
        /// Jira Data Center.
        jira_dc: Option<JiraDc>,
        /// Crowd, for all applications that get their people from it.
        crowd: Option<Crowd>,
        /// Confluence Data Center.
        confluence_dc: Option<ConfluenceDc>,
        /// Bitbucket Data Center.
        bitbucket_dc: Option<BitbucketDc>,
        /// Jira Service Management Data Center: Jira, with organizations of customers.
        jsm_dc: Option<JsmDc>,
        /// Jira Cloud, with Jira Service Management.
        jira_cloud: Option<JiraCloud>,
        /// Any service that speaks SCIM 2.0.
        scim: Option<Scim>,
        /// Any other application: it is told by a signed POST.
        webhook: Option<Webhook>,
        /// A SCIM directory of Atlassian Cloud: of managed users, or of customers of Jira Service Management.
        atlassian_scim: Option<AtlassianScim>,
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
        /// The largest part of somebody's groups that one sign-in may take away, in percent, from 1 to 100; a plan that takes
        /// away more is refused as a whole. One or two groups may always go.
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
        max_group_removal_percent: Whole,
        /// What a plan that goes too far means for the person who signs in.
        on_guardrail: OnGuardrail,
        /// How long an account at which there was nothing to change is not looked at again, at most `86400s`: such a sign-in
        /// makes no call at all. What is changed by hand in the application meanwhile is seen only afterwards. `0s` looks at
        /// each sign-in.
        skip_unchanged_for: Span,
        /// How long the application is left alone after it failed three times in a row, refused the credentials or asked for
        /// a pause, at most `3600s`; each further failure doubles it, up to 32 times. `0s` tries at each sign-in.
        circuit_open_for: Span,
        /// Warns (SG8013) when somebody is added to a group that uses up licences and fewer than this are left; 0 never counts
        /// them. Costs a call at most every ten minutes.
        warn_when_seats_below: Whole,
        /// Ends the sessions that people have in the application itself when they sign out, where the application has a
        /// call for that (Jira, Jira Service Management). A failure is logged (SG4056) and stops no logout.
        end_sessions_on_logout: bool,
        /// Plans and tells, but changes nothing.
        dry_run: bool,
        /// Lets people sign in to an account that has their e-mail address but another user name, if no account has their
        /// user name. Whoever can choose an address at the identity provider can then enter any account with an address of
        /// these domains.
        link_by_email: Option<LinkByEmail>,
        /// User names that nobody may sign in with, such as those of local administrators, compared without case. Expressions are
        /// not taken.
        protected_usernames: Vec<StringMatch>,
        /// Where portal customers belong; without it that is left alone.
        customers: Option<Customers>,
        /// What else to tell the application about people.
        profile: Vec<ProfileAttribute>,
        /// What a failure means for the person who signs in.
        on_failure: OnFailure,
    }
}

/// A target: the fields that all have, and its own after them, with what holds when the file does not say otherwise.
macro_rules! target {
    ($(#[$meta:meta])* struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty = $default:expr,)* }) => {
        raw! {
            $(#[$meta])*
            struct $name {
                /// Name of the cluster in Envoy's configuration.
                #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
                cluster: Option<String>,
                /// The `:authority` of the calls, usually the host of the application's base URL.
                #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
                authority: Option<String>,
                /// Path before the application's own, such as the context path `/jira`; empty if it has none.
                path_prefix: String,
                /// Time for one call, from `0.1s` to `30s`.
                timeout: Span,
                /// What proves to the application who we are. Leave it out if Envoy's `credential_injector` adds it,
                /// which keeps it out of the filter.
                credentials: Option<Credentials>,
                $($(#[$field_meta])* $field: $type,)*
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    cluster: None,
                    authority: None,
                    path_prefix: String::new(),
                    timeout: Span::seconds(5),
                    credentials: None,
                    $($field: $default,)*
                }
            }
        }

        impl $name {
            /// The fields that all targets have.
            pub(crate) fn endpoint(&self) -> Endpoint<'_> {
                Endpoint {
                    cluster: self.cluster.as_ref(),
                    authority: self.authority.as_ref(),
                    path_prefix: &self.path_prefix,
                    timeout: &self.timeout,
                    credentials: self.credentials.as_ref(),
                }
            }
        }
    };
}

pub(super) use target;

/// The fields that all targets have.
pub(crate) struct Endpoint<'a> {
    pub(crate) cluster: Option<&'a String>,
    pub(crate) authority: Option<&'a String>,
    pub(crate) path_prefix: &'a str,
    pub(crate) timeout: &'a Span,
    pub(crate) credentials: Option<&'a Credentials>,
}

target! {
    /// Jira Data Center's REST API, reached through a cluster of Envoy. The credentials are those of an administrator,
    /// best a personal access token.
    struct JiraDc {}
}

target! {
    /// Crowd's REST API, reached through a cluster of Envoy; `path_prefix` is usually `/crowd`. The credentials are name and
    /// password of an application of Crowd, never of a user.
    struct Crowd {}
}

target! {
    /// Confluence Data Center's REST API, reached through a cluster of Envoy. The credentials are those of a Confluence
    /// administrator, best a personal access token.
    struct ConfluenceDc {
        /// The group that Confluence puts every new user into, such as `confluence-users`. It is taken away again from
        /// accounts that are made here, because its members use up a licence; who should have it gets it from
        /// `policy`. Leave it out if new users get no group.
        default_group: Option<String> = None,
    }
}

target! {
    /// The REST APIs of Jira and Jira Service Management Data Center, reached through a cluster of Envoy. The credentials
    /// are those of an administrator who is an agent too, best a personal access token.
    struct JsmDc {}
}

target! {
    /// The REST APIs of Jira Cloud and Jira Service Management, reached through a cluster of Envoy. The credentials are
    /// `basic`: e-mail address and API token of a site administrator. People are known by e-mail address.
    struct JiraCloud {}
}

target! {
    /// A receiver of signed POSTs, each with the whole desired state of a person (docs/targets/webhook.md). `path_prefix` is
    /// the whole path.
    struct Webhook {
        /// What the messages are signed with: `whsec_` and 24 to 64 bytes in base64, as Standard Webhooks writes it. Each
        /// signs, so that one can be replaced while the receiver still knows the other; at most 4.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 4), extend("x-required" = true)))]
        secrets: Vec<DataSource> = Vec::new(),
    }
}

target! {
    /// Bitbucket Data Center's REST API, reached through a cluster of Envoy. The credentials are those of an
    /// administrator, best an HTTP access token.
    struct BitbucketDc {}
}

raw! {
    /// What proves to the application who we are.
    choice Credentials {
        /// A token, sent as `authorization: Bearer TOKEN`.
        Bearer(DataSource),
        /// Name and password, sent as `authorization: Basic ..`.
        Basic(BasicCredentials),
    }
}

raw! {
    /// Name and password.
    #[derive(Default)]
    struct BasicCredentials {
        /// The name, without a colon.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        username: Option<String>,
        /// The password.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        password: Option<DataSource>,
    }
}

raw! {
    /// Where portal customers belong.
    struct Customers {
        /// Which organizations.
        organizations: Option<Organizations>,
        /// Only people who come by the portal (`policy.portal`) are put anywhere; otherwise everybody who signs in.
        only_portal_sign_ins: bool,
        /// Ids of the service desks that the organizations are linked to; without organizations, that people become
        /// customers of.
        service_desks: Vec<String>,
    }
}

raw! {
    /// Which organizations a customer belongs to.
    choice Organizations {
        /// Everybody belongs to these.
        Fixed(Vec<String>),
        /// The values of this attribute, by `Name`, object identifier or `FriendlyName`.
        Attribute(String),
    }
}

raw! {
    /// Which attribute says what about a person.
    #[derive(Default)]
    struct ProfileAttribute {
        /// The field of the application.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        field: Option<ProfileField>,
        /// The attribute, by `Name`, object identifier or `FriendlyName`; its first value counts.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        attribute: Option<String>,
    }
}

raw! {
    /// What an application may keep about a person.
    words ProfileField {
        /// The position.
        Title = "TITLE",
        /// The department.
        Department = "DEPARTMENT",
        /// The company.
        Organization = "ORGANIZATION",
        /// The time zone, such as `Europe/Berlin`.
        TimeZone = "TIME_ZONE",
        /// The language, such as `de-DE`.
        PreferredLanguage = "PREFERRED_LANGUAGE",
    }
}

raw! {
    /// Whose accounts may be found by e-mail address.
    #[derive(Default)]
    struct LinkByEmail {
        /// Domains of the addresses, such as `example.com` or `*.example.com`.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        email_domains: Vec<String>,
    }
}

raw! {
    /// What a plan that goes too far means for the person who signs in.
    words OnGuardrail {
        /// No session.
        Refuse = "REFUSE",
        /// The session begins with the groups that the account has already; nothing is changed.
        Continue = "CONTINUE",
    }
}

raw! {
    /// What a provisioning failure means for the person who signs in.
    words OnFailure {
        /// No session: nobody enters with rights that could not be checked.
        Refuse = "REFUSE",
        /// The session begins all the same.
        Continue = "CONTINUE",
        /// The session begins all the same, and what could not be done is tried again by the background service, a
        /// `WasmService` in Envoy's bootstrap.
        ContinueAndRetry = "CONTINUE_AND_RETRY",
    }
}
