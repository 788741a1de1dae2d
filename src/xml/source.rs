//! The text of a document after it has passed the lexer: the only thing the parser is ever given.

use std::borrow::Cow;

use crate::base::Limits;

use super::lexer;
use super::{Document, Position, XmlError};

/// UTF-8 text that passed every check of the lexer, its line ends normalised.
#[derive(Clone, Debug)]
pub struct Source {
    text: String,
    limits: Limits,
}

impl Source {
    /// Checks `bytes`: size, UTF-8 without a byte order mark, then the lexer's rules; CRLF and CR become LF (XML 1.0
    /// section 2.11).
    ///
    /// # Errors
    /// The first finding as an [`XmlError`].
    pub fn check(bytes: &[u8], limits: &Limits) -> Result<Self, XmlError> {
        Self::check_within(bytes, limits.max_xml_bytes, limits)
    }

    /// As [`Source::check`], for the canonical form of (a part of) a document that was checked.
    ///
    /// # Errors
    /// As [`Source::check`].
    pub(crate) fn check_canonical(bytes: &[u8], limits: &Limits) -> Result<Self, XmlError> {
        Self::check_within(bytes, limits.max_canonical_bytes(), limits)
    }

    fn check_within(bytes: &[u8], limit: usize, limits: &Limits) -> Result<Self, XmlError> {
        if bytes.len() > limit {
            return Err(XmlError::TooLarge { limit });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| XmlError::EncodingRefused)?;
        // XML 1.0 appendix F: a byte order mark, or the zero bytes of UTF-16 and UTF-32 without one.
        if text.starts_with('\u{FEFF}') || bytes.iter().take(4).any(|byte| *byte == 0) {
            return Err(XmlError::EncodingRefused);
        }
        let text = with_line_feeds(text).into_owned();
        lexer::check(&text, limits)?;
        Ok(Self { text, limits: *limits })
    }

    /// The text with normalised line ends.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Parses the text into a tree. IDs are unique in it.
    ///
    /// # Errors
    /// [`XmlError::NotWellFormed`] and [`XmlError::IdRepeated`].
    pub fn document(&self) -> Result<Document<'_>, XmlError> {
        Document::parse(self)
    }

    /// The limits under which the text was checked.
    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The place of byte `offset`.
    pub(super) fn position(&self, offset: usize) -> Position {
        Position::of(&self.text, offset)
    }
}

/// XML 1.0 section 2.11. roxmltree leaves a CR in front of a reference as it is, so the source must hold none.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if !text.as_bytes().contains(&b'\r') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}
