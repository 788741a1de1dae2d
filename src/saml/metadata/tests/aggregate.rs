//! What federations publish: signed aggregates, further services, names, and how long it all lasts.

use core::time::Duration;

use super::*;
use crate::saml::metadata::idp::{Endpoint, IndexedEndpoint, MetadataSigner};

const SECOND_KEY: &str = include_str!("../../../../tests/keys/rsa2048_second.key.pem");
const FIRST_KEY: &str = include_str!("../../../../tests/keys/rsa2048.key.pem");
const SOAP: &str = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP";

fn with(content: &str) -> IdpMetadata {
    parse(&entity("idp", "", SAML2, &(good_content() + content))).unwrap()
}

#[test]
fn sign_out_goes_to_web_addresses_only_and_responses_may_go_elsewhere() {
    let slo = |binding: &str, rest: &str| format!("<md:SingleLogoutService Binding=\"{binding}\" {rest}/>");
    let idp = with(
        &[
            slo(SOAP, "Location=\"https://idp.example/soap\""),
            slo(names::BINDING_REDIRECT, "Location=\"https://idp.example/slo\""),
            slo(
                names::BINDING_POST,
                "Location=\"https://idp.example/slo\" ResponseLocation=\"https://idp.example/answer\"",
            ),
            slo(names::BINDING_POST, "Location=\"https://idp.example/second\" ResponseLocation=\"\""),
            slo(names::BINDING_POST, "Location=\"javascript:alert(1)\""),
            slo(
                names::BINDING_REDIRECT,
                "Location=\"https://idp.example/slo\" ResponseLocation=\"data:text/html,x\"",
            ),
            slo(names::BINDING_REDIRECT, ""),
        ]
        .concat(),
    );
    let endpoint = |binding, location: &str, response_location: Option<&str>| Endpoint {
        binding,
        location: location.to_owned(),
        response_location: response_location.map(str::to_owned),
    };
    assert_eq!(
        idp.single_logout,
        [
            endpoint(Binding::Redirect, "https://idp.example/slo", None),
            endpoint(Binding::Post, "https://idp.example/slo", Some("https://idp.example/answer")),
            endpoint(Binding::Post, "https://idp.example/second", None),
        ]
    );
    let answers: Vec<_> = idp.single_logout.iter().map(Endpoint::response_location).collect();
    assert_eq!(
        answers,
        ["https://idp.example/slo", "https://idp.example/answer", "https://idp.example/second"]
    );
    assert_eq!(idp.refused_locations, ["javascript:alert(1)", "data:text/html,x", ""]);
    assert_eq!(idp.single_sign_on.len(), 1, "sign-out is no sign-in");
    assert!(with(&slo(names::BINDING_POST, "").repeat(9)).refused_locations.len() < 9);
}

#[test]
fn artifacts_are_resolved_where_their_index_says_and_nowhere_else() {
    let ars = |index: &str, location: &str| {
        format!(
            "<md:ArtifactResolutionService Binding=\"{SOAP}\" index=\"{index}\" Location=\"{location}\"/>"
        )
    };
    let idp = with(
        &[
            ars("0", "https://idp.example/0"),
            ars(" 7 ", "https://idp.example/7"),
            ars("0", "https://evil.example/0"),
            ars("-1", "https://idp.example/a"),
            ars("65536", "https://idp.example/b"),
            ars("1", "http:idp.example"),
            ars("2", "https://idp.example/2").replace("SOAP", "PAOS"),
        ]
        .concat(),
    );
    let at = |index, location: &str| IndexedEndpoint { index, location: location.to_owned() };
    assert_eq!(idp.artifact_resolution, [at(0, "https://idp.example/0"), at(7, "https://idp.example/7")]);
    assert_eq!(idp.refused_locations.len(), 4, "{:?}", idp.refused_locations);
}

