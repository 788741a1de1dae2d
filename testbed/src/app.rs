//! An application that believes the identity headers, as Jira with an authenticator for headers does.
//!
//! It answers every path: pages for people, JSON for who asks for it, and it remembers what it was sent.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::browser::escape;
use crate::page::page;
use crate::server::Server;

const SITE: &str = "Application of the samlgate demo";
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

/// What the account page shows about a user, as HTML; asked for each page.
pub type AccountView = Arc<dyn Fn(&str) -> String + Send + Sync>;

#[derive(Clone)]
struct Desk {
    received: Arc<Mutex<Vec<AppRequest>>>,
    account: Option<AccountView>,
}

/// A running application.
pub struct App {
    desk: Desk,
    server: Server,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "App({})", self.server.address())
    }
}

impl App {
    /// Starts it on `port`, or on a free one when that is 0. `account` adds to the page what Jira knows.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(port: u16, account: Option<AccountView>) -> io::Result<Self> {
        let desk = Desk { received: Arc::default(), account };
        let router = Router::new().fallback(answer).with_state(desk.clone());
        Ok(Self { desk, server: Server::start(port, router)? })
    }

    /// The port it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.server.port()
    }

    /// Everything it received so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<AppRequest> {
        self.desk.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it received last.
    #[must_use]
    pub fn last_request(&self) -> Option<AppRequest> {
        self.desk.received.lock().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }
}

async fn answer(State(desk): State<Desk>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let received = AppRequest {
        method: head.method.to_string(),
        target: head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect(),
        body,
    };
    desk.received.lock().unwrap_or_else(PoisonError::into_inner).push(received.clone());
    if received.header("accept").is_some_and(|accept| accept.contains("application/json")) {
        let headers: Vec<_> = received.headers.iter().map(|(name, value)| json!([name, value])).collect();
        let echo = json!({
            "method": received.method,
            "target": received.target,
            "headers": headers,
            "body": String::from_utf8_lossy(&received.body),
        });
        return ([(header::CONTENT_TYPE, "application/json")], echo.to_string()).into_response();
    }
    show(&desk, &received)
}

fn show(desk: &Desk, received: &AppRequest) -> Response {
    let title = if received.target.starts_with("/servicedesk/") { "Help center" } else { "Dashboard" };
    let mut body = match received.header("x-remote-user") {
        Some(user) => {
            let name = received.header("x-remote-name").unwrap_or(user);
            format!("<p>Signed in as <strong>{}</strong> (<code>{}</code>).</p>", escape(name), escape(user))
        }
        None => "<p>Nobody is signed in.</p>".to_owned(),
    };
    if let (Some(account), Some(user)) = (&desk.account, received.header("x-remote-user")) {
        body.push_str(&format!("<h2>Account in Jira</h2>{}", account(user)));
    }
    body.push_str(
        "<h2>Headers that say who you are</h2><table><tr><th scope=\"col\">Header</th><th scope=\"col\">Value</th></tr>",
    );
    for (name, value) in received.headers.iter().filter(|(name, _)| name.starts_with("x-remote-")) {
        body.push_str(&format!(
            "<tr><th scope=\"row\"><code>{}</code></th><td><code>{}</code></td></tr>",
            escape(name),
            escape(value)
        ));
    }
    body.push_str(
        "</table><p><a href=\"/\">Dashboard</a> &middot; <a href=\"/servicedesk/customer/portal/1\">Help center</a></p>\
         <form method=\"post\" action=\"/saml/logout\"><button type=\"submit\">Sign out</button></form>",
    );
    page(title, SITE, &body)
}
