//! How messages travel: the HTTP-POST, HTTP-Redirect and SOAP bindings (bindings 3.2, 3.4, 3.5).
//!
//! Never looks into a message: bytes in, bytes out.

pub mod artifact;
mod error;
mod inbound;
pub mod post;
pub mod redirect;
pub mod soap;

pub(super) use inbound::Carrier;

pub use error::BindingError;
pub use inbound::{Inbound, MessageKind};

/// The most bytes that `RelayState` may have (bindings 3.4.3, 3.5.3).
pub const MAX_RELAY_STATE_BYTES: usize = 80;
