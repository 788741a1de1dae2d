//! What a directory pushes: requests of SCIM clients, kept in the shared store and brought to the application.
//!
//! The table in the store is what the directory says, and nothing else: a request changes it in one transaction, together
//! with a note of what is left to do at the application. Then that is done, here for a few people and by [`Caretaker`] for
//! many, by [`settle`]. So a crash at any point loses nothing: what was not written was not answered, and what was written is
//! done.

mod book;
mod caretaker;
mod decision;
mod evidence;
mod groups;
mod job;
mod pen;
mod person;
mod ports;
mod reads;
mod rows;
mod settings;
mod settle;
mod table;
mod users;
mod work;

use crate::base::{Code, Rejection};
use crate::effect::{Answer, Ask, AskId, Event, Tell, Verdict};
use crate::http::Reply;
use crate::scim::bulk::BulkRun;
use crate::scim::message::{self, Media};
use crate::scim::router::{self, Incoming, Request};
use crate::scim::{Error, Features, Limits};

use super::Env;
use super::scim_pass::{self, Gate, PassFlow, PassTurn};
use ports::Ports;
use work::{Work, WorkTurn};

pub use caretaker::Caretaker;
pub(super) use evidence::{Evidence, EvidenceTurn};
pub use settings::{Memberships, OnDelete, OnNameConflict, Settings, Token};
pub use table::KnownTable;

/// One turn.
type Step = super::Step<ScimFlow>;

/// What arrived, without its body.
#[derive(Clone, Debug, Default)]
pub struct Arrived {
    /// Upper-case method.
    pub method: String,
    /// The path below [`Settings::path_prefix`], still escaped.
    pub path: String,
    /// The query without its `?`, still escaped.
    pub query: String,
    /// The header `authorization`.
    pub authorization: Option<String>,
    /// The header `content-type`.
    pub content_type: Option<String>,
    /// The header `content-length`, where it is a number.
    pub content_length: Option<u64>,
    /// The header `accept`.
    pub accept: Option<String>,
    /// The header `if-match`.
    pub if_match: Option<String>,
    /// The header `if-none-match`.
    pub if_none_match: Option<String>,
    /// Correlation id.
    pub request_id: String,
}

/// A request of a SCIM client.
#[derive(Debug)]
pub struct ScimFlow {
    arrived: Arrived,
    /// Whose token it was.
    client: String,
    media: Media,
    table: KnownTable,
    ports: Ports,
    bulk: Option<Box<BulkRun>>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Source,
    Body,
    Work(Box<Work>),
    /// The request goes on to a service behind us.
    Pass(Box<PassFlow>),
}

impl ScimFlow {
    /// Begins: who may not ask is told so before anything of the body is read.
    #[must_use]
    pub fn start(arrived: Arrived, table: KnownTable, env: &Env<'_>) -> Step {
        let media = Media::of(arrived.accept.as_deref());
        let mut flow = Self {
            arrived,
            client: String::new(),
            media,
            table,
            ports: Ports::default(),
            bulk: None,
            stage: Stage::Body,
        };
        let Some(settings) = env.settings.scim_gateway.as_deref() else {
            return flow.refuse(&Error::NotFound { what: "endpoint" }, None, env);
        };
        if !settings.networks.is_empty() {
            flow.stage = Stage::Source;
            return flow.wait(vec![(AskId(0), Ask::SourceAddress)], Vec::new());
        }
        flow.authenticate(settings, env)
    }

    /// Takes the answer to `id`.
    #[must_use]
    pub fn answer(mut self, id: AskId, answer: Answer, env: &Env<'_>) -> Step {
        let Some(settings) = env.settings.scim_gateway.as_deref() else {
            return self.refuse(&Error::NotFound { what: "endpoint" }, None, env);
        };
        let Some(inner) = self.ports.take(id) else { return self.wait(Vec::new(), Vec::new()) };
        match (core::mem::replace(&mut self.stage, Stage::Body), answer) {
            (Stage::Source, Answer::SourceAddress(address)) => {
                let address = address.as_deref().and_then(crate::http::network::client_address);
                let taken = address
                    .is_some_and(|address| settings.networks.iter().any(|network| network.contains(address)));
                if !taken {
                    return self.refuse(&refused(403, Code::ScimNetworkRefused), None, env);
                }
                self.authenticate(settings, env)
            }
            (Stage::Body, Answer::RequestBody(body)) => self.parse(&body, settings, env),
            (Stage::Body, Answer::RequestBodyTooLarge) => {
                self.refuse(&refused(413, Code::ScimBodyNotTaken), None, env)
            }
            (Stage::Work(work), answer) => {
                let turn = work.answer(inner, answer, env);
                self.worked(turn, env)
            }
            (Stage::Pass(flow), answer) => match &settings.pass_through {
                Some(pass) => {
                    let turn = flow.answer(inner, answer, self.gate(pass, env));
                    self.passed(turn, env)
                }
                None => self.refuse(&refused(500, Code::HostCallFailed), None, env),
            },
            _ => self.refuse(&refused(500, Code::HostCallFailed), None, env),
        }
    }

