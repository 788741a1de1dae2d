//! The SCIM protocol of the core with nothing behind it: resources in memory. Another implementation's tester asks it what a
//! service must do, without an application, a store or Envoy in between.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use samlgate::base::UnixTime;
use samlgate::http::Reply;
use samlgate::scim::message::{self, Media};
use samlgate::scim::router::{self, Incoming, Query};
use samlgate::scim::{
    Error, Features, Group, GroupReference, Limits, Member, Members, Meta, ResourceKind, Stricter, User, fold,
};
use serde_json::Value;

use crate::server::Server;

/// Where the service begins.
pub const PREFIX: &str = "/scim/v2";

const LIMITS: Limits = Limits::DEFAULT;

/// A running service; it ends with this handle.
#[derive(Debug)]
pub struct ScimKeeper(Server);

impl ScimKeeper {
    /// An empty service on a free port.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn start() -> io::Result<Self> {
        let kept = Arc::new(Mutex::new(Kept::default()));
        Server::start(0, Router::new().fallback(serve).with_state(kept)).map(Self)
    }

    /// The base address that clients are told.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}{PREFIX}", self.0.address())
    }
}

#[derive(Default)]
struct Kept {
    made: u64,
    users: BTreeMap<String, (User, u64)>,
    groups: BTreeMap<String, (Group, Members, u64)>,
}

async fn serve(State(kept): State<Arc<Mutex<Kept>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 16 * 1024 * 1024).await.unwrap_or_default();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let media = Media::of(header("accept"));
    let base = format!("http://{}{PREFIX}", header("host").unwrap_or_default());
    let reply = match head.uri.path().strip_prefix(PREFIX) {
        None => message::error(&Error::NotFound { what: "endpoint" }, media),
        Some(path) => {
            let incoming = Incoming {
                method: head.method.as_str(),
                path,
                query: head.uri.query().unwrap_or_default(),
                content_type: header("content-type"),
                if_match: header("if-match"),
                if_none_match: header("if-none-match"),
                body: &body,
            };
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            let request = router::parse(&incoming, &LIMITS);
            request
                .and_then(|request| kept.answer(request, &base, media))
                .unwrap_or_else(|error| message::error(&error, media))
        }
    };
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(reply.body.into()).unwrap_or_default()
}

impl Kept {
    fn answer(&mut self, request: router::Request, base: &str, media: Media) -> Result<Reply, Error> {
        match request {
            router::Request::Discover(asked) => {
                let (bulk, stricter) = (Some((100, 1 << 20)), Stricter::default());
                let features = Features { bulk, max_page: LIMITS.max_page, etag: true, stricter };
                message::discovery(&asked, features, base, media)
            }
            router::Request::Create { kind, body, projection } => {
                self.made += 1;
                let id = format!("id-{}", self.made);
                match kind {
                    ResourceKind::User => {
                        let user = User::from_post(&body, &LIMITS)?;
                        self.keep_user(&id, user)?;
                    }
                    ResourceKind::Group => {
                        let (group, members) = Group::from_post(&body, &LIMITS)?;
                        self.keep_group(&id, group, members)?;
                    }
                }
                let resource = self.show(kind, &id, base)?;
                let etag = etag(&resource);
                let location = format!("{base}/{}/{id}", kind.endpoint());
                let shown = projection.apply(kind, resource);
                Ok(message::resource(201, &shown, Some(&etag), Some(&location), media))
            }
            router::Request::Read { kind, id, projection, condition } => {
                let resource = self.show(kind, &id, base)?;
                let etag = etag(&resource);
                if condition.is_known(&etag) {
                    return Ok(message::not_modified(&etag));
                }
                Ok(message::resource(200, &projection.apply(kind, resource), Some(&etag), None, media))
            }
            router::Request::List(query) => self.list(&query, base, media),
            router::Request::Replace { kind, id, body, projection, precondition } => {
                precondition.check(&etag(&self.show(kind, &id, base)?))?;
                match kind {
                    ResourceKind::User => {
                        let user = self.user(&id)?.apply_put(&body, &LIMITS)?;
                        self.keep_user(&id, user)?;
                    }
                    ResourceKind::Group => {
                        let (group, present) = self.group(&id)?;
                        let (group, change) = group.apply_put(&body, &LIMITS)?;
                        let members = change.applied_to(present);
                        self.keep_group(&id, group, members)?;
                    }
                }
                let resource = self.show(kind, &id, base)?;
                let etag = etag(&resource);
                Ok(message::resource(200, &projection.apply(kind, resource), Some(&etag), None, media))
            }
            router::Request::Patch { kind, id, patch, projection, precondition } => {
                precondition.check(&etag(&self.show(kind, &id, base)?))?;
                match kind {
                    ResourceKind::User => {
                        let user = self.user(&id)?.apply_patch(&id, &patch, &LIMITS)?;
                        self.keep_user(&id, user)?;
                    }
                    ResourceKind::Group => {
                        let (group, present) = self.group(&id)?;
                        let (group, change) = group.apply_patch(&id, &patch, &LIMITS)?;
                        let members = change.applied_to(present);
                        self.keep_group(&id, group, members)?;
                    }
                }
                let resource = self.show(kind, &id, base)?;
                let etag = etag(&resource);
                Ok(message::resource(200, &projection.apply(kind, resource), Some(&etag), None, media))
            }
            router::Request::Delete { kind, id, precondition } => {
                precondition.check(&etag(&self.show(kind, &id, base)?))?;
                match kind {
                    ResourceKind::User => {
                        self.users.remove(&id);
                        self.groups.values_mut().for_each(|(_, members, _)| {
                            members.remove(&id);
                        });
                    }
                    ResourceKind::Group => {
                        self.groups.remove(&id);
                    }
                }
                Ok(message::no_content(None))
            }
            router::Request::Bulk(bulk) => {
                let mut run = samlgate::scim::bulk::BulkRun::new(bulk);
                while let Some(request) = run.next(&LIMITS) {
                    let reply = self.answer(request, base, media);
                    run.answered(&reply.unwrap_or_else(|error| message::error(&error, media)));
                }
                Ok(run.finish(base, media))
            }
        }
    }

