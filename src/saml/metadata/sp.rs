//! Our own metadata (metadata 2.4.4), needed before any identity provider is configured.

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
    /// The certificate of the key to encrypt to; `None` asks for no encryption.
    pub encryption_certificate: Option<&'a Certificate>,
    /// AES-CBC is accepted too, which some identity providers cannot do without.
    pub aes_cbc_accepted: bool,
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
    for certificate in sp.signing_certificates {
        key_descriptor(&mut xml, "signing", certificate).close();
    }
    if let Some(certificate) = sp.encryption_certificate {
        key_descriptor(&mut xml, "encryption", certificate);
        let cbc = CBC_METHODS.iter().filter(|_| sp.aes_cbc_accepted);
        for method in ENCRYPTION_METHODS.iter().chain(cbc) {
            xml.open("md:EncryptionMethod").attribute("Algorithm", method).close();
        }
        xml.close();
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

/// Opens a `KeyDescriptor` (metadata 2.4.1.1) and writes its `KeyInfo`.
fn key_descriptor<'a>(xml: &'a mut Writer, role: &str, certificate: &Certificate) -> &'a mut Writer {
    xml.open("md:KeyDescriptor").attribute("use", role).open("ds:KeyInfo").open("ds:X509Data");
    xml.element("ds:X509Certificate", &base64::encode(certificate.der())).close().close()
}
