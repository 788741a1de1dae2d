//! Bodies on their way through: groups are called otherwise behind us than before us, and addresses are ours.

mod members;
mod people;

pub use members::{id_of, members_of};
pub use people::Sifted;

use serde_json::{Map, Value};

use super::json::member;
use super::path::Name;
use super::schema::{GROUP, ResourceKind};
use super::{Document, Error};
use crate::base::Code;

/// What a group is called on the other side; `None` for a group that does not concern the other side.
pub trait Rename {
    /// The name on the other side.
    fn rename(&self, name: &str) -> Option<String>;
}

impl Document {
    /// The body of a POST or PUT of a group, with the name on the other side.
    ///
    /// # Errors
    /// The group does not concern the other side.
    pub fn renamed_group(&self, names: &impl Rename) -> Result<Vec<u8>, Error> {
        let mut object = self.object().clone();
        rename_in(&mut object, names)?;
        Ok(Value::Object(object).to_string().into_bytes())
    }

    /// The body of a PATCH of a group, with the names on the other side.
    ///
    /// # Errors
    /// A group is to get a name that does not concern the other side.
    pub fn renamed_group_patch(&self, names: &impl Rename) -> Result<Vec<u8>, Error> {
        let mut object = self.object().clone();
        for operations in object.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("Operations")) {
            for operation in operations.1.as_array_mut().into_iter().flatten() {
                let Some(operation) = operation.as_object_mut() else { continue };
                let path =
                    member(operation, "path").and_then(Value::as_str).map(str::trim).unwrap_or_default();
                if people::is_power(path) {
                    return Err(power());
                }
                let names_group = is_name_of_group(path);
                let is_pathless = path.is_empty();
                for (_, value) in operation.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("value"))
                {
                    match value {
                        Value::String(name) if names_group => *name = renamed(name, names)?,
                        Value::Object(parts) if is_pathless => rename_in(parts, names)?,
                        // Lists of one and the like, which the schema would let through, are not looked into.
                        _ if names_group => return Err(Error::value("displayName", "is no text")),
                        _ => {}
                    }
                }
            }
        }
        Ok(Value::Object(object).to_string().into_bytes())
    }
}

/// No client sends them at a group, and some services make owners of its members by them.
fn power() -> Error {
    Error::value("roles", "and entitlements of a group do not go on")
}

fn rename_in(object: &mut Map<String, Value>, names: &impl Rename) -> Result<(), Error> {
    for (name, value) in object.iter_mut() {
        match value {
            _ if people::is_power(name) => return Err(power()),
            Value::String(text) if is_name_of_group(name) => *text = renamed(text, names)?,
            _ if is_name_of_group(name) => return Err(Error::value("displayName", "is no text")),
            // Rights under a schema of the service's own.
            Value::Object(parts) if parts.keys().any(|name| people::is_power(name)) => return Err(power()),
            // The core schema as one object.
            Value::Object(parts) if name.eq_ignore_ascii_case(GROUP) => {
                for (name, value) in parts.iter_mut() {
                    match value {
                        Value::String(text) if is_name_of_group(name) => *text = renamed(text, names)?,
                        _ if is_name_of_group(name) => {
                            return Err(Error::value("displayName", "is no text"));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_name_of_group(path: &str) -> bool {
    Name::parse(ResourceKind::Group, path).is_some_and(|name| name.is_of("displayName"))
}

fn renamed(name: &str, names: &impl Rename) -> Result<String, Error> {
    names.rename(name).ok_or_else(unmapped)
}

/// The group is none of those that the rules lead through.
#[must_use]
pub fn unmapped() -> Error {
    Error::Refused { status: 403, scim_type: None, code: Code::ScimGroupUnmapped, retry_after: None }
}

/// The name of a group as the service behind us calls it.
#[must_use]
pub fn name_of_group(resource: &Value) -> Option<&str> {
    member(resource.as_object()?, "displayName")?.as_str()
}

/// What the service behind us answered, as the client may see it: groups by their names on this side, those that do not
/// concern this side left out of lists, and addresses below `base`.
#[must_use]
pub fn shown(mut answer: Value, base: &str, names: &impl Rename) -> Value {
    let is_list = answer.get("Resources").is_some_and(Value::is_array);
    if let Some(Value::Array(resources)) = answer.get_mut("Resources").filter(|_| is_list) {
        resources.retain_mut(|resource| show(resource, base, names));
    } else {
        show(&mut answer, base, names);
    }
    answer
}

/// Leaves out of a list of groups those that do not concern this side, and then the names of all: only we asked for them.
pub fn unname(list: &mut Value, names: &impl Rename) {
    let Some(groups) = list.get_mut("Resources").and_then(Value::as_array_mut) else { return };
    groups.retain_mut(|group| {
        let Some(group) = group.as_object_mut() else { return false };
        let is_ours =
            group.get("displayName").and_then(Value::as_str).and_then(|name| names.rename(name)).is_some();
        group.retain(|name, _| !name.eq_ignore_ascii_case("displayName"));
        is_ours
    });
}

/// Whether `resource` is a group, by its schemas or by its `meta`.
#[must_use]
pub fn is_group(resource: &Value) -> bool {
    let schemas = resource.get("schemas").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    schemas.iter().any(|schema| schema.as_str().is_some_and(|schema| schema.eq_ignore_ascii_case(GROUP)))
        || resource.pointer("/meta/resourceType").and_then(Value::as_str) == Some("Group")
}

/// Whether the resource is to be seen. JSON nests no deeper than the parser allows.
fn show(resource: &mut Value, base: &str, names: &impl Rename) -> bool {
    move_addresses(resource, base);
    let is_group = is_group(resource);
    let Some(object) = resource.as_object_mut() else { return true };
    if is_group && let Some(name) = object.get_mut("displayName") {
        let ours = name.as_str().and_then(|name| names.rename(name));
        let is_ours = ours.is_some();
        *name = ours.map_or(Value::Null, Value::String);
        return is_ours;
    }
    if let Some(Value::Array(groups)) = object.get_mut("groups") {
        groups.retain_mut(|group| match group.get_mut("display") {
            None => true,
            Some(display) => {
                let ours = display.as_str().and_then(|name| names.rename(name));
                let is_ours = ours.is_some();
                *display = ours.map_or(Value::Null, Value::String);
                is_ours
            }
        });
    }
    true
}

fn move_addresses(value: &mut Value, base: &str) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| move_addresses(value, base)),
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::String(address) if name == "$ref" || name == "location" => {
                        if let Some(ours) = moved(address, base) {
                            *address = ours;
                        }
                    }
                    value => move_addresses(value, base),
                }
            }
        }
        _ => {}
    }
}

/// The address of the same resource below `base`: what follows the last endpoint in it.
#[must_use]
pub fn moved(address: &str, base: &str) -> Option<String> {
    let endpoints = ["/Users/", "/Groups/", "/Schemas/", "/ResourceTypes/", "/ServiceProviderConfig"];
    let at = endpoints.iter().filter_map(|endpoint| address.rfind(endpoint)).max()?;
    Some(format!("{base}{}", address.get(at..)?))
}

#[cfg(test)]
mod tests;