#[test]
fn the_name_is_the_english_one_of_the_role_else_of_the_organization() {
    let ui = |names: &[(&str, &str)]| {
        let names: String = names
            .iter()
            .map(|(lang, name)| format!("<u:DisplayName xml:lang=\"{lang}\">{name}</u:DisplayName>"))
            .collect();
        format!(
            "<md:Extensions><u:UIInfo xmlns:u=\"urn:oasis:names:tc:SAML:metadata:ui\">{names}\
             <u:Logo height=\"1\" width=\"1\">https://idp.example/logo</u:Logo></u:UIInfo></md:Extensions>"
        )
    };
    let long = "x".repeat(201);
    for (names, expected) in [
        (&[("de", "Beispiel"), ("en-GB", " Example\n\t Ltd &amp; Co ")][..], Some("Example Ltd & Co")),
        (&[("de", "Beispiel"), ("fr", "Exemple")], Some("Beispiel")),
        (&[("en", ""), ("de", "Beispiel")], Some("Beispiel")),
        (&[("en", &long), ("en", "Ex<!-- -->ample")], None),
        (&[("en", "Ex&#x85;ample"), ("en", "Ex<b/>ample")], None),
        (&[("england", "no language"), ("de", "Beispiel")], Some("no language")),
        (&[], None),
    ] {
        assert_eq!(with(&ui(names)).display_name.as_deref(), expected, "{names:?}");
    }
    let organization = |content: &str| {
        entity("idp", "", SAML2, content).replace(
            "</md:EntityDescriptor>",
            "<md:Organization><md:OrganizationName xml:lang=\"en\">x</md:OrganizationName>\
             <md:OrganizationDisplayName xml:lang=\"en\">Example</md:OrganizationDisplayName>\
             </md:Organization></md:EntityDescriptor>",
        )
    };
    let name = |xml: &str| parse(xml).unwrap().display_name;
    assert_eq!(name(&organization(&good_content())).as_deref(), Some("Example"));
    let both = organization(&(ui(&[("de", "Beispiel")]) + &good_content()));
    assert_eq!(name(&both).as_deref(), Some("Beispiel"));
}

#[test]
fn the_shortest_cache_duration_counts_and_one_that_cannot_be_read_is_none() {
    let role = format!("{SAML2} cacheDuration=\"PT6H\"");
    let inner = entity("idp", "cacheDuration=\"P1D\"", &role, &good_content());
    let group = format!(
        "<md:EntitiesDescriptor {NAMESPACE} cacheDuration=\"PT1H\"><md:EntitiesDescriptor cacheDuration=\"soon\">\
         {inner}</md:EntitiesDescriptor></md:EntitiesDescriptor>"
    );
    assert_eq!(parse(&group).unwrap().cache_duration, Some(Duration::from_secs(3_600)));
    assert_eq!(parse(&inner).unwrap().cache_duration, Some(Duration::from_secs(21_600)));
    assert_eq!(parse(&good("idp")).unwrap().cache_duration, None);
    assert_eq!(
        parse(&good("idp").replace("entityID", "cacheDuration=\"1\" entityID")).unwrap().cache_duration,
        None
    );
}

fn signed(xml: &str, key: &str, certificate: &str) -> String {
    let key = parse_signing_key(&Secret::new(key.to_owned())).unwrap();
    let certificate = Certificate::parse(certificate).unwrap();
    Signer { scheme: SignatureScheme::RsaSha256, key, certificate }.sign(xml, &RustCrypto).unwrap()
}

fn parse_signed(xml: &str, entity_id: Option<&str>) -> Result<IdpMetadata, MetadataError> {
    let keys = [Certificate::parse(RSA_SECOND).unwrap().key().clone()];
    let signer = MetadataSigner { keys: &keys, policy: &AlgorithmPolicy::STRONG };
    IdpMetadata::parse_signed(xml.as_bytes(), entity_id, signer, &RustCrypto, &Limits::DEFAULT)
}

