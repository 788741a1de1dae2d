//! The assertion consumer service: from a POST to a session (profiles 4.1.4.3-4.1.4.5).
//!
//! body -> form -> this browser's pending request -> XML -> signature -> profile rules -> identity -> one use ->
//! provisioning -> session. Each arrow is a proof that the next step takes as its argument.

mod artifact;
mod retry;
mod unsolicited;

use crate::base::{Code, Pii, Rejection, UnixTime};
use crate::effect::{Answer, Ask, AskId, Event, Tell, Verdict};
use crate::http::{RedirectTarget, Reply, SetCookie};
use crate::identity::Identity;
use crate::page::Reader;
use crate::policy::{self, AccountFacts, Admitted, Decision, Facts, RequestFacts, StartUrl};
use crate::saml::bindings::artifact::{in_form, in_query};
use crate::saml::bindings::post;
use crate::saml::profiles::web_sso::AcceptedAssertion;
use crate::session::last_idp;
use crate::session::pending_request::{self, Intent, PendingRequest};
use crate::session::replay::{Attempt, PendingClaim, ReplayClaim, ReplayLedger, Settled};
use crate::session::rounds;
use crate::session::{self, Session, SessionError};

use super::examine::{Asked, Unwatched, examine};
use super::provisioning::{End, ProvisioningFlow, ProvisioningReport, ProvisioningTurn, SignIn};
use super::settings::{OnFailure, Provisioning};
use super::shared_store::{Claiming, ClaimingTurn};
use super::test_page;
pub use artifact::ArtifactResolution;
use artifact::ExpectResolved;
use retry::{ExpectAnnounced, ExpectQueued};

use super::{Env, FIRST_ASK, Step, out_of_turn, refusal_tells, refuse};

/// The sign-in that a POST to the assertion consumer service is about to complete.
#[derive(Debug)]
pub enum AcsFlow {
    /// The form is on its way.
    ExpectBody(ExpectBody),
    /// What an artifact stands for is being fetched.
    ExpectResolved(Box<ExpectResolved>),
    /// The slot of used assertions is being read.
    ExpectReplayRecord(ExpectReplayRecord),
    /// Our mark in that slot is being written.
    ExpectReplayClaim(ExpectReplayClaim),
    /// The other replicas are asked whether they used the assertion.
    ExpectSharedClaim(Box<ExpectSharedClaim>),
    /// The background runner is being told that the person is here.
    ExpectAnnounced(Box<ExpectAnnounced>),
    /// The application is being read and changed.
    ExpectProvisioning(Box<ExpectProvisioning>),
    /// What could not be done is being left to the background runner.
    ExpectQueued(Box<ExpectQueued>),
    /// It is a test, and the application is being read.
    ExpectTestState(Box<test_page::ExpectState>),
}

/// What the browser brought with the POST.
#[derive(Debug)]
pub struct Visit {
    /// Cookie names and values of the request.
    pub cookies: Vec<(String, String)>,
    /// `content-type` of the request.
    pub content_type: Option<String>,
    /// `content-length` of the request, where it has one.
    pub content_length: Option<u64>,
    /// What the reader can take.
    pub reader: Reader,
}

