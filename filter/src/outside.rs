//! Asks performed and tells told, for requests and for the background alike.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, LogLevel, MapType};
use samlgate::base::{Code, Severity};
use samlgate::effect::{Answer, Ask, AskId, CallFailure, Event, Tell};
use samlgate::http::{HttpCall, HttpResponse};

use crate::host;
use crate::root::Worker;

/// Bytes of a cluster's answer that are read. 1 MiB is Envoy's own default buffer; one more, so that who takes that much sees
/// that there was more.
const MAX_CALL_BODY: usize = 1024 * 1024 + 1;

/// Headers by which a call is found again beside the request that caused it: Envoy's own, W3C Trace Context, and B3.
const TRACE: [&str; 4] = ["x-request-id", "traceparent", "tracestate", "b3"];

/// Bytes of such a header; a `tracestate` has 512 at most (Trace Context 3.3.1.5).
const MAX_TRACE: usize = 512;

/// Those of the request in hand, as far as they are plain text.
pub(crate) fn trace() -> Vec<(&'static str, String)> {
    let text = |name| {
        let value = hostcalls::get_map_value_bytes(MapType::HttpRequestHeaders, name).ok().flatten()?;
        let plain = value.len() <= MAX_TRACE && value.iter().all(|byte| (0x20..=0x7e).contains(byte));
        String::from_utf8(value).ok().filter(|_| plain)
    };
    TRACE.into_iter().filter_map(|name| Some((name, text(name)?))).collect()
}

/// Sends `call`, with what finds it again, and notes Envoy's token in `calls`; `Some` when there will be no answer.
pub(crate) fn send(
    call: &HttpCall,
    trace: &[(&'static str, String)],
    id: AskId,
    calls: &mut Vec<(u32, AskId)>,
) -> Option<Answer> {
    let mut headers: Vec<(&str, &str)> =
        vec![(":method", call.method), (":path", &call.path), (":authority", &call.authority)];
    headers.extend(call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let said = |name: &str| call.headers.iter().any(|(have, _)| have == name);
    let trace = trace.iter().filter(|(name, _)| !said(name));
    headers.extend(trace.map(|(name, value)| (*name, value.as_str())));
    let body = (!call.body.is_empty()).then_some(call.body.as_slice());
    match hostcalls::dispatch_http_call(&call.cluster, headers, body, vec![], call.timeout) {
        Ok(token) => {
            calls.push((token, id));
            None
        }
        Err(status) => {
            host::log(
                LogLevel::Error,
                &format!(
                    "samlgate: SG9011 host_call_failed: dispatch_http_call to `{}`: {status:?}",
                    call.cluster
                ),
            );
            Some(Answer::HttpFailed(CallFailure::NotSent))
        }
    }
}

/// The answer that Envoy holds for the call in hand. A timeout or a reset arrives as a response without headers.
pub(crate) fn call_answer(headers: usize, body_size: usize) -> Answer {
    if headers == 0 {
        return Answer::HttpFailed(CallFailure::NoAnswer);
    }
    let headers = hostcalls::get_map_bytes(MapType::HttpCallResponseHeaders).unwrap_or_default();
    let status = headers
        .iter()
        .find(|(name, _)| name == ":status")
        .and_then(|(_, value)| core::str::from_utf8(value).ok()?.parse().ok())
        .unwrap_or_default();
    let headers = headers
        .into_iter()
        .filter_map(|(name, value)| Some((name, String::from_utf8(value).ok()?)))
        .collect();
    let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, body_size.min(MAX_CALL_BODY));
    Answer::HttpResponse(HttpResponse { status, headers, body: body.ok().flatten().unwrap_or_default() })
}

/// What is answered without waiting. Calls and bodies are not: whoever asks for one here gets none.
pub(crate) fn at_once(ask: Ask, worker: &Worker) -> Answer {
    match ask {
        Ask::RequestBody { .. } => Answer::RequestBodyTooLarge,
        Ask::HttpCall(_) => Answer::HttpFailed(CallFailure::NotSent),
        Ask::Load { key } => host::load(&key),
        Ask::CompareAndSwap { key, expected, value } => host::compare_and_swap(&key, expected, &value),
        Ask::SourceAddress => Answer::SourceAddress(host::source_address()),
        Ask::Enqueue { message } => host::enqueue(&worker.vm_id, &message),
    }
}

/// Log and statistics.
pub(crate) fn tell(tells: Vec<Tell>, worker: &Worker) {
    for tell in tells {
        match tell {
            Tell::Event(event) => host::log(level(&event), &line(&event)),
            Tell::Audit(event) => host::log(LogLevel::Info, &format!("samlgate-audit: {}", json(&event))),
            Tell::Called { target, request, result, took } => {
                worker.metrics.borrow_mut().called(target, request, result, took);
            }
            Tell::Gauge { name, value } => worker.metrics.borrow_mut().set(name, value),
            Tell::Count { outcome, code } => worker.metrics.borrow_mut().count(outcome, code),
        }
    }
}

fn level(event: &Event) -> LogLevel {
    match event.code.map(Code::severity) {
        None => LogLevel::Info,
        Some(Severity::Notice) => LogLevel::Debug,
        Some(Severity::Warning | Severity::Attack) => LogLevel::Warn,
        Some(Severity::Error) => LogLevel::Error,
    }
}

/// One line of JSON: the event's name, its code and its fields.
fn line(event: &Event) -> String {
    format!("samlgate: {}", json(event))
}

fn json(event: &Event) -> serde_json::Value {
    let mut object = serde_json::Map::new();
    object.insert(String::from("event"), event.name.into());
    if let Some(code) = event.code {
        object.insert(String::from("code"), code.id().into());
        object.insert(String::from("severity"), code.severity().as_str().into());
    }
    for (name, value) in &event.fields {
        object.insert((*name).to_owned(), value.as_str().into());
    }
    serde_json::Value::Object(object)
}
