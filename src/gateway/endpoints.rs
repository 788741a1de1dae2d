//! The addresses that are ours and never reach the application.

use crate::base::{Code, Rejection};
use crate::effect::{CryptoProvider, Step};
use crate::flow::{self, AcsFlow, SignAuthnRequests, TestStart, test_page};
use crate::http::Reply;
use crate::page::{self, SignedOut};
use crate::saml::SignatureDemand;
use crate::saml::metadata::sp;
use crate::session;
use crate::session::saved_form::FormId;
use crate::xmlsec::SignatureError;

use super::origin::SentBy;
use super::{Exchange, Gateway, Host, Request, Settings, acs_step, reader, refuse, reply, test_step, visit};

/// An address of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OwnEndpoint {
    /// Where identity providers post their answers.
    AssertionConsumerService,
    /// Our metadata.
    Metadata,
    /// Ends the session.
    Logout,
    /// What is shown afterwards.
    LoggedOut,
    /// Where identity providers lead browsers to sign out.
    SingleLogout,
    /// Where they sign out themselves.
    SingleLogoutSoap,
    /// The test sign-in page.
    TestPage,
    /// The keys that verify identity tokens.
    Jwks,
    /// Can we serve people?
    Health,
    /// Where the choice of an identity provider arrives.
    Discovery,
    /// The page of the emergency access.
    EmergencyAccess,
    /// How far a directory sync is.
    DirectoryStatus,
    /// Where people find a form that met an ended session; `None` where the address names none.
    SavedForm(Option<FormId>),
    /// The SCIM service.
    Scim,
}

impl OwnEndpoint {
    /// The endpoint at `path`, in its normal form.
    pub(super) fn at(path: &str, settings: &Settings) -> Option<Self> {
        let sp = &settings.flow.sp;
        let paths = [
            (Some(&sp.acs_path), Self::AssertionConsumerService),
            (Some(&sp.metadata_path), Self::Metadata),
            (Some(&sp.logout_path), Self::Logout),
            (Some(&sp.logged_out_path), Self::LoggedOut),
            (Some(&sp.single_logout_path), Self::SingleLogout),
            (sp.single_logout_soap_path.as_ref(), Self::SingleLogoutSoap),
            (settings.flow.test_page.as_ref().map(|page| &page.path), Self::TestPage),
            (settings.flow.identity_token.as_ref().map(|token| &token.jwks_path), Self::Jwks),
            (settings.health_path.as_ref(), Self::Health),
            (settings.flow.discovery.as_ref().map(|discovery| &discovery.path), Self::Discovery),
            (settings.flow.emergency_access.as_ref().map(|access| &access.path), Self::EmergencyAccess),
            (settings.flow.sync_status().map(|status| &status.path), Self::DirectoryStatus),
        ];
        let found = paths.into_iter().find(|(own, _)| own.is_some_and(|own| own == path));
        found
            .map(|(_, endpoint)| endpoint)
            .or_else(|| {
                settings.flow.saved_forms.as_ref().and_then(|forms| forms.form_at(path)).map(Self::SavedForm)
            })
            .or_else(|| super::scim::is_scim(path, settings).then_some(Self::Scim))
    }
}

impl Gateway {
    pub(super) fn own_endpoint(
        &mut self,
        endpoint: OwnEndpoint,
        request: &Request<'_>,
        host: &Host<'_>,
    ) -> Step<Exchange> {
        let method = request.head.method();
        match (endpoint, method) {
            (OwnEndpoint::AssertionConsumerService, "POST") => self.assertion_consumer_service(request, host),
            (OwnEndpoint::AssertionConsumerService, "GET") if self.takes_artifacts() => {
                self.assertion_consumer_service(request, host)
            }
            (OwnEndpoint::Metadata, "GET" | "HEAD") => self.metadata(request, host),
            (OwnEndpoint::Logout, "GET" | "POST") => self.logout(request, host),
            (OwnEndpoint::LoggedOut, "GET" | "HEAD") => {
                reply(page::logged_out(&self.settings.flow.look, SignedOut::Here))
            }
            (OwnEndpoint::SingleLogout, "GET" | "POST") => self.single_logout(request, host),
            (OwnEndpoint::SingleLogoutSoap, "POST") => self.single_logout_soap(request, host),
            (OwnEndpoint::Jwks, "GET" | "HEAD") => self.jwks(),
            (OwnEndpoint::Health, "GET" | "HEAD") => self.health(),
            (OwnEndpoint::TestPage, "GET" | "HEAD" | "POST") => self.test_page(request, host),
            (OwnEndpoint::Discovery, "GET" | "POST") => self.discovery(request, host),
            (OwnEndpoint::EmergencyAccess, "GET" | "POST") => self.emergency_page(request),
            (OwnEndpoint::Scim, _) => self.scim(request, host),
            (OwnEndpoint::DirectoryStatus, "GET" | "HEAD") => self.directory_status(request, host),
            (OwnEndpoint::SavedForm(id), "GET") => self.take_form(id, request, host),
            _ => {
                let detail = format_args!("`{method}` is not taken here");
                refuse(
                    &Rejection::new(Code::MethodNotAllowed, detail),
                    &reader::of(request.head, &self.settings.flow.look),
                )
            }
        }
    }