impl Visit {
    pub(super) fn borrowed_cookies(&self) -> Vec<(&str, &str)> {
        self.cookies.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// Waits for the form.
#[derive(Debug)]
pub struct ExpectBody {
    visit: Visit,
}

/// An assertion that is good in every respect but one: it may have been used before.
#[derive(Debug)]
struct Candidate {
    visit: Visit,
    relay_state: String,
    pending: PendingRequest,
    assertion: AcceptedAssertion,
    identity: Identity,
    /// The name by which the application knows the person, where it is another one.
    acts_as: Option<Pii<String>>,
    /// This sign-in made the account, or may have made it.
    made_account: bool,
    /// When the form came: what a later sign-in says counts more.
    arrived: UnixTime,
}

/// Waits for the slot.
#[derive(Debug)]
pub struct ExpectReplayRecord {
    candidate: Candidate,
    tries: u32,
}

/// Waits for the compare-and-swap.
#[derive(Debug)]
pub struct ExpectReplayClaim {
    candidate: Candidate,
    claim: PendingClaim,
    tries: u32,
}

/// Waits for the store that replicas share.
#[derive(Debug)]
pub struct ExpectSharedClaim {
    candidate: Candidate,
    claiming: Claiming,
}

/// Waits for the application.
#[derive(Debug)]
pub struct ExpectProvisioning {
    candidate: Candidate,
    claim: ReplayClaim,
    inner: Box<ProvisioningFlow>,
}

impl AcsFlow {
    /// A POST reached the assertion consumer service.
    ///
    /// Without a pending request that opens there is nothing to complete, so the body is not even read: the cheap
    /// answer to a flood.
    #[must_use]
    pub fn start(visit: Visit, env: &Env<'_>) -> Step<Self> {
        let cookies = visit.borrowed_cookies();
        // Where identity providers may begin a sign-in, a browser without one may be at the end of such a sign-in.
        let unsolicited = env.settings.idps.iter().any(|idp| idp.unsolicited.is_some());
        if let Err(fault) = pending_request::any_usable(&cookies, &env.settings.session, env.now)
            && !unsolicited
        {
            return refuse(&Rejection::new(fault.code(), fault), &visit.reader, Some("/"));
        }
        let limit = env.settings.limits.max_body_bytes;
        // Refused before a byte of it is held: Envoy's own buffer may be no larger than the limit.
        if visit
            .content_length
            .is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit))
        {
            return too_large(limit, &visit.reader);
        }
        Step::Wait {
            state: Self::ExpectBody(ExpectBody { visit }),
            asks: vec![(FIRST_ASK, Ask::RequestBody { limit })],
            tells: Vec::new(),
        }
    }

    /// A GET with an artifact in its `query` reached the assertion consumer service.
    #[must_use]
    pub fn start_with_artifact(visit: Visit, query: &str, env: &Env<'_>) -> Step<Self> {
        match in_query(query) {
            Ok(Some(message)) => artifact::arrived(visit, message, env),
            Ok(None) => {
                let rejection = Rejection::new(Code::ArtifactMalformed, "the query has no `SAMLart`");
                refuse(&rejection, &visit.reader, Some("/"))
            }
            Err(fault) => refuse(&Rejection::new(fault.code(), fault), &visit.reader, Some("/")),
        }
    }

    /// Takes the answer to `id`.
    #[must_use]
    pub fn answer(self, id: AskId, answer: Answer, env: &Env<'_>) -> Step<Self> {
        match self {
            Self::ExpectBody(state) => state.answer(answer, env),
            Self::ExpectResolved(state) => state.answer(&answer, env),
            Self::ExpectReplayRecord(state) => state.answer(answer, env),
            Self::ExpectReplayClaim(state) => state.answer(answer, env),
            Self::ExpectSharedClaim(state) => state.answer(answer, env),
            Self::ExpectAnnounced(state) => state.answer(env),
            Self::ExpectProvisioning(state) => state.answer(id, answer, env),
            Self::ExpectQueued(state) => state.answer(&answer, env),
            Self::ExpectTestState(state) => state.answer(id, answer, env),
        }
    }
}

impl ExpectBody {
    fn answer(self, answer: Answer, env: &Env<'_>) -> Step<AcsFlow> {
        let body = match answer {
            Answer::RequestBody(body) => body,
            Answer::RequestBodyTooLarge => {
                return too_large(env.settings.limits.max_body_bytes, &self.visit.reader);
            }
            _ => return refuse(&out_of_turn("the request body"), &self.visit.reader, None),
        };
        let visit = self.visit;
        match in_form(visit.content_type.as_deref(), &body, &env.settings.limits) {
            Ok(None) => {}
            Ok(Some(message)) => return artifact::arrived(visit, message, env),
            Err(fault) => return refuse(&Rejection::new(fault.code(), fault), &visit.reader, Some("/")),
        }
        let message = match post::decode(visit.content_type.as_deref(), &body, &env.settings.limits) {
            Ok(message) => message,
            Err(fault) => {
                return refuse(&Rejection::new(fault.code(), fault), &visit.reader, Some("/"));
            }
        };
        let relay_state = message.relay_state.unwrap_or_default();
        match pending_request::open(&relay_state, &visit.borrowed_cookies(), &env.settings.session, env.now) {
            Ok(pending) => answered(visit, relay_state, pending, message.saml_response, env),
            Err(fault) => unsolicited::arrived(visit, relay_state, message.saml_response, &fault, env),
        }
    }
}

