//! Which part of a list (RFC 7644 3.4.2.4).

use super::{Error, Limits};

/// A page: 1-based, and never longer than `Limits::max_page`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The number of the first resource, from 1.
    pub start: usize,
    /// At most so many resources; 0 asks for the total only.
    pub count: usize,
}

impl Page {
    /// From what a client says: below 1 is 1, a negative count 0, and too many are as many as there can be.
    pub(super) fn parse(start: Option<&str>, count: Option<&str>, limits: &Limits) -> Result<Self, Error> {
        let number = |name: &'static str, text: Option<&str>| match text.map(str::trim) {
            None | Some("") => Ok(None),
            Some(text) => match text.parse::<i64>() {
                Ok(number) => Ok(Some(usize::try_from(number.max(0)).unwrap_or(usize::MAX))),
                Err(_) => Err(Error::value(name, "is no whole number")),
            },
        };
        Ok(Self {
            start: number("startIndex", start)?.unwrap_or(1).max(1),
            count: number("count", count)?.unwrap_or(limits.max_page).min(limits.max_page),
        })
    }

    /// The resources to pass over.
    #[must_use]
    pub const fn skip(&self) -> usize {
        self.start.saturating_sub(1)
    }
}
