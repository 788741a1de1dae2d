//! A cleanup as a part of its run: when there is one, what it looks at, what is approved, and what is done.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::base::{Code, Pii, Rejection, UnixTime};
use crate::effect::{Answer, AskId, Event, Tell};
use crate::policy::{CleanupMode, CleanupReason};
use crate::provision::{Approved, ListedAccount, Page, Population, Removal, Removals};
use crate::sources::WholeDirectory;
use crate::targets::TargetError;

use super::super::Env;
use super::super::cleanup::{Exam, ExamEnd, ExamTurn, Scene};
use super::super::directory::PersonEnd;
use super::guest::{House, is_trouble};
use super::names::{Names, account_mark, contains};
use super::post::Desk;
use super::progress::Phase;
use super::record::{Faces, Head, Running};
use super::run::{After, Run, Stage};
use super::settings::FirstRun;

/// Pages of accounts: two million at a hundred a page, as for the directory.
const MAX_PAGES: u32 = 20_000;

/// Tries of one page of accounts.
const MAX_TRIES: u32 = 5;

/// The wait after the first failure, doubled after each other one.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// Removals in a row that fail before the rest is left alone.
const MAX_TROUBLED: u32 = 5;

/// People whom the directory has although no page showed them: people who come and go meanwhile are a few, and more mean that
/// the pull was not whole.
const MAX_MISSED: u32 = 5;

/// A cleanup under way.
#[derive(Debug)]
pub(super) struct Cleanup {
    /// The proof that the pull saw everybody: without it nobody gets here.
    _whole: WholeDirectory,
    /// Only tell.
    report_only: bool,
    /// Where the list of accounts goes on.
    page: Option<Page>,
    pages: u32,
    tries: u32,
    pause: Option<Duration>,
    waiting: VecDeque<ListedAccount>,
    exams: BTreeMap<u32, Exam>,
    next_exam: u32,
    removals: Option<Removals>,
    approved: Option<Approved<Removals>>,
    /// The addresses of those who would go: some applications know people by nothing else.
    emails: BTreeMap<String, Pii<String>>,
    troubled: u32,
    /// People whom the directory had after all.
    missed: u32,
}

impl Run {
    /// The pull is whole: looks for those who are gone, if anything is to become of them.
    pub(super) fn clean_up(&mut self, whole: WholeDirectory, env: &Env<'_>) {
        let Some(house) = self.house(env) else { return };
        if env.settings.policy.cleanup.mode == CleanupMode::Keep {
            return self.over(None, env);
        }
        let failed = self.progress.counts.failed;
        if failed > house.settings.max_failed_people {
            let detail = format_args!(
                "{failed} people could not be brought to the application, and at most {} are allowed",
                house.settings.max_failed_people
            );
            return self.over(Some(Rejection::new(Code::CleanupIncomplete, detail)), env);
        }
        self.progress.phase = Phase::Looking;
        self.cleanup = Some(Box::new(Cleanup {
            _whole: whole,
            report_only: self.dry_run,
            page: Some(Page::FIRST),
            pages: 0,
            tries: 0,
            pause: None,
            waiting: VecDeque::new(),
            exams: BTreeMap::new(),
            next_exam: 0,
            removals: Some(Removals::under(&house.settings.guardrail)),
            approved: None,
            emails: BTreeMap::new(),
            troubled: 0,
            missed: 0,
        }));
        match &self.head.roster {
            Some(roster) => {
                let (run, pages) = (roster.run, roster.pages);
                self.recall(run, pages, true, env);
            }
            None => self.roster_recalled(None, env),
        }
    }

    /// Who was there the last time is known, or certainly not.
    pub(super) fn roster_recalled(&mut self, faces: Option<Faces>, env: &Env<'_>) {
        let Some(house) = self.house(env) else { return };
        if faces.is_none() {
            // What cannot be read is no roster: this pull takes its place, and is the first.
            self.head.roster = None;
        }
        let Some(cleanup) = &mut self.cleanup else { return };
        // Two pulls soon after each other see the same mistake twice.
        let began = self.head.running.as_ref().map_or(UnixTime::from_secs(0), |running| running.started_at);
        let old_enough = self.head.roster.as_ref().is_some_and(|roster| {
            let age = began.saturating_since(roster.started_at);
            // A timer that is a little early is not too early.
            age.saturating_mul(10) >= house.settings.full_interval.saturating_mul(9)
        });
        cleanup.report_only |= !old_enough && house.settings.first_run == FirstRun::ReportOnly;
        self.roster = faces;
        self.stage = Stage::Cleanup;
        self.list_on(house, env);
    }

