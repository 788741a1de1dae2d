//! Exclusive canonical XML 1.0 (W3C Recommendation of 18 July 2002) of one element and what is in it.

use core::cmp::Ordering;

use crate::base::Limits;

use super::{Element, XmlError};

/// What to canonicalize and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exclusive<'a> {
    /// The `#WithComments` variant.
    pub with_comments: bool,
    /// The PrefixList of InclusiveNamespaces; `#default` is the default namespace. Prefixes that are not in scope have
    /// no effect.
    pub inclusive_prefixes: &'a [&'a str],
    /// Leaves out exactly this element and what is in it: the enveloped signature.
    pub omit: Option<Element<'a>>,
}

/// The canonical octets of `element`.
///
/// # Errors
/// [`XmlError::CanonicalFormTooLarge`] when the octets exceed `Limits::max_canonical_bytes` (one long namespace name that
/// every element declares anew can multiply a document), [`XmlError::CanonicalizationFailed`] when there are none.
/// Never octets that stand for an error: "The Fragile Lock" (2025).
pub fn canonicalize(element: Element<'_>, how: &Exclusive<'_>) -> Result<Vec<u8>, XmlError> {
    let limit = element.limits.max_canonical_bytes();
    let mut canonicalizer = Canonicalizer {
        text: element.node.document().input_text(),
        how,
        limits: element.limits,
        limit,
        out: Vec::with_capacity(element.node.range().len().saturating_add(256)),
        in_force: Vec::new(),
        replaced: Vec::new(),
        open: Vec::new(),
        declared: Vec::new(),
        attributes: Vec::new(),
    };
    let done = canonicalizer.run(element.node);
    if canonicalizer.out.len() > limit {
        return Err(XmlError::CanonicalFormTooLarge { limit, at: element.position() });
    }
    done.ok_or_else(|| XmlError::CanonicalizationFailed { at: element.position() })?;
    Ok(canonicalizer.out)
}

type Node<'a> = roxmltree::Node<'a, 'a>;

struct Canonicalizer<'a, 'h> {
    text: &'a str,
    how: &'h Exclusive<'h>,
    limits: &'a Limits,
    /// The most octets.
    limit: usize,
    out: Vec<u8>,
    /// For each prefix that was ever declared in the output, the namespace that is in force; `""` is the prefix of the
    /// default namespace, and the name of none.
    in_force: Vec<(&'a str, &'a str)>,
    /// What open elements replaced in it: the place and the namespace from before, innermost last.
    replaced: Vec<(usize, &'a str)>,
    /// Open elements: their qualified names, and how many of `replaced` were there before them.
    open: Vec<(&'a str, usize)>,
    /// Scratch space of one start tag: the declarations to write.
    declared: Vec<(&'a str, &'a str)>,
    /// Scratch space of one start tag: its attributes.
    attributes: Vec<Sortable<'a>>,
}

/// An attribute with what it is sorted by.
struct Sortable<'a> {
    namespace: &'a str,
    /// The first bytes of the local name as a number: most names differ there, and numbers are compared at once.
    begin: u64,
    local_name: &'a str,
    qualified_name: &'a str,
    value: &'a str,
}

impl<'a> Sortable<'a> {
    fn new(namespace: &'a str, local_name: &'a str, qualified_name: &'a str, value: &'a str) -> Self {
        let mut begin = [0; 8];
        begin.iter_mut().zip(local_name.bytes()).for_each(|(place, byte)| *place = byte);
        Self { namespace, begin: u64::from_be_bytes(begin), local_name, qualified_name, value }
    }

    /// Canonical XML 1.0 section 2.2: by namespace name, then local name; those in no namespace first.
    fn order(&self, other: &Self) -> Ordering {
        let namespaces = match (self.namespace.is_empty(), other.namespace.is_empty()) {
            (true, true) => Ordering::Equal,
            _ => self.namespace.cmp(other.namespace),
        };
        namespaces
            .then_with(|| self.begin.cmp(&other.begin))
            .then_with(|| self.local_name.cmp(other.local_name))
    }
}

impl<'a> Canonicalizer<'a, '_> {
    /// Walks the tree without recursion. `None` when there is no canonical form.
    fn run(&mut self, apex: Node<'a>) -> Option<()> {
        let mut node = apex;
        loop {
            let omitted = self.how.omit.is_some_and(|omit| omit.node == node);
            let mut descend = None;
            if omitted {
                // Nothing of it is written.
            } else if node.is_element() {
                self.start_tag(node, node == apex)?;
                descend = node.first_child();
                if descend.is_none() {
                    self.end_tag()?;
                }
            } else if node.is_text() {
                escape_text(&mut self.out, node.text().unwrap_or_default());
            } else if node.is_comment() {
                if self.how.with_comments {
                    self.out.extend_from_slice(b"<!--");
                    self.out.extend_from_slice(node.text().unwrap_or_default().as_bytes());
                    self.out.extend_from_slice(b"-->");
                }
            } else {
                // Processing instructions were refused by the lexer.
                return None;
            }
            if self.out.len() > self.limit {
                return None;
            }
            node = match descend {
                Some(child) => child,
                None => loop {
                    if node == apex {
                        return (self.open.is_empty() && !self.out.is_empty()).then_some(());
                    }
                    if let Some(next) = node.next_sibling() {
                        break next;
                    }
                    node = node.parent()?;
                    self.end_tag()?;
                },
            };
        }
    }

