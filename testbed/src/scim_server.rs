//! SCIM services that other people wrote, as programs: SCIMMY's routers (JavaScript) and scim2-server (Python).
//!
//! `cargo xtask setup` installs both; `testbed/scim_servers` pins them.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::config::repository;
use crate::envoy::free_port;
use crate::stand_in::{Answer, Api, Incoming};

/// The bearer token that every server here accepts.
pub const TOKEN: &str = "stand-in-scim-token";

/// Node and Python read a lot of files on a busy machine before they listen.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Which program, and what it is told not to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// SCIMMY: `userName eq` with case, `User.groups`, PATCH, no ETag.
    Scimmy,
    /// SCIMMY that announces no PATCH and answers 501 to it.
    ScimmyWithoutPatch,
    /// SCIMMY whose users do not show their groups.
    ScimmyWithoutUserGroups,
    /// scim2-server: no `User.groups`, 204 to PATCH, ETags.
    Scim2Server,
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Scimmy, Self::ScimmyWithoutPatch, Self::ScimmyWithoutUserGroups, Self::Scim2Server];

    /// A word for messages and file names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scimmy => "scimmy",
            Self::ScimmyWithoutPatch => "scimmy-without-patch",
            Self::ScimmyWithoutUserGroups => "scimmy-without-user-groups",
            Self::Scim2Server => "scim2-server",
        }
    }

    fn command(self, port: u16) -> io::Result<Command> {
        let mut command = if self == Self::Scim2Server {
            Command::new(installed("SCIM2_SERVER", ".cache/venv/bin/scim2-server")?)
        } else {
            let mut node = Command::new(std::env::var_os("NODE").unwrap_or_else(|| "node".into()));
            node.arg(repository().join("testbed/scim_servers/scimmy.mjs"))
                .arg("--modules")
                .arg(installed("SCIMMY_MODULES", ".cache/npm-scim/package.json")?)
                .args(["--token", TOKEN]);
            node
        };
        match self {
            Self::Scimmy => {}
            Self::ScimmyWithoutPatch => drop(command.arg("--without-patch")),
            Self::ScimmyWithoutUserGroups => drop(command.arg("--without-user-groups")),
            Self::Scim2Server => drop(command.args(["--bearer-token", TOKEN])),
        }
        command.args(["--port", &port.to_string()]);
        Ok(command)
    }
}

fn installed(variable: &str, place: &str) -> io::Result<PathBuf> {
    let path = std::env::var_os(variable).map_or_else(|| repository().join(place), PathBuf::from);
    if path.is_file() {
        return Ok(path);
    }
    let message =
        format!("{} is missing; `cargo xtask setup` installs it, or set {variable}", path.display());
    Err(io::Error::new(io::ErrorKind::NotFound, message))
}

/// A running service with its resources at `/v2`, empty at the start; it ends with this handle.
#[derive(Debug)]
pub struct ScimServer {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl ScimServer {
    /// Starts `program` on a free port and waits until it listens.
    ///
    /// # Errors
    /// When it is not installed or does not start: the message has what it said.
    pub fn start(program: Program) -> io::Result<Self> {
        let port = free_port()?;
        let log = log_file(program)?;
        let out = File::create(&log)?;
        let child =
            program.command(port)?.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).spawn()?;
        let mut server = Self { child, address: (Ipv4Addr::LOCALHOST, port).into(), log };
        let start = Instant::now();
        while TcpStream::connect(server.address).is_err() {
            if server.child.try_wait()?.is_some() || start.elapsed() > READY_WITHIN {
                let said = server.said();
                return Err(io::Error::other(format!(
                    "{} does not listen; it said:\n{said}",
                    program.as_str()
                )));
            }
            sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it printed so far.
    #[must_use]
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for ScimServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A server of these as a [`crate::stand_in::StandIn`] takes it, so that calls are recorded and faults can be set.
#[derive(Clone, Debug)]
pub struct Relay {
    address: SocketAddr,
}

impl Relay {
    /// Hands on to `server`.
    #[must_use]
    pub const fn new(server: &ScimServer) -> Self {
        Self { address: server.address() }
    }

    /// Asks the server itself; nothing is recorded.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn call(&self, method: &str, target: &str, body: &Value) -> io::Result<Response> {
        let request = Request::new(method, &self.address.to_string(), target)
            .header("Accept", "application/scim+json")
            .header("Authorization", &format!("Bearer {TOKEN}"));
        let request = match body {
            Value::Null => request,
            body => request.body("application/scim+json", body.to_string()),
        };
        request.send(self.address)
    }

    /// Deletes all users and empties all groups, which stay.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn clear(&self) -> io::Result<()> {
        let remove = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "remove", "path": "members" }],
        });
        for (kind, method, body) in [("Groups", "PATCH", remove), ("Users", "DELETE", Value::Null)] {
            let all = self.call("GET", &format!("/v2/{kind}?count=1000"), &Value::Null)?.json();
            for resource in all.get("Resources").and_then(Value::as_array).into_iter().flatten() {
                let id = resource.get("id").and_then(Value::as_str).unwrap_or_default();
                self.call(method, &format!("/v2/{kind}/{id}"), &body)?;
            }
        }
        Ok(())
    }
}

impl Api for Relay {
    fn answer(&mut self, incoming: &Incoming) -> Answer {
        if incoming.is_from_a_browser() {
            return self.error(403);
        }
        let mut request = Request::new(&incoming.method, &self.address.to_string(), &incoming.target);
        for name in ["accept", "authorization", "if-match", "if-none-match"] {
            if let Some(value) = incoming.header(name) {
                request = request.header(name, value);
            }
        }
        if let Some(media_type) = incoming.header("content-type").filter(|_| !incoming.body.is_empty()) {
            request = request.body(media_type, incoming.body.clone());
        }
        let Ok(response) = request.send(self.address) else { return self.error(502) };
        let mut answer = Answer::empty(response.status);
        for name in ["content-type", "etag", "location", "www-authenticate", "retry-after"] {
            if let Some(value) = response.header(name) {
                answer = answer.with(name, value);
            }
        }
        answer.body = response.body;
        answer
    }

    fn error(&self, status: u16) -> Answer {
        let mut answer = Answer::empty(status).with("content-type", "application/scim+json");
        answer.body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": status.to_string(),
            "detail": "the testbed was told to fail",
        })
        .to_string()
        .into_bytes();
        answer
    }
}

fn log_file(program: Program) -> io::Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder: &Path = &repository().join("target/scim_servers");
    fs::create_dir_all(folder)?;
    Ok(folder.join(format!("{}-{}-{number}.log", program.as_str(), std::process::id())))
}
