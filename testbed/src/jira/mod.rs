//! A stand-in for Jira Data Center, and the demo's application.
//!
//! It answers the REST calls that provisioning needs as Jira documents them, records every call, can be told to
//! misbehave, and renders a page for every other path that shows what the application was told by headers.
//!
//! | address | what |
//! |---|---|
//! | `/rest/api/2/..`, `/rest/api/latest/..` | Jira's REST API; a bearer token or the user header is needed |
//! | `GET /__testbed/calls`, `DELETE` | the recorded calls; forget them |
//! | `GET /__testbed/state`, `PUT` | users, groups and licences; replace them |
//! | `GET /__testbed/faults`, `POST`, `DELETE` | the faults that are set; add one; forget them |
//! | `POST /__testbed/reset` | back to the first state, without calls and faults |
//! | `/__testbed/echo/..` | the request as JSON: method, path, query, headers, body |
//! | anything else | a page |

mod admin;
mod answer;
mod fault;
mod page;
mod rest;
mod store;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use serde::Serialize;

use answer::Answer;
pub use fault::{Effect, Fault};
pub use store::{GroupSeed, Licence, Rights, Seed, Store, UserSeed};

/// The bearer token that [`Store::demo`] knows; its owner is an administrator.
pub const TOKEN: &str = "stand-in-jira-token";

/// The header that names the signed-in user.
pub const USER_HEADER: &str = "x-remote-user";

/// No request of the testbed is larger.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// How many calls are remembered.
const MAX_CALLS: usize = 10_000;

/// One recorded request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The method.
    pub method: String,
    /// Path and query as they arrived.
    pub path: String,
    /// The status of the answer; 0 when there was none.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

/// The stand-in's state; clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct JiraState {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    context_path: String,
    seed: Store,
    store: Store,
    calls: Vec<Call>,
    faults: Vec<Fault>,
}

impl Default for JiraState {
    fn default() -> Self {
        Self::new(Store::demo())
    }
}

impl JiraState {
    /// A Jira that holds `store`.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self::below("", store)
    }

    /// A Jira that holds `store` and lives below `context_path`, such as `/jira`.
    #[must_use]
    pub fn below(context_path: &str, store: Store) -> Self {
        let shared = Shared {
            context_path: context_path.trim_end_matches('/').to_owned(),
            seed: store.clone(),
            store,
            calls: Vec::new(),
            faults: Vec::new(),
        };
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    /// What it holds now.
    #[must_use]
    pub fn store(&self) -> Store {
        self.lock().store.clone()
    }

    /// Changes what it holds.
    pub fn change(&self, change: impl FnOnce(&mut Store)) {
        change(&mut self.lock().store);
    }

    /// Misbehaves from now on.
    pub fn fault(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Behaves again.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// The recorded requests in order, those to `/__testbed` left out.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// The recorded REST calls as `METHOD path status`, for comparing.
    #[must_use]
    pub fn rest_calls(&self) -> Vec<String> {
        let shared = self.lock();
        let prefix = format!("{}/rest/", shared.context_path);
        let rest = shared.calls.iter().filter(|call| call.path.starts_with(&prefix));
        rest.map(|call| format!("{} {} {}", call.method, call.path, call.status)).collect()
    }

    /// Forgets the recorded requests.
    pub fn clear_calls(&self) {
        self.lock().calls.clear();
    }

    /// Back to the first state, without calls and faults.
    pub fn reset(&self) {
        let mut shared = self.lock();
        shared.store = shared.seed.clone();
        shared.calls.clear();
        shared.faults.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The whole application.
pub fn router(state: JiraState) -> Router {
    Router::new().fallback(serve).with_state(state)
}

/// A request as the rooms of the stand-in see it.
#[derive(Debug)]
struct Incoming {
    method: String,
    /// Path and query as they arrived.
    target: String,
    /// The path below the context path, escapes undone.
    path: String,
    /// The query's pairs, escapes undone.
    query: Vec<(String, String)>,
    /// Lower-case names, in order.
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Incoming {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    async fn read(request: Request, context_path: &str) -> Self {
        let (head, body) = request.into_parts();
        let raw = head.uri.path();
        let below = raw.strip_prefix(context_path).filter(|rest| rest.starts_with('/'));
        let headers = head.headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        Self {
            method: head.method.as_str().to_owned(),
            target: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            path: percent_encoding::percent_decode_str(below.unwrap_or(raw)).decode_utf8_lossy().into_owned(),
            query: form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect(),
            headers: headers.collect(),
            body: to_bytes(body, MAX_BODY_BYTES).await.map(Vec::from).unwrap_or_default(),
        }
    }
}

async fn serve(State(state): State<JiraState>, request: Request) -> Response {
    let context_path = state.lock().context_path.clone();
    let incoming = Incoming::read(request, &context_path).await;
    if let Some(answer) = admin::answer(&incoming, &state) {
        return answer.into_response();
    }
    let fault = fault::take(&mut state.lock().faults, &incoming);
    let carried_out = fault.as_ref().is_none_or(Fault::lets_through);
    let answer = carried_out.then(|| {
        let mut shared = state.lock();
        if incoming.path.starts_with("/rest/") {
            rest::answer(&incoming, &mut shared.store)
        } else {
            page::answer(&incoming, &shared.store)
        }
    });
    let status = match (&fault, &answer) {
        (Some(fault), _) => fault.effect.status(),
        (None, Some(answer)) => answer.status,
        (None, None) => 0,
    };
    record(&state, &incoming, status);
    match fault {
        Some(fault) => fault.effect.play(answer).await,
        None => answer.unwrap_or_else(|| Answer::empty(500)).into_response(),
    }
}

fn record(state: &JiraState, incoming: &Incoming, status: u16) {
    let mut shared = state.lock();
    if shared.calls.len() < MAX_CALLS {
        shared.calls.push(Call {
            method: incoming.method.clone(),
            path: incoming.target.clone(),
            status,
            body: String::from_utf8_lossy(&incoming.body).into_owned(),
        });
    }
}
