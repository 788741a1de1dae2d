//! XML within limits: a strict lexer in front of the parser, a tree to walk child by child, exclusive canonical XML
//! and a writer for our own messages.
//!
//! Never resolves an entity, fetches anything, or accepts a DTD. The way in is [`Source::check`], which is narrower
//! than the parser behind it: what the two could read differently is refused before the parser sees it.

pub mod c14n;
mod document;
mod error;
mod lexer;
mod source;
pub mod writer;

pub use document::{Attribute, Document, Element};
pub use error::{Position, XmlError};
pub use source::Source;
pub use writer::Writer;
