//! The state machine that works off what sign-ins left.

use std::collections::BTreeMap;

use crate::base::{Code, Pii, Rejection, UnixTime};
use crate::effect::{Answer, AskId, Event, Tell};
use crate::session::background_message;

use super::super::provisioning::{End, ProvisioningFlow, ProvisioningReport, ProvisioningTurn, SignIn};
use super::super::settings::Provisioning;
use super::super::{Env, Turn};
use super::message::{Job, Message, person};
use super::patience::{self, Next};

/// People who wait at most: with messages of 64 KiB that would be 64 MiB, and of a usual 2 KiB it is two. More than that
/// sign in within minutes only where the application was away for long, and then their next sign-in heals too.
const MAX_WAITING: usize = 1_000;

/// Works off what sign-ins left, one person at a time. Has no clock, no calls and no queue of its own: what arrives,
/// ticks and answers are handed in.
#[derive(Debug, Default)]
pub struct Runner {
    waiting: BTreeMap<String, Waiting>,
    running: Option<Running>,
    /// Who signed in when: a job that comes late rests on what an older assertion said. The oldest go first.
    arrived: BTreeMap<String, UnixTime>,
    /// Numbers the asks of all runs, so that a late answer to an older one is nobody's.
    asked: u32,
}

#[derive(Debug)]
struct Waiting {
    job: Job,
    /// Tries that came to an end.
    tries: u32,
    due: UnixTime,
}

#[derive(Debug)]
struct Running {
    of: Waiting,
    flow: Box<ProvisioningFlow>,
    /// Our number and the flow's own of each ask whose answer is awaited.
    open: Vec<(AskId, AskId)>,
}

impl Runner {
    /// People for whom something is left to do.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len().saturating_add(usize::from(self.running.is_some()))
    }

    /// True when nothing is left to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Something came out of the queue.
    pub fn accept(&mut self, message: &[u8], env: &Env<'_>) -> Turn {
        let mut turn = Turn::default();
        match background_message::open(message, &env.settings.session) {
            Ok(Message::Arrived { username, at }) => self.supersede(&person(&username), at),
            Ok(Message::Job(job)) => self.take_in(*job, &mut turn, env),
            Err(fault) => turn.dropped(None, 0, &Rejection::new(Code::JobDropped, fault), env),
        }
        self.go_on(&mut turn, env);
        turn
    }

    /// Time has passed.
    pub fn tick(&mut self, env: &Env<'_>) -> Turn {
        let mut turn = Turn::default();
        self.go_on(&mut turn, env);
        turn
    }

    /// Takes the answer to `id`. Answers that nobody waits for any more are ignored.
    pub fn answer(&mut self, id: AskId, answer: Answer, env: &Env<'_>) -> Turn {
        let mut turn = Turn::default();
        let Some(mut running) = self.running.take() else { return turn };
        let Some(at) = running.open.iter().position(|(ours, _)| *ours == id) else {
            self.running = Some(running);
            return turn;
        };
        let (_, inner) = running.open.swap_remove(at);
        let Running { of, flow, open } = running;
        match &env.settings.provisioning {
            Some(provisioning) => {
                let next = flow.answer(inner, answer, of.job.sign_in(provisioning, env), env);
                self.turned(of, open, next, &mut turn, env);
                self.go_on(&mut turn, env);
            }
            None => turn.dropped(Some(&of.job), of.tries, &unconfigured(), env),
        }
        turn
    }

    /// Whatever rests on an assertion before `at` is not done any more. A change that is under way is not called back; the
    /// sign-in that supersedes it reads and heals.
    fn supersede(&mut self, person: &str, at: UnixTime) {
        let last = self.arrived.entry(person.to_owned()).or_insert(at);
        *last = at.max(*last);
        if self.arrived.len() > MAX_WAITING
            && let Some(oldest) = self.arrived.iter().min_by_key(|(_, at)| **at).map(|(who, _)| who.clone())
        {
            self.arrived.remove(&oldest);
        }
        if self.waiting.get(person).is_some_and(|waiting| waiting.job.signed_in_at <= at) {
            self.waiting.remove(person);
        }
        let older =
            |running: &Running| running.of.job.person() == person && running.of.job.signed_in_at <= at;
        if self.running.as_ref().is_some_and(older) {
            self.running = None;
        }
    }

    fn take_in(&mut self, job: Job, turn: &mut Turn, env: &Env<'_>) {
        let person = job.person();
        let newer = |have: &Job| have.signed_in_at > job.signed_in_at;
        if self.arrived.get(&person).is_some_and(|at| *at > job.signed_in_at) {
            return;
        }
        if self.waiting.get(&person).is_some_and(|waiting| newer(&waiting.job))
            || self.running.as_ref().is_some_and(|run| run.of.job.person() == person && newer(&run.of.job))
        {
            return;
        }
        self.supersede(&person, job.signed_in_at);
        if self.waiting.len() >= MAX_WAITING {
            let detail = format!("{MAX_WAITING} people wait already");
            turn.dropped(Some(&job), 0, &Rejection::new(Code::JobDropped, detail), env);
            return;
        }
        self.waiting.insert(person, Waiting { job, tries: 0, due: env.now });
    }

    /// Starts whoever is due first, and the next one when that ends at once.
    fn go_on(&mut self, turn: &mut Turn, env: &Env<'_>) {
        // Each round ends with a run that waits, or with somebody who is not due any more.
        for _ in 0..=MAX_WAITING {
            if self.running.is_some() {
                return;
            }
            let first = self.waiting.iter().min_by_key(|(_, waiting)| waiting.due);
            let Some(person) =
                first.filter(|(_, waiting)| waiting.due <= env.now).map(|(person, _)| person.clone())
            else {
                return;
            };
            let Some(waiting) = self.waiting.remove(&person) else { return };
            self.start(waiting, turn, env);
        }
    }

    fn start(&mut self, waiting: Waiting, turn: &mut Turn, env: &Env<'_>) {
        match &env.settings.provisioning {
            Some(_) if patience::is_too_old(waiting.job.signed_in_at, env.now) => {
                let rejection = Rejection::new(Code::JobDropped, "it is too old");
                turn.dropped(Some(&waiting.job), waiting.tries, &rejection, env);
            }
            Some(provisioning) => {
                let next = ProvisioningFlow::start(waiting.job.sign_in(provisioning, env));
                self.turned(waiting, Vec::new(), next, turn, env);
            }
            None => turn.dropped(Some(&waiting.job), waiting.tries, &unconfigured(), env),
        }
    }

    fn turned(
        &mut self,
        mut of: Waiting,
        mut open: Vec<(AskId, AskId)>,
        next: ProvisioningTurn,
        turn: &mut Turn,
        env: &Env<'_>,
    ) {
        match next {
            ProvisioningTurn::Wait { inner, asks, tells } => {
                turn.tells.extend(tells);
                for (theirs, ask) in asks {
                    let ours = AskId(self.asked);
                    self.asked = self.asked.wrapping_add(1);
                    open.push((ours, theirs));
                    turn.asks.push((ours, ask));
                }
                self.running = Some(Running { of, flow: inner, open });
            }
            ProvisioningTurn::End { end, tells } => {
                turn.tells.extend(tells);
                match *end {
                    End::Done { report, .. } => turn.done(&of, &report, env),
                    End::Failed { rejection, .. } => {
                        // While the circuit is open nothing was tried.
                        if rejection.code != Code::CircuitOpen {
                            of.tries = of.tries.saturating_add(1);
                        }
                        self.failed(of, &rejection, turn, env);
                    }
                }
            }
        }
    }

    fn failed(&mut self, mut of: Waiting, rejection: &Rejection, turn: &mut Turn, env: &Env<'_>) {
        match patience::next(rejection.code, of.tries, of.job.signed_in_at, env.now) {
            Next::At(due) => {
                turn.tells.push(Tell::Count { outcome: "background_retry", code: Some(rejection.code) });
                of.due = due;
                self.waiting.insert(of.job.person(), of);
            }
            Next::GiveUp(why) => {
                let rejection = Rejection::new(Code::JobDropped, format_args!("{why}: {rejection}"));
                turn.dropped(Some(&of.job), of.tries, &rejection, env);
            }
        }
    }
}

