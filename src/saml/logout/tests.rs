//! A logout message that is not signed by whom it names, for us, now, ends nobody's session.

use core::time::Duration;

use super::{LogoutTrust, UnverifiedLogout};
use crate::base::{ClockSkew, Code, Limits, Secret, UnixTime};
use crate::effect::{SignatureScheme, VerificationKey};
use crate::encoding::{base64, inflate, percent};
use crate::saml::Signer;
use crate::saml::bindings::{Inbound, MessageKind, post, redirect, soap};
use crate::saml::profiles::single_logout::{
    AcceptedLogout, Expectations, LogoutOutcome, accept_request, accept_response,
};
use crate::saml::protocol::RequestId;
use crate::xmlsec::RustCrypto;
use crate::xmlsec::algorithm::AlgorithmPolicy;
use crate::xmlsec::decrypt::Recipient;
use crate::xmlsec::key::{Certificate, parse_signing_key};

const NOW: UnixTime = UnixTime::from_secs(1_767_323_045);
const IDP: &str = "https://idp.example/metadata";
const HERE: &str = "https://jira.example/saml/slo";
const ASKED: &str = "_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

fn signer(key: &str, certificate: &str, scheme: SignatureScheme) -> Signer {
    Signer {
        scheme,
        key: parse_signing_key(&Secret::new(key.to_owned())).unwrap(),
        certificate: Certificate::parse(certificate).unwrap(),
    }
}

fn idp() -> Signer {
    signer(
        include_str!("../../../tests/keys/rsa2048.key.pem"),
        include_str!("../../../tests/keys/rsa2048.crt.pem"),
        SignatureScheme::RsaSha256,
    )
}

/// Somebody else's key.
fn stranger() -> Signer {
    signer(
        include_str!("../../../tests/keys/p256.key.pem"),
        include_str!("../../../tests/keys/p256.crt.pem"),
        SignatureScheme::EcdsaSha256,
    )
}

fn xml(kind: MessageKind) -> String {
    let name = if kind == MessageKind::Request { "LogoutRequest" } else { "LogoutResponse" };
    let about = match kind {
        MessageKind::Request => {
            "<saml:NameID>alice</saml:NameID><samlp:SessionIndex>_s1</samlp:SessionIndex>".to_owned()
        }
        MessageKind::Response => "<samlp:Status><samlp:StatusCode \
             Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>"
            .to_owned(),
    };
    let answers =
        if kind == MessageKind::Response { format!(" InResponseTo=\"{ASKED}\"") } else { String::new() };
    format!(
        "<samlp:{name} xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_m\" Version=\"2.0\" \
         IssueInstant=\"2026-01-02T03:04:05Z\" Destination=\"{HERE}\"{answers}>\
         <saml:Issuer>{IDP}</saml:Issuer>{about}</samlp:{name}>"
    )
}

fn request() -> String {
    xml(MessageKind::Request)
}

/// A query without the address.
fn query(kind: MessageKind, xml: &str, relay_state: &str, signer: Option<&Signer>) -> String {
    let url =
        redirect::message_url(kind, "https://x.example/", xml, relay_state, signer, &RustCrypto).unwrap();
    url.split_once('?').unwrap().1.to_owned()
}

fn form(kind: MessageKind, xml: &str) -> String {
    let fields = post::fields(kind, xml, "").unwrap();
    fields.iter().map(|(name, value)| format!("{name}={}", percent::query_component(value))).collect()
}

fn by_post(kind: MessageKind, xml: &str) -> Inbound {
    post::decode_either(FORM, form(kind, xml).as_bytes(), &Limits::DEFAULT).unwrap()
}

fn signed(xml: &str) -> String {
    idp().sign(xml, &RustCrypto).unwrap()
}

fn expectations() -> Expectations<'static> {
    Expectations {
        now: NOW,
        skew: ClockSkew::new(Duration::from_secs(60)).unwrap(),
        idp_entity_id: IDP,
        destination: HERE,
    }
}

