//! The Web Browser SSO profile: may this assertion sign somebody in, here and now (profiles 4.1.4.2, 4.1.4.3)?

use core::time::Duration;

use crate::base::{ClockSkew, UnixTime};
use crate::saml::assertion::{Assertion, AuthnStatement, Conditions, Issuer, SubjectConfirmation};
use crate::saml::error::ProfileError;
use crate::saml::names;
use crate::saml::protocol::RequestId;
use crate::saml::response::{Envelope, Verified};
use crate::saml::{Attribute, NameId};

/// How old `IssueInstant` may be. A response answers a request that this browser sent within the life of a pending
/// request, so an older one is a replay; it also bounds how long replay claims must be kept, whatever
/// `NotOnOrAfter` the identity provider chooses.
pub const MAX_AGE: Duration = Duration::from_secs(3600);

/// What an assertion must match. Every field is demanded; there is no value that switches a check off.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// Our clock.
    pub now: UnixTime,
    /// How far the clocks may disagree.
    pub skew: ClockSkew,
    /// The identity provider that was asked, and whose keys verified the message.
    pub idp_entity_id: &'a str,
    /// Our entity id.
    pub audience: &'a str,
    /// Our assertion consumer service, as `Recipient` names it.
    pub recipient: &'a str,
    /// Our assertion consumer service, as `Destination` names it.
    pub destination: &'a str,
    /// What the response must answer.
    pub request: RequestBinding<'a>,
    /// How and when the person must have authenticated.
    pub authn: AuthnExpectation<'a>,
}

/// How and when the person must have authenticated: what the request demanded, held against the answer, because an
/// identity provider may overlook what it does not know. The default is content with anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuthnExpectation<'a> {
    /// `AuthnContextClassRef` must be one of these (core 3.3.2.2.1); empty for any.
    pub context_classes: &'a [String],
    /// `AuthnInstant` must not be before this (core 3.4.1, ForceAuthn).
    pub since: Option<UnixTime>,
}

/// What a response must answer. There is no "whatever": a response that answers nothing is accepted only where nothing was
/// asked and the configuration lets the identity provider begin.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum RequestBinding<'a> {
    /// The request that this browser's sealed pending sign-in names.
    Solicited(&'a RequestId),
    /// Nothing was asked, and the configuration lets this identity provider begin: the response must not claim to answer
    /// anything (profiles 4.1.5).
    UnsolicitedAllowedByConfig,
}

/// One rule of the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// `Response/Issuer` is the identity provider that was asked.
    ResponseIssuer,
    /// `Response/@IssueInstant` is plausible.
    ResponseIssueInstant,
    /// `Response/@Destination` is our address.
    Destination,
    /// `Response/@InResponseTo` is the request that was sent.
    InResponseTo,
    /// `Assertion/Issuer` is the identity provider that was asked.
    AssertionIssuer,
    /// `Assertion/@IssueInstant` is plausible.
    AssertionIssueInstant,
    /// A bearer confirmation holds: address, time, request.
    SubjectConfirmation,
    /// The window of `Conditions` is open.
    Conditions,
    /// Every audience restriction names us.
    Audience,
    /// Somebody authenticated.
    AuthnStatement,
    /// The identity provider's own session has not ended.
    IdpSession,
}

impl Check {
    /// Every rule, in the order in which [`accept`] applies them.
    pub const ALL: [Self; 11] = [
        Self::ResponseIssuer,
        Self::ResponseIssueInstant,
        Self::Destination,
        Self::InResponseTo,
        Self::AssertionIssuer,
        Self::AssertionIssueInstant,
        Self::SubjectConfirmation,
        Self::Conditions,
        Self::Audience,
        Self::AuthnStatement,
        Self::IdpSession,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResponseIssuer => "response_issuer",
            Self::ResponseIssueInstant => "response_issue_instant",
            Self::Destination => "destination",
            Self::InResponseTo => "in_response_to",
            Self::AssertionIssuer => "assertion_issuer",
            Self::AssertionIssueInstant => "assertion_issue_instant",
            Self::SubjectConfirmation => "subject_confirmation",
            Self::Conditions => "conditions",
            Self::Audience => "audience",
            Self::AuthnStatement => "authn_statement",
            Self::IdpSession => "idp_session",
        }
    }

    /// Where the specification demands it.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            Self::ResponseIssuer | Self::AssertionIssuer | Self::AuthnStatement => "profiles 4.1.4.2",
            Self::ResponseIssueInstant => "core 3.2.2",
            Self::Destination => "core 3.2.2; bindings 3.5.5.2",
            Self::InResponseTo => "core 3.2.2; profiles 4.1.4.3",
            Self::AssertionIssueInstant => "core 2.3.3",
            Self::SubjectConfirmation => "profiles 4.1.4.2; profiles 4.1.4.3",
            Self::Conditions => "core 2.5.1.2",
            Self::Audience => "core 2.5.1.4; profiles 4.1.4.2",
            Self::IdpSession => "core 2.7.2; profiles 4.1.4.3",
        }
    }
}

