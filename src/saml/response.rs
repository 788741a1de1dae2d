//! The response, before and after its signatures were checked (core 3.2.2, 5.4; profiles 4.1.4.2).

use core::fmt;

use super::assertion::{Assertion, Issuer};
use super::encrypted::Decryption;
use super::error::{ProfileError, ResponseError, Shown};
use super::names;
use super::schema::{self, Sequence, required_instant, unexpected};
use crate::base::{Budget, Limits, Pii, UnixTime};
use crate::effect::{CryptoProvider, VerificationKey};
use crate::xml::{Document, Element, XmlError};
use crate::xmlsec::{self, SignatureFacts, SignedElement, algorithm::AlgorithmPolicy, decrypt::Recipient};

/// Something that arrived and that nobody has vouched for yet. It gives hints, and [`Unverified::verify`].
#[derive(Debug)]
pub struct Unverified<T>(T);

/// `samlp:Response` as it arrived. Opaque: what it says is reachable only through [`Unverified`] and [`Verified`].
#[derive(Debug)]
pub struct Response<'a> {
    root: Element<'a>,
    assertion: Option<AssertionPart<'a>>,
    envelope: Envelope,
}

/// The one assertion of a response.
#[derive(Clone, Copy, Debug)]
enum AssertionPart<'a> {
    /// `saml:Assertion`.
    Plain(Element<'a>),
    /// `saml:EncryptedAssertion`.
    Encrypted(Element<'a>),
}

/// Whom and what a response is checked with.
#[derive(Clone, Copy)]
pub struct Trust<'a> {
    /// The signing keys of the identity provider that was asked.
    pub keys: &'a [VerificationKey],
    /// The algorithms that it may sign with.
    pub algorithms: AlgorithmPolicy,
    /// What it must sign.
    pub demand: SignatureDemand,
    /// For whom it may encrypt.
    pub recipient: &'a Recipient<'a>,
    /// Who does the public-key work.
    pub crypto: &'a dyn CryptoProvider,
    /// How much work the message may cause.
    pub limits: &'a Limits,
}

/// Which signatures a response must carry. Every signature that is present must hold in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureDemand {
    /// On the response or on the assertion.
    #[default]
    Any,
    /// On the response.
    Response,
    /// On the assertion.
    Assertion,
    /// On both.
    Both,
}

/// `samlp:Status` (core 3.2.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The top-level code, a URI.
    pub code: String,
    /// The code nested inside it, which says what happened.
    pub nested: Option<String>,
    /// What the identity provider adds for humans; it may name the person.
    pub message: Option<Pii<String>>,
}

impl Status {
    /// The identity provider would have had to show the person something, and was asked not to (core 3.2.2.2).
    #[must_use]
    pub fn is_no_passive(&self) -> bool {
        self.code != names::STATUS_SUCCESS && self.nested.as_deref() == Some(names::STATUS_NO_PASSIVE)
    }
}

/// Everything of a response but its assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) issue_instant: UnixTime,
    pub(super) destination: Option<String>,
    pub(super) in_response_to: Option<String>,
    pub(super) issuer: Option<Issuer>,
    pub(super) status: Status,
}

/// An assertion read from octets that a key of the identity provider signed. Who may use it, where and when, is
/// for [`super::profiles::web_sso::accept`] to say; nothing is readable before that.
#[derive(Debug)]
pub struct Verified {
    pub(super) assertion: Assertion,
    /// Read from signed octets when `response_signed`; otherwise from the message as it arrived, good only for
    /// refusing more.
    pub(super) envelope: Envelope,
    pub(super) response_signed: bool,
    signatures: Vec<VerifiedSignature>,
}

/// A signature that held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedSignature {
    /// The local name of the element that it covers.
    pub element: String,
    /// How it was made.
    pub facts: SignatureFacts,
}

impl Verified {
    /// The signatures that held, in the order in which they were checked.
    #[must_use]
    pub fn signatures(&self) -> &[VerifiedSignature] {
        &self.signatures
    }

    /// What the identity provider's clock said when it signed: for comparing clocks. Says nothing about whether the
    /// assertion is for us or still good.
    #[must_use]
    pub const fn issue_instant(&self) -> UnixTime {
        self.assertion.issue_instant
    }
}

impl<'a> Unverified<Response<'a>> {
    /// Reads `document`, whose root must be a SAML 2.0 `Response` shaped as the schema says.
    ///
    /// # Errors
    /// [`ResponseError`] when it is not.
    pub fn read(document: &'a Document<'_>) -> Result<Self, ResponseError> {
        let root = document.root();
        let (envelope, assertion) = read_response(root)?;
        whole_values(root)?;
        Ok(Self(Response { root, assertion, envelope }))
    }

