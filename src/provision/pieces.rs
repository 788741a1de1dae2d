//! What a target keeps between two answers about the same account.

use core::fmt;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::base::{Pii, Secret};
use crate::encoding::base64;

/// Pieces of an account that say nothing to anybody but the target that read them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    /// Its groups, for applications that answer about the account and about its groups apart: either can come first.
    pub groups: Option<BTreeSet<String>>,
    /// The account as the application showed it, for applications that replace accounts whole.
    pub shown: Option<Pii<Map<String, Value>>>,
    /// What an account that is about to be made gets as its password, where the application makes none without.
    pub password: Option<NewPassword>,
}

/// A password that nobody will ever type: the application is told it once, and then it is forgotten.
#[derive(Clone)]
pub struct NewPassword(Secret<String>);

impl NewPassword {
    /// 256 random bits in base64, after one character of each class that password rules ask for.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(Secret::new(format!("aA1!{}", base64::encode(&bytes))))
    }

    /// The password itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("password")
    }
}

impl PartialEq for NewPassword {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for NewPassword {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_meets_rules_and_stays_unseen() {
        let password = NewPassword::from_random([7; 32]);
        let text = password.expose();
        assert!(text.len() == 48 && text.is_ascii());
        for class in [char::is_lowercase, char::is_uppercase, char::is_numeric] {
            assert!(text.contains(class), "{text}");
        }
        assert!(text.contains(|c: char| !c.is_alphanumeric()));
        assert_ne!(password, NewPassword::from_random([8; 32]));
        let pieces = Pieces { password: Some(password.clone()), ..Pieces::default() };
        assert!(!format!("{pieces:?}").contains(text));
    }
}
