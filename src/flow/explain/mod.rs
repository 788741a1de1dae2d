//! A recorded sign-in, explained: what the assertion consumer service would make of it, step by step.
//!
//! Runs through the functions of the flow that signs people in, with a witness beside them, so it says "accepted" exactly
//! when that flow would. Two things cannot be known from a recording and are taken for granted, in a line of their own:
//! that the browser still has its pending request, and that the assertion was not used before.

mod account;
mod form;
mod outline;
mod timeline;

use crate::base::Rejection;
use crate::effect::Answer;
use crate::http::RedirectTarget;
use crate::identity::Identity;
use crate::policy::{Admitted, RequestFacts, StartUrl};
use crate::provision::{RecordedAccount, RemoteState};
use crate::report::{Outcome, Report};
use crate::saml::profiles::web_sso::{AcceptedAssertion, Check};
use crate::saml::{Response, Unverified, Verified};
use crate::session::replay::{Attempt, ReplayClaim, ReplayLedger, Settled};
use crate::session::{self, Session, SessionError};
use crate::store::SharedClaim;

use super::examine::{Asked, Witness, examine};
use super::identity_headers::Bearer;
use super::{Env, TrustedIdp};
use timeline::{Stage, Timeline};

/// What is known of a recorded sign-in.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The response: XML, its base64, or the whole form that was posted.
    pub response: &'a [u8],
    /// ID of the request that it must answer; without one the response is believed about it.
    pub request_id: Option<&'a str>,
    /// The identity provider that was asked; without one, and with more than one configured, the response is believed about
    /// it.
    pub idp_entity_id: Option<&'a str>,
    /// What the person asked for first: an absolute address of the site, or path and query. `None` when nobody asked for
    /// anything.
    pub started_at: Option<&'a str>,
    /// The person at the application; without it the person is new there.
    pub account: Option<KnownAccount<'a>>,
}

/// The person at the application.
#[derive(Clone, Copy)]
pub enum KnownAccount<'a> {
    /// As somebody wrote it down.
    Recorded(&'a RecordedAccount),
    /// As it was read a moment ago.
    Read(&'a RemoteState),
}

/// Explains what would become of `input` at `env.now`. Nothing of it leaves: no session is kept, no call is made.
#[must_use]
pub fn explain(input: &Input<'_>, env: &Env<'_>) -> Report {
    let mut explainer = Explainer {
        timeline: Timeline::new(),
        report: Report::accepted(),
        verifying: false,
        input: *input,
        env: *env,
        encrypted: false,
        entity_id: String::new(),
        skew: 0,
    };
    if let Err(rejection) = explainer.run() {
        let stage = explainer.failing(&rejection);
        explainer.timeline.fail(stage, &rejection);
        explainer.report.refuse(&rejection);
    }
    let Explainer { timeline, mut report, .. } = explainer;
    report.checks = timeline.finish();
    if report.outcome == Outcome::Rejected {
        // They would not be sent.
        report.headers.clear();
    }
    report
}

struct Explainer<'a> {
    timeline: Timeline,
    report: Report,
    /// [`Unverified::verify`] is at work, which makes several lines.
    verifying: bool,
    input: Input<'a>,
    env: Env<'a>,
    encrypted: bool,
    /// The identity provider that was asked.
    entity_id: String,
    /// Seconds that the clock of the identity provider may differ.
    skew: u64,
}

