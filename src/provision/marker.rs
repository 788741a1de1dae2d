//! What we remember at the account: who came by the portal, and roughly when.

use core::time::Duration;
use std::collections::BTreeSet;

use crate::base::{Pii, UnixTime};

/// How old a remembered last login must be before it is written again.
///
/// A marker that changed at every sign-in would cost a write at every sign-in; whoever reads it (the cleanup of
/// accounts that are not used any more) thinks in weeks.
pub const LAST_LOGIN_RESOLUTION: Duration = Duration::from_secs(24 * 60 * 60);

/// The marker of one account, version 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Marker {
    /// The NameID of the portal sign-in; its presence protects a customer from the cleanup, so it is never cleared.
    pub customer_login: Option<Pii<String>>,
    /// When the person signed in, to [`LAST_LOGIN_RESOLUTION`].
    pub last_login: Option<UnixTime>,
    /// The account was made, and not all of the plan that made it is done yet. Without this a sign-in that breaks off
    /// in between would leave a person who is not new any more and never got what new people get.
    pub unfinished: bool,
    /// Shows that `unfinished` was written by us: the account's owner may be able to write here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// The customer is just being moved: the two sets below hold where the customer was and where the customer will be.
    #[serde(default)]
    pub moving: bool,
    /// Organizations that we put the customer into. What we gave we may take; what somebody else gave we do not see.
    pub organizations: BTreeSet<String>,
    /// Service desks that we made the person a customer of.
    pub service_desks: BTreeSet<String>,
}

/// Where a customer belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerAccess {
    /// Names of the organizations.
    pub organizations: BTreeSet<String>,
    /// The service desks that those organizations are linked to.
    pub linked_service_desks: BTreeSet<String>,
    /// The service desks of which the person is a customer without an organization in between.
    pub direct_service_desks: BTreeSet<String>,
}

impl CustomerAccess {
    /// True when the person belongs to nothing.
    #[must_use]
    pub fn is_nowhere(&self) -> bool {
        self.organizations.is_empty() && self.direct_service_desks.is_empty()
    }
}

/// The marker as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RemoteMarker {
    /// Nobody looked. No marker is written then, because one that holds more could be overwritten.
    #[default]
    NotRead,
    /// There is none, or one that we cannot read.
    Absent,
    /// Written by a later version of samlgate; left alone.
    Foreign,
    /// There is one.
    Present(Marker),
}

impl RemoteMarker {
    /// How many organizations we put the customer into.
    #[must_use]
    pub fn organizations(&self) -> usize {
        match self {
            Self::Present(marker) => marker.organizations.len(),
            Self::NotRead | Self::Absent | Self::Foreign => 0,
        }
    }
}

/// What this sign-in adds to the marker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarkerUpdate {
    /// The NameID when this is a portal sign-in; `None` otherwise, which clears nothing.
    pub customer_login: Option<Pii<String>>,
    /// The time of the sign-in; `None` when nobody signs in (a background sync must not prolong anything).
    pub signed_in_at: Option<UnixTime>,
    /// Where the customer belongs; `None` when this sign-in says nothing about it.
    pub customer: Option<CustomerAccess>,
    /// What [`Marker::proof`] is to be while the account is unfinished.
    pub proof: Option<String>,
}