/// An assertion for us, for this browser's request, from the identity provider we asked, valid now.
///
/// Only [`accept`] makes one. It may be used once: the caller owes it a replay claim that lives until
/// [`AcceptedAssertion::acceptable_until`].
#[derive(Debug)]
pub struct AcceptedAssertion {
    assertion: Assertion,
    session_index: Option<String>,
    session_not_on_or_after: Option<UnixTime>,
    authn_instant: UnixTime,
    authn_context_class: Option<String>,
    acceptable_until: UnixTime,
}

impl AcceptedAssertion {
    /// `ID`: unique for the issuer, the key of the replay claim.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.assertion.id
    }

    /// The entity id of the identity provider.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.assertion.issuer.entity_id
    }

    /// `IssueInstant`, by the identity provider's clock.
    #[must_use]
    pub const fn issue_instant(&self) -> UnixTime {
        self.assertion.issue_instant
    }

    /// How the identity provider calls the person; AD FS sends none unless a rule says so.
    #[must_use]
    pub const fn name_id(&self) -> Option<&NameId> {
        self.assertion.name_id.as_ref()
    }

    /// The attributes of all statements, merged by `Name`, in order of first appearance.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.assertion.attributes
    }

    /// The first `SessionIndex`, which a later log-out must name.
    #[must_use]
    pub fn session_index(&self) -> Option<&str> {
        self.session_index.as_deref()
    }

    /// The earliest `SessionNotOnOrAfter`: our session ends no later (profiles 4.1.4.3).
    #[must_use]
    pub const fn session_not_on_or_after(&self) -> Option<UnixTime> {
        self.session_not_on_or_after
    }

    /// When the person authenticated, by the first statement that is as was demanded; not after now.
    #[must_use]
    pub const fn authn_instant(&self) -> UnixTime {
        self.authn_instant
    }

    /// How the person authenticated, by the same statement.
    #[must_use]
    pub fn authn_context_class(&self) -> Option<&str> {
        self.authn_context_class.as_deref()
    }

    /// The instant from which on this assertion can never be accepted again, skew included; at most
    /// [`MAX_AGE`] and twice the skew from now.
    #[must_use]
    pub const fn acceptable_until(&self) -> UnixTime {
        self.acceptable_until
    }
}

/// Applies the profile to `verified`.
///
/// # Errors
/// [`ProfileError`]: the first rule that does not hold.
pub fn accept(verified: Verified, expected: &Expectations<'_>) -> Result<AcceptedAssertion, ProfileError> {
    accept_noting(verified, expected, &mut |_| {})
}

/// As [`accept`], telling `holds` of every rule as soon as it is known to hold, in the order of [`Check::ALL`].
///
/// # Errors
/// As [`accept`].
pub fn accept_noting(
    verified: Verified,
    expected: &Expectations<'_>,
    holds: &mut dyn FnMut(Check),
) -> Result<AcceptedAssertion, ProfileError> {
    let Verified { assertion, envelope, response_signed, .. } = verified;
    check_envelope(&envelope, response_signed, expected, holds)?;

    check_issuer("Assertion", &assertion.issuer, expected)?;
    holds(Check::AssertionIssuer);
    check_issue_instant("Assertion", assertion.issue_instant, expected)?;
    holds(Check::AssertionIssueInstant);
    let confirmed_until = check_confirmations(&assertion.confirmations, expected)?;
    holds(Check::SubjectConfirmation);
    // profiles 4.1.4.2: an AudienceRestriction is mandatory, and so are the Conditions that hold it
    let conditions = assertion.conditions.as_ref().ok_or(ProfileError::AudienceMissing)?;
    check_window(conditions, expected)?;
    holds(Check::Conditions);
    check_audiences(conditions, expected)?;
    holds(Check::Audience);

    // profiles 4.1.4.2: at least one AuthnStatement
    let statement = demanded_statement(&assertion.authn_statements, expected)?;
    holds(Check::AuthnStatement);
    let session_not_on_or_after =
        assertion.authn_statements.iter().filter_map(|statement| statement.session_not_on_or_after).min();
    // core 2.7.2, profiles 4.1.4.3: the session must not outlive SessionNotOnOrAfter
    if let Some(end) = session_not_on_or_after
        && expected.skew.has_ended(end, expected.now)
    {
        return Err(ProfileError::IdpSessionExpired { session_not_on_or_after: end, now: expected.now });
    }
    holds(Check::IdpSession);

    let valid_until = [Some(confirmed_until), conditions.not_on_or_after]
        .into_iter()
        .flatten()
        .fold(assertion.issue_instant.saturating_add(MAX_AGE), UnixTime::min);
    Ok(AcceptedAssertion {
        session_index: assertion
            .authn_statements
            .iter()
            .find_map(|statement| statement.session_index.clone()),
        session_not_on_or_after,
        // The identity provider says that it was after our request, whatever its clock shows.
        authn_instant: statement
            .authn_instant
            .max(expected.authn.since.unwrap_or(statement.authn_instant))
            .min(expected.now),
        authn_context_class: statement.authn_context_class.clone(),
        acceptable_until: valid_until.saturating_add(expected.skew.as_duration()),
        assertion,
    })
}