impl Explainer<'_> {
    fn run(&mut self) -> Result<(), Rejection> {
        let env = self.env;
        let input = self.input;
        let target = self.start()?;
        let message = form::decode(input.response, &env.settings.limits)?;
        self.timeline.pass(Stage::Form, message.detail);

        let asked = Asked::Recorded { request_id: input.request_id, idp_entity_id: input.idp_entity_id };
        let (assertion, identity) = examine(&message.saml_response, &asked, self, &env)?;
        let claim = unused(&assertion, &env)?;
        self.timeline.pass(Stage::OneUse, "taken for granted: the record of used assertions is not at hand");

        let request = RequestFacts {
            started_at: target.as_ref().map(|target| StartUrl::of(&env.settings.sp.base_uri, target)),
        };
        let admitted = account::decide(self, &identity, request)?;
        self.session(&assertion, &identity, claim, &admitted)
    }

    /// The address at which the sign-in started, as the gateway keeps it with the pending request.
    fn start(&mut self) -> Result<Option<RedirectTarget>, Rejection> {
        let Some(started_at) = self.input.started_at else {
            self.timeline.pass(
                Stage::Start,
                "not given: decided as if nobody had asked for a page of the application",
            );
            return Ok(None);
        };
        let site = self.env.settings.sp.base_uri.as_str();
        let local = match started_at.get(..site.len()).filter(|start| start.eq_ignore_ascii_case(site)) {
            Some(_) => started_at.get(site.len()..).unwrap_or_default(),
            None => started_at,
        };
        // A browser keeps the fragment to itself.
        let local = local.split('#').next().unwrap_or_default();
        let local = match local.strip_prefix('?') {
            Some(query) => format!("/?{query}"),
            None if local.is_empty() => String::from("/"),
            None => local.to_owned(),
        };
        let target = RedirectTarget::parse(&local).map_err(|fault| {
            Rejection::new(fault.code(), format_args!("{fault}, expected a path or an address under {site}"))
        })?;
        self.timeline.pass(Stage::Start, format!("`{target}`"));
        Ok(Some(target))
    }

    /// Would the session begin, and fit into its cookies? It is made as the flow makes it, and dropped.
    fn session(
        &mut self,
        assertion: &AcceptedAssertion,
        identity: &Identity,
        claim: ReplayClaim,
        admitted: &Admitted,
    ) -> Result<(), Rejection> {
        let Env { now, entropy, settings, .. } = self.env;
        let fault = |fault: SessionError| Rejection::new(fault.code(), fault);
        let forwarded = settings.headers.forwarded(identity, admitted);
        let session = Session::begin(assertion, identity, claim, forwarded, now, &settings.session, entropy)
            .map_err(fault)?;
        session::seal(&session, &settings.session, &[], entropy).map_err(fault)?;
        self.timeline
            .pass(Stage::Session, format!("would last until {} at the longest", session.expires_at()));
        let bearer = Bearer {
            username: session.username().expose(),
            email: session.email().map(|email| email.expose().as_str()),
            display_name: session.display_name().map(|name| name.expose().as_str()),
            name_id: session.name_id().map(|name_id| name_id.value.expose().as_str()),
            session_id: Some("(new for each session)"),
            groups: session.groups(),
            attributes: session.attributes(),
        };
        self.report.headers = outline::headers(settings.headers.render_bearer(&bearer));
        Ok(())
    }

    /// The line that `rejection` belongs to, where it is not the next one.
    fn failing(&mut self, rejection: &Rejection) -> Option<Stage> {
        if !self.verifying {
            return None;
        }
        let stage = Stage::of_verification(rejection.code);
        if stage != Stage::Status {
            self.timeline.pass(Stage::Status, "Success");
        }
        if stage != Stage::Decryption && !self.encrypted {
            self.timeline.skip(Stage::Decryption);
        }
        Some(stage)
    }
}

/// The proof that `assertion` was not used before, from a record in which nothing was.
fn unused(assertion: &AcceptedAssertion, env: &Env<'_>) -> Result<ReplayClaim, Rejection> {
    let fault = SessionError::ReplayStoreUnavailable;
    match ReplayLedger::attempt(assertion, None, env.now) {
        Attempt::Write { claim, .. } => match claim.settle(&Answer::Swapped) {
            // Nor is a store asked: nothing is used up by an explanation.
            Settled::Claimed(local) => SharedClaim::unneeded(None)
                .and_then(|shared| local.complete(&shared))
                .ok_or_else(|| Rejection::new(fault.code(), &fault)),
            Settled::Conflict | Settled::Failed => Err(Rejection::new(fault.code(), fault)),
        },
        Attempt::AlreadyClaimed | Attempt::Full => Err(Rejection::new(fault.code(), fault)),
    }
}

