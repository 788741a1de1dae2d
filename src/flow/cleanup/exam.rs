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
use crate::provision::{Absence, ListedAccount, RemoteMarker, RemoteState, Removal};
use crate::sources::{Access, Key};

use super::super::Env;
use super::super::directory::{Errand, Intent, PersonEnd, PersonFlow, PersonTurn};
use super::super::provisioning::{Caller, Lookup, LookupTurn, Person};
use super::super::settings::Provisioning;
use super::super::sync::fetch::{Fetch, FetchTurn};
use super::super::sync::names::contains;
use super::super::sync::record::Faces;
use super::super::sync::settings::Settings;

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
    /// It was approved: what is found now is done.
    act: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The application is being asked.
    Account(Box<Lookup>),
    /// The directory is being asked.
    Directory(Box<Fetch>, Key, Absence, CleanupReason),
    /// It is being done.
    Leaving(Box<PersonFlow>, Box<Entry>, Absence),
    /// Between two stages.
    Moving,
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
    /// Looks at `account`; with `act`, what is decided is done.
    pub(in crate::flow) fn start(
        account: ListedAccount,
        act: bool,
        scene: Scene<'_>,
        env: &Env<'_>,
    ) -> (Self, ExamTurn) {
        let person = Person { username: &account.account.username, email: account.email.as_ref() };
        let started = Lookup::start_by_name(RemoteState::default(), person, scene.caller(), env);
        match started {
            Ok((lookup, asks)) => {
                let exam = Self { account, act, stage: Stage::Account(Box::new(lookup)) };
                (exam, ExamTurn::Wait { asks, tells: Vec::new() })
            }
            Err(failure) => {
                let end = ExamEnd::Unknown(failure.rejection);
                (Self { account, act, stage: Stage::Moving }, ExamTurn::end(end, Vec::new()))
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
            Stage::Directory(mut fetch, key, absence, reason) => {
                let source = &scene.settings.source;
                let turn = match fetch.answer(answer, access, source.endpoint(), env) {
                    FetchTurn::Got(response) => match source.looked_up(&key, &response, env.now) {
                        Ok(entry) => return self.looked_up(entry.as_ref(), absence, reason, scene, env),
                        Err(fault) => fetch.again(fault, env),
                    },
                    turn => turn,
                };
                match turn {
                    FetchTurn::Ask(ask) => {
                        self.stage = Stage::Directory(fetch, key, absence, reason);
                        ExamTurn::Wait { asks: vec![(FETCH, ask)], tells: Vec::new() }
                    }
                    FetchTurn::Pause | FetchTurn::Got(_) => {
                        self.stage = Stage::Directory(fetch, key, absence, reason);
                        ExamTurn::Wait { asks: Vec::new(), tells: Vec::new() }
                    }
                    FetchTurn::Failed(fault) => {
                        ExamTurn::end(ExamEnd::Unknown(Rejection::new(fault.code(), fault)), Vec::new())
                    }
                }
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
        let Stage::Directory(fetch, ..) = &mut self.stage else { return None };
        let ask = fetch.tick(access, scene.settings.source.endpoint(), env)?;
        Some(ExamTurn::Wait { asks: vec![(FETCH, ask)], tells: Vec::new() })
    }

    /// Whose account it is.
    pub(in crate::flow) const fn account(&self) -> &ListedAccount {
        &self.account
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
        let identity = whose(&account.username, account.email.as_ref());
        let facts = remote.account_facts();
        let facts =
            Facts { identity: &identity, request: RequestFacts::default(), account: &facts, now: env.now };
        let known = scene.roster.filter(|(faces, _)| {
            [&faces.seen, &faces.inactive, &faces.outside]
                .iter()
                .any(|set| contains(set, &reference, account.email.as_ref(), key))
        });
        let used = usage(&remote.marker, known.map(|(_, at)| at), scene.provisioning);
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
        if is_there && absence == Absence::Deactivate && !account.active {
            return ExamTurn::end(ExamEnd::Spared(CleanupReason::AlreadyDisabled), tells);
        }
        // Else whoever left would count in every run from now on, until the guardrail stops them all.
        if absence == Absence::RemoveGroups && !has_what_may_be_taken(remote, env) {
            return ExamTurn::end(ExamEnd::Spared(CleanupReason::NothingToTake), tells);
        }
        let key = Key::Username(self.account.account.username.expose().clone());
        let mut fetch = Fetch::new(scene.settings.source.look_up(&key));
        let ask = fetch.send(access, scene.settings.source.endpoint(), env);
        self.stage = Stage::Directory(Box::new(fetch), key, absence, decision.reason);
        ExamTurn::Wait { asks: vec![(FETCH, ask)], tells }
    }

    fn looked_up(
        &mut self,
        entry: Option<&Entry>,
        absence: Absence,
        reason: CleanupReason,
        scene: Scene<'_>,
        env: &Env<'_>,
    ) -> ExamTurn {
        let account = &self.account.account;
        let kept_out = |set| contains(set, account, self.account.email.as_ref(), &env.settings.pii_key);
        // Somebody whom a page left out, or who came meanwhile.
        if entry.is_some_and(|entry| entry.active) && !kept_out(&scene.faces.outside) {
            return ExamTurn::end(ExamEnd::Missed, Vec::new());
        }
        if entry.is_some() && matches!(absence, Absence::Delete | Absence::Anonymize) {
            let deactivate = Removal { account: account.clone(), absence: Absence::Deactivate };
            return self.settle(deactivate, reason, scene, env);
        }
        self.settle(Removal { account: account.clone(), absence }, reason, scene, env)
    }

    fn settle(
        &mut self,
        removal: Removal,
        reason: CleanupReason,
        scene: Scene<'_>,
        env: &Env<'_>,
    ) -> ExamTurn {
        if !self.act {
            return ExamTurn::end(ExamEnd::Candidate(removal, reason), Vec::new());
        }
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
    !desired.may_remove.is_empty()
        || desired.ensure.iter().any(|group| has.contains(group))
        || remote.marker.organizations() > 0
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
