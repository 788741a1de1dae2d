//! What can be wrong with a document.

use core::fmt;

use crate::base::Code;

/// A place in a document, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The character of the line.
    pub column: u32,
}

impl Position {
    /// The place of byte `offset` of `text`.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        let lines = before.iter().filter(|byte| **byte == b'\n').count();
        let column = before.iter().rev().take_while(|byte| **byte != b'\n');
        // Continuation bytes of UTF-8 start no character.
        let column = column.filter(|byte| **byte & 0xC0 != 0x80).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1);
        Self { line: number(lines), column: number(column) }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

/// The document is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum XmlError {
    /// More bytes than `Limits::max_xml_bytes`.
    TooLarge {
        /// The most that is taken, in bytes.
        limit: usize,
    },
    /// The canonical form of an element has more bytes than `Limits::max_canonical_bytes`.
    CanonicalFormTooLarge {
        /// The most that is taken, in bytes.
        limit: usize,
        /// The element to be canonicalized.
        at: Position,
    },
    /// Not UTF-8, or UTF-8 behind a byte order mark.
    EncodingRefused,
    /// The XML declaration is not that of XML 1.0 in UTF-8.
    DeclarationRefused,
    /// A document type or any other markup declaration.
    DoctypeRefused {
        /// Where it begins.
        at: Position,
    },
    /// A processing instruction, or an XML declaration that is not at the very beginning.
    ProcessingInstructionRefused {
        /// Where it begins.
        at: Position,
    },
    /// Elements nest deeper than `Limits::max_xml_depth`.
    TooDeep {
        /// The deepest that is taken.
        limit: usize,
        /// The element beyond it.
        at: Position,
    },
    /// More elements, texts and comments than `Limits::max_xml_nodes`.
    TooManyNodes {
        /// The most that are taken.
        limit: usize,
    },
    /// An element with more attributes than `Limits::max_xml_attributes`, namespace declarations included.
    TooManyAttributes {
        /// The most that are taken.
        limit: usize,
        /// The element.
        at: Position,
    },
    /// More distinct prefixes than `Limits::max_xml_prefixes`.
    TooManyPrefixes {
        /// The most that are taken.
        limit: usize,
        /// The declaration beyond it.
        at: Position,
    },
    /// A name, or the name of a namespace, has more bytes than `Limits::max_xml_name_bytes`.
    NameTooLong {
        /// The most that is taken, in bytes.
        limit: usize,
        /// The name or the declaration.
        at: Position,
    },
    /// The value of an attribute has more bytes than `Limits::max_xml_value_bytes`.
    ValueTooLong {
        /// The most that is taken, in bytes.
        limit: usize,
        /// The attribute.
        at: Position,
    },
    /// Parser and canonicalizer would compare names more often than `Limits::max_xml_comparisons`.
    TooManyComparisons {
        /// The most that are made.
        limit: usize,
        /// The element at which it is exceeded.
        at: Position,
    },
    /// A namespace declaration that is repeated, reserved, empty though prefixed, relative, or of foreign characters.
    NamespaceRefused {
        /// The declaration.
        at: Position,
    },
    /// A name that is not an ASCII qualified name, or uses `xmlns` or `xml` as a prefix where it may not.
    NameRefused {
        /// The name.
        at: Position,
    },
    /// A reference other than the five predefined entities and references to XML characters.
    ReferenceRefused {
        /// The reference.
        at: Position,
    },
    /// Not well-formed in some other way.
    NotWellFormed {
        /// What was found.
        finding: String,
        /// Where.
        at: Position,
    },
    /// Two attributes of type ID have the same value.
    IdRepeated {
        /// The second one's element.
        at: Position,
    },
    /// A value is interrupted by a comment or an element.
    ValueSplit {
        /// The local name of the element whose value was read.
        element: String,
        /// Where it begins.
        at: Position,
    },
    /// An element stands twice where one is allowed.
    ElementRepeated {
        /// Its local name.
        element: String,
        /// The second one.
        at: Position,
    },
    /// The canonical form cannot be made.
    CanonicalizationFailed {
        /// The element to be canonicalized.
        at: Position,
    },
}

