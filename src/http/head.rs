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
/// RFC 3875 4.1.18), and some servers turn every sign into `_`: PHP reads `x.remote.user` so, lighttpd even
/// `x!remote!user`. So names are folded: ASCII case ignored, everything but letters and digits the same.
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
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}

/// A request head without any header that only we may set: the first thing that happens to every request, on every
/// route, bypassed ones too.
#[derive(Clone, Debug)]
pub struct SanitizedHead {
    pairs: Vec<(String, Vec<u8>)>,
    removed: Vec<String>,
    /// What to forward as `connection` where a client named a header of ours in it.
    connection: Option<Vec<u8>>,
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
        let connection = without_owned_options(&pairs, owned);
        Self { pairs, removed, connection }
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
        let mut edits = HeaderEdits {
            remove: self.removed.clone(),
            set: Vec::new(),
            shared: None,
            properties: None,
            response: Vec::new(),
        };
        match &self.connection {
            None => {}
            Some(options) if options.is_empty() => edits.remove("connection"),
            Some(options) => edits.set("connection", options.clone()),
        }
        edits
    }
}

/// The options of `connection` without the names of headers that we set: whoever is next would take a header that is
/// named there out of the request (RFC 9110 7.6.1), and Envoy forwards `connection` when a client asks for an upgrade.
/// `None` when no such name is in it.
fn without_owned_options(pairs: &[(String, Vec<u8>)], owned: &OwnedHeaders) -> Option<Vec<u8>> {
    let options = || {
        let values = pairs.iter().filter(|(name, _)| name == "connection").map(|(_, value)| value.as_slice());
        values.flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
    };
    let ours = |option: &&[u8]| core::str::from_utf8(option).is_ok_and(|option| owned.contains(option));
    options()
        .any(|option| ours(&option))
        .then(|| options().filter(|option| !ours(option)).collect::<Vec<_>>().join(b", ".as_slice()))
}

/// What the shell does to a request's headers before it goes upstream.
///
/// Only [`SanitizedHead::edits`] makes one, so a request cannot be forwarded with a header that a client forged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderEdits {
    remove: Vec<String>,
    set: Vec<(String, Vec<u8>)>,
    shared: Option<Rc<[HeaderValue]>>,
    properties: Option<Rc<[Property]>>,
    response: Vec<(String, String)>,
}

/// A header's name and value.
pub type HeaderValue = (String, Vec<u8>);

/// A property of the request, for the host alone: its name, which is ours, and its text.
pub type Property = (&'static str, String);

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

    /// Sets properties of the request, which no client can, beside its headers.
    pub fn set_properties(&mut self, properties: Rc<[Property]>) {
        self.properties = Some(properties);
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

    /// Properties to set.
    pub fn properties(&self) -> impl Iterator<Item = &Property> {
        self.properties.iter().flat_map(|properties| properties.iter())
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

    #[test]
    fn a_name_that_a_server_would_fold_into_ours_is_removed() {
        let owned = OwnedHeaders::new(["x-remote-user"]);
        for name in ["x.remote.user", "x!remote!user", "X+Remote.User", "x-remote~user", "x'remote|user"] {
            let clean = SanitizedHead::new(head(&[(name, "admin")]), &owned);
            assert_eq!(clean.edits().removals(), [name]);
        }
    }

    #[test]
    fn no_connection_option_takes_our_headers_away_later() {
        let owned = OwnedHeaders::new(["x-remote-user"]);
        for (connection, forwarded) in [
            ("Upgrade, X-Remote-User", Some("Upgrade")),
            ("x_remote_user,upgrade ,keep-alive", Some("upgrade, keep-alive")),
            ("x-remote-user", None),
        ] {
            let edits = SanitizedHead::new(head(&[("connection", connection)]), &owned).edits();
            let set = edits.sets().next().map(|(name, value)| (name.as_str(), value.as_slice()));
            assert_eq!(set, forwarded.map(|value| ("connection", value.as_bytes())), "{connection}");
            assert_eq!(edits.removals().is_empty(), forwarded.is_some(), "{connection}");
        }
        let untouched = SanitizedHead::new(head(&[("connection", "Upgrade, x-other")]), &owned).edits();
        assert!(untouched.sets().next().is_none() && untouched.removals().is_empty());
    }
}
