//! The structure that ARCHITECTURE.md promises: rooms import only rooms above them, and the core touches no host.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms in the order of `src/lib.rs`: each may import those before it.
const ROOMS: &[&str] = &[
    "base",
    "encoding",
    "http",
    "effect",
    "xml",
    "xmlsec",
    "saml",
    "identity",
    "directory",
    "policy",
    "store",
    "session",
    "scim",
    "token",
    "provision",
    "targets",
    "sources",
    "report",
    "page",
    "flow",
    "gateway",
    "config",
];

/// What the core must not name: clocks, randomness, files, environment, threads, and the host.
const BANNED: &[&str] = &[
    "SystemTime",
    "Instant::now",
    "std::env",
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "getrandom",
    "proxy_wasm",
    "println!",
    "thread_local!",
    "static mut",
];

/// Production lines a file of the core may have (model-codebases: median 200, none above 600).
const MAX_PRODUCTION_LINES: usize = 600;

/// Lines of the Envoy shell in all; a sixth of them is the background service.
const MAX_SHELL_LINES: usize = 1_200;

fn sources(under: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![under.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // A room's own tests may do what the room may not.
                if !path.ends_with("tests") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The part of a file before its inline tests.
fn production(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

fn room_of(path: &Path) -> String {
    let relative = path.strip_prefix(root().join("src")).unwrap();
    let first = relative.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn rank(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

#[test]
fn rooms_import_only_rooms_above_them() {
    let mut faults = Vec::new();
    for path in sources(&root().join("src")) {
        let room = room_of(&path);
        if room == "lib" {
            continue;
        }
        let own = rank(&room).unwrap_or_else(|| panic!("{} is in no known room", path.display()));
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in production(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap();
            for part in code.split("crate::").skip(1) {
                let names: Vec<&str> = if let Some(group) = part.strip_prefix('{') {
                    group.split([',', '}']).map(str::trim).collect()
                } else {
                    vec![part]
                };
                for name in names {
                    let other: String = name
                        .chars()
                        .take_while(|character| character.is_alphanumeric() || *character == '_')
                        .collect();
                    if rank(&other).is_some_and(|other| other > own) {
                        faults.push(format!("{}:{}: {room} imports {other}", path.display(), number + 1));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_core_names_no_clock_no_randomness_and_no_host() {
    let mut faults = Vec::new();
    for path in sources(&root().join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in production(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap();
            for banned in BANNED {
                if code.contains(banned) {
                    faults.push(format!("{}:{}: {banned}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_hold_one_noun_and_say_which() {
    let mut faults = Vec::new();
    for path in sources(&root().join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        let lines = production(&text).lines().count();
        // The catalogue of codes is a table.
        if lines > MAX_PRODUCTION_LINES && !path.ends_with("base/code.rs") {
            faults.push(format!("{}: {lines} lines", path.display()));
        }
        if !text.starts_with("//!") {
            faults.push(format!("{}: no module documentation", path.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_shell_stays_thin() {
    let lines: usize = sources(&root().join("filter/src"))
        .iter()
        .map(|path| fs::read_to_string(path).unwrap().lines().count())
        .sum();
    assert!(lines <= MAX_SHELL_LINES, "filter/ has {lines} lines");
}

#[test]
fn the_rooms_of_lib_rs_are_those_checked_here() {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let declared: Vec<&str> =
        text.lines().filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(declared, ROOMS);
}

#[test]
fn paths_named_in_documents_exist() {
    let mut faults = Vec::new();
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        // Every other part between backticks is code; fenced blocks are commands and are run elsewhere.
        let prose: String = text.split("```").step_by(2).collect();
        for quoted in prose.split('`').skip(1).step_by(2) {
            let looks_like_path = quoted.contains('/')
                && !quoted.starts_with('/')
                && !quoted.contains(['*', '<', ' ', ':', '{', '='])
                // KIND and NAME stand for any name.
                && !quoted.split('/').any(|part| {
                    part.len() > 1 && part.chars().all(|character| character.is_ascii_uppercase())
                })
                && [
                    "src/",
                    "filter/",
                    "cli/",
                    "testbed/",
                    "xtask/",
                    "envoy/",
                    "tests/",
                    "wasm-tests/",
                    "docs/",
                    "bench/",
                    ".ci/",
                ]
                .iter()
                .any(|known| quoted.starts_with(known));
            if looks_like_path && !root().join(quoted).exists() {
                faults.push(format!("{document}: `{quoted}`"));
            }
        }
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap();
            if !file.is_empty() && !file.contains("://") && !root().join(file).exists() {
                faults.push(format!("{document}: ({target})"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
