//! `saved_forms`.

use super::session::count;
use super::{Checker, quoted};
use crate::config::path::Path;
use crate::config::raw::SavedForms as RawSavedForms;
use crate::flow::{SavedForms, ServiceProvider};
use crate::session::saved_form::MAX_BYTES;

pub(super) fn saved_forms(
    raw: &RawSavedForms,
    sp: Option<&ServiceProvider>,
    checker: &mut Checker<'_>,
) -> Option<SavedForms> {
    let at = Path::default().field("saved_forms");
    let path_at = at.field("path");
    let path = checker.path(&raw.path, &path_at);
    if path.as_ref().is_some_and(|path| path.ends_with('/')) {
        checker.invalid(&path_at, quoted(&raw.path), "a path of its own that does not end with `/`");
    }
    // Its addresses have one more segment, so it is in nobody's way unless another is below it.
    for (name, own) in sp.iter().flat_map(|sp| {
        [
            ("acs_path", &sp.acs_path),
            ("metadata_path", &sp.metadata_path),
            ("logout_path", &sp.logout_path),
            ("logged_out_path", &sp.logged_out_path),
        ]
    }) {
        if *own == raw.path || own.strip_prefix(raw.path.as_str()).is_some_and(|rest| rest.starts_with('/')) {
            let other = Path::default().field("sp").field(name);
            checker.conflict(&path_at, other, "the addresses of saved forms lie below this path");
        }
    }
    let max_bytes = count(raw.max_bytes, 1024..=MAX_BYTES, &at.field("max_bytes"), checker);
    let max_forms = count(raw.max_forms, 1..=4096, &at.field("max_forms"), checker);
    Some(SavedForms { path: path?, max_bytes: max_bytes?, max_forms: max_forms? })
}
