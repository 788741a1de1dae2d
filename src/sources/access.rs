//! The credentials of calls, and the token that lives while a pull does.

use core::fmt;
use core::time::Duration;

use serde::Deserialize;

use crate::base::{Secret, UnixTime};
use crate::encoding::{base64, form, percent};
use crate::http::{HttpCall, HttpResponse};

use super::endpoint::{ClientCredentials, Credentials, Endpoint};
use super::error::{Request, SourceError, read_json, refusal};

/// A token is replaced so long before its end: a call with it may take its whole timeout, and clocks differ.
const MARGIN: Duration = Duration::from_secs(60);

/// What a token lives when the answer does not say (RFC 6749 5.1 lets it out): long enough for some calls.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(120);

/// The longest life that is believed: a day, as long as Entra ID's longest.
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Bytes of a token: Envoy takes 60 KiB of headers, Entra ID's tokens of applications have about 2 KiB.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The credentials of one run. It is never kept: a token can always be fetched again.
#[derive(Default)]
pub struct Access {
    token: Option<(Secret<String>, UnixTime)>,
    /// Grows with every change of `token`: calls are under way side by side, and each was sent with the token of its time.
    held: Held,
    /// A token was thrown away because it was not accepted, and no call was accepted since.
    refused: bool,
}

/// Which of the tokens of a run, one after the other, is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held(u32);

/// What to send now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sending {
    /// The call.
    Call(HttpCall),
    /// This first: its answer goes to [`Access::learn`], then ask again.
    Token(HttpCall),
}

impl Access {
    /// With what [`Access::send`] sends now.
    #[must_use]
    pub const fn held(&self) -> Held {
        self.held
    }

    fn hold(&mut self, token: Option<(Secret<String>, UnixTime)>) {
        self.token = token;
        self.held = Held(self.held.0.wrapping_add(1));
    }

    /// Puts the credentials of `endpoint` into `call`, or says how to get them.
    #[must_use]
    pub fn send(&self, endpoint: &Endpoint, mut call: HttpCall, now: UnixTime) -> Sending {
        let authorization = match &endpoint.credentials {
            Credentials::Injected => return Sending::Call(call),
            Credentials::Bearer(token) => format!("Bearer {}", token.expose()),
            Credentials::Ssws(token) => format!("SSWS {}", token.expose()),
            Credentials::Basic { username, password } => basic(username, password.expose()),
            Credentials::ClientCredentials(client) => match &self.token {
                Some((token, end)) if now < *end => format!("Bearer {}", token.expose()),
                _ => return Sending::Token(token_call(client)),
            },
        };
        call.headers.push((String::from("authorization"), authorization));
        Sending::Call(call)
    }

    /// Reads the answer of the token endpoint (RFC 6749 5.1).
    ///
    /// # Errors
    /// [`SourceError`] when it is no token.
    pub fn learn(&mut self, response: &HttpResponse, now: UnixTime) -> Result<(), SourceError> {
        self.hold(None);
        let request = Request::AccessToken;
        // 5.2: 400, and 401 for a client that is not known.
        if matches!(response.status, 400 | 401 | 403) {
            return Err(SourceError::TokenRefused { status: response.status });
        }
        refusal(request, response, now)?;
        let expected = "a token (RFC 6749 5.1)";
        let malformed = SourceError::Malformed { request, status: response.status, expected };
        let answer: TokenAnswer = read_json(request, response, expected)?;
        let visible = |text: &str| {
            (1..=MAX_TOKEN_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !answer.token_type.eq_ignore_ascii_case("bearer") || !visible(answer.access_token.expose()) {
            return Err(malformed);
        }
        let lifetime = match &answer.expires_in {
            None => Some(DEFAULT_LIFETIME),
            // Entra ID's older endpoint writes it as text.
            Some(serde_json::Value::String(text)) => text.parse().ok().map(Duration::from_secs),
            Some(value) => value.as_u64().map(Duration::from_secs),
        };
        let lifetime = lifetime.ok_or(malformed)?.min(MAX_LIFETIME);
        // One that is over before it is used would be fetched for ever: it is used for half its life then.
        let used_for = lifetime.saturating_sub(MARGIN).max(lifetime / 2).max(Duration::from_secs(1));
        self.hold(Some((answer.access_token, now.saturating_add(used_for))));
        Ok(())
    }

    /// A call that went out with `sent` was answered 401. True when another token may help: send the call again.
    pub fn refused(&mut self, endpoint: &Endpoint, sent: Held) -> bool {
        let renewable = matches!(endpoint.credentials, Credentials::ClientCredentials(_));
        // Another call was refused before, and that token is not sent any more.
        if renewable && sent != self.held {
            return true;
        }
        let again = renewable && !self.refused && self.token.is_some();
        self.hold(None);
        self.refused = true;
        again
    }

    /// A call that went out with `sent` was answered otherwise: the next 401 is worth another token.
    pub fn accepted(&mut self, sent: Held) {
        // What the token before was good for says nothing about this one.
        if sent == self.held {
            self.refused = false;
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("token", &self.token.as_ref().map(|(_, end)| end))
            .field("refused", &self.refused)
            .finish()
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(deserialize_with = "secret")]
    access_token: Secret<String>,
    token_type: String,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

/// RFC 6749 4.4.2. Name and secret travel as RFC 6749 2.3.1 prefers it, in a header that is never printed.
fn token_call(client: &ClientCredentials) -> HttpCall {
    let mut pairs = vec![(String::from("grant_type"), String::from("client_credentials"))];
    pairs.extend(client.scope.clone().map(|scope| (String::from("scope"), scope)));
    let (id, secret) = (&client.client_id, client.client_secret.expose());
    let authorization = basic(&percent::query_component(id), &percent::query_component(secret));
    let headers = [
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("authorization", &authorization),
    ];
    HttpCall {
        cluster: client.cluster.clone(),
        authority: client.authority.clone(),
        method: "POST",
        path: client.path.clone(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: form::serialize(&pairs),
        timeout: client.timeout,
    }
}

fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", base64::encode(format!("{username}:{password}").as_bytes()))
}
