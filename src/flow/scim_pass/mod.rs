//! SCIM in front of a service that speaks it: what a directory pushes goes on under other names, and only where the rules lead.
//!
//! Nothing is kept here. People pass as they are; groups pass when a rule of `policy` leads to them, under the name that it gives. A request
//! that addresses a group by its id waits for a look at that group, so that nobody touches one that no rule leads to.

mod answered;
mod names;

pub use names::{Names, OneWay};

use serde_json::Value;

use crate::base::{Code, Rejection};
use crate::effect::{Answer, CallFailure};
use crate::encoding::form;
use crate::http::{HttpCall, HttpResponse, Reply};
use crate::scim::message::{self, Media};
use crate::scim::passing::{self, Rename};
use crate::scim::router::{Incoming, Projection, Request};
use crate::scim::{Error, NamesGroups, ResourceKind};
use crate::targets::{Endpoint, Resource};

/// Parameters of one address; the router has counted them.
const MAX_PARAMETERS: usize = 32;

/// The checked settings of the way through.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The service, and what proves who we are.
    pub endpoint: Endpoint,
    /// What groups are called.
    pub names: Names,
    /// The base address that clients know, without a slash at its end.
    pub base_uri: String,
}

/// A request on its way through.
#[derive(Debug)]
pub(in crate::flow) struct PassFlow {
    media: Media,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The group that is addressed is looked at; then the call goes out.
    ExpectGroup(Box<HttpCall>),
    ExpectAnswer {
        /// It is known that a rule leads to the group that is spoken of.
        known: bool,
        /// The client did not ask for the names of groups: only we did.
        unnamed: bool,
    },
}

/// One turn.
#[derive(Debug)]
pub(in crate::flow) enum PassTurn {
    Wait {
        inner: PassFlow,
        call: Box<HttpCall>,
    },
    End {
        reply: Reply,
        /// What was refused here, and what is wrong with the service behind us, for the log.
        fault: Option<(Error, Option<Rejection>)>,
    },
}

impl PassFlow {
    /// Begins with a request whose client was let in; `request` is what the router made of `incoming`.
    pub(in crate::flow) fn start(
        request: &Request,
        incoming: &Incoming<'_>,
        media: Media,
        settings: &Settings,
    ) -> PassTurn {
        match Passage::of(request, incoming, settings) {
            Err(error) => refused(error, media),
            Ok(Passage::Empty(page)) => {
                PassTurn::End { reply: message::list(0, page, Vec::new(), media), fault: None }
            }
            Ok(Passage::Straight(call)) => {
                // What is read may be any group; what is made got its name from a rule.
                let stage = Stage::ExpectAnswer { known: call.method != "GET", unnamed: false };
                PassTurn::Wait { inner: Self { media, stage }, call: Box::new(call) }
            }
            Ok(Passage::Unnamed(call)) => {
                let stage = Stage::ExpectAnswer { known: false, unnamed: true };
                PassTurn::Wait { inner: Self { media, stage }, call: Box::new(call) }
            }
            Ok(Passage::Looked { look, call }) => PassTurn::Wait {
                inner: Self { media, stage: Stage::ExpectGroup(Box::new(call)) },
                call: Box::new(look),
            },
        }
    }

    /// Takes the answer to the call.
    pub(in crate::flow) fn answer(self, answer: Answer, settings: &Settings) -> PassTurn {
        let media = self.media;
        let response = match answer {
            Answer::HttpResponse(response) => response,
            Answer::HttpFailed(failure) => return unreachable_service(failure, media),
            _ => {
                let rejection = Rejection::new(Code::HostCallFailed, "an answer that nobody asked for");
                return unavailable(rejection, None, media);
            }
        };
        match self.stage {
            Stage::ExpectAnswer { known, unnamed } => {
                answered::shown(&response, answered::Asked { known, unnamed }, media, settings)
            }
            Stage::ExpectGroup(call) => match looked_at(&response, settings) {
                Some(true) => {
                    let stage = Stage::ExpectAnswer { known: true, unnamed: false };
                    PassTurn::Wait { inner: Self { media, stage }, call }
                }
                Some(false) => refused(passing::unmapped(), media),
                None => answered::shown(&response, answered::Asked::default(), media, settings),
            },
        }
    }
}

/// Whether a rule leads to the group that was looked at; `None` when there is no group to see.
fn looked_at(response: &HttpResponse, settings: &Settings) -> Option<bool> {
    if response.status != 200 {
        return None;
    }
    let group: Option<Value> = serde_json::from_slice(&response.body).ok();
    let name = group.as_ref().and_then(passing::name_of_group);
    // What has no name that can be read is none of ours.
    Some(name.is_some_and(|name| settings.names.back().rename(name).is_some()))
}

