//! The HTTP-Artifact binding (bindings 3.6): a reference travels through the browser, and the message is fetched.

use super::{BindingError, MAX_RELAY_STATE_BYTES};
use crate::base::Limits;
use crate::encoding::{base64, form};
use crate::xmlsec::algorithm::DigestAlgorithm;

/// Pairs of a query or form, as many as with HTTP-POST.
const MAX_PAIRS: usize = 16;

/// Bytes of a SourceID: SHA-1 of the entityID (bindings 3.6.4).
const SOURCE_ID_BYTES: usize = 20;

/// Bytes of an artifact of type 4: type, endpoint index, SourceID, MessageHandle (bindings 3.6.4).
const ARTIFACT_BYTES: usize = 44;

/// An artifact of the only type that SAML 2.0 defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    text: String,
    endpoint_index: u16,
    source_id: Vec<u8>,
}

/// What came instead of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactMessage {
    /// Names the message.
    pub artifact: Artifact,
    /// `RelayState` as it came back; empty when missing.
    pub relay_state: String,
}

impl Artifact {
    /// Takes the value of `SAMLart`.
    ///
    /// # Errors
    /// [`BindingError::ArtifactMalformed`] for any other than 44 bytes of type 4 in base64.
    pub fn parse(text: &str) -> Result<Self, BindingError> {
        let malformed = || BindingError::ArtifactMalformed;
        let bytes = base64::decode_strict(text).map_err(|_| malformed())?;
        // bindings 3.6.4: TypeCode 0x0004, EndpointIndex, 20 bytes of SourceID, 20 bytes of MessageHandle
        match bytes.as_slice() {
            &[0, 4, high, low, ref rest @ ..] if bytes.len() == ARTIFACT_BYTES => Ok(Self {
                text: text.to_owned(),
                endpoint_index: u16::from_be_bytes([high, low]),
                source_id: rest.iter().copied().take(SOURCE_ID_BYTES).collect(),
            }),
            _ => Err(malformed()),
        }
    }

    /// As it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Which of the issuer's services resolves it.
    #[must_use]
    pub const fn endpoint_index(&self) -> u16 {
        self.endpoint_index
    }

    /// Does it say that `entity_id` issued it? SHA-1 is a name here, not a proof: what is fetched proves itself.
    #[must_use]
    pub fn is_of(&self, entity_id: &str) -> bool {
        self.source_id == DigestAlgorithm::Sha1.digest(entity_id.as_bytes())
    }
}

/// The artifact in the query of a GET (bindings 3.6.3); `None` when it has none.
///
/// # Errors
/// [`BindingError`]: a parameter that comes twice, a message beside the artifact, or one that is none.
pub fn in_query(query: &str) -> Result<Option<ArtifactMessage>, BindingError> {
    read(query.as_bytes())
}

/// The artifact in a form; `None` for whatever is no form with one.
///
/// # Errors
/// As [`in_query`].
pub fn in_form(
    content_type: Option<&str>,
    body: &[u8],
    limits: &Limits,
) -> Result<Option<ArtifactMessage>, BindingError> {
    let media_type = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    let is_form =
        media_type.is_some_and(|value| value.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if !is_form || body.len() > limits.max_body_bytes { Ok(None) } else { read(body) }
}

fn read(text: &[u8]) -> Result<Option<ArtifactMessage>, BindingError> {
    // What cannot be decoded has no artifact; whoever reads it otherwise says what is wrong with it.
    let Ok(pairs) = form::parse(text, MAX_PAIRS) else { return Ok(None) };
    let (mut artifact, mut relay_state, mut message) = (None, None, false);
    for (name, value) in pairs {
        let (slot, name) = match name.as_str() {
            "SAMLart" => (&mut artifact, "SAMLart"),
            "RelayState" => (&mut relay_state, "RelayState"),
            "SAMLResponse" | "SAMLRequest" => {
                message = true;
                continue;
            }
            _ => continue,
        };
        if slot.replace(value).is_some() {
            return Err(BindingError::ParameterRepeated { name });
        }
    }
    let Some(artifact) = artifact else { return Ok(None) };
    if message {
        return Err(BindingError::ArtifactMalformed);
    }
    let relay_state: String = relay_state.unwrap_or_default();
    if relay_state.len() > MAX_RELAY_STATE_BYTES {
        return Err(BindingError::RelayStateMalformed { bytes: relay_state.len() });
    }
    Ok(Some(ArtifactMessage { artifact: Artifact::parse(&artifact)?, relay_state }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Code;

    const IDP: &str = "https://idp.example/metadata";

    fn artifact(kind: [u8; 2], index: [u8; 2], entity_id: &str, handle: usize) -> String {
        let source = DigestAlgorithm::Sha1.digest(entity_id.as_bytes());
        base64::encode(&[&kind[..], &index, &source, &vec![7; handle]].concat())
    }

    #[test]
    fn an_artifact_says_who_resolves_it_and_where() {
        let text = artifact([0, 4], [1, 2], IDP, 20);
        let query = format!("SAMLart={}&RelayState=t", crate::encoding::percent::query_component(&text));
        let found = in_query(&query).unwrap().unwrap();
        assert_eq!((found.artifact.as_str(), found.relay_state.as_str()), (text.as_str(), "t"));
        assert_eq!(found.artifact.endpoint_index(), 258);
        assert!(found.artifact.is_of(IDP));
        for other in ["https://idp.example/metadata/", "https://evil.example/metadata", ""] {
            assert!(!found.artifact.is_of(other), "{other}");
        }
        let form = Some("application/x-www-form-urlencoded");
        assert_eq!(in_form(form, query.as_bytes(), &Limits::DEFAULT).unwrap(), Some(found));
        for content_type in [None, Some("text/plain"), Some("multipart/form-data")] {
            assert_eq!(in_form(content_type, query.as_bytes(), &Limits::DEFAULT), Ok(None));
        }
        for none in ["", "SAMLResponse=PGEvPg==", "samlart=x", "SAMLart%", "a=%zz&SAMLart=x"] {
            assert_eq!(in_query(none), Ok(None), "{none}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let good = crate::encoding::percent::query_component(&artifact([0, 4], [0, 0], IDP, 20));
        for (query, code) in [
            (format!("SAMLart={good}&SAMLart={good}"), Code::ParameterRepeated),
            (format!("SAMLart={good}&RelayState=a&RelayState=b"), Code::ParameterRepeated),
            (format!("SAMLart={good}&SAMLResponse=PGEvPg=="), Code::ArtifactMalformed),
            (format!("SAMLart={good}&SAMLRequest=PGEvPg=="), Code::ArtifactMalformed),
            (format!("SAMLart={good}&RelayState={}", "r".repeat(81)), Code::RelayStateMalformed),
            (String::from("SAMLart="), Code::ArtifactMalformed),
            (String::from("SAMLart=AAQ"), Code::ArtifactMalformed),
        ] {
            assert_eq!(in_query(&query).unwrap_err().code(), code, "{query}");
        }
        for (kind, handle) in [([0, 1], 20), ([0, 3], 20), ([4, 0], 20), ([0, 4], 19), ([0, 4], 21)] {
            let text = artifact(kind, [0, 0], IDP, handle);
            assert_eq!(Artifact::parse(&text), Err(BindingError::ArtifactMalformed), "{kind:?} {handle}");
        }
        let spaced = format!(" {}", artifact([0, 4], [0, 0], IDP, 20));
        assert!(Artifact::parse(&spaced).is_err());
    }
}
