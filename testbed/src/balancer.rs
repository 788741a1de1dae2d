//! A load balancer for connections, as simple as they come: one after the other, or all to one.

use std::io::{self, copy};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::spawn;

/// A running balancer; it takes no connections any more when this is dropped.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    choice: Arc<Choice>,
}

#[derive(Debug)]
struct Choice {
    targets: Vec<SocketAddr>,
    next: AtomicUsize,
    /// The one that gets all, counted from 1; 0 for none.
    pinned: AtomicUsize,
    over: AtomicBool,
}

impl Balancer {
    /// Listens on `port` for `targets`.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(port: u16, targets: Vec<SocketAddr>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let choice = Arc::new(Choice {
            targets,
            next: AtomicUsize::new(0),
            pinned: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let taken = Arc::clone(&choice);
        spawn(move || {
            for connection in listener.incoming() {
                if taken.over.load(Ordering::Relaxed) {
                    return;
                }
                if let (Ok(connection), Some(target)) = (connection, taken.target()) {
                    spawn(move || drop(forward(&connection, target)));
                }
            }
        });
        Ok(Self { address, choice })
    }

    /// Sends all connections to the target `number`, counted from 0; `None` to one after the other.
    pub fn pin(&self, number: Option<usize>) {
        self.choice.pinned.store(number.map_or(0, |number| number.saturating_add(1)), Ordering::Relaxed);
    }
}

impl Choice {
    fn target(&self) -> Option<SocketAddr> {
        let number = match self.pinned.load(Ordering::Relaxed) {
            0 => self.next.fetch_add(1, Ordering::Relaxed) % self.targets.len().max(1),
            pinned => pinned.saturating_sub(1),
        };
        self.targets.get(number).copied()
    }
}

fn forward(mut client: &TcpStream, target: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(target)?;
    let (from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let up = spawn(move || {
        drop(copy(&mut &from_client, &mut to_server));
        drop(to_server.shutdown(Shutdown::Write));
    });
    drop(copy(&mut &server, &mut client));
    drop(client.shutdown(Shutdown::Both));
    drop(up.join());
    Ok(())
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.choice.over.store(true, Ordering::Relaxed);
        // Wakes whoever waits for a connection.
        drop(TcpStream::connect(self.address));
    }
}
