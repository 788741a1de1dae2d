//! The part that speaks to the application.

use crate::base::{Code, Rejection};
use crate::directory::GroupsBecome;
use crate::effect::{Answer, AskId, Event, Tell};
use crate::provision::{Guardrail, OperationKind, Page, Plan, Question, RemoteState, organization};
use crate::store::table::{
    Action, Condition, Done as TableDone, List, MAX_ACTIONS, Outcome, RowKey, RowSize, Transaction,
};

use super::super::super::Env;
use super::super::super::directory::{
    Changes, ChangesEnd, ChangesFlow, ChangesTurn, Errand, Intent, PersonEnd, PersonFlow, PersonTurn,
};
use super::super::super::provisioning::budget::{RemovalBounds, RemovalBudget};
use super::super::super::provisioning::{Caller, Inquiry};
use super::super::book::Stop;
use super::super::job::{CHUNK, GroupJob, Job, Members, PersonJob};
use super::super::pen::Pen;
use super::super::rows::{self, Busy, Projected, Todo, What};
use super::super::settings::OnNameConflict;
use super::{Means, Settle, SettleEnd, SettleTurn, Stage};

/// What wants changes, in audit events.
const RULE: &str = "scim_gateway";

impl Settle {
    pub(super) fn begin(mut self, means: Means<'_>, env: &Env<'_>) -> SettleTurn {
        match &mut self.job {
            Job::Nothing => self.finish(Vec::new(), env),
            Job::Person(job) => {
                if !job.clear.is_empty() {
                    let most = MAX_ACTIONS.saturating_sub(8) / 2;
                    let keys: Vec<RowKey> = job.clear.drain(..job.clear.len().min(most)).collect();
                    return self.clear(&keys, env);
                }
                self.unrenamed =
                    means.provisioning.dry_run && job.theirs.account.is_some() && job.theirs.name != job.name;
                self.person_begins(means, env)
            }
            Job::Group(job) => {
                if job.adopted && job.to.is_none() && !job.detached {
                    // It was there before us, and stays.
                    job.detached = true;
                    self.tells.push(detached(&self.id));
                    return self.begin(means, env);
                }
                if !job.organizations || job.from == job.to || job.detached {
                    return self.members(None, env);
                }
                if means.provisioning.dry_run {
                    return self.defer(env);
                }
                if job.from.is_some() && job.to.is_none() && !self.paid {
                    return self.pay(env);
                }
                match (&job.from, &job.to) {
                    (None, Some(name)) if !job.making => {
                        let question = Question::Organization { name: name.clone(), page: Page::FIRST };
                        self.look(question, means, env)
                    }
                    _ => self.change_organization(means, env),
                }
            }
        }
    }

    pub(super) fn bring(mut self, means: Means<'_>, env: &Env<'_>) -> SettleTurn {
        self.ports.close();
        let Job::Person(job) = &self.job else { return self.finish(Vec::new(), env) };
        let nothing = RemovalBudget::new(RemovalBounds::default());
        let budget = self.takes_from_all().then_some(&nothing);
        let turn = PersonFlow::start(errand(job, means, self.paid, budget, &self.request_id), env);
        self.came(turn, env)
    }

    pub(super) fn person(self, flow: PersonFlow, id: AskId, answer: Answer, env: &Env<'_>) -> SettleTurn {
        let (Job::Person(job), Some(means)) = (&self.job, Means::of(env)) else {
            return self.finish(Vec::new(), env);
        };
        let nothing = RemovalBudget::new(RemovalBounds::default());
        let budget = self.takes_from_all().then_some(&nothing);
        let errand = errand(job, means, self.paid, budget, &self.request_id);
        let turn = flow.answer(id, answer, errand, env);
        self.came(turn, env)
    }

    /// Is this one of everybody, so that what is taken has to be paid for first? Rules that went wrong take a little from each.
    fn takes_from_all(&self) -> bool {
        let again = self.todo.as_ref().is_some_and(|(todo, _)| todo.again);
        again && !self.paid && self.is_coming()
    }