/// What becomes of a request.
enum Passage {
    /// It goes on.
    Straight(HttpCall),
    /// It goes on and asks for the names of groups as well: without them nobody knows which are ours.
    Unnamed(HttpCall),
    /// It goes on when a rule leads to the group.
    Looked { look: HttpCall, call: HttpCall },
    /// It is answered: no rule leads to the group that is asked for.
    Empty(crate::scim::router::Page),
}

impl Passage {
    fn of(request: &Request, incoming: &Incoming<'_>, settings: &Settings) -> Result<Self, Error> {
        let to = Way { incoming, settings };
        let raw = || incoming.body.to_vec();
        let group = ResourceKind::Group;
        Ok(match request {
            Request::Discover(_) => Self::Straight(to.call("GET", to.discovery(incoming.path), Vec::new())),
            // Its operations would have to be looked at one by one.
            Request::Bulk(_) => return Err(Error::NotImplemented { what: "a bulk request" }),
            Request::Create { kind: ResourceKind::User, .. } => {
                Self::Straight(to.call("POST", to.all(ResourceKind::User, None)?, raw()))
            }
            Request::Create { kind: ResourceKind::Group, body, .. } => {
                let body = body.renamed_group(&settings.names.forth())?;
                Self::Straight(to.call("POST", to.all(group, None)?, body))
            }
            // A search by POST would hide what it asks for in the body; no known client sends one.
            Request::List(_) if incoming.method == "POST" => {
                return Err(Error::NotImplemented { what: "a search by POST" });
            }
            Request::List(query) => {
                let mut filter = None;
                if query.kind == group {
                    match query.filter.as_ref().map_or(NamesGroups::No, |filter| filter.names_groups()) {
                        NamesGroups::No => {}
                        NamesGroups::Equals(name) => match settings.names.forth().rename(name) {
                            Some(name) => filter = Some(format!("displayName eq {}", Value::from(name))),
                            None => return Ok(Self::Empty(query.page)),
                        },
                        NamesGroups::Otherwise => {
                            let finding = String::from("groups can be asked for by `displayName eq` alone");
                            return Err(Error::Filter { finding });
                        }
                    }
                }
                if query.kind == group && !query.projection.shows(group, "displayName") {
                    let asked = named(&query.projection);
                    let asked = asked.as_ref().map(|(name, names)| (*name, names.as_str()));
                    let resource =
                        to.with_query(to.resource(endpoint(group)), filter.as_deref(), Some(asked))?;
                    return Ok(Self::Unnamed(to.call("GET", resource, Vec::new())));
                }
                Self::Straight(to.call("GET", to.all(query.kind, filter.as_deref())?, Vec::new()))
            }
            Request::Read { kind: ResourceKind::User, id, .. } => {
                Self::Straight(to.call("GET", to.one(ResourceKind::User, id)?, Vec::new()))
            }
            Request::Read { kind: ResourceKind::Group, id, projection, .. } => {
                let call = to.call("GET", to.one(group, id)?, Vec::new());
                to.looked(id, projection, call)
            }
            Request::Replace { kind: ResourceKind::User, id, .. } => {
                Self::Straight(to.call("PUT", to.one(ResourceKind::User, id)?, raw()))
            }
            Request::Replace { kind: ResourceKind::Group, id, body, .. } => {
                let body = body.renamed_group(&settings.names.forth())?;
                to.looked(id, &Projection::Default, to.call("PUT", to.one(group, id)?, body))
            }
            Request::Patch { kind: ResourceKind::User, id, .. } => {
                Self::Straight(to.call("PATCH", to.one(ResourceKind::User, id)?, raw()))
            }
            Request::Patch { kind: ResourceKind::Group, id, .. } => {
                let body = crate::scim::Document::parse(incoming.body)?;
                let body = body.renamed_group_patch(&settings.names.forth())?;
                to.looked(id, &Projection::Default, to.call("PATCH", to.one(group, id)?, body))
            }
            Request::Delete { kind: ResourceKind::User, id, .. } => {
                Self::Straight(to.call("DELETE", to.one(ResourceKind::User, id)?, Vec::new()))
            }
            Request::Delete { kind: ResourceKind::Group, id, .. } => {
                to.looked(id, &Projection::Default, to.call("DELETE", to.one(group, id)?, Vec::new()))
            }
        })
    }
}

/// From our addresses to those of the service.
struct Way<'a> {
    incoming: &'a Incoming<'a>,
    settings: &'a Settings,
}

