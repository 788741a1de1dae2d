//! A real etcd of one member that can be killed, stopped, and started again with or without what it knew.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use samlgate::http::{HttpCall, HttpResponse};
use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::config::repository;
use crate::envoy::{free_port, watch};

/// etcd is ready in less than a second; the machine may be busy.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The etcd that the tests use: `SAMLGATE_ETCD`, the one that `cargo xtask setup --interop` unpacked, or the one that is
/// installed.
///
/// # Errors
/// When there is none.
pub fn binary() -> io::Result<PathBuf> {
    if let Some(given) = std::env::var_os("SAMLGATE_ETCD") {
        return Ok(given.into());
    }
    let places = [repository().join(".cache/etcd-server/usr/bin/etcd"), PathBuf::from("/usr/bin/etcd")];
    places.into_iter().find(|place| place.is_file()).ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, "there is no etcd; `cargo xtask setup --interop` fetches it")
    })
}

/// A running etcd; it ends when this is dropped, and also when this process dies.
#[derive(Debug)]
pub struct Etcd {
    running: Option<(Child, Child)>,
    client: u16,
    peer: u16,
    directory: PathBuf,
}

impl Etcd {
    /// Starts one that knows nothing, with its files in `directory`, and waits until it answers.
    ///
    /// # Errors
    /// When there is no etcd or it does not answer.
    pub fn start(directory: &Path) -> io::Result<Self> {
        let mut etcd =
            Self { running: None, client: free_port()?, peer: free_port()?, directory: directory.to_owned() };
        etcd.forget()?;
        etcd.run()?;
        Ok(etcd)
    }

    /// Starts it again at the same address, with what it knew.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub fn run(&mut self) -> io::Result<()> {
        self.kill();
        fs::create_dir_all(&self.directory)?;
        let log = File::create(self.directory.join("etcd.log"))?;
        let client = format!("http://127.0.0.1:{}", self.client);
        let peer = format!("http://127.0.0.1:{}", self.peer);
        let child = Command::new(binary()?)
            .arg("--data-dir")
            .arg(self.data())
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("default={peer}"), "--log-level", "warn"])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let watchdog = watch(child.id())?;
        self.running = Some((child, watchdog));
        let deadline = Instant::now() + READY_WITHIN;
        while !self.answers() {
            if Instant::now() > deadline {
                let said = fs::read_to_string(self.directory.join("etcd.log")).unwrap_or_default();
                return Err(io::Error::new(io::ErrorKind::TimedOut, format!("etcd does not answer\n{said}")));
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn answers(&self) -> bool {
        // Nobody listens at first, and that costs nothing to find out.
        TcpStream::connect(self.address()).is_ok()
            && self.ask("/v3/kv/range", &json!({ "key": "YQ==" })).is_ok_and(|answer| {
                // With users, it answers that it wants one.
                answer.status == 200 || answer.text().contains("user name is empty")
            })
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let Some((mut child, mut watchdog)) = self.running.take() else { return };
        drop(watchdog.kill());
        drop(watchdog.wait());
        drop(child.kill());
        drop(child.wait());
    }

    /// Deletes what it knew, while it does not run.
    ///
    /// # Errors
    /// When the files cannot be deleted.
    pub fn forget(&self) -> io::Result<()> {
        let data = self.data();
        if data.exists() { fs::remove_dir_all(data) } else { Ok(()) }
    }

    /// Makes it take connections and answer nothing, until [`Self::thaw`].
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn freeze(&self) -> io::Result<()> {
        self.signal("-STOP")
    }

    /// Ends [`Self::freeze`].
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn thaw(&self) -> io::Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> io::Result<()> {
        let Some((child, _)) = &self.running else { return Err(io::Error::other("etcd does not run")) };
        let status = Command::new("kill").arg(signal).arg(child.id().to_string()).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other("kill failed")) }
    }

    /// Where clients reach it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.client).into()
    }

    /// Asks the JSON gateway.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn ask(&self, path: &str, body: &Value) -> io::Result<Response> {
        Request::new("POST", &self.address().to_string(), path)
            .body("application/json", body.to_string())
            .send(self.address())
    }

    /// Makes it have users: root, and `name` with the right to keys with `prefix`.
    ///
    /// # Errors
    /// When it refuses.
    pub fn add_user(&self, name: &str, password: &str, prefix: &str) -> io::Result<()> {
        let encode = |text: &[u8]| samlgate::encoding::base64::encode(text);
        let mut end = prefix.as_bytes().to_vec();
        if let Some(last) = end.last_mut() {
            *last = last.saturating_add(1);
        }
        let rights =
            json!({ "permType": "READWRITE", "key": encode(prefix.as_bytes()), "range_end": encode(&end) });
        for (path, body) in [
            ("user/add", json!({ "name": "root", "password": "root" })),
            ("role/add", json!({ "name": "root" })),
            ("user/grant", json!({ "user": "root", "role": "root" })),
            ("user/add", json!({ "name": name, "password": password })),
            ("role/add", json!({ "name": name })),
            ("user/grant", json!({ "user": name, "role": name })),
            ("role/grant", json!({ "name": name, "perm": rights })),
            ("enable", json!({})),
        ] {
            let answer = self.ask(&format!("/v3/auth/{path}"), &body)?;
            if answer.status != 200 {
                return Err(io::Error::other(format!("{path}: {}", answer.text())));
            }
        }
        Ok(())
    }

    /// Performs what the filter would ask of the cluster.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn perform(&self, call: &HttpCall) -> io::Result<HttpResponse> {
        perform(self.address(), call)
    }

    /// Every key and value, in the order of the keys.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn everything(&self) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let answer = self.ask("/v3/kv/range", &json!({ "key": "AA==", "range_end": "AA==" }))?.json();
        let bytes = |pair: &Value, field: &str| {
            let text = pair.get(field).and_then(Value::as_str).unwrap_or_default();
            samlgate::encoding::base64::decode_strict(text).unwrap_or_default()
        };
        let pairs = answer.get("kvs").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(pairs.iter().map(|pair| (bytes(pair, "key"), bytes(pair, "value"))).collect())
    }

    /// How many keys begin with `prefix`.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn count(&self, prefix: &str) -> io::Result<u64> {
        let encode = samlgate::encoding::base64::encode;
        let mut end = prefix.as_bytes().to_vec();
        if let Some(last) = end.last_mut() {
            *last = last.saturating_add(1);
        }
        let body = json!({ "key": encode(prefix.as_bytes()), "range_end": encode(&end), "count_only": true });
        let answer = self.ask("/v3/kv/range", &body)?.json();
        if answer.get("header").is_none() {
            return Err(io::Error::other(format!("etcd says {answer}")));
        }
        // JSON of protocol buffers: a 64-bit number is a text, and a zero is left out.
        let count = answer.get("count").and_then(Value::as_str).map_or(Ok(0), str::parse);
        count.map_err(io::Error::other)
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }
}

/// Performs `call` at `address` instead of its cluster.
///
/// # Errors
/// When there is no answer.
pub fn perform(address: SocketAddr, call: &HttpCall) -> io::Result<HttpResponse> {
    let mut request = Request::new(call.method, &call.authority, &call.path);
    request.headers.extend(call.headers.iter().cloned());
    request.body = call.body.clone();
    request.timeout = call.timeout;
    let Response { status, headers, body } = request.send(address)?;
    Ok(HttpResponse { status, headers, body })
}

impl Drop for Etcd {
    fn drop(&mut self) {
        self.kill();
    }
}
