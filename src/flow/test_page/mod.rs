//! The test sign-in page: a real sign-in that begins no session and changes nothing, and shows what it would do.
//!
//! Two kinds of people see what it shows: those that the configuration names, after the identity provider has vouched for
//! them; and whoever shows the secret of the configuration, which starts one test, also when its sign-in fails.

mod answered;
mod start;

pub(super) use answered::{ExpectState, answered};
pub use start::TestStart;

use sha2::{Digest, Sha256};

use super::Env;
use crate::base::{Pii, Secret};
use crate::encoding::base64url;
use crate::http::Reply;
use crate::page;
use crate::policy::FoldedName;

/// The checked `test_page` of the configuration.
#[derive(Clone)]
pub struct TestPage {
    /// Its path.
    pub path: String,
    /// User names of the people who may use it, compared as the application compares them.
    pub people: Vec<String>,
    /// What lets anybody use it once.
    pub secret: Option<Secret<String>>,
}

impl TestPage {
    fn admits(&self, username: &str) -> bool {
        self.people.iter().any(|one| FoldedName::same(one, username))
    }

    /// Under which the store remembers that the secret was used. It says nothing about the secret.
    fn secret_key(secret: &Secret<String>, sp_entity_id: &str) -> String {
        let mut digest = Sha256::new();
        digest.update(b"samlgate test page secret");
        digest.update((sp_entity_id.len() as u64).to_le_bytes());
        digest.update(sp_entity_id.as_bytes());
        digest.update(secret.expose().as_bytes());
        format!("samlgate.test_secret.{}", base64url::encode(&digest.finalize()))
    }
}

/// The page on which a test sign-in is started.
#[must_use]
pub fn front(test_page: &TestPage, env: &Env<'_>) -> Reply {
    let idps = env.settings.idps.iter().enumerate();
    let idps: Vec<_> = idps.map(|(index, idp)| (idp.id.as_str(), env.idp_name(index))).collect();
    page::test_front(&env.settings.look, &test_page.path, test_page.secret.is_some(), &idps)
}

/// A person in an event: a keyed hash, as everywhere.
fn person(username: &str, env: &Env<'_>) -> String {
    Pii::new(username.to_owned()).keyed(&env.settings.pii_key)
}