    fn authenticate(mut self, settings: &Settings, env: &Env<'_>) -> Step {
        let Some(client) = settings.caller(self.arrived.authorization.as_deref()) else {
            return self.refuse(&refused(401, Code::ScimTokenRefused), None, env);
        };
        client.clone_into(&mut self.client);
        let limit = settings.max_body_bytes;
        let announced = self.arrived.content_length.unwrap_or_default();
        if announced > u64::try_from(limit).unwrap_or(u64::MAX) {
            return self.refuse(&refused(413, Code::ScimBodyNotTaken), None, env);
        }
        if matches!(self.arrived.method.as_str(), "GET" | "HEAD" | "DELETE") {
            return self.parse(&[], settings, env);
        }
        self.stage = Stage::Body;
        self.wait(vec![(AskId(0), Ask::RequestBody { limit })], Vec::new())
    }

    fn parse(mut self, body: &[u8], settings: &Settings, env: &Env<'_>) -> Step {
        let arrived = &self.arrived;
        let incoming = Incoming {
            method: if arrived.method == "HEAD" { "GET" } else { &arrived.method },
            path: &arrived.path,
            query: &arrived.query,
            content_type: arrived.content_type.as_deref(),
            if_match: arrived.if_match.as_deref(),
            if_none_match: arrived.if_none_match.as_deref(),
            body,
        };
        let request = router::parse(&incoming, &LIMITS);
        if let (Ok(request), Some(pass)) = (&request, &settings.pass_through) {
            let turn = PassFlow::start(request, &incoming, self.media, self.gate(pass, env));
            return self.passed(turn, env);
        }
        match request {
            Ok(Request::Discover(asked)) => {
                let features = Features {
                    bulk: Some((LIMITS.max_bulk_operations, settings.max_body_bytes)),
                    max_page: LIMITS.max_page,
                    etag: true,
                    stricter: settings.stricter(env.settings.provisioning.as_ref()),
                };
                match message::discovery(&asked, features, &settings.base_uri, self.media) {
                    Ok(reply) => self.end(reply, Vec::new(), env),
                    Err(error) => self.refuse(&error, None, env),
                }
            }
            Ok(Request::Bulk(bulk)) => {
                self.bulk = Some(Box::new(BulkRun::new(bulk)));
                self.next_of_bulk(settings, env)
            }
            Ok(request) => self.work(request, env),
            Err(error) => self.refuse(&error, None, env),
        }
    }

    fn gate<'a>(&'a self, settings: &'a scim_pass::Settings, env: &'a Env<'a>) -> Gate<'a> {
        Gate { settings, client: &self.client, request_id: &self.arrived.request_id, env }
    }

    fn passed(mut self, turn: PassTurn, env: &Env<'_>) -> Step {
        match turn {
            PassTurn::Wait { inner, asks, tells } => {
                self.stage = Stage::Pass(Box::new(inner));
                self.wait(asks, tells)
            }
            PassTurn::End { reply, fault, mut tells } => {
                tells
                    .extend(fault.into_iter().flat_map(|(error, detail)| self.told(&error, detail.as_ref())));
                self.end(reply, tells, env)
            }
        }
    }

    fn next_of_bulk(mut self, settings: &Settings, env: &Env<'_>) -> Step {
        let next = self.bulk.as_mut().and_then(|bulk| bulk.next(&LIMITS));
        match (next, &self.bulk) {
            (Some(request), _) => self.work(request, env),
            (None, Some(bulk)) => {
                let reply = bulk.finish(&settings.base_uri, self.media);
                self.end(reply, Vec::new(), env)
            }
            (None, None) => self.refuse(&refused(500, Code::HostCallFailed), None, env),
        }
    }

