//! What the page that takes the choice makes of it.

use core::convert::Infallible;

use super::{Discovery, MAX_PAIRS, NoDomain, unknown};
use crate::base::{Code, Rejection};
use crate::effect::{Answer, Ask, Verdict};
use crate::encoding::form;
use crate::flow::login::login;
use crate::flow::{AuthnDemand, Env, FIRST_ASK, Step, Visit, out_of_turn, refuse};
use crate::http::RedirectTarget;
use crate::page::{self, Reader};
use crate::session::pending_request::Intent;

/// Bytes of the form: an address of 254 bytes and a target of 2,048, each three times as long when it is written as
/// escapes, and what a browser extension adds.
const MAX_FORM_BYTES: usize = 16 * 1024;

/// The answer to the question for an e-mail address.
#[derive(Debug)]
pub struct DiscoveryFlow {
    visit: Visit,
}

/// What an address of the page says.
#[derive(Debug)]
pub struct Named {
    /// The identity provider, by its place in [`crate::flow::Settings::idps`]; `None` when there is none in it.
    pub idp: Option<usize>,
    /// Where the person wants to go.
    pub target: RedirectTarget,
}

/// Reads the query of the page's address: `idp` from a link of ours, `entityID` from a discovery service.
///
/// # Errors
/// A refusal of an identity provider that is not configured, of a target elsewhere, and of a query that names two.
pub fn named(query: &str, env: &Env<'_>) -> Result<Named, Rejection> {
    let pairs =
        form::parse(query.as_bytes(), MAX_PAIRS).map_err(|fault| Rejection::new(fault.code(), fault))?;
    let (mut named, mut target) = (None, None);
    for (name, value) in &pairs {
        let again = match name.as_str() {
            "target" => target.replace(value.as_str()).is_some(),
            "idp" => named.replace(env.idp_named(value).ok_or_else(|| unknown("`idp`"))?).is_some(),
            "entityID" => {
                let place = env.settings.idps.iter().position(|idp| idp.entity_id == *value);
                named.replace(place.ok_or_else(|| unknown("`entityID`"))?).is_some()
            }
            _ => false,
        };
        if again {
            let detail = "the query names something twice";
            return Err(Rejection::new(Code::DiscoveryRefused, detail));
        }
    }
    let target =
        RedirectTarget::parse(target.unwrap_or("/")).map_err(|fault| Rejection::new(fault.code(), fault))?;
    Ok(Named { idp: named, target })
}

/// The page with all identity providers: for whoever comes without a choice, as from a discovery service that found none.
#[must_use]
pub fn choose_again(target: &RedirectTarget, reader: &Reader, env: &Env<'_>) -> Step<Infallible> {
    match &env.settings.discovery {
        Some(discovery) => {
            let reply = discovery.chooser(None, target, env);
            Step::End { verdict: Verdict::Reply(reply), tells: Vec::new() }
        }
        None => refuse(&Rejection::new(Code::IdpNotConfigured, "there is no choice"), reader, None),
    }
}

impl DiscoveryFlow {
    /// The form was sent.
    #[must_use]
    pub fn start(visit: Visit) -> Step<Self> {
        Step::Wait {
            state: Self { visit },
            asks: vec![(FIRST_ASK, Ask::RequestBody { limit: MAX_FORM_BYTES })],
            tells: Vec::new(),
        }
    }

    /// Takes the form; `plan` says where a sign-in for a target really leads, and what it must be like.
    #[must_use]
    pub fn answer(
        self,
        answer: Answer,
        plan: impl FnOnce(RedirectTarget) -> (RedirectTarget, AuthnDemand),
        env: &Env<'_>,
    ) -> Step<Self> {
        let Self { visit } = self;
        let Some(discovery) = &env.settings.discovery else {
            return refuse(&out_of_turn("a choice"), &visit.reader, None);
        };
        let body = match answer {
            Answer::RequestBody(body) => body,
            Answer::RequestBodyTooLarge => {
                let detail = format_args!("more than {MAX_FORM_BYTES} bytes");
                return refuse(&Rejection::new(Code::BodyTooLarge, detail), &visit.reader, None);
            }
            _ => return refuse(&out_of_turn("the form"), &visit.reader, None),
        };
        match read(&body) {
            Ok((email, target)) => found(discovery, &email, plan(target), &visit, env),
            Err(rejection) => refuse(&rejection, &visit.reader, None),
        }
    }
}

fn read(body: &[u8]) -> Result<(String, RedirectTarget), Rejection> {
    let pairs = form::parse(body, MAX_PAIRS).map_err(|fault| Rejection::new(fault.code(), fault))?;
    let (mut email, mut target) = (String::new(), String::from("/"));
    for (name, value) in pairs {
        match name.as_str() {
            "email" => email = value,
            "target" => target = value,
            _ => {}
        }
    }
    let target = RedirectTarget::parse(&target).map_err(|fault| Rejection::new(fault.code(), fault))?;
    Ok((email, target))
}

fn found(
    discovery: &Discovery,
    email: &str,
    (target, demand): (RedirectTarget, AuthnDemand),
    visit: &Visit,
    env: &Env<'_>,
) -> Step<DiscoveryFlow> {
    let idp = match discovery.by_domain(email) {
        Ok(idp) => idp,
        Err(NoDomain::Malformed) => {
            let reply = discovery.question(&target, true, env);
            return Step::End { verdict: Verdict::Reply(reply), tells: Vec::new() };
        }
        Err(NoDomain::Unlisted) => {
            // Nothing of the address is logged.
            let rejection =
                Rejection::new(Code::EmailDomainUnlisted, "discovery.email_domains has no such domain");
            return refuse(&rejection, &visit.reader, Some(target.as_str()));
        }
    };
    let step = login(idp, target, Intent::SignIn, &demand, &visit.borrowed_cookies(), &visit.reader, env);
    after_form(step, &visit.reader)
}

/// To the identity provider, by a page of its own: browsers hold the redirects that follow a form to the form's policy.
pub(in crate::flow) fn after_form<S>(step: Step<Infallible>, reader: &Reader) -> Step<S> {
    match step {
        Step::Wait { state, .. } => match state {},
        Step::End { verdict: Verdict::Reply(reply), tells } if reply.status == 302 => {
            let mut shown = page::continue_to(&reader.look, location(&reply.headers));
            shown.headers.extend(reply.headers.into_iter().filter(|(name, _)| name == "set-cookie"));
            Step::End { verdict: Verdict::Reply(shown), tells }
        }
        Step::End { verdict, tells } => Step::End { verdict, tells },
    }
}

fn location(headers: &[(String, String)]) -> &str {
    headers.iter().find(|(name, _)| name == "location").map_or("/", |(_, location)| location.as_str())
}
