//! Metadata of identity providers as tables, and our own.

mod sp;

use super::MetadataError;
use super::description::Description;
use super::idp::{Binding, IdpMetadata};
use super::sp::{SpDescription, render, render_signed};
use crate::base::{Budget, Code, Limits, Secret, UnixTime};
use crate::effect::SignatureScheme;
use crate::saml::{Signer, names};
use crate::xml::Source;
use crate::xml::c14n::{Exclusive, canonicalize};
use crate::xmlsec::algorithm::AlgorithmPolicy;
use crate::xmlsec::key::{Certificate, parse_signing_key};
use crate::xmlsec::{RustCrypto, verify};

mod aggregate;

const RSA: &str = include_str!("../../../tests/keys/rsa2048.crt.pem");
const RSA_SECOND: &str = include_str!("../../../tests/keys/rsa2048_second.crt.pem");
const P256: &str = include_str!("../../../tests/keys/p256.crt.pem");
const WEAK: &str = include_str!("../../../tests/keys/rsa1024_weak.crt.pem");

/// The base64 of a PEM file, line breaks included, as metadata carries it.
fn body(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect::<Vec<_>>().join("\n        ")
}

fn key(usage: &str, pem: &str) -> String {
    format!(
        "<md:KeyDescriptor{usage}><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
         <ds:X509Certificate>\n{}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
        body(pem)
    )
}

fn service(binding: &str, location: &str) -> String {
    format!("<md:SingleSignOnService Binding=\"{binding}\" Location=\"{location}\"/>")
}

const NAMESPACE: &str = "xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\"";
const SIGNING: &str = " use=\"signing\"";

fn entity(entity_id: &str, attributes: &str, role: &str, content: &str) -> String {
    format!(
        "<md:EntityDescriptor {NAMESPACE} entityID=\"{entity_id}\" {attributes}>\
         <md:IDPSSODescriptor {role}>{content}</md:IDPSSODescriptor></md:EntityDescriptor>"
    )
}

const SAML2: &str = "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"";

fn good_content() -> String {
    key(SIGNING, RSA) + &service(names::BINDING_REDIRECT, "https://idp.example/sso")
}

fn good(entity_id: &str) -> String {
    entity(entity_id, "", SAML2, &good_content())
}

fn parse(xml: &str) -> Result<IdpMetadata, MetadataError> {
    IdpMetadata::parse(xml.as_bytes(), None, &Limits::DEFAULT)
}

#[test]
fn all_signing_keys_and_both_bindings_are_taken() {
    let content = [
        key("", RSA),
        key(" use=\"encryption\"", P256),
        key(SIGNING, RSA_SECOND),
        key(SIGNING, RSA),
        "<md:NameIDFormat>x</md:NameIDFormat>".to_owned(),
        service("urn:oasis:names:tc:SAML:2.0:bindings:SOAP", "javascript:alert(1)"),
        service(names::BINDING_POST, "https://idp.example/sso/post?tenant=1&amp;x=2"),
        service(names::BINDING_REDIRECT, "http://localhost:8080/sso"),
    ]
    .concat();
    let role = "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol\" WantAuthnRequestsSigned=\"true\"";
    let idp = parse(&entity("http://www.okta.com/exk", "", role, &content)).unwrap();
    assert_eq!(idp.entity_id, "http://www.okta.com/exk");
    assert_eq!(idp.signing_keys.len(), 2, "the same key twice is one key, one for encryption is none");
    assert!(idp.want_authn_requests_signed);
    assert_eq!(idp.endpoint(Binding::Redirect).unwrap().location, "http://localhost:8080/sso");
    assert_eq!(idp.endpoint(Binding::Post).unwrap().location, "https://idp.example/sso/post?tenant=1&x=2");
    assert_eq!(idp.valid_until, None);
}