impl Witness for Explainer<'_> {
    fn trusted(&mut self, idp: TrustedIdp<'_>) {
        let keys = idp.metadata.signing_keys.len();
        let detail = format!("`{}` with {keys} signing {}", idp.settings.entity_id, plural(keys, "key"));
        self.timeline.pass(Stage::IdentityProvider, detail);
        self.entity_id.clone_from(&idp.settings.entity_id);
        self.skew = idp.settings.clock_skew.as_duration().as_secs();
        let detail = match idp.metadata.valid_until {
            Some(valid_until) => format!("valid until {valid_until}"),
            None => String::from("without an end"),
        };
        self.timeline.pass(Stage::Metadata, detail);
    }

    fn parsed(&mut self) {
        self.timeline.pass(Stage::Xml, "well-formed, without DTD, entities or repeated IDs");
    }

    fn read(&mut self, unverified: &Unverified<Response<'_>>) {
        self.timeline.pass(Stage::Response, "a SAML 2.0 response as the schema says");
        self.report.response = Some(outline::response(unverified));
        self.encrypted = unverified.is_encrypted();
        self.verifying = true;
    }

    fn verified(&mut self, verified: &Verified) {
        self.verifying = false;
        self.timeline.pass(Stage::Status, "Success");
        let signed: Vec<&str> =
            verified.signatures().iter().map(|signature| signature.element.as_str()).collect();
        self.timeline.pass(
            Stage::Signature,
            format!(
                "on {}, by {} configured for the identity provider",
                signed.join(" and "),
                a_key(&signed)
            ),
        );
        if self.encrypted {
            self.timeline.pass(Stage::Decryption, "with a key of `sp.decryption`");
        } else {
            self.timeline.skip(Stage::Decryption);
        }
        self.timeline.pass(Stage::Assertion, "read from the octets that were signed, as the schema says");
        if let Some(response) = &mut self.report.response {
            response.signatures = outline::signatures(verified);
            response.clock_skew_seconds = Some(outline::clock_skew(verified.issue_instant(), self.env.now));
        }
    }

    fn holds(&mut self, check: Check) {
        let detail = self.profile_detail(check);
        self.timeline.pass(Stage::Profile(check), detail);
    }

    fn accepted(&mut self, assertion: &AcceptedAssertion) {
        self.report.identity = Some(outline::unread_identity(assertion));
    }

    fn identified(&mut self, identity: &Identity) {
        let groups = match &identity.groups {
            crate::identity::AssertedGroups::Known(groups) => {
                format!("{} {}", groups.len(), plural(groups.len(), "group"))
            }
            crate::identity::AssertedGroups::Unknown(_) => String::from("groups not known"),
        };
        self.timeline.pass(Stage::Identity, format!("user name `{}`, {groups}", identity.username.expose()));
        if let Some(report) = &mut self.report.identity {
            outline::read_identity(report, identity);
        }
    }
}

impl Explainer<'_> {
    /// What was compared with what, for a rule that holds.
    fn profile_detail(&self, check: Check) -> String {
        let settings = self.env.settings;
        let skew = self.skew;
        match check {
            Check::ResponseIssuer | Check::AssertionIssuer => format!("`{}`", self.entity_id),
            Check::ResponseIssueInstant | Check::AssertionIssueInstant => {
                format!("plausible at {}, with {skew} s of clock skew", self.env.now)
            }
            Check::Destination => format!("`{}`", settings.sp.acs_uri()),
            Check::InResponseTo => match (self.input.request_id, &self.report.response) {
                (Some(named), _) => format!("`{named}`"),
                (None, Some(response)) => format!(
                    "`{}`, as the response says: no request was named, so this was not checked",
                    response.in_response_to.as_deref().unwrap_or_default()
                ),
                (None, None) => String::new(),
            },
            Check::SubjectConfirmation => {
                String::from("a bearer confirmation for our address and this request")
            }
            Check::Conditions => String::from("the window is open"),
            Check::Audience => format!("`{}`", settings.sp.entity_id),
            Check::AuthnStatement => String::from("the identity provider says that somebody authenticated"),
            Check::IdpSession => String::from("has not ended"),
        }
    }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

const fn a_key(signed: &[&str]) -> &'static str {
    if signed.len() == 1 { "a key" } else { "keys" }
}
