//! Paths of a target's REST resources, encoded while they are built.

use crate::encoding::percent;

/// A path and query under construction; whatever comes in by value goes out percent-encoded.
#[derive(Debug)]
pub(crate) struct Resource {
    text: String,
    has_query: bool,
}

impl Resource {
    /// `prefix` (from the configuration) and `path` (ours), both as they are.
    pub(crate) fn new(prefix: &str, path: &'static str) -> Self {
        Self { text: format!("{}{path}", prefix.trim_end_matches('/')), has_query: false }
    }

    /// Adds `/value` to the path. What would name another resource (nothing, `.` and `..`, which no escape makes safe)
    /// gets a character after it that no name has, so that it names nothing.
    #[must_use]
    pub(crate) fn segment(mut self, value: &str) -> Self {
        self.text.push('/');
        self.text.push_str(&percent::path_segment(value));
        if matches!(value, "" | "." | "..") {
            self.text.push_str(&percent::path_segment("\u{FFFD}"));
        }
        self
    }

    /// Adds more of our own path, as it is.
    #[must_use]
    pub(crate) fn path(mut self, path: &'static str) -> Self {
        self.text.push_str(path);
        self
    }

    /// Adds `name=value` to the query.
    #[must_use]
    pub(crate) fn query(mut self, name: &'static str, value: &str) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        self.text.push_str(name);
        self.text.push('=');
        self.text.push_str(&percent::query_component(value));
        self
    }

    pub(crate) fn into_path(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_never_leads_elsewhere() {
        let path =
            |value| Resource::new("/ctx/", "/Users").segment(value).path("/x").query("a", "b c").into_path();
        assert_eq!(path("a/../b?c#d"), "/ctx/Users/a%2F..%2Fb%3Fc%23d/x?a=b%20c");
        for (value, escaped) in
            [("..", "..%EF%BF%BD"), (".", ".%EF%BF%BD"), ("", "%EF%BF%BD"), ("...", "...")]
        {
            assert_eq!(path(value), format!("/ctx/Users/{escaped}/x?a=b%20c"));
        }
    }
}