fn with_keys<T>(
    inbound: Inbound,
    keys: &[VerificationKey],
    accept: impl FnOnce(super::VerifiedLogout) -> Result<T, Code>,
) -> Result<T, Code> {
    let unverified = UnverifiedLogout::read(inbound, &Limits::DEFAULT).map_err(|error| error.code())?;
    let verified = unverified
        .verify(&LogoutTrust {
            keys,
            algorithms: AlgorithmPolicy::STRONG,
            recipient: &Recipient::NOBODY,
            crypto: &RustCrypto,
            limits: &Limits::DEFAULT,
        })
        .map_err(|error| error.code())?;
    accept(verified)
}

fn accepted(inbound: Inbound, expected: &Expectations<'_>) -> Result<AcceptedLogout, Code> {
    with_keys(inbound, &[idp().certificate.key().clone()], |verified| {
        accept_request(verified, expected).map_err(|error| error.code())
    })
}

fn answered(inbound: Inbound) -> Result<LogoutOutcome, Code> {
    let asked = RequestId::parse(ASKED).unwrap();
    with_keys(inbound, &[idp().certificate.key().clone()], |verified| {
        accept_response(verified, &asked, &expectations()).map_err(|error| error.code())
    })
}

#[test]
fn a_signed_request_is_accepted_by_each_binding() {
    let in_query = query(MessageKind::Request, &request(), "state", Some(&idp()));
    let enveloped = signed(&request());
    let padded = format!("{in_query}&own=1&SAMLEncoding={}", percent::query_component(redirect_deflate()));
    for (what, inbound) in [
        ("redirect", redirect::decode(&in_query, &Limits::DEFAULT).unwrap()),
        ("redirect with more", redirect::decode(&padded, &Limits::DEFAULT).unwrap()),
        ("post", by_post(MessageKind::Request, &enveloped)),
        (
            "soap",
            soap::decode(
                Some("text/xml; charset=utf-8"),
                soap::envelope(&enveloped).into(),
                &Limits::DEFAULT,
            )
            .unwrap(),
        ),
    ] {
        let accepted = accepted(inbound, &expectations()).unwrap();
        assert_eq!(accepted.name_id().value().expose(), "alice", "{what}");
        assert_eq!((accepted.id(), accepted.issuer()), ("_m", IDP), "{what}");
        assert_eq!(accepted.session_indexes(), ["_s1"], "{what}");
        assert_eq!(accepted.issue_instant(), NOW, "{what}");
        assert!(!format!("{accepted:?}").contains("alice"), "nothing personal is printed");
    }
    let inbound = redirect::decode(&in_query, &Limits::DEFAULT).unwrap();
    assert_eq!((inbound.kind, inbound.relay_state.as_deref()), (MessageKind::Request, Some("state")));
}

const fn redirect_deflate() -> &'static str {
    "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
}

#[test]
fn the_query_is_verified_as_it_was_sent() {
    // Lower-case escapes and other spellings, as .NET writes them, signed as they stand.
    let message = base64::encode(&inflate::deflate_raw(request().as_bytes()));
    let escaped = percent::query_component(&message).replace("%2B", "%2b").replace("%2F", "%2f");
    let text = format!(
        "SAMLRequest={escaped}&RelayState=a%7eb&SigAlg={}",
        percent::query_component(SignatureScheme::RsaSha256.uri()).to_lowercase()
    );
    let signer = idp();
    let value =
        crate::xmlsec::sign::detached(signer.scheme, &signer.key, text.as_bytes(), &RustCrypto).unwrap();
    let signature = percent::query_component(&base64::encode(&value));
    let good = format!("{text}&Signature={signature}");
    assert!(accepted(redirect::decode(&good, &Limits::DEFAULT).unwrap(), &expectations()).is_ok());
    // The order in the address is the sender's; the order in what was signed is the binding's.
    let (message, rest) = text.split_once('&').unwrap();
    let mixed = format!("{rest}&Signature={signature}&{message}");
    assert!(accepted(redirect::decode(&mixed, &Limits::DEFAULT).unwrap(), &expectations()).is_ok());
    // Anything else in what was signed is another text.
    for (from, to) in [
        ("a%7eb", "a%7Eb"),
        ("a%7eb", "a~b"),
        ("&RelayState=a%7eb", ""),
        ("%7eb", "%7ec"),
        ("rsa-sha256", "rsa-sha512"),
    ] {
        let changed = good.replace(from, to);
        assert_ne!(changed, good);
        let found = redirect::decode(&changed, &Limits::DEFAULT)
            .map_err(|error| error.code())
            .and_then(|inbound| accepted(inbound, &expectations()));
        assert_eq!(found.unwrap_err(), Code::SignatureInvalid, "{from} {to}");
    }
    let more = good.replace("&SigAlg", "&RelayState=&SigAlg");
    assert_eq!(redirect::decode(&more, &Limits::DEFAULT).unwrap_err().code(), Code::ParameterRepeated);
}

