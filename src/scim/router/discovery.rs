//! The endpoints that describe the service (RFC 7644 4).

use super::{Error, Incoming, query::Parameters};

/// Which description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// What the service can do.
    ServiceProviderConfig,
    /// The types of resources, or the one with that name.
    ResourceTypes(Option<String>),
    /// The schemas, or the one with that URN.
    Schemas(Option<String>),
}

impl Discovery {
    pub(super) fn parse(segments: &[&str]) -> Option<Self> {
        match segments {
            // Older clients write the plural of SCIM 1.1.
            ["ServiceProviderConfig" | "ServiceProviderConfigs"] => Some(Self::ServiceProviderConfig),
            ["ResourceTypes"] => Some(Self::ResourceTypes(None)),
            ["ResourceTypes", name] => Some(Self::ResourceTypes(Some((*name).to_owned()))),
            ["Schemas"] => Some(Self::Schemas(None)),
            ["Schemas", urn] => Some(Self::Schemas(Some((*urn).to_owned()))),
            _ => None,
        }
    }

    pub(super) fn checked(self, incoming: &Incoming<'_>) -> Result<Self, Error> {
        if incoming.method != "GET" {
            return Err(Error::Method);
        }
        let parameters = Parameters::parse(incoming.query)?;
        // RFC 7644 4: a filter is refused with 403, other parameters are ignored.
        if parameters.value("filter").is_some() {
            return Err(Error::Forbidden { what: "a filter cannot be applied to this endpoint" });
        }
        Ok(self)
    }
}
