//! `tests/capabilities.txt`: what a service provider is expected to do, and what proves that ours does it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::tree;

const HEAD: &str = "
# Capabilities

What people expect of a grown-up service provider and of a filter of Envoy. A row names tests, cases of `tests/vectors` and pages;
each of the names exists, which a test looks after. \"Not yet\" means that nothing proves it: do not count on it.
";

/// Where things are that a row may name.
pub(crate) struct Names {
    tests: BTreeMap<String, String>,
}

impl Names {
    /// The tests of the whole repository, with the file of each.
    pub(crate) fn new(tests_of: impl Fn(&str) -> Vec<String>) -> Self {
        let mut tests = BTreeMap::new();
        for file in tree::files("rs").into_iter().chain(tree::below(&["cli/src", "cli/tests"], "rs")) {
            for name in tests_of(&file.text) {
                tests.entry(name).or_insert_with(|| file.path.clone());
            }
        }
        Self { tests }
    }

    /// A proof as the table shows it; `None` when there is no such thing.
    fn shown(&self, proof: &str) -> Option<String> {
        if let Some(case) = proof.strip_prefix("case ") {
            let exists = tree::root().join("tests/vectors").join(case).join("case.yaml").is_file();
            return exists.then(|| format!("case `{case}`"));
        }
        if proof.contains(['/', '.']) || proof == "LICENSE" {
            let path = tree::root().join(proof);
            let shown = match proof.strip_prefix("docs/") {
                Some(page) => format!("[{page}]({page})"),
                None => format!("[{proof}](../{proof})"),
            };
            return path.is_file().then_some(shown);
        }
        self.tests.get(proof).map(|file| format!("`{proof}` in {file}"))
    }
}

/// The section of `docs/coverage.md`; names that do not exist, and rows without the shape of one, are faults.
pub(crate) fn section(text: &str, names: &Names) -> Result<String, Vec<String>> {
    let (mut body, mut faults) = (String::new(), Vec::new());
    let (mut all, mut proved) = (0, 0);
    let mut seen: Vec<&str> = Vec::new();
    // The first two lines say what the file is.
    for line in text.lines().skip(2) {
        if let Some(title) = line.strip_prefix("# ") {
            let _ = write!(body, "\n## {title}\n\n| Capability | What | Proved by |\n|---|---|---|\n");
            continue;
        }
        let parts: Vec<&str> = line.split('\t').collect();
        let [slug, title, proofs] = parts.as_slice() else {
            faults.push(format!("`{line}` has not two tabs"));
            continue;
        };
        if seen.contains(slug) {
            faults.push(format!("{slug} is there twice"));
        }
        seen.push(slug);
        let mut by = Vec::new();
        for proof in proofs.split(';').map(str::trim).filter(|proof| !proof.is_empty()) {
            match names.shown(proof) {
                Some(shown) => by.push(shown),
                None => faults.push(format!("{slug}: there is no `{proof}`")),
            }
        }
        all += 1;
        proved += usize::from(!by.is_empty());
        let by = if by.is_empty() { String::from("not yet") } else { by.join("<br>") };
        let _ = writeln!(body, "| {slug} | {title} | {by} |");
    }
    if faults.is_empty() { Ok(format!("{HEAD}\n{proved} of {all} are proved.\n{body}")) } else { Err(faults) }
}