/// The identity provider has answered `pending`.
fn answered(
    visit: Visit,
    relay_state: String,
    pending: PendingRequest,
    saml_response: Vec<u8>,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    if let Intent::Test { .. } = pending.intent {
        return test_page::answered(visit, relay_state, pending, saml_response, env);
    }
    if let Err(rejection) = unsolicited::check_confirmed(&pending, &saml_response) {
        return refuse(&rejection, &visit.reader, Some("/"));
    }
    match examine(&saml_response, &Asked::Pending(&pending), &mut Unwatched, env) {
        Ok((assertion, identity)) => {
            claim(Candidate::new(visit, relay_state, pending, assertion, identity, env), 1)
        }
        // Nobody was signed in at the identity provider, and nobody has to be.
        Err(rejection) if rejection.code == Code::NoPassive && pending.demanded.is_passive => {
            anonymous(&relay_state, &pending, env)
        }
        // The person can try again where the browser's own pending request says they wanted to go.
        Err(rejection) => refuse(&rejection, &visit.reader, Some(pending.target.as_str())),
    }
}

/// Back to the page, without a session: it was asked passively, and its browser is marked so that it is not asked again.
fn anonymous(relay_state: &str, pending: &PendingRequest, env: &Env<'_>) -> Step<AcsFlow> {
    let used_up = pending_request::clear(relay_state, &env.settings.session);
    Step::End {
        verdict: Verdict::Reply(led_to(&pending.target, used_up.iter())),
        tells: vec![Tell::Count { outcome: "passive_sign_in_declined", code: Some(Code::NoPassive) }],
    }
}

/// Leads the browser to `target` (303 turns the POST into a GET).
fn led_to<'a>(target: &RedirectTarget, cookies: impl Iterator<Item = &'a SetCookie>) -> Reply {
    let mut headers = vec![
        (String::from("location"), target.as_str().to_owned()),
        (String::from("cache-control"), String::from("no-store")),
        (String::from("referrer-policy"), String::from("no-referrer")),
    ];
    headers.extend(cookies.map(|cookie| (String::from("set-cookie"), cookie.render())));
    Reply { status: 303, headers, body: Vec::new() }
}

fn too_large(limit: usize, reader: &Reader) -> Step<AcsFlow> {
    refuse(&Rejection::new(Code::BodyTooLarge, format_args!("more than {limit} bytes")), reader, None)
}

/// Asks for the slot in which the assertion's one use is recorded.
fn claim(candidate: Candidate, tries: u32) -> Step<AcsFlow> {
    let key = ReplayLedger::slot_key(&candidate.assertion);
    Step::Wait {
        state: AcsFlow::ExpectReplayRecord(ExpectReplayRecord { candidate, tries }),
        asks: vec![(FIRST_ASK, Ask::Load { key })],
        tells: Vec::new(),
    }
}

impl ExpectReplayRecord {
    fn answer(self, answer: Answer, env: &Env<'_>) -> Step<AcsFlow> {
        let Self { candidate, tries } = self;
        let Answer::Loaded { value, version } = answer else {
            return candidate.refuse_session(&SessionError::ReplayStoreUnavailable);
        };
        match ReplayLedger::attempt(&candidate.assertion, value.as_deref(), env.now) {
            Attempt::Write { value, claim } => {
                let key = ReplayLedger::slot_key(&candidate.assertion);
                Step::Wait {
                    state: AcsFlow::ExpectReplayClaim(ExpectReplayClaim { candidate, claim, tries }),
                    asks: vec![(FIRST_ASK, Ask::CompareAndSwap { key, expected: version, value })],
                    tells: Vec::new(),
                }
            }
            Attempt::AlreadyClaimed => candidate.refuse_session(&SessionError::AssertionReplayed),
            Attempt::Full => candidate.refuse_session(&SessionError::ReplaySlotFull),
        }
    }
}

