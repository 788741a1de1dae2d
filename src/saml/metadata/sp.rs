//! Our own metadata (metadata 2.4.4), needed before any identity provider is configured.

use super::description::{Contact, Description, RequestedAttribute};
use crate::effect::CryptoProvider;
use crate::encoding::base64;
use crate::saml::{Signer, names};
use crate::xml::Writer;
use crate::xmlsec::SignatureError;
use crate::xmlsec::algorithm::DigestAlgorithm;
use crate::xmlsec::key::Certificate;

/// What our metadata says.
#[derive(Clone, Copy, Debug)]
pub struct SpDescription<'a> {
    /// `entityID`.
    pub entity_id: &'a str,
    /// Where logout messages go by the browser, HTTP-Redirect and HTTP-POST; `None` where they are not taken.
    pub single_logout_uri: Option<&'a str>,
    /// Where they go by SOAP.
    pub single_logout_soap_uri: Option<&'a str>,
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
    /// The certificates of the keys to encrypt to, during a change both of them; none asks for no encryption.
    pub encryption_certificates: &'a [&'a Certificate],
    /// Responses may come by HTTP-Artifact too.
    pub artifact_accepted: bool,
    /// AES-CBC is accepted too, which some identity providers cannot do without.
    pub aes_cbc_accepted: bool,
    /// Where discovery services return to; `None` for none.
    pub discovery_response_uri: Option<&'a str>,
    /// What it says for people, and which attributes it asks for.
    pub description: &'a Description,
}

/// What may be encrypted with, best first (metadata 2.4.1.1).
const ENCRYPTION_METHODS: [&str; 4] = [
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2009/xmlenc11#rsa-oaep",
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
];
const CBC_METHODS: [&str; 2] =
    ["http://www.w3.org/2001/04/xmlenc#aes256-cbc", "http://www.w3.org/2001/04/xmlenc#aes128-cbc"];

/// Renders the `EntityDescriptor`. Neither signed nor limited in time: it is fetched over our own https address.
#[must_use]
pub fn render(sp: &SpDescription<'_>) -> String {
    render_as(sp, None)
}

/// The same with an enveloped signature (metadata 3) for those who get it by another way. The `ID` follows from what it
/// says, so that the document changes only when that does.
///
/// # Errors
/// [`SignatureError`] when key and scheme do not fit or the provider fails.
pub fn render_signed(
    sp: &SpDescription<'_>,
    signer: &Signer,
    crypto: &dyn CryptoProvider,
) -> Result<String, SignatureError> {
    let mut id = String::from("_");
    // 128 bits, as every ID of ours has.
    for byte in DigestAlgorithm::Sha256.digest(render(sp).as_bytes()).iter().take(16) {
        id.push_str(&format!("{byte:02x}"));
    }
    signer.sign(&render_as(sp, Some(&id)), crypto)
}

fn render_as(sp: &SpDescription<'_>, id: Option<&str>) -> String {
    let truth = |value: bool| if value { "true" } else { "false" };
    let mut xml = Writer::new();
    xml.open("md:EntityDescriptor").attribute("xmlns:md", names::METADATA).attribute("xmlns:ds", names::DSIG);
    if let Some(id) = id {
        xml.attribute("ID", id);
    }
    xml.attribute("entityID", sp.entity_id);
    xml.open("md:SPSSODescriptor").attribute("AuthnRequestsSigned", truth(sp.authn_requests_signed));
    if sp.want_assertions_signed {
        xml.attribute("WantAssertionsSigned", "true");
    }
    // Absent means false (metadata 2.4.4), but where it says so SimpleSAMLphp stops signing assertions altogether.
    xml.attribute("protocolSupportEnumeration", names::PROTOCOL);
    extensions(&mut xml, sp);
    for certificate in sp.signing_certificates {
        key_descriptor(&mut xml, "signing", certificate).close();
    }
    for certificate in sp.encryption_certificates {
        key_descriptor(&mut xml, "encryption", certificate);
        let cbc = CBC_METHODS.iter().filter(|_| sp.aes_cbc_accepted);
        for method in ENCRYPTION_METHODS.iter().chain(cbc) {
            xml.open("md:EncryptionMethod").attribute("Algorithm", method).close();
        }
        xml.close();
    }
    // metadata 2.4.2: before the formats; the first is what most identity providers take.
    let browser = sp.single_logout_uri.into_iter();
    let endpoints = sp
        .single_logout_soap_uri
        .map(|uri| (names::BINDING_SOAP, uri))
        .into_iter()
        .chain(browser.clone().map(|uri| (names::BINDING_REDIRECT, uri)))
        .chain(browser.map(|uri| (names::BINDING_POST, uri)));
    for (binding, location) in endpoints {
        xml.open("md:SingleLogoutService")
            .attribute("Binding", binding)
            .attribute("Location", location)
            .close();
    }
    if let Some(format) = sp.name_id_format {
        xml.element("md:NameIDFormat", format);
    }
    xml.open("md:AssertionConsumerService")
        .attribute("Binding", names::BINDING_POST)
        .attribute("Location", sp.assertion_consumer_service_uri)
        .attribute("index", "0")
        .attribute("isDefault", "true")
        .close();
    if sp.artifact_accepted {
        xml.open("md:AssertionConsumerService")
            .attribute("Binding", names::BINDING_ARTIFACT)
            .attribute("Location", sp.assertion_consumer_service_uri)
            .attribute("index", "1")
            .close();
    }
    requested_attributes(&mut xml, sp.description);
    xml.close();
    organization(&mut xml, sp.description);
    for contact in &sp.description.contacts {
        contact_person(&mut xml, contact);
    }
    xml.finish()
}

