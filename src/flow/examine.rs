//! From the bytes of a response to an identity: the part of a sign-in that waits for nothing.
//!
//! The flow that signs somebody in and the explanation of why it would or would not run through the same function; a
//! [`Witness`] sees every step of it and changes none.

use crate::base::{Code, Rejection, UnixTime};
use crate::identity::Identity;
use crate::saml::profiles::web_sso::{
    self, AcceptedAssertion, AuthnExpectation, Check, Expectations, RequestBinding,
};
use crate::saml::protocol::RequestId;
use crate::saml::{Response, Trust, Unverified, Verified};
use crate::session::pending_request::{Intent, PendingRequest};
use crate::xml;
use crate::xmlsec::decrypt::Recipient;

use super::{Env, TrustedIdp};

/// What the response must answer.
pub(super) enum Asked<'a> {
    /// The request that this browser's pending sign-in names.
    Pending(&'a PendingRequest),
    /// Somebody looks at a recorded response. It signs nobody in.
    Recorded {
        /// The request that it must answer; without one it is believed about it.
        request_id: Option<&'a str>,
        /// The identity provider that was asked; without one it is believed about it.
        idp_entity_id: Option<&'a str>,
    },
}

/// Sees what has passed, in this order; whatever comes after the first failure is not called.
pub(super) trait Witness {
    /// The identity provider that was asked is configured, and its metadata has not run out.
    fn trusted(&mut self, _idp: TrustedIdp<'_>) {}
    /// The bytes are XML that cannot be read in two ways.
    fn parsed(&mut self) {}
    /// The XML is a SAML response. Nobody has vouched for it yet.
    fn read(&mut self, _unverified: &Unverified<Response<'_>>) {}
    /// Its signatures hold.
    fn verified(&mut self, _verified: &Verified) {}
    /// A rule of the profile holds.
    fn holds(&mut self, _check: Check) {}
    /// All rules of the profile hold.
    fn accepted(&mut self, _assertion: &AcceptedAssertion) {}
    /// It names a person.
    fn identified(&mut self, _identity: &Identity) {}
}

/// Nobody looks.
pub(super) struct Unwatched;

impl Witness for Unwatched {}

/// Examines `saml_response`, the decoded XML.
pub(super) fn examine(
    saml_response: &[u8],
    asked: &Asked<'_>,
    witness: &mut dyn Witness,
    env: &Env<'_>,
) -> Result<(AcceptedAssertion, Identity), Rejection> {
    let settings = env.settings;
    let idp = asked.idp(saml_response, env)?;
    witness.trusted(idp);
    let source = xml::Source::check(saml_response, &settings.limits)
        .map_err(|fault| Rejection::new(fault.code(), fault))?;
    let document = source.document().map_err(|fault| Rejection::new(fault.code(), fault))?;
    witness.parsed();
    let unverified =
        Unverified::<Response<'_>>::read(&document).map_err(|fault| Rejection::new(fault.code(), fault))?;
    witness.read(&unverified);
    let hint = unverified.in_response_to_hint().map(str::to_owned);
    let verified = unverified
        .verify(&Trust {
            keys: &idp.metadata.signing_keys,
            algorithms: idp.settings.algorithms,
            demand: idp.settings.require_signature,
            recipient: &Recipient {
                entity_id: &settings.sp.entity_id,
                keys: &settings.sp.decryption_keys,
                ciphers: idp.settings.ciphers,
            },
            crypto: env.crypto,
            limits: &settings.limits,
        })
        .map_err(|fault| {
            env.note_unknown_key(idp, fault.code());
            Rejection::new(fault.code(), fault)
        })?;
    witness.verified(&verified);
    let issued_at = verified.issue_instant();
    let request_id = asked.request_id(hint, idp)?;
    let request = match &request_id {
        Some(request_id) => RequestBinding::Solicited(request_id),
        None => RequestBinding::UnsolicitedAllowedByConfig,
    };
    let acs_uri = settings.sp.acs_uri();
    let assertion = web_sso::accept_noting(
        verified,
        &Expectations {
            now: env.now,
            skew: idp.settings.clock_skew,
            idp_entity_id: &idp.settings.entity_id,
            audience: &settings.sp.entity_id,
            recipient: &acs_uri,
            destination: &acs_uri,
            request,
            authn: asked.authn(),
        },
        &mut |check| witness.holds(check),
    )
    .map_err(|fault| about_clocks(Rejection::new(fault.code(), fault), issued_at, env.now))?;
    witness.accepted(&assertion);
    let identity = Identity::from_assertion(&assertion, &settings.identity)
        .map_err(|fault| Rejection::new(fault.code(), fault))?;
    if !idp.settings.may_vouch_for(&identity) {
        let detail = format_args!(
            "`{}` may not vouch for this person, by allowed_usernames or allowed_email_domains",
            idp.settings.entity_id
        );
        return Err(Rejection::new(Code::PersonOfAnotherIdp, detail));
    }
    witness.identified(&identity);
    Ok((assertion, identity))
}

/// Adds to a refusal that hangs on time which way and how far the clocks are apart, as far as that can be told: an
/// answer is made in the moment before it arrives.
fn about_clocks(rejection: Rejection, issued_at: UnixTime, now: UnixTime) -> Rejection {
    let hangs_on_time = matches!(
        rejection.code,
        Code::AssertionNotYetValid
            | Code::AssertionExpired
            | Code::ConfirmationExpired
            | Code::IssueInstantImplausible
            | Code::IdpSessionExpired
    );
    let (ahead, behind) = (issued_at.saturating_since(now), now.saturating_since(issued_at));
    let Rejection { code, detail } = rejection;
    if !hangs_on_time {
        return Rejection { code, detail };
    }
    let hint = match (ahead.as_secs(), behind.as_secs()) {
        (0, 0) => String::from("the clocks agree"),
        (0, behind) => format!(
            "the clock of the identity provider is {behind} s behind ours, unless the answer was held back that long"
        ),
        (ahead, _) => format!("the clock of the identity provider is at least {ahead} s ahead of ours"),
    };
    Rejection { code, detail: format!("{detail}; {hint}") }
}

impl Asked<'_> {
    fn idp<'e>(&self, saml_response: &[u8], env: &Env<'e>) -> Result<TrustedIdp<'e>, Rejection> {
        match self {
            Self::Pending(pending) => env.idp(&pending.idp_entity_id),
            Self::Recorded { idp_entity_id: Some(entity_id), .. } => env.idp(entity_id),
            Self::Recorded { idp_entity_id: None, .. } => match issuer(saml_response, env) {
                Some(issuer) if env.settings.idps.len() > 1 => env.idp(&issuer),
                _ => env.idp_at(0),
            },
        }
    }

    /// The request that the response has to answer; `None` where the identity provider may begin by itself.
    fn request_id(&self, hint: Option<String>, idp: TrustedIdp<'_>) -> Result<Option<RequestId>, Rejection> {
        match self {
            Self::Pending(PendingRequest { intent: Intent::Unsolicited, .. }) => {
                match idp.settings.unsolicited {
                    Some(_) => Ok(None),
                    None => Err(Rejection::new(
                        Code::UnsolicitedRefused,
                        "the identity provider may not begin a sign-in any more",
                    )),
                }
            }
            Self::Pending(pending) => RequestId::parse(&pending.request_id).map(Some).ok_or_else(|| {
                Rejection::new(Code::PendingRequestUnreadable, "the pending request holds no request ID")
            }),
            Self::Recorded { request_id: None, .. }
                if hint.is_none() && idp.settings.unsolicited.is_some() =>
            {
                Ok(None)
            }
            // A response that answers nothing is refused whatever is expected.
            Self::Recorded { request_id, .. } => {
                Ok(Some(RequestId::recorded(request_id.or(hint.as_deref()).unwrap_or("_"))))
            }
        }
    }

    fn authn(&self) -> AuthnExpectation<'_> {
        match self {
            Self::Pending(pending) => AuthnExpectation {
                context_classes: &pending.demanded.authn_context_classes,
                since: pending.demanded.authenticated_since,
            },
            Self::Recorded { .. } => AuthnExpectation::default(),
        }
    }
}

/// Who says that it made a response; nobody has vouched for it.
pub(super) fn issuer(saml_response: &[u8], env: &Env<'_>) -> Option<String> {
    let source = xml::Source::check(saml_response, &env.settings.limits).ok()?;
    let document = source.document().ok()?;
    Some(Unverified::<Response<'_>>::read(&document).ok()?.issuer_hint()?.to_owned())
}
