//! The launcher and a plain Envoy, without the filter.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

use std::process::Command;

use serde_json::{Value, json};
use testbed::app::App;
use testbed::client::{Request, send_bytes};
use testbed::config::repository;
use testbed::envoy::{self, Envoy, EnvoyOptions};
use testbed::jira::{self, JiraState};

fn options(name: &str, port: u16, upstream: u16) -> EnvoyOptions {
    let address = |port: u16| json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } });
    let kind = |name: &str| format!("type.googleapis.com/envoy.extensions.filters.{name}");
    let config = json!({
        "admin": { "address": address(0) },
        "static_resources": {
            "listeners": [{ "address": address(port), "filter_chains": [{ "filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": {
                    "@type": kind("network.http_connection_manager.v3.HttpConnectionManager"),
                    "stat_prefix": "plain",
                    "http_filters": [{
                        "name": "envoy.filters.http.router",
                        "typed_config": { "@type": kind("http.router.v3.Router") },
                    }],
                    "route_config": { "virtual_hosts": [{
                        "name": "all", "domains": ["*"],
                        "routes": [{ "match": { "prefix": "/" }, "route": { "cluster": "app" } }],
                    }] },
                },
            }] }] }],
            "clusters": [{ "name": "app", "load_assignment": { "cluster_name": "app", "endpoints": [{
                "lb_endpoints": [{ "endpoint": { "address": address(upstream) } }],
            }] } }],
        },
    });
    EnvoyOptions {
        binary: envoy::binary().unwrap(),
        config,
        directory: repository().join("target/scenes").join(name),
        environment: Vec::new(),
        concurrency: 1,
        wasm_log_level: "info",
    }
}

fn is_running(process: u32) -> bool {
    Command::new("kill").args(["-0", &process.to_string()]).output().unwrap().status.success()
}

#[test]
fn envoy_forwards_counts_and_ends_with_its_handle() {
    let app = App::start(0, jira::router(JiraState::default())).unwrap();
    let port = envoy::free_port().unwrap();
    let envoy = Envoy::start(&options("launcher-plain", port, app.port())).unwrap();
    let address = (std::net::Ipv4Addr::LOCALHOST, port).into();

    let answer = Request::new("POST", "app.localhost", "/__testbed/echo/a?b=c")
        .header("X-Remote-User", "forged")
        .body("text/plain", "hello")
        .send(address)
        .unwrap();
    assert_eq!(answer.json()["target"], "/__testbed/echo/a?b=c");
    assert_eq!(answer.json()["body"], "hello");
    let received = app.last_request().unwrap();
    assert_eq!((received.method.as_str(), received.header("x-remote-user")), ("POST", Some("forged")));
    let raw =
        send_bytes(address, b"GET / HTTP/1.1\r\n\r\n", false, std::time::Duration::from_secs(5)).unwrap();
    assert_eq!(raw.status, 400, "a request without a host");

    let stats = envoy.stats().unwrap();
    assert_eq!(stats["http.plain.downstream_rq_2xx"], 1);
    let process = envoy.process_id();
    assert!(is_running(process));
    drop(envoy);
    assert!(!is_running(process));
}

#[test]
fn a_refused_configuration_says_why() {
    let mut options = options("launcher-refused", 1, 1);
    options.config["static_resources"]["listeners"][0]["unheard_of"] = Value::Bool(true);
    let error = Envoy::start(&options).unwrap_err().to_string();
    assert!(error.contains("unheard_of"), "{error}");
}
