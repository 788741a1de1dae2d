//! What we sign, before other judges: xmlsec1 for documents, openssl for the query of the Redirect binding.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samlgate::base::{Pii, UnixTime};
use samlgate::effect::SignatureScheme;
use samlgate::saml::Signer;
use samlgate::saml::bindings::redirect;
use samlgate::saml::metadata::description::Description;
use samlgate::saml::metadata::sp::{self, SpDescription};
use samlgate::saml::protocol::{
    AuthnContextComparison, AuthnRequest, LogoutReason, LogoutRequest, LogoutSubject, NameIdPolicy,
    RequestId, RequestedAuthnContext, ResponseBinding,
};
use samlgate::xmlsec::RustCrypto;
use testbed::idp::TestKey;

use crate::support::{scratch, tool};

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";

fn authn_request() -> AuthnRequest {
    AuthnRequest {
        id: RequestId::parse("_00112233445566778899aabbccddeeff").unwrap(),
        issue_instant: UnixTime::from_secs(1_767_323_045),
        destination: String::from("https://idp.example.com/sso?a=1&b=2"),
        assertion_consumer_service_uri: String::from("https://jira.example.com/saml/acs"),
        response_binding: ResponseBinding::Post,
        issuer: String::from("https://jira.example.com/<saml>?\"a\"&'b'"),
        name_id_policy: Some(NameIdPolicy {
            format: String::from("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
            allow_create: true,
            sp_name_qualifier: Some(String::from("https://federation.example.com/<group>")),
        }),
        force_authn: true,
        is_passive: true,
        requested_authn_context: Some(RequestedAuthnContext {
            comparison: AuthnContextComparison::Minimum,
            class_refs: vec![String::from(
                "urn:oasis:names:tc:SAML:2.0:ac:classes:&<PasswordProtectedTransport>",
            )],
        }),
    }
}

fn logout_request() -> LogoutRequest {
    LogoutRequest {
        id: RequestId::parse("_ffeeddccbbaa99887766554433221100").unwrap(),
        issue_instant: UnixTime::from_secs(1_767_323_045),
        destination: String::from("https://idp.example.com/slo"),
        not_on_or_after: UnixTime::from_secs(1_767_323_345),
        reason: Some(LogoutReason::User),
        issuer: String::from("https://jira.example.com/saml/metadata"),
        subject: LogoutSubject {
            value: Pii::new(String::from("S\u{f6}hne & <\u{1f600}>\r\n\t\"ops\"")),
            format: Some(String::from("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")),
            name_qualifier: Some(String::from("https://idp.example.com/?a=1&b=\"2\"")),
            sp_name_qualifier: None,
            sp_provided_id: Some(Pii::new(String::from("a\tb"))),
        },
        session_indexes: vec![String::from("_1"), String::from("<2>")],
    }
}

fn metadata(signer: &Signer) -> String {
    let description = SpDescription {
        entity_id: "https://jira.example.com/saml/metadata?a&b",
        single_logout_uri: None,
        single_logout_soap_uri: None,
        assertion_consumer_service_uri: "https://jira.example.com/saml/acs",
        name_id_format: Some("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
        authn_requests_signed: true,
        want_assertions_signed: true,
        signing_certificates: &[&signer.certificate],
        encryption_certificates: &[&signer.certificate],
        description: &Description::default(),
        artifact_accepted: false,
        aes_cbc_accepted: true,
        discovery_response_uri: None,
    };
    sp::render_signed(&description, signer, &RustCrypto).unwrap()
}

/// Every key with every scheme that we can be configured to sign with.
fn signers() -> Vec<(String, TestKey, Signer)> {
    let mut signers = Vec::new();
    for key in TestKey::IDP {
        let signing_key = key.signing_key().unwrap();
        for scheme in SignatureScheme::ALL {
            if scheme != SignatureScheme::RsaSha1 && scheme.takes(signing_key.kind()) {
                let signer =
                    Signer { scheme, key: signing_key.clone(), certificate: key.certificate().unwrap() };
                signers.push((format!("{key:?}-{scheme:?}"), key, signer));
            }
        }
    }
    assert_eq!(signers.len(), 3 + 3 * 3);
    signers
}

/// Asks xmlsec1 about the signature of the root `root` of `document`, with this key and no other.
pub fn xmlsec1(document: &Path, certificate: &Path, root: &str) -> Output {
    Command::new(tool("XMLSEC1", &["/usr/bin/xmlsec1"]))
        // Otherwise xmlsec1 would look into KeyInfo.
        .args(["--verify", "--enabled-key-data", "key-name", "--pubkey-cert-pem"])
        .arg(certificate)
        .args(["--id-attr:ID", root])
        .arg(document)
        .output()
        .unwrap()
}

fn write(folder: &Path, name: &str, octets: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, octets).unwrap();
    path
}

#[test]
fn xmlsec1_verifies_requests_and_metadata_that_we_sign() {
    let folder = scratch("ours-xmlsec1");
    let mut verified = 0;
    for (name, key, signer) in signers() {
        let certificate = write(&folder, &format!("{name}.crt.pem"), key.certificate_pem());
        let stranger = write(&folder, "stranger.crt.pem", TestKey::Stranger.certificate_pem());
        let documents = [
            ("AuthnRequest", PROTOCOL, authn_request().render_signed(&signer, &RustCrypto).unwrap()),
            ("LogoutRequest", PROTOCOL, logout_request().render_signed(&signer, &RustCrypto).unwrap()),
            ("EntityDescriptor", METADATA, metadata(&signer)),
        ];
        for (kind, namespace, xml) in documents {
            let root = format!("{namespace}:{kind}");
            let file = write(&folder, &format!("{name}-{kind}.xml"), &xml);
            let said = xmlsec1(&file, &certificate, &root);
            let text = String::from_utf8_lossy(&said.stderr);
            assert!(said.status.success() && text.contains("OK"), "{name} {kind}: {text}\n{xml}");
            verified += 1;
            // The judge must be able to say no.
            let changed = xml.replacen("jira.example.com", "jira.example.org", 1);
            let file = write(&folder, &format!("{name}-{kind}-changed.xml"), changed);
            assert!(!xmlsec1(&file, &certificate, &root).status.success(), "{name} {kind} changed");
            let file = folder.join(format!("{name}-{kind}.xml"));
            assert!(!xmlsec1(&file, &stranger, &root).status.success(), "{name} {kind} by a stranger");
        }
    }
    assert_eq!(verified, 36);
}

/// `r || s` (RFC 4050 3.3) as the ASN.1 that openssl reads.
fn to_asn1(raw: &[u8]) -> Vec<u8> {
    let integer = |half: &[u8]| {
        let digits: Vec<u8> = half.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = if digits.first().is_none_or(|first| *first >= 0x80) { vec![0] } else { vec![] };
        let value = [sign, digits].concat();
        [vec![2, u8::try_from(value.len()).unwrap()], value].concat()
    };
    let (r, s) = raw.split_at(raw.len() / 2);
    let body = [integer(r), integer(s)].concat();
    let length = u8::try_from(body.len()).unwrap();
    let header = if length < 0x80 { vec![0x30, length] } else { vec![0x30, 0x81, length] };
    [header, body].concat()
}

#[test]
fn openssl_verifies_redirects_that_we_sign() {
    let folder = scratch("ours-openssl");
    let mut verified = 0;
    for (name, key, signer) in signers() {
        let certificate = write(&folder, &format!("{name}.crt.pem"), key.certificate_pem());
        let public = Command::new("openssl")
            .args(["x509", "-pubkey", "-noout", "-in"])
            .arg(&certificate)
            .output()
            .unwrap();
        let public = write(&folder, "public.pem", public.stdout);
        let hash = match signer.scheme {
            SignatureScheme::RsaSha256 | SignatureScheme::EcdsaSha256 => "-sha256",
            SignatureScheme::RsaSha384 | SignatureScheme::EcdsaSha384 => "-sha384",
            _ => "-sha512",
        };
        for (xml, relay_state) in [(authn_request().render(), "to&ken+/="), (logout_request().render(), "")] {
            let url = redirect::request_url(
                "https://idp.example.com/s?own=1",
                &xml,
                relay_state,
                Some(&signer),
                &RustCrypto,
            )
            .unwrap();
            let (_, query) = url.split_once("?own=1&").unwrap();
            let (signed, value) = query.split_once("&Signature=").unwrap();
            let value = value.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
            let value = STANDARD.decode(value).unwrap();
            let value = if name.starts_with("Rsa") { value } else { to_asn1(&value) };
            let value = write(&folder, "signature", value);
            let check = |octets: &str| {
                let file = write(&folder, "signed", octets);
                Command::new("openssl")
                    .args(["dgst", hash, "-verify"])
                    .arg(&public)
                    .arg("-signature")
                    .arg(&value)
                    .arg(file)
                    .output()
                    .unwrap()
            };
            let said = check(signed);
            assert!(said.status.success(), "{name}: {}", String::from_utf8_lossy(&said.stderr));
            assert!(!check(&format!("{signed}&")).status.success(), "{name}: openssl takes anything");
            verified += 1;
        }
    }
    assert_eq!(verified, 24);
}
