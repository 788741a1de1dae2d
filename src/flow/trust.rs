//! Whom we trust right now: the configured identity providers with what is known of their keys and addresses.

use std::sync::Arc;

use crate::base::{Code, Rejection};
use crate::saml::metadata::idp::IdpMetadata;

use super::Env;
use super::settings::{IdentityProvider, MetadataSource, Settings};

/// The metadata of every configured identity provider as it is known now.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// In the order of [`Settings::idps`].
    known: Vec<Option<Arc<IdpMetadata>>>,
}

/// An identity provider whose metadata is known.
#[derive(Clone, Copy)]
pub struct TrustedIdp<'a> {
    /// As it is configured.
    pub settings: &'a IdentityProvider,
    /// Its metadata: endpoints and keys.
    pub metadata: &'a IdpMetadata,
}

impl Trust {
    /// What the configuration itself says.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let known = settings.idps.iter().map(|idp| match &idp.source {
            MetadataSource::Document(metadata) => Some(Arc::clone(metadata)),
        });
        Self { known: known.collect() }
    }

    /// The metadata of the identity provider at `index` of [`Settings::idps`], if any is known.
    #[must_use]
    pub fn of(&self, index: usize) -> Option<&Arc<IdpMetadata>> {
        self.known.get(index)?.as_ref()
    }
}

impl<'a> Env<'a> {
    /// The configured identity provider `entity_id`, with metadata that has not run out.
    ///
    /// # Errors
    /// A refusal with [`Code::IssuerUnknown`] for one that is not configured, with [`Code::MetadataUnavailable`] before its
    /// metadata came, with [`Code::MetadataExpired`] when that has run out (metadata 2.3.2).
    pub fn idp(&self, entity_id: &str) -> Result<TrustedIdp<'a>, Rejection> {
        let index = self.settings.idps.iter().position(|idp| idp.entity_id == entity_id);
        let index = index.ok_or_else(|| {
            Rejection::new(Code::IssuerUnknown, "the identity provider that was asked is not configured")
        })?;
        self.idp_at(index)
    }

    /// The same by its place in [`Settings::idps`].
    ///
    /// # Errors
    /// As [`Env::idp`].
    pub fn idp_at(&self, index: usize) -> Result<TrustedIdp<'a>, Rejection> {
        let unknown = || Rejection::new(Code::IdpNotConfigured, "no identity provider is configured");
        let settings = self.settings.idps.get(index).ok_or_else(unknown)?;
        let metadata = self.trust.of(index).ok_or_else(|| {
            Rejection::new(
                Code::MetadataUnavailable,
                format_args!("the metadata of `{}` has not been fetched yet", settings.entity_id),
            )
        })?;
        metadata.check_validity(self.now).map_err(|fault| Rejection::new(fault.code(), fault))?;
        Ok(TrustedIdp { settings, metadata })
    }
}
