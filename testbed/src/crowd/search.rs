//! Search in Crowd's query language, as far as `field = "value"` joined by `and`.

use serde_json::{Value, json};

use super::{Crowd, User, error, page, user};
use crate::stand_in::{Answer, Incoming};

pub(super) fn answer(crowd: &Crowd, request: &Incoming) -> Answer {
    let restriction = request.query("restriction").unwrap_or_default();
    let Some(terms) = parse(restriction) else {
        return error(400, "ILLEGAL_ARGUMENT", "The restriction is no query.");
    };
    match request.query("entity-type") {
        Some("user") => {
            let found = crowd.users.values().filter(|user| terms.iter().all(|term| term.meets(user)));
            let expanded = request.query("expand") == Some("user");
            let found = page(request, found.collect());
            let users: Vec<Value> = found
                .into_iter()
                .map(|found| if expanded { user::shown(found, false) } else { json!({ "name": found.name }) })
                .collect();
            Answer::json(200, &json!({ "expand": "user", "users": users }))
        }
        Some("group") => {
            let of_name = |name: &&str| terms.iter().all(|term| term.field == "name" && term.is(name));
            let names = crowd.groups.values().map(|group| group.name.as_str()).filter(of_name);
            let groups: Vec<Value> =
                page(request, names.collect()).iter().map(|name| json!({ "name": name })).collect();
            Answer::json(200, &json!({ "expand": "group", "groups": groups }))
        }
        _ => error(400, "ILLEGAL_ARGUMENT", "entity-type is missing"),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Term {
    field: String,
    value: String,
}

impl Term {
    fn meets(&self, user: &User) -> bool {
        match self.field.as_str() {
            "name" => self.is(&user.name),
            "email" => self.is(&user.email),
            "firstName" => self.is(&user.first_name),
            "lastName" => self.is(&user.last_name),
            "displayName" => self.is(&user.display_name),
            "active" => self.value == user.active.to_string(),
            attribute => user.attributes.get(attribute).into_iter().flatten().any(|value| self.is(value)),
        }
    }

    /// Without case; `*` at either end stands for anything.
    fn is(&self, have: &str) -> bool {
        let (have, wanted) = (have.to_lowercase(), self.value.to_lowercase());
        match (wanted.strip_prefix('*'), wanted.strip_suffix('*')) {
            (Some(rest), Some(_)) => have.contains(rest.trim_end_matches('*')),
            (Some(rest), None) => have.ends_with(rest),
            (None, Some(rest)) => have.starts_with(rest),
            (None, None) => have == wanted,
        }
    }
}

/// Nothing restricts nothing.
fn parse(text: &str) -> Option<Vec<Term>> {
    let mut terms = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (field, after) = rest.split_once('=')?;
        let (value, after) = value(after.trim_start())?;
        terms.push(Term { field: field.trim().to_owned(), value });
        rest = after.trim();
        if !rest.is_empty() {
            rest = rest.strip_prefix("and ")?.trim_start();
            if rest.is_empty() {
                return None;
            }
        }
    }
    Some(terms)
}

/// A word, or a quoted text with backslash escapes.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(' ').unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end)?;
        return (!word.is_empty()).then(|| (word.to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((value, quoted.get(index.saturating_add(1)..)?)),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read_or_refused() {
        let term = |field: &str, value: &str| Term { field: field.to_owned(), value: value.to_owned() };
        for (text, expected) in [
            ("", Some(vec![])),
            (r#"email="a@b""#, Some(vec![term("email", "a@b")])),
            (r#"name = "x" and active = true"#, Some(vec![term("name", "x"), term("active", "true")])),
            (r#"email="a\"b" "#, Some(vec![term("email", "a\"b")])),
            (r#"email="a"#, None),
            (r#"email="#, None),
            ("email", None),
            (r#"email="a" or name="b""#, None),
            (r#"email="a" and "#, None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
        assert!(term("name", "al*").is("Alice") && term("name", "*IC*").is("Alice"));
        assert!(!term("name", "alic").is("Alice"));
    }
}
