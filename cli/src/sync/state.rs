//! What a run keeps for the next one: in a file, or nowhere.
//!
//! The values are sealed by the flow with the session key of the configuration; the file is for its owner nevertheless. A
//! line says what it is, and each line after it holds one record, of which the last of a name counts: writing one costs what
//! it holds and not what the file holds. A line that a power failure cut off was not written.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use samlgate::effect::{Answer, Version};
use samlgate::encoding::base64;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::file;

/// The format of the file.
const FORMAT: u32 = 2;

/// The file is written anew when it is so many times as long as what counts in it, and not before it has some length.
const WASTE: u64 = 4;
const SMALL: u64 = 1024 * 1024;

/// What is kept.
pub(super) struct State {
    records: BTreeMap<String, Record>,
    home: Option<Home>,
}

/// The file, and the lock on it.
struct Home {
    path: PathBuf,
    file: File,
    /// Bytes of the file.
    length: u64,
    /// Bytes of it when it was written as a whole.
    whole: u64,
    _lock: File,
}

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: u32,
}

/// Any other line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    key: String,
    /// Grows with each change.
    version: u32,
    /// In base64.
    value: String,
}

struct Record {
    version: u32,
    value: String,
}

impl State {
    /// Nothing is kept.
    pub(super) fn forgetful() -> Self {
        Self { records: BTreeMap::new(), home: None }
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
        let records = match path.try_exists().map_err(fail)? {
            false => BTreeMap::new(),
            true => read(&file::bytes(path)?)
                .map_err(|fault| Failure::new(format_args!("{}: {fault}", path.display())))?,
        };
        // Better now than after the first page. What an earlier run wrote over is left out.
        let (file, length) = write(path, &records).map_err(fail)?;
        let home = Home { path: path.to_owned(), file, length, whole: length, _lock: lock };
        Ok(Some(Self { records, home: Some(home) }))
    }

    pub(super) fn load(&self, key: &str) -> Answer {
        let Some(record) = self.records.get(key) else {
            return Answer::Loaded { value: None, version: Version::Absent };
        };
        match base64::decode_strict(&record.value) {
            Ok(value) => Answer::Loaded { value: Some(value), version: Version::Token(record.version) },
            Err(_) => Answer::StoreFailed,
        }
    }

    pub(super) fn compare_and_swap(&mut self, key: String, expected: Version, value: Vec<u8>) -> Answer {
        let version = match (self.records.get(&key), expected) {
            (None, Version::Absent) => 1,
            (Some(record), Version::Token(version)) if record.version == version => version.wrapping_add(1),
            _ => return Answer::Conflict,
        };
        let line = Line { key, version, value: base64::encode(&value) };
        // What was not written did not happen.
        if self.append(&line).is_err() {
            return Answer::StoreFailed;
        }
        self.records.insert(line.key, Record { version: line.version, value: line.value });
        Answer::Swapped
    }

    fn append(&mut self, line: &Line) -> io::Result<()> {
        let Some(home) = &mut self.home else { return Ok(()) };
        if home.length > SMALL.max(home.whole.saturating_mul(WASTE)) {
            let (file, length) = write(&home.path, &self.records)?;
            (home.file, home.length, home.whole) = (file, length, length);
        }
        let bytes = bytes_of(line)?;
        // What a write before left half done is written over.
        home.file.set_len(home.length)?;
        home.file.seek(SeekFrom::Start(home.length))?;
        home.file.write_all(&bytes)?;
        home.file.sync_data()?;
        home.length = home.length.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(())
    }
}

/// What the file holds, or what is wrong with it.
fn read(bytes: &[u8]) -> Result<BTreeMap<String, Record>, &'static str> {
    const FOREIGN: &str = "is not what an earlier run left there";
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let header = lines.next().and_then(|line| serde_json::from_slice::<Header>(line).ok()).ok_or(FOREIGN)?;
    if header.format != FORMAT {
        return Err("was left by another version");
    }
    let mut records = BTreeMap::new();
    // Only the last line can have no end.
    for line in lines.filter(|line| line.ends_with(b"\n")) {
        let Line { key, version, value } = serde_json::from_slice(line).map_err(|_| FOREIGN)?;
        records.insert(key, Record { version, value });
    }
    Ok(records)
}

