//! What a run keeps for the next one: in a file, or nowhere.
//!
//! The values are sealed by the flow with the session key of the configuration; the file is for its owner nevertheless. It
//! changes as a whole: what is there after a power failure is one of the values that were written, and never a mixture.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use samlgate::effect::{Answer, Version};
use samlgate::encoding::base64;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::file;

/// The format of the file.
const FORMAT: u32 = 1;

/// What is kept.
pub(super) struct State {
    content: Content,
    home: Option<Home>,
}

/// The file, and the lock on it.
struct Home {
    path: PathBuf,
    _lock: File,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    format: u32,
    records: BTreeMap<String, Record>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// Grows with each change.
    version: u32,
    /// In base64.
    value: String,
}

impl State {
    /// Nothing is kept.
    pub(super) fn forgetful() -> Self {
        Self { content: Content { format: FORMAT, ..Content::default() }, home: None }
    }

    /// The file at `path`, which need not exist; `None` while another process uses it.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, Failure> {
        let fail = |fault: io::Error| Failure::new(format_args!("{}: {fault}", path.display()));
        // The file itself is replaced, and a lock on what was replaced keeps nobody out.
        let lock =
            options().write(true).create(true).truncate(false).open(beside(path, "lock")).map_err(fail)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(fault)) => return Err(fail(fault)),
        }
        let content = match path.try_exists().map_err(fail)? {
            false => Content { format: FORMAT, ..Content::default() },
            true => {
                let content: Content = serde_json::from_slice(&file::bytes(path)?).map_err(|_| {
                    Failure::new(format_args!("{}: is not what an earlier run left there", path.display()))
                })?;
                if content.format != FORMAT {
                    return Err(Failure::new(format_args!(
                        "{}: was left by another version",
                        path.display()
                    )));
                }
                content
            }
        };
        let mut state = Self { content, home: Some(Home { path: path.to_owned(), _lock: lock }) };
        // Better now than after the first page.
        state.write().map_err(fail)?;
        Ok(Some(state))
    }

    pub(super) fn load(&self, key: &str) -> Answer {
        let Some(record) = self.content.records.get(key) else {
            return Answer::Loaded { value: None, version: Version::Absent };
        };
        match base64::decode_strict(&record.value) {
            Ok(value) => Answer::Loaded { value: Some(value), version: Version::Token(record.version) },
            Err(_) => Answer::StoreFailed,
        }
    }

    pub(super) fn compare_and_swap(&mut self, key: String, expected: Version, value: Vec<u8>) -> Answer {
        let version = match (self.content.records.get(&key), expected) {
            (None, Version::Absent) => 1,
            (Some(record), Version::Token(version)) if record.version == version => version.wrapping_add(1),
            _ => return Answer::Conflict,
        };
        let record = Record { version, value: base64::encode(&value) };
        let before = self.content.records.insert(key.clone(), record);
        if self.write().is_ok() {
            return Answer::Swapped;
        }
        // What was not written did not happen.
        match before {
            Some(before) => self.content.records.insert(key, before),
            None => self.content.records.remove(&key),
        };
        Answer::StoreFailed
    }

    fn write(&mut self) -> io::Result<()> {
        let Some(Home { path, .. }) = &self.home else { return Ok(()) };
        let new = beside(path, "new");
        let mut file = options().write(true).create(true).truncate(true).open(&new)?;
        file.write_all(&serde_json::to_vec(&self.content)?)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        // The name is there after a power failure only when its folder was written too.
        match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
            _ => Ok(()),
        }
    }
}

/// For its owner only.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{ending}"));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("samlgate-state-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    fn swap(state: &mut State, expected: Version, value: &[u8]) -> Answer {
        state.compare_and_swap("k".to_owned(), expected, value.to_vec())
    }

    #[test]
    fn a_value_is_swapped_only_by_who_read_it_and_is_there_for_the_next_run() {
        let folder = Folder::new("swap");
        let path = folder.0.join("state.json");
        let mut state = State::open(&path).unwrap().unwrap();
        assert_eq!(state.load("k"), Answer::Loaded { value: None, version: Version::Absent });
        assert_eq!(swap(&mut state, Version::Token(0), b"x"), Answer::Conflict);
        assert_eq!(swap(&mut state, Version::Absent, &[0, 255, 7]), Answer::Swapped);
        assert_eq!(swap(&mut state, Version::Absent, b"x"), Answer::Conflict);
        let loaded = state.load("k");
        assert_eq!(loaded, Answer::Loaded { value: Some(vec![0, 255, 7]), version: Version::Token(1) });
        assert_eq!(swap(&mut state, Version::Token(1), b"y"), Answer::Swapped);
        assert_eq!(swap(&mut state, Version::Token(1), b"z"), Answer::Conflict);
        drop(state);
        let state = State::open(&path).unwrap().unwrap();
        assert_eq!(
            state.load("k"),
            Answer::Loaded { value: Some(b"y".to_vec()), version: Version::Token(2) }
        );
    }

    #[test]
    fn two_runs_never_use_one_file() {
        let folder = Folder::new("lock");
        let path = folder.0.join("state.json");
        let state = State::open(&path).unwrap().unwrap();
        assert!(State::open(&path).unwrap().is_none());
        drop(state);
        assert!(State::open(&path).unwrap().is_some());
    }

    #[test]
    fn what_no_run_left_there_is_not_written_over() {
        let folder = Folder::new("foreign");
        for text in [
            "",
            "important notes",
            "{}",
            "[]",
            r#"{"format":1}"#,
            r#"{"format":2,"records":{}}"#,
            r#"{"format":1,"records":{"k":{"version":1}}}"#,
            r#"{"format":1,"records":{},"more":1}"#,
        ] {
            let path = folder.0.join("state.json");
            fs::write(&path, text).unwrap();
            assert!(State::open(&path).is_err(), "{text}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let path = folder.0.join("other.json");
        fs::write(&path, r#"{"format":1,"records":{"k":{"version":1,"value":"%"}}}"#).unwrap();
        assert_eq!(
            State::open(&path).unwrap().unwrap().load("k"),
            Answer::StoreFailed,
            "never as if nothing were there"
        );
        assert!(State::open(&folder.0).is_err(), "a folder");
        assert!(State::open(&folder.0.join("nowhere/state.json")).is_err());
    }

    #[test]
    #[cfg(unix)]
    fn what_cannot_be_written_did_not_happen() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = Folder::new("full");
        let path = folder.0.join("state.json");
        let mut state = State::open(&path).unwrap().unwrap();
        assert_eq!(swap(&mut state, Version::Absent, b"x"), Answer::Swapped);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        // Something stands where the new file would be written.
        fs::create_dir(beside(&path, "new")).unwrap();
        assert_eq!(swap(&mut state, Version::Token(1), b"y"), Answer::StoreFailed);
        assert_eq!(
            state.load("k"),
            Answer::Loaded { value: Some(b"x".to_vec()), version: Version::Token(1) }
        );
    }
}
