//! Whose account it is: nothing is done to one that is not the person's.
//!
//! The row `at/ID` says which account we made, or found to be the person's while they were to have one. Whoever leaves leaves
//! that one, whatever name is pushed by then. Before somebody is brought to the application for the first time it is found
//! out which account that will be, and nobody else's is taken; before one is renamed it is found out which name it has, and
//! that the new one is free. Both are written down first, so that whoever goes on after a crash knows.

use core::mem;

use crate::base::{Code, Pii, Rejection};
use crate::effect::{Answer, AskId, Event, Tell};
use crate::provision::{Absence, AccountKeyKind, AccountRef, RemoteAccount, RemoteState, renaming};
use crate::scim::fold;
use crate::store::table::{Action, Condition, Done, Outcome, RowKey, RowVersion, Transaction};

use super::super::super::Env;
use super::super::super::directory::Intent;
use super::super::super::provisioning::{Caller, Left, Lookup, LookupTurn, Person};
use super::super::job::{Job, Theirs};
use super::super::pen::Pen;
use super::super::rows::{self, Projected};
use super::{Facts, MAX_ROUNDS, Means, Settle, SettleEnd, SettleTurn, Stage};

/// An account being looked for.
#[derive(Debug)]
pub(super) struct Search {
    lookup: Lookup,
    wanted: Wanted,
    username: Pii<String>,
    email: Option<Pii<String>>,
}

/// What is looked for.
#[derive(Debug)]
enum Wanted {
    /// The account under the name that it was about to get.
    Renamed,
    /// The account under the name that it had before, while this one has the other.
    NotRenamed(Box<RemoteAccount>),
    /// The account under its name, before it gets another.
    Old,
    /// Whoever has the name that it is about to get.
    New,
    /// What the person is to have, by the rules of sign-ins.
    Pushed,
}

impl Search {
    fn person(&self) -> Person<'_> {
        Person { username: &self.username, email: self.email.as_ref() }
    }
}

impl Settle {
    pub(super) fn is_coming(&self) -> bool {
        matches!(&self.job, Job::Person(job) if matches!(job.intent, Intent::Present { .. }))
    }

    pub(super) fn person_begins(self, means: Means<'_>, env: &Env<'_>) -> SettleTurn {
        let Job::Person(job) = &self.job else { return self.finish(Vec::new(), env) };
        let target = &means.provisioning.target;
        if means.provisioning.dry_run || !target.capabilities().reads {
            return if self.is_coming() { self.bring(means, env) } else { self.leave(means, env) };
        }
        match job.theirs.renaming.clone() {
            Some(name) => self.search(Wanted::Renamed, name, None, means, env),
            None => self.known(means, env),
        }
    }

    /// It is known what the person's account is called, if there is one.
    fn known(self, means: Means<'_>, env: &Env<'_>) -> SettleTurn {
        let Job::Person(job) = &self.job else { return self.finish(Vec::new(), env) };
        if !self.is_coming() {
            return self.leave(means, env);
        }
        let by_name = means.provisioning.target.capabilities().accounts_by == AccountKeyKind::Username;
        match &job.theirs.account {
            Some(account) if job.theirs.name != job.name => {
                if !by_name || !job.theirs.made || !means.provisioning.target.capabilities().renames_accounts
                {
                    let detail = "an account that was there before, or cannot be renamed, keeps its name";
                    return self.fail(Rejection::new(Code::ScimTodoStuck, detail), env);
                }
                let name = account.username.clone();
                self.search(Wanted::Old, name, None, means, env)
            }
            // Whose name leads to none any more must not be led to somebody else's.
            Some(_) if means.provisioning.link_by_email.is_none() => self.bring(means, env),
            Some(_) | None => self.search_pushed(means, env),
        }
    }

    /// Nothing is done where nothing is theirs.
    pub(super) fn leave(mut self, means: Means<'_>, env: &Env<'_>) -> SettleTurn {
        let by_email = means.provisioning.target.capabilities().accounts_by == AccountKeyKind::Email;
        let Job::Person(job) = &mut self.job else { return self.finish(Vec::new(), env) };
        let Some(account) = &job.theirs.account else { return self.left_as_is(env) };
        job.person.username = account.username.clone();
        if by_email {
            job.person.email = Some(Pii::new(job.theirs.name.clone()));
        }
        self.bring(means, env)
    }

    fn search_pushed(self, means: Means<'_>, env: &Env<'_>) -> SettleTurn {
        let Job::Person(job) = &self.job else { return self.finish(Vec::new(), env) };
        match job.person.identity(means.settings.naming, &env.settings.identity) {
            Ok(identity) => self.search(Wanted::Pushed, identity.username, identity.email, means, env),
            Err(fault) => self.fail(Rejection::new(fault.code(), fault), env),
        }
    }

