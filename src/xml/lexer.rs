//! One linear pass over the text before the parser sees it.
//!
//! It refuses what parsers read differently, what SAML never needs, and what makes the parser slow. It need not be
//! complete: balance of tags, unbound prefixes and repeated attributes are left to the parser.

use crate::base::Limits;

use super::{Position, XmlError};

const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

/// Longest character reference with sense is `&#x10FFFF;`; leading zeros make it longer.
const LONGEST_REFERENCE: usize = 16;

/// The parser compares the name of a namespace in pieces of at least this many bytes at the speed of one short name.
const COMPARED_AT_ONCE: usize = 16;

/// Checks `text`, whose line ends are already normalised.
pub(super) fn check(text: &str, limits: &Limits) -> Result<(), XmlError> {
    let mut lexer = Lexer {
        text,
        at: 0,
        limits,
        depth: 0,
        roots: 0,
        nodes: 0,
        prefixes: Vec::new(),
        comparisons: 0,
        longest_namespace: 0,
    };
    lexer.declaration()?;
    lexer.content()
}

struct Lexer<'a> {
    text: &'a str,
    /// Byte offset of the next unread byte; always a character boundary.
    at: usize,
    limits: &'a Limits,
    /// Open elements.
    depth: usize,
    /// Elements that were opened at depth 0.
    roots: usize,
    /// Elements, texts and comments so far.
    nodes: usize,
    /// Distinct prefixes so far.
    prefixes: Vec<&'a str>,
    /// What parser and canonicalizer will compare, so far.
    comparisons: usize,
    /// Bytes of the longest namespace name so far.
    longest_namespace: usize,
}

/// What a start tag has so far.
#[derive(Default)]
struct Tag<'a> {
    /// Attributes, declarations included.
    attributes: usize,
    /// Attributes with a prefix that are no declarations.
    prefixed: usize,
    /// Prefixes that it declares; the empty one stands for the default namespace.
    declared: Vec<&'a str>,
}

