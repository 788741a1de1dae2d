//! The pure core of samlgate: a SAML 2.0 service provider without a host.
//!
//! The rooms, in the order in which they may import one another (a room imports only rooms above it):
//! `base`, `encoding`, `http`, `effect`, `xml`, `xmlsec`, `saml`, `identity`, `policy`, `session`, `provision`,
//! `targets`, `flow`, `gateway`, `config`.
//!
//! The one contract: *every ask is answered exactly once, answers are fed one at a time, and `now` never goes back.*
#![forbid(unsafe_code)]

pub mod base;

pub mod encoding;

pub mod http;

pub mod effect;

pub mod xml;

pub mod xmlsec;

pub mod saml;

pub mod identity;

pub mod policy;

pub mod session;

pub mod provision;

pub mod targets;