impl Job {
    fn sign_in<'a>(&'a self, provisioning: &'a Provisioning, env: &Env<'a>) -> SignIn<'a> {
        let request = self.request_facts(env);
        let sign_in = SignIn::of(&self.identity, request, provisioning, &self.request_id);
        SignIn { is_new: self.is_new, ..sign_in }
    }
}

impl Turn {
    fn done(&mut self, of: &Waiting, report: &ProvisioningReport, env: &Env<'_>) {
        self.tells.push(Tell::Event(Event {
            name: "background_done",
            code: None,
            fields: vec![
                ("user", of.job.identity.username.keyed(&env.settings.pii_key)),
                ("provisioning", report.to_string()),
                ("tries", of.tries.saturating_add(1).to_string()),
                ("request_id", of.job.request_id.clone()),
            ],
        }));
        self.tells.push(Tell::Count { outcome: "background_done", code: None });
    }

    fn dropped(&mut self, job: Option<&Job>, tries: u32, rejection: &Rejection, env: &Env<'_>) {
        let username = job.map(|job| &job.identity.username);
        let request_id = job.map_or("", |job| &job.request_id);
        self.tells.extend(dropped(username, tries, request_id, rejection, env));
    }
}

/// Something will not be done in the background.
pub(in crate::flow) fn dropped(
    username: Option<&Pii<String>>,
    tries: u32,
    request_id: &str,
    rejection: &Rejection,
    env: &Env<'_>,
) -> Vec<Tell> {
    let event = Event {
        name: "background_dropped",
        code: Some(rejection.code),
        fields: vec![
            ("slug", rejection.code.slug().to_owned()),
            ("user", username.map(|username| username.keyed(&env.settings.pii_key)).unwrap_or_default()),
            ("detail", rejection.detail.clone()),
            ("remedy", rejection.code.remedy().to_owned()),
            ("tries", tries.to_string()),
            ("request_id", request_id.to_owned()),
        ],
    };
    vec![Tell::Event(event), Tell::Count { outcome: "background_dropped", code: Some(rejection.code) }]
}

fn unconfigured() -> Rejection {
    Rejection::new(Code::JobDropped, "no application is configured")
}
