//! What an application answers, before it goes over the wire.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers in order, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// This status and nothing else.
    #[must_use]
    pub const fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// JSON.
    #[must_use]
    pub fn json(status: u16, value: &Value) -> Self {
        let mut answer = Self::empty(status).with("content-type", "application/json;charset=UTF-8");
        answer.body = value.to_string().into_bytes();
        answer
    }

    /// A page.
    #[must_use]
    pub fn html(status: u16, page: &str) -> Self {
        Self::of(status, "text/html;charset=UTF-8", page)
    }

    /// Plain text.
    #[must_use]
    pub fn text(status: u16, text: &str) -> Self {
        Self::of(status, "text/plain;charset=UTF-8", text)
    }

    fn of(status: u16, media_type: &str, text: &str) -> Self {
        let mut answer = Self::empty(status).with("content-type", media_type);
        answer.body = text.as_bytes().to_vec();
        answer
    }

    /// Jira's error object with one message; other applications have their own.
    #[must_use]
    pub fn error(status: u16, message: &str) -> Self {
        Self::json(status, &json!({ "errorMessages": [message], "errors": {} }))
    }

    /// Jira's error object with one message about a field.
    #[must_use]
    pub fn field_error(status: u16, field: &str, message: &str) -> Self {
        Self::json(status, &json!({ "errorMessages": [], "errors": { field: message } }))
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn into_response(mut self) -> Response {
        let body = Body::from(core::mem::take(&mut self.body));
        self.into_response_with(body)
    }

    /// The head of this answer with another body.
    pub(super) fn into_response_with(self, body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}
