//! The messages of a single logout, before and after their signature was checked (core 3.7; profiles 4.4).
//!
//! [`UnverifiedLogout::read`] gives hints, [`UnverifiedLogout::verify`] gives a [`VerifiedLogout`] that was read from
//! what was signed, and [`super::profiles::single_logout`] says whether it is for us. There is no way around a
//! signature: whoever could leave it out could sign anybody out.

use super::assertion::{Issuer, NameId};
use super::bindings::{Carrier, Inbound, MessageKind, soap};
use super::encrypted::Decryption;
use super::error::{ProfileError, ResponseError};
use super::names;
use super::response::{Status, whole_values};
use super::schema::{self, Sequence, bounded, count, required_instant};
use crate::base::{Budget, Limits, UnixTime};
use crate::effect::{CryptoProvider, VerificationKey};
use crate::xml::{Document, Element, Source};
use crate::xmlsec;
use crate::xmlsec::algorithm::AlgorithmPolicy;
use crate::xmlsec::decrypt::Recipient;
use crate::xmlsec::key::KeyFingerprint;

/// `SessionIndex` elements of one request: sign-ins of one person that still last. One is usual.
const MAX_SESSION_INDEXES: usize = 64;

/// A message of a logout as it arrived.
#[derive(Debug)]
pub struct UnverifiedLogout {
    kind: MessageKind,
    source: Source,
    carrier: Carrier,
    issuer: Issuer,
    in_response_to: Option<String>,
}

/// Whom and what a message is checked with.
#[derive(Clone, Copy)]
pub struct LogoutTrust<'a> {
    /// The signing keys of the identity provider that the message says it is from.
    pub keys: &'a [VerificationKey],
    /// The algorithms that it may sign with.
    pub algorithms: AlgorithmPolicy,
    /// For whom it may encrypt a name.
    pub recipient: &'a Recipient<'a>,
    /// Who does the public-key work.
    pub crypto: &'a dyn CryptoProvider,
    /// How much work the message may cause.
    pub limits: &'a Limits,
}

/// A message that a key of the identity provider signed. Whether it is for us and still good is for
/// [`super::profiles::single_logout`] to say; nothing is readable before that.
#[derive(Debug)]
pub struct VerifiedLogout {
    pub(super) message: LogoutMessage,
    key: KeyFingerprint,
}

/// What every message of a logout says, and what it is about.
#[derive(Debug)]
pub(super) struct LogoutMessage {
    pub(super) element: &'static str,
    pub(super) id: String,
    pub(super) issue_instant: UnixTime,
    pub(super) destination: Option<String>,
    pub(super) issuer: Issuer,
    pub(super) content: LogoutContent,
}

/// Request (core 3.7.1) or response (core 3.7.2).
#[derive(Debug)]
pub(super) enum LogoutContent {
    Request { not_on_or_after: Option<UnixTime>, name_id: NameId, session_indexes: Vec<String> },
    Response { in_response_to: Option<String>, status: Status },
}

impl VerifiedLogout {
    /// Is it a request?
    #[must_use]
    pub const fn is_request(&self) -> bool {
        matches!(self.message.content, LogoutContent::Request { .. })
    }

    /// The configured key that made the signature.
    #[must_use]
    pub const fn key(&self) -> KeyFingerprint {
        self.key
    }
}

impl UnverifiedLogout {
    /// Reads `inbound`, which must hold a `LogoutRequest` or `LogoutResponse`, as its parameter says.
    ///
    /// # Errors
    /// [`ResponseError`] when it does not, or names no issuer.
    pub fn read(inbound: Inbound, limits: &Limits) -> Result<Self, ResponseError> {
        let Inbound { kind, xml, carrier, .. } = inbound;
        let source = Source::check(&xml, limits)?;
        let (issuer, in_response_to) = {
            let document = source.document()?;
            let root = locate(&document, &carrier)?;
            whole_values(root)?;
            let (_, mut children) = open(root, kind)?;
            // profiles 4.4.4.1, 4.4.4.2: the issuer must be there
            let issuer = children.required(names::ASSERTION, "Issuer")?;
            let in_response_to = root.attribute("InResponseTo").map(str::to_owned);
            (Issuer::read(issuer, element_name(kind))?, in_response_to)
        };
        Ok(Self { kind, source, carrier, issuer, in_response_to })
    }

    /// Who the message says it is from: chooses among trusted identity providers, proves nothing.
    #[must_use]
    pub fn issuer_hint(&self) -> &str {
        &self.issuer.entity_id
    }

