//! One operation after the other, and their answers in the order of the request.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Bulk, Document, Error, Limits, Method, Operation};
use crate::http::Reply;
use crate::scim::Patch;
use crate::scim::message::{self, Media};
use crate::scim::router::{Precondition, Projection, Request};

const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// What begins a reference to what another operation makes (RFC 7644 3.7.2).
const REFERENCE: &str = "bulkId:";

/// A bulk request under way: [`BulkRun::next`] says what to do, [`BulkRun::answered`] takes what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkRun {
    operations: Vec<Operation>,
    results: Vec<Option<Outcome>>,
    /// The operations that each one waits for.
    needs: Vec<Vec<usize>>,
    /// The ids of what was made, by `bulkId`.
    made: BTreeMap<String, String>,
    under_way: Option<usize>,
    errors: usize,
    fail_on_errors: Option<usize>,
}

/// What became of one operation.
#[derive(Clone, PartialEq)]
struct Outcome {
    status: u16,
    location: Option<String>,
    version: Option<String>,
    /// The body of an error.
    response: Option<Value>,
}

impl core::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Outcome({})", self.status)
    }
}

impl BulkRun {
    /// Nothing is done yet.
    #[must_use]
    pub fn new(bulk: Bulk) -> Self {
        let results = bulk.operations.iter().map(|_| None).collect();
        let needs = needs(&bulk.operations);
        Self {
            operations: bulk.operations,
            results,
            needs,
            made: BTreeMap::new(),
            under_way: None,
            errors: 0,
            fail_on_errors: bulk.fail_on_errors,
        }
    }

    /// The next request; `None` when all are done, or as many failed as may. What cannot be asked for is answered here.
    ///
    /// An operation waits for those it refers to; those that wait for one another are refused with 409 (RFC 7644 3.7.1).
    pub fn next(&mut self, limits: &Limits) -> Option<Request> {
        // Each turn gives one operation its result, or returns.
        for _ in 0..=self.operations.len() {
            if self.fail_on_errors.is_some_and(|most| self.errors >= most) {
                return None;
            }
            let open = |index: &usize| self.results.get(*index).is_some_and(Option::is_none);
            let first = (0..self.operations.len()).find(open)?;
            let ready = (first..self.operations.len()).filter(open).find(|index| !self.waits(*index));
            let index = ready.unwrap_or(first);
            let request = match (ready, self.operations.get(index)) {
                (Some(_), Some(operation)) => self.request(operation, limits),
                _ => Err(Error::BulkReference { finding: "operations refer to one another in a circle" }),
            };
            self.under_way = Some(index);
            match request {
                Ok(request) => return Some(request),
                Err(error) => self.answered(&message::error(&error, Media::Json)),
            }
        }
        None
    }

