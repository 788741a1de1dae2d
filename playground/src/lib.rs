//! The core in a browser, for a person who wants to know why.
//!
//! JSON goes in and JSON comes out; the page in `web/` does the rest. What is decided here is decided by the same core
//! that the filter runs. Nothing is read from the surroundings: the time comes in as an argument.

mod check;
mod explain;

use std::collections::BTreeMap;

use samlgate::base::UnixTime;
use serde::Deserialize;
use serde_json::Value;
use wasm_bindgen::prelude::wasm_bindgen;

/// The version of the core.
#[must_use]
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// The JSON Schema of the configuration.
#[must_use]
#[wasm_bindgen]
pub fn schema() -> String {
    samlgate::config::schema::json()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckInput {
    /// YAML or JSON.
    configuration: String,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    /// Seconds since 1970.
    now: u64,
}

/// What is wrong with a configuration: `{configuration, environment, now}` to `{ok, findings, variables}`.
#[must_use]
#[wasm_bindgen]
pub fn check(input: &str) -> String {
    answer(input, |input: CheckInput| {
        check::check(&input.configuration, &input.environment, UnixTime::from_secs(input.now))
    })
}

/// What would become of a sign-in: the fields of `explain::Input` to the core's report, or to `{findings}` where the
/// configuration cannot be used.
#[must_use]
#[wasm_bindgen]
pub fn explain(input: &str) -> String {
    answer(input, |input: explain::Input| {
        let loaded = check::load(&input.configuration, &input.environment, UnixTime::from_secs(input.now));
        match &loaded {
            Ok((settings, _)) => serde_json::to_value(explain::report(&input, settings)).unwrap_or_default(),
            Err(_) => serde_json::json!({ "findings": check::findings(&input.configuration, &loaded) }),
        }
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedactInput {
    trace: Value,
    #[serde(default)]
    keep_groups: bool,
}

/// A trace that can be shown to others: `{trace, keep_groups}` to the trace without personal data.
#[must_use]
#[wasm_bindgen]
pub fn redact(input: &str) -> String {
    answer(input, |input: RedactInput| {
        let mut trace = input.trace;
        let configuration = trace.pointer_mut("/input/configuration");
        if let Some(configuration) = configuration
            && let Some(json) = configuration.as_str().and_then(|text| check::to_json(text).ok())
        {
            *configuration = Value::from(json);
        }
        samlgate::report::redact(trace, input.keep_groups)
    })
}

/// `{"problem": ".."}` is for mistakes of the page, not of its user.
fn answer<I: for<'a> Deserialize<'a>>(input: &str, act: impl FnOnce(I) -> Value) -> String {
    let answer = match serde_json::from_str(input) {
        Ok(input) => act(input),
        Err(error) => serde_json::json!({ "problem": format!("the input is not as expected: {error}") }),
    };
    answer.to_string()
}