#[test]
fn a_query_that_two_readers_could_read_differently_is_refused() {
    let good = query(MessageKind::Request, &request(), "state", Some(&idp()));
    let (_, message) = good.split('&').next().unwrap().split_once('=').unwrap();
    let bomb = base64::encode(&inflate::deflate_raw(&vec![b' '; 1 << 20]));
    for (query, code) in [
        (String::new(), Code::LogoutMessageMissing),
        ("RelayState=x".to_owned(), Code::LogoutMessageMissing),
        (format!("{good}&SAMLResponse=x"), Code::LogoutMessageMissing),
        (good.replace("SAMLRequest=", "SAMLResponse=&SAMLRequest="), Code::LogoutMessageMissing),
        (good.replace(message, ""), Code::LogoutMessageMissing),
        (format!("{good}&SAMLRequest={message}"), Code::ParameterRepeated),
        (format!("{good}&SAMLReque%73t={message}"), Code::ParameterRepeated),
        (good.replace("SAMLRequest", "SAMLReque%73t"), Code::FormMalformed),
        (good.replace("SigAlg", "Sig%41lg"), Code::FormMalformed),
        (format!("{good}&SigAlg=x"), Code::ParameterRepeated),
        (format!("{good}&Signature=x"), Code::ParameterRepeated),
        (format!("{good}&SAMLEncoding=urn:other"), Code::FormMalformed),
        (format!("{good}{}", "&x=1".repeat(16)), Code::FormMalformed),
        (format!("{good}&x=%zz"), Code::FormMalformed),
        (format!("{good}&x={}", "y".repeat(40_000)), Code::BodyTooLarge),
        (good.split("&SigAlg").next().unwrap().to_owned(), Code::SignatureMissing),
        (good.split("&Signature").next().unwrap().to_owned(), Code::SignatureMissing),
        (query(MessageKind::Request, &signed(&request()), "", None), Code::SignatureMissing),
        (good.replace(message, "%3D"), Code::Base64Malformed),
        (good.replace("=state", &format!("={}", "r".repeat(81))), Code::RelayStateMalformed),
        (
            format!("SAMLRequest={}&SigAlg=a&Signature=YQ%3D%3D", percent::query_component(&bomb)),
            Code::BodyTooLarge,
        ),
        ("SAMLRequest=YWJj&SigAlg=a&Signature=YQ%3D%3D".to_owned(), Code::Base64Malformed),
        ("SAMLRequest=YWJj&SigAlg=a&Signature=%25".to_owned(), Code::FormMalformed),
    ] {
        assert_eq!(
            redirect::decode(&query, &Limits::DEFAULT).map_err(|error| error.code()),
            Err(code),
            "{query}"
        );
    }
}