    fn start_tag(&mut self, node: Node<'a>, is_apex: bool) -> Option<()> {
        let before = self.replaced.len();
        let tag = node.tag_name();
        let qname = Element { node, limits: self.limits }.qualified_name();
        if !matches_qualified(qname, tag.name()) {
            return None;
        }
        self.declared.clear();
        self.attributes.clear();
        // Section 3: the namespaces that are visibly utilized, by the element and by its attributes..
        self.declare(prefix_of(qname), tag.namespace().unwrap_or_default());
        for attribute in node.attributes() {
            let name = self.text.get(attribute.range_qname())?;
            let namespace = attribute.namespace().unwrap_or_default();
            if !matches_qualified(name, attribute.name()) {
                return None;
            }
            let prefix = prefix_of(name);
            if !prefix.is_empty() && prefix != "xml" {
                self.declare(prefix, namespace);
            }
            self.attributes.push(Sortable::new(namespace, attribute.name(), name, attribute.value()));
        }
        // ..and those of the PrefixList that are in scope. Where the scope is the parent's, the parent declared them.
        if !self.how.inclusive_prefixes.is_empty() && (is_apex || !has_scope_of_parent(node)) {
            self.declare_listed(node);
        }
        self.write_start_tag(qname);
        self.open.push((qname, before));
        Some(())
    }

    fn declare_listed(&mut self, node: Node<'a>) {
        for listed in self.how.inclusive_prefixes {
            let prefix = if *listed == "#default" { None } else { Some(*listed) };
            if prefix == Some("xml") {
                continue;
            }
            let bound = node.namespaces().find(|namespace| namespace.name() == prefix);
            match bound {
                Some(bound) => self.declare(bound.name().unwrap_or_default(), bound.uri()),
                // No default namespace in scope: an output ancestor's must be undone.
                None if prefix.is_none() => self.declare("", ""),
                None => {}
            }
        }
    }

    /// Notes a declaration of this start tag unless the same one is in force in the output: made by an ancestor, or by
    /// this tag already. The lexer bounds the prefixes, and how often they are looked up.
    fn declare(&mut self, prefix: &'a str, namespace: &'a str) {
        let slot = self.in_force.iter().position(|(have, _)| *have == prefix).unwrap_or_else(|| {
            // No declaration is the same as the empty default namespace.
            self.in_force.push((prefix, ""));
            self.in_force.len().saturating_sub(1)
        });
        if let Some((_, in_force)) = self.in_force.get_mut(slot)
            && *in_force != namespace
        {
            self.replaced.push((slot, core::mem::replace(in_force, namespace)));
            self.declared.push((prefix, namespace));
        }
    }

    fn write_start_tag(&mut self, qname: &str) {
        let out = &mut self.out;
        out.push(b'<');
        out.extend_from_slice(qname.as_bytes());
        // Canonical XML 1.0 section 2.2: namespaces by prefix, the default one first.
        self.declared.sort_unstable();
        for (prefix, namespace) in &self.declared {
            out.extend_from_slice(b" xmlns");
            if !prefix.is_empty() {
                out.push(b':');
                out.extend_from_slice(prefix.as_bytes());
            }
            out.extend_from_slice(b"=\"");
            escape_attribute(out, namespace);
            out.push(b'"');
        }
        self.attributes.sort_unstable_by(Sortable::order);
        for attribute in &self.attributes {
            out.push(b' ');
            out.extend_from_slice(attribute.qualified_name.as_bytes());
            out.extend_from_slice(b"=\"");
            escape_attribute(out, attribute.value);
            out.push(b'"');
        }
        out.push(b'>');
    }