    fn search(
        mut self,
        wanted: Wanted,
        username: Pii<String>,
        email: Option<Pii<String>>,
        means: Means<'_>,
        env: &Env<'_>,
    ) -> SettleTurn {
        self.ports.close();
        let caller = Caller { provisioning: means.provisioning, request_id: &self.request_id };
        let person = Person { username: &username, email: email.as_ref() };
        let started = match wanted {
            Wanted::Pushed => Lookup::start(RemoteState::default(), person, caller, env),
            _ => Lookup::start_by_name(RemoteState::default(), person, caller, env),
        };
        match started {
            Ok((lookup, asks)) => {
                self.stage = Stage::Whose(Box::new(Search { lookup, wanted, username, email }));
                self.wait(asks)
            }
            Err(failure) => self.fail(failure.rejection, env),
        }
    }

    pub(super) fn found(
        mut self,
        mut search: Search,
        id: AskId,
        answer: Answer,
        env: &Env<'_>,
    ) -> SettleTurn {
        let Some(means) = Means::of(env) else { return self.finish(Vec::new(), env) };
        let caller = Caller { provisioning: means.provisioning, request_id: &self.request_id };
        let mut lookup = mem::take(&mut search.lookup);
        let turn = match answer {
            Answer::HttpResponse(response) => lookup.answer(id, &response, search.person(), caller, env),
            Answer::HttpFailed(failure) => Err(lookup.unanswered(id, failure, caller, env)),
            _ => Err(Rejection::new(Code::HostCallFailed, "the driver answered out of turn").into()),
        };
        self.tells.extend(lookup.tells());
        match turn {
            Ok(LookupTurn::Wait(asks)) => {
                search.lookup = lookup;
                self.stage = Stage::Whose(Box::new(search));
                self.wait(asks)
            }
            Ok(LookupTurn::Read(remote)) => self.looked_for(search, *remote, means, env),
            Err(failure) => {
                let left = failure.fault.map(|fault| Left::after(&fault, None));
                let retry_after = match left {
                    Some(Left::LeaveAlone(pause)) if !pause.is_zero() => Some(pause),
                    _ => None,
                };
                self.give_up(SettleEnd::Failed { rejection: failure.rejection, retry_after }, env)
            }
        }
    }

    fn looked_for(
        mut self,
        search: Search,
        remote: RemoteState,
        means: Means<'_>,
        env: &Env<'_>,
    ) -> SettleTurn {
        let linked = remote.linked;
        let found = remote.account;
        let Job::Person(job) = &mut self.job else { return self.finish(Vec::new(), env) };
        let had = job.theirs.account.clone();
        let had_id = had.as_ref().and_then(|had| had.id.clone());
        match (search.wanted, found) {
            (Wanted::Renamed, None) => {
                job.theirs.renaming = None;
                self.known(means, env)
            }
            (Wanted::Renamed, Some(found)) => match (&had_id, &found.id, had) {
                (None, _, Some(had)) | (_, None, Some(had)) => {
                    self.search(Wanted::NotRenamed(Box::new(found)), had.username, None, means, env)
                }
                (Some(one), Some(other), _) if one == other => {
                    job.theirs.is_called(&search.username, &found);
                    self.known(means, env)
                }
                // Somebody else has that name.
                _ => {
                    job.theirs.renaming = None;
                    self.known(means, env)
                }
            },
            (Wanted::NotRenamed(_), Some(_)) => {
                job.theirs.renaming = None;
                self.known(means, env)
            }
            // That name was free when it was about to get it.
            (Wanted::NotRenamed(renamed), None) => {
                if let Some(name) = job.theirs.renaming.clone() {
                    job.theirs.is_called(&name, &renamed);
                }
                self.known(means, env)
            }
            (Wanted::Old, Some(found)) if had_id.is_none() || found.id.is_none() || had_id == found.id => {
                job.theirs.account = Some(found.reference());
                match job.person.identity(means.settings.naming, &env.settings.identity) {
                    Ok(identity) => self.search(Wanted::New, identity.username, None, means, env),
                    Err(fault) => self.fail(Rejection::new(fault.code(), fault), env),
                }
            }
            // It was never made, or is not there any more.
            (Wanted::Old, _) => {
                job.theirs = Theirs::default();
                self.search_pushed(means, env)
            }
            (Wanted::New, Some(_)) => self.fail(taken(), env),
            (Wanted::New, None) => {
                job.theirs.renaming = Some(search.username);
                self.own(None, env)
            }
            (Wanted::Pushed, found) => {
                let same = matches!((&found, &had), (Some(found), Some(had)) if is_same(found, had));
                if same {
                    return self.bring(means, env);
                }
                job.theirs = Theirs {
                    made: found.is_none(),
                    account: Some(
                        found
                            .as_ref()
                            .map_or_else(|| AccountRef::named(search.username), RemoteAccount::reference),
                    ),
                    name: job.name.clone(),
                    renaming: None,
                };
                let row = found
                    .filter(|_| linked)
                    .and_then(|found| rows::unique("account", found.username.expose(), &self.table.key));
                self.own(row.map(|row| (row, RowVersion::ABSENT)), env)
            }
        }
    }

