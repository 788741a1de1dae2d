//! `LogoutResponse` (core 3.7.2).

use crate::base::UnixTime;
use crate::effect::CryptoProvider;
use crate::saml::{Signer, names};
use crate::xml::Writer;
use crate::xmlsec::SignatureError;

use super::RequestId;

/// `samlp:LogoutResponse` (core 3.7.2) as the Single Logout profile uses it (profiles 4.4.4.2): what came of a request of
/// the identity provider. It must be signed, by one of [`LogoutResponse::render_signed`] and the Redirect binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutResponse {
    /// Its own ID.
    pub id: RequestId,
    /// Our clock.
    pub issue_instant: UnixTime,
    /// The address it is sent to; `None` where it goes back on the connection that the request came on.
    pub destination: Option<String>,
    /// The request's `ID`.
    pub in_response_to: String,
    /// Our entity id.
    pub issuer: String,
    /// What came of it.
    pub outcome: LogoutOutcomeHere,
}

/// What came of a request here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutOutcomeHere {
    /// The sessions are ended.
    Done,
    /// They could not be ended (core 3.2.2.2: the fault is ours).
    Failed,
}

impl LogoutResponse {
    /// The message as XML, unsigned: for the Redirect binding, which signs the query.
    #[must_use]
    pub fn render(&self) -> String {
        let mut xml = Writer::new();
        xml.open("samlp:LogoutResponse")
            .attribute("xmlns:samlp", names::PROTOCOL)
            .attribute("xmlns:saml", names::ASSERTION)
            .attribute("ID", self.id.as_str())
            .attribute("InResponseTo", &self.in_response_to)
            .attribute("Version", "2.0")
            .attribute("IssueInstant", &self.issue_instant.to_xs_date_time());
        if let Some(destination) = &self.destination {
            xml.attribute("Destination", destination);
        }
        xml.element("saml:Issuer", &self.issuer);
        let code = match self.outcome {
            LogoutOutcomeHere::Done => names::STATUS_SUCCESS,
            LogoutOutcomeHere::Failed => names::STATUS_RESPONDER,
        };
        xml.open("samlp:Status").open("samlp:StatusCode").attribute("Value", code);
        xml.finish()
    }

    /// The message with an enveloped signature, for HTTP-POST and SOAP (bindings 3.5.4.1; core 5.4).
    ///
    /// # Errors
    /// [`SignatureError`] when key and scheme do not fit or the provider fails.
    pub fn render_signed(
        &self,
        signer: &Signer,
        crypto: &dyn CryptoProvider,
    ) -> Result<String, SignatureError> {
        signer.sign(&self.render(), crypto)
    }
}
