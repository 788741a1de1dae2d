//! A parsed document and its elements, walked child by child.

use core::fmt;

use crate::base::Limits;

use super::{Position, Source, XmlError};

/// A tree over a [`Source`].
#[derive(Debug)]
pub struct Document<'a> {
    tree: roxmltree::Document<'a>,
    limits: &'a Limits,
}

/// Attribute names that are, or that some implementation takes for, the type `xs:ID`.
const ID_NAMES: [&str; 3] = ["ID", "Id", "id"];
const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

impl<'a> Document<'a> {
    pub(super) fn parse(source: &'a Source) -> Result<Self, XmlError> {
        let limits = source.limits();
        // roxmltree counts its own root node; the lexer counted CDATA sections and texts apart, so it is stricter.
        let nodes_limit = u32::try_from(limits.max_xml_nodes).unwrap_or(u32::MAX).saturating_add(1);
        let options = roxmltree::ParsingOptions { allow_dtd: false, nodes_limit, ..Default::default() };
        let tree = roxmltree::Document::parse_with_options(source.as_str(), options).map_err(|fault| {
            let at = fault.pos();
            XmlError::NotWellFormed {
                finding: fault.to_string(),
                at: Position { line: at.row, column: at.col },
            }
        })?;
        unique_ids(&tree, source)?;
        Ok(Self { tree, limits })
    }

    /// The root element.
    #[must_use]
    pub fn root(&self) -> Element<'_> {
        Element { node: self.tree.root_element(), limits: self.limits }
    }
}

/// XML 1.0 section 3.3.1, validity constraint ID. Without a DTD nobody else checks it.
fn unique_ids(tree: &roxmltree::Document<'_>, source: &Source) -> Result<(), XmlError> {
    let mut ids: Vec<(&str, usize)> = Vec::new();
    for node in tree.descendants() {
        for attribute in node.attributes() {
            let is_id = match attribute.namespace() {
                None => ID_NAMES.contains(&attribute.name()),
                Some(namespace) => namespace == XML_NAMESPACE && attribute.name() == "id",
            };
            if is_id {
                ids.push((attribute.value(), attribute.range().start));
            }
        }
    }
    ids.sort_unstable();
    let repeated = ids.iter().zip(ids.iter().skip(1)).find(|(one, next)| one.0 == next.0);
    match repeated {
        Some((_, second)) => Err(XmlError::IdRepeated { at: source.position(second.1) }),
        None => Ok(()),
    }
}

/// One attribute of an element; namespace declarations are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// The namespace of its name; unprefixed attributes are in none.
    pub namespace: Option<&'a str>,
    /// The local part of its name.
    pub local_name: &'a str,
    /// Its value, references resolved.
    pub value: &'a str,
}

/// An element of a [`Document`].
#[derive(Clone, Copy)]
pub struct Element<'a> {
    pub(super) node: roxmltree::Node<'a, 'a>,
    pub(super) limits: &'a Limits,
}

impl<'a> Element<'a> {
    /// Has it this name?
    #[must_use]
    pub fn is(&self, namespace: &str, local_name: &str) -> bool {
        self.local_name() == local_name && self.namespace() == Some(namespace)
    }

