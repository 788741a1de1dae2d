//! What flows need to know: the checked settings of the rooms that they sequence.

use core::time::Duration;

use crate::base::{ClockSkew, Limits, PiiKey};
use crate::saml::metadata::idp::IdpMetadata;
use crate::saml::{SignatureDemand, Signer};
use crate::xmlsec::algorithm::AlgorithmPolicy;
use crate::xmlsec::decrypt::{CipherPolicy, DecryptionKey};
use crate::{identity, policy, provision, session, targets};

use super::identity_headers::IdentityHeaders;
use super::test_page::TestPage;

/// Everything a flow may read; made by `config::check` and never changed.
#[derive(Clone)]
pub struct Settings {
    /// Who we are.
    pub sp: ServiceProvider,
    /// Whom we trust; `None` until an IdP is configured: sign-in is refused, SP metadata works.
    pub idp: Option<IdentityProvider>,
    /// How an assertion becomes an identity.
    pub identity: identity::Settings,
    /// Which headers carry the identity upstream.
    pub headers: IdentityHeaders,
    /// Cookies and lifetimes.
    pub session: session::Settings,
    /// Groups and rules.
    pub policy: policy::Settings,
    /// The application to provision; `None` for headers only.
    pub provisioning: Option<Provisioning>,
    /// The test sign-in page; `None` for none.
    pub test_page: Option<TestPage>,
    /// Bounds on inbound messages.
    pub limits: Limits,
    /// Key of the short hashes that stand for people in events.
    pub pii_key: PiiKey,
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
    /// Signs AuthnRequests and appears in our metadata.
    pub signer: Option<Signer>,
    /// It signs our metadata too.
    pub sign_metadata: bool,
    /// Decrypt what identity providers encrypt; the certificate of the first appears in our metadata.
    pub decryption_keys: Vec<DecryptionKey>,
}

impl ServiceProvider {
    /// Absolute address of the assertion consumer service: `Recipient` and `Destination` must equal it.
    #[must_use]
    pub fn acs_uri(&self) -> String {
        format!("{}{}", self.base_uri, self.acs_path)
    }
}

/// One trusted identity provider.
#[derive(Clone)]
pub struct IdentityProvider {
    /// Its metadata: entityID, endpoints and keys.
    pub metadata: IdpMetadata,
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
    /// Whether AuthnRequests are signed.
    pub sign_authn_requests: SignAuthnRequests,
    /// `NameIDPolicy/@Format` to ask for; none by default, because IdPs refuse formats they were not set up for.
    pub name_id_format: Option<String>,
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
}

/// What a provisioning failure means for the person who signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// No session: the person sees a page with the code. Nobody enters with rights that could not be checked.
    Refuse,
    /// The session begins all the same; the event and the counter tell.
    Continue,
}

/// How long a worker keeps a request whose provisioning calls go on: a bound for [`Provisioning`] as a whole.
pub(super) const MAX_PROVISIONING_TIME: Duration = Duration::from_secs(60);