    /// What came of the last request, as it would have been answered by itself.
    pub fn answered(&mut self, reply: &Reply) {
        let Some(index) = self.under_way.take() else { return };
        let header =
            |name: &str| reply.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.clone());
        let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let failed = reply.status >= 400;
        let of_body =
            |pointer: &str| body.as_ref().and_then(|body| Some(body.pointer(pointer)?.as_str()?.to_owned()));
        if failed {
            self.errors = self.errors.saturating_add(1);
        } else if let (Some(bulk_id), Some(id)) =
            (self.operations.get(index).and_then(|operation| operation.bulk_id.clone()), of_body("/id"))
        {
            self.made.insert(bulk_id, id);
        }
        let outcome = Outcome {
            status: reply.status,
            location: header("location").or_else(|| of_body("/meta/location")),
            version: header("etag"),
            response: if failed { body } else { None },
        };
        if let Some(result) = self.results.get_mut(index) {
            *result = Some(outcome);
        }
    }

    /// The answer. `base` is the address that clients know, without a slash at its end. Operations that were not reached are
    /// left out (RFC 7644 3.7.3).
    #[must_use]
    pub fn finish(&self, base: &str, media: Media) -> Reply {
        let shown: Vec<Value> = self
            .operations
            .iter()
            .zip(&self.results)
            .filter_map(|(operation, outcome)| Some(operation.shown(outcome.as_ref()?, base)))
            .collect();
        message::body(200, &json!({ "schemas": [RESPONSE], "Operations": shown }), media)
    }

    /// Whether an operation refers to one that is still to be done, or to itself.
    fn waits(&self, index: usize) -> bool {
        let open = |index: &usize| self.results.get(*index).is_some_and(Option::is_none);
        self.needs.get(index).is_some_and(|needs| needs.iter().any(open))
    }

    fn request(&self, operation: &Operation, limits: &Limits) -> Result<Request, Error> {
        let resolve = |text: &str| match text.strip_prefix(REFERENCE) {
            None => Ok(text.to_owned()),
            Some(name) => self
                .made
                .get(name)
                .cloned()
                .ok_or(Error::BulkReference { finding: "an operation refers to one that made nothing" }),
        };
        let kind = operation.kind;
        let id = operation.id.as_deref().map(resolve).transpose()?.unwrap_or_default();
        let mut data = operation.data.clone();
        for value in data.values_mut() {
            resolve_all(value, &resolve)?;
        }
        let body = Document::of(data);
        let projection = Projection::Default;
        let precondition = Precondition::parse(operation.version.as_deref());
        Ok(match operation.method {
            Method::Post => Request::Create { kind, body, projection },
            Method::Put => Request::Replace { kind, id, body, projection, precondition },
            Method::Patch => {
                let patch = Patch::parse(kind, &body, limits)?;
                Request::Patch { kind, id, patch, projection, precondition }
            }
            Method::Delete => Request::Delete { kind, id, precondition },
        })
    }
}

/// For each operation those that it refers to.
fn needs(operations: &[Operation]) -> Vec<Vec<usize>> {
    let mut named: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, operation) in operations.iter().enumerate() {
        if let Some(name) = operation.bulk_id.as_deref() {
            named.entry(name).or_default().push(index);
        }
    }
    let of_name = |name: &str| named.get(name).cloned().unwrap_or_default();
    operations
        .iter()
        .map(|operation| operation.references().into_iter().flat_map(of_name).collect())
        .collect()
}

impl Operation {
    /// The names of the operations it refers to.
    fn references(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        names.extend(self.id.as_deref().and_then(|id| id.strip_prefix(REFERENCE)));
        for value in self.data.values() {
            collect(value, &mut names);
        }
        names
    }

    fn shown(&self, outcome: &Outcome, base: &str) -> Value {
        let method = match self.method {
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        };
        let mut out = Map::new();
        let mut put =
            |name: &str, value: Option<Value>| out.extend(value.map(|value| (name.to_owned(), value)));
        let known = || Some(format!("{base}/{}/{}", self.kind.endpoint(), self.id.as_deref()?));
        put("method", Some(json!(method)));
        put("bulkId", self.bulk_id.as_ref().map(|id| json!(id)));
        put("version", outcome.version.as_ref().map(|version| json!(version)));
        // RFC 7644 3.7.3: required but for a POST that failed.
        put("location", outcome.location.clone().or_else(known).map(|location| json!(location)));
        put("response", outcome.response.clone());
        put("status", Some(json!(outcome.status.to_string())));
        Value::Object(out)
    }
}

/// JSON nests no deeper than the parser allows.
fn collect<'a>(value: &'a Value, names: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) => names.extend(text.strip_prefix(REFERENCE)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, names)),
        Value::Object(object) => object.values().for_each(|value| collect(value, names)),
        _ => {}
    }
}

fn resolve_all(value: &mut Value, resolve: &impl Fn(&str) -> Result<String, Error>) -> Result<(), Error> {
    match value {
        Value::String(text) => {
            if text.starts_with(REFERENCE) {
                *text = resolve(text)?;
            }
            Ok(())
        }
        Value::Array(values) => values.iter_mut().try_for_each(|value| resolve_all(value, resolve)),
        Value::Object(object) => object.values_mut().try_for_each(|value| resolve_all(value, resolve)),
        _ => Ok(()),
    }
}
