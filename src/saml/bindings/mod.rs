//! How messages travel: the HTTP-POST and HTTP-Redirect bindings (bindings 3.4, 3.5).
//!
//! Never looks into a message: bytes in, bytes out.

mod error;
pub mod post;
pub mod redirect;

pub use error::BindingError;

/// The most bytes that `RelayState` may have (bindings 3.4.3, 3.5.3).
pub const MAX_RELAY_STATE_BYTES: usize = 80;
