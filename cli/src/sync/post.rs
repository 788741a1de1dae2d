//! Calls that are under way: a few threads wait for answers, so that the flow never does.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use samlgate::effect::{Answer, AskId, CallFailure};
use samlgate::http::HttpCall;

use super::upstream::Upstreams;

/// The threads, until it is dropped.
pub(super) struct Post {
    calls: Sender<(AskId, HttpCall)>,
    answers: Receiver<(AskId, Answer)>,
}

impl Post {
    /// As many threads as there are calls at a time.
    pub(super) fn open(upstreams: Upstreams, threads: usize) -> Self {
        let (calls, waiting) = mpsc::channel::<(AskId, HttpCall)>();
        let (sender, answers) = mpsc::channel();
        let (waiting, upstreams) = (Arc::new(Mutex::new(waiting)), Arc::new(upstreams));
        for _ in 0..threads {
            let (waiting, upstreams, sender) = (Arc::clone(&waiting), Arc::clone(&upstreams), sender.clone());
            thread::spawn(move || {
                loop {
                    // Whoever panicked held the lock for nothing else than waiting.
                    let next = waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv();
                    let Ok((id, call)) = next else { return };
                    if sender.send((id, upstreams.call(call))).is_err() {
                        return;
                    }
                }
            });
        }
        Self { calls, answers }
    }

    /// Sends `call` on its way; an answer where there is nobody left to take it.
    pub(super) fn send(&self, id: AskId, call: HttpCall) -> Option<Answer> {
        let sent = self.calls.send((id, call));
        sent.is_err().then_some(Answer::HttpFailed(CallFailure::NotSent))
    }

    /// The next answer, if one comes in time.
    pub(super) fn receive(&self, within: Duration) -> Option<(AskId, Answer)> {
        self.answers.recv_timeout(within).ok()
    }
}
