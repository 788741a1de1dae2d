//! PATCH (RFC 7644 3.5.2): operations in order, all of them or none.

mod apply;
mod element;
mod membership;
mod parse;

use core::fmt;

use serde_json::{Map, Value};

use super::path::Path;
use super::schema::{Mutability, ResourceKind};
use super::{Document, Error, Limits, MembersChange};

/// What a PATCH asks for. Objects without a path were taken apart: each operation here has its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    operations: Vec<Operation>,
}

#[derive(Clone, PartialEq)]
struct Operation {
    op: Op,
    target: Target,
    /// `None` when the operation has none.
    value: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Add,
    Replace,
    Remove,
}

#[derive(Clone, Debug, PartialEq)]
enum Target {
    Path(Path),
    /// The id of the resource, which Okta repeats when it renames a group.
    Id,
}

impl fmt::Debug for Operation {
    /// Without the value, which is about a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation")
            .field("op", &self.op)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl Patch {
    /// Parses the body of a PATCH of a resource of `kind`.
    ///
    /// # Errors
    /// An operation is malformed, or its path is.
    pub fn parse(kind: ResourceKind, body: &Document, limits: &Limits) -> Result<Self, Error> {
        parse::operations(kind, body.object(), limits).map(|operations| Self { operations })
    }

    /// How many attributes, or lists of members, it touches.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether it asks for nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    pub(super) fn apply_to_user(
        &self,
        id: &str,
        attributes: &mut Map<String, Value>,
        limits: &Limits,
    ) -> Result<(), Error> {
        self.operations.iter().try_for_each(|operation| match &operation.target {
            Target::Id => operation.check_id(id),
            Target::Path(path) => {
                check_writable(path)?;
                apply::apply(operation.op, path, operation.value.as_ref(), attributes, limits)
            }
        })
    }

    pub(super) fn apply_to_group(
        &self,
        id: &str,
        attributes: &mut Map<String, Value>,
        change: &mut MembersChange,
        limits: &Limits,
    ) -> Result<(), Error> {
        self.operations.iter().try_for_each(|operation| match &operation.target {
            Target::Id => operation.check_id(id),
            Target::Path(path) if path.name.is_of("members") => {
                membership::apply(operation.op, path, operation.value.as_ref(), change, limits)
            }
            Target::Path(path) => {
                check_writable(path)?;
                apply::apply(operation.op, path, operation.value.as_ref(), attributes, limits)
            }
        })
    }
}

impl Operation {
    /// RFC 7644 3.5.2: a read-only attribute is not changed; one that stays what it is, is not.
    fn check_id(&self, id: &str) -> Result<(), Error> {
        match (&self.op, &self.value) {
            (Op::Add | Op::Replace, Some(Value::String(same))) if same == id => Ok(()),
            _ => Err(read_only("id")),
        }
    }
}

fn check_writable(path: &Path) -> Result<(), Error> {
    let read_only_part = [path.name.attribute, path.name.sub].into_iter().flatten();
    match read_only_part.into_iter().find(|part| part.mutability == Mutability::ReadOnly) {
        Some(_) => Err(read_only(&path.name.spelled())),
        None => Ok(()),
    }
}

fn read_only(attribute: &str) -> Error {
    Error::Mutability { attribute: attribute.to_owned(), finding: "is set by the service" }
}

#[cfg(test)]
mod tests;