/// The rules on `samlp:Response` itself. Where it is not signed they can only refuse.
fn check_envelope(
    envelope: &Envelope,
    response_signed: bool,
    expected: &Expectations<'_>,
    holds: &mut dyn FnMut(Check),
) -> Result<(), ProfileError> {
    // profiles 4.1.4.2: Issuer may be left out of an unsigned response; if present it is the identity provider
    if let Some(issuer) = &envelope.issuer {
        check_issuer("Response", issuer, expected)?;
    }
    holds(Check::ResponseIssuer);
    check_issue_instant("Response", envelope.issue_instant, expected)?;
    holds(Check::ResponseIssueInstant);
    // bindings 3.5.5.2: a signed message names the address it was posted to; core 3.2.2: if present it must match
    let destination_wanted = response_signed || envelope.destination.is_some();
    if destination_wanted && envelope.destination.as_deref() != Some(expected.destination) {
        return Err(ProfileError::DestinationMismatch {
            expected: expected.destination.to_owned(),
            presented: envelope.destination.clone(),
        });
    }
    holds(Check::Destination);
    check_in_response_to("Response", envelope.in_response_to.as_deref(), expected)?;
    holds(Check::InResponseTo);
    Ok(())
}

/// profiles 4.1.4.2: the identity provider's entity id, with no `Format` other than entity.
fn check_issuer(
    element: &'static str,
    issuer: &Issuer,
    expected: &Expectations<'_>,
) -> Result<(), ProfileError> {
    if issuer.entity_id != expected.idp_entity_id {
        return Err(ProfileError::IssuerMismatch {
            element,
            expected: expected.idp_entity_id.to_owned(),
            presented: issuer.entity_id.clone(),
        });
    }
    match issuer.format.as_deref() {
        None | Some(names::FORMAT_ENTITY) => Ok(()),
        Some(other) => Err(ProfileError::IssuerFormat { element, presented: other.to_owned() }),
    }
}

/// core 2.3.3, 3.2.2: issued in the past, and not before anything that this browser can still be waiting for.
fn check_issue_instant(
    element: &'static str,
    instant: UnixTime,
    expected: &Expectations<'_>,
) -> Result<(), ProfileError> {
    let Expectations { now, skew, .. } = *expected;
    if !skew.has_begun(instant, now) || skew.has_ended(instant.saturating_add(MAX_AGE), now) {
        return Err(ProfileError::IssueInstantImplausible { element, presented: instant, now });
    }
    Ok(())
}

/// core 3.2.2, profiles 4.1.4.2: `InResponseTo` is there and names the request that this browser sent.
fn check_in_response_to(
    element: &'static str,
    presented: Option<&str>,
    expected: &Expectations<'_>,
) -> Result<(), ProfileError> {
    match (expected.request, presented) {
        (RequestBinding::Solicited(_), None) => Err(ProfileError::UnsolicitedRefused { element }),
        (RequestBinding::Solicited(request), Some(presented)) if presented == request.as_str() => Ok(()),
        // profiles 4.1.5: an unsolicited response must not contain InResponseTo
        (RequestBinding::UnsolicitedAllowedByConfig, None) => Ok(()),
        (_, Some(presented)) => {
            Err(ProfileError::InResponseToMismatch { element, presented: presented.to_owned() })
        }
    }
}

