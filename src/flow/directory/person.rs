//! One person, brought to where a directory says.

use core::time::Duration;

use crate::base::{Code, Rejection};
use crate::directory::{GroupNaming, GroupsBecome, Person};
use crate::effect::{Answer, Ask, AskId, Tell};
use crate::identity::{self, Identity};
use crate::policy::RequestFacts;
use crate::provision::{Absence, AccountRef, Done, OperationKind};

use super::super::Env;
use super::super::provisioning::budget::RemovalBudget;
use super::super::provisioning::{
    Caller, DirectoryOccasion, End, Occasion, ProvisioningFlow, ProvisioningReport, ProvisioningTurn, SignIn,
};
use super::super::scim_pass::Names;
use super::super::settings::Provisioning;
use super::leaving::{LeavingFlow, LeavingTurn};

/// What is to become of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::flow) enum Intent {
    /// The application has what the rules make of the directory's entry.
    Present {
        /// A deactivated account is to be used again, whatever `provisioning.account` says of sign-ins: the directory was
        /// told so (J20), and does not only list somebody whose account an administrator deactivated.
        reactivate: bool,
    },
    /// The directory has the person no longer.
    Absent(Absence),
}

/// Who is brought where. The same for every turn of one [`PersonFlow`].
#[derive(Clone, Copy)]
pub(in crate::flow) struct Errand<'a> {
    pub(in crate::flow) person: &'a Person,
    pub(in crate::flow) intent: Intent,
    /// Whoever leaves leaves exactly this account: what has its name but is another is nobody's business.
    pub(in crate::flow) account: Option<&'a AccountRef>,
    pub(in crate::flow) provisioning: &'a Provisioning,
    pub(in crate::flow) groups_become: GroupsBecome,
    pub(in crate::flow) naming: GroupNaming,
    /// Goes out with every call; empty for none.
    pub(in crate::flow) request_id: &'a str,
    /// Plan and tell, but change nothing.
    pub(in crate::flow) dry_run: bool,
    /// Memberships are given to new accounts only (`memberships_managed_by: SIGN_IN`).
    pub(in crate::flow) leaves_groups: bool,
    /// What a run may take from everybody together; `None` for one person's own change.
    pub(in crate::flow) budget: Option<&'a RemovalBudget>,
    /// Groups of which somebody else keeps the members, and which are neither given nor taken.
    pub(in crate::flow) kept: Option<&'a Names>,
}

/// Somebody on the way.
#[derive(Debug)]
pub(in crate::flow) struct PersonFlow {
    identity: Identity,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Coming(Box<ProvisioningFlow>),
    Leaving(Box<LeavingFlow>),
}

/// One turn.
#[derive(Debug)]
pub(in crate::flow) enum PersonTurn {
    Wait { inner: Box<PersonFlow>, asks: Vec<(AskId, Ask)>, tells: Vec<Tell> },
    End { end: Box<PersonEnd>, tells: Vec<Tell> },
}

/// Where somebody is now.
#[derive(Debug)]
pub(in crate::flow) enum PersonEnd {
    /// Where the directory says. Nothing was sent but questions, or not even those.
    Unchanged { account: Option<AccountRef> },
    /// Where the directory says.
    Changed { done: Vec<(OperationKind, Done)>, account: Option<AccountRef> },
    /// What would have been done, by a dry run.
    Planned,
    /// Where they were, and rightly so: a rule, or what is known of the account, keeps the person out. Nothing is to be
    /// tried again.
    Skipped(Rejection),
    /// Nobody knows; the next try finds out and goes on.
    Failed {
        rejection: Rejection,
        /// The application wants to be left alone for so long.
        retry_after: Option<Duration>,
    },
}

impl PersonFlow {
    /// Begins.
    pub(in crate::flow) fn start(errand: Errand<'_>, env: &Env<'_>) -> PersonTurn {
        // Who leaves is named as the application names them: a pattern for names of the identity provider could make somebody
        // else's name of it.
        let as_it_is = identity::Settings::default();
        let settings = match errand.intent {
            Intent::Present { .. } => &env.settings.identity,
            Intent::Absent(_) => &as_it_is,
        };
        let identity = match errand.person.identity(errand.naming, settings) {
            Ok(identity) => identity,
            Err(fault) => {
                let end = Box::new(PersonEnd::Skipped(Rejection::new(fault.code(), fault)));
                return PersonTurn::End { end, tells: Vec::new() };
            }
        };
        match errand.intent {
            Intent::Present { reactivate } => {
                let turn = ProvisioningFlow::start(errand.sign_in(&identity, reactivate));
                Self::came(identity, turn)
            }
            Intent::Absent(absence) => {
                let turn = LeavingFlow::start(errand.leaver(&identity, absence), env);
                Self::left(identity, turn)
            }
        }
    }

