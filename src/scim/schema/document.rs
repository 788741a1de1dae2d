//! What the discovery endpoints answer (RFC 7643 5 to 7, RFC 7644 4).

use serde_json::{Map, Value, json};

use super::{Attribute, ENTERPRISE, Kind, Mutability, ResourceKind, Returned};

const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

/// What the service can do besides the must, for `ServiceProviderConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Bulk requests: operations and bytes of one; `None` when there are none.
    pub bulk: Option<(usize, usize)>,
    /// Resources on one page.
    pub max_page: usize,
    /// Versions, `If-Match` and `If-None-Match`.
    pub etag: bool,
    /// What the application behind does not do with attributes that the schemas let clients change.
    pub stricter: Stricter,
}

/// Where the application behind is stricter than the schemas: they say so, and clients need not learn it by a refusal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stricter {
    /// Nobody is there without an e-mail address.
    pub needs_email: bool,
    /// An e-mail address stays as it was (J19).
    pub keeps_email: bool,
    /// The name of a person stays as it was (J12).
    pub keeps_user_name: bool,
    /// The name of a group stays as it was (J24).
    pub keeps_group_name: bool,
}

impl Stricter {
    /// Changes the description of the attribute `name`.
    fn tell(self, kind: ResourceKind, description: &mut Value) {
        let Some(attribute) = description.as_object_mut() else { return };
        let keeps = match (kind, attribute.get("name").and_then(Value::as_str)) {
            (ResourceKind::User, Some("userName")) => self.keeps_user_name,
            (ResourceKind::User, Some("emails")) => {
                if self.needs_email {
                    attribute.insert(String::from("required"), true.into());
                    for part in
                        attribute.get_mut("subAttributes").and_then(Value::as_array_mut).into_iter().flatten()
                    {
                        if part.get("name").and_then(Value::as_str) == Some("value")
                            && let Some(part) = part.as_object_mut()
                        {
                            part.insert(String::from("required"), true.into());
                        }
                    }
                }
                self.keeps_email
            }
            (ResourceKind::Group, Some("displayName")) => self.keeps_group_name,
            _ => false,
        };
        if keeps {
            attribute.insert(String::from("mutability"), "immutable".into());
        }
    }
}

/// The answer to `/ServiceProviderConfig` (RFC 7643 5).
pub(in crate::scim) fn service_provider_config(features: Features, base: &str) -> Value {
    let (operations, payload) = features.bulk.unwrap_or_default();
    json!({
        "schemas": [CONFIG],
        "patch": { "supported": true },
        "bulk": {
            "supported": features.bulk.is_some(),
            "maxOperations": operations,
            "maxPayloadSize": payload,
        },
        "filter": { "supported": true, "maxResults": features.max_page },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": features.etag },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A long-lived token in the Authorization header.",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": true,
        }],
        "meta": meta("ServiceProviderConfig", format!("{base}/ServiceProviderConfig")),
    })
}

/// The resources of `/ResourceTypes` (RFC 7643 6).
pub(in crate::scim) fn resource_types(base: &str) -> Vec<Value> {
    [ResourceKind::User, ResourceKind::Group].map(|kind| of_type(kind, base)).into()
}

/// The resource type called `name`.
pub(in crate::scim) fn resource_type(name: &str, base: &str) -> Option<Value> {
    let kinds = [ResourceKind::User, ResourceKind::Group];
    kinds.into_iter().find(|kind| kind.name() == name).map(|kind| of_type(kind, base))
}

fn of_type(kind: ResourceKind, base: &str) -> Value {
    let name = kind.name();
    let description = match kind {
        ResourceKind::User => "People",
        ResourceKind::Group => "Groups of people",
    };
    let extensions: Vec<Value> =
        kind.extension().iter().map(|(urn, _)| json!({ "schema": urn, "required": false })).collect();
    json!({
        "schemas": [RESOURCE_TYPE],
        "id": name,
        "name": name,
        "description": description,
        "endpoint": format!("/{}", kind.endpoint()),
        "schema": kind.urn(),
        "schemaExtensions": extensions,
        "meta": meta("ResourceType", format!("{base}/ResourceTypes/{name}")),
    })
}

/// The resources of `/Schemas` (RFC 7643 7).
pub(in crate::scim) fn schemas(base: &str, stricter: Stricter) -> Vec<Value> {
    [ResourceKind::User.urn(), ENTERPRISE, ResourceKind::Group.urn()]
        .into_iter()
        .filter_map(|urn| schema(urn, base, stricter))
        .collect()
}

/// The schema with the URN `urn`, in any case.
pub(in crate::scim) fn schema(urn: &str, base: &str, stricter: Stricter) -> Option<Value> {
    let is = |known: &str| known.eq_ignore_ascii_case(urn);
    let (urn, name, attributes, kind) = match (ResourceKind::User.urn(), ResourceKind::Group.urn()) {
        (user, _) if is(user) => (user, "User", ResourceKind::User.attributes(), Some(ResourceKind::User)),
        (_, group) if is(group) => {
            (group, "Group", ResourceKind::Group.attributes(), Some(ResourceKind::Group))
        }
        _ if is(ENTERPRISE) => (ENTERPRISE, "EnterpriseUser", super::user::ENTERPRISE, None),
        _ => return None,
    };
    let mut attributes: Vec<Value> = attributes.iter().map(described).collect();
    if let Some(kind) = kind {
        attributes.iter_mut().for_each(|attribute| stricter.tell(kind, attribute));
    }
    Some(json!({
        "schemas": [SCHEMA],
        "id": urn,
        "name": name,
        "description": name,
        "attributes": attributes,
        "meta": meta("Schema", format!("{base}/Schemas/{urn}")),
    }))
}

fn meta(resource_type: &str, location: String) -> Value {
    json!({ "resourceType": resource_type, "location": location })
}

/// One attribute with its characteristics (RFC 7643 7), without a `null` anywhere.
fn described(attribute: &Attribute) -> Value {
    let kind = match attribute.kind {
        Kind::String => "string",
        Kind::Boolean => "boolean",
        Kind::DateTime => "dateTime",
        Kind::Reference => "reference",
        Kind::Binary => "binary",
        Kind::Complex(_) => "complex",
    };
    let mutability = match attribute.mutability {
        Mutability::ReadOnly => "readOnly",
        Mutability::ReadWrite => "readWrite",
        Mutability::Immutable => "immutable",
        Mutability::WriteOnly => "writeOnly",
    };
    let returned = match attribute.returned {
        Returned::Always => "always",
        Returned::Never => "never",
        Returned::Default => "default",
    };
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("name", attribute.name.into());
    put("type", kind.into());
    put("multiValued", attribute.multi_valued.into());
    put("description", attribute.description.into());
    put("required", attribute.required.into());
    put("mutability", mutability.into());
    put("returned", returned.into());
    if !matches!(attribute.kind, Kind::Boolean | Kind::Complex(_)) {
        put("caseExact", attribute.case_exact.into());
        put("uniqueness", if attribute.unique { "server" } else { "none" }.into());
    }
    if !attribute.canonical.is_empty() {
        put("canonicalValues", attribute.canonical.into());
    }
    if !attribute.references.is_empty() {
        put("referenceTypes", attribute.references.into());
    }
    if !attribute.subs().is_empty() {
        put("subAttributes", attribute.subs().iter().map(described).collect::<Vec<_>>().into());
    }
    Value::Object(out)
}