    /// Request or response, by the parameter that it came in.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        self.kind
    }

    /// Which request the message says it answers: for finding things, proves nothing.
    #[must_use]
    pub fn in_response_to_hint(&self) -> Option<&str> {
        self.in_response_to.as_deref()
    }

    /// Checks the signature and reads the message from what was signed.
    ///
    /// # Errors
    /// [`ResponseError`]: no signature, one that does not hold, an encrypted name that cannot be read, or a message that
    /// the schema forbids.
    pub fn verify(self, trust: &LogoutTrust<'_>) -> Result<VerifiedLogout, ResponseError> {
        let mut budget = Budget::new(trust.limits.max_signature_checks);
        let LogoutTrust { keys, algorithms, crypto, limits, recipient } = *trust;
        match self.carrier {
            Carrier::Query(signature) => {
                let (signed, xml) = signature.verify(keys, &algorithms, crypto, limits, &mut budget)?;
                let source = Source::check(&xml, limits)?;
                let document = source.document()?;
                // Nothing of the message is an element that was digested, so AES-CBC is not decrypted from it.
                let mut decryption = Decryption::new(recipient, limits, None);
                let message = LogoutMessage::read(document.root(), self.kind, &mut decryption)?;
                Ok(VerifiedLogout { message, key: signed.key() })
            }
            Carrier::Message | Carrier::Envelope => {
                let document = self.source.document()?;
                let root = locate(&document, &self.carrier)?;
                let signed = xmlsec::verify(root, keys, &algorithms, crypto, limits, &mut budget)?;
                let mut decryption = Decryption::new(recipient, limits, Some(signed.clone()));
                let message =
                    signed.read(|element| LogoutMessage::read(element, self.kind, &mut decryption))?;
                Ok(VerifiedLogout { message, key: signed.facts().key })
            }
        }
    }
}

/// Where in the document the message is.
fn locate<'a>(document: &'a Document<'_>, carrier: &Carrier) -> Result<Element<'a>, ResponseError> {
    match carrier {
        Carrier::Query(_) | Carrier::Message => Ok(document.root()),
        Carrier::Envelope => Ok(soap::message(document)?),
    }
}

const fn element_name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Request => "LogoutRequest",
        MessageKind::Response => "LogoutResponse",
    }
}

/// The name of the message and its children, if it is of `kind`.
fn open(root: Element<'_>, kind: MessageKind) -> Result<(&'static str, Sequence<'_>), ResponseError> {
    let name = element_name(kind);
    if !root.is(names::PROTOCOL, name) {
        let presented = root.local_name().to_owned();
        return Err(ProfileError::LogoutMessageUnexpected { expected: name, presented }.into());
    }
    Ok((name, Sequence::of(root, name)?))
}

impl LogoutMessage {
    /// Reads `root` child by child (core 3.2.1, 3.2.2). It lies in what was signed, so a `ds:Signature` that is still
    /// there is one that nobody verified (bindings 3.4.4.1 has it removed), and is refused as unexpected.
    fn read(
        root: Element<'_>,
        kind: MessageKind,
        decryption: &mut Decryption<'_>,
    ) -> Result<Self, ResponseError> {
        whole_values(root)?;
        let (name, mut children) = open(root, kind)?;
        schema::version(root, name)?;
        let id = schema::id(root, name)?;
        let issue_instant = required_instant(root, name, "IssueInstant")?;
        let issuer = Issuer::read(children.required(names::ASSERTION, "Issuer")?, name)?;
        if let Some(extensions) = children.optional(names::PROTOCOL, "Extensions") {
            schema::foreign_only(extensions, "Extensions")?;
        }
        let content = match kind {
            MessageKind::Request => read_request(root, children, decryption)?,
            MessageKind::Response => {
                let status = Status::read(children.required(names::PROTOCOL, "Status")?)?;
                children.end()?;
                let in_response_to = root.attribute("InResponseTo").map(str::to_owned);
                LogoutContent::Response { in_response_to, status }
            }
        };
        let destination = root.attribute("Destination").map(str::to_owned);
        Ok(Self { element: name, id, issue_instant, destination, issuer, content })
    }
}

/// core 3.7.1: who, and which of their sessions. `BaseID` names nobody that an assertion here ever named.
fn read_request<'a>(
    root: Element<'a>,
    mut children: Sequence<'a>,
    decryption: &mut Decryption<'_>,
) -> Result<LogoutContent, ResponseError> {
    let not_on_or_after = schema::instant(root, "NotOnOrAfter")?;
    let name_id = if let Some(encrypted) = children.optional(names::ASSERTION, "EncryptedID") {
        decryption.signed_part(encrypted, "NameID", NameId::read)?
    } else {
        NameId::read(children.required(names::ASSERTION, "NameID")?)?
    };
    let mut session_indexes = Vec::new();
    let mut number = 0;
    while let Some(index) = children.optional(names::PROTOCOL, "SessionIndex") {
        count("SessionIndex", &mut number, MAX_SESSION_INDEXES)?;
        session_indexes.push(bounded(index, "SessionIndex", root.limits().max_uri_bytes)?.to_owned());
    }
    children.end()?;
    Ok(LogoutContent::Request { not_on_or_after, name_id, session_indexes })
}

#[cfg(test)]
mod tests;
