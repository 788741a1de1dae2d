//! Where a directory is, and what proves to it who we are.

use core::fmt;
use core::time::Duration;

use crate::base::Secret;
use crate::http::HttpCall;
use crate::targets::Resource;

/// The header that marks a call as ours.
const USER_AGENT: &str = concat!("samlgate/", env!("CARGO_PKG_VERSION"));

/// Where a directory is, and how to speak to it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The cluster's name in Envoy's configuration.
    pub cluster: String,
    /// The host name to send. Addresses that the directory names are followed at this host only.
    pub authority: String,
    /// The path before the directory's own, such as `/v1.0`; empty for none. Addresses are followed below it only.
    pub path_prefix: String,
    /// When to give up on one call.
    pub timeout: Duration,
    /// What proves who we are.
    pub credentials: Credentials,
}

/// What proves to a directory who we are.
#[derive(Clone)]
pub enum Credentials {
    /// Envoy's `credential_injector` adds them, so that the filter never sees them.
    Injected,
    /// A token (RFC 6750).
    Bearer(Secret<String>),
    /// Name and password (RFC 7617).
    Basic {
        /// The name; it has no colon.
        username: String,
        /// The password.
        password: Secret<String>,
    },
    /// Okta's API token.
    Ssws(Secret<String>),
    /// A token that is fetched with name and secret of a client (RFC 6749 4.4).
    ClientCredentials(ClientCredentials),
}

/// Where tokens come from, and for whom.
#[derive(Clone)]
pub struct ClientCredentials {
    /// The cluster's name in Envoy's configuration.
    pub cluster: String,
    /// The host name to send.
    pub authority: String,
    /// The path of the token endpoint.
    pub path: String,
    /// When to give up on one call.
    pub timeout: Duration,
    /// The client's name.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: Secret<String>,
    /// What is asked for, such as `https://graph.microsoft.com/.default`.
    pub scope: Option<String>,
}

impl Endpoint {
    /// A resource below the prefix; `path` is ours and goes out as it is.
    pub(super) fn resource(&self, path: &'static str) -> Resource {
        Resource::new(&self.path_prefix, path)
    }

    /// A call without credentials. `accept` is the media type that the directory speaks.
    pub(super) fn get(&self, path: String, accept: &'static str) -> HttpCall {
        let headers = [
            ("accept", accept),
            // What is unpacked has no bound before it is unpacked.
            ("accept-encoding", "identity"),
            ("user-agent", USER_AGENT),
        ];
        HttpCall {
            cluster: self.cluster.clone(),
            authority: self.authority.clone(),
            method: "GET",
            path,
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: Vec::new(),
            timeout: self.timeout,
        }
    }
}

impl fmt::Debug for Credentials {
    /// The kind only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Injected => "injected",
            Self::Bearer(_) => "bearer",
            Self::Basic { .. } => "basic",
            Self::Ssws(_) => "ssws",
            Self::ClientCredentials(_) => "client_credentials",
        })
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("cluster", &self.cluster)
            .field("authority", &self.authority)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
