//! The mark that an account was made by us and is not finished, which gives its owner what new people get.
//!
//! It is kept at the account, where some applications let its owner write, so it is sealed and names the account.

use sha2::{Digest, Sha256};

use super::keys::Purpose;
use super::settings::Settings;
use crate::base::EntropySource;

/// What takes the place of a cookie's name.
const NAME: &str = "account";

/// A mark for the account of `username`, about 80 characters; `None` without randomness.
pub fn seal(username: &str, settings: &Settings, entropy: &dyn EntropySource) -> Option<String> {
    settings.keys.seal(Purpose::AccountMark, NAME, &digest(username), entropy).ok()
}

/// Did we make `mark` for the account of `username`?
#[must_use]
pub fn is_ours(mark: &str, username: &str, settings: &Settings) -> bool {
    let opened = settings.keys.open(Purpose::AccountMark, NAME, mark);
    opened.is_ok_and(|payload| payload == digest(username))
}

/// The name as applications compare it, shortened.
fn digest(username: &str) -> Vec<u8> {
    Sha256::digest(username.to_lowercase().as_bytes()).iter().copied().take(16).collect()
}
