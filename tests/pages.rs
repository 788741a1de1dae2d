//! What the pages for operators show is what works: every piece of configuration in them is read by the core.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
#![allow(missing_docs, reason = "a test")]

#[path = "support/configuration.rs"]
mod configuration;

use std::fs;
use std::path::{Path, PathBuf};

/// The pages of `docs/operating`, `docs/targets` and `docs/deploying`, and that about expressions, each with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let folders =
        ["operating", "targets", "deploying"].map(|folder| fs::read_dir(docs.join(folder)).unwrap());
    let entries = folders.into_iter().flatten().map(|entry| entry.unwrap().path());
    let paths = entries.chain([docs.join("expressions.md")]);
    paths.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The pieces of YAML in `text`.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next())
}

#[test]
fn every_piece_of_configuration_is_accepted() {
    let mut count = 0;
    for (path, text) in pages() {
        for piece in pieces(&text) {
            let sections =
                serde_norway::from_str(piece).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            if let Err(faults) = configuration::settings(&sections, true) {
                panic!("{}:\n{piece}\n{faults}", path.display());
            }
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} pieces were found");
}

/// A link to another page, or to a heading of it, leads somewhere.
#[test]
fn links_lead_to_pages() {
    for (path, text) in pages() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            if file.contains("://") {
                continue;
            }
            let text = fs::read_to_string(path.parent().unwrap().join(file))
                .unwrap_or_else(|error| panic!("{}: {link}: {error}", path.display()));
            let slug = |line: &str| {
                line.trim_start_matches('#')
                    .trim()
                    .to_lowercase()
                    .replace(' ', "-")
                    .replace([',', '(', ')'], "")
            };
            let known = text.lines().filter(|line| line.starts_with('#')).any(|line| slug(line) == heading);
            assert!(heading.is_empty() || known, "{}: {link}", path.display());
        }
    }
}