    fn end_tag(&mut self) -> Option<()> {
        let (qname, before) = self.open.pop()?;
        for (slot, namespace) in self.replaced.drain(before..).rev() {
            if let Some((_, in_force)) = self.in_force.get_mut(slot) {
                *in_force = namespace;
            }
        }
        self.out.extend_from_slice(b"</");
        self.out.extend_from_slice(qname.as_bytes());
        self.out.push(b'>');
        Some(())
    }
}

/// Has `node` the namespaces in scope that its parent has? Equal ones are one in the tree.
fn has_scope_of_parent(node: Node<'_>) -> bool {
    let scope = node.namespaces().map(core::ptr::from_ref);
    node.parent_element().is_some_and(|parent| parent.namespaces().map(core::ptr::from_ref).eq(scope))
}

fn prefix_of(qname: &str) -> &str {
    qname.split_once(':').map_or("", |(prefix, _)| prefix)
}

fn matches_qualified(qname: &str, local: &str) -> bool {
    qname.split_once(':').map_or(qname, |(_, local)| local) == local
}

/// Canonical XML 1.0 section 2.3, text nodes.
fn escape_text(out: &mut Vec<u8>, text: &str) {
    escape(out, text, |byte| match byte {
        b'&' => Some(b"&amp;".as_slice()),
        b'<' => Some(b"&lt;"),
        b'>' => Some(b"&gt;"),
        b'\r' => Some(b"&#xD;"),
        _ => None,
    });
}

/// Canonical XML 1.0 section 2.3, attribute nodes.
fn escape_attribute(out: &mut Vec<u8>, text: &str) {
    escape(out, text, |byte| match byte {
        b'&' => Some(b"&amp;".as_slice()),
        b'<' => Some(b"&lt;"),
        b'"' => Some(b"&quot;"),
        b'\t' => Some(b"&#x9;"),
        b'\n' => Some(b"&#xA;"),
        b'\r' => Some(b"&#xD;"),
        _ => None,
    });
}

/// Writes runs without escapes in one piece.
fn escape(out: &mut Vec<u8>, text: &str, replacement: impl Fn(u8) -> Option<&'static [u8]>) {
    let mut rest = text.as_bytes();
    while let Some(length) = rest.iter().position(|byte| replacement(*byte).is_some()) {
        let Some((run, tail)) = rest.split_at_checked(length) else { break };
        out.extend_from_slice(run);
        let Some((special, tail)) = tail.split_first() else { break };
        out.extend_from_slice(replacement(*special).unwrap_or_default());
        rest = tail;
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Source;

    fn canonical(xml: &str, how: &Exclusive<'_>, limits: &Limits) -> Result<String, XmlError> {
        let source = Source::check(xml.as_bytes(), limits)?;
        let document = source.document()?;
        canonicalize(document.root(), how).map(|octets| String::from_utf8(octets).unwrap())
    }

    #[test]
    fn nothing_is_an_error_and_never_no_octets() {
        let source = Source::check(b"<e/>", &Limits::DEFAULT).unwrap();
        let document = source.document().unwrap();
        let how = Exclusive { omit: Some(document.root()), ..Exclusive::default() };
        assert_eq!(canonicalize(document.root(), &how).unwrap_err().code().id(), "SG2016");
    }

    #[test]
    fn the_canonical_form_may_be_twice_the_document() {
        let limits = Limits { max_xml_bytes: 44, ..Limits::DEFAULT };
        let message = |text: &str| format!("<r xmlns:p='urn:p'>{text}<p:e/><p:e/><p:e/></r>");
        let largest = canonical(&message(""), &Exclusive::default(), &limits).unwrap();
        assert_eq!(largest.len(), 88, "every element declares its prefix");
        let error = canonical(&message("x"), &Exclusive::default(), &limits).unwrap_err();
        assert!(matches!(error, XmlError::CanonicalFormTooLarge { limit: 88, .. }), "{error}");
    }

    #[test]
    fn a_prefix_list_declares_at_the_apex_and_where_the_scope_changes() {
        let xml = "<r xmlns:p='urn:1'><a><b xmlns:p='urn:2'><c/></b><d xmlns:q='urn:q'/><p:e/></a></r>";
        let how = Exclusive { inclusive_prefixes: &["p", "q", "#default"], ..Exclusive::default() };
        assert_eq!(
            canonical(xml, &how, &Limits::DEFAULT).unwrap(),
            r#"<r xmlns:p="urn:1"><a><b xmlns:p="urn:2"><c></c></b><d xmlns:q="urn:q"></d><p:e></p:e></a></r>"#
        );
    }
}