    /// Asks for the next page of accounts, or goes on to what was found.
    fn list_on(&mut self, house: House<'_>, env: &Env<'_>) {
        let Some(cleanup) = &mut self.cleanup else { return };
        let Some(page) = &cleanup.page else { return self.judge(house, env) };
        let Some(call) = house.provisioning.target.list_accounts(page) else {
            let detail = "the application cannot list its accounts";
            return self.stop_cleanup(&Rejection::new(Code::CleanupIncomplete, detail), env);
        };
        cleanup.pause = None;
        self.send(Desk::Page, AskId(0), crate::effect::Ask::HttpCall(call));
    }

    /// The application answered for a page of accounts.
    pub(super) fn cleanup_page(&mut self, answer: Answer, house: House<'_>, env: &Env<'_>) {
        let Some(cleanup) = &mut self.cleanup else { return };
        let Some(page) = cleanup.page.clone() else { return };
        let read = match answer {
            Answer::HttpResponse(response) => house.provisioning.target.listed_accounts(&page, &response),
            Answer::HttpFailed(failure) => Err(TargetError::NotReached(failure)),
            _ => return,
        };
        match read {
            Ok(listed) => {
                cleanup.tries = 0;
                cleanup.pages = cleanup.pages.saturating_add(1);
                let count = u64::try_from(listed.accounts.len()).unwrap_or(u64::MAX);
                self.progress.counts.accounts = self.progress.counts.accounts.saturating_add(count);
                if cleanup.pages >= MAX_PAGES || listed.next.as_ref() == Some(&page) {
                    let detail = "the application's list of accounts does not end";
                    return self.stop_cleanup(&Rejection::new(Code::CleanupIncomplete, detail), env);
                }
                cleanup.page = listed.next;
                let (faces, key) = (&self.faces, &env.settings.pii_key);
                let mut renamed = Vec::new();
                let owners = self.roster.as_ref().map(|roster| &roster.owners);
                let unseen = listed.accounts.into_iter().filter(|listed| {
                    !contains(&faces.seen, &listed.account, listed.email.as_ref(), key)
                        && !house.provisioning.is_protected(listed.account.username.expose())
                });
                for listed in unseen {
                    let mark = account_mark(&listed.account.username, key);
                    let owner = owners.and_then(|owners| owners.get(&mark));
                    // The person is there, and has another account now: nobody left this one.
                    let email = listed.email.as_ref();
                    let kept_out = [&faces.inactive, &faces.outside]
                        .iter()
                        .any(|set| contains(set, &listed.account, email, key));
                    if !kept_out && owner.is_some_and(|owner| faces.seen.has(*owner)) {
                        renamed.push(listed.account.username.keyed(key));
                    } else {
                        cleanup.waiting.push_back(listed);
                    }
                }
                for user in renamed {
                    let detail = "the owner of an account has another name now; the old account stays";
                    self.doubt(user, &Rejection::new(Code::CleanupPersonFound, detail), env);
                }
                self.examine(house, env);
            }
            Err(fault) => {
                cleanup.tries = cleanup.tries.saturating_add(1);
                let wanted = match fault {
                    TargetError::Throttled { retry_after, .. } => retry_after,
                    _ => Duration::ZERO,
                };
                let wait = FIRST_WAIT.saturating_mul(1 << cleanup.tries.saturating_sub(1).min(8)).max(wanted);
                if cleanup.tries >= MAX_TRIES {
                    let detail = format_args!("the application's accounts cannot be listed: {fault}");
                    return self.stop_cleanup(&Rejection::new(Code::CleanupIncomplete, detail), env);
                }
                cleanup.pause = Some(env.uptime.saturating_add(wait));
            }
        }
    }

