//! Sealed cookies: the session of a signed-in user and the sign-ins under way; and the ledgers of used assertions and of
//! sessions that were ended.
//!
//! Replicas share keys and no state, so everything about a browser is in its cookies. Never knows why a session was
//! granted, and never decides what an opened one may do.

pub mod account_mark;
pub mod attempts;
pub mod background_message;
mod cache;
mod chunks;
mod cookie;
pub mod emergency_access;
mod error;
mod keys;
pub mod last_idp;
pub mod metadata_record;
mod note;
pub mod outbox;
mod payload;
pub mod pending_logout;
pub mod pending_request;
pub mod replay;
pub mod revocation;
pub mod rounds;
pub mod saved_form;
pub mod sealed_for_store;
mod settings;
mod site_key;
mod state;
pub mod sync_record;
pub mod table_key;

pub use cache::{Opened, OpenedCache};
pub use cookie::{asked_passively, clear, is_own_cookie, open, seal, touch, was_asked_passively};
pub use error::{SessionError, Unreadable};
pub use keys::SealingKeys;
pub use settings::{CookieSettings, Settings};
pub use state::{Forwarded, Session, SessionNameId};

#[cfg(test)]
pub(crate) mod tests;
