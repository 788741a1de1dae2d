//! A steady load of ordinary requests, and what came of each.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use crate::client::{Request, Response};

/// Threads that send; each waits for its answer before the next request.
const THREADS: u32 = 8;

/// No load lasts longer, whatever becomes of the test.
const MAX_DURATION: Duration = Duration::from_secs(180);

/// What came of one request.
#[derive(Debug)]
pub struct Sent {
    /// Which of the requests it was.
    pub which: usize,
    /// When it was sent, from the start of the load on.
    pub at: Duration,
    /// The answer.
    pub result: io::Result<Response>,
}

/// A load under way.
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Vec<Sent>>>,
    began: Instant,
}

impl Load {
    /// Sends `requests` in turn to `address`, as many a second as `per_second` says, each over a connection of its own.
    #[must_use]
    pub fn start(address: SocketAddr, requests: &[Request], per_second: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let began = Instant::now();
        let pause = Duration::from_secs(1) * THREADS / per_second.max(1);
        let threads = (0..THREADS)
            .map(|number| {
                let (stop, requests) = (Arc::clone(&stop), requests.to_vec());
                spawn(move || {
                    let mut sent = Vec::new();
                    // Threads begin one after another, each with another request.
                    let mut due = began + pause * number / THREADS;
                    let mut which = usize::try_from(number).unwrap_or_default();
                    while !stop.load(Ordering::Relaxed) && began.elapsed() < MAX_DURATION {
                        sleep(due.saturating_duration_since(Instant::now()));
                        due += pause;
                        which = which.wrapping_add(1) % requests.len().max(1);
                        let Some(request) = requests.get(which) else { break };
                        let at = began.elapsed();
                        sent.push(Sent { which, at, result: request.send(address) });
                    }
                    sent
                })
            })
            .collect();
        Self { stop, threads, began }
    }

    /// How long it has lasted.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Ends the load: what was sent, in order, and how many requests that were a second.
    #[must_use]
    pub fn stop(self) -> (Vec<Sent>, f64) {
        self.stop.store(true, Ordering::Relaxed);
        let mut sent: Vec<Sent> =
            self.threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect();
        let rate =
            f64::from(u32::try_from(sent.len()).unwrap_or(u32::MAX)) / self.began.elapsed().as_secs_f64();
        sent.sort_by_key(|sent| sent.at);
        (sent, rate)
    }
}
