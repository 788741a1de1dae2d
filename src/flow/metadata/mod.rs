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

pub use refresher::{MetadataTurn, Refresher};
pub use report::expiries;
pub use settings::RemoteMetadata;
