//! The sign-in in a HAR recording, as the network tab of a browser saves it.

use samlgate::base::UnixTime;
use serde_json::Value;

use crate::environment;

/// The last POST of a SAMLResponse.
pub(crate) struct Recording {
    /// The value of `SAMLResponse`, or the whole form.
    pub(crate) response: String,
    /// When it was posted.
    pub(crate) at: Option<UnixTime>,
}

/// `None` when `bytes` are no HAR at all.
pub(crate) fn read(bytes: &[u8]) -> Option<Result<Recording, &'static str>> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let entries = value.get("log")?.get("entries")?.as_array()?;
    Some(entries.iter().rev().find_map(posted).ok_or("is a HAR recording without a POST of a SAMLResponse"))
}

fn posted(entry: &Value) -> Option<Recording> {
    let request = entry.get("request")?;
    if request.get("method")?.as_str()? != "POST" {
        return None;
    }
    let data = request.get("postData")?;
    // The text is what was sent; some browsers leave it out and list the parameters, escaped or not.
    let text = data.get("text").and_then(Value::as_str).filter(|text| has_response(text));
    let parameter = || {
        let mut parameters = data.get("params")?.as_array()?.iter();
        let found =
            parameters.find(|parameter| parameter.get("name").is_some_and(|name| name == "SAMLResponse"))?;
        found.get("value")?.as_str()
    };
    let response = text.or_else(parameter)?.to_owned();
    let at = entry.get("startedDateTime").and_then(Value::as_str);
    Some(Recording { response, at: at.and_then(|at| environment::instant(at).ok()) })
}

fn has_response(form: &str) -> bool {
    form.split('&').any(|pair| pair.starts_with("SAMLResponse="))
}
