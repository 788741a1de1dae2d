//! The one instance of this Envoy, on its main thread, that works off what sign-ins left: a singleton Wasm service.

use std::collections::VecDeque;
use std::rc::Rc;

use samlgate::effect::{Answer, Ask, AskId};
use samlgate::flow::background::{Runner, Turn};

use crate::host;
use crate::outside;
use crate::root::Worker;

/// The `root_id` of the service.
pub(crate) const ROOT_ID: &str = "samlgate_background";

/// Performs what the runner asks.
pub(crate) struct Background {
    worker: Rc<Worker>,
    queue: u32,
    runner: Runner,
    calls: Vec<(u32, AskId)>,
}

impl Background {
    /// `None` when there is no queue to be had.
    pub(crate) fn new(worker: Rc<Worker>) -> Option<Self> {
        let queue = host::register_queue()?;
        Some(Self { worker, queue, runner: Runner::default(), calls: Vec::new() })
    }

    /// Takes in whatever waits in the queue.
    pub(crate) fn drain(&mut self) {
        while let Some(message) = host::dequeue(self.queue) {
            self.step(|runner, worker| runner.accept(&message, &worker.gateway.borrow().env(&worker.host())));
        }
    }

    pub(crate) fn tick(&mut self) {
        self.drain();
        self.step(|runner, worker| runner.tick(&worker.gateway.borrow().env(&worker.host())));
    }

    pub(crate) fn answered(&mut self, token: u32, headers: usize, body_size: usize) {
        let Some(at) = self.calls.iter().position(|(have, _)| *have == token) else { return };
        let (_, id) = self.calls.swap_remove(at);
        let answer = outside::call_answer(headers, body_size);
        self.step(|runner, worker| runner.answer(id, answer, &worker.gateway.borrow().env(&worker.host())));
    }

    /// Lets the runner make a turn, and all that follow from answers that are there at once.
    fn step(&mut self, first: impl FnOnce(&mut Runner, &Worker) -> Turn) {
        let worker = Rc::clone(&self.worker);
        let mut answers: VecDeque<(AskId, Answer)> = VecDeque::new();
        let mut turn = first(&mut self.runner, &worker);
        loop {
            outside::tell(turn.tells, &worker);
            for (id, ask) in turn.asks {
                let answer = match ask {
                    Ask::HttpCall(call) => outside::send(&call, id, &mut self.calls),
                    other => Some(outside::at_once(other, &worker)),
                };
                answers.extend(answer.map(|answer| (id, answer)));
            }
            let Some((id, answer)) = answers.pop_front() else { return };
            turn = self.runner.answer(id, answer, &worker.gateway.borrow().env(&worker.host()));
        }
    }
}
