//! Where the clusters of the configuration are, and how calls get there without Envoy.

use std::collections::BTreeMap;
use std::time::Duration;

use samlgate::effect::{Answer, CallFailure};
use samlgate::http::{HttpCall, HttpResponse};
use ureq::http::{Request, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error};

use crate::arguments::Sync;
use crate::failure::Failure;
use crate::file;

/// The most of an answer that is read: what the filter reads.
const MAX_BODY_BYTES: u64 = 8 * 1024 * 1024;

/// Calls by cluster.
#[derive(Clone, Debug)]
pub(super) struct Upstreams {
    agent: Agent,
    /// Scheme and host with port, by the name of the cluster.
    places: BTreeMap<String, String>,
}

impl Upstreams {
    pub(super) fn read(arguments: &Sync) -> Result<Self, Failure> {
        let mut places = BTreeMap::new();
        for (cluster, place) in &arguments.upstream {
            if places.insert(cluster.clone(), place.clone()).is_some() {
                return Err(Failure::new(format_args!("--upstream: the cluster `{cluster}` is there twice")));
            }
        }
        let mut tls = TlsConfig::builder();
        if let Some(path) = &arguments.ca_file {
            let pem = file::bytes(path)?;
            let mut certificates = Vec::new();
            for item in parse_pem(&pem) {
                match item {
                    Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
                    Ok(_) => {}
                    Err(fault) => return Err(Failure::new(format_args!("{}: {fault}", path.display()))),
                }
            }
            if certificates.is_empty() {
                return Err(Failure::new(format_args!("{}: holds no certificate in PEM", path.display())));
            }
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates));
        }
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            // Whither somebody else points is not where the operator said.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections_per_host(18)
            .user_agent("")
            .accept("")
            .accept_encoding("")
            .build();
        Ok(Self { agent: Agent::new_with_config(config), places })
    }

    /// Makes `call` and waits for its answer.
    pub(super) fn call(&self, call: HttpCall) -> Answer {
        let Some(request) = self.request(&call) else { return Answer::HttpFailed(CallFailure::NotSent) };
        let timeout = call.timeout;
        match self.send(request, call.body, timeout) {
            Ok(response) => Answer::HttpResponse(response),
            Err(
                Error::BadUri(_)
                | Error::Http(_)
                | Error::HostNotFound
                | Error::ConnectionFailed
                | Error::Tls(_),
            ) => Answer::HttpFailed(CallFailure::NotSent),
            // It may have been carried out.
            Err(_) => Answer::HttpFailed(CallFailure::NoAnswer),
        }
    }

    fn request(&self, call: &HttpCall) -> Option<Request<()>> {
        let place = self.places.get(&call.cluster).cloned();
        let place = place.unwrap_or_else(|| format!("https://{}", call.authority));
        let mut request = Request::builder().method(call.method).uri(format!("{place}{}", call.path));
        request = request.header("host", &call.authority);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        request.body(()).ok()
    }

    fn send(&self, request: Request<()>, body: Vec<u8>, timeout: Duration) -> Result<HttpResponse, Error> {
        let configured = self.agent.configure_request(request).timeout_global(Some(timeout)).build();
        let response = if body.is_empty() {
            self.agent.run(configured)
        } else {
            self.agent.run(configured.map(|()| body))
        };
        let (head, mut body) = response?.into_parts();
        let headers = head.headers.iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        Ok(HttpResponse {
            status: head.status.as_u16(),
            headers: headers.collect(),
            body: body.with_config().limit(MAX_BODY_BYTES).read_to_vec()?,
        })
    }
}

/// `CLUSTER=URL`, the address without a path.
pub(crate) fn upstream(text: &str) -> Result<(String, String), String> {
    let expected =
        || String::from("expected CLUSTER=URL such as jira=https://jira.example.com:8443, without a path");
    let (cluster, address) = text.split_once('=').ok_or_else(expected)?;
    let address = address.strip_suffix('/').unwrap_or(address);
    let uri: Uri = address.parse().map_err(|_| expected())?;
    let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme)).ok_or_else(expected)?;
    let authority = uri.authority().map(|authority| authority.as_str()).ok_or_else(expected)?;
    // Neither path nor query, and no name and password either.
    if cluster.is_empty() || address != format!("{scheme}://{authority}") || authority.contains('@') {
        return Err(expected());
    }
    Ok((cluster.to_owned(), address.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_a_cluster_and_where_it_is() {
        for (text, cluster, place) in [
            ("jira=https://jira.example.com", "jira", "https://jira.example.com"),
            ("jira=http://127.0.0.1:8080/", "jira", "http://127.0.0.1:8080"),
            ("outbound|443||x=https://[::1]:8443", "outbound|443||x", "https://[::1]:8443"),
        ] {
            assert_eq!(upstream(text), Ok((cluster.to_owned(), place.to_owned())), "{text}");
        }
        for text in [
            "",
            "jira",
            "jira=",
            "=https://jira.example.com",
            "jira=jira.example.com",
            "jira=ftp://jira.example.com",
            "jira=https://jira.example.com/jira",
            "jira=https://jira.example.com?x",
            "jira=https://me:pw@jira.example.com",
            "jira=https://",
            "jira=https://jira.example.com//",
            "jira=https://jira example.com",
        ] {
            assert!(upstream(text).is_err(), "{text}");
        }
    }
}