#[test]
fn nobody_elses_signature_will_do() {
    let request = request();
    let forged = stranger().sign(&request, &RustCrypto).unwrap();
    let as_rsa = Signer { certificate: idp().certificate, ..stranger() };
    let sha1 = query(MessageKind::Request, &request, "", Some(&idp()))
        .replace("2001%2F04%2Fxmldsig-more%23rsa-sha256", "2000%2F09%2Fxmldsig%23rsa-sha1");
    let hmac = query(MessageKind::Request, &request, "", Some(&idp()))
        .replace("2001%2F04%2Fxmldsig-more%23rsa-sha256", "2000%2F09%2Fxmldsig%23hmac-sha1");
    let other = query(MessageKind::Request, &request.replace("alice", "bob"), "", Some(&idp()));
    let transplanted =
        format!("{}&{}", query(MessageKind::Request, &request, "", None), other.split_once('&').unwrap().1);
    let decode = |query: &str| redirect::decode(query, &Limits::DEFAULT).unwrap();
    for (what, inbound, code) in [
        ("unsigned", by_post(MessageKind::Request, &request), Code::SignatureMissing),
        ("a stranger's", by_post(MessageKind::Request, &forged), Code::KeyUnsuitable),
        (
            "changed",
            by_post(MessageKind::Request, &signed(&request).replace("alice", "bob")),
            Code::DigestMismatch,
        ),
        (
            "more sessions",
            by_post(
                MessageKind::Request,
                &signed(&request).replace("<samlp:SessionIndex>_s1</samlp:SessionIndex>", ""),
            ),
            Code::DigestMismatch,
        ),
        (
            "a stranger's query",
            decode(&query(MessageKind::Request, &request, "", Some(&as_rsa))),
            Code::KeyUnsuitable,
        ),
        ("weak", decode(&sha1), Code::SignatureAlgorithmRefused),
        ("no key", decode(&hmac), Code::SignatureAlgorithmRefused),
        ("transplanted", decode(&transplanted), Code::SignatureInvalid),
        (
            "an unsigned request in an envelope",
            soap::decode(Some("text/xml"), soap::envelope(&request).into(), &Limits::DEFAULT).unwrap(),
            Code::SignatureMissing,
        ),
        (
            "a stranger's in an envelope",
            soap::decode(Some("text/xml"), soap::envelope(&forged).into(), &Limits::DEFAULT).unwrap(),
            Code::KeyUnsuitable,
        ),
    ] {
        assert_eq!(accepted(inbound, &expectations()).map(|_| ()), Err(code), "{what}");
    }
    // bindings 3.4.4.1: what is sent in a query carries no signature of its own, whatever it is worth.
    let both = query(MessageKind::Request, &signed(&request), "", Some(&idp()));
    assert_eq!(accepted(decode(&both), &expectations()).map(|_| ()), Err(Code::SchemaViolation));
}