/// The extensions of the role (metadata 2.4.1).
fn extensions(xml: &mut Writer, sp: &SpDescription<'_>) {
    let (said, discovery) = (sp.description, sp.discovery_response_uri);
    let speaks = !said.user_interface.is_empty() || !said.logos.is_empty();
    if !speaks && discovery.is_none() {
        return;
    }
    xml.open("md:Extensions");
    if speaks {
        user_interface(xml, said);
    }
    // Identity Provider Discovery Service Protocol 2.5.
    if let Some(uri) = discovery {
        xml.open("idpdisc:DiscoveryResponse")
            .attribute("xmlns:idpdisc", names::DISCOVERY)
            .attribute("Binding", names::DISCOVERY)
            .attribute("Location", uri)
            .attribute("index", "0")
            .attribute("isDefault", "true")
            .close();
    }
    xml.close();
}

/// Metadata UI 2.1.
fn user_interface(xml: &mut Writer, said: &Description) {
    xml.open("mdui:UIInfo").attribute("xmlns:mdui", names::METADATA_UI);
    for words in &said.user_interface {
        localized(xml, "mdui:DisplayName", &words.language, Some(&words.display_name));
        localized(xml, "mdui:Description", &words.language, words.description.as_ref());
        localized(xml, "mdui:InformationURL", &words.language, words.information_uri.as_ref());
        localized(xml, "mdui:PrivacyStatementURL", &words.language, words.privacy_statement_uri.as_ref());
    }
    for logo in &said.logos {
        xml.open("mdui:Logo")
            .attribute("height", &logo.height.to_string())
            .attribute("width", &logo.width.to_string());
        if let Some(language) = &logo.language {
            xml.attribute("xml:lang", language);
        }
        xml.text(&logo.uri).close();
    }
    xml.close();
}

/// Metadata 2.4.4.1: `AttributeConsumingService`, which needs a name for people.
fn requested_attributes(xml: &mut Writer, said: &Description) {
    if said.requested_attributes.is_empty() {
        return;
    }
    xml.open("md:AttributeConsumingService").attribute("index", "0").attribute("isDefault", "true");
    for words in &said.user_interface {
        localized(xml, "md:ServiceName", &words.language, Some(&words.display_name));
    }
    for attribute in &said.requested_attributes {
        requested_attribute(xml, attribute);
    }
    xml.close();
}

/// Metadata 2.4.4.2.
fn requested_attribute(xml: &mut Writer, attribute: &RequestedAttribute) {
    xml.open("md:RequestedAttribute").attribute("Name", &attribute.name);
    if let Some(format) = &attribute.name_format {
        xml.attribute("NameFormat", format);
    }
    if let Some(name) = &attribute.friendly_name {
        xml.attribute("FriendlyName", name);
    }
    if attribute.required {
        xml.attribute("isRequired", "true");
    }
    xml.close();
}

/// Metadata 2.3.2.1: all names, then all display names, then all addresses.
fn organization(xml: &mut Writer, said: &Description) {
    if said.organization.is_empty() {
        return;
    }
    xml.open("md:Organization");
    for words in &said.organization {
        localized(xml, "md:OrganizationName", &words.language, Some(&words.name));
    }
    for words in &said.organization {
        localized(xml, "md:OrganizationDisplayName", &words.language, Some(&words.display_name));
    }
    for words in &said.organization {
        localized(xml, "md:OrganizationURL", &words.language, Some(&words.uri));
    }
    xml.close();
}

/// Metadata 2.3.2.2.
fn contact_person(xml: &mut Writer, contact: &Contact) {
    xml.open("md:ContactPerson").attribute("contactType", contact.kind.as_str());
    for (name, text) in [
        ("md:Company", &contact.company),
        ("md:GivenName", &contact.given_name),
        ("md:SurName", &contact.surname),
    ] {
        if let Some(text) = text {
            xml.element(name, text);
        }
    }
    for address in &contact.email_addresses {
        // A URI (metadata 2.3.2.2, erratum E61), though people write it without its scheme.
        xml.element("md:EmailAddress", &format!("mailto:{address}"));
    }
    for number in &contact.telephone_numbers {
        xml.element("md:TelephoneNumber", number);
    }
    xml.close();
}

/// A text with its language (metadata 2.2.4, 2.2.5).
fn localized(xml: &mut Writer, name: &'static str, language: &str, text: Option<&String>) {
    if let Some(text) = text {
        xml.open(name).attribute("xml:lang", language).text(text).close();
    }
}

/// Opens a `KeyDescriptor` (metadata 2.4.1.1) and writes its `KeyInfo`.
fn key_descriptor<'a>(xml: &'a mut Writer, role: &str, certificate: &Certificate) -> &'a mut Writer {
    xml.open("md:KeyDescriptor").attribute("use", role).open("ds:KeyInfo").open("ds:X509Data");
    xml.element("ds:X509Certificate", &base64::encode(certificate.der())).close().close()
}
