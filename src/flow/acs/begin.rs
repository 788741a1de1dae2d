//! The end of a sign-in: the session begins.

use crate::base::Pii;
use crate::effect::{Event, Tell, Verdict};
use crate::http::SetCookie;
use crate::policy::{Admitted, Decision};
use crate::session::replay::ReplayClaim;
use crate::session::{self, Session, last_idp, pending_request, rounds};

use super::super::provisioning::ProvisioningReport;
use super::super::{Env, Step};
use super::candidate::Candidate;
use super::{AcsFlow, led_to};

/// The session begins, and the browser returns to where it wanted to go.
pub(super) fn begin(
    candidate: Candidate,
    claim: ReplayClaim,
    admitted: &Admitted,
    report: &ProvisioningReport,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    let settings = env.settings;
    let identity = candidate.acting();
    let forwarded = settings.headers.forwarded(&identity, admitted);
    let sealed = Session::begin(
        &candidate.assertion,
        &identity,
        claim,
        forwarded,
        env.now,
        &settings.session,
        env.entropy,
    )
    .and_then(|session| {
        session::seal(&session, &settings.session, &candidate.visit.borrowed_cookies(), env.entropy)
    });
    let cookies = match sealed {
        Ok(cookies) => cookies,
        Err(fault) => return candidate.refuse_session(&fault),
    };
    let used_up = pending_request::clear(&candidate.relay_state, &settings.session);
    let notes = notes(&candidate, env);
    Step::End {
        verdict: Verdict::Reply(led_to(
            &candidate.pending.target,
            cookies.iter().chain(&used_up).chain(&notes),
        )),
        tells: vec![
            signed_in(&candidate, admitted.decision(), report, env),
            Tell::Count { outcome: "sign_in_accepted", code: None },
        ],
    }
}

/// What the browser is given beside its session. Nobody stays out for want of it.
fn notes(candidate: &Candidate, env: &Env<'_>) -> Vec<SetCookie> {
    let Env { settings, entropy, now, .. } = *env;
    let round = rounds::completed(&candidate.visit.borrowed_cookies(), &settings.session, now, entropy);
    let remember_for = settings.discovery.as_ref().and_then(|discovery| discovery.remember_for);
    let last = remember_for.map(|duration| {
        last_idp::remember(&candidate.pending.idp_entity_id, duration, now, &settings.session, entropy)
    });
    round.into_iter().chain(last.into_iter().flatten()).collect()
}

/// The one event of a sign-in: no name, no address, no attribute value in the clear.
fn signed_in(candidate: &Candidate, decision: &Decision, report: &ProvisioningReport, env: &Env<'_>) -> Tell {
    let username: &Pii<String> = &candidate.identity.username;
    Tell::Event(Event {
        name: "sign_in",
        code: None,
        fields: vec![
            ("user", username.keyed(&env.settings.pii_key)),
            ("idp", candidate.pending.idp_entity_id.clone()),
            ("groups", decision.application_groups.len().to_string()),
            ("decision", decision.explanation.to_string()),
            ("provisioning", report.to_string()),
            ("request_id", candidate.visit.reader.request_id.clone()),
        ],
    })
}
