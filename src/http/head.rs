//! The head of a request before and after the headers that we own were taken out of it.

use std::rc::Rc;

/// A request's pseudo-headers and headers as Envoy delivered them. Nothing in it is trustworthy.
///
/// There is no way from here to [`HeaderEdits`] except through [`SanitizedHead`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHead {
    pairs: Vec<(String, Vec<u8>)>,
}

impl RequestHead {
    /// Takes the header map: lower-case names, pseudo-headers included.
    #[must_use]
    pub const fn new(pairs: Vec<(String, Vec<u8>)>) -> Self {
        Self { pairs }
    }
}

/// The names of the headers that only we may set, compared by their folded form.
///
/// Applications behind WSGI or CGI read `X_Remote_User` and `x-remote-user` as the same variable (PEP 3333,
/// RFC 3875 4.1.18), so names are folded: ASCII case ignored, `_` and `-` the same.
#[derive(Clone, Debug, Default)]
pub struct OwnedHeaders {
    /// Folded names. There are a dozen at most, so they are compared one by one, after their lengths.
    folded: Vec<Vec<u8>>,
    /// Lengths that occur, so that most foreign names are passed over at once.
    lengths: u64,
}

impl OwnedHeaders {
    /// Owns each of `names`.
    pub fn new<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Self {
        let mut owned = Self::default();
        for name in names {
            let name: Vec<u8> = name.as_ref().bytes().map(fold).collect();
            owned.lengths |= length_bit(name.len());
            owned.folded.push(name);
        }
        owned
    }

    /// Is a header of this name ours, however it is spelled?
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.lengths & length_bit(name.len()) != 0
            && self
                .folded
                .iter()
                .any(|owned| owned.len() == name.len() && name.bytes().map(fold).eq(owned.iter().copied()))
    }
}

fn length_bit(length: usize) -> u64 {
    1_u64 << (length.min(63))
}

const fn fold(byte: u8) -> u8 {
    if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() }
}

/// A request head without any header that only we may set: the first thing that happens to every request, on every
/// route, bypassed ones too.
#[derive(Clone, Debug)]
pub struct SanitizedHead {
    pairs: Vec<(String, Vec<u8>)>,
    removed: Vec<String>,
}

impl SanitizedHead {
    /// Takes out of `head` every header that `owned` names.
    #[must_use]
    pub fn new(head: RequestHead, owned: &OwnedHeaders) -> Self {
        let mut pairs = head.pairs;
        let mut removed = Vec::new();
        pairs.retain_mut(|(name, _)| {
            let ours = owned.contains(name);
            if ours && !removed.contains(name) {
                removed.push(core::mem::take(name));
            }
            !ours
        });
        Self { pairs, removed }
    }

    /// The first value of the header or pseudo-header `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.pairs.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_slice())
    }

    /// All values of the header `name` (lower case), in order.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.pairs.iter().filter(move |(have, _)| have == name).map(|(_, value)| value.as_slice())
    }

    /// The first value of `name` if it is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.header(name).and_then(|value| core::str::from_utf8(value).ok())
    }

    /// `:method`, empty when absent.
    #[must_use]
    pub fn method(&self) -> &str {
        self.text(":method").unwrap_or_default()
    }

    /// `:path` as it was sent: path and query, `None` when absent or not text.
    #[must_use]
    pub fn raw_path(&self) -> Option<&str> {
        self.text(":path")
    }

    /// `:authority`, empty when absent.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.text(":authority").unwrap_or_default()
    }

    /// Edits for forwarding this request: so far just the removal of what was taken out.
    #[must_use]
    pub fn edits(&self) -> HeaderEdits {
        HeaderEdits { remove: self.removed.clone(), set: Vec::new(), shared: None, response: Vec::new() }
    }
}

/// What the shell does to a request's headers before it goes upstream.
///
/// Only [`SanitizedHead::edits`] makes one, so a request cannot be forwarded with a header that a client forged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderEdits {
    remove: Vec<String>,
    set: Vec<(String, Vec<u8>)>,
    shared: Option<Rc<[HeaderValue]>>,
    response: Vec<(String, String)>,
}

/// A header's name and value.
pub type HeaderValue = (String, Vec<u8>);

impl HeaderEdits {
    /// Removes the request header `name`.
    pub fn remove(&mut self, name: impl Into<String>) {
        self.remove.push(name.into());
    }

    /// Replaces the request header `name` (or pseudo-header, such as `:path`) with one `value`.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) {
        self.set.push((name.into(), value.into()));
    }

    /// Replaces the request headers in `values` as [`HeaderEdits::set`] would, without a copy: they are the same for all
    /// requests of a session. Takes the place of values that were shared before.
    pub fn set_shared(&mut self, values: Rc<[HeaderValue]>) {
        self.shared = Some(values);
    }

    /// Adds the header `name` to the application's response.
    pub fn add_to_response(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.response.push((name.into(), value.into()));
    }

    /// Names to remove from the request, in the spelling that Envoy knows.
    #[must_use]
    pub fn removals(&self) -> &[String] {
        &self.remove
    }

    /// Names and values to set on the request, after the removals.
    pub fn sets(&self) -> impl Iterator<Item = &HeaderValue> {
        self.set.iter().chain(self.shared.iter().flat_map(|values| values.iter()))
    }

    /// Headers to add to the response; taken out, because they are used later than the rest.
    pub fn take_response_headers(&mut self) -> Vec<(String, String)> {
        core::mem::take(&mut self.response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(pairs: &[(&str, &str)]) -> RequestHead {
        RequestHead::new(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect(),
        )
    }

    #[test]
    fn every_spelling_of_an_owned_header_is_removed() {
        let owned = OwnedHeaders::new(["X-Remote-User"]);
        let head = head(&[
            (":path", "/"),
            ("x-remote-user", "admin"),
            ("x_remote_user", "admin"),
            ("X-REMOTE_user", "admin"),
            ("x-remote-user", "again"),
            ("x-remote-users", "kept"),
        ]);
        let clean = SanitizedHead::new(head, &owned);
        assert_eq!(clean.header("x-remote-user"), None);
        assert_eq!(clean.text("x-remote-users"), Some("kept"));
        let edits = clean.edits();
        assert_eq!(edits.removals(), ["x-remote-user", "x_remote_user", "X-REMOTE_user"]);
        assert_eq!(edits.sets().count(), 0);
    }
}