#[test]
fn a_signature_covers_what_is_read() {
    let good = signed(&request());
    // The signed request is hidden beside or below one that says something else.
    let evil = good.replace("ID=\"_m\"", "ID=\"_evil\"").replace("<saml:NameID>alice", "<saml:NameID>bob");
    let (_, rest) = good.split_once("<ds:Signature").unwrap();
    let (inside, _) = rest.split_once("</ds:Signature>").unwrap();
    let signature = &format!("<ds:Signature{inside}</ds:Signature>");
    let below =
        evil.replace("<saml:NameID>", &format!("<samlp:Extensions>{good}</samlp:Extensions><saml:NameID>"));
    for (what, text) in [
        ("reference to another element", evil.clone()),
        ("hidden in extensions", below),
        ("two signatures", good.replace(signature.as_str(), &signature.repeat(2))),
        ("a comment in the name", good.replace("alice", "al<!---->ice")),
    ] {
        assert!(accepted(by_post(MessageKind::Request, &text), &expectations()).is_err(), "{what}");
    }
    let two = format!(
        "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>{evil}{good}</soap:Body></soap:Envelope>"
    );
    let soap = |text: String| soap::decode(Some("text/xml"), text.into(), &Limits::DEFAULT).unwrap();
    let one = soap::envelope(&good);
    for (what, text, code) in [
        ("two messages", two, Code::SoapEnvelopeMalformed),
        ("none", soap::envelope(""), Code::SoapEnvelopeMalformed),
        ("text beside", one.replace("<soap:Body>", "<soap:Body>x"), Code::SoapEnvelopeMalformed),
        ("not an envelope", good.clone(), Code::SoapEnvelopeMalformed),
        (
            "SOAP 1.2",
            one.replace(
                "http://schemas.xmlsoap.org/soap/envelope/",
                "http://www.w3.org/2003/05/soap-envelope",
            ),
            Code::SoapEnvelopeMalformed,
        ),
        (
            "a header that must be understood",
            one.replace(
                "<soap:Body>",
                "<soap:Header><x:y xmlns:x=\"urn:x\" soap:mustUnderstand=\"1\"/></soap:Header><soap:Body>",
            ),
            Code::SoapEnvelopeMalformed,
        ),
        ("two bodies", one.replace("</soap:Body>", "</soap:Body><soap:Body/>"), Code::SoapEnvelopeMalformed),
        (
            "a message of another kind",
            soap::envelope(&signed(&xml(MessageKind::Response))),
            Code::MessageUnexpected,
        ),
    ] {
        assert_eq!(accepted(soap(text), &expectations()).map(|_| ()), Err(code), "{what}");
    }
    let header = one.replace("<soap:Body>", "<soap:Header><x:y xmlns:x=\"urn:x\"/></soap:Header><soap:Body>");
    assert!(accepted(soap(header), &expectations()).is_ok());
    for content_type in [None, Some("application/soap+xml"), Some("application/x-www-form-urlencoded")] {
        let found = soap::decode(content_type, one.clone().into(), &Limits::DEFAULT);
        assert_eq!(found.map(|_| ()).map_err(|error| error.code()), Err(Code::ContentTypeUnexpected));
    }
    let empty = soap::decode(Some("text/xml"), Vec::new(), &Limits::DEFAULT);
    assert_eq!(empty.unwrap_err().code(), Code::BodyMissing);
}

