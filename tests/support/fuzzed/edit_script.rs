//! Edits of a signed message: what an attacker does to one on its way, on the tree and on the text.
//!
//! A script is a list of [`Edit`]s, each applied to what the one before made. Numbers count modulo what is there, so
//! every script means something.

use std::ops::Range;

use roxmltree::{Document, Node};

/// Bytes of one edit in [`script`].
pub const EDIT_BYTES: usize = 7;

const MOST_EDITS: usize = 12;
const MOST_BYTES: usize = 64 * 1024;

/// One edit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// What is done.
    pub kind: u8,
    /// The node it is done to.
    pub at: u16,
    /// The other node, where it takes two.
    pub to: u16,
    /// Which of the ways to do it.
    pub pick: u16,
}

/// A script from bytes, [`EDIT_BYTES`] for each edit; what is left over is not looked at.
pub fn script(bytes: &[u8]) -> Vec<Edit> {
    let (edits, _) = bytes.as_chunks::<EDIT_BYTES>();
    let read = |&[kind, a, b, c, d, e, f]: &[u8; EDIT_BYTES]| Edit {
        kind,
        at: u16::from_le_bytes([a, b]),
        to: u16::from_le_bytes([c, d]),
        pick: u16::from_le_bytes([e, f]),
    };
    edits.iter().take(MOST_EDITS).map(read).collect()
}

/// `original` after all edits. An edit that does not fit does nothing; once the text is no longer well-formed, only
/// edits of bytes go on.
pub fn edited(original: &str, donors: &[String], script: &[Edit]) -> Vec<u8> {
    let mut text = original.as_bytes().to_vec();
    for edit in script {
        let next = match core::str::from_utf8(&text).map(|text| (text, Document::parse(text))) {
            Ok((text, Ok(tree))) => Message { text, tree: &tree, donors }.apply(*edit),
            _ => Some(damaged(&text, *edit)),
        };
        text = next.filter(|next| next.len() <= MOST_BYTES).unwrap_or(text);
    }
    text
}

/// Names that mean something, and one that means nothing.
const NAMES: &[(&str, &str)] = &[
    ("saml:Assertion", SAML),
    ("samlp:Response", SAMLP),
    ("samlp:Extensions", SAMLP),
    ("saml:Advice", SAML),
    ("samlp:StatusDetail", SAMLP),
    ("saml:AttributeValue", SAML),
    ("saml:SubjectConfirmationData", SAML),
    ("ds:Object", DS),
    ("ds:KeyInfo", DS),
    ("ds:Signature", DS),
    ("ds:SignedInfo", DS),
    ("x:x", "urn:x"),
];

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Markup to put in somewhere.
const FRAGMENTS: &[&str] = &[
    "<!-- -->",
    "<!---->",
    "<?x y?>",
    "<![CDATA[]]>",
    "<![CDATA[admin]]>",
    "admin",
    "&#x61;",
    "&#13;",
    " ",
    "\n",
    "<x:x xmlns:x=\"urn:x\"/>",
    "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">admin</saml:NameID>",
    "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://idp.example/metadata</saml:Issuer>",
    "<saml:Attribute xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" Name=\"urn:oid:2.5.4.31\"><saml:AttributeValue>admin</saml:AttributeValue></saml:Attribute>",
    "<saml:AttributeValue xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">admin</saml:AttributeValue>",
    "<saml:Audience xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://sp.example/saml</saml:Audience>",
    "<ds:Object xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">admin</ds:Object>",
    "<ds:DigestValue xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">AAAA</ds:DigestValue>",
    "<ds:Transform xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"/>",
    "<samlp:Extensions xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"><x:x xmlns:x=\"urn:x\"/></samlp:Extensions>",
];

/// Values of attributes and texts.
const VALUES: &[&str] = &[
    "admin",
    "",
    "#",
    "_response-1",
    "_assertion-1",
    "#_response-1",
    "#_assertion-1",
    "_evil",
    "#_evil",
    "_donor-1",
    "#_donor-1",
    "#xpointer(/)",
    "https://sp.example/saml",
    "https://jira.example/saml/acs",
    "https://idp.example/metadata",
    "2026-01-02T03:04:05Z",
    "2036-01-02T03:04:05Z",
    "2.0",
    "urn:oasis:names:tc:SAML:2.0:cm:bearer",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2000/09/xmldsig#sha1",
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "#default saml",
];

