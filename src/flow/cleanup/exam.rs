//! One account that nobody saw: is it ours, does anything spare it, and does the directory really not have it?

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Code, Rejection, UnixTime};
use crate::directory::{Membership, Person as Entry};
use crate::effect::{Answer, Ask, AskId, Tell};
use crate::identity::{AssertedGroups, Identity, UnknownGroups};
use crate::policy::{
    AccountUse, CleanupMode, CleanupReason, CustomerMark, Facts, FoldedName, GroupNames, RequestFacts,
    decide, decide_cleanup,
};
use crate::provision::{Absence, AccountKeyKind, ListedAccount, RemoteMarker, RemoteState, Removal};
use crate::sources::{Access, Cursor, Key, SourceError};

use super::super::Env;
use super::super::directory::{Errand, Intent, PersonEnd, PersonFlow, PersonTurn, is_kept_out, may_go};
use super::super::provisioning::{Caller, Lookup, LookupTurn, Person};
use super::super::settings::Provisioning;
use super::super::sync::fetch::{Fetch, FetchTurn};
use super::super::sync::names::contains;
use super::super::sync::record::Faces;
use super::super::sync::settings::Settings;

/// Groups of one person, as in a pull.
const MAX_GROUPS: usize = 10_000;

/// A call to the directory has one ask at a time.
const FETCH: AskId = AskId(0);

/// What is the same for every account of one cleanup.
#[derive(Clone, Copy)]
pub(in crate::flow) struct Scene<'a> {
    pub(in crate::flow) settings: &'a Settings,
    pub(in crate::flow) provisioning: &'a Provisioning,
    /// Who is who by this run.
    pub(in crate::flow) faces: &'a Faces,
    /// Who was who by the one before, and when that began.
    pub(in crate::flow) roster: Option<(&'a Faces, UnixTime)>,
    /// When this run began.
    pub(in crate::flow) started_at: UnixTime,
}

/// An account being looked at.
#[derive(Debug)]
pub(in crate::flow) struct Exam {
    account: ListedAccount,
    /// It was approved: what is found now is done, but nothing worse than this.
    act: Option<Absence>,
    /// It could be used when it was looked at.
    was_active: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The application is being asked.
    Account(Box<Lookup>),
    /// The directory is being asked.
    Directory(Box<Fetch>, Question),
    /// Whoever the rules keep out is asked again for their groups.
    Groups(Box<Fetch>, Box<Cursor>, Box<Entry>, Question),
    /// It is being done.
    Leaving(Box<PersonFlow>, Box<Entry>, Absence),
    /// Between two stages.
    Moving,
}

/// What the directory is asked, and what follows if it has nobody.
#[derive(Clone, Debug)]
struct Question {
    key: Key,
    absence: Absence,
    reason: CleanupReason,
    /// That the directory has nobody of that name proves nothing: it may know the person by another.
    weak: bool,
}

/// One turn.
#[derive(Debug)]
pub(in crate::flow) enum ExamTurn {
    Wait { asks: Vec<(AskId, Ask)>, tells: Vec<Tell> },
    End { end: Box<ExamEnd>, tells: Vec<Tell> },
}

/// What came of it.
#[derive(Debug)]
pub(in crate::flow) enum ExamEnd {
    /// It stays.
    Spared(CleanupReason),
    /// The directory has the person after all.
    Missed,
    /// It could not be found out, so it stays.
    Unknown(Rejection),
    /// It would be cleaned up.
    Candidate(Removal, CleanupReason),
    /// It was, or that was tried.
    Left(PersonEnd),
}

impl Exam {
    /// Looks at `account`; with `act`, what is decided is done, and at most that.
    pub(in crate::flow) fn start(
        account: ListedAccount,
        act: Option<Absence>,
        scene: Scene<'_>,
        env: &Env<'_>,
    ) -> (Self, ExamTurn) {
        let person = Person { username: &account.account.username, email: account.email.as_ref() };
        let started = Lookup::start_by_name(RemoteState::default(), person, scene.caller(), env);
        match started {
            Ok((lookup, asks)) => {
                let exam = Self { account, act, was_active: true, stage: Stage::Account(Box::new(lookup)) };
                (exam, ExamTurn::Wait { asks, tells: Vec::new() })
            }
            Err(failure) => {
                let end = ExamEnd::Unknown(failure.rejection);
                (
                    Self { account, act, was_active: true, stage: Stage::Moving },
                    ExamTurn::end(end, Vec::new()),
                )
            }
        }
    }

