//! Reading what the application has, then deciding and planning.

use crate::base::{Code, Rejection, UnixTime};
use crate::directory::GroupsBecome;
use crate::effect::{AskId, CallFailure, Tell};
use crate::http::HttpResponse;
use crate::identity::AssertedGroups;
use crate::policy::{
    self, AccountDecision, AccountFacts, AccountRefusal, Admitted, Decision, DesiredGroups, Facts,
};
use crate::provision::{
    Approved, CustomerAccess, DesiredState, Guardrail, MarkerUpdate, Operation, Plan, Progress, RemoteMarker,
    RemoteState, plan,
};
use crate::session::account_mark;

use super::super::settings::{MAX_PROVISIONING_TIME, OnGuardrail};
use super::super::{Env, event};
use super::audit;
use super::carry_out::ExpectOperation;
use super::inquiry::Failure;
use super::lookup::{Lookup, LookupTurn};
use super::work::{Left, Work, WorkTurn};
use super::{DirectoryOccasion, End, Occasion, ProvisioningReport, SignIn};

/// Waits until account, groups and marker are read.
#[derive(Debug)]
pub(super) struct ExpectFacts {
    began: UnixTime,
    lookup: Lookup,
    counts_seats: bool,
}

impl ExpectFacts {
    pub(super) fn start(
        known: RemoteState,
        counts_seats: bool,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> WorkTurn {
        if !sign_in.provisioning.target.capabilities().reads {
            return begin(env.now, counts_seats, known, Vec::new(), sign_in, env);
        }
        match Lookup::start(known, sign_in.person(), sign_in.caller(), env) {
            Ok((lookup, asks)) => {
                let state = Self { began: env.now, lookup, counts_seats };
                WorkTurn::Wait { work: Box::new(Work::ExpectFacts(state)), asks, tells: Vec::new() }
            }
            Err(failure) => unread(failure, Vec::new()),
        }
    }

    pub(super) fn answer(
        mut self,
        id: AskId,
        response: &HttpResponse,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> WorkTurn {
        let turn = self.lookup.answer(id, response, sign_in.person(), sign_in.caller(), env);
        let tells = self.lookup.tells();
        match turn {
            Ok(LookupTurn::Wait(asks)) => {
                if env.now.saturating_since(self.began) > MAX_PROVISIONING_TIME {
                    let detail = "the application is too slow: it is still being read";
                    let rejection = Rejection::new(Code::TargetUnreachable, detail);
                    return WorkTurn::failed(rejection, Left::Badly(None), None, tells);
                }
                WorkTurn::Wait { work: Box::new(Work::ExpectFacts(self)), asks, tells }
            }
            Ok(LookupTurn::Read(remote)) => {
                begin(self.began, self.counts_seats, *remote, tells, sign_in, env)
            }
            Err(failure) => unread(failure, tells),
        }
    }

    pub(super) fn unanswered(
        mut self,
        id: AskId,
        failure: CallFailure,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> WorkTurn {
        let failure = self.lookup.unanswered(id, failure, sign_in.caller(), env);
        unread(failure, self.lookup.tells())
    }
}

fn unread(failure: Failure, tells: Vec<Tell>) -> WorkTurn {
    let left = failure.fault.map_or(Left::Badly(None), |fault| Left::after(&fault, None));
    WorkTurn::failed(failure.rejection, left, None, tells)
}

/// The end of the sign-in if nothing is to be changed at an account that is as `remembered`; `None` when the application
/// has to be asked.
pub(super) fn unchanged(remembered: RemoteState, sign_in: SignIn<'_>, env: &Env<'_>) -> Option<WorkTurn> {
    let protected = |name: &str| sign_in.provisioning.is_protected(name);
    let account = remembered.account.as_ref()?;
    if protected(account.username.expose()) || protected(sign_in.identity.username.expose()) {
        return None;
    }
    let admitted = decide(&remembered, sign_in, env).admit().ok()?;
    let desired = desired(admitted.decision(), &remembered, sign_in, env).ok()?;
    let planned = plan(&desired, &remembered, &sign_in.provisioning.rules).ok()?;
    let nothing_new = match planned.operations() {
        [] => true,
        // The application cannot be read: what it would be told now is compared with what it was told last.
        [Operation::Deliver(delivery)] => delivery.told().id == account.id,
        _ => false,
    };
    if !nothing_new {
        return None;
    }
    let username = remembered.linked_username();
    let account = Some(account.reference());
    let end = Box::new(End::Done { admitted, report: ProvisioningReport::Unchanged, username, account });
    Some(WorkTurn::End { ended: Left::Untouched, end, counted_seats: false, tells: Vec::new() })
}

/// Everything was read: decide, plan, approve, and carry out the first operation.
fn begin(
    began: UnixTime,
    counts_seats: bool,
    remote: RemoteState,
    mut tells: Vec<Tell>,
    sign_in: SignIn<'_>,
    env: &Env<'_>,
) -> WorkTurn {
    let admitted = match decide(&remote, sign_in, env).admit() {
        Ok(admitted) => admitted,
        Err(refusal) => {
            let rejection = Rejection::new(refusal.code(), refusal);
            return WorkTurn::failed(rejection, Left::Badly(Some(Box::new(remote))), None, tells);
        }
    };
    if remote.linked {
        tells.push(audit::linked(sign_in, env));
    }
    match approve(admitted.decision(), &remote, sign_in, env).and_then(|plan| within_budget(plan, sign_in)) {
        Ok(approved) => {
            if approved.inner().has_email_conflict() {
                let detail = "the identity provider sends another e-mail address than the account has, and the \
                              application does not let it be changed";
                tells.extend(audit::notice(Code::EmailConflict, detail, sign_in, env));
            }
            if sign_in.is_dry_run() {
                return dry_run(&approved, admitted, remote, tells, sign_in, env);
            }
            let progress = Progress::new(approved);
            ExpectOperation::new(began, counts_seats, admitted, remote, progress, tells).next(sign_in, env)
        }
        Err(rejection)
            if rejection.code == Code::GuardrailExceeded
                && sign_in.provisioning.on_guardrail == OnGuardrail::Continue
                && remote.account.as_ref().is_some_and(|account| account.active) =>
        {
            tells.push(event::refused(&rejection, sign_in.request_id));
            tells.push(Tell::Count { outcome: "plan_refused", code: Some(rejection.code) });
            let admitted = with_what_they_have(admitted, &remote);
            let report = ProvisioningReport::Failed(rejection.code);
            WorkTurn::done(admitted, report, remote, false, tells)
        }
        Err(rejection) => {
            WorkTurn::failed(rejection, Left::Badly(Some(Box::new(remote))), Some(admitted), tells)
        }
    }
}

/// The plan, if what it takes away is not too much beside what was taken from others in the same run.
fn within_budget(plan: Approved<Plan>, sign_in: SignIn<'_>) -> Result<Approved<Plan>, Rejection> {
    if let Occasion::Directory(DirectoryOccasion { budget: Some(budget), .. }) = sign_in.occasion {
        let nowhere = matches!(&sign_in.identity.groups, AssertedGroups::Known(names) if names.is_empty());
        budget.admit(plan.inner(), nowhere)?;
    }
    Ok(plan)
}

/// Everything but the calls.
fn dry_run(
    approved: &Approved<Plan>,
    admitted: Admitted,
    remote: RemoteState,
    mut tells: Vec<Tell>,
    sign_in: SignIn<'_>,
    env: &Env<'_>,
) -> WorkTurn {
    let operations = approved.inner().operations();
    let took = core::time::Duration::ZERO;
    tells.extend(operations.iter().map(|operation| {
        audit::change(operation, ("dry_run", None), took, admitted.decision(), sign_in, env)
    }));
    if remote.account.as_ref().is_some_and(|account| !account.active) {
        let rejection = Rejection::new(Code::AccountInactive, "a dry run activates no account");
        return WorkTurn::failed(rejection, Left::Badly(None), None, tells);
    }
    let report = ProvisioningReport::DryRun(operations.iter().map(|operation| operation.kind()).collect());
    let admitted = with_what_they_have(admitted, &remote);
    WorkTurn::done(admitted, report, remote, false, tells)
}

/// Headers speak only of what was decided and is there.
pub(super) fn with_what_they_have(mut admitted: Admitted, remote: &RemoteState) -> Admitted {
    let had = policy::GroupNames::from_iter(remote.account.iter().flat_map(|account| &account.groups));
    let decided = admitted.decision().application_groups.clone();
    for group in decided.iter().filter(|group| !had.contains(group)) {
        admitted.forget(group);
    }
    admitted
}

/// What the person should get on top of `remote`.
pub(in crate::flow) fn decide(remote: &RemoteState, sign_in: SignIn<'_>, env: &Env<'_>) -> Decision {
    let SignIn { identity, request, provisioning, .. } = sign_in;
    let mut account =
        if provisioning.target.capabilities().reads { remote.account_facts() } else { AccountFacts::Unknown };
    // A marker says better than the sign-in of then whether everything was done.
    if sign_in.is_new
        && matches!(remote.marker, RemoteMarker::Absent | RemoteMarker::NotRead)
        && let AccountFacts::Present { unfinished, .. } = &mut account
    {
        *unfinished = true;
    }
    let facts = Facts { identity, request, account: &account, now: env.now };
    let mut decision = policy::decide(&facts, &env.settings.policy);
    if !provisioning.target.capabilities().reads {
        // It cannot be asked what the account has, so it is told what would be taken from one that has everything.
        let groups = env.settings.policy.group_mapping.names().map(str::to_owned).collect();
        let whole = AccountFacts::Present { groups, active: true, unfinished: false };
        let facts = Facts { account: &whole, ..facts };
        decision.desired.may_remove = policy::decide(&facts, &env.settings.policy).desired.may_remove;
    }
    if let Occasion::Directory(occasion) = sign_in.occasion {
        let settled = matches!(account, AccountFacts::Present { unfinished: false, .. });
        of_directory(&mut decision, settled, occasion);
    }
    decision
}

/// What a directory decides otherwise than a sign-in.
fn of_directory(decision: &mut Decision, settled: bool, occasion: DirectoryOccasion<'_>) {
    if occasion.leaves_groups && settled {
        decision.desired = DesiredGroups::default();
    }
    if let Some(kept) = occasion.kept {
        let DesiredGroups { ensure, if_it_exists, may_remove } = &mut decision.desired;
        for groups in [ensure, if_it_exists, may_remove] {
            groups.retain(|group| !kept.keeps(group));
        }
    }
    if occasion.reactivates && decision.account == AccountDecision::Refuse(AccountRefusal::Inactive) {
        decision.account = AccountDecision::Reactivate { update: true };
    }
    if occasion.groups_become == GroupsBecome::Organizations {
        // Customers use no licence, and groups are what licences hang on (J3).
        decision.customer = true;
        decision.desired = DesiredGroups::default();
        decision.application_groups.clear();
    }
}

/// The way from `remote` to `decision`, if the guardrail lets it pass.
pub(in crate::flow) fn approve(
    decision: &Decision,
    remote: &RemoteState,
    sign_in: SignIn<'_>,
    env: &Env<'_>,
) -> Result<Approved<Plan>, Rejection> {
    let rules = &sign_in.provisioning.rules;
    let desired = desired(decision, remote, sign_in, env)?;
    let plan = plan(&desired, remote, rules).map_err(|fault| Rejection::new(fault.code(), fault))?;
    Guardrail::new(rules).approve(plan).map_err(|fault| Rejection::new(fault.code(), fault))
}

/// What the application should have about the person.
fn desired(
    decision: &Decision,
    remote: &RemoteState,
    sign_in: SignIn<'_>,
    env: &Env<'_>,
) -> Result<DesiredState, Rejection> {
    let SignIn { identity, provisioning, .. } = sign_in;
    let username = sign_in.person().key(provisioning)?.value().clone();
    let is_new = matches!(remote.account_facts().is_new(), Some(true));
    let proof = is_new
        .then(|| account_mark::seal(username.expose(), env.now, &env.settings.session, env.entropy))
        .flatten();
    let marker = match sign_in.occasion {
        Occasion::SignIn => Some(signed_in(decision, sign_in, proof, env)),
        Occasion::Directory(occasion) => listed(occasion, remote, sign_in, proof),
    };
    Ok(DesiredState {
        username,
        email: identity.email.clone(),
        display_name: identity.display_name.clone(),
        profile: provisioning.profile_of(identity),
        is_customer: decision.customer,
        account: decision.account,
        groups: decision.desired.clone(),
        marker,
    })
}

/// What a sign-in leaves at the account.
fn signed_in(decision: &Decision, sign_in: SignIn<'_>, proof: Option<String>, env: &Env<'_>) -> MarkerUpdate {
    let SignIn { identity, provisioning, .. } = sign_in;
    let customer_login = decision.mark.then(|| {
        identity.name_id.as_ref().map_or_else(|| identity.username.clone(), |name_id| name_id.value().clone())
    });
    let customers = provisioning.customers.as_ref();
    let customers = customers.filter(|customers| decision.customer || !customers.only_portal_sign_ins);
    MarkerUpdate {
        customer_login,
        signed_in_at: Some(env.now),
        customer: customers.and_then(|customers| customers.access_of(identity)),
        proof,
    }
}

/// What a directory leaves there: where the customer belongs, and that a new account is unfinished. Where it has nothing
/// to say no marker is written, not even for accounts without one: that would be a write for each of them.
fn listed(
    occasion: DirectoryOccasion<'_>,
    remote: &RemoteState,
    sign_in: SignIn<'_>,
    proof: Option<String>,
) -> Option<MarkerUpdate> {
    let SignIn { identity, provisioning, .. } = sign_in;
    let customers = provisioning.customers.as_ref();
    let customer = match (occasion.groups_become, &identity.groups) {
        (GroupsBecome::Organizations, AssertedGroups::Known(names)) => {
            customers.and_then(|customers| customers.access_by(names.clone()))
        }
        (GroupsBecome::Organizations, AssertedGroups::Unknown(_)) => None,
        (GroupsBecome::Groups, _) => {
            let everybody = customers.filter(|customers| !customers.only_portal_sign_ins);
            everybody.and_then(|customers| customers.access_of(identity))
        }
    };
    let unfinished = matches!(&remote.marker, RemoteMarker::Present(marker) if marker.unfinished);
    if occasion.leaves_groups && remote.account.is_some() && !unfinished {
        return None;
    }
    let nowhere = matches!(remote.marker, RemoteMarker::Absent)
        && customer.as_ref().is_none_or(CustomerAccess::is_nowhere);
    if remote.account.is_some() && !unfinished && (customer.is_none() || nowhere) {
        return None;
    }
    Some(MarkerUpdate { customer_login: None, signed_in_at: None, customer, proof })
}
