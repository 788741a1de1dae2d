//! An account as a person writes it down, for tools that explain a sign-in without the application.

use std::collections::BTreeSet;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::base::{Pii, UnixTime};
use crate::policy::FoldedName;

use super::account::{Profile, RemoteAccount};
use super::directory::Directory;
use super::marker::{Marker, RemoteMarker};
use super::state::RemoteState;

/// What somebody knows of an account at the application.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedAccount {
    /// `false` to say only which groups the application has.
    #[serde(default = "yes")]
    pub exists: bool,
    /// The user name in the application's spelling; without one it is the account of whoever signs in.
    pub username: Option<Pii<String>>,
    /// The e-mail address.
    pub email: Option<Pii<String>>,
    /// The display name.
    pub display_name: Option<Pii<String>>,
    /// Whether it may be used.
    #[serde(default = "yes")]
    pub active: bool,
    /// Its groups.
    #[serde(default)]
    pub groups: BTreeSet<String>,
    /// The NameID of the last portal sign-in.
    pub customer_login: Option<Pii<String>>,
    /// When the person signed in last, such as `2026-01-02T03:04:05Z`.
    #[serde(default, deserialize_with = "instant")]
    pub last_login: Option<UnixTime>,
    /// The account was made at a sign-in that did not come to its end.
    #[serde(default)]
    pub unfinished: bool,
    /// Groups that the application has besides those.
    #[serde(default)]
    pub existing_groups: BTreeSet<String>,
    /// Organizations that we put the customer into.
    #[serde(default)]
    pub organizations: BTreeSet<String>,
    /// Service desks that we made the person a customer of.
    #[serde(default)]
    pub service_desks: BTreeSet<String>,
}

const fn yes() -> bool {
    true
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UnixTime>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let expected = "expected an instant in UTC such as `2026-01-02T03:04:05Z`";
    UnixTime::parse_xs_date_time(&text).map(Some).ok_or_else(|| D::Error::custom(expected))
}

impl RecordedAccount {
    /// The state as it would have been read. `signed_in` is the name of whoever signs in.
    #[must_use]
    pub fn remote(&self, signed_in: &str) -> RemoteState {
        let username = self.username.clone().unwrap_or_else(|| Pii::new(signed_in.to_owned()));
        let marker = Marker {
            customer_login: self.customer_login.clone(),
            last_login: self.last_login,
            unfinished: self.unfinished,
            organizations: self.organizations.clone(),
            service_desks: self.service_desks.clone(),
            ..Marker::default()
        };
        let linked = self.exists && !FoldedName::same(username.expose(), signed_in);
        let account = RemoteAccount {
            display_name: self.display_name.clone().unwrap_or_else(|| username.clone()),
            username,
            email: self.email.clone(),
            active: self.active,
            groups: self.groups.clone(),
            id: None,
            profile: Profile::new(),
        };
        RemoteState {
            account: self.exists.then_some(account),
            marker: if marker == Marker::default() {
                RemoteMarker::Absent
            } else {
                RemoteMarker::Present(marker)
            },
            directory: Directory::with_groups(&self.existing_groups),
            linked,
            ..RemoteState::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> RecordedAccount {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_is_left_out_is_what_is_usual() {
        let state = read("{}").remote("alice");
        let account = state.account.unwrap();
        assert_eq!(
            (account.username.expose().as_str(), account.display_name.expose().as_str()),
            ("alice", "alice")
        );
        assert!(account.active && account.groups.is_empty() && account.email.is_none());
        assert_eq!(state.marker, RemoteMarker::Absent);
    }

    #[test]
    fn groups_can_be_there_without_the_account() {
        let state = read(r#"{"exists": false, "existing_groups": ["a"]}"#).remote("alice");
        assert_eq!(state.account, None);
        assert!(state.knows_group("A"));
    }

    #[test]
    fn a_customer_is_remembered() {
        let state = read(r#"{"customer_login": "x", "last_login": "2026-01-02T03:04:05Z"}"#).remote("alice");
        let RemoteMarker::Present(marker) = state.marker else { panic!("no marker") };
        assert!(marker.customer_login.is_some() && !marker.unfinished);
        assert_eq!(marker.last_login.unwrap().to_xs_date_time(), "2026-01-02T03:04:05Z");
    }

    #[test]
    fn a_slip_in_a_field_is_told() {
        let fault = serde_json::from_str::<RecordedAccount>(r#"{"group": []}"#).unwrap_err().to_string();
        assert!(fault.contains("unknown field `group`"), "{fault}");
        let late = serde_json::from_str::<RecordedAccount>(r#"{"last_login": "yesterday"}"#);
        assert!(late.unwrap_err().to_string().contains("expected an instant"));
    }
}
