//! What may be written, and whether anything else was.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde_json::Value;

use crate::stand_in::Call;

use super::report::Report;

/// The group that costs a licence.
pub(super) const LICENCE: &str = "jira-software-users";

/// What the rules say about a person.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    pub(super) mapped: BTreeSet<String>,
    pub(super) managed: BTreeSet<String>,
    pub(super) may_be_made: bool,
    pub(super) gets_licence: bool,
}

/// A change that was asked for.
#[derive(Debug)]
enum Write {
    Create { user: String },
    Join { user: String, group: String },
    Leave { user: String, group: String },
    Mark { user: String },
    Group { group: String },
    Strange,
}

/// Holds every write against the rules of the moment.
#[derive(Debug, Default)]
pub(super) struct Watch {
    now: BTreeMap<String, Expected>,
    /// What held before the sign-in that runs.
    before: BTreeMap<String, Expected>,
}

impl Watch {
    /// From now on `expected` holds for `user`.
    pub(super) fn expect(&mut self, user: &str, expected: Expected) {
        if let Some(old) = self.now.insert(user.to_owned(), expected) {
            self.before.insert(user.to_owned(), old);
        }
    }

    /// Checks calls that were made while nobody signed in.
    pub(super) fn check(&self, calls: &[Call], report: &mut Report) -> io::Result<()> {
        self.each(calls, report, |_| false)
    }

    /// Checks calls that were made while `who` signed in: the background may have had a change for them under way.
    pub(super) fn check_with_late_ones(
        &self,
        calls: &[Call],
        who: &str,
        report: &mut Report,
    ) -> io::Result<()> {
        self.each(calls, report, |user| user == who)
    }

    fn each(&self, calls: &[Call], report: &mut Report, late: impl Fn(&str) -> bool) -> io::Result<()> {
        report.calls += calls.len();
        for call in calls.iter().filter(|call| call.write) {
            report.writes += 1;
            let write = Write::of(call);
            if self.is_asked_for(&write, &self.now) {
                continue;
            }
            if write.user().is_some_and(&late) && self.is_asked_for(&write, &self.before) {
                report.late += 1;
                continue;
            }
            let now = write.user().and_then(|user| self.now.get(user));
            return Err(io::Error::other(format!(
                "nobody asked for {} {}: {write:?}, the rules say {now:?}",
                call.line(),
                call.body
            )));
        }
        Ok(())
    }

    fn is_asked_for(&self, write: &Write, rules: &BTreeMap<String, Expected>) -> bool {
        let of = |user: &str| rules.get(user);
        match write {
            Write::Create { user } => of(user).is_some_and(|rules| rules.may_be_made),
            Write::Join { user, group } => of(user).is_some_and(|rules| {
                rules.mapped.contains(group) || (rules.gets_licence && group == LICENCE)
            }),
            Write::Leave { user, group } => {
                of(user).is_some_and(|rules| rules.managed.contains(group) && !rules.mapped.contains(group))
            }
            Write::Mark { user } => of(user).is_some(),
            // Groups belong to nobody.
            Write::Group { group } => {
                group == LICENCE || rules.values().any(|rules| rules.managed.contains(group))
            }
            Write::Strange => false,
        }
    }
}

impl Write {
    fn of(call: &Call) -> Self {
        let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
        let query: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let body: Value = serde_json::from_str(&call.body).unwrap_or_default();
        let name = || body.get("name").and_then(Value::as_str).map(str::to_owned);
        let found = match (call.method.as_str(), path) {
            // A licence of its own is nothing that an account ever gets.
            ("POST", "/rest/api/2/user") if body.get("applicationKeys") == Some(&serde_json::json!([])) => {
                name().map(|user| Self::Create { user })
            }
            ("POST", "/rest/api/2/group") => name().map(|group| Self::Group { group }),
            ("POST", "/rest/api/2/group/user") => {
                name().zip(query.get("groupname").cloned()).map(|(user, group)| Self::Join { user, group })
            }
            ("DELETE", "/rest/api/2/group/user") => query
                .get("username")
                .zip(query.get("groupname"))
                .map(|(user, group)| Self::Leave { user: user.clone(), group: group.clone() }),
            ("PUT", "/rest/api/2/user/properties/samlgate") => {
                query.get("username").map(|user| Self::Mark { user: user.clone() })
            }
            _ => None,
        };
        found.unwrap_or(Self::Strange)
    }

    fn user(&self) -> Option<&str> {
        match self {
            Self::Create { user }
            | Self::Join { user, .. }
            | Self::Leave { user, .. }
            | Self::Mark { user } => Some(user),
            Self::Group { .. } | Self::Strange => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, path: &str, body: &str) -> Call {
        Call {
            method: method.to_owned(),
            path: path.to_owned(),
            status: 200,
            body: body.to_owned(),
            headers: Vec::new(),
            write: true,
        }
    }

    #[test]
    fn what_nobody_asked_for_is_noticed() {
        let mut watch = Watch::default();
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let rules = |mapped: &[&str], licence| Expected {
            mapped: set(mapped),
            managed: set(&["app-1", "app-2"]),
            may_be_made: licence,
            gets_licence: licence,
        };
        watch.expect("p1", rules(&["app-2"], true));
        watch.expect("p1", rules(&["app-1"], false));
        let join = |group: &str| {
            call("POST", &format!("/rest/api/2/group/user?groupname={group}"), r#"{"name":"p1"}"#)
        };
        let leave = |group: &str| {
            call("DELETE", &format!("/rest/api/2/group/user?groupname={group}&username=p1"), "")
        };
        let mut report = Report::new(0);
        let mut check = |call: &Call| watch.check(std::slice::from_ref(call), &mut report).is_ok();
        assert!(check(&join("app-1")) && check(&leave("app-2")));
        for wrong in [
            join("app-2"),
            join(LICENCE),
            join("jira-administrators"),
            leave("app-1"),
            leave("chess-club"),
            call("POST", "/rest/api/2/user", r#"{"name":"p1","applicationKeys":[]}"#),
            call("POST", "/rest/api/2/user", r#"{"name":"p1"}"#),
            call("PUT", "/rest/api/2/user?username=p1", "{}"),
            call("DELETE", "/rest/api/2/user?username=p1", ""),
            call("PUT", "/rest/api/2/user/properties/samlgate?username=p2", "{}"),
            call("POST", "/rest/api/2/group", r#"{"name":"else"}"#),
        ] {
            assert!(!check(&wrong), "{wrong:?}");
        }
        // What an older assertion said may only be under way while the person signs in.
        assert!(watch.check_with_late_ones(&[join("app-2")], "p1", &mut report).is_ok());
        assert!(watch.check_with_late_ones(&[join("app-2")], "p2", &mut report).is_err());
        assert_eq!(report.late, 1);
    }
}