    pub(in crate::flow) fn answer(
        &mut self,
        id: AskId,
        answer: Answer,
        scene: Scene<'_>,
        access: &mut Access,
        env: &Env<'_>,
    ) -> ExamTurn {
        match core::mem::replace(&mut self.stage, Stage::Moving) {
            Stage::Account(lookup) => self.account_read(lookup, id, answer, scene, access, env),
            Stage::Directory(mut fetch, question) => {
                let source = &scene.settings.source;
                let turn = match fetch.answer(answer, access, source.endpoint(), env) {
                    FetchTurn::Got(response) => match source.looked_up(&question.key, &response, env.now) {
                        Ok(entry) => return self.looked_up(entry, question, scene, access, env),
                        Err(fault) => fetch.again(fault, env),
                    },
                    turn => turn,
                };
                // Not every directory can be asked for addresses.
                if matches!(question.key, Key::Email(_))
                    && matches!(turn, FetchTurn::Failed(SourceError::Refused { status: 400..=499, .. }))
                {
                    let question = Question { weak: true, ..question };
                    return self.looked_up(None, question, scene, access, env);
                }
                self.fetching(turn, |exam| exam.stage = Stage::Directory(fetch, question))
            }
            Stage::Groups(mut fetch, cursor, mut entry, question) => {
                let source = &scene.settings.source;
                let turn = match fetch.answer(answer, access, source.endpoint(), env) {
                    FetchTurn::Got(response) => match source.read_groups(&cursor, &response, env.now) {
                        Ok(read) => {
                            if let Membership::Known(groups) = &mut entry.groups {
                                groups.extend(read.groups);
                                if groups.len() > MAX_GROUPS {
                                    return ExamTurn::end(ExamEnd::Missed, Vec::new());
                                }
                            }
                            return match read.next {
                                Some(next) => self.ask_groups(next, entry, question, scene, access, env),
                                None => self.outside(&entry, question, scene, env),
                            };
                        }
                        Err(fault) => fetch.again(fault, env),
                    },
                    turn => turn,
                };
                self.fetching(turn, |exam| exam.stage = Stage::Groups(fetch, cursor, entry, question))
            }
            Stage::Leaving(flow, entry, absence) => {
                let turn = flow.answer(id, answer, scene.errand(&entry, absence), env);
                self.leaving(turn, entry, absence)
            }
            Stage::Moving => ExamTurn::Wait { asks: Vec::new(), tells: Vec::new() },
        }
    }

    pub(in crate::flow) fn tick(
        &mut self,
        scene: Scene<'_>,
        access: &Access,
        env: &Env<'_>,
    ) -> Option<ExamTurn> {
        let (Stage::Directory(fetch, ..) | Stage::Groups(fetch, ..)) = &mut self.stage else { return None };
        let ask = fetch.tick(access, scene.settings.source.endpoint(), env)?;
        Some(ExamTurn::Wait { asks: vec![(FETCH, ask)], tells: Vec::new() })
    }

    /// Whose account it is.
    pub(in crate::flow) const fn account(&self) -> &ListedAccount {
        &self.account
    }

    /// Could it be used when it was looked at?
    pub(in crate::flow) const fn was_active(&self) -> bool {
        self.was_active
    }

    fn fetching(&mut self, turn: FetchTurn, stay: impl FnOnce(&mut Self)) -> ExamTurn {
        match turn {
            FetchTurn::Ask(ask) => {
                stay(self);
                ExamTurn::Wait { asks: vec![(FETCH, ask)], tells: Vec::new() }
            }
            FetchTurn::Pause | FetchTurn::Got(_) => {
                stay(self);
                ExamTurn::Wait { asks: Vec::new(), tells: Vec::new() }
            }
            FetchTurn::Failed(fault) => {
                ExamTurn::end(ExamEnd::Unknown(Rejection::new(fault.code(), fault)), Vec::new())
            }
        }
    }

