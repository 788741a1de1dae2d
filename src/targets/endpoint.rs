//! Where an application is, and how to speak to it.

use core::fmt;
use core::time::Duration;

use serde_json::Value;

use crate::base::Secret;
use crate::encoding::base64;
use crate::http::HttpCall;

use super::resource::Resource;

/// The header that marks a call as ours; it must not begin with `Mozilla`, or Jira applies its browser checks.
const USER_AGENT: &str = concat!("samlgate/", env!("CARGO_PKG_VERSION"));

/// Where an application is, and how to speak to it.
#[derive(Clone)]
pub struct Endpoint {
    /// The cluster's name in Envoy's configuration.
    pub cluster: String,
    /// The host name to send; proxies before the application route by it.
    pub authority: String,
    /// The path before the application's own, such as `/jira`; empty for none.
    pub path_prefix: String,
    /// When to give up on one call.
    pub timeout: Duration,
    /// What proves who we are.
    pub credentials: Credentials,
}

/// What proves to the application who we are.
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
}

/// What the bodies of an application's calls are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`.
    Json,
    /// `application/scim+json` (RFC 7644 8.1).
    ScimJson,
}

impl Media {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::ScimJson => "application/scim+json",
        }
    }
}

impl Endpoint {
    /// A resource below the prefix; `path` is ours and goes out as it is.
    pub(super) fn resource(&self, path: &'static str) -> Resource {
        Resource::new(&self.path_prefix, path)
    }

    /// A call with the headers of every call. No `cookie`, `origin` or `referer` is ever sent: they would turn it into a
    /// browser's, with other checks and other limits.
    pub(super) fn call(
        &self,
        method: &'static str,
        resource: Resource,
        media: Media,
        body: Option<&Value>,
    ) -> HttpCall {
        let mut headers: Vec<(String, String)> = [
            ("accept", media.as_str()),
            ("content-type", media.as_str()),
            ("x-atlassian-token", "no-check"),
            ("user-agent", USER_AGENT),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        if let Some(authorization) = self.credentials.authorization() {
            headers.push((String::from("authorization"), authorization));
        }
        HttpCall {
            cluster: self.cluster.clone(),
            authority: self.authority.clone(),
            method,
            path: resource.into_path(),
            headers,
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
            timeout: self.timeout,
        }
    }
}

impl Endpoint {
    /// A call that somebody else made and that goes on with our credentials: `headers` and no others of it.
    pub(crate) fn forwarded(
        &self,
        method: &'static str,
        resource: Resource,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> HttpCall {
        let mut call = self.call(method, resource, Media::ScimJson, None);
        call.headers.extend(headers);
        call.body = body;
        call
    }
}

impl Credentials {
    fn authorization(&self) -> Option<String> {
        match self {
            Self::Injected => None,
            Self::Bearer(token) => Some(format!("Bearer {}", token.expose())),
            Self::Basic { username, password } => {
                let pair = format!("{username}:{}", password.expose());
                Some(format!("Basic {}", base64::encode(pair.as_bytes())))
            }
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("cluster", &self.cluster)
            .field("authority", &self.authority)
            .field("path_prefix", &self.path_prefix)
            .field("timeout", &self.timeout)
            .field("credentials", &self.credentials)
            .finish()
    }
}

impl fmt::Debug for Credentials {
    /// The kind only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Injected => "injected",
            Self::Bearer(_) => "bearer",
            Self::Basic { .. } => "basic",
        })
    }
}