    /// Who the message says it is from: chooses among trusted identity providers, proves nothing.
    #[must_use]
    pub fn issuer_hint(&self) -> Option<&str> {
        self.0.envelope.issuer.as_ref().map(|issuer| issuer.entity_id.as_str())
    }

    /// Which request the message says it answers: for finding things, proves nothing.
    #[must_use]
    pub fn in_response_to_hint(&self) -> Option<&str> {
        self.0.envelope.in_response_to.as_deref()
    }

    /// When the message says it was made: proves nothing.
    #[must_use]
    pub const fn issue_instant_hint(&self) -> UnixTime {
        self.0.envelope.issue_instant
    }

    /// Where the message says it goes: proves nothing.
    #[must_use]
    pub fn destination_hint(&self) -> Option<&str> {
        self.0.envelope.destination.as_deref()
    }

    /// Whether the assertion arrived encrypted.
    #[must_use]
    pub const fn is_encrypted(&self) -> bool {
        matches!(self.0.assertion, Some(AssertionPart::Encrypted(_)))
    }

    /// The status as it arrived: explains a refusal, never a reason to accept.
    #[must_use]
    pub const fn untrusted_status(&self) -> &Status {
        &self.0.envelope.status
    }

    /// Checks every signature that the response and its assertion carry, at least those that are demanded, decrypts
    /// what is encrypted, and reads the assertion from the octets that were digested.
    ///
    /// # Errors
    /// [`ResponseError`]: the status is not Success, there is not exactly one readable assertion, a demanded
    /// signature is missing, a present one does not hold, something cannot be decrypted, or the signed octets are not
    /// an assertion.
    pub fn verify(self, trust: &Trust<'_>) -> Result<Verified, ResponseError> {
        let Response { root, assertion, envelope } = self.0;
        // Failures are often unsigned, and refusing needs no proof.
        let envelope = envelope.success()?;
        let assertion = assertion.ok_or(ProfileError::AssertionMissing)?;

        let mut budget = Budget::new(trust.limits.max_signature_checks);
        let mut signatures = Vec::new();
        let mut verify = |element: Element<'_>| {
            let signed = xmlsec::verify(
                element,
                trust.keys,
                &trust.algorithms,
                trust.crypto,
                trust.limits,
                &mut budget,
            )?;
            let element = element.local_name().to_owned();
            signatures.push(VerifiedSignature { element, facts: signed.facts() });
            Ok::<_, ResponseError>(signed)
        };
        let response_wanted = matches!(trust.demand, SignatureDemand::Response | SignatureDemand::Both)
            || xmlsec::has_signature(root);
        let assertion_wanted = matches!(trust.demand, SignatureDemand::Assertion | SignatureDemand::Both);

        if !response_wanted {
            // Where nothing is signed and anything would do, it is the assertion that lacks a signature.
            let mut decryption = Decryption::new(trust.recipient, trust.limits, None);
            let assertion = assertion.verify(verify, &mut decryption)?;
            return Ok(Verified { assertion, envelope, response_signed: false, signatures });
        }
        let response = verify(root)?;
        let mut decryption = Decryption::new(trust.recipient, trust.limits, Some(response.clone()));
        let (envelope, assertion) = response.read(|root| {
            let (envelope, covered) = read_response(root)?;
            let assertion = match (assertion, covered) {
                (AssertionPart::Plain(as_sent), _) if assertion_wanted || xmlsec::has_signature(as_sent) => {
                    verify(as_sent)?.read(|assertion| Assertion::read(assertion, &mut decryption))?
                }
                (AssertionPart::Plain(_), Some(AssertionPart::Plain(covered))) => {
                    Assertion::read(covered, &mut decryption)?
                }
                (AssertionPart::Encrypted(as_sent), Some(AssertionPart::Encrypted(covered))) => {
                    let decrypted = decryption.assertion(covered)?;
                    if assertion_wanted {
                        decrypted.verify(as_sent, verify, &mut decryption)?
                    } else {
                        decrypted.verify_if_signed(as_sent, covered, verify, &mut decryption)?
                    }
                }
                _ => return Err(ProfileError::AssertionMissing.into()),
            };
            Ok::<_, ResponseError>((envelope, assertion))
        })?;
        Ok(Verified { assertion, envelope: envelope.success()?, response_signed: true, signatures })
    }
}

