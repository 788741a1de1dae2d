//! Directories that are pulled, as their public documentation describes them: Microsoft Graph, Okta, Keycloak.
//!
//! All three show the same [`People`], each in its own words, with its own pages, tokens and refusals. Something can happen
//! to people between two pages.

mod graph;
mod keycloak;
mod okta;

pub use graph::Graph;
pub use keycloak::Keycloak;
pub use okta::Okta;

use serde_json::{Value, json};

use crate::stand_in::{Answer, Incoming};

/// The client that gets tokens.
pub const CLIENT_ID: &str = "stand-in-client";

/// Its secret.
pub const CLIENT_SECRET: &str = "stand-in-client-secret";

/// The token that Okta accepts.
pub const OKTA_TOKEN: &str = "stand-in-okta-token";

/// One person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The directory's own name.
    pub id: String,
    /// The user name.
    pub username: String,
    /// May the person sign in?
    pub enabled: bool,
    /// Names of groups; their ids are `id-of-NAME`.
    pub groups: Vec<String>,
    /// When the entry last changed, by the directory's own clock.
    pub changed_at: u64,
}

/// Something that happens to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The person with this id leaves.
    Leave(String),
    /// Somebody comes.
    Join(Entry),
    /// The person with this id gets another user name.
    Rename(String, String),
    /// The person with this id may not sign in any more.
    Disable(String),
    /// Everybody after so many is gone, as when a backend fails and nobody says so.
    Lose(usize),
    /// All tokens end.
    TokensEnd,
}

/// Everybody whom a directory knows.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// In the order of user names.
    pub entries: Vec<Entry>,
    /// Who left, and when.
    pub left: Vec<(String, u64)>,
    /// Grows with each change.
    pub clock: u64,
    /// Changes before this are forgotten.
    pub forgotten_before: u64,
    /// What happens after so many pages of people.
    pub script: Vec<(usize, Happening)>,
    /// Pages of people that were shown.
    pub pages: usize,
    /// Tokens that were given.
    tokens: usize,
    /// Tokens up to this one have ended.
    ended_tokens: usize,
}

impl People {
    /// So many people: `user00000`, `user00001` and so on; every tenth is in `admins`, all are in `staff`.
    #[must_use]
    pub fn of(count: usize) -> Self {
        let entry = |number: usize| Entry {
            id: format!("id-{number:05}"),
            username: format!("user{number:05}"),
            enabled: true,
            groups: [Some("staff"), (number.is_multiple_of(10)).then_some("admins")]
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect(),
            changed_at: 0,
        };
        Self { entries: (0..count).map(entry).collect(), ..Self::default() }
    }

    /// The same, with something that happens after `pages` pages.
    #[must_use]
    pub fn then(mut self, pages: usize, happening: Happening) -> Self {
        self.script.push((pages, happening));
        self
    }

    /// Lets something happen.
    pub fn happen(&mut self, happening: Happening) {
        self.clock += 1;
        let clock = self.clock;
        match happening {
            Happening::Leave(id) => {
                self.entries.retain(|entry| entry.id != id);
                self.left.push((id, clock));
            }
            Happening::Join(entry) => self.entries.push(Entry { changed_at: clock, ..entry }),
            Happening::Rename(id, username) => {
                if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id) {
                    (entry.username, entry.changed_at) = (username, clock);
                }
            }
            Happening::Disable(id) => {
                if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id) {
                    (entry.enabled, entry.changed_at) = (false, clock);
                }
            }
            Happening::Lose(after) => self.entries.truncate(after),
            Happening::TokensEnd => self.ended_tokens = self.tokens,
        }
        self.entries.sort_by(|one, other| one.username.cmp(&other.username));
    }

    fn by_id(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// A page of people was shown; what is to happen then happens.
    fn shown(&mut self) {
        self.pages += 1;
        let due = |(pages, _): &(usize, Happening)| *pages == self.pages;
        let (now, later): (Vec<_>, Vec<_>) = core::mem::take(&mut self.script).into_iter().partition(due);
        self.script = later;
        now.into_iter().for_each(|(_, happening)| self.happen(happening));
    }

    /// RFC 6749 4.4.3.
    fn token(&mut self, request: &Incoming) -> Answer {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        if !body.split('&').any(|pair| pair == "grant_type=client_credentials") {
            return Answer::json(400, &json!({ "error": "unsupported_grant_type" }));
        }
        if request.basic() != Some((CLIENT_ID.to_owned(), CLIENT_SECRET.to_owned())) {
            return Answer::json(401, &json!({ "error": "invalid_client" }));
        }
        self.tokens += 1;
        let token = format!("token-{}", self.tokens);
        Answer::json(200, &json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600 }))
    }

    /// Is the token of `request` one that still holds?
    fn admits(&self, request: &Incoming) -> bool {
        let number = request.bearer().and_then(|token| token.strip_prefix("token-")?.parse::<usize>().ok());
        number.is_some_and(|number| number > self.ended_tokens && number <= self.tokens)
    }
}

fn group_id(name: &str) -> String {
    format!("id-of-{name}")
}

/// `https://HOST`, as the directory believes to be called.
fn origin(request: &Incoming) -> String {
    format!("https://{}", request.header("host").unwrap_or("directory.example.test"))
}

fn list(values: impl Iterator<Item = Value>) -> Value {
    Value::Array(values.collect())
}
