//! Whom we trust right now: the configured identity providers with what is known of their keys and addresses.

use core::cell::Cell;
use std::sync::Arc;

use crate::base::{Code, Rejection, UnixTime};
use crate::saml::metadata::idp::IdpMetadata;

use super::Env;
use super::settings::{IdentityProvider, MetadataSource, Settings};

/// The metadata of every configured identity provider as it is known now.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// In the order of [`Settings::idps`].
    known: Vec<Option<Arc<IdpMetadata>>>,
    /// When somebody last presented a signature that none of the known keys made. A note for whoever fetches metadata;
    /// nothing is decided by it.
    unknown_keys: Vec<Cell<Option<UnixTime>>>,
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
            MetadataSource::Remote(_) => None,
        });
        let unknown_keys = settings.idps.iter().map(|_| Cell::new(None)).collect();
        Self { known: known.collect(), unknown_keys }
    }

    /// Believes `metadata` from now on about the identity provider at `index` of [`Settings::idps`].
    pub fn learn(&mut self, index: usize, metadata: Arc<IdpMetadata>) {
        if let Some(known) = self.known.get_mut(index) {
            *known = Some(metadata);
        }
    }

    /// For which identity providers an unknown key turned up since this was asked last, and when.
    pub fn take_unknown_keys(&self) -> Vec<(usize, UnixTime)> {
        let noted = self.unknown_keys.iter().enumerate();
        noted.filter_map(|(index, noted)| Some((index, noted.take()?))).collect()
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

    /// Notes that something in the name of `idp` was signed with a key that is not known: it may have a new one.
    pub fn note_unknown_key(&self, idp: TrustedIdp<'_>, fault: Code) {
        // What was signed with another algorithm than any known key can make is not what the known keys made either.
        if !matches!(fault, Code::SignatureInvalid | Code::KeyUnsuitable) {
            return;
        }
        let named = self.settings.idps.iter().position(|other| other.entity_id == idp.settings.entity_id);
        if let Some(noted) = named.and_then(|index| self.trust.unknown_keys.get(index)) {
            noted.set(Some(self.now));
        }
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
