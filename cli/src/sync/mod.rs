//! `samlgate sync`: the flow that Envoy's background service runs, run once.
//!
//! What the flow asks for is done here: calls by threads that wait for their answers, what is kept in a file, or nowhere.
//! Nothing of a sync is decided here.

mod post;
mod report;
mod state;
mod upstream;

use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

use samlgate::effect::{Answer, Ask, AskId};
use samlgate::flow::sync::{Outcome, Run, Wish};
use samlgate::flow::{Env, Trust, Turn};
use samlgate::gateway::Settings;
use samlgate::xmlsec::RustCrypto;

use crate::arguments::Sync;
use crate::environment::{self, SystemEntropy};
use crate::failure::Failure;
use crate::plugin;
use post::Post;
use report::Report;
use state::State;
use upstream::Upstreams;
pub(crate) use upstream::upstream;

/// How often the flow is told that time has passed.
const TICK: Duration = Duration::from_secs(1);

pub(crate) fn run(arguments: &Sync) -> Result<ExitCode, Failure> {
    let settings = plugin::load_one(&arguments.configuration, environment::now()?)?;
    let Some(sync) = settings.flow.directory_sync.clone() else {
        return Err(Failure::new(format_args!(
            "{}: the configuration has no `directory_sync`",
            arguments.configuration.file.display()
        )));
    };
    let upstreams = Upstreams::read(arguments)?;
    let state = match &arguments.state {
        Some(path) => match State::open(path)? {
            Some(state) => state,
            None => {
                return Report::new(arguments.format)
                    .end(&Outcome::Elsewhere, &Run::new(&sync, Wish::Now, true));
            }
        },
        None => State::forgetful(),
    };
    let mut report = Report::new(arguments.format);
    if arguments.state.is_none() && settings.flow.shared_store.is_none() {
        report.remark(
            "neither --state nor `shared_store`: nothing is kept, so every run begins anew and only reports who is gone",
        );
    }
    let wish = match (arguments.full, arguments.if_due) {
        (true, _) => Wish::Full,
        (false, true) => Wish::IfDue,
        (false, false) => Wish::Now,
    };
    let run = Run::new(&sync, wish, arguments.dry_run);
    // Pages and the lease go beside the people who are worked on.
    let post = Post::open(upstreams, sync.parallel_people.saturating_add(2));
    let mut driver = Driver { settings: &settings, state, post, started: Instant::now(), last: None };
    let (outcome, run) = driver.drive(run, &mut report)?;
    report.end(&outcome, &run)
}

/// Does what the flow asks for.
struct Driver<'a> {
    settings: &'a Settings,
    state: State,
    post: Post,
    started: Instant,
    last: Option<samlgate::base::UnixTime>,
}

impl Driver<'_> {
    fn drive(&mut self, mut run: Run, report: &mut Report) -> Result<(Outcome, Run), Failure> {
        let trust = Rc::new(Trust::new(&self.settings.flow));
        let mut inbox = Vec::new();
        let mut ticked = Instant::now();
        let turn = run.tick(&self.env(&trust)?);
        self.take(turn, &mut inbox, report);
        loop {
            if let Some(outcome) = run.finished() {
                let outcome = outcome.clone();
                return Ok((outcome, run));
            }
            let arrived = match inbox.pop() {
                Some(arrived) => Some(arrived),
                None => self.post.receive(TICK.saturating_sub(ticked.elapsed())),
            };
            if let Some((id, answer)) = arrived {
                let turn = run.answer(id, answer, &self.env(&trust)?);
                self.take(turn, &mut inbox, report);
            }
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                let turn = run.tick(&self.env(&trust)?);
                self.take(turn, &mut inbox, report);
                report.progress(run.progress());
            }
        }
    }

    /// Does what `turn` asks for, or sends it on its way.
    fn take(&mut self, turn: Turn, inbox: &mut Vec<(AskId, Answer)>, report: &mut Report) {
        report.tell(turn.tells);
        for (id, ask) in turn.asks {
            let answer = match ask {
                Ask::HttpCall(call) => match self.post.send(id, call) {
                    Some(answer) => answer,
                    None => continue,
                },
                Ask::Load { key } => self.state.load(&key),
                Ask::CompareAndSwap { key, expected, value } => {
                    self.state.compare_and_swap(key, expected, value)
                }
                // There is neither a request nor another runner.
                Ask::RequestBody { .. } => Answer::RequestBodyTooLarge,
                Ask::SourceAddress => Answer::SourceAddress(None),
                Ask::Enqueue { .. } => Answer::QueueFull,
            };
            inbox.push((id, answer));
        }
    }

    /// Time never goes back, whatever the clock does.
    fn env<'e>(&'e mut self, trust: &'e Trust) -> Result<Env<'e>, Failure> {
        let now = environment::now()?;
        let now = self.last.map_or(now, |last| last.max(now));
        self.last = Some(now);
        Ok(Env {
            now,
            uptime: self.started.elapsed(),
            entropy: &SystemEntropy,
            crypto: &RustCrypto,
            settings: &self.settings.flow,
            trust,
        })
    }
}
