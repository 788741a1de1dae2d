//! What flows need to know: the checked settings of the rooms that they sequence.

use core::time::Duration;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use crate::base::{ClockSkew, Limits, Pii, PiiKey};
use crate::http::{PathMatch, RedirectTarget, StringMatch};
use crate::identity::Identity;
use crate::page::Look;
use crate::policy::condition::{DomainMatch, EmailDomain};
use crate::provision::memory::Scope;
use crate::provision::{CustomerAccess, Profile, ProfileField};
use crate::saml::metadata::description::Description;
use crate::saml::metadata::idp::IdpMetadata;
use crate::saml::{SignatureDemand, Signer};
use crate::xmlsec::algorithm::AlgorithmPolicy;
use crate::xmlsec::decrypt::{CipherPolicy, DecryptionKey};
use crate::xmlsec::key::Certificate;
use crate::{identity, policy, provision, session, store, targets, token};

use super::acs::ArtifactResolution;
use super::demand::AuthnDemand;
use super::discovery::Discovery;
use super::emergency::EmergencyAccess;
use super::filter_state::FilterState;
use super::identity_headers::IdentityHeaders;
use super::metadata::RemoteMetadata;
use super::provisioning::Identifiers;
use super::saved_form::SavedForms;
use super::scim_push;
use super::sync;
use super::test_page::TestPage;

/// Everything a flow may read; made by `config::check` and never changed.
#[derive(Clone)]
pub struct Settings {
    /// Who we are.
    pub sp: ServiceProvider,
    /// Whom we trust, in the order of the configuration; none until an IdP is configured: sign-in is refused, SP metadata
    /// works.
    pub idps: Vec<IdentityProvider>,
    /// How one of them is chosen; `None` where there is no choice.
    pub discovery: Option<Discovery>,
    /// How an assertion becomes an identity.
    pub identity: identity::Settings,
    /// Which headers carry the identity upstream.
    pub headers: IdentityHeaders,
    /// The signed statement that goes with them; `None` for none.
    pub identity_token: Option<IdentityToken>,
    /// What Envoy itself learns.
    pub filter_state: FilterState,
    /// Cookies and lifetimes.
    pub session: session::Settings,
    /// Groups and rules.
    pub policy: policy::Settings,
    /// The store that replicas share; `None` where each goes by itself.
    pub shared_store: Option<store::Settings>,
    /// The application to provision; `None` for headers only.
    pub provisioning: Option<Provisioning>,
    /// How people appear in the audit events.
    pub audit: Identifiers,
    /// The test sign-in page; `None` for none.
    pub test_page: Option<TestPage>,
    /// A way past single sign-on for administrators; `None` for none.
    pub emergency_access: Option<EmergencyAccess>,
    /// Forms that meet an ended session; `None` to keep none.
    pub saved_forms: Option<SavedForms>,
    /// The directory that people are pulled from; `None` for none.
    pub directory_sync: Option<Rc<sync::Settings>>,
    /// The SCIM service for clients that push people and groups; `None` for none.
    pub scim_gateway: Option<Rc<scim_push::Settings>>,
    /// How pages look.
    pub look: Rc<Look>,
    /// Bounds on inbound messages.
    pub limits: Limits,
    /// Key of the short hashes that stand for people in events.
    pub pii_key: PiiKey,
}

impl Settings {
    /// The page that shows how far a directory sync is.
    #[must_use]
    pub fn sync_status(&self) -> Option<&sync::StatusPage> {
        self.directory_sync.as_ref()?.status.as_ref()
    }
}

/// A signed statement of who is signed in, and where the keys are that verify it.
#[derive(Clone, Debug)]
pub struct IdentityToken {
    /// The request header that carries it; also [`IdentityHeaders::token`], so that nobody else can send it.
    pub header: String,
    /// Path of the key set.
    pub jwks_path: String,
    /// Makes it.
    pub issuer: token::Issuer,
}

