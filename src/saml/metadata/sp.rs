//! Our own metadata (metadata 2.4.4), needed before any identity provider is configured.

use crate::encoding::base64;
use crate::saml::names;
use crate::xml::Writer;
use crate::xmlsec::key::Certificate;

/// What our metadata says.
#[derive(Clone, Copy, Debug)]
pub struct SpDescription<'a> {
    /// `entityID`.
    pub entity_id: &'a str,
    /// The one assertion consumer service, HTTP-POST.
    pub assertion_consumer_service_uri: &'a str,
    /// The NameID format to ask for; `None` says nothing.
    pub name_id_format: Option<&'a str>,
    /// Our requests are signed.
    pub authn_requests_signed: bool,
    /// The assertion itself must be signed; a signed response around it would not do.
    pub want_assertions_signed: bool,
    /// The certificates of our signing keys, during a change both of them.
    pub signing_certificates: &'a [&'a Certificate],
}

/// Renders the `EntityDescriptor`. Neither signed nor limited in time: it is fetched over our own https address.
#[must_use]
pub fn render(sp: &SpDescription<'_>) -> String {
    let truth = |value: bool| if value { "true" } else { "false" };
    let mut xml = Writer::new();
    xml.open("md:EntityDescriptor")
        .attribute("xmlns:md", names::METADATA)
        .attribute("xmlns:ds", names::DSIG)
        .attribute("entityID", sp.entity_id);
    xml.open("md:SPSSODescriptor").attribute("AuthnRequestsSigned", truth(sp.authn_requests_signed));
    if sp.want_assertions_signed {
        xml.attribute("WantAssertionsSigned", "true");
    }
    // Absent means false (metadata 2.4.4), but where it says so SimpleSAMLphp stops signing assertions altogether.
    xml.attribute("protocolSupportEnumeration", names::PROTOCOL);
    for certificate in sp.signing_certificates {
        xml.open("md:KeyDescriptor").attribute("use", "signing").open("ds:KeyInfo").open("ds:X509Data");
        xml.element("ds:X509Certificate", &base64::encode(certificate.der())).close().close().close();
    }
    if let Some(format) = sp.name_id_format {
        xml.element("md:NameIDFormat", format);
    }
    xml.open("md:AssertionConsumerService")
        .attribute("Binding", names::BINDING_POST)
        .attribute("Location", sp.assertion_consumer_service_uri)
        .attribute("index", "0")
        .attribute("isDefault", "true");
    xml.finish()
}