impl XmlError {
    /// The code of the catalogue.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::TooLarge { .. } | Self::CanonicalFormTooLarge { .. } => Code::XmlTooLarge,
            Self::EncodingRefused => Code::XmlEncodingRefused,
            Self::DeclarationRefused => Code::XmlDeclarationRefused,
            Self::DoctypeRefused { .. } => Code::XmlDoctypeRefused,
            Self::ProcessingInstructionRefused { .. } => Code::XmlProcessingInstructionRefused,
            Self::TooDeep { .. } => Code::XmlTooDeep,
            Self::TooManyNodes { .. } => Code::XmlTooManyNodes,
            Self::TooManyAttributes { .. } => Code::XmlTooManyAttributes,
            Self::TooManyPrefixes { .. } => Code::XmlTooManyPrefixes,
            Self::NameTooLong { .. } => Code::XmlNameTooLong,
            Self::ValueTooLong { .. } => Code::XmlValueTooLong,
            Self::TooManyComparisons { .. } => Code::XmlTooManyComparisons,
            Self::NamespaceRefused { .. } => Code::XmlNamespaceRefused,
            Self::NameRefused { .. } => Code::XmlNameRefused,
            Self::ReferenceRefused { .. } => Code::XmlReferenceRefused,
            Self::NotWellFormed { .. } => Code::XmlNotWellFormed,
            Self::IdRepeated { .. } => Code::XmlIdRepeated,
            Self::ValueSplit { .. } => Code::XmlValueSplit,
            Self::ElementRepeated { .. } => Code::XmlElementRepeated,
            Self::CanonicalizationFailed { .. } => Code::CanonicalizationFailed,
        }
    }
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "the document has more than `{limit}` bytes"),
            Self::CanonicalFormTooLarge { limit, at } => {
                write!(f, "the canonical form of the element at {at} has more than `{limit}` bytes")
            }
            Self::EncodingRefused => f.write_str("the document is not UTF-8 without a byte order mark"),
            Self::DeclarationRefused => f.write_str("the declaration is not that of XML 1.0 in UTF-8"),
            Self::DoctypeRefused { at } => write!(f, "a markup declaration at {at}"),
            Self::ProcessingInstructionRefused { at } => write!(f, "a processing instruction at {at}"),
            Self::TooDeep { limit, at } => write!(f, "elements nest deeper than `{limit}` at {at}"),
            Self::TooManyNodes { limit } => write!(f, "the document has more than `{limit}` nodes"),
            Self::TooManyAttributes { limit, at } => {
                write!(f, "an element has more than `{limit}` attributes at {at}")
            }
            Self::TooManyPrefixes { limit, at } => {
                write!(f, "the document declares more than `{limit}` prefixes at {at}")
            }
            Self::NameTooLong { limit, at } => write!(f, "a name has more than `{limit}` bytes at {at}"),
            Self::ValueTooLong { limit, at } => {
                write!(f, "an attribute has a value of more than `{limit}` bytes at {at}")
            }
            Self::TooManyComparisons { limit, at } => {
                write!(f, "the document makes us compare names more than `{limit}` times at {at}")
            }
            Self::NamespaceRefused { at } => write!(f, "an unacceptable namespace declaration at {at}"),
            Self::NameRefused { at } => write!(f, "an unacceptable name at {at}"),
            Self::ReferenceRefused { at } => write!(f, "an unacceptable reference at {at}"),
            Self::NotWellFormed { finding, at } => write!(f, "not well-formed at {at}: {finding}"),
            Self::IdRepeated { at } => write!(f, "an ID is repeated at {at}"),
            Self::ValueSplit { element, at } => {
                write!(f, "the value of `{element}` at {at} is interrupted by a comment or an element")
            }
            Self::ElementRepeated { element, at } => write!(f, "`{element}` is repeated at {at}"),
            Self::CanonicalizationFailed { at } => write!(f, "no canonical form of the element at {at}"),
        }
    }
}

impl core::error::Error for XmlError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        assert_eq!(Position::of("\u{e9}\na\u{1f600}b<", 9), Position { line: 2, column: 4 });
        assert_eq!(Position::of("ab", 9), Position { line: 1, column: 3 });
    }
}
