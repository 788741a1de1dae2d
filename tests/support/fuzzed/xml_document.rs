//! What the lexer and the parser let in keeps the limits, has unique IDs, and says the same in canonical form.

use std::collections::BTreeSet;

use samlgate::base::Limits;
use samlgate::xml::c14n::{Exclusive, canonicalize};
use samlgate::xml::{Element, Source, XmlError};

pub fn check(input: &[u8]) {
    let limits = Limits::DEFAULT;
    let Ok(source) = Source::check(input, &limits) else { return };
    let text = source.as_str();
    assert!(!text.contains('\r') && text.len() <= limits.max_xml_bytes);
    // What passed passes again, unchanged.
    assert_eq!(Source::check(text.as_bytes(), &limits).expect("checked twice").as_str(), text);
    let Ok(document) = source.document() else { return };

    let mut census = Census::default();
    census.count(document.root(), 1, &limits);
    assert!(census.elements <= limits.max_xml_nodes);

    let how = Exclusive { with_comments: true, inclusive_prefixes: &[], omit: None };
    let Ok(octets) = canonicalize(document.root(), &how) else { return };
    let Some(again) = reread(&octets, &limits) else { return };
    let again = again.document().expect("canonical XML is well-formed");
    assert_eq!(told(document.root()), told(again.root()), "the canonical form says something else");
}

/// The octets as a source. Declarations move in canonical XML to where they are used, so only what counts those may
/// refuse it.
pub fn reread(octets: &[u8], limits: &Limits) -> Option<Source> {
    match Source::check(octets, limits) {
        Ok(source) => {
            assert_eq!(source.as_str().as_bytes(), octets, "canonical XML has no other line ends");
            Some(source)
        }
        Err(XmlError::TooManyPrefixes { .. } | XmlError::TooManyAttributes { .. }) => None,
        Err(other) => panic!("canonical XML was refused: {other}\n{}", String::from_utf8_lossy(octets)),
    }
}

#[derive(Default)]
struct Census<'a> {
    elements: usize,
    ids: BTreeSet<&'a str>,
}

impl<'a> Census<'a> {
    fn count(&mut self, element: Element<'a>, depth: usize, limits: &Limits) {
        // The innermost element may be empty, one deeper than those that hold others.
        assert!(depth <= limits.max_xml_depth + 1, "too deep");
        self.elements += 1;
        let mut names = BTreeSet::new();
        for attribute in element.attributes() {
            let is_new = names.insert((attribute.namespace, attribute.local_name));
            assert!(is_new, "`{}` occurs twice", attribute.local_name);
            if attribute.namespace.is_none() && matches!(attribute.local_name, "ID" | "Id" | "id") {
                assert!(self.ids.insert(attribute.value), "ID `{}` occurs twice", attribute.value);
            }
        }
        assert!(names.len() <= limits.max_xml_attributes);
        let prefixless = element.qualified_name().rsplit(':').next();
        assert_eq!(prefixless, Some(element.local_name()));
        // A value is the whole text or none: an element with a value has no child, and none that is not text.
        if element.value().is_ok() {
            assert!(element.children().next().is_none());
        }
        assert!(element.position().line > 0);
        element.children().for_each(|child| self.count(child, depth + 1, limits));
    }
}

/// Everything that the tree says, in order.
fn told(root: Element<'_>) -> Vec<String> {
    fn tell(element: Element<'_>, out: &mut Vec<String>) {
        let mut attributes: Vec<_> = element.attributes().collect();
        attributes.sort_by_key(|attribute| (attribute.namespace, attribute.local_name));
        let (namespace, name, value) = (element.namespace(), element.local_name(), element.value().ok());
        out.push(format!("{namespace:?} {name} {attributes:?} {value:?} {}", element.has_stray_text()));
        element.children().for_each(|child| tell(child, out));
        out.push(format!("/{name}"));
    }
    let mut out = Vec::new();
    tell(root, &mut out);
    out
}
