//! Canonical forms against libxml2's: tests/vectors/c14n/random.jsonl, made by tests/vectors/generate/c14n.py.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

use samlgate::base::Limits;
use samlgate::xml::c14n::{Exclusive, canonicalize};
use samlgate::xml::{Element, Source};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    xml: String,
    target: String,
    comments: bool,
    #[serde(default)]
    prefixes: Vec<String>,
    omit: Option<String>,
    expected: String,
}

fn find<'a>(element: Element<'a>, id: &str) -> Option<Element<'a>> {
    if element.attribute("ID") == Some(id) {
        return Some(element);
    }
    element.children().find_map(|child| find(child, id))
}

fn canonical(case: &Case) -> Result<String, String> {
    let source = Source::check(case.xml.as_bytes(), &Limits::DEFAULT).map_err(|error| error.to_string())?;
    let document = source.document().map_err(|error| error.to_string())?;
    let by_id = |id: &str| find(document.root(), id).unwrap();
    let prefixes: Vec<&str> = case.prefixes.iter().map(String::as_str).collect();
    let how = Exclusive {
        with_comments: case.comments,
        inclusive_prefixes: &prefixes,
        omit: case.omit.as_deref().map(by_id),
    };
    let element = by_id(&case.target);
    let octets = canonicalize(element, &how).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(octets).unwrap())
}

#[test]
fn random_documents_have_the_canonical_form_that_libxml2_gives_them() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/c14n/random.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let mut failures = Vec::new();
    let mut count = 0;
    for (number, line) in text.lines().enumerate() {
        let case: Case = serde_json::from_str(line).unwrap();
        count += 1;
        match canonical(&case) {
            Ok(found) if found == case.expected => {
                // Canonicalizing again changes nothing.
                let again = Case { xml: found.clone(), target: case.target.clone(), omit: None, ..case };
                if canonical(&again).as_deref() != Ok(found.as_str()) {
                    failures.push(format!("line {}: not idempotent: {found}", number + 1));
                }
            }
            found => failures.push(format!(
                "line {}:\n  xml      {:?}\n  expected {:?}\n  found    {found:?}",
                number + 1,
                case.xml,
                case.expected
            )),
        }
    }
    assert!(count >= 500, "the corpus is gone");
    assert!(
        failures.is_empty(),
        "{} of {count}:\n{}",
        failures.len(),
        failures[..failures.len().min(5)].join("\n")
    );
}
