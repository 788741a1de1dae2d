//! `test_page`.

use super::{Checker, optional, quoted};
use crate::config::path::Path;
use crate::config::raw::TestPage as RawTestPage;
use crate::flow::{ServiceProvider, TestPage};

/// Characters of the secret: as many random ones from 64 make 120 bits.
const MIN_SECRET_CHARACTERS: usize = 20;

pub(super) fn test_page(
    raw: &RawTestPage,
    sp: Option<&ServiceProvider>,
    checker: &mut Checker<'_>,
) -> Option<TestPage> {
    let at = Path::default().field("test_page");
    let path_at = at.field("path");
    if checker.path(&raw.path, &path_at).is_some_and(|path| path == "/") {
        checker.invalid(&path_at, "`/`", "a path of its own: the start page belongs to the application");
    }
    if let Some(sp) = sp {
        for (name, path) in [
            ("acs_path", &sp.acs_path),
            ("metadata_path", &sp.metadata_path),
            ("logout_path", &sp.logout_path),
            ("logged_out_path", &sp.logged_out_path),
            ("single_logout_path", &sp.single_logout_path),
        ]
        .into_iter()
        .chain(sp.single_logout_soap_path.iter().map(|path| ("single_logout_soap_path", path)))
        {
            if *path == raw.path {
                let other = Path::default().field("sp").field(name);
                checker.conflict(&path_at, other, "both are the same path");
            }
        }
    }
    for (index, name) in raw.people.iter().enumerate() {
        if name.trim() != name || name.is_empty() {
            let expected = "a user name without white space around it";
            checker.invalid(&at.field("people").index(index), quoted(name), expected);
        }
    }
    let secret_at = at.field("secret");
    let secret = raw.secret.as_ref().map(|source| checker.text(source, &secret_at));
    if let Some(Some(text)) = &secret
        && text.expose().chars().count() < MIN_SECRET_CHARACTERS
    {
        checker.invalid(
            &secret_at,
            "",
            format_args!("a text of at least {MIN_SECRET_CHARACTERS} characters"),
        );
    }
    if raw.people.is_empty() && raw.secret.is_none() {
        checker.missing(&at.field("people"), "a user name, or else `test_page.secret`");
    }
    Some(TestPage { path: raw.path.clone(), people: raw.people.clone(), secret: optional(secret)? })
}
