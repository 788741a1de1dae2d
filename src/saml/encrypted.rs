//! Encrypted assertions, names and attributes (core 2.2.4, 2.3.4, 2.7.3.2): what they hold, and who vouches for it.

use super::assertion::Assertion;
use super::error::ResponseError;
use super::names;
use super::response::{Unverified, whole_values};
use crate::base::{Budget, Limits};
use crate::xml::Element;
use crate::xmlsec::decrypt::{Context, Recipient};
use crate::xmlsec::{self, Decrypted, SignedElement};

/// Our side of decrypting one message: keys, and how often they may still be used.
pub(super) struct Decryption<'a> {
    recipient: &'a Recipient<'a>,
    limits: &'a Limits,
    budget: Budget,
    /// The response, if its signature held; everything read from then on is read from its octets.
    response: Option<SignedElement>,
}

/// An assertion that was encrypted to us. Anybody could have done that.
pub(super) struct DecryptedAssertion(Decrypted);

impl<'a> Decryption<'a> {
    pub(super) fn new(
        recipient: &'a Recipient<'a>,
        limits: &'a Limits,
        response: Option<SignedElement>,
    ) -> Self {
        Self { recipient, limits, budget: Budget::new(limits.max_decryptions), response }
    }

    fn decrypt(&mut self, container: Element<'_>) -> Result<Decrypted, ResponseError> {
        let covering = self.response.as_ref();
        Ok(xmlsec::decrypt(container, self.recipient, covering, self.limits, &mut self.budget)?)
    }

    /// Decrypts `saml:EncryptedAssertion`.
    pub(super) fn assertion(
        &mut self,
        container: Element<'_>,
    ) -> Result<Unverified<DecryptedAssertion>, ResponseError> {
        Ok(Unverified::new(DecryptedAssertion(self.decrypt(container)?)))
    }

    /// Decrypts `container`, which lies in octets that were signed, and reads the one `{saml}local_name` in it. The
    /// signature covers the ciphertext, and so what it decrypts to.
    pub(super) fn signed_part<R>(
        &mut self,
        container: Element<'_>,
        local_name: &str,
        read: impl FnOnce(Element<'_>) -> Result<R, ResponseError>,
    ) -> Result<R, ResponseError> {
        let decrypted = self.decrypt(container)?;
        decrypted.read(Context::Signed(container), (names::ASSERTION, local_name), |element| {
            whole_values(element)?;
            read(element)
        })
    }
}

const ASSERTION: (&str, &str) = (names::ASSERTION, "Assertion");

impl Unverified<DecryptedAssertion> {
    /// Reads the assertion from the octets of its own signature, which `verify` checks. It was encrypted inside
    /// `as_sent`.
    pub(super) fn verify(
        self,
        as_sent: Element<'_>,
        verify: impl FnOnce(Element<'_>) -> Result<SignedElement, ResponseError>,
        decryption: &mut Decryption<'_>,
    ) -> Result<Assertion, ResponseError> {
        let signed = self.into_inner().0.read(Context::AsSent(as_sent), ASSERTION, |assertion| {
            whole_values(assertion)?;
            verify(assertion)
        })?;
        signed.read(|assertion| Assertion::read(assertion, decryption))
    }

    /// As [`verify`](Self::verify) if the assertion has a signature, else reads it as it is: `container`, which it was
    /// encrypted in, lies in the octets of a verified response.
    pub(super) fn verify_if_signed(
        self,
        as_sent: Element<'_>,
        container: Element<'_>,
        verify: impl FnOnce(Element<'_>) -> Result<SignedElement, ResponseError>,
        decryption: &mut Decryption<'_>,
    ) -> Result<Assertion, ResponseError> {
        let decrypted = self.into_inner().0;
        let signed = decrypted.read(Context::AsSent(as_sent), ASSERTION, |assertion| {
            if !xmlsec::has_signature(assertion) {
                return Ok::<_, ResponseError>(None);
            }
            whole_values(assertion)?;
            verify(assertion).map(Some)
        })?;
        if let Some(signed) = signed {
            return signed.read(|assertion| Assertion::read(assertion, decryption));
        }
        decrypted.read(Context::Signed(container), ASSERTION, |assertion| {
            whole_values(assertion)?;
            Assertion::read(assertion, decryption)
        })
    }
}
