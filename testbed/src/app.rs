//! An application that remembers what it was sent: any router, with every request recorded on its way in.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use crate::server::Server;

const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// A request as the application received it.
#[derive(Clone, Debug)]
pub struct AppRequest {
    /// The method.
    pub method: String,
    /// Path and query as received.
    pub target: String,
    /// Headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl AppRequest {
    /// The first value of the header `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// All values of the header `name` (lower case).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(have, _)| have == name).map(|(_, value)| value.as_str())
    }
}

type Received = Arc<Mutex<Vec<AppRequest>>>;

/// A running application.
#[derive(Debug)]
pub struct App {
    received: Received,
    server: Server,
}

impl App {
    /// Serves `router` on `port`, or on a free one when that is 0.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(port: u16, router: Router) -> io::Result<Self> {
        let received = Received::default();
        let router = router.layer(from_fn_with_state(Arc::clone(&received), record));
        Ok(Self { received, server: Server::start(port, router)? })
    }

    /// The port it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.server.port()
    }

    /// Everything it received so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<AppRequest> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it received last.
    #[must_use]
    pub fn last_request(&self) -> Option<AppRequest> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }
}

async fn record(State(received): State<Received>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    received.lock().unwrap_or_else(PoisonError::into_inner).push(AppRequest {
        method: head.method.to_string(),
        target: head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect(),
        body: body.clone(),
    });
    next.run(Request::from_parts(head, Body::from(body))).await
}