#[test]
fn an_aggregate_signed_with_the_configured_key_is_read() {
    let single = good("idp").replace("entityID", "ID=\"_e\" entityID");
    let xml = signed(&single, SECOND_KEY, RSA_SECOND);
    assert_eq!(parse_signed(&xml, None).unwrap().entity_id, "idp");
    assert!(parse_signed(&format!("\u{feff}{xml}\n"), Some("idp")).is_ok());

    // The entities of an aggregate may be signed by whoever registered them: that is not ours to check.
    let inner = signed(&single, FIRST_KEY, RSA);
    let group = format!(
        "<md:EntitiesDescriptor {NAMESPACE} ID=\"_g\" validUntil=\"2026-01-02T00:00:00Z\">{inner}{}\
         </md:EntitiesDescriptor>",
        good("other")
    );
    let xml = signed(&group, SECOND_KEY, RSA_SECOND);
    let idp = parse_signed(&xml, Some("idp")).unwrap();
    assert_eq!((idp.entity_id.as_str(), idp.signing_keys.len()), ("idp", 1));
    assert_eq!(idp.valid_until, UnixTime::parse_xs_date_time("2026-01-02T00:00:00Z"));
    assert_eq!(parse_signed(&xml, Some("c")).unwrap_err().code(), Code::MetadataWithoutIdp);
}

#[test]
fn nobody_plants_a_key_in_signed_metadata() {
    let single = good("idp").replace("entityID", "ID=\"_e\" entityID");
    let genuine = signed(&single, SECOND_KEY, RSA_SECOND);
    let (start, rest) = genuine.split_once("<ds:Signature").unwrap();
    let (signature, rest) = rest.split_once("</ds:Signature>").unwrap();
    let signature = format!("<ds:Signature{signature}</ds:Signature>");
    let evil = entity("idp", "ID=\"_evil\"", SAML2, &(key(SIGNING, P256) + &good_content()));
    let wrap = |content: &str| {
        format!("<md:EntitiesDescriptor {NAMESPACE} ID=\"_g\">{content}</md:EntitiesDescriptor>")
    };
    let into_evil = evil.replacen("<md:IDPSSODescriptor", &format!("{signature}<md:IDPSSODescriptor"), 1);
    let unsigned = format!("{start}{rest}");
    for (xml, why) in [
        (single.clone(), "no signature"),
        (signed(&single, FIRST_KEY, RSA), "signed with another key, whose certificate it carries"),
        (signed(&single, FIRST_KEY, RSA_SECOND), "another key under the name of the right one"),
        (genuine.replace("https://idp.example/sso", "https://evil.example/sso"), "another address"),
        (
            genuine.replace("</md:IDPSSODescriptor>", &(key(SIGNING, P256) + "</md:IDPSSODescriptor>")),
            "a key",
        ),
        (genuine.replace("entityID=\"idp\"", "entityID=\"ipd\""), "another name"),
        (wrap(&genuine), "signed, but not the root"),
        (wrap(&(genuine.clone() + &evil)), "a neighbour of what is signed"),
        (wrap(&format!("{signature}{unsigned}{evil}")), "the signature of a child at the root"),
        (wrap(&format!("{signature}{evil}{unsigned}")).replace("\"_g\"", "\"_h\""), "moved up"),
        (into_evil.clone(), "the signature of another"),
        (into_evil.replace("_evil", "_e"), "the signature of another under the same ID"),
        (
            into_evil.replacen(
                "</ds:Signature>",
                &format!("<ds:Object>{unsigned}</ds:Object></ds:Signature>"),
                1,
            ),
            "what is signed inside the signature",
        ),
        (format!("{start}{signature}{signature}{rest}"), "two signatures"),
        (genuine.replace("URI=\"#_e\"", "URI=\"\""), "the whole document"),
        (genuine.replace("xmldsig-more#rsa-sha256", "xmldsig-more#hmac-sha256"), "the key as a secret"),
    ] {
        let error = parse_signed(&xml, None).expect_err(why);
        assert_eq!(error.code(), Code::MetadataSignatureInvalid, "{why}: {error}");
    }
    // What is not XML is not even looked at for a signature.
    for xml in ["", "<md:EntityDescriptor", "<!DOCTYPE x><x/>"] {
        assert_eq!(parse_signed(xml, None).unwrap_err().code(), Code::MetadataMalformed, "{xml}");
    }
    let sha1 = genuine.replace("xmldsig-more#rsa-sha256", "xmldsig-more#rsa-sha1");
    assert_eq!(parse_signed(&sha1, None).unwrap_err().code(), Code::MetadataSignatureInvalid);
}
