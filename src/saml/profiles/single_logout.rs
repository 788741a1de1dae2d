//! The Single Logout profile: is this message for us, here and now (profiles 4.4.4)?

use core::time::Duration;

use crate::base::{ClockSkew, UnixTime};
use crate::saml::error::{ProfileError, SchemaProblem};
use crate::saml::logout::{LogoutContent, LogoutMessage, VerifiedLogout};
use crate::saml::names;
use crate::saml::protocol::RequestId;
use crate::saml::{NameId, Status};

/// How old a message may be. It is sent when it is made; a browser that is led through twenty applications needs less.
/// One that is caught and sent again within this time changes nothing, see [`crate::session::revocation`].
pub const MAX_AGE: Duration = Duration::from_secs(600);

/// What a message must match. Every field is demanded.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// Our clock.
    pub now: UnixTime,
    /// How far the clocks may disagree.
    pub skew: ClockSkew,
    /// The identity provider whose keys verified the message.
    pub idp_entity_id: &'a str,
    /// The address at which it arrived, as `Destination` names it.
    pub destination: &'a str,
}

/// A logout that an identity provider asks for: signed by it, meant for us, still good.
#[derive(Debug)]
pub struct AcceptedLogout {
    id: String,
    issuer: String,
    issue_instant: UnixTime,
    name_id: NameId,
    session_indexes: Vec<String>,
}

impl AcceptedLogout {
    /// What our response repeats in `InResponseTo`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The entity id of the identity provider.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// When it was asked for, by the identity provider's clock.
    #[must_use]
    pub const fn issue_instant(&self) -> UnixTime {
        self.issue_instant
    }

    /// Whom to sign out.
    #[must_use]
    pub const fn name_id(&self) -> &NameId {
        &self.name_id
    }

    /// Which of their sessions; none means all (core 3.7.1).
    #[must_use]
    pub fn session_indexes(&self) -> &[String] {
        &self.session_indexes
    }
}

/// How an identity provider answered a logout of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutOutcome {
    status: Status,
}

impl LogoutOutcome {
    /// Is the person signed out everywhere, as far as the identity provider knows (core 3.7.3.1)?
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.status.code == names::STATUS_SUCCESS
            && self.status.nested.as_deref() != Some(names::STATUS_PARTIAL_LOGOUT)
    }

    /// What it said.
    #[must_use]
    pub const fn status(&self) -> &Status {
        &self.status
    }
}

/// Applies the profile to a request.
///
/// # Errors
/// [`ProfileError`]: the first rule that does not hold.
pub fn accept_request(
    verified: VerifiedLogout,
    expected: &Expectations<'_>,
) -> Result<AcceptedLogout, ProfileError> {
    let message = verified.message;
    check_message(&message, expected)?;
    let LogoutContent::Request { not_on_or_after, name_id, session_indexes } = message.content else {
        return Err(unexpected("LogoutRequest", &message));
    };
    // core 3.7.1
    if let Some(not_on_or_after) = not_on_or_after
        && expected.skew.has_ended(not_on_or_after, expected.now)
    {
        return Err(ProfileError::LogoutExpired { not_on_or_after, now: expected.now });
    }
    // Nobody is called nothing; sessions without a name are not meant.
    if name_id.value().expose().trim().is_empty() {
        return Err(ProfileError::SchemaViolation { element: "NameID", problem: SchemaProblem::ValueEmpty });
    }
    Ok(AcceptedLogout {
        id: message.id,
        issuer: message.issuer.entity_id,
        issue_instant: message.issue_instant,
        name_id,
        session_indexes,
    })
}

/// Applies the profile to the answer to `request`.
///
/// # Errors
/// [`ProfileError`]: the first rule that does not hold.
pub fn accept_response(
    verified: VerifiedLogout,
    request: &RequestId,
    expected: &Expectations<'_>,
) -> Result<LogoutOutcome, ProfileError> {
    let message = verified.message;
    check_message(&message, expected)?;
    let LogoutContent::Response { in_response_to, status } = message.content else {
        return Err(unexpected("LogoutResponse", &message));
    };
    // core 3.2.2: which request it answers
    match in_response_to {
        Some(presented) if presented == request.as_str() => Ok(LogoutOutcome { status }),
        Some(presented) => Err(ProfileError::InResponseToMismatch { element: "LogoutResponse", presented }),
        None => Err(ProfileError::UnsolicitedRefused { element: "LogoutResponse" }),
    }
}

fn unexpected(expected: &'static str, message: &LogoutMessage) -> ProfileError {
    ProfileError::LogoutMessageUnexpected { expected, presented: message.element.to_owned() }
}

/// What holds for both.
fn check_message(message: &LogoutMessage, expected: &Expectations<'_>) -> Result<(), ProfileError> {
    let element = message.element;
    // profiles 4.4.4.1, 4.4.4.2: the issuer, whose format is entity or left out
    if message.issuer.entity_id != expected.idp_entity_id {
        return Err(ProfileError::IssuerMismatch {
            element,
            expected: expected.idp_entity_id.to_owned(),
            presented: message.issuer.entity_id.clone(),
        });
    }
    if let Some(format) = message.issuer.format.as_deref().filter(|format| *format != names::FORMAT_ENTITY) {
        return Err(ProfileError::IssuerFormat { element, presented: format.to_owned() });
    }
    // bindings 3.4.5.2, 3.5.5.2; demanded of SOAP too: a message that names no address could be one that another
    // application got
    if message.destination.as_deref() != Some(expected.destination) {
        return Err(ProfileError::DestinationMismatch {
            expected: expected.destination.to_owned(),
            presented: message.destination.clone(),
        });
    }
    // core 3.2.1, 3.2.2
    let Expectations { now, skew, .. } = *expected;
    let instant = message.issue_instant;
    if !skew.has_begun(instant, now) || skew.has_ended(instant.saturating_add(MAX_AGE), now) {
        return Err(ProfileError::IssueInstantImplausible { element, presented: instant, now });
    }
    Ok(())
}
