//! Where the metadata of an identity provider can be fetched: a document, how long it may be kept, and validators.
//!
//! What goes wrong on the way is a [`crate::stand_in::Fault`].

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::stand_in::{Answer, Api, Incoming, StandIn};

/// What is published.
#[derive(Clone, Debug)]
pub struct MetadataServer {
    /// The body.
    pub document: Vec<u8>,
    /// `cache-control`; empty for none.
    pub cache_control: String,
    /// It sends an `ETag`, and answers 304 to whoever has that document.
    pub with_etag: bool,
    /// It answers 304 to everybody.
    pub always_unchanged: bool,
    /// Another header, such as `content-encoding`.
    pub header: Option<(&'static str, String)>,
}

impl MetadataServer {
    /// A server of `document`.
    #[must_use]
    pub fn of(document: &str) -> StandIn<Self> {
        StandIn::new(Self {
            document: document.as_bytes().to_vec(),
            cache_control: String::new(),
            with_etag: true,
            always_unchanged: false,
            header: None,
        })
    }

    fn etag(&self) -> String {
        let digest = Sha256::digest(&self.document);
        let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("\"{hex}\"")
    }
}

impl StandIn<MetadataServer> {
    /// Publishes `document` from now on.
    pub fn publish(&self, document: &str) {
        self.change(|server| server.document = document.as_bytes().to_vec());
    }
}

impl Api for MetadataServer {
    fn answer(&mut self, request: &Incoming) -> Answer {
        if request.method != "GET" {
            return Answer::empty(405);
        }
        let has_it = self.with_etag && request.header("if-none-match") == Some(&self.etag());
        let mut answer = if has_it || self.always_unchanged {
            Answer::empty(304)
        } else {
            let mut answer = Answer::empty(200).with("content-type", "application/samlmetadata+xml");
            answer.body.clone_from(&self.document);
            answer
        };
        if self.with_etag {
            answer = answer.with("etag", &self.etag());
        }
        if !self.cache_control.is_empty() {
            answer = answer.with("cache-control", &self.cache_control);
        }
        if let Some((name, value)) = &self.header {
            answer = answer.with(name, value);
        }
        answer
    }

    fn to_json(&self) -> Value {
        Value::String(String::from_utf8_lossy(&self.document).into_owned())
    }
}