/// core 2.7.2: the first statement that shows what was demanded; where none does, what the first lacks.
fn demanded_statement<'s>(
    statements: &'s [AuthnStatement],
    expected: &Expectations<'_>,
) -> Result<&'s AuthnStatement, ProfileError> {
    let first = statements.first().ok_or(ProfileError::AuthnStatementMissing)?;
    let classes = expected.authn.context_classes;
    let fits = |statement: &&AuthnStatement| {
        classes.is_empty()
            || statement.authn_context_class.as_ref().is_some_and(|class| classes.contains(class))
    };
    // core 3.3.2.2.1
    let mut fitting = statements.iter().filter(fits).peekable();
    if fitting.peek().is_none() {
        return Err(ProfileError::AuthnContextUnmet {
            expected: classes.to_vec(),
            presented: first.authn_context_class.clone(),
        });
    }
    // core 3.4.1
    let Some(since) = expected.authn.since else {
        return fitting.next().ok_or(ProfileError::AuthnStatementMissing);
    };
    let fresh = |statement: &&AuthnStatement| !expected.skew.has_ended(statement.authn_instant, since);
    fitting.find(fresh).ok_or(ProfileError::AuthnTooOld { authn_instant: first.authn_instant, since })
}

/// profiles 4.1.4.2, 4.1.4.3: one bearer confirmation that holds is enough; without any, the first finding is
/// reported. Says until when the latest of all bearer confirmations could hold, for another request included.
fn check_confirmations(
    confirmations: &[SubjectConfirmation],
    expected: &Expectations<'_>,
) -> Result<UnixTime, ProfileError> {
    let bearers =
        || confirmations.iter().filter(|confirmation| confirmation.method == names::CONFIRMATION_BEARER);
    let mut finding = None;
    for bearer in bearers() {
        match check_bearer(bearer, expected) {
            Ok(until) => {
                let latest = bearers()
                    .filter_map(|bearer| bearer.confirming.as_ref()?.not_on_or_after)
                    .fold(until, UnixTime::max);
                return Ok(latest);
            }
            Err(error) => finding = finding.or(Some(error)),
        }
    }
    Err(finding.unwrap_or(ProfileError::SubjectConfirmationMissing { lacking: "a bearer confirmation" }))
}

/// profiles 4.1.4.2: what a bearer confirmation must carry, and 4.1.4.3: what it must say.
fn check_bearer(
    confirmation: &SubjectConfirmation,
    expected: &Expectations<'_>,
) -> Result<UnixTime, ProfileError> {
    let lacking = |lacking| ProfileError::SubjectConfirmationMissing { lacking };
    let confirming = confirmation.confirming.as_ref().ok_or_else(|| lacking("`SubjectConfirmationData`"))?;
    if confirming.not_before.is_some() {
        return Err(ProfileError::ConfirmationNotBefore);
    }
    let recipient = confirming.recipient.as_deref().ok_or_else(|| lacking("`Recipient`"))?;
    if recipient != expected.recipient {
        return Err(ProfileError::RecipientMismatch {
            expected: expected.recipient.to_owned(),
            presented: recipient.to_owned(),
        });
    }
    let not_on_or_after = confirming.not_on_or_after.ok_or_else(|| lacking("`NotOnOrAfter`"))?;
    if expected.skew.has_ended(not_on_or_after, expected.now) {
        return Err(ProfileError::ConfirmationExpired { not_on_or_after, now: expected.now });
    }
    check_in_response_to("SubjectConfirmationData", confirming.in_response_to.as_deref(), expected)?;
    Ok(not_on_or_after)
}

/// core 2.5.1.2: the window. Unknown conditions were refused while reading.
fn check_window(conditions: &Conditions, expected: &Expectations<'_>) -> Result<(), ProfileError> {
    let Expectations { now, skew, .. } = *expected;
    if let Some(not_before) = conditions.not_before
        && !skew.has_begun(not_before, now)
    {
        return Err(ProfileError::AssertionNotYetValid { not_before, now });
    }
    if let Some(not_on_or_after) = conditions.not_on_or_after
        && skew.has_ended(not_on_or_after, now)
    {
        return Err(ProfileError::AssertionExpired { not_on_or_after, now });
    }
    Ok(())
}

/// core 2.5.1.4: within one restriction any audience will do, but every restriction must hold.
fn check_audiences(conditions: &Conditions, expected: &Expectations<'_>) -> Result<(), ProfileError> {
    let audience = expected.audience;
    // profiles 4.1.4.2
    if conditions.audience_restrictions.is_empty() {
        return Err(ProfileError::AudienceMissing);
    }
    for audiences in &conditions.audience_restrictions {
        if !audiences.iter().any(|presented| presented == audience) {
            return Err(ProfileError::AudienceMismatch {
                expected: audience.to_owned(),
                presented: audiences.clone(),
            });
        }
    }
    Ok(())
}