    fn came(mut self, turn: PersonTurn, env: &Env<'_>) -> SettleTurn {
        match turn {
            PersonTurn::Wait { inner, asks, tells } => {
                self.tells.extend(tells);
                self.stage = Stage::Person(inner);
                self.wait(asks)
            }
            PersonTurn::End { end, tells } => {
                // What would end is told when it ends.
                let looked = matches!(*end, PersonEnd::Planned) && !self.paid && !is_dry(env);
                self.tells.extend(tells.into_iter().filter(|_| !looked));
                match *end {
                    PersonEnd::Unchanged { .. } if self.unrenamed => self.defer(env),
                    PersonEnd::Unchanged { account } => self.brought(account, false, env),
                    PersonEnd::Changed { done, account } => {
                        let made = done.iter().any(|(kind, _)| *kind == OperationKind::CreateAccount);
                        self.brought(account, made, env)
                    }
                    PersonEnd::Planned if looked => self.pay(env),
                    PersonEnd::Planned => self.defer(env),
                    PersonEnd::Skipped(rejection) => {
                        self.tells.push(skipped(&self.id, &rejection));
                        self.refused(&rejection, env)
                    }
                    PersonEnd::Failed { rejection, .. }
                        if rejection.code == Code::SyncRemovalsExceeded && self.takes_from_all() =>
                    {
                        self.pay(env)
                    }
                    PersonEnd::Failed { rejection, retry_after } => {
                        self.give_up(SettleEnd::Failed { rejection, retry_after }, env)
                    }
                }
            }
        }
    }

    pub(super) fn change(
        mut self,
        plan: Plan,
        means: Means<'_>,
        env: &Env<'_>,
        stage: fn(Box<ChangesFlow>) -> Stage,
    ) -> SettleTurn {
        self.ports.close();
        let approved = match Guardrail::new(&means.provisioning.rules).approve(plan) {
            Ok(approved) => approved,
            Err(fault) => {
                let rejection = Rejection::new(fault.code(), fault);
                return self.give_up(SettleEnd::Failed { rejection, retry_after: None }, env);
            }
        };
        if means.provisioning.dry_run {
            return self.changed(None, stage, env);
        }
        let user = self.user_shown(env);
        let turn = ChangesFlow::start(RemoteState::default(), approved, self.changes(means, &user), env);
        self.turned(turn, stage, env)
    }

    fn turned(
        mut self,
        turn: ChangesTurn,
        stage: fn(Box<ChangesFlow>) -> Stage,
        env: &Env<'_>,
    ) -> SettleTurn {
        match turn {
            ChangesTurn::Wait { inner, asks, tells } => {
                self.tells.extend(tells);
                self.stage = stage(inner);
                self.wait(asks)
            }
            ChangesTurn::End { end, tells } => {
                self.tells.extend(tells);
                self.changed(Some(*end), stage, env)
            }
        }
    }

    fn changed(
        self,
        end: Option<ChangesEnd>,
        stage: fn(Box<ChangesFlow>) -> Stage,
        env: &Env<'_>,
    ) -> SettleTurn {
        if let Some((rejection, _)) = end.and_then(|end| end.failed) {
            return self.give_up(SettleEnd::Failed { rejection, retry_after: None }, env);
        }
        let Some(means) = Means::of(env) else { return self.finish(Vec::new(), env) };
        let _ = stage;
        match &self.job {
            Job::Person(_) => self.bring(means, env),
            Job::Group(_) | Job::Nothing => self.members(None, env),
        }
    }

    pub(super) fn renaming(self, flow: ChangesFlow, id: AskId, answer: Answer, env: &Env<'_>) -> SettleTurn {
        self.change_answered(flow, id, answer, Stage::Rename, env)
    }

    pub(super) fn organization(
        self,
        flow: ChangesFlow,
        id: AskId,
        answer: Answer,
        env: &Env<'_>,
    ) -> SettleTurn {
        self.change_answered(flow, id, answer, Stage::Organization, env)
    }

    fn change_answered(
        self,
        flow: ChangesFlow,
        id: AskId,
        answer: Answer,
        stage: fn(Box<ChangesFlow>) -> Stage,
        env: &Env<'_>,
    ) -> SettleTurn {
        let Some(means) = Means::of(env) else { return self.finish(Vec::new(), env) };
        let user = self.user_shown(env);
        let turn = flow.answer(id, answer, self.changes(means, &user), env);
        self.turned(turn, stage, env)
    }

