//! The artifact resolution profile (profiles 5): what was fetched for an artifact, taken out of its envelope.
//!
//! It says nothing about whom the message signs in: that is for the message's own signatures, which it must have as if the
//! browser had brought it.

use crate::base::{Budget, Limits};
use crate::effect::{CryptoProvider, VerificationKey};
use crate::saml::assertion::Issuer;
use crate::saml::bindings::soap;
use crate::saml::error::{ProfileError, ResponseError, SchemaProblem};
use crate::saml::names;
use crate::saml::protocol::RequestId;
use crate::saml::response::Status;
use crate::saml::schema::{self, Sequence, required_instant, violation};
use crate::xml::c14n::{Exclusive, canonicalize};
use crate::xml::{Element, Source};
use crate::xmlsec::algorithm::AlgorithmPolicy;
use crate::xmlsec::{has_signature, verify};

const NAME: &str = "ArtifactResponse";

/// What an `ArtifactResponse` must match.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The `ArtifactResolve` that it answers.
    pub request: &'a RequestId,
    /// The identity provider that was asked.
    pub idp_entity_id: &'a str,
    /// Our assertion consumer service: the only `Destination` that it may name.
    pub recipient: &'a str,
    /// The signing keys of the identity provider.
    pub keys: &'a [VerificationKey],
    /// The algorithms that it may sign with.
    pub algorithms: AlgorithmPolicy,
    /// Who does the public-key work.
    pub crypto: &'a dyn CryptoProvider,
    /// How much work the message may cause.
    pub limits: &'a Limits,
}

/// The response in `body`, the SOAP envelope that came for an artifact, as octets of its own.
///
/// # Errors
/// [`ResponseError`]: not one `ArtifactResponse` in an envelope, one that answers something else or comes from somebody
/// else, a signature that does not hold, a status other than Success, or no response in it.
pub fn response(body: &[u8], expected: &Expected<'_>) -> Result<Vec<u8>, ResponseError> {
    let source = Source::check(body, expected.limits)?;
    let document = source.document()?;
    let message = soap::message(&document)?;
    if !message.is(names::PROTOCOL, NAME) {
        return Err(ProfileError::MessageUnexpected { presented: message.local_name().to_owned() }.into());
    }
    if !has_signature(message) {
        return read(message, expected);
    }
    let mut budget = Budget::new(expected.limits.max_signature_checks);
    let signed =
        verify(message, expected.keys, &expected.algorithms, expected.crypto, expected.limits, &mut budget)?;
    signed.read(|message| read(message, expected))
}

/// Reads `samlp:ArtifactResponse` (core 3.5.2) child by child.
fn read(message: Element<'_>, expected: &Expected<'_>) -> Result<Vec<u8>, ResponseError> {
    schema::version(message, NAME)?;
    schema::id(message, NAME)?;
    required_instant(message, NAME, "IssueInstant")?;
    // core 3.2.2; profiles 5.4.2: it answers our request, whose random ID nobody else knows
    let in_response_to = message.attribute("InResponseTo").unwrap_or_default();
    if in_response_to != expected.request.as_str() {
        let presented = in_response_to.to_owned();
        return Err(ProfileError::InResponseToMismatch { element: NAME, presented }.into());
    }
    // core 3.2.2: if present it must be ours
    let destination = message.attribute("Destination");
    if destination.is_some_and(|destination| destination != expected.recipient) {
        return Err(ProfileError::DestinationMismatch {
            expected: expected.recipient.to_owned(),
            presented: destination.map(str::to_owned),
        }
        .into());
    }
    let mut children = Sequence::of(message, NAME)?;
    // profiles 5.4.2: the issuer must be there, and be whom we asked
    let issuer = Issuer::read(children.required(names::ASSERTION, "Issuer")?, NAME)?;
    if issuer.entity_id != expected.idp_entity_id {
        return Err(ProfileError::IssuerMismatch {
            element: NAME,
            expected: expected.idp_entity_id.to_owned(),
            presented: issuer.entity_id,
        }
        .into());
    }
    let _signature = children.optional(names::DSIG, "Signature");
    if let Some(extensions) = children.optional(names::PROTOCOL, "Extensions") {
        schema::foreign_only(extensions, "Extensions")?;
    }
    let status = Status::read(children.required(names::PROTOCOL, "Status")?)?;
    if status.code != names::STATUS_SUCCESS {
        return Err(ProfileError::StatusNotSuccess(status).into());
    }
    // core 3.5.2: an artifact that is not known, or was resolved before, has Success and no message
    let found = children.next().ok_or(violation(NAME, SchemaProblem::ElementMissing("Response")))?;
    if !found.is(names::PROTOCOL, "Response") {
        return Err(ProfileError::MessageUnexpected { presented: found.local_name().to_owned() }.into());
    }
    children.end()?;
    // Its own signature covers exactly these octets, whatever stood around it.
    Ok(canonicalize(found, &Exclusive::default())?)
}