const ATTRIBUTES: &[&str] = &[
    "ID",
    "Id",
    "id",
    "xml:id",
    "URI",
    "InResponseTo",
    "Destination",
    "Recipient",
    "NotOnOrAfter",
    "NotBefore",
    "Format",
    "Name",
    "SPNameQualifier",
    "Algorithm",
    "PrefixList",
    "Version",
    "IssueInstant",
    "SessionIndex",
    "xmlns",
    "xmlns:saml",
    "xmlns:samlp",
    "xmlns:ds",
    "xmlns:x",
    "xml:lang",
];

const NAMESPACES: &[&str] =
    &[SAML, SAMLP, DS, "urn:x", "", "urn:oasis:names:tc:SAML:2.0:assertion/", "relative"];

struct Message<'a, 'i> {
    text: &'a str,
    tree: &'a Document<'i>,
    donors: &'a [String],
}

fn chosen<T: Copy>(from: &[T], index: u16) -> Option<T> {
    from.get(usize::from(index).checked_rem(from.len())?).copied()
}

impl Message<'_, '_> {
    fn apply(&self, edit: Edit) -> Option<Vec<u8>> {
        let Edit { at, to, pick, .. } = edit;
        let nodes = self.nodes();
        let elements: Vec<_> = nodes.iter().copied().filter(Node::is_element).collect();
        let node = chosen(&nodes, at);
        let element = chosen(&elements, at);
        let place = self.place(chosen(&elements, to)?, pick);
        let changed = match edit.kind % 21 {
            0 => self.without(node?.range()),
            1 => self.inserted(place, self.piece(node?)),
            2 => self.inserted(place, &renamed(self.piece(element?), pick)),
            3 => self.moved(node?.range(), place),
            4 => self.exchanged(node?.range(), chosen(&nodes, to)?.range())?,
            5 => self.wrapped(node?.range(), pick)?,
            6 => self.unwrapped(element?)?,
            7 => self.inserted(place, chosen(FRAGMENTS, pick)?),
            8 => self.split(&nodes, at, to, pick)?,
            9 => self.with_text(&elements, at, pick)?,
            10 => self.with_value(&elements, at, to, pick)?,
            11 => self.with_attribute_renamed(&elements, at, to, pick)?,
            12 => self.with_attribute(element?, chosen(ATTRIBUTES, to)?, chosen(VALUES, pick)?),
            13 => self.with_namespace(element?, to, pick)?,
            14 => self.with_other_namespace(at, pick)?,
            15 => self.with_other_name(element?, to, pick)?,
            16 => self.with_signature(&elements, at, to, pick)?,
            17 => self.inserted(place, &self.donated(to, pick)?),
            18 => self.replaced(element?.range(), &self.donated(to, pick)?),
            19 => return Some(damaged(self.text.as_bytes(), edit)),
            _ => self.respelled(&nodes, at, pick)?,
        };
        Some(changed.into_bytes())
    }

    /// All nodes below the root node, the root element last so that small numbers do something inside.
    fn nodes(&self) -> Vec<Node<'_, '_>> {
        let mut nodes: Vec<_> =
            self.tree.root_element().descendants().filter(|node| !node.is_root()).collect();
        nodes.rotate_left(1);
        nodes
    }

    fn piece(&self, node: Node<'_, '_>) -> &str {
        &self.text[node.range()]
    }

    /// Before, behind, or inside at the begin or the end.
    fn place(&self, element: Node<'_, '_>, pick: u16) -> usize {
        let inside = element.first_child().zip(element.last_child());
        match (pick / 64 % 4, inside) {
            (0, _) => element.range().start,
            (1, Some((first, _))) => first.range().start,
            (2, Some((_, last))) => last.range().end,
            _ => element.range().end,
        }
    }

    fn replaced(&self, range: Range<usize>, with: &str) -> String {
        [&self.text[..range.start], with, &self.text[range.end..]].concat()
    }

    fn without(&self, range: Range<usize>) -> String {
        self.replaced(range, "")
    }

