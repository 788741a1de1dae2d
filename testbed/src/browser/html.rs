//! The little of HTML that a sign-in needs: forms, their fields, and whether a script submits one.

/// A form of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Upper-case method.
    pub method: String,
    /// Where it goes, relative or absolute; empty for the page itself.
    pub action: String,
    /// Names and values of its fields, in order.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The value of the field `name`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// The form with the field `name` filled in, added when it was not there.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(have, _)| have == name) {
            Some((_, have)) => value.clone_into(have),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }
}

/// The forms of `html`.
#[must_use]
pub fn forms(html: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut open = false;
    for tag in tags(html) {
        match tag.name.as_str() {
            "form" => {
                open = true;
                forms.push(Form {
                    method: tag.attribute("method").unwrap_or("get").to_ascii_uppercase(),
                    action: tag.attribute("action").unwrap_or_default().to_owned(),
                    fields: Vec::new(),
                });
            }
            "/form" => open = false,
            "input" if open => {
                let (Some(form), Some(name)) = (forms.last_mut(), tag.attribute("name")) else { continue };
                if !matches!(tag.attribute("type"), Some("submit" | "button" | "image" | "reset")) {
                    form.fields
                        .push((name.to_owned(), tag.attribute("value").unwrap_or_default().to_owned()));
                }
            }
            _ => {}
        }
    }
    forms
}

/// Does a script of the page submit a form without being asked?
#[must_use]
pub fn submits_itself(html: &str) -> bool {
    let lower = html.to_ascii_lowercase();
    lower
        .split("<script")
        .skip(1)
        .any(|part| part.split("</script").next().is_some_and(|script| script.contains(".submit()")))
        || lower.contains("onload=") && lower.contains(".submit()")
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }
}

fn tags(html: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let length =
            after.find(|letter: char| letter.is_whitespace() || letter == '>').unwrap_or(after.len());
        let (name, tail) = after.split_at_checked(length).unwrap_or((after, ""));
        let (attributes, tail) = attributes(tail);
        found.push(Tag { name: name.trim_end_matches('/').to_ascii_lowercase(), attributes });
        rest = tail;
    }
    found
}

/// Attributes up to the closing `>`, and what follows it.
fn attributes(mut rest: &str) -> (Vec<(String, String)>, &str) {
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
        if rest.is_empty() {
            return (attributes, rest);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (attributes, after);
        }
        let length = rest
            .find(|letter: char| letter.is_whitespace() || matches!(letter, '=' | '>'))
            .filter(|length| *length > 0)
            .unwrap_or(rest.len());
        let (name, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = tail.trim_start();
        let Some(value) = rest.strip_prefix('=') else {
            attributes.push((name.to_ascii_lowercase(), String::new()));
            continue;
        };
        let value = value.trim_start();
        let (value, tail) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                value.strip_prefix(quote).and_then(|inner| inner.split_once(quote)).unwrap_or((value, ""))
            }
            _ => {
                let end =
                    value.find(|letter: char| letter.is_whitespace() || letter == '>').unwrap_or(value.len());
                value.split_at_checked(end).unwrap_or((value, ""))
            }
        };
        attributes.push((name.to_ascii_lowercase(), unescape(value)));
        rest = tail;
    }
}

/// `text` with character references replaced.
#[must_use]
pub fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let reference = after.split_once(';').and_then(|(name, tail)| {
            let letter = match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => {
                    let number = name.strip_prefix('#')?;
                    let code = match number.strip_prefix(['x', 'X']) {
                        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                        None => number.parse().ok()?,
                    };
                    char::from_u32(code)?
                }
            };
            Some((letter, tail))
        });
        match reference {
            Some((letter, tail)) => {
                plain.push(letter);
                rest = tail;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// `text` for element content and quoted attribute values.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_browsers_read_them() {
        let page = r#"<!doctype html><!-- <form action="no"> --><p class=a>x</p>
            <FORM method=post action='/acs?a=1&amp;b=2'><input type="hidden" name="SAMLResponse" value="a&#43;b&#x3d;&lt;">
            <input name=RelayState value=t/k><input type=submit name=go value=Go><br/></form><input name=outside>"#;
        let forms = forms(page);
        assert_eq!(forms.len(), 1);
        assert_eq!((forms[0].method.as_str(), forms[0].action.as_str()), ("POST", "/acs?a=1&b=2"));
        assert_eq!(
            forms[0].fields,
            [("SAMLResponse".to_owned(), "a+b=<".to_owned()), ("RelayState".to_owned(), "t/k".to_owned())]
        );
        assert!(!submits_itself(page));
        assert!(submits_itself("<script>document.forms[0].submit()</script>"));
        assert_eq!(unescape(&escape("<a href=\"x\">'&'</a>")), "<a href=\"x\">'&'</a>");
        assert_eq!(unescape("a & b &unknown; &#xfffffff;"), "a & b &unknown; &#xfffffff;");
    }
}
