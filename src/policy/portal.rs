//! Where a sign-in came in: by the customer portal, by another door, or by none.

use super::facts::StartUrl;
use super::settings::Switch;
use crate::http::StringMatch;

/// Which addresses belong to the customer portal.
///
/// A sign-in that started at one of them does not get the default groups. By itself the rule takes nothing away from
/// anybody, so an agent who opens the portal stays an agent, whatever the order of the visits.
#[derive(Clone, Debug)]
pub struct PortalRule {
    /// Path prefixes, context path included, compared with case and by whole segments: `/servicedesk/` (or
    /// `/servicedesk`) covers `/servicedesk` and everything below it, but not `/servicedesks`. An empty prefix and `/`
    /// cover every path.
    pub path_prefixes: Vec<String>,
    /// A comparison of the whole address with its query, for the products that search it for a text. Whoever sends a
    /// link chooses the query.
    pub url: Option<StringMatch>,
    /// What holds when nobody is in front of a browser.
    pub no_request: Switch,
    /// Which sign-ins are remembered at the account.
    pub mark: Mark,
}

/// Which sign-ins set the mark (`customerLogin`) that spares an account from the cleanup. Whatever else happens leaves it
/// as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Those by the portal.
    #[default]
    PortalSignIns,
    /// All.
    AllSignIns,
}

impl Default for PortalRule {
    /// Jira Service Management below an empty context path.
    fn default() -> Self {
        Self {
            path_prefixes: vec![String::from("/servicedesk/")],
            url: None,
            no_request: Switch::Withhold,
            mark: Mark::default(),
        }
    }
}

impl PortalRule {
    /// Which door a sign-in took that started at `url`; `None` when no request started it, as in a background sync.
    #[must_use]
    pub fn entrance(&self, url: Option<StartUrl<'_>>) -> Entrance {
        let Some(url) = url else {
            return Entrance::NoRequest { give: self.no_request == Switch::Give };
        };
        let by_text = self.url.as_ref().is_some_and(|text| text.matches(&url.url()));
        // The query is not part of the path: `/?os_destination=/servicedesk/` is no portal page.
        let path = url.path.split(['?', '#']).next().unwrap_or_default();
        if by_text || self.path_prefixes.iter().any(|prefix| covers(prefix, path)) {
            Entrance::Portal
        } else {
            Entrance::Elsewhere
        }
    }
}

fn covers(prefix: &str, path: &str) -> bool {
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// How a person came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// By a portal page.
    Portal,
    /// By any other page.
    Elsewhere,
    /// By no page: nobody is in front of a browser.
    NoRequest {
        /// The default groups are given all the same.
        give: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Option<StartUrl<'_>> {
        let (path, _) = path.split_once(['?', '#']).unwrap_or((path, ""));
        Some(StartUrl { origin: "https://jira.example.test", path, path_and_query: path })
    }

    fn below(prefixes: &[&str]) -> PortalRule {
        let path_prefixes = prefixes.iter().map(|prefix| String::from(*prefix)).collect();
        PortalRule { path_prefixes, ..PortalRule::default() }
    }

    #[test]
    fn r7_the_address_is_searched_with_its_query_where_that_is_asked_for() {
        let contains = StringMatch::Contains { value: String::from("/servicedesk/"), ignore_case: false };
        let vendor = PortalRule { url: Some(contains), ..below(&[]) };
        for (path, path_and_query, entrance) in [
            ("/", "/?os_destination=/servicedesk/", Entrance::Portal),
            ("/projects/X/servicedesk/", "/projects/X/servicedesk/", Entrance::Portal),
            ("/", "/", Entrance::Elsewhere),
            ("/Servicedesk/", "/Servicedesk/", Entrance::Elsewhere),
        ] {
            let url = StartUrl { origin: "https://jira.example.test", path, path_and_query };
            assert_eq!(vendor.entrance(Some(url)), entrance, "{path_and_query}");
        }
        assert_eq!(vendor.entrance(None), Entrance::NoRequest { give: false });
        let giving = PortalRule { no_request: Switch::Give, ..vendor };
        assert_eq!(giving.entrance(None), Entrance::NoRequest { give: true });
    }

    #[test]
    fn r7_r9_the_entrance_follows_the_path_alone() {
        let rule = PortalRule::default();
        for (path, entrance) in [
            (Some("/servicedesk/customer/portal/1"), Entrance::Portal),
            (Some("/servicedesk/"), Entrance::Portal),
            (Some("/servicedesk"), Entrance::Portal),
            (Some("/servicedesk?x=1"), Entrance::Portal),
            (Some("/"), Entrance::Elsewhere),
            (Some("/servicedesks/"), Entrance::Elsewhere),
            (Some("/Servicedesk/"), Entrance::Elsewhere),
            (Some("/x/servicedesk/"), Entrance::Elsewhere),
            (Some("/?os_destination=/servicedesk/"), Entrance::Elsewhere),
            (Some("/login#/servicedesk/"), Entrance::Elsewhere),
            (Some(""), Entrance::Elsewhere),
            (None, Entrance::NoRequest { give: false }),
        ] {
            assert_eq!(rule.entrance(path.and_then(at)), entrance, "{path:?}");
        }
    }

    #[test]
    fn prefixes_are_whole_segments() {
        let rule = below(&["/jira/servicedesk/customer"]);
        assert_eq!(rule.entrance(at("/jira/servicedesk/customer/portals")), Entrance::Portal);
        assert_eq!(rule.entrance(at("/jira/servicedesk/customers")), Entrance::Elsewhere);
        assert_eq!(rule.entrance(at("/jira/servicedesk/admin")), Entrance::Elsewhere);
        let none = below(&[]);
        assert_eq!(none.entrance(at("/servicedesk/")), Entrance::Elsewhere);
        let all = below(&["/"]);
        assert_eq!(all.entrance(at("/anything")), Entrance::Portal);
    }
}
