//! The pure core of samlgate: a SAML 2.0 service provider without a host.
//!
//! The core reads no clock, makes no random number, opens no socket and no file. It is handed data and returns data; a
//! shell (`filter/` in Envoy, a test, a trace) performs what it asks for. See [`gateway::Gateway`] for the way in.
//!
//! # The one contract
//!
//! *Every ask is answered exactly once, answers are fed one at a time, and `now` never goes back.*
//!
//! # The rooms
//!
//! In the order in which they may import one another: a room imports only rooms above it.
#![forbid(unsafe_code)]

pub mod base;

pub mod encoding;

pub mod http;

pub mod effect;

pub mod xml;

pub mod xmlsec;

pub mod saml;

pub mod identity;

pub mod directory;

pub mod policy;

pub mod store;

pub mod session;

pub mod scim;

pub mod token;

pub mod provision;

pub mod targets;

pub mod sources;

pub mod report;

pub mod page;

pub mod flow;

pub mod gateway;

pub mod config;
