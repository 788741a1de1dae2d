//! What we answer, and what we ask of clusters.

use core::fmt;
use core::time::Duration;

/// An answer that Envoy sends instead of forwarding the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status code.
    pub status: u16,
    /// Header names in lower case, with their values, in order; `set-cookie` may repeat.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// One request to an Envoy cluster.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpCall {
    /// The cluster's name in Envoy's configuration.
    pub cluster: String,
    /// The `:authority` header.
    pub authority: String,
    /// Upper-case method.
    pub method: &'static str,
    /// Path and query, already encoded.
    pub path: String,
    /// Further headers in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// When Envoy gives up.
    pub timeout: Duration,
}

impl fmt::Debug for HttpCall {
    /// Without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(name, value): &(String, String)| {
            let is_secret = name.eq_ignore_ascii_case("authorization");
            (name.clone(), if is_secret { String::from("secret") } else { value.clone() })
        };
        f.debug_struct("HttpCall")
            .field("cluster", &self.cluster)
            .field("authority", &self.authority)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &self.headers.iter().map(shown).collect::<Vec<_>>())
            .field("body", &self.body)
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// What a cluster answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// HTTP status code.
    pub status: u16,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, at most as much as the driver reads.
    pub body: Vec<u8>,
}
