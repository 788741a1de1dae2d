//! What every stand-in for an application has in common: the recorded calls, the faults, the addresses of the testbed.
//!
//! An application is an [`Api`]: its state and one function from a request to an answer. [`StandIn`] puts it on the wire.
//!
//! | address | what |
//! |---|---|
//! | `GET /__testbed/calls`, `DELETE` | the recorded calls; forget them |
//! | `GET /__testbed/state`, `PUT` | what it holds; replace that |
//! | `GET /__testbed/faults`, `POST`, `DELETE` | the faults that are set; add one; forget them |
//! | `POST /__testbed/reset` | back to the first state, without calls and faults |
//! | `/__testbed/echo/..` | the request as JSON: method, path, query, headers, body |
//! | anything else | the application |

mod admin;
mod answer;
mod fault;
mod incoming;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

pub use answer::Answer;
pub use fault::{Effect, Fault};
pub use incoming::Incoming;

/// How many calls are remembered.
const MAX_CALLS: usize = 10_000;

/// An application: its state, and what it answers.
pub trait Api: Clone + Send + 'static {
    /// Carries `request` out. The same state and the same request lead to the same answer.
    fn answer(&mut self, request: &Incoming) -> Answer;

    /// How the application words a failure, for faults that name a status.
    #[must_use]
    fn error(&self, status: u16) -> Answer {
        Answer::error(status, "The testbed was told to fail.")
    }

    /// Would `request` change something? Some applications read by POST.
    #[must_use]
    fn is_write(request: &Incoming) -> bool {
        !matches!(request.method.as_str(), "GET" | "HEAD")
    }

    /// What `GET /__testbed/state` shows.
    #[must_use]
    fn to_json(&self) -> Value {
        Value::Null
    }

    /// Takes the state that `PUT /__testbed/state` brings.
    ///
    /// # Errors
    /// What is wrong with it.
    fn replace(&mut self, _state: &[u8]) -> Result<(), String> {
        Err("this state cannot be replaced".to_owned())
    }
}

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
    /// The headers, names in lower case.
    #[serde(skip)]
    pub headers: Vec<(String, String)>,
    /// Whether it asked for a change, done or not.
    #[serde(skip)]
    pub write: bool,
}

impl Call {
    /// The first value of the header `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// `METHOD path status`, for comparing.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {} {}", self.method, self.path, self.status)
    }
}

/// A running application; clones are handles to the same one.
pub struct StandIn<A> {
    shared: Arc<Mutex<Shared<A>>>,
}

struct Shared<A> {
    context_path: String,
    first: A,
    api: A,
    calls: Vec<Call>,
    faults: Vec<Fault>,
}

impl<A> Clone for StandIn<A> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<A> fmt::Debug for StandIn<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StandIn({})", core::any::type_name::<A>())
    }
}

impl<A: Api> StandIn<A> {
    /// The application with the state `api`.
    #[must_use]
    pub fn new(api: A) -> Self {
        Self::below("", api)
    }

    /// The same below `context_path`, such as `/jira`.
    #[must_use]
    pub fn below(context_path: &str, api: A) -> Self {
        let shared = Shared {
            context_path: context_path.trim_end_matches('/').to_owned(),
            first: api.clone(),
            api,
            calls: Vec::new(),
            faults: Vec::new(),
        };
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    /// A copy of what it holds now.
    #[must_use]
    pub fn state(&self) -> A {
        self.lock().api.clone()
    }

    /// What `look` finds, without a copy of everything.
    #[must_use]
    pub fn inspect<T>(&self, look: impl FnOnce(&A) -> T) -> T {
        look(&self.lock().api)
    }

    /// Changes what it holds.
    pub fn change(&self, change: impl FnOnce(&mut A)) {
        change(&mut self.lock().api);
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

    /// The recorded requests that asked for a change, whatever came of it.
    #[must_use]
    pub fn writes(&self) -> Vec<Call> {
        self.lock().calls.iter().filter(|call| call.write).cloned().collect()
    }

    /// The recorded requests in order; they are forgotten in the same step, so that none is lost.
    #[must_use]
    pub fn take_calls(&self) -> Vec<Call> {
        core::mem::take(&mut self.lock().calls)
    }

    /// Forgets the recorded requests.
    pub fn clear_calls(&self) {
        self.lock().calls.clear();
    }

    /// Back to the first state, without calls and faults.
    pub fn reset(&self) {
        let mut shared = self.lock();
        shared.api = shared.first.clone();
        shared.calls.clear();
        shared.faults.clear();
    }

    /// The whole application.
    pub fn router(&self) -> Router {
        Router::new().fallback(serve::<A>).with_state(self.clone())
    }

    /// The path that everything is below; empty for none.
    #[must_use]
    pub fn context_path(&self) -> String {
        self.lock().context_path.clone()
    }

    fn faults(&self) -> Vec<Fault> {
        self.lock().faults.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Shared<A>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve<A: Api>(State(stand_in): State<StandIn<A>>, request: Request) -> Response {
    let incoming = Incoming::read(request, &stand_in.context_path()).await;
    if let Some(answer) = admin::answer(&incoming, &stand_in) {
        return answer.into_response();
    }
    let (fault, answer, error) = carry_out(&mut stand_in.lock(), incoming);
    match fault {
        Some(effect) => effect.play(answer, error).await,
        None => answer.unwrap_or(error).into_response(),
    }
}

/// Changes the state and records the call in one step, so that whoever looks sees both or neither.
fn carry_out<A: Api>(shared: &mut Shared<A>, incoming: Incoming) -> (Option<Effect>, Option<Answer>, Answer) {
    let fault = fault::take(&mut shared.faults, &incoming);
    let carried_out = fault.as_ref().is_none_or(Fault::lets_through);
    let answer = carried_out.then(|| shared.api.answer(&incoming));
    let right = answer.as_ref().map_or(0, |answer| answer.status);
    let status = fault.as_ref().map_or(right, |fault| fault.effect.status(right));
    if shared.calls.len() < MAX_CALLS {
        shared.calls.push(Call {
            write: A::is_write(&incoming),
            method: incoming.method,
            path: incoming.target,
            status,
            body: String::from_utf8_lossy(&incoming.body).into_owned(),
            headers: incoming.headers,
        });
    }
    (fault.map(|fault| fault.effect), answer, shared.api.error(if status == 0 { 500 } else { status }))
}
