//! Everything that an application which cannot be read is told at a sign-in.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::base::{Pii, UnixTime};

use super::account::{AccountId, Profile, RemoteAccount};

/// The whole desired state of one person.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Delivery {
    /// The user name.
    pub username: Pii<String>,
    /// The e-mail address, if the IdP sent one.
    pub email: Option<Pii<String>>,
    /// What to call the person.
    pub display_name: Pii<String>,
    /// What else the IdP said.
    pub profile: Profile,
    /// It is a portal customer.
    pub is_customer: bool,
    /// The groups that the person should have.
    pub groups: BTreeSet<String>,
    /// Managed groups that the person should not have.
    pub not_groups: BTreeSet<String>,
    /// The organizations that the person belongs to; `None` when this sign-in says nothing about them.
    pub organizations: Option<BTreeSet<String>>,
    /// When the person signed in; `None` when nobody signs in.
    pub signed_in_at: Option<UnixTime>,
}

impl Delivery {
    /// The account as it is after this was taken in. Its id stands for everything that was told but the time, so that the
    /// same is not told twice.
    #[must_use]
    pub fn told(&self) -> RemoteAccount {
        let timeless = Self { signed_in_at: None, ..self.clone() };
        let text = serde_json::to_vec(&timeless).unwrap_or_default();
        let digest = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        RemoteAccount {
            id: Some(AccountId::new(digest)),
            username: self.username.clone(),
            email: self.email.clone(),
            display_name: self.display_name.clone(),
            active: true,
            groups: self.groups.clone(),
            profile: self.profile.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_makes_no_difference() {
        let pii = |text: &str| Pii::new(text.to_owned());
        let delivery = Delivery {
            username: pii("alice"),
            email: None,
            display_name: pii("Alice"),
            profile: Profile::new(),
            is_customer: false,
            groups: BTreeSet::new(),
            not_groups: BTreeSet::new(),
            organizations: None,
            signed_in_at: Some(UnixTime::from_secs(1)),
        };
        let id = |delivery: &Delivery| delivery.told().id;
        assert_eq!(id(&delivery), id(&Delivery { signed_in_at: None, ..delivery.clone() }));
        for other in [
            Delivery { email: Some(pii("a@b")), ..delivery.clone() },
            Delivery { is_customer: true, ..delivery.clone() },
            Delivery { not_groups: BTreeSet::from(["a".to_owned()]), ..delivery.clone() },
            Delivery { groups: BTreeSet::from(["a".to_owned()]), ..delivery.clone() },
            Delivery { organizations: Some(BTreeSet::new()), ..delivery.clone() },
        ] {
            assert_ne!(id(&delivery), id(&other), "{other:?}");
        }
    }
}
