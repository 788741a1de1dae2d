//! `portals`: rules for the pages of Jira Service Management.

use super::Checker;
use crate::config::path::Path;
use crate::config::raw::{PortalIds, Portals, Whole};
use crate::gateway::{Access, Rule};
use crate::http::matcher::FullRegex;
use crate::http::{PathMatch, RequestMatch};

/// Portals that one list may name: each is a rule that is tried for every request.
const MAX_PORTALS: usize = 100;
/// Below the context path, everything that customers see.
const HELP_CENTRE: &str = "/servicedesk/customer";
/// Where the application itself lets customers in; customers of a portal that does not lead to sign-in end up there.
const OWN_SIGN_IN: [&str; 4] = ["/user/login", "/user/signup", "/user/forgotpassword", "/user/resetpassword"];

/// The rules, most special first. `context` is the context path of the application.
pub(super) fn portals(raw: &Portals, context: &str, checker: &mut Checker<'_>) -> Vec<Rule> {
    let at = Path::default().field("portals");
    let below = |path: &str, access| below(&format!("{context}{HELP_CENTRE}{path}"), access);
    let each = |ids: &[u64], access| ids.iter().map(|id| below(&format!("/portal/{id}"), access)).collect();
    match raw {
        Portals::All(_) => vec![below("", Access::Protect)],
        Portals::None(_) => vec![below("", Access::Optional)],
        Portals::Only(list) => {
            let mut rules: Vec<Rule> = each(&ids(list, &at.field("only.ids"), checker), Access::Protect);
            rules.push(oddly_written(&format!("{context}{HELP_CENTRE}")));
            rules.push(below("", Access::Optional));
            rules
        }
        Portals::AllExcept(list) => {
            let mut rules: Vec<Rule> =
                each(&ids(list, &at.field("all_except.ids"), checker), Access::Optional);
            rules.extend(OWN_SIGN_IN.iter().map(|page| below(page, Access::Optional)));
            rules.push(below("", Access::Protect));
            rules
        }
    }
}

fn below(path: &str, access: Access) -> Rule {
    let path = Some(PathMatch::PathSeparatedPrefix { value: path.to_owned() });
    Rule { matches: RequestMatch { path, ..RequestMatch::default() }, access, authn: None }
}

/// A portal whose number is written as no link writes it: `07`, `+7`, or in other digits, all of which Java reads as 7.
/// Such a page leads to sign-in, whichever portal it is.
fn oddly_written(help_centre: &str) -> Rule {
    let portal = format!("{help_centre}/portal");
    let odd = format!("{}/(?:[^1-9/]|[1-9][0-9]*[^0-9/])[^/]*(?:/.*)?", regex_lite::escape(&portal));
    match FullRegex::new(&odd) {
        Ok(odd) => {
            let path = Some(PathMatch::SafeRegex(odd));
            Rule {
                matches: RequestMatch { path, ..RequestMatch::default() },
                access: Access::Protect,
                authn: None,
            }
        }
        // A context path too long for an expression: rather all of them than one too few.
        Err(_) => below(&portal, Access::Protect),
    }
}

fn ids(raw: &PortalIds, at: &Path, checker: &mut Checker<'_>) -> Vec<u64> {
    if raw.ids.is_empty() {
        checker.missing(at, "the number of at least one portal");
    }
    checker.at_most(raw.ids.len(), MAX_PORTALS, "portals", at);
    let mut ids = Vec::new();
    for (index, Whole(id)) in raw.ids.iter().enumerate().take(MAX_PORTALS) {
        let path = at.index(index);
        // What Jira counts with.
        if *id == 0 || *id > u64::from(u32::MAX >> 1) {
            checker.invalid(&path, format_args!("`{id}`"), "the number of a portal");
        } else if let Some(other) = ids.iter().position(|other| other == id) {
            checker.conflict(&path, at.index(other), "both are the same portal");
        }
        ids.push(*id);
    }
    ids
}
