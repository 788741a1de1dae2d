//! What is known about a value before it exists: its kind, and how large it can be.

use crate::identity::{AssertedGroups, Identity};
use crate::policy::facts::{AccountFacts, Facts};

/// A value that is no collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Bool,
    Int,
    /// Text of at most so many bytes.
    Text(u64),
}

/// The kind of a value, and how large it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Single(Scalar),
    /// A list of at most so many.
    List(u64, Scalar),
    /// `saml.attributes`.
    Attributes,
    Record(Record),
}

/// The variables that have fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Saml,
    Request,
    Account,
}

impl Record {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Saml => "saml",
            Self::Request => "request",
            Self::Account => "account",
        }
    }

    pub(super) const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Saml => &["name_id", "name_id_format", "username", "email", "display_name", "attributes"],
            Self::Request => &["present", "path", "url"],
            Self::Account => &["known", "exists", "active", "groups"],
        }
    }
}

impl Scalar {
    /// One step for the value, and one for each 64 bytes of text: about as long as a step takes.
    pub(super) const fn weight(self) -> u64 {
        match self {
            Self::Bool | Self::Int => 1,
            Self::Text(bytes) => 1u64.saturating_add(bytes / 64),
        }
    }

    /// The larger of two of the same kind.
    pub(super) fn merge(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => Some(Self::Text(one.max(other))),
            (one, other) => (one == other).then_some(one),
        }
    }
}

impl Shape {
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Single(Scalar::Bool) => "a truth value",
            Self::Single(Scalar::Int) => "a number",
            Self::Single(Scalar::Text(_)) => "text",
            Self::List(..) => "a list",
            Self::Attributes => "the attributes",
            Self::Record(Record::Saml) => "`saml`",
            Self::Record(Record::Request) => "`request`",
            Self::Record(Record::Account) => "`account`",
        }
    }

    pub(super) const fn weight(self) -> u64 {
        match self {
            Self::Single(scalar) => scalar.weight(),
            Self::List(count, element) => 1u64.saturating_add(count.saturating_mul(element.weight())),
            Self::Attributes | Self::Record(_) => 1,
        }
    }

    /// The larger of two of the same kind.
    pub(super) fn merge(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Single(one), Self::Single(other)) => one.merge(other).map(Self::Single),
            (Self::List(count, one), Self::List(others, other)) => {
                one.merge(other).map(|element| Self::List(count.max(others), element))
            }
            (one, other) => (one == other).then_some(one),
        }
    }
}

/// How large the values are that an expression starts from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// How many asserted groups there are, and the bytes of the longest.
    pub(super) groups: (u64, u64),
    /// The same of the account's groups.
    pub(super) account_groups: (u64, u64),
    /// The most values of an attribute, and the bytes of the longest of all.
    pub(super) attribute: (u64, u64),
    /// The bytes of the longest among names and addresses.
    pub(super) text: u64,
}

impl Sizes {
    /// A person as most are, for whom an expression must not be too much work.
    pub(super) const ADMITTED: Self =
        Self { groups: (64, 128), account_groups: (64, 64), attribute: (16, 128), text: 256 };

    pub(super) fn of(facts: &Facts<'_>) -> Self {
        let Identity { name_id, email, display_name, username, groups, attributes, .. } = facts.identity;
        let none = (0, 0);
        let names = [
            name_id.as_ref().map_or(0, |name| name.value().expose().len()),
            name_id.as_ref().and_then(|name| name.format()).map_or(0, str::len),
            email.as_ref().map_or(0, |email| email.expose().len()),
            display_name.as_ref().map_or(0, |name| name.expose().len()),
            username.expose().len(),
            facts.request.started_at.map_or(0, |url| url.origin.len() + url.path_and_query.len()),
        ];
        Self {
            groups: match groups {
                AssertedGroups::Known(groups) => measure(groups),
                AssertedGroups::Unknown(_) => none,
            },
            account_groups: match facts.account {
                AccountFacts::Present { groups, .. } => measure(groups),
                AccountFacts::Unknown | AccountFacts::Absent => none,
            },
            attribute: attributes
                .values()
                .map(measure)
                .fold(none, |(count, bytes), (more, longer)| (count.max(more), bytes.max(longer))),
            text: count(names.into_iter().max().unwrap_or_default()),
        }
    }
}

fn measure<'a>(texts: impl IntoIterator<Item = &'a String>) -> (u64, u64) {
    texts.into_iter().fold((0, 0), |(number, bytes): (u64, u64), text| {
        (number.saturating_add(1), bytes.max(count(text.len())))
    })
}

fn count(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}