/// Our own side of SAML. Every address is made from these, never from `Host` or `X-Forwarded-*`.
#[derive(Clone)]
pub struct ServiceProvider {
    /// Our entityID; the only audience that is accepted.
    pub entity_id: String,
    /// Scheme and authority of the protected site, such as `https://jira.example.com`, without a trailing slash.
    pub base_uri: String,
    /// Path of the assertion consumer service.
    pub acs_path: String,
    /// Path of our metadata.
    pub metadata_path: String,
    /// Path that ends the session.
    pub logout_path: String,
    /// Path of the page that is shown after logout.
    pub logged_out_path: String,
    /// Path where identity providers send logout messages by the browser.
    pub single_logout_path: String,
    /// Path where they send them themselves, by SOAP; `None` for nowhere.
    pub single_logout_soap_path: Option<String>,
    /// Signs AuthnRequests and appears in our metadata.
    pub signer: Option<Signer>,
    /// It signs our metadata too.
    pub sign_metadata: bool,
    /// Certificates of signing keys that appear in our metadata beside that of `signer`, while the key is changed.
    pub further_signing_certificates: Vec<Certificate>,
    /// Decrypt what identity providers encrypt.
    pub decryption_keys: Vec<DecryptionKey>,
    /// Those of their certificates that appear in our metadata.
    pub encryption_certificates: Vec<Certificate>,
    /// What our metadata says for people.
    pub description: Description,
}

impl ServiceProvider {
    /// Absolute address of the assertion consumer service: `Recipient` and `Destination` must equal it.
    #[must_use]
    pub fn acs_uri(&self) -> String {
        format!("{}{}", self.base_uri, self.acs_path)
    }

    /// Absolute address for logout messages by the browser: their `Destination` must equal it.
    #[must_use]
    pub fn single_logout_uri(&self) -> String {
        format!("{}{}", self.base_uri, self.single_logout_path)
    }

    /// The same for those by SOAP.
    #[must_use]
    pub fn single_logout_soap_uri(&self) -> Option<String> {
        Some(format!("{}{}", self.base_uri, self.single_logout_soap_path.as_ref()?))
    }
}

/// One trusted identity provider, as it is configured. What is known of its keys is [`super::Trust`]'s.
#[derive(Clone)]
pub struct IdentityProvider {
    /// The short name by which people and rules choose it.
    pub id: String,
    /// What people call it; where the configuration does not say, its metadata may.
    pub display_name: Option<String>,
    /// Its entityID: what every `Issuer` must equal. Metadata that says otherwise is not its own.
    pub entity_id: String,
    /// Where its metadata comes from.
    pub source: MetadataSource,
    /// Algorithms accepted from it.
    pub algorithms: AlgorithmPolicy,
    /// Ciphers accepted from it.
    pub ciphers: CipherPolicy,
    /// Which signatures it must make.
    pub require_signature: SignatureDemand,
    /// Tolerance between its clock and ours.
    pub clock_skew: ClockSkew,
    /// How the AuthnRequest travels.
    pub authn_request_binding: AuthnRequestBinding,
    /// Responses are asked for by HTTP-Artifact, and fetched like this; `None` for HTTP-POST.
    pub artifact_resolution: Option<ArtifactResolution>,
    /// Whether AuthnRequests are signed.
    pub sign_authn_requests: SignAuthnRequests,
    /// A logout here is one there, and the other way round, where its metadata and our keys allow it.
    pub single_logout: bool,
    /// `NameIDPolicy/@Format` to ask for; none by default, because IdPs refuse formats they were not set up for.
    pub name_id_format: Option<String>,
    /// `NameIDPolicy/@AllowCreate`.
    pub allow_create: bool,
    /// `NameIDPolicy/@SPNameQualifier`.
    pub sp_name_qualifier: Option<String>,
    /// How people sign in there, where no rule says otherwise.
    pub authn: AuthnDemand,
    /// User names that it may vouch for; any if empty.
    pub allowed_usernames: Vec<StringMatch>,
    /// Domains of the addresses of people whom it may vouch for; any if empty.
    pub allowed_email_domains: Vec<DomainMatch>,
    /// It may begin a sign-in by itself (profiles 4.1.5); `None` for no.
    pub unsolicited: Option<Unsolicited>,
}

impl IdentityProvider {
    /// May it vouch for `identity`?
    #[must_use]
    pub fn may_vouch_for(&self, identity: &Identity) -> bool {
        let address = identity.email.as_ref().and_then(|email| EmailDomain::of(email.expose()));
        let at_home = self.allowed_email_domains.is_empty()
            || address.is_some_and(|domain| {
                self.allowed_email_domains.iter().any(|allowed| allowed.matches(domain))
            });
        self.may_name(identity.username.expose()) && at_home
    }

    /// May it vouch for whoever is called `username`, of whom nothing else is said?
    #[must_use]
    pub fn may_vouch_for_name(&self, username: &str) -> bool {
        self.may_name(username) && self.allowed_email_domains.is_empty()
    }

