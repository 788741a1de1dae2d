//! Which attributes an answer shows (RFC 7644 3.9).

use serde_json::{Map, Value};

use super::{Error, ResourceKind};
use crate::scim::path::Name;

/// Names in one list; no schema has as many attributes.
const MAX_NAMES: usize = 100;

/// What an answer shows. `id` and `schemas` are always in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Projection {
    /// Everything that is returned by default.
    #[default]
    Default,
    /// These only.
    Only(Vec<String>),
    /// All but these.
    Except(Vec<String>),
}

impl Projection {
    pub(super) fn parse(only: Option<Vec<String>>, except: Option<Vec<String>>) -> Result<Self, Error> {
        let clean = |names: Vec<String>| {
            let names: Vec<String> =
                names.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
            if names.len() > MAX_NAMES {
                return Err(Error::TooLarge { what: "names of attributes", limit: MAX_NAMES });
            }
            Ok(names)
        };
        match (only.map(clean).transpose()?, except.map(clean).transpose()?) {
            (None, None) => Ok(Self::Default),
            (Some(only), None) => Ok(if only.is_empty() { Self::Default } else { Self::Only(only) }),
            (None, Some(except)) => Ok(Self::Except(except)),
            // RFC 7644 3.9: one or the other.
            (Some(_), Some(_)) => Err(Error::value("attributes", "comes together with `excludedAttributes`")),
        }
    }

    /// Whether the answer shows any of the attribute `name`: whoever keeps resources need not read what nobody sees.
    #[must_use]
    pub fn shows(&self, kind: ResourceKind, name: &str) -> bool {
        let names = |list: &[String], whole: bool| {
            list.iter()
                .filter_map(|path| Name::parse(kind, path))
                .any(|path| path.is_of(name) && (!whole || path.sub.is_none()))
        };
        match self {
            Self::Default => true,
            Self::Only(list) => names(list, false),
            Self::Except(list) => !names(list, true),
        }
    }

    /// Leaves out of `resource` what the client does not want to see.
    #[must_use]
    pub fn apply(&self, kind: ResourceKind, resource: Value) -> Value {
        let Value::Object(resource) = resource else { return resource };
        match self {
            Self::Default => Value::Object(resource),
            Self::Only(list) => {
                let mut out = Map::new();
                for name in ["schemas", "id"] {
                    out.extend(resource.get(name).map(|value| (name.to_owned(), value.clone())));
                }
                for path in list.iter().filter_map(|path| Name::parse(kind, path)) {
                    path.copy(&resource, &mut out);
                }
                Value::Object(out)
            }
            Self::Except(list) => {
                let mut out = resource;
                // RFC 7643 7, `returned: always`.
                let paths = list.iter().filter_map(|path| Name::parse(kind, path));
                for path in paths.filter(|path| !path.is_of("id") && !path.is_of("schemas")) {
                    path.cut(&mut out);
                }
                Value::Object(out)
            }
        }
    }
}