impl ExpectReplayClaim {
    fn answer(self, answer: Answer, env: &Env<'_>) -> Step<AcsFlow> {
        let Self { candidate, claim: pending_claim, tries } = self;
        match pending_claim.settle(&answer) {
            Settled::Claimed(local) => claim_everywhere(candidate, Claiming::start(local, env), env),
            Settled::Conflict if tries < ReplayLedger::MAX_ATTEMPTS => {
                claim(candidate, tries.saturating_add(1))
            }
            Settled::Conflict | Settled::Failed => {
                candidate.refuse_session(&SessionError::ReplayStoreUnavailable)
            }
        }
    }
}

/// Goes on once no other replica used the assertion either.
fn claim_everywhere(candidate: Candidate, turn: ClaimingTurn, env: &Env<'_>) -> Step<AcsFlow> {
    match turn {
        ClaimingTurn::Ask(claiming, ask) => {
            let state = ExpectSharedClaim { candidate, claiming: *claiming };
            Step::Wait {
                state: AcsFlow::ExpectSharedClaim(Box::new(state)),
                asks: vec![(FIRST_ASK, ask)],
                tells: Vec::new(),
            }
        }
        ClaimingTurn::Claimed(claim, tells) => with_tells(tells, provision(candidate, claim, env)),
        ClaimingTurn::Refused(rejection) => candidate.refuse(&rejection),
    }
}

impl ExpectSharedClaim {
    fn answer(self, answer: Answer, env: &Env<'_>) -> Step<AcsFlow> {
        let Self { candidate, claiming } = self;
        claim_everywhere(candidate, claiming.answer(answer, env), env)
    }
}

impl Candidate {
    fn new(
        visit: Visit,
        relay_state: String,
        pending: PendingRequest,
        assertion: AcceptedAssertion,
        identity: Identity,
        env: &Env<'_>,
    ) -> Self {
        Self {
            visit,
            relay_state,
            pending,
            assertion,
            identity,
            acts_as: None,
            made_account: false,
            arrived: env.now,
        }
    }

    /// The identity under the name by which the application knows the person.
    fn acting(&self) -> Identity {
        let username = self.acts_as.as_ref().unwrap_or(&self.identity.username).clone();
        Identity { username, ..self.identity.clone() }
    }

    fn refuse(&self, rejection: &Rejection) -> Step<AcsFlow> {
        refuse(rejection, &self.visit.reader, Some(self.pending.target.as_str()))
    }

    fn refuse_session(&self, fault: &SessionError) -> Step<AcsFlow> {
        self.refuse(&Rejection::new(fault.code(), fault))
    }

    fn request_facts<'a>(&'a self, env: &Env<'a>) -> RequestFacts<'a> {
        RequestFacts { started_at: Some(StartUrl::of(&env.settings.sp.base_uri, &self.pending.target)) }
    }

    /// Decides without knowing the account: where none is read, or where the application failed and the sign-in goes
    /// on all the same.
    fn admit_blindly(&self, env: &Env<'_>) -> Result<Admitted, Rejection> {
        let facts = Facts {
            identity: &self.identity,
            request: self.request_facts(env),
            account: &AccountFacts::Unknown,
            now: env.now,
        };
        let decision = policy::decide(&facts, &env.settings.policy);
        decision.admit().map_err(|refusal| Rejection::new(refusal.code(), refusal))
    }

    fn sign_in<'a>(&'a self, provisioning: &'a Provisioning, env: &Env<'a>) -> SignIn<'a> {
        let request_id = &self.visit.reader.request_id;
        SignIn::of(&self.identity, self.request_facts(env), provisioning, request_id)
    }
}

fn provision(candidate: Candidate, claim: ReplayClaim, env: &Env<'_>) -> Step<AcsFlow> {
    match &env.settings.provisioning {
        Some(provisioning) if provisioning.on_failure == OnFailure::ContinueAndRetry => {
            retry::announce(candidate, claim, env)
        }
        Some(provisioning) => start(candidate, claim, provisioning, env),
        None => {
            let report = ProvisioningReport::HeadersOnly;
            match candidate.admit_blindly(env) {
                Ok(admitted) => begin(candidate, claim, &admitted, &report, env),
                Err(rejection) => candidate.refuse(&rejection),
            }
        }
    }
}

