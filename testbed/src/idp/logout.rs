//! Messages of a single logout as an identity provider sends them, honest or not, and what it makes of ours.

use std::time::{SystemTime, UNIX_EPOCH};

use samlgate::base::UnixTime;
use samlgate::saml::Signer;
use samlgate::saml::bindings::{MessageKind, post, redirect, soap};
use samlgate::xmlsec::{Canonicalization, RustCrypto, sign};

use super::issue::{IssueError, fresh_id};
use super::keys::TestKey;
use crate::browser::escape;

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// A LogoutRequest or LogoutResponse.
#[derive(Clone, Debug)]
pub struct LogoutMessage {
    /// Which of the two.
    pub kind: MessageKind,
    /// `ID`.
    pub id: String,
    /// `Issuer`.
    pub issuer: String,
    /// `Destination`.
    pub destination: Option<String>,
    /// `IssueInstant`, in seconds since 1970.
    pub issue_instant: u64,
    /// `NotOnOrAfter` of a request.
    pub not_on_or_after: Option<u64>,
    /// `NameID` of a request.
    pub name: String,
    /// `SessionIndex` of a request.
    pub session_indexes: Vec<String>,
    /// `InResponseTo` of a response.
    pub in_response_to: Option<String>,
    /// `StatusCode` of a response.
    pub status: &'static str,
    /// `StatusCode` inside that one.
    pub nested_status: Option<&'static str>,
    /// Who signs; `None` for nobody.
    pub key: Option<TestKey>,
}

impl LogoutMessage {
    /// An honest request of the identity provider `issuer` to sign `name` out everywhere.
    #[must_use]
    pub fn request(issuer: &str, destination: &str, name: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self {
            kind: MessageKind::Request,
            id: fresh_id(),
            issuer: issuer.to_owned(),
            destination: Some(destination.to_owned()),
            issue_instant: now,
            not_on_or_after: None,
            name: name.to_owned(),
            session_indexes: Vec::new(),
            in_response_to: None,
            status: SUCCESS,
            nested_status: None,
            key: Some(TestKey::Rsa),
        }
    }

    /// An honest answer to the request `in_response_to`.
    #[must_use]
    pub fn response(issuer: &str, destination: &str, in_response_to: &str) -> Self {
        Self {
            kind: MessageKind::Response,
            in_response_to: Some(in_response_to.to_owned()),
            ..Self::request(issuer, destination, "")
        }
    }

    /// The message without a signature.
    #[must_use]
    pub fn xml(&self) -> String {
        let attribute = |name: &str, value: Option<&str>| {
            value.map(|value| format!(" {name}=\"{}\"", escape(value))).unwrap_or_default()
        };
        let instant = |seconds: u64| UnixTime::from_secs(seconds).to_xs_date_time();
        let (name, about) = match self.kind {
            MessageKind::Request => {
                let indexes: String = self
                    .session_indexes
                    .iter()
                    .map(|index| format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", escape(index)))
                    .collect();
                ("LogoutRequest", format!("<saml:NameID>{}</saml:NameID>{indexes}", escape(&self.name)))
            }
            MessageKind::Response => {
                let nested = self
                    .nested_status
                    .map(|code| format!("<samlp:StatusCode Value=\"{code}\"/>"))
                    .unwrap_or_default();
                let status =
                    format!("<samlp:StatusCode Value=\"{}\">{nested}</samlp:StatusCode>", self.status);
                ("LogoutResponse", format!("<samlp:Status>{status}</samlp:Status>"))
            }
        };
        format!(
            concat!(
                r#"<samlp:{name} xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" "#,
                r#"xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" Version="2.0" "#,
                r#"IssueInstant="{instant}"{destination}{end}{answers}><saml:Issuer>{issuer}</saml:Issuer>{about}</samlp:{name}>"#
            ),
            name = name,
            id = escape(&self.id),
            instant = instant(self.issue_instant),
            destination = attribute("Destination", self.destination.as_deref()),
            end = attribute("NotOnOrAfter", self.not_on_or_after.map(instant).as_deref()),
            answers = attribute("InResponseTo", self.in_response_to.as_deref()),
            issuer = escape(&self.issuer),
            about = about,
        )
    }

    /// The message with an enveloped signature, where it has a key.
    ///
    /// # Errors
    /// When the test key cannot sign.
    pub fn signed_xml(&self) -> Result<String, IssueError> {
        let Some(key) = self.key else { return Ok(self.xml()) };
        let (signing_key, certificate) = (key.signing_key()?, key.certificate()?);
        let request = sign::SigningRequest {
            key: &signing_key,
            scheme: key.scheme(),
            certificate: Some(&certificate),
            canonicalization: Canonicalization::default(),
        };
        sign::enveloped(&self.xml(), &request, &RustCrypto)
            .map_err(|error| IssueError::new(error.to_string()))
    }

    /// The address that carries it to `endpoint` in its query.
    ///
    /// # Errors
    /// When the test key cannot sign.
    pub fn url(&self, endpoint: &str, relay_state: &str) -> Result<String, IssueError> {
        let signer = match self.key {
            None => None,
            Some(key) => Some(Signer {
                scheme: key.scheme(),
                key: key.signing_key()?,
                certificate: key.certificate()?,
            }),
        };
        redirect::message_url(self.kind, endpoint, &self.xml(), relay_state, signer.as_ref(), &RustCrypto)
            .map_err(|error| IssueError::new(error.to_string()))
    }

    /// The form that carries it.
    ///
    /// # Errors
    /// When the test key cannot sign.
    pub fn form(&self, relay_state: &str) -> Result<String, IssueError> {
        let fields = post::fields(self.kind, &self.signed_xml()?, relay_state)
            .map_err(|error| IssueError::new(error.to_string()))?;
        Ok(form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
    }

    /// The SOAP envelope that carries it.
    ///
    /// # Errors
    /// When the test key cannot sign.
    pub fn envelope(&self) -> Result<String, IssueError> {
        Ok(soap::envelope(&self.signed_xml()?))
    }
}
