//! `cargo xtask demo`: builds what is needed and hands over to the testbed's `demo` program.

use clap::Args;

use crate::run::{self, Outcome, cargo};
use crate::{tools, wasm};

/// Arguments of the demo.
#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// Instead of waiting for a browser, sign in an agent and a customer by script, print every step and stop.
    #[arg(long)]
    check: bool,
    /// The port to open in the browser; the identity provider takes the next one. 0 takes free ones.
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

impl Demo {
    /// The scripted check, away from the ports of a demo that somebody is looking at.
    pub(crate) const fn check() -> Self {
        Self { check: true, port: 0 }
    }
}

pub(crate) fn run(demo: &Demo) -> Outcome {
    let envoy = tools::envoy()?;
    let filter = wasm::build()?;
    let port = demo.port.to_string();
    let mut command =
        cargo(&["run", "--quiet", "--package", "testbed", "--bin", "demo", "--", "--port", &port]);
    command.env("SAMLGATE_ENVOY", envoy).env("SAMLGATE_WASM", filter);
    if demo.check {
        command.arg("--check");
    }
    run::run(&mut command)
}
