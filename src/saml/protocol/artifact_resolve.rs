//! `ArtifactResolve` (core 3.5.1).

use crate::base::UnixTime;
use crate::effect::CryptoProvider;
use crate::saml::{Signer, names};
use crate::xml::Writer;
use crate::xmlsec::SignatureError;

use super::RequestId;

/// `samlp:ArtifactResolve` (core 3.5.1) as the artifact resolution profile uses it (profiles 5.4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactResolve {
    /// What the response must name in `InResponseTo`.
    pub id: RequestId,
    /// Our clock.
    pub issue_instant: UnixTime,
    /// The address it is sent to, as in the identity provider's metadata.
    pub destination: String,
    /// Our entity id.
    pub issuer: String,
    /// The artifact, as it came.
    pub artifact: String,
}

impl ArtifactResolve {
    /// The message as XML: signed where there is a key, because the identity provider has to know who asks
    /// (profiles 5.3); without one it knows by the cluster's client certificate.
    ///
    /// # Errors
    /// [`SignatureError`] when key and scheme do not fit or the provider fails.
    pub fn render(
        &self,
        signer: Option<&Signer>,
        crypto: &dyn CryptoProvider,
    ) -> Result<String, SignatureError> {
        let mut xml = Writer::new();
        xml.open("samlp:ArtifactResolve")
            .attribute("xmlns:samlp", names::PROTOCOL)
            .attribute("xmlns:saml", names::ASSERTION)
            .attribute("ID", self.id.as_str())
            .attribute("Version", "2.0")
            .attribute("IssueInstant", &self.issue_instant.to_xs_date_time())
            .attribute("Destination", &self.destination);
        xml.element("saml:Issuer", &self.issuer);
        xml.element("samlp:Artifact", &self.artifact);
        let xml = xml.finish();
        signer.map_or(Ok(xml.clone()), |signer| signer.sign(&xml, crypto))
    }
}
