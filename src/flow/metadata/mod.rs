//! Metadata of identity providers, fetched again and again so that new keys are known before they sign.
//!
//! One worker of an Envoy fetches, by a lease in the store that all share; what it accepted is sealed there, and all adopt
//! it. A fetch that fails changes nothing but when the next one begins: the last good copy is used until its `validUntil`.
//! Who can plant a key here gets in, so a document is believed only if it comes from the configured cluster, is about the
//! configured entity, and is signed where a signature is configured; and every change of keys is told.

mod fetch;
mod record;
mod refresher;
mod report;
mod schedule;
mod settings;

use std::sync::Arc;

use crate::base::Rejection;
use crate::saml::metadata::idp::IdpMetadata;

use super::Env;
use super::settings::MetadataSource;

pub use refresher::{MetadataTurn, Refresher};
pub use report::expiries;
pub use settings::RemoteMetadata;

/// What would be believed of `document` if it were fetched for the identity provider at `index`; `None` for one whose
/// metadata is not fetched.
#[must_use]
pub fn accept(index: usize, document: &[u8], env: &Env<'_>) -> Option<Result<Arc<IdpMetadata>, Rejection>> {
    let idp = env.settings.idps.get(index)?;
    match &idp.source {
        MetadataSource::Remote(remote) => Some(fetch::accept(document, idp, remote, env).map(Arc::new)),
        MetadataSource::Document(_) => None,
    }
}