    /// Looks at the accounts of the page, as many as may be at a time; then the next page comes.
    fn examine(&mut self, house: House<'_>, env: &Env<'_>) {
        loop {
            let Some(cleanup) = &mut self.cleanup else { return };
            if cleanup.exams.len() >= house.settings.parallel_people {
                return;
            }
            let Some(account) = cleanup.waiting.pop_front() else { break };
            let scene = scene(house, &self.faces, self.roster.as_ref(), &self.head);
            let (exam, turn) = Exam::start(account, None, scene, env);
            self.examining(exam, turn, house, env);
        }
        let idle = self.cleanup.as_ref().is_some_and(|cleanup| cleanup.exams.is_empty());
        if idle && matches!(self.stage, Stage::Cleanup) {
            self.list_on(house, env);
        }
    }

    fn examining(&mut self, exam: Exam, turn: ExamTurn, house: House<'_>, env: &Env<'_>) {
        let Some(cleanup) = &mut self.cleanup else { return };
        let number = cleanup.next_exam;
        cleanup.next_exam = number.wrapping_add(1);
        cleanup.exams.insert(number, exam);
        self.exam_turn(number, turn, house, env);
    }

    /// An answer about one account.
    pub(super) fn cleanup_guest(
        &mut self,
        number: u32,
        id: AskId,
        answer: Answer,
        house: House<'_>,
        env: &Env<'_>,
    ) {
        let scene = scene(house, &self.faces, self.roster.as_ref(), &self.head);
        let Some(cleanup) = &mut self.cleanup else { return };
        let Some(exam) = cleanup.exams.get_mut(&number) else { return };
        let turn = exam.answer(id, answer, scene, &mut self.access, env);
        let ended = matches!(turn, ExamTurn::End { .. });
        self.exam_turn(number, turn, house, env);
        if ended && self.cleanup.as_ref().is_some_and(|cleanup| cleanup.approved.is_none()) {
            self.examine(house, env);
        }
    }

    pub(super) fn cleanup_tick(&mut self, house: House<'_>, env: &Env<'_>) {
        let Some(cleanup) = &mut self.cleanup else { return };
        if cleanup.pause.is_some_and(|until| env.uptime >= until) {
            return self.list_on(house, env);
        }
        let scene = scene(house, &self.faces, self.roster.as_ref(), &self.head);
        let access = &self.access;
        let turns: Vec<_> = cleanup
            .exams
            .iter_mut()
            .filter_map(|(number, exam)| Some((*number, exam.tick(scene, access, env)?)))
            .collect();
        for (number, turn) in turns {
            self.exam_turn(number, turn, house, env);
        }
    }

    fn exam_turn(&mut self, number: u32, turn: ExamTurn, house: House<'_>, env: &Env<'_>) {
        if self.outcome.is_some() {
            return;
        }
        match turn {
            ExamTurn::Wait { asks, tells } => {
                self.tell(tells);
                for (theirs, ask) in asks {
                    self.send(Desk::Guest(number), theirs, ask);
                }
            }
            ExamTurn::End { end, tells } => {
                self.tell(tells);
                self.post.forget(Desk::Guest(number));
                let Some(exam) = self.cleanup.as_mut().and_then(|one| one.exams.remove(&number)) else {
                    return;
                };
                self.examined(&exam, *end, house, env);
            }
        }
    }

