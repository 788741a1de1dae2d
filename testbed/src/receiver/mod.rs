//! A receiver of webhooks, as somebody would write one for an application of their own: it checks the signature, takes
//! each message once, and keeps what it was told.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::stand_in::{Answer, Api, Incoming};

/// The secret that [`Receiver::demo`] knows.
pub const SECRET: &str = "whsec_c2FtbGdhdGUtd2ViaG9vay1zZWNyZXQtMDAwMQ==";

/// How far the clock of a sender may differ, in seconds; the tolerance of Standard Webhooks' libraries.
const TOLERANCE: u64 = 300;

/// What the receiver holds.
#[derive(Clone, Debug)]
pub struct Receiver {
    key: Vec<u8>,
    people: BTreeMap<String, Person>,
    seen: BTreeSet<String>,
}

/// A person as the receiver knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The e-mail address.
    pub email: Option<String>,
    /// The display name.
    pub display_name: String,
    /// The groups.
    pub groups: BTreeSet<String>,
    /// The organizations.
    pub organizations: BTreeSet<String>,
    /// A portal customer.
    pub customer: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    r#type: String,
    #[expect(dead_code, reason = "must be there")]
    timestamp: String,
    data: Data,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    username: String,
    email: Option<String>,
    display_name: String,
    #[expect(dead_code, reason = "must be there")]
    profile: BTreeMap<String, String>,
    customer: bool,
    groups: BTreeSet<String>,
    not_groups: BTreeSet<String>,
    organizations: Option<BTreeSet<String>>,
    #[expect(dead_code, reason = "must be there")]
    signed_in_at: Option<String>,
}

impl Receiver {
    /// Knows nobody, and [`SECRET`].
    #[must_use]
    pub fn demo() -> Self {
        let encoded = SECRET.strip_prefix("whsec_").unwrap_or(SECRET);
        let key = STANDARD.decode(encoded).unwrap_or_default();
        Self { key, people: BTreeMap::new(), seen: BTreeSet::new() }
    }

    /// What it knows of `username`.
    #[must_use]
    pub fn person(&self, username: &str) -> Option<&Person> {
        self.people.get(username)
    }

    /// Makes somebody known.
    pub fn add(&mut self, username: &str, person: Person) {
        self.people.insert(username.to_owned(), person);
    }

    /// Whether the signature is right; what is wrong otherwise.
    fn verify(&self, request: &Incoming) -> Result<(), &'static str> {
        let header = |name| request.header(name).ok_or("a header is missing");
        let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?);
        let then: u64 = timestamp.parse().map_err(|_| "the timestamp is no number")?;
        if now().abs_diff(then) > TOLERANCE {
            return Err("the timestamp is too far from now");
        }
        let mut message = format!("{id}.{timestamp}.").into_bytes();
        message.extend_from_slice(&request.body);
        let expected = format!("v1,{}", STANDARD.encode(hmac_sha256(&self.key, &message)));
        let signed = header("webhook-signature")?.split(' ').any(|signature| signature == expected);
        if signed { Ok(()) } else { Err("no signature fits") }
    }

    fn take(&mut self, data: Data) {
        let person = self.people.entry(data.username).or_default();
        person.email = data.email;
        person.display_name = data.display_name;
        person.customer = data.customer;
        person.groups.retain(|group| !data.not_groups.contains(group));
        person.groups.extend(data.groups);
        if let Some(organizations) = data.organizations {
            person.organizations = organizations;
        }
    }
}

impl Api for Receiver {
    fn answer(&mut self, request: &Incoming) -> Answer {
        if request.method != "POST" || request.path != "/hooks/samlgate" {
            return Answer::empty(404);
        }
        if request.header("cookie").is_some() || request.header("origin").is_some() {
            return Answer::error(400, "this is no place for browsers");
        }
        if let Err(fault) = self.verify(request) {
            return Answer::error(401, fault);
        }
        let message: Message = match serde_json::from_slice(&request.body) {
            Ok(message) => message,
            Err(fault) => return Answer::error(400, &fault.to_string()),
        };
        let id = request.header("webhook-id").unwrap_or_default().to_owned();
        if message.r#type == "samlgate.sign_in" && self.seen.insert(id) {
            self.take(message.data);
        }
        Answer::empty(204)
    }

    fn to_json(&self) -> Value {
        let people = self.people.iter().map(|(name, person)| (name.clone(), json!(person.groups)));
        Value::Object(people.collect())
    }
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// RFC 2104, written down a second time so that the two can be held against each other.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut block = [0_u8; BLOCK];
    let short = if key.len() > BLOCK { Sha256::digest(key).to_vec() } else { key.to_vec() };
    for (place, byte) in block.iter_mut().zip(short) {
        *place = byte;
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}
