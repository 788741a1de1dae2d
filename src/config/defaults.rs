//! What holds when the file does not say otherwise. The schema shows these values.

mod directory_sync;
mod scim_gateway;

use super::raw::*;
use crate::{base, identity, policy};

impl Default for Configuration {
    fn default() -> Self {
        Self {
            presets: Vec::new(),
            sp: None,
            idp: None,
            idps: Vec::new(),
            discovery: None,
            identity: Identity::default(),
            headers: Headers::default(),
            identity_token: None,
            filter_state: Vec::new(),
            health_check: None,
            session: None,
            shared_store: None,
            rules: Vec::new(),
            portals: None,
            requests_with_credentials: RequestsWithCredentials::default(),
            cors_preflight: PassOrProtect::Protect,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            policy: Policy::default(),
            provisioning: None,
            audit: Audit::default(),
            test_page: None,
            emergency_access: None,
            saved_forms: None,
            directory_sync: None,
            scim_gateway: None,
            pages: Pages::default(),
            limits: Limits::default(),
            stat_prefix: String::from("samlgate"),
        }
    }
}

impl Default for Sp {
    fn default() -> Self {
        Self {
            entity_id: None,
            base_uri: None,
            acs_path: String::from("/saml/acs"),
            metadata_path: String::from("/saml/metadata"),
            logout_path: String::from("/saml/logout"),
            single_logout_path: String::from("/saml/slo"),
            single_logout_soap_path: None,
            logged_out_path: String::from("/saml/logged-out"),
            signing: None,
            decryption: Vec::new(),
            description: SpDescription::default(),
            sign_metadata: false,
        }
    }
}

impl Default for Unsolicited {
    fn default() -> Self {
        Self { default_target: String::from("/"), target_paths: Vec::new(), danger_skip_confirmation: false }
    }
}

impl Default for Idp {
    fn default() -> Self {
        Self {
            id: None,
            display_name: None,
            metadata: None,
            remote_metadata: None,
            entity_id: None,
            authn_request_binding: AuthnRequestBinding::Auto,
            artifact_resolution: None,
            sign_authn_requests: SignAuthnRequests::Auto,
            name_id_format: None,
            single_logout: SingleLogout::Auto,
            allow_create: true,
            sp_name_qualifier: None,
            force_authn: false,
            requested_authn_context: None,
            allowed_usernames: Vec::new(),
            allowed_email_domains: Vec::new(),
            unsolicited: None,
            require_signature: RequireSignature::Any,
            clock_skew: Span::seconds(60),
            danger_allow_sha1: false,
            danger_allow_aes_cbc: false,
        }
    }
}

impl Default for Discovery {
    fn default() -> Self {
        Self {
            path: String::from("/saml/discovery"),
            rules: Vec::new(),
            email_domains: Vec::new(),
            other_email_domains: None,
            remember_for: None,
        }
    }
}

impl Default for EmergencyAccess {
    fn default() -> Self {
        Self {
            path: String::from("/saml/emergency"),
            secret: None,
            duration: Span::seconds(900),
            landing_path: String::from("/"),
            allowed_client_networks: Vec::new(),
            max_attempts: Whole(10),
            attempt_window: Span::seconds(900),
        }
    }
}

impl Default for Identity {
    fn default() -> Self {
        let identity::Settings { email, display_name, groups, .. } = identity::Settings::default();
        Self {
            username: UsernameSource::NameId(Empty::default()),
            username_pattern: None,
            email,
            display_name,
            groups,
            group_transforms: Vec::new(),
            group_filter: GroupFilter::default(),
            unknown_groups: UnknownGroups::Keep,
        }
    }
}

impl Default for Headers {
    fn default() -> Self {
        Self {
            username: String::from("x-remote-user"),
            email: None,
            display_name: None,
            name_id: None,
            session_id: None,
            groups: None,
            attributes: Vec::new(),
        }
    }
}

impl Default for GroupsHeader {
    fn default() -> Self {
        Self { name: None, format: ListFormat::CommaSeparated }
    }
}

impl Default for AttributeHeader {
    fn default() -> Self {
        Self { attribute: None, header: None, format: ListFormat::CommaSeparated }
    }
}

impl Default for IdentityToken {
    fn default() -> Self {
        Self {
            header: String::from("x-samlgate-token"),
            issuer: None,
            audience: Vec::new(),
            lifetime: Span::seconds(300),
            signing: None,
            further_public_keys: Vec::new(),
            jwks_path: String::from("/saml/jwks"),
            claims: Vec::new(),
            attributes: Vec::new(),
        }
    }
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self { path: String::from("/saml/health") }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            cookie: Cookie::default(),
            absolute_timeout: Span::seconds(28_800),
            idle_timeout: Some(Span::seconds(3600)),
            pending_request_timeout: Span::seconds(600),
            max_pending_requests: Whole(8),
            max_cookie_bytes: Whole(16_384),
        }
    }
}

impl Default for SharedStore {
    fn default() -> Self {
        Self {
            etcd: None,
            on_failure: OnStoreFailure::Refuse,
            poll_interval: Span::seconds(1),
            max_staleness: Span::seconds(30),
        }
    }
}

impl Default for Etcd {
    fn default() -> Self {
        Self {
            cluster: None,
            authority: None,
            timeout: Span::seconds(1),
            key_prefix: String::from("samlgate/"),
            username: None,
            password: None,
        }
    }
}

