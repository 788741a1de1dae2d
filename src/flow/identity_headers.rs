//! Identity headers: their names, and how values become header text.
//!
//! A header value is printable ASCII whatever the identity holds: a byte outside `0x20..=0x7e`, and the percent sign
//! itself, is written `%XX` over UTF-8, so decoding is unambiguous and no value can end a header line (RFC 9110 5.5).

use crate::http::HeaderValue;
use crate::session::Session;

/// Names of the headers that carry the identity; `None` for what is not forwarded.
#[derive(Clone, Debug, Default)]
pub struct IdentityHeaders {
    /// The user name.
    pub username: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The display name.
    pub display_name: Option<String>,
    /// The NameID.
    pub name_id: Option<String>,
    /// The id of our session, for the application's log.
    pub session_id: Option<String>,
    /// The application groups.
    pub groups: Option<MultiValueHeader>,
    /// SAML attributes.
    pub attributes: Vec<AttributeHeader>,
}

/// A header with a list of values.
#[derive(Clone, Debug)]
pub struct MultiValueHeader {
    /// Its name.
    pub name: String,
    /// How the list is written.
    pub format: MultiValueFormat,
}

/// One SAML attribute and its header.
#[derive(Clone, Debug)]
pub struct AttributeHeader {
    /// `Attribute/@Name` or `@FriendlyName`, case-sensitive.
    pub attribute: String,
    /// The header.
    pub header: MultiValueHeader,
}

/// How a list of values is written into one header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MultiValueFormat {
    /// `a,b,c`; a comma inside a value is written `%2C`.
    CommaSeparated,
    /// A JSON array in ASCII, other characters as `\uXXXX`.
    Json,
}

impl IdentityHeaders {
    /// Every header name: all of them are removed from every request, used or not.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [&self.username, &self.email, &self.display_name, &self.name_id, &self.session_id]
            .into_iter()
            .filter_map(|name| name.as_deref())
            .chain(self.groups.iter().map(|header| header.name.as_str()))
            .chain(self.attributes.iter().map(|attribute| attribute.header.name.as_str()))
    }

    /// Names and values for `session`, ready to be set; a value that the identity lacks gets no header.
    #[must_use]
    pub fn render(&self, session: &Session) -> Vec<HeaderValue> {
        let mut out = Vec::new();
        let mut one = |name: &Option<String>, value: Option<&str>| {
            if let (Some(name), Some(value)) = (name, value) {
                out.push((name.clone(), encode(value, false).into_bytes()));
            }
        };
        one(&self.username, Some(session.username().expose()));
        one(&self.email, session.email().map(|email| email.expose().as_str()));
        one(&self.display_name, session.display_name().map(|name| name.expose().as_str()));
        one(&self.name_id, session.name_id().map(|name_id| name_id.value.expose().as_str()));
        one(&self.session_id, Some(&session.id()));
        if let Some(header) = &self.groups
            && !session.groups().is_empty()
        {
            out.push((header.name.clone(), header.format.render(session.groups()).into_bytes()));
        }
        for attribute in &self.attributes {
            let values = session.attribute(&attribute.attribute);
            if !values.is_empty() {
                out.push((
                    attribute.header.name.clone(),
                    attribute.header.format.render(values).into_bytes(),
                ));
            }
        }
        out
    }
}

impl MultiValueFormat {
    /// `values` as one header value.
    #[must_use]
    pub fn render(self, values: &[String]) -> String {
        match self {
            Self::CommaSeparated => {
                values.iter().map(|value| encode(value, true)).collect::<Vec<_>>().join(",")
            }
            Self::Json => ascii_json(values),
        }
    }
}

fn encode(value: &str, in_list: bool) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.len().saturating_sub(1);
    for (at, byte) in value.bytes().enumerate() {
        // A blank at either end would be trimmed on the way (RFC 9110 5.5), so it is escaped there.
        let edge_blank = byte == b' ' && (at == 0 || at == last);
        if (0x20..=0x7e).contains(&byte) && byte != b'%' && !edge_blank && !(in_list && byte == b',') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn ascii_json(values: &[String]) -> String {
    // Serializing strings cannot fail; an empty array is the honest answer if it ever did.
    let json = serde_json::to_string(values).unwrap_or_else(|_| String::from("[]"));
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && character != '\u{7f}' {
            out.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_can_end_a_header_line_or_look_like_two() {
        let values = ["a,b".to_owned(), "Jörg\r\nx-admin: 1".to_owned(), "50%".to_owned(), " x ".to_owned()];
        assert_eq!(
            MultiValueFormat::CommaSeparated.render(&values),
            "a%2Cb,J%C3%B6rg%0D%0Ax-admin: 1,50%25,%20x%20"
        );
        assert_eq!(
            MultiValueFormat::Json.render(&values),
            r#"["a,b","J\u00f6rg\r\nx-admin: 1","50%"," x "]"#
        );
        assert_eq!(MultiValueFormat::Json.render(&["😀".to_owned()]), r#"["\ud83d\ude00"]"#);
    }
}
