//! Programs under measurement: started on one core, asked for their CPU time, ended with their handle.

use std::fs;
use std::io::{Error, Result};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Core of the Envoys that are measured.
pub(crate) const MEASURED_CORE: &str = "0";
/// Core of everything else: the load and the application.
pub(crate) const OTHER_CORE: &str = "1";

/// Clock ticks per second in `/proc/PID/stat`; 100 on every Linux that Envoy runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running Envoy.
pub(crate) struct Envoy {
    child: Child,
    port: u16,
}

impl Envoy {
    /// Starts Envoy with `configuration` on `core` and waits until it takes connections. `@PORT@` in the
    /// configuration becomes a free port.
    pub(crate) fn start(
        envoy: &Path,
        core: &str,
        folder: &Path,
        name: &str,
        configuration: &str,
    ) -> Result<Self> {
        let port = free_port()?;
        let file = folder.join(format!("{name}.yaml"));
        fs::write(&file, configuration.replace("@PORT@", &port.to_string()))?;
        let log: PathBuf = folder.join(format!("{name}.log"));
        let child = Command::new("taskset")
            .args(["-c", core])
            .arg(envoy)
            .arg("--config-path")
            .arg(&file)
            .args(["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning", "--log-path"])
            .arg(&log)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join(format!("{name}.stderr")))?)
            .spawn()?;
        let mut running = Self { child, port };
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if running.child.try_wait()?.is_some() || start.elapsed() > Duration::from_secs(60) {
                let said = fs::read_to_string(&log).unwrap_or_default();
                return Err(Error::other(format!("Envoy `{name}` did not start; its log:\n{said}")));
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(running)
    }

    /// The port of its listener on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// User and system time of all its threads since its start, in microseconds.
    pub(crate) fn cpu_micros(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The program's name is in parentheses and may hold anything; utime and stime are the 12th and 13th after it.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: f64 =
            fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
        Ok(ticks / TICKS_PER_SECOND * 1e6)
    }

    /// Resident memory in MiB.
    pub(crate) fn resident_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|number| number.parse::<f64>().ok())
            .unwrap_or_default();
        Ok(kib / 1024.0)
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // A process that is gone already is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
