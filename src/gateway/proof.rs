//! What machines ask us: the keys that verify identity tokens, and whether we can serve people.

use crate::effect::Step;
use crate::http::Reply;

use super::{Exchange, Gateway, reply};

impl Gateway {
    /// RFC 7517 8.5.2: the key set. Who verifies keeps it as long as they like; we never say how long.
    pub(super) fn jwks(&self) -> Step<Exchange> {
        let token = self.settings.flow.identity_token.as_ref();
        let keys = token.map(|token| token.issuer.keys.json()).unwrap_or_default();
        reply(machine_reply(200, "application/jwk-set+json", keys))
    }

    /// 503 while nobody could sign in because no identity provider is known. Who is signed in already is served then too,
    /// but another replica may be better placed. Not configured at all is how a set-up begins, so that is no fault.
    pub(super) fn health(&self) -> Step<Exchange> {
        let idps = &self.settings.flow.idps;
        let known = (0..idps.len()).any(|index| self.trust.of(index).is_some());
        let (status, text) = if idps.is_empty() || known {
            (200, "ready\n")
        } else {
            (503, "no metadata of an identity provider\n")
        };
        reply(machine_reply(status, "text/plain", text))
    }
}

fn machine_reply(status: u16, content_type: &str, body: &str) -> Reply {
    Reply {
        status,
        headers: vec![
            (String::from("content-type"), content_type.to_owned()),
            (String::from("cache-control"), String::from("no-store")),
            (String::from("x-content-type-options"), String::from("nosniff")),
        ],
        body: body.as_bytes().to_vec(),
    }
}
