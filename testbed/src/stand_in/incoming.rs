//! A request as an application sees it.

use axum::body::to_bytes;
use axum::extract::Request;
use serde_json::Value;

/// No request of the testbed is larger.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The method.
    pub method: String,
    /// Path and query as they arrived.
    pub target: String,
    /// The path below the context path, escapes undone.
    pub path: String,
    /// The query's pairs, escapes undone.
    pub query: Vec<(String, String)>,
    /// Lower-case names, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The path's segments below the context path, escapes undone in each: a name may hold a slash.
    pub segments: Vec<String>,
}

impl Incoming {
    /// A request without headers and body. `target` is path and query, below no context path.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        Self::below("", method, target)
    }

    /// The same with one more header; `name` in lower case.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with a body of JSON.
    #[must_use]
    pub fn with_json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.with("content-type", "application/json")
    }

    /// The first value of the header `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// The first value of `name` in the query.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// A number from the query, or `default`.
    #[must_use]
    pub fn number(&self, name: &str, default: usize) -> usize {
        self.query(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The media type of the body, without parameters; empty when none is named.
    #[must_use]
    pub fn media_type(&self) -> &str {
        self.header("content-type").and_then(|value| value.split(';').next()).unwrap_or_default().trim()
    }

    /// User name and password of `Authorization: Basic`.
    #[must_use]
    pub fn basic(&self) -> Option<(String, String)> {
        use base64::Engine as _;
        let value = self.header("authorization")?.strip_prefix("Basic ")?;
        let text = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(value).ok()?).ok()?;
        text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
    }

    /// The token of `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// Does it carry what only a browser sends? Calls of a server must not: applications check those for forgery.
    #[must_use]
    pub fn is_from_a_browser(&self) -> bool {
        ["cookie", "origin", "referer"].iter().any(|name| self.header(name).is_some())
            || self.header("user-agent").is_some_and(|agent| agent.starts_with("Mozilla"))
    }

    pub(super) async fn read(request: Request, context_path: &str) -> Self {
        let (head, body) = request.into_parts();
        let target = head.uri.path_and_query().map_or("", |target| target.as_str());
        let headers = head.headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        Self {
            headers: headers.collect(),
            body: to_bytes(body, MAX_BODY_BYTES).await.map(Vec::from).unwrap_or_default(),
            ..Self::below(context_path, head.method.as_str(), target)
        }
    }

    fn below(context_path: &str, method: &str, target: &str) -> Self {
        let (raw, query) = target.split_once('?').unwrap_or((target, ""));
        let below = raw.strip_prefix(context_path).filter(|rest| rest.starts_with('/')).unwrap_or(raw);
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            path: decode(below),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: Vec::new(),
            body: Vec::new(),
            segments: below.split('/').skip(1).map(decode).collect(),
        }
    }
}
