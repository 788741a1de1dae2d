//! An attack in a setting: what is posted, and how.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Attack, Make};
use crate::idp::{IssueError, IssueOptions, User, issue};

/// The sign-in that an attack is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Entity id of the identity provider that was asked.
    pub idp: String,
    /// Our entity id.
    pub sp: String,
    /// Our assertion consumer service.
    pub acs: String,
    /// The ID of the AuthnRequest.
    pub request_id: String,
    /// The RelayState that went with it.
    pub relay_state: String,
    /// The clock of both sides, in Unix seconds.
    pub now: u64,
}

/// What a browser posts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its `content-type`.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Which way a response goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// From the browser that began the sign-in.
    Straight,
    /// From a browser with a sign-in of its own, with the RelayState of that one.
    OtherBrowser,
    /// From a browser with a sign-in of its own, with the RelayState that belongs to the response.
    OtherBrowserOurRelayState,
    /// From a browser without any cookie.
    NoCookies,
    /// From the same browser, for another of its sign-ins.
    OtherRequest,
    /// From the same browser, for the second time; the first time it is accepted.
    Twice,
    /// As the changed form says, after the genuine response was accepted.
    AfterGenuine,
    /// The sign-in was begun so many seconds ago; the response is fresh.
    Late(u64),
    /// The sign-in was begun before the configuration named another identity provider, which was sent the browser and
    /// answers.
    OtherIdentityProvider,
}

impl Delivery {
    /// One word for files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Straight => "straight",
            Self::OtherBrowser => "other-browser",
            Self::OtherBrowserOurRelayState => "other-browser-our-relay-state",
            Self::NoCookies => "no-cookies",
            Self::OtherRequest => "other-request",
            Self::Twice => "twice",
            Self::AfterGenuine => "after-genuine",
            Self::Late(_) => "late",
            Self::OtherIdentityProvider => "other-identity-provider",
        }
    }
}

impl Form {
    /// An ordinary form.
    #[must_use]
    pub fn of(fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self { content_type: String::from("application/x-www-form-urlencoded"), body: body.into_bytes() }
    }

    /// What the identity provider's page makes of a response.
    #[must_use]
    pub fn response(xml: &[u8], relay_state: &str) -> Self {
        Self::of(&[("SAMLResponse", &STANDARD.encode(xml)), ("RelayState", relay_state)])
    }
}

/// What an attacker posts.
#[derive(Clone, Debug)]
pub struct Posted {
    /// The response in it, unless the attack is about the form.
    pub xml: Option<Vec<u8>>,
    /// The form.
    pub form: Form,
}

impl Setting {
    /// What the honest identity provider says about `agent`, to be signed as `attack` starts from.
    #[must_use]
    pub fn honest(&self, attack: &Attack) -> IssueOptions {
        let mut options = IssueOptions::new(User::agent(), &self.idp, &self.acs, &self.sp);
        options.in_response_to = Some(self.request_id.clone());
        options.now = self.now;
        options.response_id = format!("_r{}", self.request_id);
        options.assertion_id = format!("_a{}", self.request_id);
        options.session_index = String::from("_s");
        options.signed = attack.on;
        options.key = attack.key;
        options
    }
}

impl Attack {
    /// The genuine response that the attack starts from. It is accepted in the same setting.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn genuine(&self, setting: &Setting) -> Result<String, IssueError> {
        issue(&setting.honest(self))
    }

    /// What the attacker posts.
    ///
    /// # Errors
    /// When the genuine response lacks the part that the attack needs.
    pub fn post(&self, setting: &Setting) -> Result<Posted, IssueError> {
        let lacks = || IssueError::new(format!("{}: the response lacks the part that it needs", self.name));
        let plain = |xml: Vec<u8>| {
            let form = Form::response(&xml, &setting.relay_state);
            Posted { xml: Some(xml), form }
        };
        match &self.make {
            Make::Text(make) => {
                make(&self.genuine(setting)?).map(String::into_bytes).map(plain).ok_or_else(lacks)
            }
            Make::Bytes(make) => make(&self.genuine(setting)?).map(plain).ok_or_else(lacks),
            Make::Issue(make) => {
                let mut options = setting.honest(self);
                make(&mut options);
                issue(&options).map(String::into_bytes).map(plain)
            }
            Make::Form(make) => {
                let form = make(&self.genuine(setting)?, &setting.relay_state).ok_or_else(lacks)?;
                Ok(Posted { xml: None, form })
            }
            Make::Genuine => self.genuine(setting).map(String::into_bytes).map(plain),
        }
    }

    /// The change by itself, of any response; `None` where the response lacks what it needs, or the attack is no change of
    /// text.
    #[must_use]
    pub fn alter(&self, xml: &str) -> Option<String> {
        match &self.make {
            Make::Text(make) => make(xml),
            _ => None,
        }
    }
}
