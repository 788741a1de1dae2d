//! The identity provider's address for single logout.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::logout::LogoutMessage;
use super::request::{Binding, SignatureCheck};
use super::server::{SITE, Shared, cookie, entity_id, lock, pairs, refuse, value};
use crate::browser::escape;
use crate::page::page;

/// A message in the query.
pub(super) async fn redirect(
    State(desk): State<Shared>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let signature = super::signature::check_query(&query, lock(&desk).sp_certificate);
    take(&desk, &headers, &pairs(query.as_bytes()), Binding::Redirect, |_| signature)
}

/// A message in a form.
pub(super) async fn post(State(desk): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let trusted = lock(&desk).sp_certificate;
    let check = |xml: &str| super::signature::check_enveloped(xml, trusted);
    take(&desk, &headers, &pairs(&body), Binding::Post, check)
}

/// Takes a LogoutRequest and answers it by the same binding, or notes a LogoutResponse.
fn take(
    desk: &Shared,
    headers: &HeaderMap,
    pairs: &[(String, String)],
    binding: Binding,
    check: impl FnOnce(&str) -> SignatureCheck,
) -> Response {
    let decode = |name: &str| {
        let bytes = STANDARD.decode(value(pairs, name)?).ok()?;
        let bytes = match binding {
            Binding::Redirect => samlgate::encoding::inflate::inflate_raw(&bytes, 1 << 20).ok()?,
            Binding::Post => bytes,
        };
        String::from_utf8(bytes).ok()
    };
    let (request, response) = (decode("SAMLRequest"), decode("SAMLResponse"));
    let Some(xml) = request.as_ref().or(response.as_ref()) else { return refuse("there is no message") };
    let signature = check(xml);
    let (origin, acs, partly) = {
        let mut desk = lock(desk);
        desk.logouts.push((xml.clone(), signature));
        if signature != SignatureCheck::Good {
            return refuse("the signature of the message is wrong");
        }
        if let Some(session) = cookie(headers) {
            desk.sessions.retain(|(id, _)| id != session);
        }
        let acs = desk.requests.last().map(|request| request.acs.clone());
        (desk.origin.clone(), acs.unwrap_or_default(), desk.partial_logouts)
    };
    if request.is_none() {
        return page("You are signed out everywhere", SITE, "<p>Every application has answered.</p>");
    }
    let id = xml.split_once(" ID=\"").and_then(|(_, rest)| rest.split_once('"')).map_or("", |(id, _)| id);
    let there = acs.replace("/saml/acs", "/saml/slo");
    let answer = LogoutMessage {
        nested_status: partly.then_some("urn:oasis:names:tc:SAML:2.0:status:PartialLogout"),
        ..LogoutMessage::response(&entity_id(&origin), &there, id)
    };
    let relay_state = value(pairs, "RelayState").unwrap_or_default();
    let answer = match binding {
        Binding::Redirect => answer.url(&there, relay_state).map(|url| {
            let mut response = StatusCode::FOUND.into_response();
            if let Ok(location) = HeaderValue::from_str(&url) {
                response.headers_mut().insert(header::LOCATION, location);
            }
            response
        }),
        Binding::Post => answer.signed_xml().map(|xml| {
            page(
                "You are signed out",
                SITE,
                &format!(
                    concat!(
                        "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"SAMLResponse\" ",
                        "value=\"{}\"><button type=\"submit\">Continue</button></form>",
                        "<script>document.forms[0].submit()</script>"
                    ),
                    escape(&there),
                    STANDARD.encode(xml)
                ),
            )
        }),
    };
    answer.unwrap_or_else(|error| refuse(&error.to_string()))
}
