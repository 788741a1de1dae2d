//! etcd's JSON gateway: each operation as one call. Bytes travel in base64 and numbers of 64 bits as text (Protocol Buffers,
//! JSON mapping).

use core::fmt;
use core::time::Duration;

use serde_json::{Value, json};

use super::answer::{self, Changes, Revision};
use super::claim::{Claim, Mark, SharedClaim};
use super::error::StoreError;
use super::lease::Lease;
use super::name::Name;
use crate::base::Secret;
use crate::encoding::base64;
use crate::http::{HttpCall, HttpResponse};

/// Records of one answer. At about 1 KiB each, and a third more in base64, they stay well below the 1 MiB that is read of
/// an answer.
const PAGE: u32 = 200;

/// Where etcd is, and how to speak to it.
#[derive(Clone)]
pub struct Etcd {
    /// The cluster's name in Envoy's configuration.
    pub cluster: String,
    /// The `:authority` header.
    pub authority: String,
    /// When to give up on one call.
    pub timeout: Duration,
    /// What every key begins with: what an etcd user is given rights to.
    pub key_prefix: String,
    /// Needed when etcd has users.
    pub credentials: Option<Credentials>,
}

/// A user of etcd.
#[derive(Clone)]
pub struct Credentials {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Secret<String>,
}

/// What etcd gave for the credentials. It is forgotten when it is not used for some minutes, or when etcd restarts.
#[derive(Clone)]
pub struct Token(Secret<String>);

impl Token {
    /// A token that was kept.
    #[must_use]
    pub const fn kept(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// Its text, to keep it; sealed.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Etcd {
    /// Claims `name` with `mark` for as long as `lease`: one transaction, "if nobody made this key, make it, else show it".
    #[must_use]
    pub fn claim(&self, name: &Name, mark: &Mark, lease: Lease, token: Option<&Token>) -> HttpCall {
        self.create(&self.claim_key(name), mark, lease, token)
    }

    /// What the answer to [`Self::claim`] means.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::LeaseMissing`] asks for [`Self::grant`] and the same call again.
    pub fn claimed(&self, name: &Name, mark: &Mark, response: &HttpResponse) -> Result<Claim, StoreError> {
        let ours = answer::created(response, &self.claim_key(name), mark)?;
        Ok(if ours { Claim::Ours(SharedClaim::of(*name)) } else { Claim::Taken })
    }

    /// Makes `lease`.
    #[must_use]
    pub fn grant(&self, lease: Lease, token: Option<&Token>) -> HttpCall {
        let body = json!({ "ID": lease.id().to_string(), "TTL": lease.ttl_secs().to_string() });
        self.call("/v3/lease/grant", &body, token)
    }

    /// What the answer to [`Self::grant`] means: that somebody else was first is as good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn granted(response: &HttpResponse) -> Result<(), StoreError> {
        match answer::success(response) {
            Ok(_) | Err(StoreError::LeaseExists) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// Writes a record that every replica will read. Writing the same again changes nothing.
    #[must_use]
    pub fn publish(&self, name: &Name, record: &[u8], lease: Lease, token: Option<&Token>) -> HttpCall {
        let body = json!({
            "key": base64::encode(self.record_key(name).as_bytes()),
            "value": base64::encode(record),
            "lease": lease.id().to_string(),
        });
        self.call("/v3/kv/put", &body, token)
    }

    /// What the answer to [`Self::publish`] means.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::LeaseMissing`] asks for [`Self::grant`] and the same call again.
    pub fn published(response: &HttpResponse) -> Result<(), StoreError> {
        answer::success(response).map(drop)
    }

    /// Asks for the records that were written after `since`, oldest first.
    #[must_use]
    pub fn changes(&self, since: Revision, token: Option<&Token>) -> HttpCall {
        let folder = format!("{}record/", self.key_prefix);
        let body = json!({
            "key": base64::encode(folder.as_bytes()),
            // The key after all that begin with the folder: `0` comes after `/`.
            "range_end": base64::encode(format!("{}record0", self.key_prefix).as_bytes()),
            "min_mod_revision": since.next().to_string(),
            "sort_target": "MOD",
            "sort_order": "ASCEND",
            "limit": PAGE.to_string(),
        });
        self.call("/v3/kv/range", &body, token)
    }

    /// What the answer to [`Self::changes`] says.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn changed(since: Revision, response: &HttpResponse) -> Result<Changes, StoreError> {
        answer::changes(response, since, PAGE)
    }

    /// Takes the office `office` for the holder with `mark`, or says that somebody has it. Its `lease` must be granted.
    #[must_use]
    pub fn lead(&self, office: &Name, mark: &Mark, lease: Lease, token: Option<&Token>) -> HttpCall {
        self.create(&self.office_key(office), mark, lease, token)
    }

    /// Is the office ours, by the answer to [`Self::lead`]?
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn leads(&self, office: &Name, mark: &Mark, response: &HttpResponse) -> Result<bool, StoreError> {
        answer::created(response, &self.office_key(office), mark)
    }

    /// A sign of life of the holder of `lease`.
    #[must_use]
    pub fn keep_alive(&self, lease: Lease, token: Option<&Token>) -> HttpCall {
        self.call("/v3/lease/keepalive", &json!({ "ID": lease.id().to_string() }), token)
    }

    /// Does the lease live on, by the answer to [`Self::keep_alive`]?
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn kept_alive(response: &HttpResponse) -> Result<bool, StoreError> {
        answer::lives(response)
    }

    /// Ends `lease` and with it the office.
    #[must_use]
    pub fn revoke(&self, lease: Lease, token: Option<&Token>) -> HttpCall {
        self.call("/v3/lease/revoke", &json!({ "ID": lease.id().to_string() }), token)
    }

    /// Asks for a token; `None` where there are no credentials.
    #[must_use]
    pub fn authenticate(&self) -> Option<HttpCall> {
        let Credentials { username, password } = self.credentials.as_ref()?;
        let body = json!({ "name": username, "password": password.expose() });
        Some(self.call("/v3/auth/authenticate", &body, None))
    }

    /// The token in the answer to [`Self::authenticate`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn authenticated(response: &HttpResponse) -> Result<Token, StoreError> {
        answer::token(response).map(Token::kept)
    }

