//! Operations on `members`: ids that come in and go out.

use serde_json::Value;

use super::{Error, Limits, MembersChange, Op, Path};
use crate::scim::Members;
use crate::scim::filter::{only_values, values};
use crate::scim::resource::{member_ids, read};

pub(super) fn apply(
    op: Op,
    path: &Path,
    value: Option<&Value>,
    change: &mut MembersChange,
    limits: &Limits,
) -> Result<(), Error> {
    let fixed = || {
        let finding = "are added and removed, never changed";
        Error::Mutability { attribute: String::from("members"), finding }
    };
    let Some(attribute) = path.name.attribute.filter(|_| path.name.sub.is_none()) else {
        return Err(fixed());
    };
    if let Some(filter) = &path.filter {
        if op != Op::Remove {
            return Err(fixed());
        }
        if !only_values(filter) {
            let finding = String::from("members can be selected by `value eq` only");
            return Err(Error::Filter { finding });
        }
        change.remove(values(filter).into_iter().map(str::to_owned).collect());
        return Ok(());
    }
    let named = |value: &Value| -> Result<Members, Error> {
        member_ids(read::attribute_value(attribute, "members", value, limits)?.as_ref())
    };
    match (op, value) {
        // No value is no statement (RFC 7643 2.5): only an explicit empty list empties.
        (Op::Add | Op::Replace | Op::Remove, Some(Value::Null)) => {}
        (Op::Add, Some(value)) => change.add(named(value)?),
        (Op::Replace, Some(value)) => change.replace(named(value)?),
        // RFC 7644 3.5.2.2: all of them.
        (Op::Remove, None) => change.replace(Members::new()),
        // Entra ID and JumpCloud name those to remove in the value: these only, and an empty list is none.
        (Op::Remove, Some(value)) => change.remove(named(value)?),
        (Op::Add | Op::Replace, None) => return Err(Error::value("value", "is missing")),
    }
    if change.size() > limits.max_members {
        return Err(Error::TooLarge { what: "members of one request", limit: limits.max_members });
    }
    Ok(())
}