    fn list(&self, query: &Query, base: &str, media: Media) -> Result<Reply, Error> {
        let ids: Vec<&String> = match query.kind {
            ResourceKind::User => self.users.keys().collect(),
            ResourceKind::Group => self.groups.keys().collect(),
        };
        let mut found = Vec::new();
        for id in ids {
            let resource = self.show(query.kind, id, base)?;
            if query.filter.as_ref().is_none_or(|filter| filter.matches(&resource)) {
                found.push(query.projection.apply(query.kind, resource));
            }
        }
        let total = found.len();
        let page = found.into_iter().skip(query.page.skip()).take(query.page.count).collect();
        Ok(message::list(total, query.page, page, media))
    }

    fn user(&self, id: &str) -> Result<&User, Error> {
        self.users.get(id).map(|(user, _)| user).ok_or(Error::NotFound { what: "user" })
    }

    fn group(&self, id: &str) -> Result<(&Group, &Members), Error> {
        self.groups
            .get(id)
            .map(|(group, members, _)| (group, members))
            .ok_or(Error::NotFound { what: "group" })
    }

    fn keep_user(&mut self, id: &str, user: User) -> Result<(), Error> {
        let same = |other: &User| fold(other.user_name()) == fold(user.user_name());
        if self.users.iter().any(|(other, (kept, _))| other != id && same(kept)) {
            return Err(Error::Uniqueness { attribute: "userName" });
        }
        let version = match self.users.get(id) {
            Some((kept, version)) if *kept == user => *version,
            Some((_, version)) => version + 1,
            None => 1,
        };
        self.users.insert(id.to_owned(), (user, version));
        Ok(())
    }

    fn keep_group(&mut self, id: &str, group: Group, members: Members) -> Result<(), Error> {
        let same = |other: &Group| fold(other.display_name()) == fold(group.display_name());
        if self.groups.iter().any(|(other, (kept, ..))| other != id && same(kept)) {
            return Err(Error::Uniqueness { attribute: "displayName" });
        }
        if members.iter().any(|member| !self.users.contains_key(member)) {
            return Err(Error::Value { attribute: String::from("members.value"), finding: "names nobody" });
        }
        let version = match self.groups.get(id) {
            Some((kept, present, version)) if *kept == group && *present == members => *version,
            Some((.., version)) => version + 1,
            None => 1,
        };
        self.groups.insert(id.to_owned(), (group, members, version));
        Ok(())
    }

    fn show(&self, kind: ResourceKind, id: &str, base: &str) -> Result<Value, Error> {
        let meta = |version: u64| Meta {
            id: id.to_owned(),
            created: UnixTime::from_secs(1_767_225_600),
            last_modified: UnixTime::from_secs(1_767_225_600 + version),
            version: version.to_string(),
        };
        match kind {
            ResourceKind::User => {
                let (user, version) = self.users.get(id).ok_or(Error::NotFound { what: "user" })?;
                let of = self.groups.iter().filter(|(_, (_, members, _))| members.contains(id));
                let groups: Vec<_> = of
                    .map(|(id, (group, ..))| GroupReference {
                        id: id.clone(),
                        display: group.display_name().to_owned(),
                    })
                    .collect();
                Ok(user.render(&meta(*version), &groups, base))
            }
            ResourceKind::Group => {
                let (group, members, version) =
                    self.groups.get(id).ok_or(Error::NotFound { what: "group" })?;
                let members: Vec<_> = members
                    .iter()
                    // The tester compares members with what it sent, which is ids.
                    .map(|id| Member { id: id.clone(), display: None })
                    .collect();
                Ok(group.render(&meta(*version), Some(&members), base))
            }
        }
    }
}

fn etag(resource: &Value) -> String {
    resource.pointer("/meta/version").and_then(Value::as_str).unwrap_or_default().to_owned()
}