    fn create(&self, key: &str, mark: &Mark, lease: Lease, token: Option<&Token>) -> HttpCall {
        let key = base64::encode(key.as_bytes());
        let put = json!({
            "key": key,
            "value": base64::encode(mark.bytes()),
            "lease": lease.id().to_string(),
        });
        let body = json!({
            "compare": [{ "key": key, "target": "CREATE", "result": "EQUAL", "create_revision": "0" }],
            "success": [{ "request_put": put }],
            "failure": [{ "request_range": { "key": key } }],
        });
        self.call("/v3/kv/txn", &body, token)
    }

    fn claim_key(&self, name: &Name) -> String {
        format!("{}claim/{}", self.key_prefix, name.hex())
    }

    fn record_key(&self, name: &Name) -> String {
        format!("{}record/{}", self.key_prefix, name.hex())
    }

    fn office_key(&self, name: &Name) -> String {
        format!("{}office/{}", self.key_prefix, name.hex())
    }

    pub(super) fn call(&self, path: &'static str, body: &Value, token: Option<&Token>) -> HttpCall {
        let mut headers = vec![(String::from("content-type"), String::from("application/json"))];
        // The gateway hands the bare token on; `Bearer` before it would be part of the token.
        headers.extend(token.map(|token| (String::from("authorization"), token.expose().to_owned())));
        HttpCall {
            cluster: self.cluster.clone(),
            authority: self.authority.clone(),
            method: "POST",
            path: path.to_owned(),
            headers,
            body: body.to_string().into_bytes(),
            timeout: self.timeout,
        }
    }
}

impl fmt::Debug for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Etcd")
            .field("cluster", &self.cluster)
            .field("authority", &self.authority)
            .field("timeout", &self.timeout)
            .field("key_prefix", &self.key_prefix)
            .field("credentials", &self.credentials)
            .finish()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
