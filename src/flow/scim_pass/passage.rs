//! What becomes of a request: what is asked of the service first, what then goes on, and whom it concerns.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::encoding::form;
use crate::http::HttpCall;
use crate::scim::passing::{Rename, Sifted};
use crate::scim::router::{Incoming, Page, Projection, Query, Request};
use crate::scim::{Document, Error, Limits, NamesGroups, ResourceKind};
use crate::targets::Resource;

use super::answered::Asked;
use super::change::{Aim, Concern};
use super::{Gate, Settings, people};

/// Parameters of one address; the router has counted them.
const MAX_PARAMETERS: usize = 32;

/// What becomes of a request.
pub(super) enum Passage {
    /// It goes on.
    Go(Box<Journey>),
    /// It is answered: no rule leads to the group that is asked for.
    Empty(Page),
}

/// A request on its way.
#[derive(Debug)]
pub(super) struct Journey {
    /// What is looked at first.
    pub(super) look: Option<(Look, HttpCall)>,
    /// What goes on.
    pub(super) call: HttpCall,
    /// What is known when it is answered.
    pub(super) asked: Asked,
    /// Whom it concerns.
    pub(super) concern: Concern,
    /// What of it stays here.
    pub(super) left_out: BTreeSet<&'static str>,
}

/// What is looked at before a request goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// The person who is addressed: nobody touches one who is protected.
    Person,
    /// The group that is addressed: nobody touches one that no rule leads to.
    Group,
}

impl Journey {
    fn straight(call: HttpCall) -> Self {
        // What is read may be any group; what is made got its name from a rule.
        let asked = Asked { known: call.method != "GET", unnamed: false };
        Self { look: None, call, asked, concern: Concern::Nobody, left_out: BTreeSet::new() }
    }
}

impl Passage {
    pub(super) fn of(request: &Request, incoming: &Incoming<'_>, gate: Gate<'_>) -> Result<Self, Error> {
        let settings = gate.settings;
        let to = Way { incoming, settings };
        let (user, group) = (ResourceKind::User, ResourceKind::Group);
        let journey = match request {
            Request::Discover(_) => {
                Journey::straight(to.call("GET", to.discovery(incoming.path), Vec::new()))
            }
            // Its operations would have to be looked at one by one.
            Request::Bulk(_) => return Err(Error::NotImplemented { what: "a bulk request" }),
            // A search by POST would hide what it asks for in the body; no known client sends one.
            Request::List(_) if incoming.method == "POST" => {
                return Err(Error::NotImplemented { what: "a search by POST" });
            }
            Request::List(query) => return to.list(query),
            Request::Read { kind: ResourceKind::User, id, .. } => {
                Journey::straight(to.call("GET", to.one(user, id)?, Vec::new()))
            }
            Request::Read { kind: ResourceKind::Group, id, projection, .. } => {
                to.looked(id, projection, to.call("GET", to.one(group, id)?, Vec::new()))
            }
            Request::Create { kind: ResourceKind::User, body, .. } => {
                people::check(&body.user_names(), gate)?;
                let sifted = body.sifted_user(incoming.body, settings.forward_roles);
                let resource = to.all(user, None)?;
                to.sifted(sifted, |body| to.call("POST", resource, body), gate.about(Concern::Made))
            }
            Request::Replace { kind: ResourceKind::User, id, body, .. } => {
                people::check(&body.user_names(), gate)?;
                let sifted = body.sifted_user(incoming.body, settings.forward_roles);
                let resource = to.one(user, id)?;
                let concern = gate.about(Concern::Person(id.clone()));
                to.met(id, gate, to.sifted(sifted, |body| to.call("PUT", resource, body), concern))
            }
            Request::Patch { kind: ResourceKind::User, id, .. } => {
                let body = Document::parse(incoming.body)?;
                people::check(&body.user_names(), gate)?;
                let sifted = body.sifted_user_patch(incoming.body, settings.forward_roles);
                let resource = to.one(user, id)?;
                let journey = if sifted.body.is_some() {
                    let concern = gate.about(Concern::Person(id.clone()));
                    to.sifted(sifted, |body| to.call("PATCH", resource, body), concern)
                } else {
                    // Nothing changes, and the answer shows the person as they are.
                    to.sifted(sifted, |_| to.call("GET", resource, Vec::new()), Concern::Nobody)
                };
                to.met(id, gate, journey)
            }
            Request::Delete { kind: ResourceKind::User, id, .. } => {
                to.met(id, gate, Journey::straight(to.call("DELETE", to.one(user, id)?, Vec::new())))
            }
            Request::Create { kind: ResourceKind::Group, body, .. } => {
                let renamed = body.renamed_group(&settings.names.forth())?;
                let journey = Journey::straight(to.call("POST", to.all(group, None)?, renamed));
                let concern = if gate.brings() { new_group(body, settings)? } else { Concern::Nobody };
                Journey { concern, ..journey }
            }
            Request::Replace { kind: ResourceKind::Group, id, body, .. } => {
                let renamed = body.renamed_group(&settings.names.forth())?;
                let journey =
                    to.looked(id, &Projection::Default, to.call("PUT", to.one(group, id)?, renamed));
                to.aimed(id, gate, journey, || {
                    if body.has_null("members") {
                        // The service may read it as nobody, or as nothing said.
                        return Err(Error::value("members", "is null; [] says that nobody is in the group"));
                    }
                    let (group, members) = body.group(&Limits::DEFAULT)?;
                    Ok(Aim::Put { name: group.display_name().to_owned(), members })
                })?
            }
            Request::Patch { kind: ResourceKind::Group, id, patch, .. } => {
                let body = Document::parse(incoming.body)?.renamed_group_patch(&settings.names.forth())?;
                let journey = to.looked(id, &Projection::Default, to.call("PATCH", to.one(group, id)?, body));
                to.aimed(id, gate, journey, || Ok(Aim::Patch(patch.clone())))?
            }
            Request::Delete { kind: ResourceKind::Group, id, .. } => {
                let call = to.call("DELETE", to.one(group, id)?, Vec::new());
                to.aimed(id, gate, to.looked(id, &Projection::Default, call), || Ok(Aim::Delete))?
            }
        };
        Ok(Self::Go(Box::new(journey)))
    }
}

