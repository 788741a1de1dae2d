//! What a sign-in tells the runner.

use serde::{Deserialize, Serialize};

use crate::base::{Pii, UnixTime};
use crate::effect::Ask;
use crate::http::RedirectTarget;
use crate::identity::Identity;
use crate::policy::{RequestFacts, StartUrl};
use crate::session::background_message::{self, Unsealable};

use super::super::Env;

/// What a sign-in tells the runner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::flow) enum Message {
    /// A person signs in. What still waits for them rests on what an older assertion said, and must not be done after what
    /// this one says.
    Arrived {
        /// Who.
        username: Pii<String>,
        /// When.
        at: UnixTime,
    },
    /// Something is left to do for a person.
    Job(Box<Job>),
}

/// One person, with everything that a decision about them rests on besides what the application knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::flow) struct Job {
    /// What the assertion said.
    pub(in crate::flow) identity: Identity,
    /// Where the sign-in started.
    pub(in crate::flow) target: RedirectTarget,
    /// When.
    pub(in crate::flow) signed_in_at: UnixTime,
    /// The request whose sign-in it was.
    pub(in crate::flow) request_id: String,
    /// The sign-in found no account. If there is one now, it was made for this person and has not got what new people
    /// get.
    pub(in crate::flow) is_new: bool,
}

impl Message {
    /// Hands it to the runner.
    ///
    /// # Errors
    /// [`Unsealable`] when it is too large, or there is no nonce.
    pub(in crate::flow) fn enqueue(&self, env: &Env<'_>) -> Result<Ask, Unsealable> {
        let message = background_message::seal(self, &env.settings.session, env.entropy)?;
        Ok(Ask::Enqueue { message })
    }
}

impl Job {
    /// The same for everything that is about the same person, in whatever spelling.
    pub(super) fn person(&self) -> String {
        person(&self.identity.username)
    }

    pub(super) fn request_facts<'a>(&'a self, env: &Env<'a>) -> RequestFacts<'a> {
        RequestFacts { started_at: Some(StartUrl::of(&env.settings.sp.base_uri, &self.target)) }
    }
}

pub(super) fn person(username: &Pii<String>) -> String {
    username.expose().to_lowercase()
}
