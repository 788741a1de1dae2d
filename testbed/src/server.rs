//! Loopback HTTP servers that live as long as their handle.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::OnceLock;

use axum::Router;
use tokio::runtime::Runtime;
use tokio::task::AbortHandle;

/// The one runtime of the process: it is never dropped, so servers may be shared by tests that have none.
fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let fresh = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .thread_name("testbed")
        .build()?;
    if let Err(spare) = RUNTIME.set(fresh) {
        // Another thread was first; a runtime must not be dropped where an executor may be running.
        spare.shutdown_background();
    }
    RUNTIME.get().ok_or_else(|| io::Error::other("the runtime did not start"))
}

/// Runs `future` in the background of the process.
///
/// # Errors
/// When the runtime cannot be started.
pub fn spawn(future: impl Future<Output = ()> + Send + 'static) -> io::Result<AbortHandle> {
    Ok(runtime()?.spawn(future).abort_handle())
}

/// A running server; it stops taking connections when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: AbortHandle,
}

impl Server {
    /// Serves `router` on 127.0.0.1, on `port` or on a free one when that is 0. May be called with or without a
    /// runtime around it.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(port: u16, router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        Self::on(listener, router)
    }

    /// Serves `router` on a listener that is already bound, for those who must know their address beforehand.
    ///
    /// # Errors
    /// When the listener cannot be handed to the runtime.
    pub fn on(listener: TcpListener, router: Router) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = runtime()?;
        let guard = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener)?;
        drop(guard);
        let task = spawn(async move {
            // The future of `serve` never ends by itself.
            drop(axum::serve(listener, router).await);
        })?;
        Ok(Self { address, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