    /// One account was looked at.
    fn examined(&mut self, exam: &Exam, end: ExamEnd, house: House<'_>, env: &Env<'_>) {
        let user = exam.account().account.username.keyed(&env.settings.pii_key);
        let acting = self.cleanup.as_ref().is_some_and(|cleanup| cleanup.approved.is_some());
        match end {
            ExamEnd::Spared(reason) => {
                // How many are spared by what is worth a look: a mark that spares for good spares leavers too (R17).
                if matches!(reason, CleanupReason::Marked | CleanupReason::MarkedUntil(_)) {
                    self.tell(vec![Tell::Count { outcome: "cleanup_spared_by_mark", code: None }]);
                }
                if may_end(reason) {
                    self.carry(exam, env);
                }
            }
            ExamEnd::Missed => {
                self.carry(exam, env);
                let detail = "the directory has the owner of an account whom no page showed";
                self.doubt(user, &Rejection::new(Code::CleanupPersonFound, detail), env);
                let Some(cleanup) = &mut self.cleanup else { return };
                cleanup.missed = cleanup.missed.saturating_add(1);
                if cleanup.missed > MAX_MISSED {
                    let detail = "the directory's pages left out too many people whom it has";
                    return self.stop_cleanup(&Rejection::new(Code::CleanupIncomplete, detail), env);
                }
            }
            ExamEnd::Unknown(rejection) if rejection.code == Code::AccountProtected => {}
            ExamEnd::Unknown(rejection) => {
                self.carry(exam, env);
                self.doubt(user, &rejection, env);
            }
            ExamEnd::Candidate(removal, reason) => {
                self.progress.counts.candidates = self.progress.counts.candidates.saturating_add(1);
                self.tell(vec![candidate(user, &removal, reason)]);
                if let Some(Cleanup { removals: Some(removals), emails, .. }) = self.cleanup.as_deref_mut() {
                    let email = exam.account().email.clone();
                    emails.extend(email.map(|email| (removal.account.username.expose().clone(), email)));
                    removals.add(removal);
                }
                // One more than may go is enough to know that nobody goes.
                if self.counted() > house.settings.guardrail.max_deactivations {
                    return self.judge(house, env);
                }
            }
            ExamEnd::Left(end) => {
                // What the application refuses for an account that nobody can use is not asked for in every run.
                let again = match &end {
                    PersonEnd::Failed { rejection, .. } => exam.was_active() || is_trouble(rejection),
                    PersonEnd::Skipped(_) => exam.was_active(),
                    _ => false,
                };
                if again {
                    self.carry(exam, env);
                }
                return self.left(user, end, env);
            }
        }
        if acting {
            self.next_removal(env);
        }
    }

    fn counted(&self) -> u64 {
        let removals = self.cleanup.as_ref().and_then(|one| one.removals.as_ref());
        let before = self.head.running.as_ref().map_or(0, |running| running.removed);
        removals.map_or(0, Removals::len).saturating_add(before)
    }

    /// Everybody is known who would go: all of them may, or none.
    fn judge(&mut self, house: House<'_>, env: &Env<'_>) {
        let population = Population {
            seen: self.progress.counts.reached().saturating_add(self.progress.counts.failed),
            removed_before: self.head.running.as_ref().map_or(0, |running| running.removed),
        };
        let Some(cleanup) = &mut self.cleanup else { return };
        let Some(removals) = cleanup.removals.take() else { return };
        let (count, report_only) = (removals.len(), cleanup.report_only);
        match house.settings.guardrail.approve(removals, population) {
            Err(fault) => self.stop_cleanup(&Rejection::new(fault.code(), fault), env),
            Ok(_) if count == 0 => self.cleaned(env),
            Ok(_) if report_only => {
                let detail = format_args!("{count} accounts would be cleaned up");
                self.stop_cleanup(&Rejection::new(Code::CleanupReportOnly, detail), env);
            }
            Ok(approved) => {
                cleanup.approved = Some(approved);
                cleanup.exams.clear();
                cleanup.waiting.clear();
                self.progress.phase = Phase::Cleaning;
                // The lease is made sure of before anything is done, and after everything that was.
                self.save_removal(env);
            }
        }
    }

    fn save_removal(&mut self, env: &Env<'_>) {
        if self.saving.is_some() {
            // The lease is just being written, and what was done is counted with it the next time.
            self.stage = Stage::Saved(After::Removal);
            return;
        }
        self.stage = Stage::Saved(After::Removal);
        self.save_head(false, env);
    }

    /// What was done is written down; the next one follows.
    pub(super) fn removed(&mut self, env: &Env<'_>) {
        self.stage = Stage::Cleanup;
        self.next_removal(env);
    }

    fn next_removal(&mut self, env: &Env<'_>) {
        let Some(house) = self.house(env) else { return };
        let Some(cleanup) = &mut self.cleanup else { return };
        let Some(removal) = cleanup.approved.as_mut().and_then(Approved::take) else {
            return self.cleaned(env);
        };
        let email = cleanup.emails.remove(removal.account.username.expose());
        let approved = Some(removal.absence);
        let listed = ListedAccount { account: removal.account, email, active: true };
        let scene = scene(house, &self.faces, self.roster.as_ref(), &self.head);
        let (exam, turn) = Exam::start(listed, approved, scene, env);
        self.examining(exam, turn, house, env);
    }