#[test]
fn a_weak_key_is_left_out_and_alone_it_is_refused() {
    let endpoint = service(names::BINDING_REDIRECT, "https://idp.example/sso");
    let both =
        parse(&entity("idp", "", SAML2, &(key(SIGNING, WEAK) + &key(SIGNING, RSA) + &endpoint))).unwrap();
    assert_eq!((both.signing_keys.len(), both.refused_keys.len()), (1, 1));
    let weak = parse(&entity("idp", "", SAML2, &(key(SIGNING, WEAK) + &endpoint))).unwrap_err();
    assert_eq!(weak.code(), Code::KeyTooWeak, "{weak}");
    let rubble = key(SIGNING, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----");
    let rubble = parse(&entity("idp", "", SAML2, &(rubble + &endpoint))).unwrap_err();
    assert_eq!(rubble.code(), Code::CertificateMalformed, "{rubble}");
}

#[test]
fn each_key_can_be_tried_on_two_signatures_or_the_metadata_is_refused() {
    let limits = Limits { max_signature_checks: 4, ..Limits::LARGEST };
    let with = |keys: &[&str]| {
        let keys: String = keys.iter().map(|pem| key(SIGNING, pem)).collect();
        let content = format!("{keys}{}", service(names::BINDING_REDIRECT, "https://idp.example/sso"));
        let xml = entity("https://idp.example", "", SAML2, &content);
        IdpMetadata::parse(xml.as_bytes(), None, &limits).map(|idp| idp.signing_keys.len())
    };
    assert_eq!(with(&[RSA, RSA_SECOND, RSA]), Ok(2));
    let refused = with(&[RSA, RSA_SECOND, P256]).unwrap_err();
    assert_eq!(refused, MetadataError::TooManyKeys { presented: 3, limit: 2 });
    assert_eq!(refused.code().id(), "SG4035");
}

#[test]
fn an_entity_is_chosen_among_several_by_its_id_only() {
    let sp_only = format!(
        "<md:EntityDescriptor {NAMESPACE} entityID=\"sp\"><md:SPSSODescriptor {SAML2}/></md:EntityDescriptor>"
    );
    let group =
        |content: &str| format!("<md:EntitiesDescriptor {NAMESPACE}>{content}</md:EntitiesDescriptor>");
    let several = group(&[sp_only.clone(), good("a"), group(&good("b"))].concat());
    let chosen = |xml: &str, entity_id| IdpMetadata::parse(xml.as_bytes(), entity_id, &Limits::DEFAULT);
    assert_eq!(chosen(&several, Some("b")).unwrap().entity_id, "b");
    assert_eq!(chosen(&group(&(sp_only.clone() + &good("a"))), None).unwrap().entity_id, "a");
    for (xml, entity_id, why) in [
        (&several, None, "ambiguous"),
        (&several, Some("c"), "not there"),
        (&several, Some("sp"), "no identity provider"),
        (&good("a"), Some("b"), "another one"),
        (&group(&good("a").repeat(2)), Some("a"), "there twice"),
        (&sp_only, None, "no identity provider at all"),
        (&group(""), None, "nobody"),
        (
            &entity("a", "", "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol\"", ""),
            None,
            "SAML 1.1",
        ),
        (&entity("a", "", "", ""), None, "no protocol"),
    ] {
        let error = chosen(xml, entity_id).unwrap_err();
        assert_eq!(error.code(), Code::MetadataWithoutIdp, "{why}: {error}");
    }
}

#[test]
fn sign_in_addresses_are_absolute_web_addresses() {
    let with = |location: &str| {
        let content = key(SIGNING, RSA) + &service(names::BINDING_POST, location);
        parse(&entity("idp", "", SAML2, &content)).map(|idp| idp.single_sign_on.len())
    };
    for location in ["https://idp.example", "http://127.0.0.1:8080/a?b=c", "https://[::1]/", "https://a/%20"]
    {
        assert!(with(location).is_ok(), "{location}");
    }
    for location in [
        "",
        "/sso",
        "//idp.example/sso",
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "https:/idp.example",
        "https://",
        "https:///sso",
        "https://:443/",
        "https://user@idp.example/",
        "https://idp.example/#x",
        "https://idp.example/a b",
        "https://idp.example\\@evil.example/",
        "https://idp.example/&#10;",
        "https://idp.example/&quot;&gt;",
        " https://idp.example/",
        "HTTPS://idp.example/",
        "https://idp.example/\u{fc}",
        "ftp://idp.example/",
    ] {
        assert_eq!(with(location).unwrap_err().code(), Code::MetadataWithoutEndpoint, "{location}");
    }
    let none = parse(&entity("idp", "", SAML2, &key(SIGNING, RSA))).unwrap_err();
    assert_eq!(none, MetadataError::EndpointMissing);
}

#[test]
fn the_earliest_end_of_validity_counts() {
    let content = good_content();
    let role = format!("{SAML2} validUntil=\"2026-01-03T00:00:00Z\"");
    let inner = entity("idp", "validUntil=\"2026-01-02T00:00:00Z\"", &role, &content);
    let xml = format!(
        "<md:EntitiesDescriptor {NAMESPACE} validUntil=\"2026-01-04T00:00:00Z\">{inner}</md:EntitiesDescriptor>"
    );
    let idp = parse(&xml).unwrap();
    let end = UnixTime::parse_xs_date_time("2026-01-02T00:00:00Z").unwrap();
    assert_eq!(idp.valid_until, Some(end));
    assert!(idp.check_validity(UnixTime::from_secs(end.as_secs() - 1)).is_ok());
    assert_eq!(idp.check_validity(end).unwrap_err().code(), Code::MetadataExpired);
    let wrong = parse(&entity("idp", "validUntil=\"tomorrow\"", SAML2, &content)).unwrap_err();
    assert_eq!(wrong.code(), Code::MetadataMalformed);
}

#[test]
fn what_is_no_metadata_is_refused_with_its_own_code() {
    let endpoint = service(names::BINDING_REDIRECT, "https://idp.example/sso");
    let no_id = good("x").replace("entityID=\"x\"", "");
    for (xml, code) in [
        ("", Code::MetadataMalformed),
        ("<html/>", Code::MetadataMalformed),
        ("<EntityDescriptor/>", Code::MetadataMalformed),
        ("<!DOCTYPE x><x/>", Code::MetadataMalformed),
        (&no_id, Code::MetadataMalformed),
        (&entity("idp", "", SAML2, &endpoint), Code::MetadataWithoutKey),
        (&entity("idp", "", SAML2, &(key(" use=\"encryption\"", RSA) + &endpoint)), Code::MetadataWithoutKey),
    ] {
        let error = parse(xml).unwrap_err();
        assert_eq!(error.code(), code, "{xml}: {error}");
    }
}

#[test]
fn a_byte_order_mark_as_ad_fs_writes_it_is_passed_over() {
    assert!(parse(&format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>{}\n", good("idp"))).is_ok());
}

static NOTHING: Description = Description {
    user_interface: Vec::new(),
    logos: Vec::new(),
    organization: Vec::new(),
    contacts: Vec::new(),
    requested_attributes: Vec::new(),
};

fn description() -> SpDescription<'static> {
    SpDescription {
        entity_id: "https://sp.example/saml?a&b",
        single_logout_uri: None,
        single_logout_soap_uri: None,
        assertion_consumer_service_uri: "https://jira.example/saml/acs",
        name_id_format: Some(names::FORMAT_UNSPECIFIED),
        authn_requests_signed: true,
        want_assertions_signed: false,
        signing_certificates: &[],
        encryption_certificates: &[],
        artifact_accepted: false,
        aes_cbc_accepted: false,
        discovery_response_uri: None,
        description: &NOTHING,
    }
}

#[test]
fn our_metadata_needs_no_identity_provider() {
    let certificate = Certificate::parse(RSA).unwrap();
    let certificates = [&certificate];
    let mut sp = SpDescription { signing_certificates: &certificates, ..description() };
    let xml = render(&sp);
    let source = Source::check(xml.as_bytes(), &Limits::DEFAULT).unwrap();
    let document = source.document().unwrap();
    let root = document.root();
    assert!(root.is(names::METADATA, "EntityDescriptor"));
    assert_eq!(root.attribute("entityID"), Some(sp.entity_id));
    let role = root.children().next().unwrap();
    assert_eq!(role.attribute("AuthnRequestsSigned"), Some("true"));
    assert_eq!(role.attribute("WantAssertionsSigned"), None);
    assert_eq!(role.attribute("protocolSupportEnumeration"), Some(names::PROTOCOL));
    // the order of the schema (metadata 2.4.1, 2.4.2, 2.4.4)
    let order: Vec<_> = role.children().map(|child| child.local_name()).collect();
    assert_eq!(order, ["KeyDescriptor", "NameIDFormat", "AssertionConsumerService"]);
    let acs = role.children().last().unwrap();
    assert_eq!(acs.attribute("Binding"), Some(names::BINDING_POST));
    assert_eq!(acs.attribute("Location"), Some(sp.assertion_consumer_service_uri));
    assert_eq!((acs.attribute("index"), acs.attribute("isDefault")), (Some("0"), Some("true")));

    let encrypted = SpDescription { encryption_certificates: &certificates, ..sp };
    let (encrypted, cbc) =
        (render(&encrypted), render(&SpDescription { aes_cbc_accepted: true, ..encrypted }));
    assert!(encrypted.contains("use=\"encryption\"") && encrypted.contains("#aes256-gcm"));
    assert!(!encrypted.contains("-cbc") && cbc.contains("#aes256-cbc") && cbc.contains("#aes256-gcm"));

    let logout = SpDescription {
        single_logout_uri: Some("https://jira.example/saml/slo"),
        single_logout_soap_uri: Some("https://jira.example/saml/slo/soap"),
        ..sp
    };
    let source = Source::check(render(&logout).as_bytes(), &Limits::DEFAULT).unwrap();
    let document = source.document().unwrap();
    let role = document.root().children().next().unwrap();
    let services: Vec<_> = role
        .children()
        .map(|child| (child.local_name(), child.attribute("Binding").and_then(|uri| uri.rsplit(':').next())))
        .collect();
    assert_eq!(
        services,
        [
            ("KeyDescriptor", None),
            ("SingleLogoutService", Some("SOAP")),
            ("SingleLogoutService", Some("HTTP-Redirect")),
            ("SingleLogoutService", Some("HTTP-POST")),
            ("NameIDFormat", None),
            ("AssertionConsumerService", Some("HTTP-POST")),
        ]
    );

    sp = SpDescription { name_id_format: None, signing_certificates: &[], ..sp };
    assert!(!render(&sp).contains("KeyDescriptor") && !render(&sp).contains("NameIDFormat"));
}

#[test]
fn our_signed_metadata_verifies_and_changes_only_with_what_it_says() {
    let pem = include_str!("../../../tests/keys/rsa2048.key.pem").to_owned();
    let certificate = Certificate::parse(RSA).unwrap();
    let signer = Signer {
        scheme: SignatureScheme::RsaSha256,
        key: parse_signing_key(&Secret::new(pem)).unwrap(),
        certificate: certificate.clone(),
    };
    let mut sp = description();
    let certificates = [&certificate];
    sp.signing_certificates = &certificates;
    let xml = render_signed(&sp, &signer, &RustCrypto).unwrap();
    assert_eq!(render_signed(&sp, &signer, &RustCrypto).unwrap(), xml);
    let source = Source::check(xml.as_bytes(), &Limits::DEFAULT).unwrap();
    let document = source.document().unwrap();
    // the order of the schema (metadata 2.3.2)
    let order: Vec<_> = document.root().children().map(|child| child.local_name()).collect();
    assert_eq!(order, ["Signature", "SPSSODescriptor"]);
    let keys = [certificate.key().clone()];
    let signed = verify(
        document.root(),
        &keys,
        &AlgorithmPolicy::STRONG,
        &RustCrypto,
        &Limits::DEFAULT,
        &mut Budget::new(1),
    );
    // Nothing but the ID is said beside what the unsigned one says.
    let id = document.root().attribute("ID").unwrap();
    assert_eq!(id.len(), 33);
    let unsigned = Source::check(render(&sp).as_bytes(), &Limits::DEFAULT).unwrap();
    let unsigned = unsigned.document().unwrap();
    let how = Exclusive::default();
    let said = String::from_utf8(canonicalize(unsigned.root(), &how).unwrap()).unwrap();
    assert_eq!(signed.unwrap().octets().replace(&format!(" ID=\"{id}\""), ""), said);

    sp.want_assertions_signed = true;
    assert!(!render_signed(&sp, &signer, &RustCrypto).unwrap().contains(id));
    let misfit = Signer { scheme: SignatureScheme::EcdsaSha256, ..signer };
    assert_eq!(render_signed(&sp, &misfit, &RustCrypto).unwrap_err().code(), Code::SigningFailed);
}