fn start(
    candidate: Candidate,
    claim: ReplayClaim,
    provisioning: &Provisioning,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    let turn = ProvisioningFlow::start(candidate.sign_in(provisioning, env));
    provisioning_turn(candidate, claim, turn, env)
}

impl ExpectProvisioning {
    fn answer(self, id: AskId, answer: Answer, env: &Env<'_>) -> Step<AcsFlow> {
        let Self { candidate, claim, inner } = self;
        let Some(provisioning) = &env.settings.provisioning else {
            return candidate.refuse(&out_of_turn("no provisioning"));
        };
        let turn = inner.answer(id, answer, candidate.sign_in(provisioning, env), env);
        provisioning_turn(candidate, claim, turn, env)
    }
}

fn provisioning_turn(
    candidate: Candidate,
    claim: ReplayClaim,
    turn: ProvisioningTurn,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    match turn {
        ProvisioningTurn::Wait { inner, asks, tells } => Step::Wait {
            state: AcsFlow::ExpectProvisioning(Box::new(ExpectProvisioning { candidate, claim, inner })),
            asks,
            tells,
        },
        ProvisioningTurn::End { end, tells } => with_tells(tells, provisioned(candidate, claim, *end, env)),
    }
}

fn provisioned(mut candidate: Candidate, claim: ReplayClaim, end: End, env: &Env<'_>) -> Step<AcsFlow> {
    match end {
        End::Done { admitted, report, username, .. } => {
            // From here on it is the application's account that acts, whatever the identity provider calls its owner.
            candidate.acts_as = username;
            begin(candidate, claim, &admitted, &report, env)
        }
        End::Failed { rejection, admitted, username, made_account, .. } => {
            candidate.acts_as = username;
            candidate.made_account = made_account;
            failed(candidate, claim, &rejection, admitted, env)
        }
    }
}

/// The application could not be brought to the decided state.
fn failed(
    candidate: Candidate,
    claim: ReplayClaim,
    rejection: &Rejection,
    admitted: Option<Admitted>,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    // Only a fault of the application can be overlooked by configuration; a person without a usable account, or a
    // plan that the guardrail stopped, is a decision.
    let overlooked = matches!(
        rejection.code,
        Code::TargetUnreachable
            | Code::TargetUnauthorized
            | Code::TargetRefused
            | Code::TargetThrottled
            | Code::TargetAnswerMalformed
            | Code::DirectoryReadOnly
            | Code::CircuitOpen
            | Code::OrganizationRefused
            | Code::LimitExceeded
    );
    match &env.settings.provisioning {
        Some(provisioning) if overlooked && provisioning.on_failure != OnFailure::Refuse => {
            let admitted = match admitted.map_or_else(|| candidate.admit_blindly(env), Ok) {
                Ok(admitted) => admitted,
                Err(refused) => return candidate.refuse(&refused),
            };
            if provisioning.on_failure == OnFailure::ContinueAndRetry {
                return retry::enqueue(candidate, claim, admitted, rejection.clone(), env);
            }
            overlook(candidate, claim, &admitted, rejection, env)
        }
        _ => candidate.refuse(rejection),
    }
}

/// The session begins all the same, and what failed is told.
fn overlook(
    candidate: Candidate,
    claim: ReplayClaim,
    admitted: &Admitted,
    rejection: &Rejection,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    let tells = refusal_tells(rejection, &candidate.visit.reader);
    let report = ProvisioningReport::Failed(rejection.code);
    with_tells(tells, begin(candidate, claim, admitted, &report, env))
}

fn with_tells(mut first: Vec<Tell>, step: Step<AcsFlow>) -> Step<AcsFlow> {
    match step {
        Step::Wait { state, asks, tells } => {
            first.extend(tells);
            Step::Wait { state, asks, tells: first }
        }
        Step::End { verdict, tells } => {
            first.extend(tells);
            Step::End { verdict, tells: first }
        }
    }
}

/// The session begins, and the browser returns to where it wanted to go.
fn begin(
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
