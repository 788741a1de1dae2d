//! What was read of a document, in a form that can be kept.

use serde::{Deserialize, Serialize};

use super::MetadataError;
use super::endpoint::{Endpoint, IndexedEndpoint};
use super::idp::{IdpMetadata, distinct_keys};
use crate::base::UnixTime;
use crate::xmlsec::key::{Certificate, KeyFingerprint};

/// [`IdpMetadata`] to be kept. Whoever keeps one sees to it that nobody else can write it: [`MetadataCopy::restore`]
/// believes whatever it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataCopy {
    entity_id: String,
    display_name: Option<String>,
    single_sign_on: Vec<Endpoint>,
    single_logout: Vec<Endpoint>,
    artifact_resolution: Vec<IndexedEndpoint>,
    /// DER.
    certificates: Vec<Vec<u8>>,
    want_authn_requests_signed: bool,
    valid_until: Option<UnixTime>,
}

impl MetadataCopy {
    /// What is used of `metadata`, without what was left out of it.
    #[must_use]
    pub fn of(metadata: &IdpMetadata) -> Self {
        Self {
            entity_id: metadata.entity_id.clone(),
            display_name: metadata.display_name.clone(),
            single_sign_on: metadata.single_sign_on.clone(),
            single_logout: metadata.single_logout.clone(),
            artifact_resolution: metadata.artifact_resolution.clone(),
            certificates: metadata
                .certificates
                .iter()
                .map(|certificate| certificate.der().to_vec())
                .collect(),
            want_authn_requests_signed: metadata.want_authn_requests_signed,
            valid_until: metadata.valid_until,
        }
    }

    /// The end of the document.
    #[must_use]
    pub const fn valid_until(&self) -> Option<UnixTime> {
        self.valid_until
    }

    /// The last seconds of the certificates.
    #[must_use]
    pub fn ends(&self) -> Vec<UnixTime> {
        let certificates = self.certificates.iter().filter_map(|der| Certificate::from_der(der).ok());
        certificates.map(|certificate| certificate.not_after()).collect()
    }

    /// The fingerprints of the keys that may sign, each once.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyFingerprint> {
        let certificates: Vec<_> =
            self.certificates.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
        distinct_keys(&certificates).iter().map(KeyFingerprint::of).collect()
    }

    /// The metadata again.
    ///
    /// # Errors
    /// [`MetadataError`] when there is no key or no address in it.
    pub fn restore(self) -> Result<IdpMetadata, MetadataError> {
        let certificates = self.certificates.iter().map(|der| Certificate::from_der(der)).collect();
        let certificates: Vec<Certificate> =
            Result::map_err(certificates, |first| MetadataError::KeysRefused { first })?;
        if certificates.is_empty() {
            return Err(MetadataError::KeyMissing);
        }
        if self.single_sign_on.is_empty() {
            return Err(MetadataError::EndpointMissing);
        }
        Ok(IdpMetadata {
            entity_id: self.entity_id,
            display_name: self.display_name,
            single_sign_on: self.single_sign_on,
            single_logout: self.single_logout,
            artifact_resolution: self.artifact_resolution,
            refused_locations: Vec::new(),
            signing_keys: distinct_keys(&certificates),
            certificates,
            refused_keys: Vec::new(),
            want_authn_requests_signed: self.want_authn_requests_signed,
            valid_until: self.valid_until,
            cache_duration: None,
        })
    }
}