fn new_group(body: &Document, settings: &Settings) -> Result<Concern, Error> {
    let (group, members) = body.group(&Limits::DEFAULT)?;
    Ok(Concern::NewGroup { name: settings.names.spelled(group.display_name().to_owned()), members })
}

/// From our addresses to those of the service.
struct Way<'a> {
    incoming: &'a Incoming<'a>,
    settings: &'a Settings,
}

impl Way<'_> {
    fn list(&self, query: &Query) -> Result<Passage, Error> {
        let group = ResourceKind::Group;
        let mut filter = None;
        if query.kind == group {
            match query.filter.as_ref().map_or(NamesGroups::No, |filter| filter.names_groups()) {
                NamesGroups::No => {}
                NamesGroups::Equals(name) => match self.settings.names.forth().rename(name) {
                    Some(name) => filter = Some(format!("displayName eq {}", Value::from(name))),
                    None => return Ok(Passage::Empty(query.page)),
                },
                NamesGroups::Otherwise => {
                    let finding = String::from("groups can be asked for by `displayName eq` alone");
                    return Err(Error::Filter { finding });
                }
            }
        }
        let journey = if query.kind == group && !query.projection.shows(group, "displayName") {
            // Without the names nobody knows which are ours.
            let names = named(&query.projection);
            let names = names.as_ref().map(|(name, names)| (*name, names.as_str()));
            let resource = self.with_query(self.resource(endpoint(group)), filter.as_deref(), Some(names))?;
            let asked = Asked { known: false, unnamed: true };
            Journey { asked, ..Journey::straight(self.call("GET", resource, Vec::new())) }
        } else {
            Journey::straight(self.call("GET", self.all(query.kind, filter.as_deref())?, Vec::new()))
        };
        Ok(Passage::Go(Box::new(journey)))
    }

    /// What is left of a body goes on.
    fn sifted(&self, sifted: Sifted, call: impl FnOnce(Vec<u8>) -> HttpCall, concern: Concern) -> Journey {
        let Sifted { body, left_out } = sifted;
        Journey { concern, left_out, ..Journey::straight(call(body.unwrap_or_default())) }
    }

    /// A look at the person first, where some are protected.
    fn met(&self, id: &str, gate: Gate<'_>, journey: Journey) -> Journey {
        if !people::are_protected(gate) {
            return journey;
        }
        let look = self.settings.person(id);
        Journey { look: Some((Look::Person, look)), ..journey }
    }

    /// The group's change is what people are brought by.
    fn aimed(
        &self,
        id: &str,
        gate: Gate<'_>,
        journey: Journey,
        aim: impl FnOnce() -> Result<Aim, Error>,
    ) -> Result<Journey, Error> {
        if !gate.brings() {
            return Ok(journey);
        }
        Ok(Journey { concern: Concern::Aimed { id: id.to_owned(), aim: aim()? }, ..journey })
    }

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
            // RFC 9110 13.1.2: what a change is conditional on is `If-Match`.
            [
                ("if-match", self.incoming.if_match),
                ("if-none-match", self.incoming.if_none_match.filter(|_| method == "GET")),
            ];
        let conditions = conditions
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        self.settings.endpoint.forwarded(method, resource, conditions, body)
    }

    /// A look at the group first, where the answer to `call` does not show its name.
    fn looked(&self, id: &str, projection: &Projection, call: HttpCall) -> Journey {
        if call.method == "GET" && projection.shows(ResourceKind::Group, "displayName") {
            return Journey::straight(call);
        }
        let look = self.resource("/Groups").segment(id).query("excludedAttributes", "members");
        let look = self.settings.endpoint.forwarded("GET", look, Vec::new(), Vec::new());
        let asked = Asked { known: true, unnamed: false };
        Journey { look: Some((Look::Group, look)), asked, ..Journey::straight(call) }
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