    /// Takes the answer to `id`.
    pub(in crate::flow) fn answer(
        self,
        id: AskId,
        answer: Answer,
        errand: Errand<'_>,
        env: &Env<'_>,
    ) -> PersonTurn {
        let Self { identity, stage } = self;
        match (stage, errand.intent) {
            (Stage::Coming(flow), Intent::Present { reactivate }) => {
                let turn = flow.answer(id, answer, errand.sign_in(&identity, reactivate), env);
                Self::came(identity, turn)
            }
            (Stage::Leaving(flow), Intent::Absent(absence)) => {
                let turn = flow.answer(id, answer, errand.leaver(&identity, absence), env);
                Self::left(identity, turn)
            }
            _ => {
                let rejection = Rejection::new(Code::HostCallFailed, "the errand changed on the way");
                PersonTurn::End { end: Box::new(PersonEnd::of(rejection, None)), tells: Vec::new() }
            }
        }
    }

    fn came(identity: Identity, turn: ProvisioningTurn) -> PersonTurn {
        match turn {
            ProvisioningTurn::Wait { inner, asks, tells } => {
                let inner = Box::new(Self { identity, stage: Stage::Coming(inner) });
                PersonTurn::Wait { inner, asks, tells }
            }
            ProvisioningTurn::End { end, tells } => {
                let end = match *end {
                    End::Done { report, account, .. } => PersonEnd::reported(report, account),
                    End::Failed { rejection, retry_after, .. } => PersonEnd::of(rejection, retry_after),
                };
                PersonTurn::End { end: Box::new(end), tells }
            }
        }
    }

    fn left(identity: Identity, turn: LeavingTurn) -> PersonTurn {
        match turn {
            LeavingTurn::Wait { inner, asks, tells } => {
                let inner = Box::new(Self { identity, stage: Stage::Leaving(inner) });
                PersonTurn::Wait { inner, asks, tells }
            }
            LeavingTurn::End { end, tells } => PersonTurn::End { end, tells },
        }
    }
}

impl<'a> Errand<'a> {
    fn sign_in(&self, identity: &'a Identity, reactivates: bool) -> SignIn<'a> {
        let Self { provisioning, groups_become, request_id, dry_run, leaves_groups, budget, kept, .. } =
            *self;
        SignIn {
            identity,
            request: RequestFacts::default(),
            provisioning,
            request_id,
            is_new: false,
            occasion: Occasion::Directory(DirectoryOccasion {
                groups_become,
                reactivates,
                dry_run,
                leaves_groups,
                budget,
                kept,
            }),
        }
    }

    const fn leaver(&self, identity: &'a Identity, absence: Absence) -> super::leaving::Leaver<'a> {
        super::leaving::Leaver {
            identity,
            account: self.account,
            absence,
            caller: Caller { provisioning: self.provisioning, request_id: self.request_id },
            dry_run: self.dry_run,
        }
    }
}

impl PersonEnd {
    /// What was refused for the person's own sake, or for want of an answer.
    pub(super) fn of(rejection: Rejection, retry_after: Option<Duration>) -> Self {
        match rejection.code {
            Code::AccessDenied
            | Code::RequiredGroupMissing
            | Code::NoMappedGroup
            | Code::AccountAbsent
            | Code::AccountInactive
            | Code::AccountAmbiguous
            | Code::AccountProtected
            | Code::EmailMissing => Self::Skipped(rejection),
            _ => Self::Failed { rejection, retry_after },
        }
    }

    fn reported(report: ProvisioningReport, account: Option<AccountRef>) -> Self {
        match report {
            ProvisioningReport::Done(done) if done.is_empty() => Self::Unchanged { account },
            ProvisioningReport::Done(done) => Self::Changed { done, account },
            ProvisioningReport::Unchanged | ProvisioningReport::HeadersOnly => Self::Unchanged { account },
            ProvisioningReport::DryRun(planned) if planned.is_empty() => Self::Unchanged { account },
            ProvisioningReport::DryRun(_) => Self::Planned,
            // `on_guardrail: CONTINUE` lets people in; it brings nobody anywhere.
            ProvisioningReport::Failed(code) => {
                let rejection = Rejection::new(code, "the plan went too far, and nothing of it was done");
                Self::Failed { rejection, retry_after: None }
            }
        }
    }
}