    fn test_page(&self, request: &Request<'_>, host: &Host<'_>) -> Step<Exchange> {
        let posted = request.head.method() == "POST";
        if posted && SentBy::of(request.head, &self.settings) == SentBy::Foreign {
            let detail = "a test sign-in was begun by a page of another site";
            let reader = reader::of(request.head, &self.settings.flow.look);
            return refuse(&Rejection::new(Code::CrossSiteRefused, detail), &reader);
        }
        match &self.settings.flow.test_page {
            Some(_) if posted => test_step(TestStart::start(visit(
                request,
                reader::of(request.head, &self.settings.flow.look),
            ))),
            Some(page) => reply(test_page::front(page, &self.env(host))),
            None => refuse(
                &Rejection::new(Code::MethodNotAllowed, "there is no test page"),
                &reader::of(request.head, &self.settings.flow.look),
            ),
        }
    }

    fn assertion_consumer_service(&mut self, request: &Request<'_>, host: &Host<'_>) -> Step<Exchange> {
        let reader = reader::of(request.head, &self.settings.flow.look);
        let pending = request
            .cookies
            .iter()
            .any(|(name, _)| session::pending_request::is_pending_cookie(name, &self.settings.flow.session));
        // The back button: the answer was used, its pending request is gone, the session it began is here. Nothing
        // of the POST is read; the browser is led into the site (303 turns the POST into a GET).
        if !pending {
            match self.open(request, host) {
                Ok(_) => {
                    let headers = vec![
                        (String::from("location"), String::from("/")),
                        (String::from("cache-control"), String::from("no-store")),
                    ];
                    return reply(Reply { status: 303, headers, body: Vec::new() });
                }
                Err(fault) if fault.is_doubt() => {
                    return refuse(&Rejection::new(fault.code(), fault), &reader);
                }
                Err(_) => {}
            }
        }
        let (visit, env) = (visit(request, reader), self.env(host));
        if request.head.method() == "GET" {
            let (_, query) = request.path.path_and_query().split_once('?').unwrap_or_default();
            return acs_step(AcsFlow::start_with_artifact(visit, query, &env));
        }
        acs_step(AcsFlow::start(visit, &env))
    }

    /// Does any identity provider answer by HTTP-Artifact, which comes as a GET (bindings 3.6.3)?
    fn takes_artifacts(&self) -> bool {
        self.settings.flow.idps.iter().any(|idp| idp.artifact_resolution.is_some())
    }

    /// Our metadata, made once.
    fn metadata(&mut self, request: &Request<'_>, host: &Host<'_>) -> Step<Exchange> {
        if self.metadata.is_none() {
            match metadata(&self.settings, host.crypto) {
                Ok(document) => self.metadata = Some(document.into_bytes()),
                Err(fault) => {
                    let rejection = Rejection::new(fault.code(), fault);
                    return refuse(&rejection, &reader::of(request.head, &self.settings.flow.look));
                }
            }
        }
        reply(Reply {
            status: 200,
            headers: vec![
                (String::from("content-type"), String::from("application/samlmetadata+xml")),
                (String::from("cache-control"), String::from("no-store")),
                (String::from("x-content-type-options"), String::from("nosniff")),
            ],
            body: self.metadata.clone().unwrap_or_default(),
        })
    }
}

/// Our metadata, as the metadata address serves it.
///
/// # Errors
/// [`SignatureError`] when it is to be signed and cannot be.
pub fn metadata(settings: &Settings, crypto: &dyn CryptoProvider) -> Result<String, SignatureError> {
    let sp = &settings.flow.sp;
    let idps = &settings.flow.idps;
    let certificates: Vec<_> =
        sp.signer.iter().map(|signer| &signer.certificate).chain(&sp.further_signing_certificates).collect();
    // Only where a discovery service is used: whoever is listed there may send people to it.
    let discovery = settings.flow.discovery.as_ref().and_then(flow::Discovery::response_path);
    let discovery = discovery.map(|path| format!("{}{path}", sp.base_uri));
    // Messages of a single logout are signed on both sides.
    let single_logout = sp.signer.is_some() && idps.iter().any(|idp| idp.single_logout);
    let single_logout_uri = single_logout.then(|| sp.single_logout_uri());
    let single_logout_soap_uri = sp.single_logout_soap_uri().filter(|_| single_logout);
    let description = sp::SpDescription {
        entity_id: &sp.entity_id,
        single_logout_uri: single_logout_uri.as_deref(),
        single_logout_soap_uri: single_logout_soap_uri.as_deref(),
        assertion_consumer_service_uri: &sp.acs_uri(),
        name_id_format: idps.iter().find_map(|idp| idp.name_id_format.as_deref()),
        authn_requests_signed: sp.signer.is_some()
            && idps.iter().all(|idp| idp.sign_authn_requests != SignAuthnRequests::Never),
        want_assertions_signed: idps
            .iter()
            .any(|idp| matches!(idp.require_signature, SignatureDemand::Assertion | SignatureDemand::Both)),
        signing_certificates: &certificates,
        encryption_certificates: &sp.encryption_certificates.iter().collect::<Vec<_>>(),
        artifact_accepted: idps.iter().any(|idp| idp.artifact_resolution.is_some()),
        aes_cbc_accepted: idps.iter().any(|idp| idp.ciphers.allows_cbc()),
        discovery_response_uri: discovery.as_deref(),
        description: &sp.description,
    };
    match sp.signer.as_ref().filter(|_| sp.sign_metadata) {
        Some(signer) => sp::render_signed(&description, signer, crypto),
        None => Ok(sp::render(&description)),
    }
}
