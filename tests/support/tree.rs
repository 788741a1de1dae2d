//! The repository as text: its files, and the tests in them.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders that hold tests.
const FOLDERS: &[&str] = &["src", "tests", "filter/src", "testbed/src", "testbed/tests", "wasm-tests/tests"];

/// A file with its path from the root of the repository.
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file with the ending `extension` in the folders that hold tests, in order.
pub(crate) fn files(extension: &str) -> Vec<SourceFile> {
    below(FOLDERS, extension)
}

/// Every file with the ending `extension` below `folders`, in order.
pub(crate) fn below(folders: &[&str], extension: &str) -> Vec<SourceFile> {
    let mut folders: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|have| have == extension) {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.push(SourceFile { path, text });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}