    fn work(mut self, request: Request, env: &Env<'_>) -> Step {
        self.ports.close();
        let turn = Work::start(request, self.media, self.arrived.request_id.clone(), self.table.clone(), env);
        self.worked(turn, env)
    }

    fn worked(mut self, turn: WorkTurn, env: &Env<'_>) -> Step {
        match turn {
            WorkTurn::Wait(work, asks, tells) => {
                self.stage = Stage::Work(work);
                self.wait(asks, tells)
            }
            WorkTurn::End(ended, tells) => {
                let (reply, more) = match ended {
                    Ok(reply) => (reply, Vec::new()),
                    Err((error, detail)) => {
                        let told = self.told(&error, detail.as_ref());
                        (message::error(&error, self.media), told)
                    }
                };
                let tells = tells.into_iter().chain(more).collect();
                let settings = env.settings.scim_gateway.as_deref();
                match (&mut self.bulk, settings) {
                    (Some(bulk), Some(settings)) => {
                        bulk.answered(&reply);
                        let mut step = self.next_of_bulk(settings, env);
                        let (Step::Wait { tells: later, .. } | Step::End { tells: later, .. }) = &mut step;
                        later.splice(0..0, tells);
                        step
                    }
                    _ => self.end(reply, tells, env),
                }
            }
        }
    }

    fn wait(mut self, asks: Vec<(AskId, Ask)>, tells: Vec<Tell>) -> Step {
        let asks = self.ports.out(asks);
        Step::Wait { state: self, asks, tells }
    }

    fn refuse(self, error: &Error, detail: Option<&Rejection>, env: &Env<'_>) -> Step {
        let tells = self.told(error, detail);
        let reply = message::error(error, self.media);
        self.end(reply, tells, env)
    }

    /// A refusal in the log and in the metrics.
    fn told(&self, error: &Error, detail: Option<&Rejection>) -> Vec<Tell> {
        let code = error.code();
        let mut fields = vec![
            ("slug", code.slug().to_owned()),
            ("detail", detail.map_or_else(|| error.to_string(), shown)),
            ("client", self.client.clone()),
            ("request_id", self.arrived.request_id.clone()),
        ];
        if code != Code::ScimNotFound {
            fields.push(("remedy", code.remedy().to_owned()));
        }
        let event = Event { name: "scim_refused", code: Some(code), fields };
        vec![Tell::Event(event), Tell::Count { outcome: "scim_refused", code: Some(code) }]
    }

    fn end(self, mut reply: Reply, mut tells: Vec<Tell>, _: &Env<'_>) -> Step {
        if reply.status < 400 {
            tells.push(Tell::Count { outcome: "scim_answered", code: None });
        }
        if self.arrived.method == "HEAD" {
            reply.body.clear();
        }
        Step::End { verdict: Verdict::Reply(reply), tells }
    }
}

/// A finding without the names of people, groups and organizations that one of the application or of a rule can contain.
fn shown(finding: &Rejection) -> String {
    let ours = matches!(
        finding.code,
        Code::ScimTableUnavailable | Code::ScimTableUnreadable | Code::ScimTableNotReady
    );
    if ours { finding.to_string() } else { finding.code.to_string() }
}

/// A refusal with the status and the code of the gateway.
fn refused(status: u16, code: Code) -> Error {
    Error::Refused { status, scim_type: None, code, retry_after: None }
}

/// As the protocol's own, with rows of the table in mind: a resource is deflated and sealed, and stays below
/// [`crate::store::table::MAX_ROW_BYTES`] or is refused then.
const LIMITS: Limits = Limits { max_resource_bytes: 48 * 1024, max_page: 100, ..Limits::DEFAULT };

/// Too many requests of this second; for the worker that counts them.
#[must_use]
pub fn too_many_requests(accept: Option<&str>) -> (Reply, Vec<Tell>) {
    let code = Code::ScimTooManyRequests;
    let retry_after = Some(core::time::Duration::from_secs(1));
    let error = Error::Refused { status: 429, scim_type: None, code, retry_after };
    let reply = message::error(&error, Media::of(accept));
    (reply, vec![Tell::Count { outcome: "scim_refused", code: Some(code) }])
}

#[cfg(test)]
mod tests;