    fn inserted(&self, at: usize, text: &str) -> String {
        self.replaced(at..at, text)
    }

    fn moved(&self, range: Range<usize>, to: usize) -> String {
        let piece = &self.text[range.clone()];
        if to <= range.start {
            [&self.text[..to], piece, &self.text[to..range.start], &self.text[range.end..]].concat()
        } else if to >= range.end {
            [&self.text[..range.start], &self.text[range.end..to], piece, &self.text[to..]].concat()
        } else {
            // Into itself: a copy inside of the original.
            self.inserted(to, piece)
        }
    }

    fn exchanged(&self, one: Range<usize>, other: Range<usize>) -> Option<String> {
        let (first, second) = if one.start <= other.start { (one, other) } else { (other, one) };
        (first.end <= second.start).then(|| {
            let text = self.text;
            let parts =
                [&text[..first.start], &text[second.clone()], &text[first.end..second.start], &text[first]];
            [&parts.concat(), &text[second.end..]].concat()
        })
    }

    fn wrapped(&self, range: Range<usize>, pick: u16) -> Option<String> {
        let (name, namespace) = chosen(NAMES, pick)?;
        let prefix = name.split(':').next()?;
        let id = if pick & 0x100 == 0 { "" } else { " ID=\"_evil\"" };
        let inner = &self.text[range.clone()];
        Some(self.replaced(range, &format!("<{name} xmlns:{prefix}=\"{namespace}\"{id}>{inner}</{name}>")))
    }

    fn unwrapped(&self, element: Node<'_, '_>) -> Option<String> {
        let inner = element.first_child()?.range().start..element.last_child()?.range().end;
        Some(self.replaced(element.range(), &self.text[inner]))
    }

    /// A fragment inside of a text.
    fn split(&self, nodes: &[Node<'_, '_>], at: u16, to: u16, pick: u16) -> Option<String> {
        let texts: Vec<_> = nodes.iter().filter(|node| node.is_text()).collect();
        let range = chosen(&texts, at)?.range();
        let mut inside = range.start + usize::from(to) % (range.len() + 1);
        while !self.text.is_char_boundary(inside) {
            inside -= 1;
        }
        Some(self.inserted(inside, chosen(FRAGMENTS, pick)?))
    }

    fn with_text(&self, elements: &[Node<'_, '_>], at: u16, pick: u16) -> Option<String> {
        let leaves: Vec<_> = elements.iter().filter_map(|element| element.first_child()).collect();
        let leaves: Vec<_> = leaves.iter().filter(|child| child.is_text()).collect();
        Some(self.replaced(chosen(&leaves, at)?.range(), chosen(VALUES, pick)?))
    }

    fn attributes(&self, elements: &[Node<'_, '_>]) -> Vec<(Range<usize>, Range<usize>)> {
        let of = |element: &Node<'_, '_>| -> Vec<_> {
            element.attributes().map(|one| (one.range_qname(), one.range_value())).collect()
        };
        elements.iter().flat_map(of).collect()
    }

    /// Another value, from the list or from another attribute of the message.
    fn with_value(&self, elements: &[Node<'_, '_>], at: u16, to: u16, pick: u16) -> Option<String> {
        let all = self.attributes(elements);
        let (_, value) = all.get(usize::from(at).checked_rem(all.len())?)?;
        let with = if pick & 0x100 == 0 {
            chosen(VALUES, pick)?
        } else {
            &self.text[all.get(usize::from(to).checked_rem(all.len())?)?.1.clone()]
        };
        Some(self.replaced(value.clone(), with))
    }

    fn with_attribute_renamed(
        &self,
        elements: &[Node<'_, '_>],
        at: u16,
        to: u16,
        pick: u16,
    ) -> Option<String> {
        let all = self.attributes(elements);
        // Every other time one of the IDs, of which there are few.
        let ids: Vec<_> = all.iter().filter(|(name, _)| &self.text[name.clone()] == "ID").collect();
        let name = match chosen(&ids, at).filter(|_| pick & 0x100 == 0) {
            Some((name, _)) => name,
            None => &all.get(usize::from(at).checked_rem(all.len())?)?.0,
        };
        Some(self.replaced(name.clone(), chosen(ATTRIBUTES, to)?))
    }

