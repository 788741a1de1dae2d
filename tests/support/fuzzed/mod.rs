//! The properties that fuzzing holds the core to, one per target: `fuzz/` calls them with what libFuzzer makes up,
//! `tests/properties_inputs.rs` with the vectors and with damaged vectors.
//!
//! Each takes any bytes, and panics only when the property is broken.

pub mod c14n;
pub mod cel_expression;
pub mod certificate;
pub mod config;
pub mod cookie;
pub mod decrypt;
pub mod edit_script;
pub mod metadata;
pub mod post_message;
pub mod redirect_query;
pub mod response;
pub mod scim;
pub mod seeds;
pub mod signed_response;
pub mod world;
pub mod xml_document;

/// A property: whether `input` meant anything is not told.
pub type Check = fn(input: &[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Check)] = &[
    ("c14n", c14n::check),
    ("cel_expression", cel_expression::check),
    ("certificate", certificate::check),
    ("config", config::check),
    ("cookie", cookie::check),
    ("decrypt", decrypt::check),
    ("encrypted_response", signed_response::check_encrypted),
    ("metadata", metadata::check),
    ("post_message", post_message::check),
    ("redirect_query", redirect_query::check),
    ("response", response::check),
    ("scim_filter", scim::filter),
    ("scim_patch", scim::patch),
    ("scim_path", scim::path),
    ("signed_response", signed_response::check),
    ("xml_document", xml_document::check),
];
