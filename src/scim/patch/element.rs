//! One operation on the values of a multi-valued attribute.

use serde_json::{Map, Value};

use super::{Error, Limits, Op, Path};
use crate::scim::resource::read;
use crate::scim::schema::Attribute;

/// Sets or removes a simple attribute, or a sub-attribute.
pub(super) fn set(
    op: Op,
    attribute: &'static Attribute,
    spelled: &str,
    value: Option<&Value>,
    home: &mut Map<String, Value>,
    limits: &Limits,
) -> Result<(), Error> {
    let read = match (op, value) {
        (Op::Add | Op::Replace, Some(value)) => read::single(attribute, spelled, value, limits)?,
        _ => None,
    };
    match read {
        Some(read) => home.insert(attribute.name.to_owned(), read),
        None if op == Op::Add => None,
        None => home.remove(attribute.name),
    };
    Ok(())
}

/// The values of an attribute, and which of them a path means.
pub(super) struct Elements<'a> {
    pub(super) attribute: &'static Attribute,
    pub(super) path: &'a Path,
    pub(super) spelled: &'a str,
    pub(super) limits: &'a Limits,
}

impl Elements<'_> {
    pub(super) fn apply(
        &self,
        op: Op,
        value: Option<&Value>,
        home: &mut Map<String, Value>,
    ) -> Result<(), Error> {
        let mut values = match home.remove(self.attribute.name) {
            Some(Value::Array(values)) => values,
            _ => Vec::new(),
        };
        let touched = match (&self.path.filter, self.path.name.sub) {
            (None, None) => self.whole(op, value, &mut values)?,
            _ => self.selected(op, value, &mut values)?,
        };
        // RFC 7644 3.5.2: who becomes primary is the only one.
        let sets_primary = touched.iter().any(|index| values.get(*index).is_some_and(read::is_primary));
        for (index, value) in values.iter_mut().enumerate() {
            if let (true, false, Some(value)) =
                (sets_primary, touched.contains(&index), value.as_object_mut())
                && value.contains_key("primary")
            {
                value.insert(String::from("primary"), Value::Bool(false));
            }
        }
        values.retain(|value| value.as_object().is_none_or(|value| !value.is_empty()));
        if values.len() > self.limits.max_values {
            let limit = self.limits.max_values;
            return Err(Error::TooLarge { what: "values of one attribute", limit });
        }
        if !values.is_empty() {
            home.insert(self.attribute.name.to_owned(), Value::Array(values));
        }
        Ok(())
    }

    /// Without a filter: the list is meant. Says which of the values are new.
    fn whole(&self, op: Op, value: Option<&Value>, values: &mut Vec<Value>) -> Result<Vec<usize>, Error> {
        let named = match value {
            Some(value) => read::attribute_value(self.attribute, self.spelled, value, self.limits)?,
            None => None,
        };
        let named = match named {
            Some(Value::Array(named)) => named,
            _ => Vec::new(),
        };
        let mut touched = Vec::new();
        match op {
            Op::Add => {
                for new in named {
                    if !values.contains(&new) {
                        touched.push(values.len());
                        values.push(new);
                    }
                }
            }
            Op::Replace => {
                // Two primary values in one list are refused where the whole resource is checked.
                touched.extend(0..named.len());
                *values = named;
            }
            Op::Remove if value.is_none_or(Value::is_null) => values.clear(),
            // As for members: those in the value, and no others.
            Op::Remove => values.retain(|have| !named.iter().any(|gone| is_meant(gone, have))),
        }
        Ok(touched)
    }

    /// With a filter, or with a sub-attribute: some values are meant, or all. Says which.
    fn selected(&self, op: Op, value: Option<&Value>, values: &mut Vec<Value>) -> Result<Vec<usize>, Error> {
        let filter = self.path.filter.as_ref();
        let mut hits: Vec<usize> = values
            .iter()
            .enumerate()
            .filter(|(_, value)| filter.is_none_or(|filter| filter.holds_for(value)))
            .map(|(index, _)| index)
            .collect();
        if op == Op::Remove && self.path.name.sub.is_none() {
            let mut index = 0_usize;
            values.retain(|_| {
                let is_hit = hits.contains(&index);
                index = index.saturating_add(1);
                !is_hit
            });
            return Ok(Vec::new());
        }
        if hits.is_empty() && op != Op::Remove {
            hits.push(values.len());
            values.push(self.missing(op)?);
        }
        for index in &hits {
            let Some(Value::Object(element)) = values.get_mut(*index) else { continue };
            match self.path.name.sub {
                Some(sub) => set(op, sub, self.spelled, value, element, self.limits)?,
                None => {
                    let read = match value {
                        Some(value) => read::single(self.attribute, self.spelled, value, self.limits)?,
                        None => None,
                    };
                    if op == Op::Replace {
                        element.clear();
                    }
                    if let Some(Value::Object(read)) = read {
                        element.extend(read);
                    }
                }
            }
        }
        Ok(hits)
    }

    /// The value that an operation makes where none is selected.
    ///
    /// RFC 7644 3.5.2.3 wants `noTarget` for `replace`; Entra ID sends `emails[type eq "work"].value` also for people who have
    /// no such address, and does not recover from a refusal. What the filter says in plain equalities, the new value has.
    fn missing(&self, op: Op) -> Result<Value, Error> {
        let said = match &self.path.filter {
            None => Some(Vec::new()),
            Some(filter) => filter.equalities(),
        };
        let lenient = op == Op::Add || self.path.name.sub.is_some();
        let Some(said) = said.filter(|_| lenient) else {
            return Err(Error::NoTarget { finding: "the path selects no value" });
        };
        Ok(Value::Object(said.into_iter().map(|(sub, value)| (sub.name.to_owned(), value)).collect()))
    }
}

/// Whether `gone`, as the client names it, is `have`: by its `value`, else in all of its parts.
fn is_meant(gone: &Value, have: &Value) -> bool {
    match gone.get("value") {
        Some(value) => have.get("value") == Some(value),
        None => gone == have,
    }
}