    fn may_name(&self, username: &str) -> bool {
        self.allowed_usernames.is_empty()
            || self.allowed_usernames.iter().any(|allowed| allowed.matches(username))
    }
}

/// Where a sign-in may lead that the identity provider began.
#[derive(Clone, Debug)]
pub struct Unsolicited {
    /// Where it leads without a RelayState.
    pub default_target: RedirectTarget,
    /// Paths that RelayState may name.
    pub target_paths: Vec<PathMatch>,
    /// The person is not asked. Anybody can then sign a browser in as somebody else.
    pub danger_skip_confirmation: bool,
}

/// Where the metadata of an identity provider comes from.
#[derive(Clone)]
pub enum MetadataSource {
    /// From the configuration.
    Document(Arc<IdpMetadata>),
    /// From an address, again and again.
    Remote(Arc<RemoteMetadata>),
}

impl MetadataSource {
    /// The document in the configuration, if that is where it comes from.
    #[must_use]
    pub fn document(&self) -> Option<&Arc<IdpMetadata>> {
        match self {
            Self::Document(metadata) => Some(metadata),
            Self::Remote(_) => None,
        }
    }
}

/// How the AuthnRequest travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthnRequestBinding {
    /// HTTP-Redirect if the IdP's metadata offers it, else HTTP-POST.
    Auto,
    /// HTTP-Redirect only.
    HttpRedirect,
    /// HTTP-POST only.
    HttpPost,
}

/// Whether AuthnRequests are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignAuthnRequests {
    /// Whenever we have a key: `WantAuthnRequestsSigned` is then met and a signature hurts nobody.
    Auto,
    /// Always; the configuration check demands a key.
    Always,
    /// Never.
    Never,
}

/// The application whose accounts and groups follow the sign-in.
#[derive(Clone)]
pub struct Provisioning {
    /// The application.
    pub target: targets::Target,
    /// What may be created, updated and removed.
    pub rules: provision::Settings,
    /// What a failure means for the person who signs in.
    pub on_failure: OnFailure,
    /// What a plan that the guardrail stopped means for the person who signs in.
    pub on_guardrail: OnGuardrail,
    /// Plan and tell, but change nothing.
    pub dry_run: bool,
    /// A logout ends the person's sessions in the application too, where it has a call for that.
    pub end_sessions: bool,
    /// Whose accounts may be found by e-mail address when the user name leads to none: people of these domains; `None` to
    /// link nobody.
    pub link_by_email: Option<Vec<DomainMatch>>,
    /// User names that nobody may sign in with, in lower case.
    pub protected_usernames: Vec<StringMatch>,
    /// How long an account that nothing changed at is not looked at again; zero to look at each sign-in.
    pub skip_unchanged_for: Duration,
    /// How long the application is left alone after it failed a few times in a row; zero to try at each sign-in.
    pub circuit_open_for: Duration,
    /// Warn when somebody is added to a group with fewer licences left than this; 0 never to count them.
    pub warn_when_seats_below: u64,
    /// What tells the memory of this application from that of others.
    pub scope: Scope,
    /// Where customers belong; `None` to leave that alone.
    pub customers: Option<Customers>,
    /// Which attribute says what about a person.
    pub profile: Vec<(ProfileField, String)>,
}

impl Provisioning {
    /// Is `username` one that nobody may sign in with, in whatever spelling? `protected_usernames` are in lower case.
    #[must_use]
    pub fn is_protected(&self, username: &str) -> bool {
        let folded = username.to_lowercase();
        self.protected_usernames.iter().any(|name| name.matches(&folded))
    }

    /// What the identity provider says about the fields of a profile.
    #[must_use]
    pub fn profile_of(&self, identity: &Identity) -> Profile {
        let value = |attribute: &str| {
            let text = identity.attribute(attribute)?.values.iter().find(|value| !value.trim().is_empty())?;
            Some(Pii::new(text.trim().to_owned()))
        };
        self.profile.iter().filter_map(|(field, attribute)| Some((*field, value(attribute)?))).collect()
    }
}

/// Where customers belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customers {
    /// Which organizations.
    pub organizations: Organizations,
    /// Only people who came by the portal are put anywhere.
    pub only_portal_sign_ins: bool,
    /// Ids of the service desks that the organizations are linked to; where no organizations are configured, that people
    /// become customers of.
    pub service_desks: BTreeSet<String>,
}

