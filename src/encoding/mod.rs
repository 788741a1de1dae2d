//! Bytes into bytes, within a budget: base64, forms, percent escapes, DEFLATE.
//!
//! Never knows what the bytes mean. Every decoder is strict: one text for one value wherever the format allows it.

pub mod base64;
pub mod base64url;
mod error;
pub mod form;
pub mod inflate;
pub mod percent;

pub use error::EncodingError;
