//! Paths of a target's REST resources, encoded while they are built.

use crate::encoding::percent;

/// A path and query under construction; whatever comes in by value goes out percent-encoded.
#[derive(Debug)]
pub(super) struct Resource {
    text: String,
    has_query: bool,
}

impl Resource {
    /// `prefix` (from the configuration) and `path` (ours), both as they are.
    pub(super) fn new(prefix: &str, path: &'static str) -> Self {
        Self { text: format!("{}{path}", prefix.trim_end_matches('/')), has_query: false }
    }

    /// Adds `name=value` to the query.
    #[must_use]
    pub(super) fn query(mut self, name: &'static str, value: &str) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        self.text.push_str(name);
        self.text.push('=');
        self.text.push_str(&percent::query_component(value));
        self
    }

    pub(super) fn into_path(self) -> String {
        self.text
    }
}