impl MarkerUpdate {
    /// What the marker should become, given what it is; `None` when there is nothing to write.
    ///
    /// It is written when it is absent or unfinished, when the first portal sign-in happens, and when the remembered last
    /// login is older than [`LAST_LOGIN_RESOLUTION`]. A NameID that differs from the remembered one is no occasion by itself (a
    /// transient NameID differs each time); it is taken along with the next write.
    #[must_use]
    pub fn against(&self, remote: &RemoteMarker) -> Option<Marker> {
        let have = match remote {
            RemoteMarker::NotRead | RemoteMarker::Foreign => return None,
            RemoteMarker::Absent => None,
            RemoteMarker::Present(marker) => Some(marker),
        };
        let organizations = |have: Option<&Marker>| match &self.customer {
            Some(customer) => customer.organizations.clone(),
            None => have.map(|have| have.organizations.clone()).unwrap_or_default(),
        };
        let service_desks = |have: Option<&Marker>| match &self.customer {
            Some(customer) => customer.direct_service_desks.clone(),
            None => have.map(|have| have.service_desks.clone()).unwrap_or_default(),
        };
        let Some(have) = have else {
            return Some(Marker {
                customer_login: self.customer_login.clone(),
                last_login: self.signed_in_at,
                organizations: organizations(None),
                service_desks: service_desks(None),
                ..Marker::default()
            });
        };
        let moved = organizations(Some(have)) != have.organizations
            || service_desks(Some(have)) != have.service_desks
            || (have.moving && self.customer.is_some());

        let first_portal_sign_in = have.customer_login.is_none() && self.customer_login.is_some();
        let last_login_is_old = match (have.last_login, self.signed_in_at) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(then), Some(now)) => now.saturating_since(then) >= LAST_LOGIN_RESOLUTION,
        };
        (first_portal_sign_in || last_login_is_old || moved || have.unfinished).then(|| Marker {
            customer_login: self.customer_login.clone().or_else(|| have.customer_login.clone()),
            last_login: self.signed_in_at.max(have.last_login),
            moving: have.moving && self.customer.is_none(),
            organizations: organizations(Some(have)),
            service_desks: service_desks(Some(have)),
            ..Marker::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    fn update(customer_login: Option<&str>, signed_in_at: Option<u64>) -> MarkerUpdate {
        MarkerUpdate {
            customer_login: customer_login.map(|name| Pii::new(name.to_owned())),
            signed_in_at: signed_in_at.map(UnixTime::from_secs),
            ..MarkerUpdate::default()
        }
    }

    fn marker(customer_login: Option<&str>, last_login: Option<u64>) -> Marker {
        let update = update(customer_login, last_login);
        Marker { customer_login: update.customer_login, last_login: update.signed_in_at, ..Marker::default() }
    }

    #[test]
    fn r11_r12_the_marker_is_written_only_when_it_says_something_new() {
        let present = |login, at| RemoteMarker::Present(marker(login, at));
        let alice = Some("alice");
        for (what, update, remote, written) in [
            ("absent", update(None, Some(5)), RemoteMarker::Absent, Some(marker(None, Some(5)))),
            ("absent, portal", update(alice, Some(5)), RemoteMarker::Absent, Some(marker(alice, Some(5)))),
            ("unchanged", update(alice, Some(DAY)), present(alice, Some(1)), None),
            (
                "a day later",
                update(alice, Some(DAY + 1)),
                present(alice, Some(1)),
                Some(marker(alice, Some(DAY + 1))),
            ),
            ("first portal", update(alice, Some(9)), present(None, Some(8)), Some(marker(alice, Some(9)))),
            (
                "never cleared",
                update(None, Some(3 * DAY)),
                present(alice, Some(1)),
                Some(marker(alice, Some(3 * DAY))),
            ),
            ("by / soon after", update(None, Some(9)), present(alice, Some(8)), None),
            ("transient NameID", update(Some("_x1"), Some(9)), present(Some("_x0"), Some(8)), None),
            (
                "transient, old",
                update(Some("_x1"), Some(3 * DAY)),
                present(Some("_x0"), Some(8)),
                Some(marker(Some("_x1"), Some(3 * DAY))),
            ),
            ("sync", update(None, None), present(alice, Some(1)), None),
            ("sync, absent", update(None, None), RemoteMarker::Absent, Some(marker(None, None))),
            ("no time yet", update(None, Some(7)), present(None, None), Some(marker(None, Some(7)))),
            ("clock went back", update(alice, Some(7)), present(None, Some(9)), Some(marker(alice, Some(9)))),
            (
                "unfinished",
                update(None, Some(9)),
                RemoteMarker::Present(Marker { unfinished: true, ..marker(alice, Some(8)) }),
                Some(marker(alice, Some(9))),
            ),
            ("not read", update(alice, Some(9)), RemoteMarker::NotRead, None),
            ("newer version", update(alice, Some(9)), RemoteMarker::Foreign, None),
        ] {
            assert_eq!(update.against(&remote), written, "{what}");
            if let Some(written) = written {
                assert_eq!(update.against(&RemoteMarker::Present(written)), None, "{what}, again");
            }
        }
    }

    #[test]
    fn where_we_put_a_customer_is_remembered_and_nothing_else() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let customer = |organizations: &[&str], desks: &[&str]| MarkerUpdate {
            customer: Some(CustomerAccess {
                organizations: set(organizations),
                linked_service_desks: BTreeSet::new(),
                direct_service_desks: set(desks),
            }),
            ..update(None, Some(5))
        };
        let with = |organizations: &[&str], desks: &[&str]| Marker {
            organizations: set(organizations),
            service_desks: set(desks),
            ..marker(None, Some(5))
        };
        let remote = RemoteMarker::Present(with(&["Acme"], &[]));
        assert_eq!(customer(&["Acme"], &[]).against(&remote), None);
        assert_eq!(customer(&["Other"], &[]).against(&remote), Some(with(&["Other"], &[])));
        assert_eq!(customer(&[], &["1"]).against(&remote), Some(with(&[], &["1"])));
        assert_eq!(update(None, Some(5)).against(&remote), None, "no portal sign-in says nothing");
        let later = update(None, Some(5 + DAY)).against(&remote).unwrap();
        assert_eq!(later.organizations, set(&["Acme"]), "and forgets nothing");
    }
}
