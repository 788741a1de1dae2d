//! When a rule applies: typed comparisons of everything that is known at a sign-in, and an expression for the rest.

mod account;
mod attribute;
mod domain;
mod expression;
mod groups;
mod started_at;
#[cfg(test)]
mod tests;

pub use account::AccountMatch;
pub use attribute::{AttributeMatch, AttributeValueMatch};
pub use domain::{DomainMatch, EmailDomain};
pub use expression::{Expression, ExpressionError, Position, Problem};
pub use groups::GroupsMatch;
pub use started_at::StartedAt;

use super::facts::Facts;
use crate::http::StringMatch;

/// What must be so for a rule to apply. Every part that is given must hold; nothing given always holds.
#[derive(Clone, Debug, Default)]
pub struct Condition {
    /// Where the sign-in started.
    pub started_at: Option<StartedAt>,
    /// Comparisons of attributes, all of which must hold.
    pub attributes: Vec<AttributeMatch>,
    /// Domains of the e-mail address, one of which must be the person's; empty for any.
    pub email_domains: Vec<DomainMatch>,
    /// The user name as the application knows it.
    pub username: Option<StringMatch>,
    /// The groups that the IdP asserts.
    pub groups: Option<GroupsMatch>,
    /// The account in the application.
    pub account: Option<AccountMatch>,
    /// An expression that must be true.
    pub expression: Option<Expression>,
}

/// The answer to a condition.
///
/// What is not known is neither so nor not so: a rule that gives applies on [`Holds::Yes`] only, and a rule that
/// withholds or refuses applies on [`Holds::Unknown`] too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// What it asks about is not known.
    Unknown,
}

impl Holds {
    /// Both at once: what is known not to hold settles it, whatever else is unknown.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }

    /// Known to hold: what a rule that gives something needs.
    #[must_use]
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::Yes)
    }

    /// Not known to fail: enough for a rule that withholds or refuses something.
    #[must_use]
    pub const fn may_be(self) -> bool {
        !matches!(self, Self::No)
    }
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl Condition {
    /// Does it look at how a sign-in began? Then what it says while nobody signs in is nothing about the person.
    pub(super) fn looks_at_request(&self) -> bool {
        self.started_at.is_some() || self.expression.as_ref().is_some_and(Expression::looks_at_request)
    }

    /// Does it hold?
    #[must_use]
    pub fn holds(&self, facts: &Facts<'_>) -> Holds {
        let identity = facts.identity;
        let mut holds = Holds::Yes;
        if let Some(started_at) = &self.started_at {
            holds = holds.and(started_at.holds(&facts.request).into());
        }
        if let Some(username) = &self.username {
            holds = holds.and(username.matches(identity.username.expose()).into());
        }
        if !self.email_domains.is_empty() {
            holds = holds.and(domain::any_holds(&self.email_domains, identity.email.as_ref()));
        }
        for attribute in &self.attributes {
            holds = holds.and(attribute.holds(identity));
        }
        if let Some(groups) = &self.groups {
            holds = holds.and(groups.holds(&identity.groups));
        }
        if let Some(account) = &self.account {
            holds = holds.and(account.holds(facts.account));
        }
        // Last, because it costs most, and only where the rest leaves something to decide.
        match &self.expression {
            Some(expression) if holds != Holds::No => holds.and(expression.holds(facts)),
            _ => holds,
        }
    }
}
