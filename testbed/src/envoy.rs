//! Starts a real Envoy, waits until it is ready, keeps what it says, and ends it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Request, Response, fetch};
use crate::config::repository;

/// Envoy compiles the .wasm before it is ready, on a busy machine that takes a while.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// Envoy writes its logs every 50 ms.
const FLUSHED_AFTER: Duration = Duration::from_millis(150);

/// What Envoy is started with.
#[derive(Clone, Debug)]
pub struct EnvoyOptions {
    /// The binary; [`binary`] knows where `cargo xtask` put it.
    pub binary: PathBuf,
    /// The configuration. Its admin port should be 0: the real one is read from Envoy.
    pub config: Value,
    /// Where configuration and logs go.
    pub directory: PathBuf,
    /// Its environment, nothing else is passed on.
    pub environment: Vec<(String, String)>,
    /// Worker threads.
    pub concurrency: u32,
    /// Log level of the wasm component.
    pub wasm_log_level: &'static str,
}

/// The Envoy that the tests use: `SAMLGATE_ENVOY`, or the one that `cargo xtask` fetched.
///
/// # Errors
/// When there is none.
pub fn binary() -> io::Result<PathBuf> {
    existing("SAMLGATE_ENVOY", ".cache/envoy-1.40.0/envoy")
}

/// The filter that the tests use: `SAMLGATE_WASM`, or the one that `cargo xtask build` made.
///
/// # Errors
/// When there is none.
pub fn wasm() -> io::Result<PathBuf> {
    existing("SAMLGATE_WASM", "target/samlgate.wasm")
}

/// The filter as a test-only build, which fails where a request asks for it: `SAMLGATE_PROVOKED_WASM`, or the one that
/// `cargo xtask build --provoked` made.
///
/// # Errors
/// When there is none.
pub fn provoked_wasm() -> io::Result<PathBuf> {
    existing("SAMLGATE_PROVOKED_WASM", "target/samlgate-provoked.wasm")
}

fn existing(variable: &str, default: &str) -> io::Result<PathBuf> {
    let path = std::env::var_os(variable).map_or_else(|| repository().join(default), PathBuf::from);
    if path.is_file() {
        return Ok(path);
    }
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        format!("{} is missing; `cargo xtask build` makes it, or set {variable}", path.display()),
    ))
}

/// A port of 127.0.0.1 that nobody listens on, outside the range that outgoing connections use.
///
/// # Errors
/// When none is found.
pub fn free_port() -> io::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let process = u16::try_from(std::process::id() % 10_000).unwrap_or_default();
    for _ in 0..1_000 {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 20_000_u16.saturating_add(process.wrapping_mul(37).wrapping_add(step) % 10_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::other("no free port between 20000 and 30000"))
}

/// A running Envoy; it ends when this is dropped, and also when this process dies.
#[derive(Debug)]
pub struct Envoy {
    child: Child,
    /// Kills Envoy when its standard input closes, which happens at the latest when this process ends.
    watchdog: Child,
    admin: SocketAddr,
    directory: PathBuf,
}

impl Envoy {
    /// Starts Envoy and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready; the message ends with the last lines of its log.
    pub fn start(options: &EnvoyOptions) -> io::Result<Self> {
        let (child, watchdog) = Self::spawn(options)?;
        let mut envoy = Self {
            child,
            watchdog,
            admin: (Ipv4Addr::LOCALHOST, 0).into(),
            directory: options.directory.clone(),
        };
        envoy.wait_until_ready()?;
        Ok(envoy)
    }

    /// Kills it (`kill -9`) and starts it again, with `options`.
    ///
    /// # Errors
    /// As for [`Envoy::start`].
    pub fn restart(&mut self, options: &EnvoyOptions) -> io::Result<()> {
        self.kill();
        (self.child, self.watchdog) = Self::spawn(options)?;
        self.wait_until_ready()
    }

    fn spawn(options: &EnvoyOptions) -> io::Result<(Child, Child)> {
        fs::create_dir_all(&options.directory)?;
        let file = |name: &str| options.directory.join(name);
        fs::write(file("envoy.json"), serde_json::to_vec_pretty(&options.config)?)?;
        for old in ["admin.txt", "envoy.log"] {
            drop(fs::remove_file(file(old)));
        }
        let child = Command::new(&options.binary)
            .arg("--config-path")
            .arg(file("envoy.json"))
            .arg("--admin-address-path")
            .arg(file("admin.txt"))
            .arg("--log-path")
            .arg(file("envoy.log"))
            .args(["--log-level", "warning", "--component-log-level"])
            .arg(format!("wasm:{}", options.wasm_log_level))
            .arg("--concurrency")
            .arg(options.concurrency.to_string())
            .args(["--disable-hot-restart", "--file-flush-interval-msec", "50"])
            .env_clear()
            .envs(options.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(File::create(file("access.log"))?)
            .stderr(File::create(file("stderr.log"))?)
            .spawn()?;
        let watchdog = watch(child.id())?;
        Ok((child, watchdog))
    }

    fn kill(&mut self) {
        // The watchdog goes first, so that it never kills a process that was given Envoy's number afterwards.
        drop(self.watchdog.kill());
        drop(self.watchdog.wait());
        drop(self.child.kill());
        drop(self.child.wait());
    }

    fn wait_until_ready(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("Envoy ended with {status}\n{}", self.last_words())));
            }
            let address = fs::read_to_string(self.directory.join("admin.txt")).unwrap_or_default();
            if let Ok(address) = address.trim().parse() {
                self.admin = address;
                if fetch(address, "/ready").is_ok_and(|answer| answer.status == 200) {
                    return Ok(());
                }
            }
            if Instant::now() > deadline {
                let words = self.last_words();
                return Err(io::Error::new(io::ErrorKind::TimedOut, format!("Envoy is not ready\n{words}")));
            }
            sleep(Duration::from_millis(25));
        }
    }

    /// The end of what Envoy said.
    #[must_use]
    pub fn last_words(&self) -> String {
        let text = format!("{}{}", self.log(), self.file("stderr.log"));
        let lines: Vec<&str> = text.lines().collect();
        lines.get(lines.len().saturating_sub(30)..).unwrap_or_default().join("\n")
    }

    fn file(&self, name: &str) -> String {
        fs::read(self.directory.join(name))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// What it logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        sleep(FLUSHED_AFTER);
        self.file("envoy.log")
    }

    /// The access log so far.
    #[must_use]
    pub fn access_log(&self) -> String {
        sleep(FLUSHED_AFTER);
        self.file("access.log")
    }

    /// Where its files are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The admin interface's address.
    #[must_use]
    pub const fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Asks the admin interface; changes are POSTed.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn ask_admin(&self, method: &str, target: &str) -> io::Result<Response> {
        Request::new(method, &self.admin.to_string(), target).send(self.admin)
    }

    /// All counters and gauges by name.
    ///
    /// # Errors
    /// When the admin interface does not answer.
    pub fn stats(&self) -> io::Result<BTreeMap<String, u64>> {
        let text = self.ask_admin("GET", "/stats")?.text();
        Ok(text
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter_map(|(name, value)| Some((name.to_owned(), value.trim().parse().ok()?)))
            .collect())
    }

    /// Is it still running?
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its process id.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A process that kills `process` once our end of its standard input is gone.
pub(crate) fn watch(process: u32) -> io::Result<Child> {
    Command::new("sh")
        .args(["-c", "cat >/dev/null; kill -9 \"$0\""])
        .arg(process.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}