#[test]
fn a_request_is_for_us_and_still_good() {
    for (what, from, to, code) in [
        ("for another service", HERE, "https://other.example/saml/slo", Code::DestinationMismatch),
        ("for nobody", " Destination=\"https://jira.example/saml/slo\"", "", Code::DestinationMismatch),
        ("of another address here", "/saml/slo", "/saml/acs", Code::DestinationMismatch),
        ("of another issuer", IDP, "https://other.example/metadata", Code::IssuerMismatch),
        ("of an odd issuer", "<saml:Issuer>", "<saml:Issuer Format=\"urn:x\">", Code::IssuerMismatch),
        (
            "without issuer",
            "<saml:Issuer>https://idp.example/metadata</saml:Issuer>",
            "",
            Code::SchemaViolation,
        ),
        ("old", "03:04:05Z", "02:53:04Z", Code::IssueInstantImplausible),
        ("of the future", "03:04:05Z", "03:05:06Z", Code::IssueInstantImplausible),
        ("without date", " IssueInstant=\"2026-01-02T03:04:05Z\"", "", Code::SchemaViolation),
        ("ended", "ID=\"_m\"", "ID=\"_m\" NotOnOrAfter=\"2026-01-02T03:03:05Z\"", Code::LogoutExpired),
        ("of another version", "Version=\"2.0\"", "Version=\"1.1\"", Code::VersionUnsupported),
        ("of nobody", "<saml:NameID>alice</saml:NameID>", "", Code::SchemaViolation),
        ("of an empty name", "alice", " ", Code::SchemaViolation),
        (
            "by another kind of name",
            "<saml:NameID>alice</saml:NameID>",
            "<saml:BaseID NameQualifier=\"x\"/>",
            Code::SchemaViolation,
        ),
        (
            "of two people",
            "<saml:NameID>alice</saml:NameID>",
            "<saml:NameID>alice</saml:NameID><saml:NameID>bob</saml:NameID>",
            Code::SchemaViolation,
        ),
        ("not a logout", "LogoutRequest", "ManageNameIDRequest", Code::MessageUnexpected),
        ("a response", "LogoutRequest", "LogoutResponse", Code::MessageUnexpected),
    ] {
        let changed = request().replace(from, to);
        assert_ne!(changed, request(), "{what}");
        let inbound = by_post(MessageKind::Request, &signed(&changed));
        assert_eq!(accepted(inbound, &expectations()).map(|_| ()), Err(code), "{what} by POST");
        let inbound = query(MessageKind::Request, &changed, "", Some(&idp()));
        let inbound = redirect::decode(&inbound, &Limits::DEFAULT).unwrap();
        assert_eq!(accepted(inbound, &expectations()).map(|_| ()), Err(code), "{what} by redirect");
    }
    for (from, to) in [
        ("03:04:05Z", "02:53:06Z"),
        ("03:04:05Z", "03:05:05Z"),
        ("ID=\"_m\"", "ID=\"_m\" NotOnOrAfter=\"2026-01-02T03:03:06Z\""),
        ("ID=\"_m\"", "ID=\"_m\" Reason=\"urn:oasis:names:tc:SAML:2.0:logout:user\""),
        ("<saml:Issuer>", "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">"),
        ("<samlp:SessionIndex>_s1</samlp:SessionIndex>", ""),
    ] {
        let inbound = by_post(MessageKind::Request, &signed(&request().replace(from, to)));
        assert!(accepted(inbound, &expectations()).is_ok(), "{to}");
    }
    let many = "<samlp:SessionIndex>_s1</samlp:SessionIndex>";
    for (number, ok) in [(64, true), (65, false)] {
        let text = request().replace(many, &many.repeat(number));
        assert_eq!(accepted(by_post(MessageKind::Request, &signed(&text)), &expectations()).is_ok(), ok);
    }
}

#[test]
fn a_response_answers_the_request_that_was_sent() {
    let response = xml(MessageKind::Response);
    assert!(answered(by_post(MessageKind::Response, &signed(&response))).unwrap().is_complete());
    let in_query = query(MessageKind::Response, &response, "", Some(&idp()));
    let outcome = answered(redirect::decode(&in_query, &Limits::DEFAULT).unwrap()).unwrap();
    assert_eq!(outcome.status().nested, None);
    for (what, from, to, code) in [
        ("another request", ASKED, "_f0f1f2f3f4f5f6f7f8f9fafbfcfdfefe", Code::InResponseToMismatch),
        ("no request", " InResponseTo=\"_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff\"", "", Code::UnsolicitedRefused),
        ("another address", HERE, "https://other.example/saml/slo", Code::DestinationMismatch),
        ("another issuer", IDP, "https://other.example/metadata", Code::IssuerMismatch),
        ("a request", "LogoutResponse", "LogoutRequest", Code::MessageUnexpected),
        ("no status", "samlp:Status>", "samlp:Extensions>", Code::SchemaViolation),
    ] {
        let found = answered(by_post(MessageKind::Response, &signed(&response.replace(from, to))));
        assert_eq!(found.map(|_| ()), Err(code), "{what}");
    }
    assert_eq!(answered(by_post(MessageKind::Response, &response)).map(|_| ()), Err(Code::SignatureMissing));
    for status in [
        "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"><samlp:StatusCode \
         Value=\"urn:oasis:names:tc:SAML:2.0:status:PartialLogout\"/></samlp:StatusCode>",
        "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"/>",
    ] {
        let text = response
            .replace("<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>", status);
        assert!(!answered(by_post(MessageKind::Response, &signed(&text))).unwrap().is_complete());
    }
}

#[test]
fn a_form_has_one_message() {
    let good = form(MessageKind::Request, &signed(&request()));
    for (body, code) in [
        (String::new(), Code::BodyMissing),
        ("RelayState=x".to_owned(), Code::LogoutMessageMissing),
        ("SAMLRequest=".to_owned(), Code::LogoutMessageMissing),
        (format!("{good}&SAMLResponse="), Code::LogoutMessageMissing),
        (format!("{good}&{good}"), Code::ParameterRepeated),
    ] {
        let found = post::decode_either(FORM, body.as_bytes(), &Limits::DEFAULT);
        assert_eq!(found.map(|_| ()).map_err(|error| error.code()), Err(code), "{body}");
    }
}
