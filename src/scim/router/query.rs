//! The parameters of a question, in the address or in the body (RFC 7644 3.4.2, 3.4.3).

use serde_json::Value;

use super::{Document, Error, Filter, Limits, Page, Projection, Query, ResourceKind};
use crate::encoding::form;
use crate::scim::json;

/// Parameters of one address; no known client sends more than five.
const MAX_PARAMETERS: usize = 32;

/// The parameters of an address.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// A space is `%20` or `+`, so that a plus in a user name must come as `%2B`; every client listed does that.
    pub(super) fn parse(query: &str) -> Result<Self, Error> {
        let pairs = form::parse(query.as_bytes(), MAX_PARAMETERS)
            .map_err(|_| Error::syntax("the query of the address cannot be read"))?;
        for (index, (name, _)) in pairs.iter().enumerate() {
            if pairs.iter().skip(index.saturating_add(1)).any(|(other, _)| other == name) {
                return Err(Error::syntax("the query of the address names a parameter twice"));
            }
        }
        Ok(Self(pairs))
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn filter(&self, kind: ResourceKind, limits: &Limits) -> Result<Option<Filter>, Error> {
        self.value("filter").map(|text| Filter::parse(kind, text, limits)).transpose()
    }

    pub(super) fn page(&self, limits: &Limits) -> Result<Page, Error> {
        Page::parse(self.value("startIndex"), self.value("count"), limits)
    }

    pub(super) fn projection(&self) -> Result<Projection, Error> {
        let names = |name| self.value(name).map(|list| list.split(',').map(str::to_owned).collect());
        Projection::parse(names("attributes"), names("excludedAttributes"))
    }
}

/// The question in the body of a POST to `/.search` (RFC 7644 3.4.3).
pub(super) fn searched(kind: ResourceKind, body: &Document, limits: &Limits) -> Result<Query, Error> {
    let body = body.object();
    let text = |name| match json::member(body, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(Error::value(name, "is of the wrong type")),
    };
    let names = |name| match json::member(body, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(names)) => {
            Ok(Some(names.iter().filter_map(Value::as_str).map(str::to_owned).collect()))
        }
        Some(_) => Err(Error::value(name, "is no list")),
    };
    let filter = text("filter")?.map(|text| Filter::parse(kind, &text, limits)).transpose()?;
    Ok(Query {
        kind,
        filter,
        page: Page::parse(text("startIndex")?.as_deref(), text("count")?.as_deref(), limits)?,
        projection: Projection::parse(names("attributes")?, names("excludedAttributes")?)?,
    })
}