    /// Behind the name of the element.
    fn with_attribute(&self, element: Node<'_, '_>, name: &str, value: &str) -> String {
        let tag = self.piece(element);
        let end = tag.find([' ', '\t', '\n', '\r', '/', '>']).unwrap_or(tag.len());
        self.inserted(element.range().start + end, &format!(" {name}=\"{value}\""))
    }

    fn with_namespace(&self, element: Node<'_, '_>, to: u16, pick: u16) -> Option<String> {
        let name = ["xmlns", "xmlns:saml", "xmlns:samlp", "xmlns:ds", "xmlns:x", "xmlns:saml2", "xmlns:xs"]
            [usize::from(to) % 7];
        Some(self.with_attribute(element, name, chosen(NAMESPACES, pick)?))
    }

    /// Another name in a declaration that is there.
    fn with_other_namespace(&self, at: u16, pick: u16) -> Option<String> {
        let declarations: Vec<_> = self.text.match_indices("xmlns").map(|(at, _)| at).collect();
        let rest = chosen(&declarations, at)?;
        let open = rest + self.text[rest..].find(['"', '\''])?;
        let quote = self.text[open..].chars().next()?;
        let close = open + 1 + self.text[open + 1..].find(quote)?;
        Some(self.replaced(open + 1..close, chosen(NAMESPACES, pick)?))
    }

    /// Another prefix or another local name, in both tags.
    fn with_other_name(&self, element: Node<'_, '_>, to: u16, pick: u16) -> Option<String> {
        let piece = self.piece(element);
        let end = piece.find([' ', '\t', '\n', '\r', '/', '>'])?;
        let old = &piece[1..end];
        let (prefix, local) = old.split_once(':').map_or(("", old), |(prefix, local)| (prefix, local));
        let (other, _) = chosen(NAMES, pick)?;
        let (other_prefix, other_local) = other.split_once(':')?;
        let new = match to % 3 {
            0 => format!("{other_prefix}:{local}"),
            1 if prefix.is_empty() => other_local.to_owned(),
            1 => format!("{prefix}:{other_local}"),
            _ => other.to_owned(),
        };
        let renamed = piece.replacen(old, &new, 1);
        let renamed = match renamed.rfind(&format!("</{old}")) {
            Some(close) => [&renamed[..close], "</", &new, &renamed[close + 2 + old.len()..]].concat(),
            None => renamed,
        };
        Some(self.replaced(element.range(), &renamed))
    }

    /// A signature of this message or of a donor, behind the issuer of an element or in place of its own signature;
    /// sometimes with another reference.
    fn with_signature(&self, elements: &[Node<'_, '_>], at: u16, to: u16, pick: u16) -> Option<String> {
        let mut signatures: Vec<&str> = elements
            .iter()
            .filter(|one| one.has_tag_name((DS, "Signature")))
            .map(|one| self.piece(*one))
            .collect();
        for donor in self.donors {
            let from = donor.find("<ds:Signature ")?;
            let to = donor.find("</ds:Signature>")? + "</ds:Signature>".len();
            signatures.push(&donor[from..to]);
        }
        let mut signature = chosen(&signatures, pick)?.to_owned();
        if pick & 0x200 != 0 {
            let uri = signature.find("URI=\"")? + 5;
            let end = uri + signature[uri..].find('"')?;
            signature.replace_range(uri..end, chosen(&["#_assertion-1", "#_response-1", "#_evil", ""], to)?);
        }
        let messages: Vec<_> = elements
            .iter()
            .filter(|one| matches!(one.tag_name().name(), "Assertion" | "Response" | "Subject" | "Issuer"))
            .collect();
        let element = chosen(&messages, at)?;
        let named =
            |name: &'static str| element.children().find(move |child| child.tag_name().name() == name);
        Some(match (named("Signature"), named("Issuer")) {
            (Some(own), _) if pick & 0x100 == 0 => self.replaced(own.range(), &signature),
            (_, Some(issuer)) => self.inserted(issuer.range().end, &signature),
            _ => self.inserted(element.first_child()?.range().start, &signature),
        })
    }

