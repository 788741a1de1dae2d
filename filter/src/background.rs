//! The one instance of this Envoy, on its main thread, that works off what sign-ins left and keeps a directory in step: a
//! singleton Wasm service.

use std::rc::Rc;

use samlgate::flow::Turn;
use samlgate::flow::background::Runner;
use samlgate::flow::sync::Scheduler;

use crate::errand::Errand;
use crate::host;
use crate::root::Worker;

/// The `root_id` of the service.
pub(crate) const ROOT_ID: &str = "samlgate_background";

/// Performs what the runner asks.
pub(crate) struct Background {
    worker: Rc<Worker>,
    queue: u32,
    runner: Runner,
    errand: Errand,
    sync: Scheduler,
    pulls: Errand,
}

impl Background {
    /// `None` when there is no queue to be had.
    pub(crate) fn new(worker: Rc<Worker>) -> Option<Self> {
        let queue = host::register_queue()?;
        Some(Self {
            worker,
            queue,
            runner: Runner::default(),
            errand: Errand::default(),
            sync: Scheduler::default(),
            pulls: Errand::default(),
        })
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
        self.pull(|sync, worker| sync.tick(&worker.gateway.borrow().env(&worker.host())));
    }

    pub(crate) fn answered(&mut self, token: u32, headers: usize, body_size: usize) {
        if let Some((id, answer)) = self.errand.answered(token, headers, body_size) {
            self.step(|runner, worker| {
                runner.answer(id, answer, &worker.gateway.borrow().env(&worker.host()))
            });
        } else if let Some((id, answer)) = self.pulls.answered(token, headers, body_size) {
            self.pull(|sync, worker| sync.answer(id, answer, &worker.gateway.borrow().env(&worker.host())));
        }
    }

    /// Lets the runner make a turn, and all that follow from answers that are there at once.
    fn step(&mut self, first: impl FnOnce(&mut Runner, &Worker) -> Turn) {
        let Self { worker, runner, errand, .. } = self;
        let turn = first(runner, worker);
        errand.run(worker, turn, |id, answer| {
            runner.answer(id, answer, &worker.gateway.borrow().env(&worker.host()))
        });
    }

    /// The same for the sync.
    fn pull(&mut self, first: impl FnOnce(&mut Scheduler, &Worker) -> Turn) {
        let Self { worker, sync, pulls, .. } = self;
        let turn = first(sync, worker);
        pulls.run(worker, turn, |id, answer| {
            sync.answer(id, answer, &worker.gateway.borrow().env(&worker.host()))
        });
    }
}
