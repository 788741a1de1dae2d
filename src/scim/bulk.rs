//! Several requests in one (RFC 7644 3.7): in order, with references from one to what another makes.

mod parse;
mod run;

use serde_json::{Map, Value};

use super::{Document, Error, Limits, ResourceKind};
pub use run::BulkRun;

/// What a bulk request asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Bulk {
    operations: Vec<Operation>,
    fail_on_errors: Option<usize>,
}

#[derive(Clone, PartialEq)]
struct Operation {
    method: Method,
    kind: ResourceKind,
    /// What follows the endpoint in the path: an id, or `bulkId:NAME`.
    id: Option<String>,
    bulk_id: Option<String>,
    version: Option<String>,
    data: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Post,
    Put,
    Patch,
    Delete,
}

impl core::fmt::Debug for Operation {
    /// Without the data, which is about people.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Operation")
            .field("method", &self.method)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Bulk {
    /// Parses the body of a bulk request.
    ///
    /// # Errors
    /// The list is malformed or too long. What is wrong with one operation is found when its turn comes.
    pub fn parse(body: &Document, limits: &Limits) -> Result<Self, Error> {
        parse::bulk(body.object(), limits)
    }
}

#[cfg(test)]
mod tests;
