//! What we answer, and what we ask of clusters.

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
#[derive(Clone, Debug, PartialEq, Eq)]
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