    fn account_read(
        &mut self,
        mut lookup: Box<Lookup>,
        id: AskId,
        answer: Answer,
        scene: Scene<'_>,
        access: &Access,
        env: &Env<'_>,
    ) -> ExamTurn {
        let person = Person { username: &self.account.account.username, email: self.account.email.as_ref() };
        let turn = match answer {
            Answer::HttpResponse(response) => lookup.answer(id, &response, person, scene.caller(), env),
            Answer::HttpFailed(failure) => Err(lookup.unanswered(id, failure, scene.caller(), env)),
            _ => {
                let rejection = super::super::out_of_turn("an answer of the application");
                return ExamTurn::end(ExamEnd::Unknown(rejection), Vec::new());
            }
        };
        let tells = lookup.tells();
        match turn {
            Ok(LookupTurn::Wait(asks)) => {
                self.stage = Stage::Account(lookup);
                ExamTurn::Wait { asks, tells }
            }
            Ok(LookupTurn::Read(remote)) => self.judge(&remote, scene, access, tells, env),
            Err(failure) => ExamTurn::end(ExamEnd::Unknown(failure.rejection), tells),
        }
    }

    fn judge(
        &mut self,
        remote: &RemoteState,
        scene: Scene<'_>,
        access: &Access,
        tells: Vec<Tell>,
        env: &Env<'_>,
    ) -> ExamTurn {
        let Some(account) = &remote.account else {
            return ExamTurn::end(ExamEnd::Spared(CleanupReason::NoAccountKnown), tells);
        };
        // What was found must be what was listed: a name that leads to somebody else's account leads nowhere.
        let same_id = match (&account.id, &self.account.account.id) {
            (Some(found), Some(listed)) => found == listed,
            _ => true,
        };
        let key = &env.settings.pii_key;
        let reference = account.reference();
        if !same_id || !FoldedName::same(account.username.expose(), self.account.account.username.expose()) {
            let rejection = Rejection::new(Code::AccountAmbiguous, "the name leads to another account");
            return ExamTurn::end(ExamEnd::Unknown(rejection), tells);
        }
        if contains(&scene.faces.seen, &reference, account.email.as_ref(), key) {
            return ExamTurn::end(ExamEnd::Spared(CleanupReason::SeenByThisSync), tells);
        }
        self.was_active = account.active;
        let identity = whose(&account.username, account.email.as_ref());
        let facts = remote.account_facts();
        let facts =
            Facts { identity: &identity, request: RequestFacts::default(), account: &facts, now: env.now };
        let known = scene.roster.filter(|(faces, _)| faces.knows(&reference, account.email.as_ref(), key));
        let mut used = usage(&remote.marker, known.map(|(_, at)| at), scene.provisioning);
        // A mark of ours does not say that this directory ever had the person.
        if known.is_none() && !env.settings.policy.cleanup.also_signed_in {
            used.last_touched = None;
        }
        let decision = decide_cleanup(&facts, used, scene.started_at, &env.settings.policy.cleanup);
        let Some(absence) = absence(decision.action) else {
            return ExamTurn::end(ExamEnd::Spared(decision.reason), tells);
        };
        // Whom the directory has, and only keeps out, may come back: nothing that cannot be undone.
        let is_there = contains(&scene.faces.inactive, &reference, account.email.as_ref(), key);
        let absence = match absence {
            Absence::Delete | Absence::Anonymize if is_there => Absence::Deactivate,
            absence => absence,
        };
        let weak = is_weak(scene, env);
        let absence = if weak { undoable(absence) } else { absence };
        if absence == Absence::Deactivate && !account.active {
            return ExamTurn::end(ExamEnd::Spared(CleanupReason::AlreadyDisabled), tells);
        }
        // Else whoever left would count in every run from now on, until the guardrail stops them all.
        if absence == Absence::RemoveGroups && !has_what_may_be_taken(remote, env) {
            return ExamTurn::end(ExamEnd::Spared(CleanupReason::NothingToTake), tells);
        }
        // The list of accounts may leave the address out.
        self.account.email = account.email.clone().or_else(|| self.account.email.clone());
        let key = Key::Username(self.account.account.username.expose().clone());
        let asks = self.ask(Question { key, absence, reason: decision.reason, weak }, scene, access, env);
        ExamTurn::Wait { asks, tells }
    }

    fn ask(
        &mut self,
        question: Question,
        scene: Scene<'_>,
        access: &Access,
        env: &Env<'_>,
    ) -> Vec<(AskId, Ask)> {
        let mut fetch = Fetch::new(scene.settings.source.look_up(&question.key));
        let ask = fetch.send(access, scene.settings.source.endpoint(), env);
        self.stage = Stage::Directory(Box::new(fetch), question);
        vec![(FETCH, ask)]
    }

