//! Files that people name, and standard input.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::Path;

use crate::failure::Failure;

/// The most that is read: a HAR recording of a sign-in has a few megabytes, everything else far less.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// All of `path`, or of standard input for `-`.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let fail = |fault: io::Error| Failure::new(format_args!("{}: {fault}", path.display()));
    let mut content = Vec::new();
    if is_stdin(path) {
        io::stdin().lock().take(MAX_BYTES.saturating_add(1)).read_to_end(&mut content).map_err(fail)?;
    } else {
        let file = File::open(path).map_err(fail)?;
        if file.metadata().map_err(fail)?.is_dir() {
            return Err(Failure::new(format_args!("{}: is a directory", path.display())));
        }
        file.take(MAX_BYTES.saturating_add(1)).read_to_end(&mut content).map_err(fail)?;
    }
    if content.len() as u64 > MAX_BYTES {
        return Err(Failure::new(format_args!("{}: is larger than {MAX_BYTES} bytes", path.display())));
    }
    Ok(content)
}

/// As [`bytes`], for what must be text.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(bytes(path)?)
        .map_err(|_| Failure::new(format_args!("{}: is no text in UTF-8", path.display())))
}

pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Writes `content` to `path`, which must not exist yet; a secret for its owner only.
pub(crate) fn create(path: &Path, content: &str, secret: bool) -> Result<(), Failure> {
    let fail = |fault: io::Error| Failure::new(format_args!("{}: {fault}", path.display()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if secret {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = secret;
    let mut file = options.open(path).map_err(fail)?;
    if let Err(fault) = file.write_all(content.as_bytes()) {
        drop(fs::remove_file(path));
        return Err(fail(fault));
    }
    Ok(())
}
