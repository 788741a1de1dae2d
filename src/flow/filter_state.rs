//! What Envoy itself learns of who is signed in: filter state of the request.

use crate::http::Property;
use crate::session::Session;

use super::identity_headers::encode;

/// Which values are set. Nobody outside of this Envoy can set one: they are no headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilterState {
    /// The user name.
    pub user: bool,
    /// The application groups.
    pub groups: bool,
    /// The id of our session.
    pub session_id: bool,
}

impl FilterState {
    /// Names and values for `session`, printable ASCII as headers are: no value ends a line of the access log.
    #[must_use]
    pub fn render(self, session: &Session) -> Vec<Property> {
        let mut out: Vec<Property> = Vec::new();
        if self.user {
            out.push(("samlgate_user", encode(session.username().expose(), false)));
        }
        if self.groups {
            out.push(("samlgate_groups", fenced(session.groups())));
        }
        if self.session_id {
            out.push(("samlgate_session", session.id()));
        }
        out
    }
}

/// `,a,b,`: Envoy matches texts, not lists, and so finds `,a,` only where `a` is a whole name.
fn fenced(groups: &[String]) -> String {
    let mut out = String::new();
    for group in groups {
        out.push(',');
        out.push_str(&encode(group, true));
    }
    if !out.is_empty() {
        out.push(',');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::tests::{session, session_of};

    #[test]
    fn a_group_is_found_by_its_whole_name_only() {
        let groups = ["a".to_owned(), "b,admin".to_owned(), "ad\r\nmin,".to_owned(), "%2C".to_owned()];
        let text = fenced(&groups);
        assert_eq!(text, ",a,b%2Cadmin,ad%0D%0Amin%2C,%252C,");
        assert!(!text.contains(",admin,") && !text.contains(",b,"));
        assert_eq!(fenced(&[]), "");
    }

    #[test]
    fn only_what_is_wanted_is_set() {
        let all = FilterState { user: true, groups: true, session_id: true };
        assert_eq!(
            all.render(&session()),
            [
                ("samlgate_user", "alice".to_owned()),
                ("samlgate_groups", ",jira-software-users,project-a,".to_owned()),
                ("samlgate_session", "CQkJCQkJCQkJCQkJCQkJCQ".to_owned()),
            ]
        );
        assert_eq!(FilterState::default().render(&session()), []);
        let user = FilterState { user: true, ..FilterState::default() };
        let forged = session_of("jörg\r\n\" 200 -");
        assert_eq!(user.render(&forged), [("samlgate_user", "j%C3%B6rg%0D%0A\" 200 -".to_owned())]);
    }
}
