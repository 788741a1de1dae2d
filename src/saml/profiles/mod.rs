//! What a message must say to be acted upon, profile by profile.
//!
//! Never reads XML: by now everything is data that came from signed octets.

pub mod single_logout;
pub mod web_sso;
