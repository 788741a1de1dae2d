//! What the service behind us answered, as the client may see it.

use core::time::Duration;

use serde_json::{Value, json};

use super::{PassTurn, Settings, refused, unavailable};
use crate::base::{Code, Rejection};
use crate::http::{HttpResponse, Reply};
use crate::scim::Error;
use crate::scim::message::{self, Media};
use crate::scim::passing;

/// The longest wait that is handed on; nobody means more by it.
const MAX_RETRY_AFTER: u64 = 86_400;

/// What is known about the request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    /// A rule leads to the group of which the answer speaks, if it speaks of one.
    pub(super) known: bool,
    /// The client does not want the names of groups.
    pub(super) unnamed: bool,
}

pub(super) fn shown(response: &HttpResponse, asked: Asked, media: Media, settings: &Settings) -> PassTurn {
    let malformed =
        |detail: &str| unavailable(Rejection::new(Code::ScimServiceMalformed, detail), None, media);
    match response.status {
        // It is we who are not let in; the client's own token was right.
        401 | 403 => {
            let detail = format_args!("the service answered `{}`", response.status);
            unavailable(Rejection::new(Code::ScimServiceRefused, detail), None, media)
        }
        429 => {
            let code = Code::ScimServiceUnavailable;
            let retry_after = Some(retry_after(response).unwrap_or(super::RETRY_AFTER));
            let error = Error::Refused { status: 429, scim_type: None, code, retry_after };
            refused(error, media)
        }
        // What it does not do, it never does.
        501 => refused(Error::NotImplemented { what: "this" }, media),
        500.. => {
            let detail = format_args!("the service answered `{}`", response.status);
            let rejection = Rejection::new(Code::ScimServiceUnavailable, detail);
            unavailable(rejection, retry_after(response), media)
        }
        304 => end(message::not_modified(header(response, "etag").unwrap_or_default())),
        204 => end(message::no_content(header(response, "etag"))),
        200..=299 => match object(response) {
            Some(body) => done(response, body, asked, media, settings),
            None => malformed("an answer that is no JSON object"),
        },
        400..=499 => end(their_reason(response, media, settings)),
        _ => malformed("a redirect, or an answer that is none"),
    }
}

const fn end(reply: Reply) -> PassTurn {
    PassTurn::reply(reply)
}

fn done(
    response: &HttpResponse,
    mut body: Value,
    asked: Asked,
    media: Media,
    settings: &Settings,
) -> PassTurn {
    // Bulk requests do not pass.
    if let Some(bulk) = body.get_mut("bulk").and_then(Value::as_object_mut) {
        *bulk = serde_json::Map::from_iter([
            (String::from("supported"), json!(false)),
            (String::from("maxOperations"), json!(0)),
            (String::from("maxPayloadSize"), json!(0)),
        ]);
    }
    let is_group = passing::is_group(&body);
    let is_named = passing::name_of_group(&body).is_some();
    if asked.unnamed {
        passing::unname(&mut body, &settings.names.back());
    }
    let body = passing::shown(body, &settings.base_uri, &settings.names.back());
    // A group that was asked for by its id, and that no rule leads to, or nobody knows.
    if is_group && (is_named || !asked.known) && passing::name_of_group(&body).is_none() {
        return refused(passing::unmapped(), media);
    }
    let location =
        header(response, "location").and_then(|location| passing::moved(location, &settings.base_uri));
    end(message::resource(response.status, &body, header(response, "etag"), location.as_deref(), media))
}

/// The service's own reason, where it gave one as SCIM has it; its text is not ours, and is handed on as it is.
fn their_reason(response: &HttpResponse, media: Media, settings: &Settings) -> Reply {
    let given = object(response).filter(|body| body.get("status").is_some() && body.get("schemas").is_some());
    match given {
        Some(body) => {
            let body = passing::shown(body, &settings.base_uri, &settings.names.back());
            message::resource(response.status, &body, None, None, media)
        }
        None => {
            let code = match response.status {
                404 => Code::ScimNotFound,
                409 => Code::ScimUniqueness,
                412 => Code::ScimVersion,
                413 => Code::ScimTooLarge,
                _ => Code::ScimServiceMalformed,
            };
            let status = response.status;
            message::error(&Error::Refused { status, scim_type: None, code, retry_after: None }, media)
        }
    }
}

fn object(response: &HttpResponse) -> Option<Value> {
    serde_json::from_slice(&response.body).ok().filter(Value::is_object)
}

fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
}

/// RFC 9110 10.2.3, in seconds; dates are not read.
fn retry_after(response: &HttpResponse) -> Option<Duration> {
    let seconds: u64 = header(response, "retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(MAX_RETRY_AFTER)))
}