/// Which organizations a customer belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Organizations {
    /// Everybody belongs to these.
    Fixed(BTreeSet<String>),
    /// The values of this attribute.
    Attribute(String),
    /// Those that a directory says; sign-ins say nothing about them.
    OfDirectory,
}

impl Customers {
    /// Where `identity` belongs; `None` when the assertion does not tell, which leaves everything as it is.
    #[must_use]
    pub fn access_of(&self, identity: &Identity) -> Option<CustomerAccess> {
        let organizations = match &self.organizations {
            Organizations::Fixed(names) if names.is_empty() => {
                return Some(CustomerAccess {
                    direct_service_desks: self.service_desks.clone(),
                    ..CustomerAccess::default()
                });
            }
            Organizations::Fixed(names) => names.clone(),
            Organizations::OfDirectory => return None,
            Organizations::Attribute(name) => {
                // As with groups: a claim that was left out, or that cannot be read, takes nothing away.
                let found = identity.attribute(name).filter(|found| !found.incomplete)?;
                let names: BTreeSet<String> =
                    found.values.iter().map(|value| value.trim().to_owned()).collect();
                if names.is_empty() || !names.iter().all(|name| is_organization(name)) {
                    return None;
                }
                names
            }
        };
        self.access_by(organizations)
    }

    /// Where somebody belongs who is in exactly these organizations; `None` when one of them cannot be a name.
    #[must_use]
    pub fn access_by(&self, organizations: BTreeSet<String>) -> Option<CustomerAccess> {
        organizations.iter().all(|name| is_organization(name)).then(|| CustomerAccess {
            organizations,
            linked_service_desks: self.service_desks.clone(),
            ..CustomerAccess::default()
        })
    }
}

/// 1 to 200 characters, the limit of the service desk's API, without control characters.
fn is_organization(name: &str) -> bool {
    (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

/// What a provisioning failure means for the person who signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// No session: the person sees a page with the code. Nobody enters with rights that could not be checked.
    Refuse,
    /// The session begins all the same; the event and the counter tell.
    Continue,
    /// The same, and what could not be done is done in the background.
    ContinueAndRetry,
}

/// What a plan that the guardrail stopped means for the person who signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnGuardrail {
    /// No session.
    Refuse,
    /// The session begins with those of the decided groups that the account has already; nothing is changed.
    Continue,
}

/// How long a worker keeps a request whose provisioning calls go on: a bound for [`Provisioning`] as a whole.
pub(super) const MAX_PROVISIONING_TIME: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::identity::{AssertedGroups, UnknownGroups};

    fn identity(company: Option<&[&str]>, incomplete: bool) -> Identity {
        let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let name = String::from("company");
        Identity {
            username: Pii::new("alice".to_owned()),
            name_id: None,
            email: None,
            display_name: None,
            groups: AssertedGroups::Unknown(UnknownGroups::ClaimMissing),
            attributes: company.map(|company| (name.clone(), values(company))).into_iter().collect(),
            friendly_names: BTreeMap::new(),
            incomplete_attributes: incomplete.then_some(name).into_iter().collect(),
        }
    }

    #[test]
    fn an_assertion_that_does_not_tell_moves_nobody() {
        let desks = BTreeSet::from(["1".to_owned()]);
        let customers = |organizations| Customers {
            organizations,
            only_portal_sign_ins: true,
            service_desks: desks.clone(),
        };
        let by_attribute = customers(Organizations::Attribute("company".to_owned()));
        let access = by_attribute.access_of(&identity(Some(&[" Acme ", "Acme"]), false)).unwrap();
        assert_eq!(access.organizations, BTreeSet::from(["Acme".to_owned()]));
        assert_eq!((access.linked_service_desks, access.direct_service_desks.len()), (desks.clone(), 0));
        let long = "x".repeat(201);
        for (what, company, incomplete) in [
            ("left out", None, false),
            ("no values", Some(&[][..]), false),
            ("unreadable beside", Some(&["Acme"][..]), true),
            ("empty", Some(&[" "][..]), false),
            ("too long beside", Some(&["Acme", &long][..]), false),
            ("control characters", Some(&["Ac\nme"][..]), false),
        ] {
            assert_eq!(by_attribute.access_of(&identity(company, incomplete)), None, "{what}");
        }
        // Desks are reached directly only where no organizations are configured.
        let direct =
            customers(Organizations::Fixed(BTreeSet::new())).access_of(&identity(None, false)).unwrap();
        assert_eq!((direct.direct_service_desks, direct.linked_service_desks.len()), (desks, 0));
    }
}
