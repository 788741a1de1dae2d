//! The load: wrk on the core that is not measured.

use std::io::{Error, Result};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::process::OTHER_CORE;

/// A wrk that is running.
pub(crate) struct Running(Child);

/// Starts wrk with the headers a browser would send, for `seconds`, against `port` on loopback.
pub(crate) fn get(
    port: u16,
    scripts: &Path,
    connections: u32,
    seconds: u32,
    headers: &[(String, String)],
) -> Result<Running> {
    let mut command = wrk(connections, seconds);
    for (name, value) in headers {
        command.arg("-H").arg(format!("{name}: {value}"));
    }
    command
        .arg("-s")
        .arg(scripts.join("get.lua"))
        .arg(format!("http://127.0.0.1:{port}/browse/TEST-1?filter=mine"));
    Ok(Running(command.spawn()?))
}

/// Starts wrk with prepared requests, each sent once; `wanted` is the status every answer must have.
pub(crate) fn posts(
    port: u16,
    scripts: &Path,
    connections: u32,
    prepared: &Path,
    wanted: u16,
) -> Result<Running> {
    let mut command = wrk(connections, 120);
    command
        .arg("-s")
        .arg(scripts.join("posts.lua"))
        .arg(format!("http://127.0.0.1:{port}/saml/acs"))
        .arg("--")
        .arg(prepared)
        .arg(wanted.to_string());
    Ok(Running(command.spawn()?))
}

fn wrk(connections: u32, seconds: u32) -> Command {
    let mut command = Command::new("taskset");
    command
        .args(["-c", OTHER_CORE, "wrk", "--threads", "1", "--timeout", "30s"])
        .arg(format!("--connections={connections}"))
        .arg(format!("--duration={seconds}s"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    command
}

impl Running {
    /// Waits for the end of the run. Returns how many requests were answered as they should; there were no others.
    pub(crate) fn finish(self) -> Result<f64> {
        let output = self.0.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let number = |name: &str| {
            text.lines()
                .find(|line| line.starts_with("RESULT "))
                .and_then(|line| {
                    line.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
                })
                .and_then(|value| value.parse::<f64>().ok())
        };
        match (number("requests"), number("status"), number("other")) {
            (Some(requests), Some(0.0), Some(0.0)) if requests > 0.0 => Ok(requests),
            _ => Err(Error::other(format!("wrk saw errors or nothing at all:\n{text}"))),
        }
    }
}