    /// Writes down whose account it is, or which name it gets; one that was found by its address is kept from others.
    fn own(self, linked: Option<(RowKey, RowVersion)>, env: &Env<'_>) -> SettleTurn {
        let table = std::rc::Rc::clone(&self.table);
        let (Job::Person(job), Some(busy), Some(todo), Some(at), Some((_, version))) = (
            &self.job,
            rows::about("busy", &self.id),
            rows::about("todo", &self.id),
            rows::about("at", &self.id),
            &self.todo,
        ) else {
            return self.finish(Vec::new(), env);
        };
        let mut pen = Pen::new(&table.key, env.entropy);
        pen.unchanged(&busy, self.held);
        // What is pushed meanwhile may name another account.
        pen.unchanged(&todo, *version);
        let mut otherwise = vec![Action::Read(busy), Action::Read(todo)];
        let now = job.theirs.begun();
        let put = pen.put(at, &now).and_then(|()| match &linked {
            None => Ok(()),
            Some((row, version)) => {
                pen.unchanged(row, *version);
                otherwise.push(Action::Read(row.clone()));
                if let Some(held) = rows::held(&self.id, row) {
                    pen.put(held, &())?;
                }
                pen.put(row.clone(), &self.id)
            }
        });
        if let Err(stop) = put {
            return self.stopped(stop, env);
        }
        let transaction = Transaction { conditions: pen.conditions, then: pen.actions, otherwise };
        let linked = linked.map(|(row, _)| row);
        let stage = linked.clone();
        let next = move |settle: Self, _: Transaction, outcome: Outcome, env: &Env<'_>| {
            settle.owned(&outcome, linked, env)
        };
        self.call(transaction, move |call| Stage::Own(call, stage), next, env)
    }

    pub(super) fn owned(mut self, outcome: &Outcome, linked: Option<RowKey>, env: &Env<'_>) -> SettleTurn {
        let Some(means) = Means::of(env) else { return self.finish(Vec::new(), env) };
        if !outcome.carried_out {
            return self.not_owned(outcome, linked, env);
        }
        let id = self.id.clone();
        let Job::Person(job) = &mut self.job else { return self.finish(Vec::new(), env) };
        self.claimed = job.theirs.renaming.is_none();
        job.before = Some(job.theirs.begun());
        job.held.extend(linked.and_then(|row| rows::held(&id, &row)));
        match (job.theirs.account.clone(), job.theirs.renaming.clone()) {
            (Some(account), Some(name)) => self.change(renaming(account, name), means, env, Stage::Rename),
            _ => self.bring(means, env),
        }
    }

    fn not_owned(mut self, outcome: &Outcome, linked: Option<RowKey>, env: &Env<'_>) -> SettleTurn {
        let version = |at: usize| match outcome.done.get(at) {
            Some(Done::Read(Some(row))) => row.version,
            _ => RowVersion::ABSENT,
        };
        let todo = self.todo.as_ref().map_or(RowVersion::ABSENT, |(_, version)| *version);
        if version(0) != self.held {
            return self.give_up(SettleEnd::Busy, env);
        }
        self.rounds = self.rounds.saturating_add(1);
        if self.rounds >= MAX_ROUNDS {
            return self.give_up(SettleEnd::Busy, env);
        }
        if version(1) == todo
            && let (Some(row), Some(Done::Read(Some(found)))) = (linked, outcome.done.get(2))
        {
            return match self.table.key.open::<String>(found) {
                Ok(owner) if owner == self.id => self.own(Some((row, found.version)), env),
                Ok(_) => self.fail(taken(), env),
                Err(_) => self.give_up(SettleEnd::Table(super::TableFault::Unreadable), env),
            };
        }
        let (Some(busy), Some(todo)) = (rows::about("busy", &self.id), rows::about("todo", &self.id)) else {
            return self.end(SettleEnd::Busy);
        };
        self.facts = Facts::default();
        let conditions = vec![Condition::Unchanged(busy, self.held)];
        let then = vec![Action::Read(todo)];
        let transaction = Transaction { conditions, then, otherwise: Vec::new() };
        self.call(transaction, Stage::Again, Self::again, env)
    }

    /// The person is where the directory says.
    pub(super) fn brought(mut self, account: Option<AccountRef>, made: bool, env: &Env<'_>) -> SettleTurn {
        let changes = Means::of(env).is_some_and(|means| !means.provisioning.dry_run);
        self.claimed = false;
        let never_made = account.is_none()
            && matches!(&self.job, Job::Person(job) if !job.gone
                && job.intent == Intent::Absent(Absence::RemoveGroups)
                && job.before.as_ref().is_some_and(|before| before.making));
        if never_made && let Job::Person(job) = &self.job {
            // A rule kept the person out before their account was made: one of that name is somebody else's.
            let now = Projected::of(job.name.clone(), None);
            return self.written(now, env);
        }
        if !self.is_coming() || !changes {
            return self.left_as_is(env);
        }
        let Job::Person(job) = &mut self.job else { return self.finish(Vec::new(), env) };
        // J8, J15: an account that was there is the directory's from now on.
        let was_known = job.before.as_ref().is_some_and(|before| before.account.is_some() && !before.making);
        let adopted = !made && !job.theirs.made && !was_known && account.is_some();
        job.theirs = Theirs {
            made: made || job.theirs.made,
            account: account.or_else(|| job.theirs.account.take()),
            name: job.name.clone(),
            renaming: None,
        };
        let now = job.theirs.projected(job.name.clone(), false);
        if adopted {
            self.tells.push(adopted_event(&self.id));
        }
        self.written(now, env)
    }

    /// Nothing more is to be done, and whose account it is stays as it was.
    pub(super) fn left_as_is(self, env: &Env<'_>) -> SettleTurn {
        let coming = self.is_coming();
        let Job::Person(job) = &self.job else { return self.finish(Vec::new(), env) };
        let begun = job.before.as_ref().is_some_and(|before| before.making);
        // What was about to be taken over when a rule kept the person out was not taken over.
        let theirs = job.theirs.account.is_some() && !(coming && begun && !job.theirs.made);
        let now = if theirs {
            job.theirs.projected(job.theirs.name.clone(), begun)
        } else {
            Projected::of(job.name.clone(), None)
        };
        self.written(now, env)
    }

    pub(super) fn written(self, now: Projected, env: &Env<'_>) -> SettleTurn {
        let table = std::rc::Rc::clone(&self.table);
        let Job::Person(job) = &self.job else { return self.finish(Vec::new(), env) };
        let mut pen = Pen::new(&table.key, env.entropy);
        let Some(at) = rows::about("at", &self.id) else { return self.finish(Vec::new(), env) };
        let kept = (!job.gone).then_some(&now);
        job.released(kept, &table.key).into_iter().for_each(|key| pen.delete(key));
        if job.gone {
            pen.delete(at);
            rows::about("gone", &self.id).into_iter().for_each(|key| pen.delete(key));
        } else if job.before.as_ref() != Some(&now)
            && let Err(stop) = pen.put(at, &now)
        {
            return self.stopped(stop, env);
        }
        self.finish(pen.actions, env)
    }

    fn fail(self, rejection: Rejection, env: &Env<'_>) -> SettleTurn {
        self.give_up(SettleEnd::Failed { rejection, retry_after: None }, env)
    }
}

impl Theirs {
    fn is_called(&mut self, name: &Pii<String>, found: &RemoteAccount) {
        self.name = fold(name.expose());
        self.account = Some(found.reference());
        self.renaming = None;
    }

    /// As it is before it is made, taken over or renamed.
    fn begun(&self) -> Projected {
        self.projected(self.name.clone(), self.renaming.is_none())
    }

    fn projected(&self, name: String, making: bool) -> Projected {
        let renaming = self.renaming.clone();
        Projected { making, made: self.made, renaming, ..Projected::of(name, self.account.as_ref()) }
    }
}

fn is_same(found: &RemoteAccount, had: &AccountRef) -> bool {
    match (&found.id, &had.id) {
        (Some(one), Some(other)) => one == other,
        _ => fold(found.username.expose()) == fold(had.username.expose()),
    }
}

fn taken() -> Rejection {
    Rejection::new(Code::NameTaken, "the account is somebody else's")
}

fn adopted_event(id: &str) -> Tell {
    Tell::Audit(Event { name: "account_adopted", code: None, fields: vec![("id", id.to_owned())] })
}
