//! Paths that lead to us: each has one meaning.

use super::{Checker, quoted};
use crate::config::path::Path;
use crate::config::raw::Configuration;

/// Checks the path `path` at `at`, and that no place before it in this order has the same.
pub(super) fn own_path(path: &str, at: &Path, whole: &Configuration, checker: &mut Checker<'_>) {
    if checker.path(path, at).is_some_and(|path| path == "/") {
        checker.invalid(at, quoted("/"), "a path of its own: the start page belongs to the application");
    }
    let root = Path::default();
    let mut others = Vec::new();
    if let Some(sp) = &whole.sp {
        others.extend([
            (root.field("sp.acs_path"), &sp.acs_path),
            (root.field("sp.metadata_path"), &sp.metadata_path),
            (root.field("sp.logout_path"), &sp.logout_path),
            (root.field("sp.logged_out_path"), &sp.logged_out_path),
            (root.field("sp.single_logout_path"), &sp.single_logout_path),
        ]);
        let soap = sp.single_logout_soap_path.iter();
        others.extend(soap.map(|path| (root.field("sp.single_logout_soap_path"), path)));
    }
    others.extend(whole.test_page.iter().map(|page| (root.field("test_page.path"), &page.path)));
    let token = whole.identity_token.iter();
    others.extend(token.map(|token| (root.field("identity_token.jwks_path"), &token.jwks_path)));
    others.extend(whole.health_check.iter().map(|check| (root.field("health_check.path"), &check.path)));
    others.extend(whole.discovery.iter().map(|page| (root.field("discovery.path"), &page.path)));
    others
        .extend(whole.emergency_access.iter().map(|page| (root.field("emergency_access.path"), &page.path)));
    let status = whole.directory_sync.iter().filter_map(|sync| sync.status.as_ref());
    others.extend(status.map(|status| (root.field("directory_sync.status.path"), &status.path)));
    let gateway = whole.scim_gateway.iter();
    others.extend(gateway.map(|gateway| (root.field("scim_gateway.path_prefix"), &gateway.path_prefix)));
    let mut earlier = others.into_iter().take_while(|(other, _)| other != at);
    if let Some((other, _)) = earlier.find(|(_, have)| have.as_str() == path) {
        checker.conflict(at, other, "both are the same path");
    }
}
