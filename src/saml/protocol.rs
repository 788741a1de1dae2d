//! What we send: requests and their identifier (core 3.2.1).

mod artifact_resolve;
mod authn_request;
mod logout_request;
mod logout_response;

use crate::base::{EntropyFailure, EntropySource, random};

pub use artifact_resolve::ArtifactResolve;
pub use authn_request::{
    AuthnContextComparison, AuthnRequest, NameIdPolicy, RequestedAuthnContext, ResponseBinding,
};
pub use logout_request::{LogoutReason, LogoutRequest, LogoutSubject};
pub use logout_response::{LogoutOutcomeHere, LogoutResponse};

/// The `ID` of one request of ours (core 1.3.4): `_` and 32 hexadecimal digits, 128 random bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// A fresh one. Begins with `_` because an `xs:ID` must not begin with a digit.
    ///
    /// # Errors
    /// [`EntropyFailure`] when the host gives no randomness.
    pub fn random(entropy: &dyn EntropySource) -> Result<Self, EntropyFailure> {
        let bytes: [u8; 16] = random(entropy)?;
        let mut id = String::from("_");
        for byte in bytes {
            id.push_str(&format!("{byte:02x}"));
        }
        Ok(Self(id))
    }

    /// One that was made by [`RequestId::random`] and kept; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('_')?;
        let well_formed =
            digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        well_formed.then(|| Self(text.to_owned()))
    }

    /// An ID that somebody names who looks at a recorded sign-in. It may be of any shape, also one that we never make;
    /// nobody signs in by it.
    #[must_use]
    pub fn recorded(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl EntropySource for Counting {
        fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
            for (byte, value) in out.iter_mut().zip(0xF0..=0xFF) {
                *byte = value;
            }
            Ok(())
        }
    }

    #[test]
    fn a_request_id_is_an_ncname_and_only_our_own_shape_comes_back() {
        let id = RequestId::random(&Counting).unwrap();
        assert_eq!(id.as_str(), "_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        assert_eq!(RequestId::parse(id.as_str()), Some(id));
        for wrong in [
            "",
            "_",
            "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
            "_f0f1f2f3f4f5f6f7f8f9fafbfcfdfef",
            "_F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF",
            "_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0",
            "_f0f1f2f3f4f5f6f7f8f9fafbfcfdfef\n",
        ] {
            assert_eq!(RequestId::parse(wrong), None, "{wrong:?}");
        }
    }
}
