//! Exclusive canonical XML 1.0 (W3C Recommendation of 18 July 2002) of one element and what is in it.

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
/// [`XmlError::CanonicalizationFailed`] when the octets exceed `Limits::max_xml_bytes` (one long namespace name that
/// every element declares anew can multiply a document), or when the result would not begin with the element's tag.
/// Never octets that stand for an error: "The Fragile Lock" (2025).
pub fn canonicalize(element: Element<'_>, how: &Exclusive<'_>) -> Result<Vec<u8>, XmlError> {
    let failed = || XmlError::CanonicalizationFailed { at: element.position() };
    let mut canonicalizer = Canonicalizer {
        text: element.node.document().input_text(),
        how,
        limits: element.limits,
        out: Vec::with_capacity(element.node.range().len().saturating_add(256)),
        rendered: Vec::new(),
        open: Vec::new(),
        attributes: Vec::new(),
    };
    canonicalizer.run(element.node).ok_or_else(failed)?;
    Ok(canonicalizer.out)
}

type Node<'a> = roxmltree::Node<'a, 'a>;

struct Canonicalizer<'a, 'h> {
    text: &'a str,
    how: &'h Exclusive<'h>,
    /// The octets may be as many as the document's.
    limits: &'a Limits,
    out: Vec<u8>,
    /// Namespaces that output ancestors declared, innermost last; `""` is the default namespace.
    rendered: Vec<(&'a str, &'a str)>,
    /// Open elements: their qualified names, and how many of `rendered` were there before them.
    open: Vec<(&'a str, usize)>,
    /// Scratch space of one start tag: namespace, local name, qualified name, value.
    attributes: Vec<(&'a str, &'a str, &'a str, &'a str)>,
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
                self.start_tag(node)?;
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
            if self.out.len() > self.limits.max_xml_bytes {
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

    fn start_tag(&mut self, node: Node<'a>) -> Option<()> {
        let before = self.rendered.len();
        let tag = node.tag_name();
        let qname = Element { node, limits: self.limits }.qualified_name();
        if !matches_qualified(qname, tag.name()) {
            return None;
        }
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
            self.attributes.push((namespace, attribute.name(), name, attribute.value()));
        }
        // ..and those of the PrefixList that are in scope.
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
        self.write_start_tag(qname, before);
        self.open.push((qname, before));
        Some(())
    }

    /// Notes a declaration of this start tag unless the same one is in force in the output: made by an ancestor, or by
    /// this tag already.
    fn declare(&mut self, prefix: &'a str, namespace: &'a str) {
        let last = self.rendered.iter().rev().find(|(have, _)| *have == prefix).map(|(_, uri)| *uri);
        // No declaration is the same as the empty default namespace.
        if last.unwrap_or_default() != namespace {
            self.rendered.push((prefix, namespace));
        }
    }

    fn write_start_tag(&mut self, qname: &str, before: usize) {
        let out = &mut self.out;
        out.push(b'<');
        out.extend_from_slice(qname.as_bytes());
        let declared = self.rendered.get_mut(before..).unwrap_or_default();
        // Canonical XML 1.0 section 2.2: namespaces by prefix, the default one first.
        declared.sort_unstable();
        for (prefix, namespace) in declared.iter() {
            out.extend_from_slice(b" xmlns");
            if !prefix.is_empty() {
                out.push(b':');
                out.extend_from_slice(prefix.as_bytes());
            }
            out.extend_from_slice(b"=\"");
            escape_attribute(out, namespace);
            out.push(b'"');
        }
        // Attributes by namespace name, then local name; those in no namespace first.
        self.attributes.sort_unstable();
        for (_, _, name, value) in &self.attributes {
            out.push(b' ');
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"=\"");
            escape_attribute(out, value);
            out.push(b'"');
        }
        out.push(b'>');
    }

    fn end_tag(&mut self) -> Option<()> {
        let (qname, before) = self.open.pop()?;
        self.rendered.truncate(before);
        self.out.extend_from_slice(b"</");
        self.out.extend_from_slice(qname.as_bytes());
        self.out.push(b'>');
        Some(())
    }
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