    /// The namespace of its name, `None` when it is in none.
    #[must_use]
    pub fn namespace(&self) -> Option<&'a str> {
        // `xmlns=""` is kept as an empty name by roxmltree.
        self.node.tag_name().namespace().filter(|namespace| !namespace.is_empty())
    }

    /// The local part of its name.
    #[must_use]
    pub fn local_name(&self) -> &'a str {
        self.node.tag_name().name()
    }

    /// The value of the attribute `local_name` in no namespace.
    #[must_use]
    pub fn attribute(&self, local_name: &str) -> Option<&'a str> {
        self.attributes()
            .find(|attribute| attribute.namespace.is_none() && attribute.local_name == local_name)
            .map(|attribute| attribute.value)
    }

    /// The value of the attribute `local_name` in `namespace`.
    #[must_use]
    pub fn attribute_ns(&self, namespace: &str, local_name: &str) -> Option<&'a str> {
        self.attributes()
            .find(|attribute| attribute.namespace == Some(namespace) && attribute.local_name == local_name)
            .map(|attribute| attribute.value)
    }

    /// All attributes in document order.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        self.node.attributes().map(|attribute| Attribute {
            namespace: attribute.namespace(),
            local_name: attribute.name(),
            value: attribute.value(),
        })
    }

    /// The child elements in document order.
    pub fn children(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let limits = self.limits;
        self.node.children().filter(roxmltree::Node::is_element).map(move |node| Element { node, limits })
    }

    /// The one child of that name.
    ///
    /// # Errors
    /// [`XmlError::ElementRepeated`] when there are several.
    pub fn child(&self, namespace: &str, local_name: &str) -> Result<Option<Element<'a>>, XmlError> {
        let mut named = self.children().filter(|child| child.is(namespace, local_name));
        let first = named.next();
        match named.next() {
            Some(second) => {
                Err(XmlError::ElementRepeated { element: local_name.to_owned(), at: second.position() })
            }
            None => Ok(first),
        }
    }

    /// The whole text of an element that holds nothing but text; `""` when it is empty.
    ///
    /// # Errors
    /// [`XmlError::ValueSplit`] when a comment or an element is inside: software that disagrees about which part is
    /// the value has let people sign in as others (CVE-2017-11427 and its family).
    pub fn value(&self) -> Result<&'a str, XmlError> {
        let mut children = self.node.children();
        match (children.next(), children.next()) {
            (None, _) => Ok(""),
            (Some(only), None) if only.is_text() => Ok(only.text().unwrap_or_default()),
            _ => Err(XmlError::ValueSplit { element: self.local_name().to_owned(), at: self.position() }),
        }
    }

    /// Is there text beside the child elements that is not white space?
    #[must_use]
    pub fn has_stray_text(&self) -> bool {
        let is_space = |character: char| matches!(character, ' ' | '\t' | '\r' | '\n');
        self.node
            .children()
            .filter(roxmltree::Node::is_text)
            .any(|text| text.text().is_some_and(|text| !text.chars().all(is_space)))
    }

    /// Does it hold elements and white space only: no other text and no comment?
    #[must_use]
    pub fn holds_only_elements(&self) -> bool {
        !self.has_stray_text() && self.node.children().all(|child| child.is_element() || child.is_text())
    }

    /// Its name as the document spells it, prefix included.
    #[must_use]
    pub fn qualified_name(&self) -> &'a str {
        let from = self.node.range().start.saturating_add(1);
        let rest = self.node.document().input_text().get(from..).unwrap_or_default();
        let end = rest.bytes().position(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'/' | b'>'));
        end.and_then(|end| rest.get(..end)).unwrap_or_default()
    }

    /// The namespaces in scope, as prefix and name; the default one has an empty prefix.
    pub(crate) fn namespaces_in_scope(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let bound = self.node.namespaces().map(|bound| (bound.name().unwrap_or_default(), bound.uri()));
        bound.filter(|(prefix, _)| *prefix != "xml")
    }

    /// Where in the document it stands, as bytes from the first of its start tag to behind the last of its end tag.
    pub(crate) fn range(&self) -> core::ops::Range<usize> {
        self.node.range()
    }

    /// The byte behind its start tag; `None` when it is an empty-element tag.
    pub(crate) fn content_start(&self) -> Option<usize> {
        self.node.first_child().map(|first| first.range().start)
    }

    /// The limits under which its document was checked.
    pub(crate) const fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// Where its start tag begins.
    #[must_use]
    pub fn position(&self) -> Position {
        let at = self.node.document().text_pos_at(self.node.range().start);
        Position { line: at.row, column: at.col }
    }
}

impl PartialEq for Element<'_> {
    /// The same element of the same tree.
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl Eq for Element<'_> {}

impl fmt::Debug for Element<'_> {
    /// Name and place only: what an element holds may be personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element({} at {})", self.local_name(), self.position())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_found_by_namespace_and_only_once() {
        let xml = "<r xmlns='urn:a' xmlns:b='urn:b' x='1' b:x='2'><c/>\n<b:c/><b:d/> <b:d/></r>";
        let source = Source::check(xml.as_bytes(), &Limits::DEFAULT).unwrap();
        let document = source.document().unwrap();
        let root = document.root();
        assert!(root.is("urn:a", "r") && !root.is("urn:b", "r") && !root.is("", "r"));
        assert_eq!(root.child("urn:b", "c").unwrap().unwrap().qualified_name(), "b:c");
        assert_eq!(root.child("urn:x", "c").unwrap(), None);
        let error = root.child("urn:b", "d").unwrap_err();
        assert_eq!(
            error,
            XmlError::ElementRepeated { element: "d".into(), at: Position { line: 2, column: 14 } }
        );
        assert_eq!(error.code().id(), "SG2017");
        assert_eq!((root.attribute("x"), root.attribute_ns("urn:b", "x")), (Some("1"), Some("2")));
        assert_eq!(root.attribute_ns("urn:a", "x"), None, "unprefixed attributes are in no namespace");
        assert!(root.holds_only_elements() && !root.has_stray_text());
        let twins: Vec<_> = root.children().filter(|child| child.is("urn:b", "d")).collect();
        assert!(
            twins[0] == twins[0] && twins[0] != twins[1],
            "one element is not another that looks the same"
        );
    }

    #[test]
    fn an_undone_default_namespace_is_none() {
        let source =
            Source::check(b"<r xmlns='urn:a'><c xmlns=''>a<!---->b</c></r>", &Limits::DEFAULT).unwrap();
        let document = source.document().unwrap();
        let child = document.root().children().next().unwrap();
        assert_eq!(child.namespace(), None);
        assert!(child.has_stray_text() && !child.holds_only_elements());
        assert_eq!(child.value().unwrap_err().code().id(), "SG2015");
    }
}
