//! What a configuration refers to outside itself.

use std::collections::BTreeMap;

/// The surroundings in which a configuration is read: the shell's own, or fixed ones in tests and tools.
pub trait Environment {
    /// The value of the environment variable `name`; `None` when it is not set or not text.
    fn variable(&self, name: &str) -> Option<String>;
}

/// Variables by name.
impl Environment for BTreeMap<String, String> {
    fn variable(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }
}
