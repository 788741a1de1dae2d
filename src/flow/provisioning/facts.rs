//! Reading what the application has, then deciding and planning.

use crate::base::{Rejection, UnixTime};
use crate::effect::{AskId, CallFailure};
use crate::http::HttpResponse;
use crate::policy::{self, AccountFacts, Decision, Facts};
use crate::provision::{
    Approved, CustomerAccess, DesiredState, Guardrail, MarkerUpdate, Operation, Plan, Progress, RemoteState,
    plan,
};

use super::super::Env;
use super::carry_out::ExpectOperation;
use super::lookup::{Lookup, LookupTurn};
use super::{ProvisioningFlow, ProvisioningReport, ProvisioningTurn, SignIn};

/// Waits until account, groups and marker are read.
#[derive(Debug)]
pub(in crate::flow) struct ExpectFacts {
    began: UnixTime,
    lookup: Lookup,
}

impl ExpectFacts {
    pub(super) fn start(sign_in: SignIn<'_>, env: &Env<'_>) -> ProvisioningTurn {
        let known = RemoteState::default();
        if !sign_in.provisioning.target.capabilities().reads {
            return begin(env.now, known, sign_in, env);
        }
        match Lookup::start(known, sign_in.person(), sign_in.caller()) {
            Ok((lookup, asks)) => {
                let state = Self { began: env.now, lookup };
                ProvisioningTurn::Wait { inner: ProvisioningFlow::ExpectFacts(state), asks }
            }
            Err(rejection) => ProvisioningTurn::failed(rejection),
        }
    }

    pub(super) fn answer(
        mut self,
        id: AskId,
        response: &HttpResponse,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> ProvisioningTurn {
        match self.lookup.answer(id, response, sign_in.person(), sign_in.caller()) {
            Ok(LookupTurn::Wait(asks)) => {
                ProvisioningTurn::Wait { inner: ProvisioningFlow::ExpectFacts(self), asks }
            }
            Ok(LookupTurn::Read(remote)) => begin(self.began, *remote, sign_in, env),
            Err(rejection) => ProvisioningTurn::failed(rejection),
        }
    }

    pub(super) fn unanswered(mut self, id: AskId, failure: CallFailure) -> ProvisioningTurn {
        ProvisioningTurn::failed(self.lookup.unanswered(id, failure))
    }
}

/// Everything was read: decide, plan, approve, and carry out the first operation.
fn begin(began: UnixTime, remote: RemoteState, sign_in: SignIn<'_>, env: &Env<'_>) -> ProvisioningTurn {
    let admitted = match decide(&remote, sign_in, env).admit() {
        Ok(admitted) => admitted,
        Err(refusal) => return ProvisioningTurn::failed(Rejection::new(refusal.code(), refusal)),
    };
    match approve(admitted.decision(), &remote, sign_in, env) {
        Ok(approved) if sign_in.provisioning.dry_run => {
            let kinds = approved.inner().operations().iter().map(Operation::kind).collect();
            let username = remote.linked_username();
            ProvisioningTurn::Done { admitted, report: ProvisioningReport::DryRun(kinds), username }
        }
        Ok(approved) => {
            ExpectOperation::new(began, admitted, remote, Progress::new(approved)).next(sign_in, env)
        }
        Err(rejection) => ProvisioningTurn::Failed { rejection, admitted: Some(admitted) },
    }
}

/// What the person should get on top of `remote`.
pub(in crate::flow) fn decide(remote: &RemoteState, sign_in: SignIn<'_>, env: &Env<'_>) -> Decision {
    let SignIn { identity, request, provisioning, .. } = sign_in;
    let account =
        if provisioning.target.capabilities().reads { remote.account_facts() } else { AccountFacts::Unknown };
    let facts = Facts { identity, request, account: &account, now: env.now };
    policy::decide(&facts, &env.settings.policy)
}

/// The way from `remote` to `decision`, if the guardrail lets it pass.
pub(in crate::flow) fn approve(
    decision: &Decision,
    remote: &RemoteState,
    sign_in: SignIn<'_>,
    env: &Env<'_>,
) -> Result<Approved<Plan>, Rejection> {
    let rules = &sign_in.provisioning.rules;
    let desired = desired(decision, sign_in, env)?;
    let plan = plan(&desired, remote, rules).map_err(|fault| Rejection::new(fault.code(), fault))?;
    Guardrail::new(rules).approve(plan).map_err(|fault| Rejection::new(fault.code(), fault))
}

/// What the application should have about the person.
fn desired(decision: &Decision, sign_in: SignIn<'_>, env: &Env<'_>) -> Result<DesiredState, Rejection> {
    let SignIn { identity, provisioning, .. } = sign_in;
    let customer_login = decision.mark.then(|| {
        identity.name_id.as_ref().map_or_else(|| identity.username.clone(), |name_id| name_id.value().clone())
    });
    let customers = provisioning.customers.as_ref();
    let customers = customers.filter(|customers| decision.customer || !customers.only_portal_sign_ins);
    Ok(DesiredState {
        username: sign_in.person().key(provisioning)?.value().clone(),
        email: identity.email.clone(),
        display_name: identity.display_name.clone(),
        profile: provisioning.profile_of(identity),
        is_customer: decision.customer,
        account: decision.account,
        groups: decision.desired.clone(),
        marker: Some(MarkerUpdate {
            customer_login,
            signed_in_at: Some(env.now),
            customer: customers.map(|customers| CustomerAccess {
                organizations: customers.organizations_of(identity),
                service_desks: customers.service_desks.clone(),
            }),
        }),
    })
}
