//! Where a sign-in came in: by the customer portal, by another door, or by none.

/// Which paths belong to the customer portal.
///
/// A sign-in that started under one of them does not get the default groups. The rule can only withhold: it takes
/// nothing away from anybody, so an agent who opens the portal stays an agent, whatever the order of the visits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalRule {
    /// Path prefixes, context path included, compared with case and by whole segments: `/servicedesk/` (or
    /// `/servicedesk`) covers `/servicedesk` and everything below it, but not `/servicedesks`. An empty prefix and `/`
    /// cover every path.
    pub path_prefixes: Vec<String>,
}

impl Default for PortalRule {
    /// Jira Service Management below an empty context path.
    fn default() -> Self {
        Self { path_prefixes: vec![String::from("/servicedesk/")] }
    }
}

impl PortalRule {
    /// Which door a sign-in took that started at `path` (normalized, without the query); `None` when no request
    /// started it, as in a background sync.
    #[must_use]
    pub fn entrance(&self, path: Option<&str>) -> Entrance {
        let Some(path) = path else { return Entrance::NoRequest };
        // The query is not part of the path: `/?os_destination=/servicedesk/` is no portal page.
        let path = path.split(['?', '#']).next().unwrap_or_default();
        if self.path_prefixes.iter().any(|prefix| covers(prefix, path)) {
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
    NoRequest,
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (None, Entrance::NoRequest),
        ] {
            assert_eq!(rule.entrance(path), entrance, "{path:?}");
        }
    }

    #[test]
    fn prefixes_are_whole_segments() {
        let rule = PortalRule { path_prefixes: vec![String::from("/jira/servicedesk/customer")] };
        assert_eq!(rule.entrance(Some("/jira/servicedesk/customer/portals")), Entrance::Portal);
        assert_eq!(rule.entrance(Some("/jira/servicedesk/customers")), Entrance::Elsewhere);
        assert_eq!(rule.entrance(Some("/jira/servicedesk/admin")), Entrance::Elsewhere);
        let none = PortalRule { path_prefixes: Vec::new() };
        assert_eq!(none.entrance(Some("/servicedesk/")), Entrance::Elsewhere);
        let all = PortalRule { path_prefixes: vec![String::from("/")] };
        assert_eq!(all.entrance(Some("/anything")), Entrance::Portal);
    }
}
