//! The host calls that are not methods of a context, each with its fault handled in one place.

use std::time::{Duration, SystemTime};

use proxy_wasm::hostcalls;
use proxy_wasm::types::{LogLevel, MapType};
use samlgate::base::{EntropyFailure, EntropySource, UnixTime};
use samlgate::effect::{Answer, SharedData, StoreFailure, Version};
use samlgate::http::Reply;

/// The queue between sign-ins and the background runner. Queues belong to a `vm_id`.
const QUEUE: &str = "samlgate.background";

/// How many messages wait in it.
const QUEUED: &str = "samlgate.background.queued";

/// Messages that may wait: the runner takes them out at once, so more than a few means that nobody reads them.
const MAX_QUEUED: u32 = 1_000;

/// Tries to change a counter that all workers change.
const MAX_SWAPS: u32 = 64;

/// Insert-if-absent: Envoy compares the token with that of the stored value, and no stored value has this one.
const ABSENT: u32 = 0xFFFF_FFFF;

/// WASI's `random_get` fails above 64 KiB in one call; nothing here asks for more than a few dozen bytes.
pub(crate) struct HostEntropy;

impl EntropySource for HostEntropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        getrandom::fill(out).map_err(|_| EntropyFailure)
    }
}

/// Envoy's clock.
pub(crate) fn system_time() -> SystemTime {
    hostcalls::get_current_time().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Envoy's clock in whole seconds. A host without a clock reads as 1970, where every assertion is not yet valid.
pub(crate) fn now() -> UnixTime {
    let seconds = system_time().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    UnixTime::from_secs(seconds)
}

/// Envoy's clock as a measure; a clock that was set back stands still.
pub(crate) fn uptime() -> Duration {
    system_time().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

pub(crate) fn log(level: LogLevel, line: &str) {
    // There is nowhere to report that a log line was refused.
    let _ = hostcalls::log(level, line);
}

/// Reads shared data, common to all workers of this Envoy.
pub(crate) fn load(key: &str) -> Answer {
    match hostcalls::get_shared_data(key) {
        Ok((Some(value), Some(token))) => {
            Answer::Loaded { value: Some(value), version: Version::Token(token) }
        }
        Ok((None, _)) => Answer::Loaded { value: None, version: Version::Absent },
        Ok((Some(_), None)) | Err(_) => Answer::StoreFailed,
    }
}

/// The same for what only has to be read.
pub(crate) struct SharedMemory;

impl SharedData for SharedMemory {
    fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        match hostcalls::get_shared_data(key) {
            Ok((None, None)) => Ok(None),
            Ok((value, _)) => Ok(Some(value.unwrap_or_default())),
            Err(_) => Err(StoreFailure),
        }
    }
}

/// Writes shared data if nobody wrote since it was read.
pub(crate) fn compare_and_swap(key: &str, expected: Version, value: &[u8]) -> Answer {
    let token = match expected {
        Version::Absent => ABSENT,
        // Envoy takes 0 for "overwrite whatever is there"; a loaded value never carries it.
        Version::Token(0) => return Answer::StoreFailed,
        Version::Token(token) => token,
    };
    match hostcalls::set_shared_data(key, Some(value), Some(token)) {
        Ok(()) => Answer::Swapped,
        Err(proxy_wasm::types::Status::CasMismatch) => Answer::Conflict,
        Err(_) => Answer::StoreFailed,
    }
}

/// Puts `message` into the queue, if somebody reads it and not too many wait.
pub(crate) fn enqueue(vm_id: &str, message: &[u8]) -> Answer {
    let Ok(Some(queue)) = hostcalls::resolve_shared_queue(vm_id, QUEUE) else { return Answer::QueueFull };
    if !count_queued(|queued| (queued < MAX_QUEUED).then(|| queued.saturating_add(1))) {
        return Answer::QueueFull;
    }
    match hostcalls::enqueue_shared_queue(queue, Some(message)) {
        Ok(()) => Answer::Queued,
        Err(_) => {
            count_queued(|queued| Some(queued.saturating_sub(1)));
            Answer::QueueFull
        }
    }
}

/// The queue, made if it is not there; messages that wait in it stay.
pub(crate) fn register_queue() -> Option<u32> {
    hostcalls::register_shared_queue(QUEUE).ok()
}

/// The message that has waited longest.
pub(crate) fn dequeue(queue: u32) -> Option<Vec<u8>> {
    let message = hostcalls::dequeue_shared_queue(queue).ok().flatten()?;
    count_queued(|queued| Some(queued.saturating_sub(1)));
    Some(message)
}

/// Changes the counter; false when it may not be changed, or could not.
fn count_queued(change: impl Fn(u32) -> Option<u32>) -> bool {
    for _ in 0..MAX_SWAPS {
        let Answer::Loaded { value, version } = load(QUEUED) else { return false };
        let queued = value.and_then(|value| Some(u32::from_le_bytes(value.try_into().ok()?)));
        let Some(changed) = change(queued.unwrap_or_default()) else { return false };
        match compare_and_swap(QUEUED, version, &changed.to_le_bytes()) {
            Answer::Swapped => return true,
            Answer::Conflict => {}
            _ => return false,
        }
    }
    false
}

/// A property of the plugin, such as its `root_id`.
pub(crate) fn property(name: &str) -> String {
    let value = hostcalls::get_property(vec![name]).ok().flatten();
    value.and_then(|value| String::from_utf8(value).ok()).unwrap_or_default()
}

/// The client of the request in hand, as Envoy's settings about forwarded addresses have it.
pub(crate) fn source_address() -> Option<String> {
    let value = hostcalls::get_property(vec!["source", "address"]).ok().flatten()?;
    String::from_utf8(value).ok()
}

/// Answers the request in hand.
pub(crate) fn send(reply: &Reply) {
    let headers = reply.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if let Err(status) = hostcalls::send_http_response(u32::from(reply.status), headers, Some(&reply.body)) {
        log(LogLevel::Error, &format!("samlgate: SG9011 host_call_failed: send_http_response: {status:?}"));
    }
}

/// Makes the code visible to the access log as filter state `wasm.samlgate_code`.
pub(crate) fn set_code(code: &str) {
    set_property("samlgate_code", code);
}

/// Sets filter state `wasm.NAME` of the request in hand.
pub(crate) fn set_property(name: &str, text: &str) -> bool {
    let outcome = hostcalls::set_property(vec![name], Some(text.as_bytes()));
    if let Err(status) = outcome {
        log(LogLevel::Debug, &format!("samlgate: set_property: {status:?}"));
    }
    outcome.is_ok()
}

/// The request's headers, pseudo-headers included, in one call.
pub(crate) fn request_headers() -> Option<Vec<(String, Vec<u8>)>> {
    hostcalls::get_map_bytes(MapType::HttpRequestHeaders).ok()
}
