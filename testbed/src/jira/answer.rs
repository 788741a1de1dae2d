//! What the stand-in answers, before it goes over the wire.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) const fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn json(status: u16, value: &Value) -> Self {
        let mut answer = Self::empty(status).with("content-type", "application/json;charset=UTF-8");
        answer.body = value.to_string().into_bytes();
        answer
    }

    pub(super) fn html(status: u16, page: &str) -> Self {
        let mut answer = Self::empty(status).with("content-type", "text/html;charset=UTF-8");
        answer.body = page.as_bytes().to_vec();
        answer
    }

    /// Jira's error object with one message.
    pub(super) fn error(status: u16, message: &str) -> Self {
        Self::json(status, &json!({ "errorMessages": [message], "errors": {} }))
    }

    /// Jira's error object with one message about a field.
    pub(super) fn field_error(status: u16, field: &str, message: &str) -> Self {
        Self::json(status, &json!({ "errorMessages": [], "errors": { field: message } }))
    }

    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
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