    /// An element of a donor, with the namespaces that it needs.
    fn donated(&self, to: u16, pick: u16) -> Option<String> {
        let donor = self.donors.get(usize::from(pick).checked_rem(self.donors.len())?)?;
        let tree = Document::parse(donor).ok()?;
        let large = ["Assertion", "Subject", "AttributeStatement", "Signature", "Response", "SignedInfo"];
        let elements: Vec<_> = tree
            .descendants()
            .filter(|node| node.is_element() && (to & 1 == 0 || large.contains(&node.tag_name().name())))
            .collect();
        let element = elements.get(usize::from(to / 2).checked_rem(elements.len())?)?;
        let piece = &donor[element.range()];
        let end = piece.find([' ', '/', '>'])?;
        let mut out = piece.to_owned();
        for (prefix, namespace) in [("saml", SAML), ("samlp", SAMLP), ("ds", DS)] {
            let start_tag = &piece[..piece.find('>')?];
            if !start_tag.contains(&format!("xmlns:{prefix}=")) {
                out.insert_str(end, &format!(" xmlns:{prefix}=\"{namespace}\""));
            }
        }
        Some(out)
    }

    /// The same in other words: what canonical XML does not tell apart, so that something is still accepted.
    fn respelled(&self, nodes: &[Node<'_, '_>], at: u16, pick: u16) -> Option<String> {
        match pick % 4 {
            0 => {
                let quotes: Vec<_> = nodes.iter().filter(|node| node.is_element()).collect();
                let element = chosen(&quotes, at)?;
                let (_, value) = self.attributes(&[*element]).into_iter().next()?;
                let inner = &self.text[value.clone()];
                let outer = value.start.checked_sub(1)?..value.end + 1;
                (!inner.contains('\'')).then(|| self.replaced(outer, &format!("'{inner}'")))
            }
            1 => {
                let tags: Vec<_> = self.text.match_indices('>').map(|(at, _)| at).collect();
                let tag = chosen(&tags, at)?;
                let tag = if self.text[..tag].ends_with('/') { tag - 1 } else { tag };
                Some(self.inserted(tag, " "))
            }
            2 => {
                let texts: Vec<_> = nodes.iter().filter(|node| node.is_text()).collect();
                let range = chosen(&texts, at)?.range();
                let first = self.text[range.clone()].chars().next()?;
                let end = range.start + first.len_utf8();
                first
                    .is_alphanumeric()
                    .then(|| self.replaced(range.start..end, &format!("&#{};", u32::from(first))))
            }
            _ => {
                let texts: Vec<_> = nodes.iter().filter(|node| node.is_text()).collect();
                let range = chosen(&texts, at)?.range();
                let inner = &self.text[range.clone()];
                (!inner.contains(['&', '<', ']']))
                    .then(|| self.replaced(range, &format!("<![CDATA[{inner}]]>")))
            }
        }
    }
}

/// New IDs in a copy, or the old ones.
fn renamed(piece: &str, pick: u16) -> String {
    match pick % 3 {
        0 => piece
            .replace("ID=\"_assertion-1\"", "ID=\"_evil\"")
            .replace("ID=\"_response-1\"", "ID=\"_evil-2\""),
        1 => piece.replace("ID=\"_", "ID=\"_copy").replace(">alice<", ">admin<"),
        _ => piece.replace("ID=\"", "Id=\"").replace(">alice<", ">admin<"),
    }
}

/// A change of bytes anywhere.
fn damaged(text: &[u8], edit: Edit) -> Vec<u8> {
    let mut bytes = text.to_vec();
    if bytes.is_empty() {
        return bytes;
    }
    let at = usize::from(edit.at) % bytes.len();
    let length = usize::from(edit.to % 200);
    let end = (at + length).min(bytes.len());
    match edit.pick % 4 {
        0 => bytes[at] ^= 1 << (edit.to % 8),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let copy = bytes[at..end].to_vec();
            let into = usize::from(edit.pick) * 37 % bytes.len();
            bytes.splice(into..into, copy);
        }
        _ => drop(bytes.splice(at..at, FRAGMENTS[usize::from(edit.to) % FRAGMENTS.len()].bytes())),
    }
    bytes
}
