//! docs/threats.md says what the attack factory says: `cargo xtask threats` writes it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;

use testbed::attack::{self, PUBLISHED, all};
use testbed::config::repository;

/// Every CVE that `text` names.
fn cves(text: &str) -> BTreeSet<String> {
    let id = |rest: &str| {
        let length = rest.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(rest.len());
        rest.get(..length).unwrap().trim_end_matches('-').to_owned()
    };
    text.match_indices("CVE-")
        .map(|(at, start)| format!("CVE-{}", id(text.get(at + start.len()..).unwrap())))
        .collect()
}

#[test]
fn threats_are_current() {
    let path = repository().join("docs/threats.md");
    let have = fs::read_to_string(&path).unwrap();
    let (head, rest) = have.split_once(attack::BEGIN).unwrap();
    let (_, tail) = rest.split_once(attack::END).unwrap();
    let want = format!("{head}{}\n\n{}{}{tail}", attack::BEGIN, attack::markdown(), attack::END);
    if std::env::var_os("SAMLGATE_WRITE_DOCUMENTS").is_some() {
        fs::write(&path, &want).unwrap();
        return;
    }
    assert!(have == want, "docs/threats.md is out of date: run `cargo xtask threats`");
}

#[test]
fn every_published_break_has_attacks_of_its_shape() {
    let mut faults = Vec::new();
    for broken in PUBLISHED {
        for wanted in broken.attacks {
            let stem = wanted.strip_suffix('*');
            let mut of_shape = all().iter().filter(|attack| match stem {
                Some(stem) => attack.name.starts_with(stem),
                None => attack.name == *wanted,
            });
            if !of_shape.any(|attack| attack.code().is_some()) {
                faults.push(format!("{}: no attack `{wanted}` is refused", broken.name));
            }
        }
        if broken.attacks.is_empty() {
            faults.push(format!("{}: no attack", broken.name));
        }
    }
    let named: BTreeSet<&str> = PUBLISHED.iter().map(|broken| broken.name).collect();
    assert_eq!(named.len(), PUBLISHED.len(), "one line for each");
    for attack in all() {
        for cve in cves(attack.threat.source) {
            if !named.contains(cve.as_str()) {
                faults.push(format!("{}: {cve} is not among what was published", attack.name));
            }
        }
    }
    let document = fs::read_to_string(repository().join("docs/threats.md")).unwrap();
    faults.extend(
        cves(&document)
            .iter()
            .filter(|cve| !named.contains(cve.as_str()))
            .map(|cve| format!("{cve} is unknown")),
    );
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_the_document_names_exists() {
    let document = fs::read_to_string(repository().join("docs/threats.md")).unwrap();
    let made = document.split_once(attack::BEGIN).unwrap().1.split_once(attack::END).unwrap().0;
    // The types and checks of ours that are named must be in the sources.
    let mut sources = String::new();
    let mut folders = vec![repository().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut faults = Vec::new();
    for attack in all() {
        for (number, word) in attack.threat.answer.split('`').enumerate() {
            // Every second part stands between backticks.
            let last = word.rsplit("::").next().unwrap_or(word).split([':', '(', ' ']).next().unwrap_or(word);
            let is_name = last.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && last.len() > 3;
            if number % 2 == 1 && is_name && !sources.contains(last) {
                faults.push(format!("`{word}` is not in src"));
            }
        }
    }
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty() && made.len() > 10_000, "{faults:#?}");
}