    fn ask_groups(
        &mut self,
        cursor: Cursor,
        entry: Box<Entry>,
        question: Question,
        scene: Scene<'_>,
        access: &Access,
        env: &Env<'_>,
    ) -> ExamTurn {
        let mut fetch = Fetch::new(scene.settings.source.page(&cursor));
        let ask = fetch.send(access, scene.settings.source.endpoint(), env);
        self.stage = Stage::Groups(Box::new(fetch), Box::new(cursor), entry, question);
        ExamTurn::Wait { asks: vec![(FETCH, ask)], tells: Vec::new() }
    }

    /// The directory has the person, whom the rules kept out: do they still?
    fn outside(&mut self, entry: &Entry, question: Question, scene: Scene<'_>, env: &Env<'_>) -> ExamTurn {
        if !is_kept_out(entry, scene.settings.group_naming, env) {
            return ExamTurn::end(ExamEnd::Missed, Vec::new());
        }
        let account = self.account.account.clone();
        let removal = Removal { account, absence: undoable(question.absence) };
        self.settle(removal, question.reason, scene, env)
    }

    fn looked_up(
        &mut self,
        entry: Option<Entry>,
        question: Question,
        scene: Scene<'_>,
        access: &Access,
        env: &Env<'_>,
    ) -> ExamTurn {
        let account = &self.account.account;
        let kept_out = |set| contains(set, account, self.account.email.as_ref(), &env.settings.pii_key);
        if let Some(entry) = entry.as_ref().filter(|entry| entry.active) {
            // Somebody whom a page left out, or who came meanwhile.
            if !kept_out(&scene.faces.outside) {
                return ExamTurn::end(ExamEnd::Missed, Vec::new());
            }
            return match scene.settings.source.groups_of(entry) {
                None => self.outside(entry, question, scene, env),
                Some(cursor) => {
                    let entry = Entry { groups: Membership::Known(Vec::new()), ..entry.clone() };
                    self.ask_groups(cursor, Box::new(entry), question, scene, access, env)
                }
            };
        }
        let soft = entry.is_some() || question.weak;
        let absence = if soft { undoable(question.absence) } else { question.absence };
        // The directory may know the person by another name, but hardly by another address.
        if let (Key::Username(_), Some(email)) = (&question.key, &self.account.email) {
            let key = Key::Email(email.expose().clone());
            let asks = self.ask(Question { key, absence, ..question }, scene, access, env);
            return ExamTurn::Wait { asks, tells: Vec::new() };
        }
        if absence == Absence::Deactivate && !self.was_active {
            return ExamTurn::end(ExamEnd::Spared(CleanupReason::AlreadyDisabled), Vec::new());
        }
        self.settle(Removal { account: account.clone(), absence }, question.reason, scene, env)
    }

    fn settle(
        &mut self,
        removal: Removal,
        reason: CleanupReason,
        scene: Scene<'_>,
        env: &Env<'_>,
    ) -> ExamTurn {
        let Some(approved) = self.act else {
            return ExamTurn::end(ExamEnd::Candidate(removal, reason), Vec::new());
        };
        // What was approved may have become less meanwhile, and what would be done now was perhaps not approved.
        let removal = Removal { absence: milder(approved, removal.absence), ..removal };
        let entry = Box::new(Entry {
            id: String::new(),
            username: removal.account.username,
            active: false,
            email: self.account.email.clone(),
            display_name: None,
            attributes: BTreeMap::new(),
            groups: Membership::Unknown,
        });
        let turn = PersonFlow::start(scene.errand(&entry, removal.absence), env);
        self.leaving(turn, entry, removal.absence)
    }

    fn leaving(&mut self, turn: PersonTurn, entry: Box<Entry>, absence: Absence) -> ExamTurn {
        match turn {
            PersonTurn::Wait { inner, asks, tells } => {
                self.stage = Stage::Leaving(inner, entry, absence);
                ExamTurn::Wait { asks, tells }
            }
            PersonTurn::End { end, tells } => ExamTurn::end(ExamEnd::Left(*end), tells),
        }
    }
}