impl Default for Cookie {
    fn default() -> Self {
        Self {
            name: String::from("__Host-samlgate"),
            domain: None,
            path: String::from("/"),
            same_site: CookieSameSite::Lax,
            partitioned: false,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let base::Limits {
            max_xml_bytes,
            max_xml_depth,
            max_xml_attributes,
            max_xml_prefixes,
            max_attributes,
            max_value_bytes,
            max_inflated_bytes,
            max_signature_checks,
            max_encrypted_keys,
            max_decryptions,
            ..
        } = base::Limits::DEFAULT;
        let whole = |number: usize| Whole(u64::try_from(number).unwrap_or(u64::MAX));
        Self {
            max_body_bytes: None,
            max_xml_bytes: whole(max_xml_bytes),
            max_xml_depth: whole(max_xml_depth),
            max_xml_nodes: None,
            max_xml_attributes: whole(max_xml_attributes),
            max_xml_prefixes: whole(max_xml_prefixes),
            max_attributes: whole(max_attributes),
            max_groups: None,
            max_value_bytes: whole(max_value_bytes),
            max_inflated_bytes: whole(max_inflated_bytes),
            max_signature_checks: Whole(u64::from(max_signature_checks)),
            max_encrypted_keys: whole(max_encrypted_keys),
            max_decryptions: Whole(u64::from(max_decryptions)),
        }
    }
}

impl Default for RequestsWithCredentials {
    fn default() -> Self {
        Self { basic: PassOrProtect::Protect, bearer: PassOrProtect::Protect }
    }
}

/// Groups that make administrators of Atlassian's products as they come, on premises and in the cloud.
const ADMIN_GROUPS: [&str; 10] = [
    "administrators",
    "atlassian-addons-admin",
    "bamboo-admin",
    "confluence-administrators",
    "crowd-administrators",
    "jira-administrators",
    "org-admins",
    "site-admins",
    "stash-admins",
    "system-administrators",
];

impl Default for Policy {
    fn default() -> Self {
        Self {
            group_mapping: Vec::new(),
            group_patterns: Vec::new(),
            same_name_groups: None,
            apply_idp_groups_to: ApplyTo::AllUsers,
            default_groups: None,
            always_groups: Vec::new(),
            portal: None,
            rules: Vec::new(),
            access: Vec::new(),
            default_access: AllowOrDeny::Allow,
            required_groups: RequiredGroups::default(),
            ignored_groups: Vec::new(),
            protected_groups: Vec::new(),
            admin_groups: ADMIN_GROUPS.map(String::from).to_vec(),
            danger_allow_admin_groups_by_name: false,
            keep_existing_groups: false,
            manage_groups: ManageGroups::Listed,
            managed_groups: Vec::new(),
            cleanup: Cleanup::default(),
        }
    }
}

impl Default for DefaultGroups {
    fn default() -> Self {
        Self { groups: Vec::new(), assign_to: AssignTo::NewUsers, only_if: None, keep: true }
    }
}

impl Default for Portal {
    fn default() -> Self {
        Self {
            path_prefixes: policy::PortalRule::default().path_prefixes,
            url: None,
            no_request: GiveOrWithhold::Withhold,
            mark: Mark::PortalSignIns,
            mark_lifetime: None,
        }
    }
}

impl Default for Cleanup {
    fn default() -> Self {
        Self { mode: CleanupMode::Keep, also_signed_in: false, unless: None }
    }
}

impl Default for Provisioning {
    fn default() -> Self {
        Self {
            jira_dc: None,
            crowd: None,
            confluence_dc: None,
            bitbucket_dc: None,
            jsm_dc: None,
            jira_cloud: None,
            scim: None,
            webhook: None,
            atlassian_scim: None,
            create_accounts: true,
            update_accounts: true,
            reactivate_accounts: false,
            create_only_with_mapped_group: false,
            create_missing_groups: false,
            max_group_removals: Whole(20),
            max_group_creations: Whole(10),
            max_group_removal_percent: Whole(100),
            on_guardrail: OnGuardrail::Refuse,
            skip_unchanged_for: Span::seconds(0),
            circuit_open_for: Span::seconds(10),
            warn_when_seats_below: Whole(0),
            end_sessions_on_logout: true,
            dry_run: false,
            link_by_email: None,
            protected_usernames: Vec::new(),
            customers: None,
            profile: Vec::new(),
            on_failure: OnFailure::Refuse,
        }
    }
}

impl Default for Customers {
    fn default() -> Self {
        Self { organizations: None, only_portal_sign_ins: true, service_desks: Vec::new() }
    }
}

impl Default for Audit {
    fn default() -> Self {
        Self { identifiers: AuditIdentifiers::Hashed }
    }
}

impl Default for TestPage {
    fn default() -> Self {
        Self { path: String::from("/saml/test"), people: Vec::new(), secret: None }
    }
}

impl Default for SavedForms {
    fn default() -> Self {
        Self { path: String::from("/saml/form"), max_bytes: Whole(65_536), max_forms: Whole(64) }
    }
}

impl Default for ArtifactResolution {
    fn default() -> Self {
        Self { cluster: None, authority: None, timeout: Span::seconds(10) }
    }
}