impl Way<'_> {
    fn resource(&self, path: &'static str) -> Resource {
        Resource::new(&self.settings.endpoint.path_prefix, path)
    }

    fn discovery(&self, path: &str) -> Resource {
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        // The router has seen that these are known; names are escaped again.
        segments.fold(self.resource(""), |resource, segment| {
            resource.segment(&percent_encoding::percent_decode_str(segment).decode_utf8_lossy())
        })
    }

    fn one(&self, kind: ResourceKind, id: &str) -> Result<Resource, Error> {
        self.with_query(self.resource(endpoint(kind)).segment(id), None, None)
    }

    fn all(&self, kind: ResourceKind, filter: Option<&str>) -> Result<Resource, Error> {
        self.with_query(self.resource(endpoint(kind)), filter, None)
    }

    /// The parameters that SCIM knows, each escaped anew; `filter` in place of the one that came, and `shown` in place of what
    /// says which attributes are shown.
    fn with_query(
        &self,
        mut resource: Resource,
        filter: Option<&str>,
        shown: Option<Option<(&str, &str)>>,
    ) -> Result<Resource, Error> {
        let pairs = form::parse(self.incoming.query.as_bytes(), MAX_PARAMETERS)
            .map_err(|_| Error::syntax("the query of the address cannot be read"))?;
        for name in
            ["filter", "startIndex", "count", "attributes", "excludedAttributes", "sortBy", "sortOrder"]
        {
            let came = pairs.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str());
            let value = match (name, shown) {
                ("filter", _) => filter.or(came),
                ("attributes" | "excludedAttributes", Some(shown)) => {
                    shown.filter(|(kind, _)| *kind == name).map(|(_, names)| names)
                }
                _ => came,
            };
            if let Some(value) = value {
                resource = resource.query(name, value);
            }
        }
        Ok(resource)
    }

    fn call(&self, method: &'static str, resource: Resource, body: Vec<u8>) -> HttpCall {
        let conditions =
            [("if-match", self.incoming.if_match), ("if-none-match", self.incoming.if_none_match)];
        let conditions = conditions
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        self.settings.endpoint.forwarded(method, resource, conditions, body)
    }

    /// A look at the group first, where the answer to `call` does not show its name.
    fn looked(&self, id: &str, projection: &Projection, call: HttpCall) -> Passage {
        if call.method == "GET" && projection.shows(ResourceKind::Group, "displayName") {
            return Passage::Straight(call);
        }
        let look = self.resource("/Groups").segment(id).query("excludedAttributes", "members");
        let look = self.settings.endpoint.forwarded("GET", look, Vec::new(), Vec::new());
        Passage::Looked { look, call }
    }
}

const fn endpoint(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::User => "/Users",
        ResourceKind::Group => "/Groups",
    }
}

/// The parameter that asks for what `projection` shows, and for the names of groups; `None` for everything.
fn named(projection: &Projection) -> Option<(&'static str, String)> {
    match projection {
        Projection::Default => None,
        Projection::Only(names) => Some(("attributes", format!("{},displayName", names.join(",")))),
        Projection::Except(names) => {
            let is_name = |name: &str| {
                name.rsplit(':').next().is_some_and(|last| last.eq_ignore_ascii_case("displayName"))
            };
            let names: Vec<&str> = names.iter().map(String::as_str).filter(|name| !is_name(name)).collect();
            (!names.is_empty()).then(|| ("excludedAttributes", names.join(",")))
        }
    }
}

fn unreachable_service(failure: CallFailure, media: Media) -> PassTurn {
    let detail = match failure {
        CallFailure::NotSent => "the call could not be sent; is the cluster configured?",
        CallFailure::NoAnswer => "no answer",
    };
    unavailable(Rejection::new(Code::ScimServiceUnavailable, detail), None, media)
}

/// The client comes again: an empty list would make it create people twice, and a 404 forget them.
fn unavailable(rejection: Rejection, retry_after: Option<core::time::Duration>, media: Media) -> PassTurn {
    let retry_after = Some(retry_after.unwrap_or(RETRY_AFTER));
    let error = Error::Refused { status: 503, scim_type: None, code: rejection.code, retry_after };
    PassTurn::End { reply: message::error(&error, media), fault: Some((error, Some(rejection))) }
}

/// A refusal of ours.
fn refused(error: Error, media: Media) -> PassTurn {
    PassTurn::End { reply: message::error(&error, media), fault: Some((error, None)) }
}

/// When to come again where the service does not say; a restart takes about as long.
const RETRY_AFTER: core::time::Duration = core::time::Duration::from_secs(30);

#[cfg(test)]
mod tests;