impl AssertionPart<'_> {
    /// Reads the assertion from the octets of its own signature.
    fn verify(
        self,
        mut verify: impl FnMut(Element<'_>) -> Result<SignedElement, ResponseError>,
        decryption: &mut Decryption<'_>,
    ) -> Result<Assertion, ResponseError> {
        match self {
            Self::Plain(element) => verify(element)?.read(|assertion| Assertion::read(assertion, decryption)),
            Self::Encrypted(container) => {
                decryption.assertion(container)?.verify(container, verify, decryption)
            }
        }
    }
}

impl<T> Unverified<T> {
    /// `inner` arrived and nobody has vouched for it.
    pub(super) const fn new(inner: T) -> Self {
        Self(inner)
    }

    /// For those in this room who find out who vouches for it.
    pub(super) fn into_inner(self) -> T {
        self.0
    }
}

/// Refuses a message in which a comment splits a value. What is read later is free of comments, because canonical
/// XML leaves them out; but nobody honest writes them, and software behind us may have been fooled before.
pub(super) fn whole_values(root: Element<'_>) -> Result<(), XmlError> {
    let mut waiting = vec![root];
    while let Some(element) = waiting.pop() {
        let above = waiting.len();
        waiting.extend(element.children());
        if waiting.len() == above {
            element.value()?;
        }
    }
    Ok(())
}

/// Reads `samlp:Response` (core 3.2.2, 3.3.3) child by child and says where its assertion is.
fn read_response(root: Element<'_>) -> Result<(Envelope, Option<AssertionPart<'_>>), ResponseError> {
    const NAME: &str = "Response";
    if !root.is(names::PROTOCOL, NAME) {
        return Err(ProfileError::MessageUnexpected { presented: root.local_name().to_owned() }.into());
    }
    schema::version(root, NAME)?;
    schema::id(root, NAME)?;
    let issue_instant = required_instant(root, NAME, "IssueInstant")?;

    let mut children = Sequence::of(root, NAME)?;
    let issuer = match children.optional(names::ASSERTION, "Issuer") {
        Some(issuer) => Some(Issuer::read(issuer, NAME)?),
        None => None,
    };
    // Verified, or refused as misplaced, by `xmlsec`; a second one is unexpected below.
    let _signature = children.optional(names::DSIG, "Signature");
    if let Some(extensions) = children.optional(names::PROTOCOL, "Extensions") {
        schema::foreign_only(extensions, "Extensions")?;
    }
    let status = Status::read(children.required(names::PROTOCOL, "Status")?)?;
    let mut assertion = None;
    while let Some(child) = children.next() {
        let part = if child.is(names::ASSERTION, "EncryptedAssertion") {
            AssertionPart::Encrypted(child)
        } else if child.is(names::ASSERTION, "Assertion") {
            AssertionPart::Plain(child)
        } else {
            return Err(unexpected(NAME, child).into());
        };
        // The specification allows several; one is what identity providers send, and two are how wrapping begins.
        if assertion.replace(part).is_some() {
            return Err(ProfileError::AssertionRepeated.into());
        }
    }
    let envelope = Envelope {
        issue_instant,
        destination: root.attribute("Destination").map(str::to_owned),
        in_response_to: root.attribute("InResponseTo").map(str::to_owned),
        issuer,
        status,
    };
    Ok((envelope, assertion))
}

impl Envelope {
    /// core 3.2.2.2: any other status means that there is nothing to accept.
    fn success(self) -> Result<Self, ProfileError> {
        if self.status.code == names::STATUS_SUCCESS {
            Ok(self)
        } else {
            Err(ProfileError::StatusNotSuccess(self.status))
        }
    }
}

impl Status {
    pub(super) fn read(element: Element<'_>) -> Result<Self, ResponseError> {
        let mut children = Sequence::of(element, "Status")?;
        let top = children.required(names::PROTOCOL, "StatusCode")?;
        let code = schema::attribute(top, "StatusCode", "Value")?.to_owned();
        let mut inner = Sequence::of(top, "StatusCode")?;
        let nested = match inner.optional(names::PROTOCOL, "StatusCode") {
            Some(nested) => Some(schema::attribute(nested, "StatusCode", "Value")?.to_owned()),
            None => None,
        };
        inner.end()?;
        let message = match children.optional(names::PROTOCOL, "StatusMessage") {
            Some(message) => Some(Pii::new(message.value()?.to_owned())),
            None => None,
        };
        if let Some(detail) = children.optional(names::PROTOCOL, "StatusDetail") {
            schema::foreign_only(detail, "StatusDetail")?;
        }
        children.end()?;
        Ok(Self { code, nested, message })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", Shown(&self.code))?;
        if let Some(nested) = &self.nested {
            write!(f, ", {}", Shown(nested))?;
        }
        if let Some(message) = &self.message {
            write!(f, ", with the message {message}")?;
        }
        Ok(())
    }
}
