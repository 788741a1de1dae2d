//! Every code is documented, keeps its id, is raised somewhere, and is provoked by a test.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

#[path = "support/tree.rs"]
mod tree;

use std::collections::BTreeSet;
use std::fs;

use samlgate::base::Code;

fn text(path: &str) -> String {
    fs::read_to_string(tree::root().join(path)).unwrap()
}

/// The name of the variant.
fn variant(code: Code) -> String {
    format!("{code:?}")
}

/// Does `text` contain `word` with no letter or digit around it?
fn names(text: &str, word: &str) -> bool {
    let joins = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word).any(|(start, _)| {
        let (before, rest) = text.split_at(start);
        !before.ends_with(joins) && !rest.split_at(word.len()).1.starts_with(joins)
    })
}

/// Production code and tests: a room's own tests belong to the tests.
fn production_and_tests() -> (String, String) {
    let (mut production, mut tests) = (String::new(), String::new());
    for file in tree::files("rs").into_iter().chain(tree::files("yaml")) {
        let of_core = file.path.starts_with("src/") || file.path.starts_with("filter/src/");
        if ["src/base/code.rs", "tests/codes.rs"].contains(&file.path.as_str()) {
            continue;
        }
        if !of_core || file.path.contains("/tests/") || file.path.ends_with("/tests.rs") {
            tests.push_str(&file.text);
            continue;
        }
        let (code, inline) = file.text.split_once("#[cfg(test)]").unwrap_or((&file.text, ""));
        production.push_str(code);
        tests.push_str(inline);
    }
    (production, tests)
}

#[test]
fn every_code_is_documented_with_a_remedy() {
    let document = text("docs/errors.md");
    for code in Code::ALL.iter().copied() {
        let (id, slug) = (code.id(), code.slug());
        assert!(document.contains(&format!("\n### {id} {slug}\n")), "docs/errors.md lacks {id}");
        assert!(code.remedy().split_whitespace().count() >= 3, "{id}: what does an operator do?");
        assert!(code.public_reason().ends_with('.'), "{id}: the public reason is a sentence");
    }
}

#[test]
fn ids_and_slugs_are_unique() {
    let ids: BTreeSet<_> = Code::ALL.iter().map(|code| code.id()).collect();
    let slugs: BTreeSet<_> = Code::ALL.iter().map(|code| code.slug()).collect();
    assert_eq!((ids.len(), slugs.len()), (Code::ALL.len(), Code::ALL.len()));
}

/// `tests/codes.lock` only grows: a code that is given up keeps its line, and nobody else gets its id or slug.
#[test]
fn ids_and_slugs_never_change() {
    let lock = text("tests/codes.lock");
    let locked: Vec<(&str, &str)> = lock.lines().map(|line| line.split_once(' ').unwrap()).collect();
    let ids: BTreeSet<_> = locked.iter().map(|(id, _)| id).collect();
    let slugs: BTreeSet<_> = locked.iter().map(|(_, slug)| slug).collect();
    assert_eq!((ids.len(), slugs.len()), (locked.len(), locked.len()), "a line of codes.lock is there twice");
    let missing: Vec<_> = Code::ALL
        .iter()
        .filter(|code| !locked.contains(&(code.id(), code.slug())))
        .map(|code| format!("{} {}", code.id(), code.slug()))
        .collect();
    assert!(
        missing.is_empty(),
        "append to tests/codes.lock and change no line of it:\n{}",
        missing.join("\n")
    );
}

#[test]
fn every_code_is_raised_and_provoked() {
    let (production, tests) = production_and_tests();
    let mut faults = Vec::new();
    for code in Code::ALL.iter().copied() {
        let name = format!("Code::{}", variant(code));
        let provoked = names(&tests, &name) || names(&tests, code.id());
        if !names(&production, &name) {
            faults.push(format!("{} {name}: nothing raises it", code.id()));
        }
        if !provoked {
            faults.push(format!("{} {name}: no test provokes it", code.id()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