/// Writes the file as a whole: it is the old one or the new one, whatever happens meanwhile. The file, and its length.
fn write(path: &Path, records: &BTreeMap<String, Record>) -> io::Result<(File, u64)> {
    let new = beside(path, "new");
    let mut bytes = bytes_of(&Header { format: FORMAT })?;
    for (key, record) in records {
        let Record { version, value } = record;
        bytes.extend(bytes_of(&Line { key: key.clone(), version: *version, value: value.clone() })?);
    }
    let mut file = options().write(true).create(true).truncate(true).open(&new)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    // The name is there after a power failure only when its folder was written too.
    if let Some(folder) = path.parent().filter(|folder| cfg!(unix) && !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    Ok((file, u64::try_from(bytes.len()).unwrap_or(u64::MAX)))
}

fn bytes_of(line: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    Ok(bytes)
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
            r#"{"format":1,"records":{}}"#,
            "{\"format\":3}\n",
            "{\"format\":2,\"more\":1}\n",
            "{\"format\":2}\nnotes\n",
            "{\"format\":2}\n{\"key\":\"k\",\"version\":1}\n",
            "{\"format\":2}\n\n",
        ] {
            let path = folder.0.join("state.json");
            fs::write(&path, text).unwrap();
            assert!(State::open(&path).is_err(), "{text}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let path = folder.0.join("other.json");
        fs::write(&path, "{\"format\":2}\n{\"key\":\"k\",\"version\":1,\"value\":\"%\"}\n").unwrap();
        assert_eq!(
            State::open(&path).unwrap().unwrap().load("k"),
            Answer::StoreFailed,
            "never as if nothing were there"
        );
        assert!(State::open(&folder.0).is_err(), "a folder");
        assert!(State::open(&folder.0.join("nowhere/state.json")).is_err());
    }

    /// Killed while it wrote: the record before counts, wherever the line ends.
    #[test]
    fn a_line_that_was_cut_off_was_not_written() {
        let folder = Folder::new("torn");
        let path = folder.0.join("state.json");
        let mut state = State::open(&path).unwrap().unwrap();
        assert_eq!(swap(&mut state, Version::Absent, b"x"), Answer::Swapped);
        let before = fs::read(&path).unwrap().len();
        assert_eq!(swap(&mut state, Version::Token(1), b"y"), Answer::Swapped);
        drop(state);
        let all = fs::read(&path).unwrap();
        for length in before..=all.len() {
            fs::write(&path, &all[..length]).unwrap();
            let mut state = State::open(&path).unwrap().unwrap();
            let (value, version) = if length == all.len() { (b"y", 2) } else { (b"x", 1) };
            let loaded = state.load("k");
            assert_eq!(
                loaded,
                Answer::Loaded { value: Some(value.to_vec()), version: Version::Token(version) },
                "{length}"
            );
            // What comes next stands on a line of its own.
            assert_eq!(swap(&mut state, Version::Token(version), b"z"), Answer::Swapped);
            drop(state);
            let next = State::open(&path).unwrap().unwrap().load("k");
            assert!(matches!(next, Answer::Loaded { value: Some(value), .. } if value == b"z"), "{length}");
        }
    }

    /// A record of a page costs its own length, however many pages there were.
    #[test]
    fn writing_costs_what_is_written_and_the_file_does_not_grow_for_ever() {
        let folder = Folder::new("cost");
        let path = folder.0.join("state.json");
        let mut state = State::open(&path).unwrap().unwrap();
        let page = |number: u32| format!("page-{number}");
        for number in 0..40 {
            let before = fs::metadata(&path).unwrap().len();
            let value = vec![7; 30_000];
            assert_eq!(state.compare_and_swap(page(number), Version::Absent, value), Answer::Swapped);
            assert!(fs::metadata(&path).unwrap().len() - before < 50_000, "{number}");
        }
        let mut longest = 0;
        for turn in 0..400 {
            let expected = if turn == 0 { Version::Absent } else { Version::Token(turn) };
            assert_eq!(swap(&mut state, expected, &[1; 20_000]), Answer::Swapped);
            longest = longest.max(fs::metadata(&path).unwrap().len());
        }
        // 40 pages and one record are 1.7 MB; 400 of the record would be 10 MB more.
        assert!(longest < 8_000_000, "{longest}");
        drop(state);
        let state = State::open(&path).unwrap().unwrap();
        assert!(
            (0..40).all(|number| matches!(state.load(&page(number)), Answer::Loaded { value: Some(_), .. }))
        );
        let head = state.load("k");
        assert!(matches!(head, Answer::Loaded { version: Version::Token(400), .. }), "{head:?}");
        assert!(fs::metadata(&path).unwrap().len() < 2_000_000);
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
        // A file that takes nothing.
        if let Some(home) = &mut state.home {
            home.file = File::open(&path).unwrap();
        }
        assert_eq!(swap(&mut state, Version::Token(1), b"y"), Answer::StoreFailed);
        assert_eq!(
            state.load("k"),
            Answer::Loaded { value: Some(b"x".to_vec()), version: Version::Token(1) }
        );
    }
}
