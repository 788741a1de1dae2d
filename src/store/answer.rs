//! What etcd's answers say. Fields with the value zero are left out (Protocol Buffers, JSON mapping), so an answer counts
//! only with its header: `{}` from something else must not read as "no".

use serde_json::Value;

use super::claim::Mark;
use super::error::StoreError;
use crate::encoding::base64;
use crate::http::HttpResponse;

/// Bytes of a token. etcd's simple ones have about 20, JWTs a few hundred.
const MAX_TOKEN_BYTES: usize = 4096;

/// Bytes of one record; what does not fit was not written by us.
const MAX_RECORD_BYTES: usize = 4096;

/// Up to where the store's history was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(u64);

impl Revision {
    /// Nothing was read.
    pub const START: Self = Self(0);

    /// The revision with this number, as it was kept.
    #[must_use]
    pub const fn kept(number: u64) -> Self {
        Self(number)
    }

    /// Its number, to keep it.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    pub(super) const fn next(self) -> u64 {
        self.0.saturating_add(1)
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// In the order in which they were written last.
    pub records: Vec<Record>,
    /// From where to ask next.
    pub upto: Revision,
    /// There are more after these.
    pub more: bool,
    /// Which store answered: another number means another history.
    pub cluster: u64,
}

/// One record as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record(pub Vec<u8>);

/// The body of an answer of success.
pub(super) fn success(response: &HttpResponse) -> Result<Value, StoreError> {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    if response.status != 200 {
        return Err(refusal(response.status, &body));
    }
    number(&body, "/header/revision").ok_or(malformed("it has no header"))?;
    Ok(body)
}

/// gRPC's codes, and where one stands for several things etcd's sentence (`api/v3rpc/rpctypes/error.go`).
fn refusal(status: u16, body: &Value) -> StoreError {
    let sentence =
        ["message", "error"].iter().find_map(|field| body.get(field)?.as_str()).unwrap_or_default();
    let code = body.get("code").and_then(Value::as_u64);
    match code {
        Some(3 | 9)
            if sentence.contains("authentication failed")
                || sentence.contains("authentication is not enabled") =>
        {
            StoreError::CredentialsRefused
        }
        Some(3) if sentence.contains("user name is empty") || sentence.contains("auth store is old") => {
            StoreError::TokenRefused
        }
        Some(4 | 8 | 14) => StoreError::Unavailable { status },
        Some(5) if sentence.contains("lease not found") => StoreError::LeaseMissing,
        Some(7) => StoreError::PermissionDenied,
        Some(9) if sentence.contains("lease already exists") => StoreError::LeaseExists,
        Some(16) => StoreError::TokenRefused,
        code => StoreError::Refused { status, code },
    }
}

/// Was `key` made with our `mark`? The transaction made it, or found it with our mark because it arrived twice.
pub(super) fn created(response: &HttpResponse, key: &str, mark: &Mark) -> Result<bool, StoreError> {
    let body = success(response)?;
    let is = |field: &Value, expected: &[u8]| field.as_str() == Some(base64::encode(expected).as_str());
    match body.get("succeeded") {
        Some(Value::Bool(true)) => Ok(true),
        None | Some(Value::Bool(false)) => {
            let found = body
                .pointer("/responses/0/response_range/kvs/0")
                .filter(|found| found.get("key").is_some_and(|have| is(have, key.as_bytes())))
                .ok_or(malformed("a key exists and is not shown"))?;
            Ok(found.get("value").is_some_and(|value| is(value, mark.bytes())))
        }
        Some(_) => Err(malformed("the outcome of a transaction is no boolean")),
    }
}

/// The records of a range, oldest first.
pub(super) fn changes(response: &HttpResponse, since: Revision, limit: u32) -> Result<Changes, StoreError> {
    let body = success(response)?;
    let revision = Revision(number(&body, "/header/revision").unwrap_or_default());
    let cluster = number(&body, "/header/cluster_id").ok_or(malformed("it names no cluster"))?;
    let more = body.get("more").and_then(Value::as_bool).unwrap_or_default();
    let pairs = match body.get("kvs") {
        None => &[],
        Some(Value::Array(pairs)) => pairs.as_slice(),
        Some(_) => return Err(malformed("its records are no list")),
    };
    if u32::try_from(pairs.len()).map_or(true, |count| count > limit) {
        return Err(malformed("it has more records than were asked for"));
    }
    let mut records = Vec::with_capacity(pairs.len());
    let mut last = since;
    for pair in pairs {
        let written =
            number(pair, "/mod_revision").map(Revision).ok_or(malformed("a record has no revision"))?;
        // What is asked for begins after `since`, and is in order: else records would be passed over.
        if written < last || written == since || written > revision {
            return Err(malformed("its records are not in order"));
        }
        last = written;
        // Somebody else's record is unreadable to its reader too.
        let value = pair.get("value").and_then(Value::as_str).unwrap_or_default();
        let value = base64::decode_strict(value).unwrap_or_default();
        records.push(Record(if value.len() > MAX_RECORD_BYTES { Vec::new() } else { value }));
    }
    if more && records.is_empty() {
        return Err(malformed("it has more records and shows none"));
    }
    Ok(Changes { records, upto: if more { last } else { revision }, more, cluster })
}

/// Whether the lease that was kept alive is there: etcd says 200 with no time to live for one that is not.
pub(super) fn lives(response: &HttpResponse) -> Result<bool, StoreError> {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    if response.status != 200 {
        return Err(refusal(response.status, &body));
    }
    // A stream of one answer.
    let body = body.get("result").ok_or(malformed("it has no result"))?;
    number(body, "/header/revision").ok_or(malformed("it has no header"))?;
    Ok(number(body, "/TTL").is_some_and(|left| left > 0))
}

/// The token of an authentication.
pub(super) fn token(response: &HttpResponse) -> Result<String, StoreError> {
    let body = success(response)?;
    let token = body.get("token").and_then(Value::as_str).unwrap_or_default();
    // It becomes the value of a header (RFC 9110 5.5).
    if token.is_empty() || token.len() > MAX_TOKEN_BYTES || !token.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(malformed("it has no token"));
    }
    Ok(token.to_owned())
}

/// A number of 64 bits: text in the JSON mapping, and a number of other writers.
pub(super) fn number(body: &Value, pointer: &str) -> Option<u64> {
    match body.pointer(pointer)? {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    }
}

pub(super) const fn malformed(what: &'static str) -> StoreError {
    StoreError::AnswerMalformed { what }
}