impl Scene<'_> {
    const fn caller(&self) -> Caller<'_> {
        Caller { provisioning: self.provisioning, request_id: "" }
    }

    fn errand<'a>(&'a self, person: &'a Entry, absence: Absence) -> Errand<'a> {
        Errand {
            person,
            intent: Intent::Absent(absence),
            account: None,
            provisioning: self.provisioning,
            groups_become: self.settings.groups_become,
            naming: self.settings.group_naming,
            request_id: "",
            dry_run: false,
            leaves_groups: false,
            budget: None,
            kept: None,
        }
    }
}

impl ExamTurn {
    fn end(end: ExamEnd, tells: Vec<Tell>) -> Self {
        Self::End { end: Box::new(end), tells }
    }
}

/// Is there anything that the rules take from somebody in no group of the directory, or give everybody?
fn has_what_may_be_taken(remote: &RemoteState, env: &Env<'_>) -> bool {
    let Some(account) = &remote.account else { return false };
    let groups = AssertedGroups::Known(BTreeSet::new());
    let nobody = Identity { groups, ..whose(&account.username, account.email.as_ref()) };
    let facts = remote.account_facts();
    let facts = Facts { identity: &nobody, request: RequestFacts::default(), account: &facts, now: env.now };
    let desired = decide(&facts, &env.settings.policy).desired;
    let has = GroupNames::from_iter(&account.groups);
    may_go(desired, &env.settings.policy).iter().any(|group| has.contains(group))
        || remote.marker.organizations() > 0
}

/// Can the directory know people by other names than the application, so that not having the name proves nothing?
fn is_weak(scene: Scene<'_>, env: &Env<'_>) -> bool {
    env.settings.identity.username_pattern.is_some()
        || scene.provisioning.link_by_email.is_some()
        || scene.provisioning.target.capabilities().accounts_by == AccountKeyKind::Email
}

/// Instead of what cannot be undone, what can.
const fn undoable(absence: Absence) -> Absence {
    match absence {
        Absence::Delete | Absence::Anonymize => Absence::Deactivate,
        Absence::Deactivate | Absence::RemoveGroups => absence,
    }
}

/// Whichever takes less.
const fn milder(one: Absence, other: Absence) -> Absence {
    const fn weight(absence: Absence) -> u8 {
        match absence {
            Absence::RemoveGroups => 0,
            Absence::Deactivate => 1,
            Absence::Anonymize => 2,
            Absence::Delete => 3,
        }
    }
    if weight(one) <= weight(other) { one } else { other }
}

/// What `mode` makes of an account; `None` for nothing.
#[must_use]
pub const fn absence(mode: CleanupMode) -> Option<Absence> {
    match mode {
        CleanupMode::Keep => None,
        CleanupMode::Disable => Some(Absence::Deactivate),
        CleanupMode::RemoveGroups => Some(Absence::RemoveGroups),
        CleanupMode::Delete => Some(Absence::Delete),
        CleanupMode::Anonymize => Some(Absence::Anonymize),
    }
}

/// What is remembered of the use of an account: by its marker, and by whether the last whole pull saw it.
fn usage(marker: &RemoteMarker, listed: Option<UnixTime>, provisioning: &Provisioning) -> AccountUse {
    let (signed_in, mark) = match marker {
        _ if !provisioning.target.capabilities().marker => (None, CustomerMark::Absent),
        RemoteMarker::NotRead | RemoteMarker::Foreign => (None, CustomerMark::Unknown),
        RemoteMarker::Absent => (None, CustomerMark::Absent),
        RemoteMarker::Present(marker) => {
            let touched = Some(marker.last_login.unwrap_or(UnixTime::from_secs(0)));
            let mark = match marker.customer_login {
                Some(_) => CustomerMark::Present { last_login: marker.last_login },
                None => CustomerMark::Absent,
            };
            (touched, mark)
        }
    };
    AccountUse { last_touched: signed_in.max(listed), mark }
}

/// The owner of an account, as conditions see people.
fn whose(username: &crate::base::Pii<String>, email: Option<&crate::base::Pii<String>>) -> Identity {
    Identity {
        username: username.clone(),
        name_id: None,
        email: email.cloned(),
        display_name: None,
        groups: AssertedGroups::Unknown(UnknownGroups::ClaimMissing),
        attributes: BTreeMap::new(),
        friendly_names: BTreeMap::new(),
        incomplete_attributes: BTreeSet::new(),
    }
}