    fn changes<'a>(&'a self, means: Means<'a>, user: &'a str) -> Changes<'a> {
        let caller = Caller { provisioning: means.provisioning, request_id: &self.request_id };
        Changes { caller, user, rule: RULE }
    }

    fn user_shown(&self, env: &Env<'_>) -> String {
        match &self.job {
            Job::Person(job) => job.person.username.keyed(&env.settings.pii_key),
            Job::Group(_) | Job::Nothing => String::new(),
        }
    }

    /// Is there an organization of that name already (J13)?
    fn look(mut self, question: Question, means: Means<'_>, env: &Env<'_>) -> SettleTurn {
        self.ports.close();
        let mut inquiry = Inquiry::default();
        let caller = Caller { provisioning: means.provisioning, request_id: &self.request_id };
        match inquiry.ask(vec![question], caller, env) {
            Ok(asks) => {
                self.stage = Stage::Look(Box::new(inquiry), Box::default());
                self.wait(asks)
            }
            Err(fault) => {
                let rejection = Rejection::new(fault.code(), fault);
                self.give_up(SettleEnd::Failed { rejection, retry_after: None }, env)
            }
        }
    }

    pub(super) fn looked(
        mut self,
        mut inquiry: Inquiry,
        mut remote: RemoteState,
        id: AskId,
        answer: Answer,
        env: &Env<'_>,
    ) -> SettleTurn {
        let Some(means) = Means::of(env) else { return self.finish(Vec::new(), env) };
        let caller = Caller { provisioning: means.provisioning, request_id: &self.request_id };
        let learned = match answer {
            Answer::HttpResponse(response) => inquiry
                .answer(id, &response, &mut remote, caller, env)
                .map_err(|fault| Rejection::new(fault.code(), fault)),
            Answer::HttpFailed(failure) => Err(inquiry.unanswered(id, failure, caller, env).rejection),
            _ => Err(Rejection::new(Code::HostCallFailed, "the driver answered out of turn")),
        };
        self.tells.extend(inquiry.tells());
        let asks = match learned {
            Ok(asks) => asks,
            Err(rejection) => {
                return self.give_up(SettleEnd::Failed { rejection, retry_after: None }, env);
            }
        };
        if !inquiry.is_over() {
            self.stage = Stage::Look(Box::new(inquiry), Box::new(remote));
            return self.wait(asks);
        }
        let Job::Group(GroupJob { to: Some(to), detached, adopted, .. }) = &mut self.job else {
            return self.finish(Vec::new(), env);
        };
        let exists = remote.directory.organization_id(to).is_some();
        if exists && means.settings.on_name_conflict == OnNameConflict::DoNotSync {
            *detached = true;
        }
        *adopted = exists;
        let name = to.clone();
        self.mark(&name, exists, env)
    }

    /// Writes down that an organization is about to be made, or taken over, or left alone: whoever goes on after a crash knows
    /// whose it is.
    fn mark(self, name: &str, exists: bool, env: &Env<'_>) -> SettleTurn {
        let table = std::rc::Rc::clone(&self.table);
        let mut pen = Pen::new(&table.key, env.entropy);
        let Job::Group(GroupJob { detached, .. }) = &self.job else { return self.finish(Vec::new(), env) };
        let (Some(busy), Some(at), Some(key)) = (
            rows::about("busy", &self.id),
            rows::about("at", &self.id),
            rows::resource(crate::scim::ResourceKind::Group, &self.id),
        ) else {
            return self.finish(Vec::new(), env);
        };
        pen.conditions.push(Condition::Unchanged(busy, self.held));
        if *detached {
            let context = super::Book { table: &table.key, facts: &self.facts };
            let stored = context.get::<rows::Stored>(&key);
            let Ok(Some((stored, version))) = stored else { return self.finish(Vec::new(), env) };
            pen.unchanged(&key, version);
            if let Err(stop) = pen.put(key, &rows::Stored { detached: true, ..stored }) {
                return self.stopped(stop, env);
            }
        } else {
            let making = Projected { adopted: exists, ..Projected::organization(name.to_owned(), !exists) };
            if let Err(stop) = pen.put(at, &making) {
                return self.stopped(stop, env);
            }
        }
        let transaction =
            Transaction { conditions: pen.conditions, then: pen.actions, otherwise: Vec::new() };
        self.call(transaction, Stage::Mark, Self::marked, env)
    }

    pub(super) fn marked(mut self, _: Transaction, outcome: Outcome, env: &Env<'_>) -> SettleTurn {
        if !outcome.carried_out {
            // The group was changed meanwhile, or somebody else took over.
            return self.give_up(SettleEnd::Busy, env);
        }
        let Some(means) = Means::of(env) else { return self.finish(Vec::new(), env) };
        if let Job::Group(GroupJob { detached: true, .. }) = &self.job {
            self.tells.push(detached(&self.id));
            return self.members(None, env);
        }
        self.change_organization(means, env)
    }

    fn change_organization(self, means: Means<'_>, env: &Env<'_>) -> SettleTurn {
        let Job::Group(job) = &self.job else { return self.finish(Vec::new(), env) };
        let desks = means.provisioning.customers.as_ref().map(|customers| customers.service_desks.clone());
        let capabilities = means.provisioning.target.capabilities();
        let plan =
            organization(job.from.as_deref(), job.to.as_deref(), &desks.unwrap_or_default(), &capabilities);
        match plan {
            Ok(plan) => self.change(plan, means, env, Stage::Organization),
            Err(fault) => {
                let rejection = Rejection::new(fault.code(), fault);
                self.give_up(SettleEnd::Failed { rejection, retry_after: None }, env)
            }
        }
    }

    /// Goes on with the members of the group behind `after`.
    fn members(mut self, after: Option<RowKey>, env: &Env<'_>) -> SettleTurn {
        self.ports.close();
        let Job::Group(job) = &self.job else { return self.finish(Vec::new(), env) };
        let Some(folder) = rows::members(&self.id) else { return self.finish(Vec::new(), env) };
        if job.members == Members::LeftAlone {
            return self.group_done(env);
        }
        let limit = u32::try_from(CHUNK).unwrap_or(1);
        // Whoever is put out is not listed again.
        let after = after.filter(|_| job.members == Members::LookedAt);
        let begun = self.todo.as_ref().and_then(|(todo, _)| todo.after.as_deref());
        let begun = begun.and_then(|user| rows::membership(&self.id, user));
        let after = match begun {
            Some([member, _]) if job.members == Members::LookedAt => Some(member),
            _ => after,
        };
        let list = List { folder, after: after.clone(), limit, size: RowSize::Small };
        let transaction = Transaction { then: vec![Action::List(list)], ..Transaction::default() };
        self.call(transaction, |call| Stage::Members(call, after), Self::members_listed, env)
    }

    fn members_listed(self, transaction: Transaction, outcome: Outcome, env: &Env<'_>) -> SettleTurn {
        self.members_done(&transaction, &outcome, None, env)
    }

    /// Members were listed, or written.
    pub(super) fn members_done(
        self,
        _: &Transaction,
        outcome: &Outcome,
        after: Option<RowKey>,
        env: &Env<'_>,
    ) -> SettleTurn {
        if !outcome.carried_out {
            return self.give_up(SettleEnd::Busy, env);
        }
        let Some(TableDone::Listed(listed)) = outcome.done.first() else {
            // Our claim was renewed, and how far we are was written down.
            let mut settle = self;
            settle.held = outcome.version;
            if let (Some((todo, version)), Some(last)) = (&mut settle.todo, &after)
                && matches!(todo.what, What::Group { .. })
            {
                todo.after = Some(last.last().to_owned());
                *version = outcome.version;
            }
            return settle.members(after, env);
        };
        let Some(last) = listed.rows.last() else { return self.group_done(env) };
        let (table, id) = (std::rc::Rc::clone(&self.table), self.id.clone());
        let Job::Group(job) = &self.job else { return self.finish(Vec::new(), env) };
        let out = job.members == Members::PutOut;
        let mut pen = Pen::new(&table.key, env.entropy);
        if let Some(busy) = rows::about("busy", &id) {
            pen.conditions.push(Condition::Unchanged(busy.clone(), self.held));
            let renewed = Busy { until: Busy::until(env.now), ..self.busy };
            if let Err(stop) = pen.put(busy, &renewed) {
                return self.stopped(stop, env);
            }
        }
        if let (Some((todo, version)), Some(key), Some(last)) =
            (&self.todo, rows::about("todo", &id), listed.rows.last())
            && matches!(todo.what, What::Group { .. })
        {
            pen.unchanged(&key, *version);
            let far = Todo { after: Some(last.key.last().to_owned()), ..todo.clone() };
            if let Err(stop) = pen.put(key, &far) {
                return self.stopped(stop, env);
            }
        }
        for member in &listed.rows {
            if table.key.open::<()>(member).is_err() {
                return self.stopped(Stop::Unreadable(member.key.clone()), env);
            }
            let user = member.key.last();
            if out {
                rows::membership(&id, user).into_iter().flatten().for_each(|side| pen.delete(side));
            }
            let todo = Todo::at(env.now.as_secs(), What::Person);
            if let Some(key) = rows::about("todo", user)
                && let Err(stop) = pen.put(key, &todo)
            {
                return self.stopped(stop, env);
            }
        }
        let transaction =
            Transaction { conditions: pen.conditions, then: pen.actions, otherwise: Vec::new() };
        let last = last.key.clone();
        let stage = Some(last.clone());
        let next = move |settle: Self, transaction: Transaction, outcome: Outcome, env: &Env<'_>| {
            settle.members_done(&transaction, &outcome, Some(last), env)
        };
        self.call(transaction, move |call| Stage::Members(call, stage), next, env)
    }

    fn group_done(self, env: &Env<'_>) -> SettleTurn {
        let table = std::rc::Rc::clone(&self.table);
        let Job::Group(job) = &self.job else { return self.finish(Vec::new(), env) };
        let mut pen = Pen::new(&table.key, env.entropy);
        job.release.iter().for_each(|key| pen.delete(key.clone()));
        let Some(at) = rows::about("at", &self.id) else { return self.finish(Vec::new(), env) };
        match &job.to {
            Some(name) if job.organizations && !job.detached => {
                let now = Projected { adopted: job.adopted, ..Projected::organization(name.clone(), false) };
                if let Err(stop) = pen.put(at, &now) {
                    return self.stopped(stop, env);
                }
            }
            _ => pen.delete(at),
        }
        self.finish(pen.actions, env)
    }

    /// Takes somebody who is gone out of what is left of their groups.
    fn clear(mut self, keys: &[RowKey], env: &Env<'_>) -> SettleTurn {
        self.ports.close();
        let id = self.id.clone();
        let sides = keys.iter().filter_map(|key| rows::membership(key.last(), &id)).flatten();
        let then = sides.take(MAX_ACTIONS).map(Action::Delete).collect();
        let conditions =
            rows::about("busy", &id).map(|busy| Condition::Unchanged(busy, self.held)).into_iter().collect();
        self.call(Transaction { conditions, then, otherwise: Vec::new() }, Stage::Clear, Self::cleared, env)
    }

    pub(super) fn cleared(self, _: Transaction, outcome: Outcome, env: &Env<'_>) -> SettleTurn {
        match Means::of(env) {
            Some(means) if outcome.carried_out => self.begin(means, env),
            _ => self.give_up(SettleEnd::Busy, env),
        }
    }
}

