//! A program that is watched while it runs.

use std::fs;
use std::io::{self, Read as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

/// How often its memory is looked at. The peak comes from the system, so nothing in between is missed.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How it ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) took: Duration,
    /// The most memory that it held at once.
    pub(super) peak_kib: u64,
    /// What it wrote, both channels.
    pub(super) said: String,
}

/// Runs `command` until it ends, or `stop` says so: then it is killed without a word.
pub(super) fn run(command: &mut Command, mut stop: impl FnMut() -> bool) -> io::Result<Ended> {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let said = listen(&mut child);
    let mut peak_kib = 0;
    let status = loop {
        peak_kib = peak_kib.max(peak(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if stop() {
            child.kill()?;
            break child.wait()?;
        }
        sleep(LOOK_EVERY);
    };
    let took = began.elapsed();
    let said = said.into_iter().filter_map(|reader| reader.join().ok()).collect();
    Ok(Ended { status, took, peak_kib, said })
}

/// Its channels are read all the while, or it would wait for somebody who reads.
fn listen(child: &mut Child) -> Vec<JoinHandle<String>> {
    let mut readers = Vec::new();
    let mut read = |channel: Option<Box<dyn io::Read + Send>>| {
        if let Some(mut channel) = channel {
            readers.push(spawn(move || {
                let mut text = Vec::new();
                // What was read before a fault is what there is.
                let _ = channel.read_to_end(&mut text);
                String::from_utf8_lossy(&text).into_owned()
            }));
        }
    };
    read(child.stdout.take().map(|channel| Box::new(channel) as Box<dyn io::Read + Send>));
    read(child.stderr.take().map(|channel| Box::new(channel) as Box<dyn io::Read + Send>));
    readers
}

/// The most memory that the process held so far, in KiB; 0 when it is gone.
pub(super) fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