    /// Something became of one account, or should have.
    fn left(&mut self, user: String, end: PersonEnd, env: &Env<'_>) {
        let Some(cleanup) = &mut self.cleanup else { return };
        match end {
            PersonEnd::Changed { .. } => {
                cleanup.troubled = 0;
                self.progress.counts.cleaned = self.progress.counts.cleaned.saturating_add(1);
                if let Some(running) = &mut self.head.running {
                    running.removed = running.removed.saturating_add(1);
                }
                self.tell(vec![Tell::Count { outcome: "account_cleaned_up", code: None }]);
            }
            PersonEnd::Unchanged { .. } | PersonEnd::Planned => cleanup.troubled = 0,
            PersonEnd::Skipped(rejection) => self.doubt(user, &rejection, env),
            PersonEnd::Failed { rejection, .. } => {
                cleanup.troubled = cleanup.troubled.saturating_add(1);
                let stop = cleanup.troubled >= MAX_TROUBLED;
                self.doubt(user, &rejection, env);
                if stop {
                    return self.stop_cleanup(&rejection, env);
                }
            }
        }
        self.save_removal(env);
    }

    fn doubt(&mut self, user: String, rejection: &Rejection, env: &Env<'_>) {
        self.tell(super::report::person_failed(user, rejection));
        self.progress.trouble(rejection.code, &rejection.detail, env.now);
    }

    /// Whom nobody came to know enough about is looked at again by the next cleanup: what is ours is known by the last one.
    fn carry(&mut self, exam: &Exam, env: &Env<'_>) {
        let (listed, key) = (exam.account(), &env.settings.pii_key);
        let Some(roster) = &self.roster else { return };
        if !roster.knows(&listed.account, listed.email.as_ref(), key) {
            return;
        }
        Names { set: &mut self.page.seen, key }.carried(&listed.account, listed.email.as_ref());
        let mark = account_mark(&listed.account.username, key);
        self.page.owners.extend(roster.owners.get(&mark).map(|owner| (mark, *owner)));
    }

    pub(super) fn cleaned(&mut self, env: &Env<'_>) {
        self.cleanup = None;
        self.post.forget(Desk::Page);
        if !self.dry_run && self.page != Faces::default() {
            self.stage = Stage::Saved(After::Carry);
            if self.saving.is_none() {
                let page = core::mem::take(&mut self.page);
                self.save_page(&page, env);
            }
            return;
        }
        self.over(None, env);
    }

    /// Nobody, or nobody else, is cleaned up in this run.
    fn stop_cleanup(&mut self, rejection: &Rejection, env: &Env<'_>) {
        self.cleanup = None;
        self.over(Some(rejection.clone()), env);
    }
}

/// What an exam is handed.
fn scene<'a>(house: House<'a>, faces: &'a Faces, roster: Option<&'a Faces>, head: &Head) -> Scene<'a> {
    let started = |running: &Running| running.started_at;
    Scene {
        settings: house.settings,
        provisioning: house.provisioning,
        faces,
        roster: roster.zip(head.roster.as_ref().map(|roster| roster.started_at)),
        started_at: head.running.as_ref().map_or(UnixTime::from_secs(0), started),
    }
}

/// Can what spares somebody end?
const fn may_end(reason: CleanupReason) -> bool {
    matches!(
        reason,
        CleanupReason::Marked
            | CleanupReason::MarkedUntil(_)
            | CleanupReason::MarkedWithoutTime
            | CleanupReason::MarkUnknown
            | CleanupReason::ConditionHolds
            | CleanupReason::ConditionUnknown
            | CleanupReason::SeenByThisSync
    )
}

/// Somebody would lose something.
fn candidate(user: String, removal: &Removal, reason: CleanupReason) -> Tell {
    Tell::Audit(Event {
        name: "cleanup_candidate",
        code: None,
        fields: vec![
            ("user", user),
            ("absence", removal.absence.as_str().to_owned()),
            ("reason", reason.to_string()),
        ],
    })
}