/// Whether something ends is seen first, so that only what ends is taken from the budget.
fn errand<'a>(
    job: &'a PersonJob,
    means: Means<'a>,
    paid: bool,
    budget: Option<&'a RemovalBudget>,
    request_id: &'a str,
) -> Errand<'a> {
    Errand {
        person: &job.person,
        intent: job.intent,
        account: job.theirs.account.as_ref().filter(|_| matches!(job.intent, Intent::Absent(_))),
        provisioning: means.provisioning,
        groups_become: means.settings.groups_become,
        naming: naming(means),
        request_id,
        dry_run: means.provisioning.dry_run || (matches!(job.intent, Intent::Absent(_)) && !paid),
        leaves_groups: false,
        budget,
        kept: None,
    }
}

/// Organizations are called as people call them.
pub(super) fn naming(means: Means<'_>) -> crate::directory::GroupNaming {
    match means.settings.groups_become {
        GroupsBecome::Organizations => crate::directory::GroupNaming::Name,
        GroupsBecome::Groups => means.settings.naming,
    }
}

fn is_dry(env: &Env<'_>) -> bool {
    Means::of(env).is_none_or(|means| means.provisioning.dry_run)
}

fn skipped(id: &str, rejection: &Rejection) -> Tell {
    Tell::Event(Event {
        name: "scim_person_skipped",
        code: Some(rejection.code),
        fields: vec![("id", id.to_owned()), ("slug", rejection.code.slug().to_owned())],
    })
}

/// A group is left alone, because what it would be is there already; without its name.
pub(in crate::flow::scim_push) fn detached(id: &str) -> Tell {
    Tell::Event(Event {
        name: "scim_group_detached",
        code: Some(Code::ScimGroupDetached),
        fields: vec![("id", id.to_owned()), ("remedy", Code::ScimGroupDetached.remedy().to_owned())],
    })
}
