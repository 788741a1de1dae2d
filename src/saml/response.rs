//! The response, before and after its signatures were checked (core 3.2.2, 5.4; profiles 4.1.4.2).

use core::fmt;

use super::assertion::{Assertion, Issuer};
use super::error::{ProfileError, ResponseError, Shown};
use super::names;
use super::schema::{self, Sequence, required_instant, unexpected};
use crate::base::{Budget, Limits, Pii, UnixTime};
use crate::effect::{CryptoProvider, VerificationKey};
use crate::xml::{Document, Element, XmlError};
use crate::xmlsec::{self, algorithm::AlgorithmPolicy};

/// Something that arrived and that nobody has vouched for yet. It gives hints, and [`Unverified::verify`].
#[derive(Debug)]
pub struct Unverified<T>(T);

/// `samlp:Response` as it arrived. Opaque: what it says is reachable only through [`Unverified`] and [`Verified`].
#[derive(Debug)]
pub struct Response<'a> {
    root: Element<'a>,
    assertion: Option<Element<'a>>,
    envelope: Envelope,
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

    /// The status as it arrived: explains a refusal, never a reason to accept.
    #[must_use]
    pub const fn untrusted_status(&self) -> &Status {
        &self.0.envelope.status
    }

    /// Checks every signature that the response and its assertion carry, at least those that `demand` names, and
    /// reads the assertion from the octets that were digested.
    ///
    /// # Errors
    /// [`ResponseError`]: the status is not Success, there is not exactly one readable assertion, a demanded
    /// signature is missing, a present one does not hold, or the signed octets are not an assertion.
    pub fn verify(
        self,
        keys: &[VerificationKey],
        policy: &AlgorithmPolicy,
        crypto: &dyn CryptoProvider,
        limits: &Limits,
        demand: SignatureDemand,
    ) -> Result<Verified, ResponseError> {
        let Response { root, assertion, envelope } = self.0;
        // Failures are often unsigned, and refusing needs no proof.
        let envelope = envelope.success()?;
        let assertion = assertion.ok_or(ProfileError::AssertionMissing)?;

        let response_wanted = matches!(demand, SignatureDemand::Response | SignatureDemand::Both)
            || xmlsec::has_signature(root);
        // Where nothing is signed and anything would do, it is the assertion that lacks a signature.
        let assertion_wanted = matches!(demand, SignatureDemand::Assertion | SignatureDemand::Both)
            || xmlsec::has_signature(assertion)
            || !response_wanted;
        let mut budget = Budget::new(limits.max_signature_checks);
        let mut signed = |element, wanted: bool| {
            wanted.then(|| xmlsec::verify(element, keys, policy, crypto, limits, &mut budget)).transpose()
        };
        let signed_response = signed(root, response_wanted)?;
        let signed_assertion = signed(assertion, assertion_wanted)?;

        // From here on the tree that arrived is not read again.
        let (envelope, response_signed, inside_response) = match &signed_response {
            Some(signed) => {
                let (envelope, assertion) = signed.read(|root| {
                    let (envelope, assertion) = read_response(root)?;
                    // An assertion with a signature of its own is read from the octets of that one.
                    let inside = match (&signed_assertion, assertion) {
                        (Some(_), _) => None,
                        (None, Some(assertion)) => Some(Assertion::read(assertion)?),
                        (None, None) => return Err(ProfileError::AssertionMissing.into()),
                    };
                    Ok::<_, ResponseError>((envelope, inside))
                })?;
                (envelope.success()?, true, assertion)
            }
            None => (envelope, false, None),
        };
        let assertion = match (signed_assertion, inside_response) {
            (Some(signed), _) => signed.read(Assertion::read)?,
            (None, Some(assertion)) => assertion,
            // One of the two was wanted above; there is no third way to an assertion.
            (None, None) => return Err(ProfileError::AssertionMissing.into()),
        };
        Ok(Verified { assertion, envelope, response_signed })
    }
}

/// Refuses a message in which a comment splits a value. What is read later is free of comments, because canonical
/// XML leaves them out; but nobody honest writes them, and software behind us may have been fooled before.
fn whole_values(root: Element<'_>) -> Result<(), XmlError> {
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
fn read_response(root: Element<'_>) -> Result<(Envelope, Option<Element<'_>>), ResponseError> {
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
        if child.is(names::ASSERTION, "EncryptedAssertion") {
            return Err(ProfileError::Encrypted { element: "EncryptedAssertion" }.into());
        }
        if !child.is(names::ASSERTION, "Assertion") {
            return Err(unexpected(NAME, child).into());
        }
        // The specification allows several; one is what identity providers send, and two are how wrapping begins.
        if assertion.replace(child).is_some() {
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
    fn read(element: Element<'_>) -> Result<Self, ResponseError> {
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
