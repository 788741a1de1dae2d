//! Writing our own messages: elements are closed in order and every text is escaped.

/// `text` as character data.
#[must_use]
pub fn escape_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_escaped(&mut out, text);
    out
}

/// `text` as an attribute value between double quotes.
#[must_use]
pub fn escape_attribute(text: &str) -> String {
    escape_text(text)
}

/// One escape for both contexts: what is special in either is escaped in both. Characters that XML cannot hold become
/// U+FFFD, so that the result is always well-formed.
fn push_escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            other => out.push(other),
        }
    }
}

/// Renders a document element by element.
///
/// Names are literals of the caller's, hence `&'static str`: nothing that was received can become a name.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
    open: Vec<&'static str>,
    /// The last start tag still lacks its `>`.
    in_tag: bool,
}

impl Writer {
    /// A writer without an XML declaration.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens an element; `name` is its qualified name.
    pub fn open(&mut self, name: &'static str) -> &mut Self {
        self.close_tag();
        self.out.push('<');
        self.out.push_str(name);
        self.open.push(name);
        self.in_tag = true;
        self
    }

    /// An attribute or namespace declaration of the element just opened; ignored behind content.
    pub fn attribute(&mut self, name: &'static str, value: &str) -> &mut Self {
        if self.in_tag {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            push_escaped(&mut self.out, value);
            self.out.push('"');
        }
        self
    }

    /// Character data.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.close_tag();
        push_escaped(&mut self.out, text);
        self
    }

    /// Closes the element opened last.
    pub fn close(&mut self) -> &mut Self {
        let Some(name) = self.open.pop() else { return self };
        if self.in_tag {
            self.out.push_str("/>");
            self.in_tag = false;
        } else {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
        self
    }

    /// An element that holds only text.
    pub fn element(&mut self, name: &'static str, text: &str) -> &mut Self {
        self.open(name).text(text).close()
    }

    /// The document, with every element closed.
    #[must_use]
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }

    fn close_tag(&mut self) {
        if self.in_tag {
            self.out.push('>');
            self.in_tag = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Limits;
    use crate::xml::Source;

    #[test]
    fn elements_nest_and_text_comes_back() {
        let nasty = "a<b>&\"'\t\r\n]]>\u{1}é\u{FFFF}";
        let mut writer = Writer::new();
        writer.open("p:a").attribute("xmlns:p", "urn:x").attribute("q", nasty).open("b").close();
        writer.element("c", nasty).open("d");
        let xml = writer.finish();
        assert!(xml.starts_with("<p:a xmlns:p=\"urn:x\" q=\"a&lt;b&gt;"), "{xml}");
        assert!(xml.ends_with("</c><d/></p:a>"), "{xml}");
        let source = Source::check(xml.as_bytes(), &Limits::DEFAULT).unwrap();
        let document = source.document().unwrap();
        let read = nasty.replace(['\u{1}', '\u{FFFF}'], "\u{FFFD}");
        assert_eq!(document.root().attribute("q"), Some(read.as_str()));
        let child = document.root().children().nth(1).unwrap();
        assert_eq!(child.value().unwrap(), read);
    }
}
