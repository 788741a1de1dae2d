//! Identity headers: their names, and how values become header text.
//!
//! A header value is printable ASCII whatever the identity holds: a byte outside `0x20..=0x7e`, and the percent sign
//! itself, is written `%XX` over UTF-8, so decoding is unambiguous and no value can end a header line (RFC 9110 5.5).

use crate::http::HeaderValue;
use crate::identity::Identity;
use crate::policy::Admitted;
use crate::session::{Forwarded, Session};

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
    /// The identity token, which is not made here.
    pub token: Option<String>,
    /// Attributes that a session keeps besides those of `attributes`, for the identity token.
    pub kept: Vec<String>,
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

/// What headers are made from, borrowed from whoever has it: a session, or an explanation of one that was never begun.
#[derive(Clone, Copy)]
pub struct Bearer<'a> {
    /// The user name.
    pub username: &'a str,
    /// The e-mail address.
    pub email: Option<&'a str>,
    /// The display name.
    pub display_name: Option<&'a str>,
    /// The NameID.
    pub name_id: Option<&'a str>,
    /// The id of the session, where there is one.
    pub session_id: Option<&'a str>,
    /// Application groups.
    pub groups: &'a [String],
    /// Forwarded attributes by name.
    pub attributes: &'a [(String, Vec<String>)],
}

impl Bearer<'_> {
    /// The values of one forwarded attribute; empty when it is absent.
    fn attribute(&self, name: &str) -> &[String] {
        self.attributes.iter().find(|(have, _)| have == name).map_or(&[], |(_, values)| values)
    }
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
            .chain(self.token.as_deref())
            .chain(self.groups.iter().map(|header| header.name.as_str()))
            .chain(self.attributes.iter().map(|attribute| attribute.header.name.as_str()))
    }

    /// What a session has to keep so that these headers can be made from it: the decided groups and the forwarded
    /// attributes of `identity`.
    #[must_use]
    pub fn forwarded(&self, identity: &Identity, admitted: &Admitted) -> Forwarded {
        let wanted = self.attributes.iter().map(|wanted| &wanted.attribute).chain(&self.kept);
        let value = |name: &String| Some((name.clone(), identity.attribute(name)?.values.to_vec()));
        Forwarded::new(admitted, wanted.filter_map(value).collect())
    }

    /// Names and values for `session`, ready to be set; a value that the identity lacks gets no header.
    #[must_use]
    pub fn render(&self, session: &Session) -> Vec<HeaderValue> {
        let session_id = self.session_id.is_some().then(|| session.id());
        self.render_bearer(&Bearer {
            username: session.username().expose(),
            email: session.email().map(|email| email.expose().as_str()),
            display_name: session.display_name().map(|name| name.expose().as_str()),
            name_id: session.name_id().map(|name_id| name_id.value.expose().as_str()),
            session_id: session_id.as_deref(),
            groups: session.groups(),
            attributes: session.attributes(),
        })
    }

    /// As [`render`](Self::render), for anybody.
    #[must_use]
    pub fn render_bearer(&self, bearer: &Bearer<'_>) -> Vec<HeaderValue> {
        let mut out = Vec::new();
        let mut one = |name: &Option<String>, value: Option<&str>| {
            if let (Some(name), Some(value)) = (name, value) {
                out.push((name.clone(), encode(value, false).into_bytes()));
            }
        };
        one(&self.username, Some(bearer.username));
        one(&self.email, bearer.email);
        one(&self.display_name, bearer.display_name);
        one(&self.name_id, bearer.name_id);
        one(&self.session_id, bearer.session_id);
        let mut many = |header: &MultiValueHeader, values: &[String]| {
            if !values.is_empty() {
                out.push((header.name.clone(), header.format.render(values).into_bytes()));
            }
        };
        if let Some(header) = &self.groups {
            many(header, bearer.groups);
        }
        for attribute in &self.attributes {
            many(&attribute.header, bearer.attribute(&attribute.attribute));
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

pub(super) fn encode(value: &str, in_list: bool) -> String {
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

    fn header(name: &str) -> MultiValueHeader {
        MultiValueHeader { name: name.to_owned(), format: MultiValueFormat::CommaSeparated }
    }

    #[test]
    fn headers_are_made_without_a_session_and_only_for_what_is_there() {
        let headers = IdentityHeaders {
            username: Some(String::from("x-user")),
            email: Some(String::from("x-email")),
            session_id: Some(String::from("x-session")),
            groups: Some(header("x-groups")),
            attributes: ["dept", "none"]
                .map(|name| AttributeHeader { attribute: name.to_owned(), header: header("x-dept") })
                .to_vec(),
            ..IdentityHeaders::default()
        };
        let nobody = Bearer {
            username: "alice",
            email: None,
            display_name: Some("Not forwarded"),
            name_id: None,
            session_id: None,
            groups: &[],
            attributes: &[],
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        assert_eq!(headers.render_bearer(&nobody), [pair("x-user", "alice")]);
        let groups = ["a".to_owned(), "b".to_owned()];
        let attributes = [("dept".to_owned(), vec!["R&D".to_owned()])];
        let somebody = Bearer { email: Some("a@b"), groups: &groups, attributes: &attributes, ..nobody };
        assert_eq!(
            headers.render_bearer(&somebody),
            [pair("x-user", "alice"), pair("x-email", "a@b"), pair("x-groups", "a,b"), pair("x-dept", "R&D")]
        );
    }

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