/// A qualified name split at its colon.
#[derive(Clone, Copy)]
struct QName<'a> {
    prefix: Option<&'a str>,
    local: &'a str,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    /// Takes `expected` if it is next.
    fn take(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.advance(expected.len());
        }
        found
    }

    /// Takes white space (production 3); true if there was some.
    fn space(&mut self) -> bool {
        let from = self.at;
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n'));
        self.at > from
    }

    fn position(&self, offset: usize) -> Position {
        Position::of(self.text, offset)
    }

    fn malformed(&self, finding: &str) -> XmlError {
        XmlError::NotWellFormed { finding: finding.to_owned(), at: self.position(self.at) }
    }

    fn count_node(&mut self) -> Result<(), XmlError> {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > self.limits.max_xml_nodes {
            return Err(XmlError::TooManyNodes { limit: self.limits.max_xml_nodes });
        }
        Ok(())
    }

    /// The XML declaration (production 23): version 1.0, encoding UTF-8 or none, any standalone.
    fn declaration(&mut self) -> Result<(), XmlError> {
        // `<?xml-stylesheet` is a processing instruction and refused as one later.
        if !matches!(self.rest().as_bytes(), [b'<', b'?', b'x', b'm', b'l', b' ' | b'\t' | b'\n' | b'?', ..])
        {
            return Ok(());
        }
        self.take("<?xml");
        let mut version = false;
        let mut encoding = false;
        let mut standalone = false;
        loop {
            let space = self.space();
            if self.take("?>") {
                return if version { Ok(()) } else { Err(XmlError::DeclarationRefused) };
            }
            let fresh = if !space {
                false
            } else if self.take("version") {
                let value = self.declared()?;
                let fresh = !version && value == "1.0";
                version = true;
                fresh
            } else if self.take("encoding") {
                let value = self.declared()?;
                let fresh = version && !encoding && !standalone && value.eq_ignore_ascii_case("UTF-8");
                encoding = true;
                fresh
            } else if self.take("standalone") {
                let value = self.declared()?;
                let fresh = version && !standalone && matches!(value, "yes" | "no");
                standalone = true;
                fresh
            } else {
                false
            };
            if !fresh {
                return Err(XmlError::DeclarationRefused);
            }
        }
    }

    /// `= "value"` of the declaration.
    fn declared(&mut self) -> Result<&'a str, XmlError> {
        self.space();
        if !self.take("=") {
            return Err(XmlError::DeclarationRefused);
        }
        self.space();
        let quote = match self.peek() {
            Some(b'"') => '"',
            Some(b'\'') => '\'',
            _ => return Err(XmlError::DeclarationRefused),
        };
        self.advance(1);
        let (value, _) = self.rest().split_once(quote).ok_or(XmlError::DeclarationRefused)?;
        self.advance(value.len().saturating_add(1));
        Ok(value)
    }

    /// Everything behind the declaration.
    fn content(&mut self) -> Result<(), XmlError> {
        loop {
            self.characters()?;
            let Some(next) = self.text.as_bytes().get(self.at.saturating_add(1)) else {
                if self.peek().is_some() {
                    return Err(self.malformed("the document ends inside a tag"));
                }
                break;
            };
            match next {
                b'!' => self.comment_or_cdata()?,
                b'?' => {
                    return Err(XmlError::ProcessingInstructionRefused { at: self.position(self.at) });
                }
                b'/' => self.end_tag()?,
                _ => self.start_tag()?,
            }
        }
        if self.depth != 0 || self.roots != 1 {
            return Err(self.malformed("there is not exactly one complete root element"));
        }
        Ok(())
    }

    /// Character data up to the next `<` or the end.
    fn characters(&mut self) -> Result<(), XmlError> {
        let from = self.at;
        if self.depth == 0 {
            self.space();
            if self.peek().is_some_and(|byte| byte != b'<') {
                return Err(self.malformed("text outside of the root element"));
            }
            return Ok(());
        }
        loop {
            self.skip(|byte| is_plain(byte) && !matches!(byte, b'<' | b'&' | b']'));
            match self.peek() {
                None | Some(b'<') => break,
                Some(b'&') => self.reference()?,
                // Production 14: `]]>` does not occur in character data.
                Some(b']') if self.rest().starts_with("]]>") => {
                    return Err(self.malformed("the end of a CDATA section that was not begun"));
                }
                Some(byte) => self.character(byte)?,
            }
        }
        if self.at > from {
            self.count_node()?;
        }
        Ok(())
    }

    /// Passes over bytes as long as they are `plain`.
    fn skip(&mut self, plain: impl Fn(u8) -> bool) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.advance(rest.iter().position(|byte| !plain(*byte)).unwrap_or(rest.len()));
    }

    /// One character (production 2) whose first byte is `byte` and not [plain](is_plain), or is special elsewhere.
    fn character(&mut self, byte: u8) -> Result<(), XmlError> {
        // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
        let unknown = matches!(self.rest().as_bytes(), [0xEF, 0xBF, 0xBE | 0xBF, ..]);
        if unknown || (byte != 0xEF && !is_plain(byte)) {
            return Err(self.malformed("a control character, or one that XML does not know"));
        }
        self.advance(1);
        Ok(())
    }

    /// A reference (productions 66 to 68): one of the five entities, or a character that XML knows.
    fn reference(&mut self) -> Result<(), XmlError> {
        let refused = |lexer: &Self| XmlError::ReferenceRefused { at: lexer.position(lexer.at) };
        let window = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let length = window.iter().take(LONGEST_REFERENCE).position(|byte| *byte == b';');
        let end = length.ok_or_else(|| refused(self))?.saturating_add(self.at);
        let name = self.text.get(self.at.saturating_add(1)..end).ok_or_else(|| refused(self))?;
        let legal = match name.strip_prefix('#') {
            None => matches!(name, "lt" | "gt" | "amp" | "apos" | "quot"),
            Some(number) => {
                let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
                // `from_str_radix` would take a sign.
                digits.bytes().all(|digit| digit.is_ascii_hexdigit())
                    && u32::from_str_radix(digits, radix).is_ok_and(is_xml_character)
            }
        };
        if !legal {
            return Err(refused(self));
        }
        self.at = end.saturating_add(1);
        Ok(())
    }

    /// `<!`: a comment (production 15) or a CDATA section (production 18), nothing else.
    fn comment_or_cdata(&mut self) -> Result<(), XmlError> {
        let begin = self.at;
        if self.take("<!--") {
            let (comment, _) =
                self.rest().split_once("--").ok_or_else(|| self.malformed("a comment does not end"))?;
            let end = self.at.saturating_add(comment.len());
            self.plain_characters(end)?;
            if !self.take("-->") {
                return Err(self.malformed("two hyphens inside a comment"));
            }
        } else if self.depth > 0 && self.take("<![CDATA[") {
            let (section, _) = self
                .rest()
                .split_once("]]>")
                .ok_or_else(|| self.malformed("a CDATA section does not end"))?;
            let end = self.at.saturating_add(section.len());
            self.plain_characters(end)?;
            self.take("]]>");
        } else {
            return Err(XmlError::DoctypeRefused { at: self.position(begin) });
        }
        self.count_node()
    }

    /// Characters without markup up to byte `end`. Looks no further, or many comments would cost their number squared.
    fn plain_characters(&mut self, end: usize) -> Result<(), XmlError> {
        loop {
            let section = self.text.as_bytes().get(self.at..end).unwrap_or_default();
            let Some(special) = section.iter().position(|byte| !is_plain(*byte)) else { break };
            self.advance(special);
            self.character(section.get(special).copied().unwrap_or_default())?;
        }
        self.at = end;
        Ok(())
    }

    fn end_tag(&mut self) -> Result<(), XmlError> {
        self.advance(2);
        self.element_name()?;
        self.space();
        if !self.take(">") {
            return Err(self.malformed("an end tag does not end"));
        }
        self.depth =
            self.depth.checked_sub(1).ok_or_else(|| self.malformed("an end tag without a start tag"))?;
        Ok(())
    }

    fn start_tag(&mut self) -> Result<(), XmlError> {
        let begin = self.at;
        self.count_node()?;
        if self.depth == 0 {
            self.roots = self.roots.saturating_add(1);
        }
        self.advance(1);
        self.element_name()?;
        let mut tag = Tag::default();
        loop {
            let space = self.space();
            let open = self.rest().starts_with('>');
            if open || self.rest().starts_with("/>") {
                self.count_comparisons(&tag, begin)?;
                // An empty-element tag too: it stands for a start tag and an end tag, and is canonicalized to them.
                if self.depth >= self.limits.max_xml_depth {
                    let at = self.position(begin);
                    return Err(XmlError::TooDeep { limit: self.limits.max_xml_depth, at });
                }
                self.depth = self.depth.saturating_add(usize::from(open));
                self.advance(if open { 1 } else { 2 });
                return Ok(());
            }
            if !space {
                return Err(self.malformed("a start tag does not end"));
            }
            tag.attributes = tag.attributes.saturating_add(1);
            if tag.attributes > self.limits.max_xml_attributes {
                let at = self.position(begin);
                return Err(XmlError::TooManyAttributes { limit: self.limits.max_xml_attributes, at });
            }
            self.attribute(&mut tag)?;
        }
    }

    /// Counts what roxmltree does at an element: it looks through the namespaces in scope for the element and for each
    /// prefixed attribute, compares every namespace with every other where one is declared, and every attribute with
    /// every other, the names of their namespaces first. Canonical XML sorts the same names.
    fn count_comparisons(&mut self, tag: &Tag<'_>, begin: usize) -> Result<(), XmlError> {
        let in_scope = self.prefixes.len().saturating_add(1);
        let pairs = |number: usize| number.saturating_mul(number) / 2;
        let declared = if tag.declared.is_empty() { 0 } else { in_scope.saturating_mul(in_scope) };
        let looked_up = tag.prefixed.saturating_add(1).saturating_mul(in_scope);
        let names = pairs(tag.prefixed).saturating_mul(self.longest_namespace / COMPARED_AT_ONCE);
        let work = [declared, looked_up, pairs(tag.attributes), names];
        self.comparisons = work.into_iter().fold(self.comparisons, usize::saturating_add);
        let limit = self.limits.max_xml_comparisons();
        if self.comparisons > limit {
            return Err(XmlError::TooManyComparisons { limit, at: self.position(begin) });
        }
        Ok(())
    }

    /// The name of an element: `xmlns` is no name, and nothing is in the namespaces that are bound by definition.
    fn element_name(&mut self) -> Result<(), XmlError> {
        let at = self.at;
        let name = self.qualified_name()?;
        if name.local == "xmlns" || matches!(name.prefix, Some("xmlns" | "xml")) {
            return Err(XmlError::NameRefused { at: self.position(at) });
        }
        Ok(())
    }

    fn attribute(&mut self, tag: &mut Tag<'a>) -> Result<(), XmlError> {
        let at = self.at;
        let name = self.qualified_name()?;
        self.space();
        if !self.take("=") {
            return Err(self.malformed("an attribute without a value"));
        }
        self.space();
        let value = self.attribute_value()?;
        if value.len() > self.limits.max_xml_value_bytes {
            return Err(XmlError::ValueTooLong {
                limit: self.limits.max_xml_value_bytes,
                at: self.position(at),
            });
        }
        let declares = match (name.prefix, name.local) {
            (None, "xmlns") => "",
            (Some("xmlns"), local) => local,
            // Any other prefix in front of `xmlns`: roxmltree takes it for a default namespace declaration.
            (Some(_), "xmlns") => return Err(XmlError::NameRefused { at: self.position(at) }),
            (prefix, _) => {
                tag.prefixed = tag.prefixed.saturating_add(usize::from(prefix.is_some()));
                return Ok(());
            }
        };
        let reserved = matches!(declares, "xml" | "xmlns");
        let undeclares = value.is_empty() && declares.is_empty();
        if reserved || tag.declared.contains(&declares) || !(undeclares || is_namespace_name(value)) {
            return Err(XmlError::NamespaceRefused { at: self.position(at) });
        }
        if value.len() > self.limits.max_xml_name_bytes {
            return Err(XmlError::NameTooLong {
                limit: self.limits.max_xml_name_bytes,
                at: self.position(at),
            });
        }
        self.longest_namespace = self.longest_namespace.max(value.len());
        tag.declared.push(declares);
        if !declares.is_empty() && !self.prefixes.contains(&declares) {
            if self.prefixes.len() >= self.limits.max_xml_prefixes {
                let limit = self.limits.max_xml_prefixes;
                return Err(XmlError::TooManyPrefixes { limit, at: self.position(at) });
            }
            self.prefixes.push(declares);
        }
        Ok(())
    }

    /// A quoted value (production 10).
    fn attribute_value(&mut self) -> Result<&'a str, XmlError> {
        let quote = match self.peek() {
            Some(quote @ (b'"' | b'\'')) => quote,
            _ => return Err(self.malformed("an attribute value without quotes")),
        };
        self.advance(1);
        let from = self.at;
        loop {
            self.skip(|byte| is_plain(byte) && !matches!(byte, b'<' | b'&' | b'"' | b'\''));
            match self.peek() {
                None => return Err(self.malformed("an attribute value does not end")),
                Some(byte) if byte == quote => break,
                Some(b'<') => return Err(self.malformed("a less-than sign in an attribute value")),
                Some(b'&') => self.reference()?,
                Some(byte) => self.character(byte)?,
            }
        }
        let value = self.text.get(from..self.at).unwrap_or_default();
        self.advance(1);
        Ok(value)
    }

    /// A qualified name (Namespaces in XML 1.0, production 7) of ASCII characters.
    fn qualified_name(&mut self) -> Result<QName<'a>, XmlError> {
        let begin = self.at;
        let first = self.part_of_name();
        let name = if self.take(":") {
            let local = self.part_of_name();
            first.zip(local).map(|(prefix, local)| QName { prefix: Some(prefix), local })
        } else {
            first.map(|local| QName { prefix: None, local })
        };
        // What follows a name is white space, `=`, `>` or `/`; a second colon or a foreign character is part of it.
        let ends = matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'=' | b'>' | b'/'));
        if self.at.saturating_sub(begin) > self.limits.max_xml_name_bytes {
            return Err(XmlError::NameTooLong {
                limit: self.limits.max_xml_name_bytes,
                at: self.position(begin),
            });
        }
        match name {
            Some(name) if ends => Ok(name),
            _ => Err(XmlError::NameRefused { at: self.position(begin) }),
        }
    }

    /// A name without a colon.
    fn part_of_name(&mut self) -> Option<&'a str> {
        let from = self.at;
        if !self.peek().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
            return None;
        }
        self.skip(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        self.text.get(from..self.at)
    }
}

/// A byte of text that can be passed over without a look at its neighbours: neither a control character nor the first
/// byte of U+FFFE and U+FFFF. DEL is a character of XML.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x20..=0xEE | 0xF0..=0xFF)
}

/// Production 2.
const fn is_xml_character(character: u32) -> bool {
    matches!(character, 0x9 | 0xA | 0xD | 0x20..=0xD7FF | 0xE000..=0xFFFD | 0x1_0000..=0x10_FFFF)
}

/// An absolute URI of characters that need no escape in any context. libxml2 and the specification disagree about
/// how canonical XML writes others, and a relative one has no canonical meaning (exclusive canonical XML, 1.3).
fn is_namespace_name(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let mut scheme = scheme.bytes();
    let absolute = scheme.next().is_some_and(|first| first.is_ascii_alphabetic())
        && scheme.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let plain = !rest.is_empty()
        && rest.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b'?' | b'#' | b'[' | b']' | b'@')
                || matches!(byte, b'!' | b'$' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b'%')
        });
    absolute && plain && uri != XML_NAMESPACE && uri != XMLNS_NAMESPACE
}
