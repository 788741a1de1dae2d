//! Hostile shapes of documents, as numbers, so that a search can turn them up and down.

use std::fmt::Write as _;

/// What stands in the content of each element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Nothing,
    Characters,
    Brackets,
    References,
    Hexadecimal,
    Sections,
    Comments,
    NotCharacters,
    Spaces,
}

pub(crate) const CONTENTS: [Content; 9] = [
    Content::Nothing,
    Content::Characters,
    Content::Brackets,
    Content::References,
    Content::Hexadecimal,
    Content::Sections,
    Content::Comments,
    Content::NotCharacters,
    Content::Spaces,
];

impl Content {
    fn unit(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Characters => "x",
            Self::Brackets => "]",
            Self::References => "&lt;",
            Self::Hexadecimal => "&#xA;",
            Self::Sections => "<![CDATA[x]]>",
            Self::Comments => "<!---->",
            // U+F000: begins with the byte that U+FFFE and U+FFFF begin with.
            Self::NotCharacters => "\u{F000}",
            Self::Spaces => " \n\t ",
        }
    }
}

/// An element that is repeated, below a chain of others.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// Prefixes declared around everything.
    pub(crate) prefixes: usize,
    /// Length of each prefix.
    pub(crate) prefix_length: usize,
    /// Length of each namespace name.
    pub(crate) namespace_length: usize,
    /// Elements around the repeated ones, inside one another.
    pub(crate) depth: usize,
    /// Prefixes that each of them declares anew, to another name.
    pub(crate) declared_by_depth: usize,
    /// Is the name of the repeated element prefixed?
    pub(crate) prefixed: bool,
    /// Its attributes without a prefix.
    pub(crate) attributes: usize,
    /// Its attributes with a prefix.
    pub(crate) prefixed_attributes: usize,
    /// Length of the names of attributes.
    pub(crate) name_length: usize,
    /// Length of the values of attributes.
    pub(crate) value_length: usize,
    /// Has it an ID?
    pub(crate) id: bool,
    /// Prefixes that it declares.
    pub(crate) declarations: usize,
    /// Are the names that it declares its own?
    pub(crate) own_namespaces: bool,
    /// What it holds.
    pub(crate) content: Content,
    /// How much of it.
    pub(crate) content_length: usize,
    /// Prefixes in the PrefixList of the signatures.
    pub(crate) list: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            prefixes: 0,
            prefix_length: 1,
            namespace_length: 5,
            depth: 0,
            declared_by_depth: 0,
            prefixed: false,
            attributes: 0,
            prefixed_attributes: 0,
            name_length: 1,
            value_length: 0,
            id: false,
            declarations: 0,
            own_namespaces: false,
            content: Content::Nothing,
            content_length: 1,
            list: 0,
        }
    }
}

impl Shape {
    /// Prefix `number`, as long as they all are.
    fn prefix(&self, number: usize) -> String {
        padded(&format!("p{number}"), self.prefix_length)
    }

    /// Namespace name `number`: as long as they all are, and different at its end only.
    fn namespace(&self, number: usize) -> String {
        let number = number.to_string();
        let filler = self.namespace_length.saturating_sub(number.len() + 4);
        format!("urn:{}{number}", "n".repeat(filler))
    }

    /// The PrefixList of the signatures.
    pub(crate) fn prefix_list(&self) -> Vec<String> {
        (0..self.list).map(|number| self.prefix(number)).collect()
    }

    fn declare(&self, out: &mut String, prefix: usize, namespace: usize) {
        write!(out, " xmlns:{}='{}'", self.prefix(prefix), self.namespace(namespace)).unwrap();
    }

    /// `count` of the elements and what is around them.
    pub(crate) fn render(&self, count: usize) -> String {
        let mut out = String::from("<w");
        for number in 0..self.prefixes {
            self.declare(&mut out, number, number);
        }
        out.push('>');
        for level in 0..self.depth {
            out.push_str("<w");
            for number in 0..self.declared_by_depth.min(self.prefixes) {
                self.declare(&mut out, number, 100 + level % 2);
                // Used, so that the canonical form declares it here.
                write!(out, " {}:u{number}=''", self.prefix(number)).unwrap();
            }
            out.push('>');
        }
        for number in 0..count {
            self.element(&mut out, number);
        }
        out.push_str(&"</w>".repeat(self.depth + 1));
        out
    }

    fn element(&self, out: &mut String, number: usize) {
        let prefixed = self.prefixed && self.prefixes > 0;
        let name = if prefixed { format!("{}:e", self.prefix(self.prefixes - 1)) } else { "e".to_owned() };
        write!(out, "<{name}").unwrap();
        for declared in 0..self.declarations.min(self.prefixes) {
            let namespace =
                if self.own_namespaces { 1_000 + number * 40 + declared } else { 200 + number % 2 };
            self.declare(out, declared, namespace);
        }
        if self.id {
            write!(out, " ID='_{number}'").unwrap();
        }
        let value = "v".repeat(self.value_length);
        // Downwards: the canonical order is the other way round.
        for attribute in (0..self.attributes).rev() {
            write!(out, " {}='{value}'", padded(&format!("a{attribute}"), self.name_length)).unwrap();
        }
        if self.prefixes > 0 {
            for attribute in (0..self.prefixed_attributes).rev() {
                let prefix = self.prefix(self.prefixes - 1 - attribute % self.prefixes);
                write!(out, " {prefix}:{}='{value}'", padded(&format!("b{attribute}"), self.name_length))
                    .unwrap();
            }
        }
        if self.content == Content::Nothing {
            out.push_str("/>");
        } else {
            write!(out, ">{}</{name}>", self.content.unit().repeat(self.content_length)).unwrap();
        }
    }
}

fn padded(name: &str, length: usize) -> String {
    format!("{}{name}", "_".repeat(length.saturating_sub(name.len())))
}
