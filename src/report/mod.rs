//! A sign-in explained: what was checked, who it is about, what was decided and what would be sent.
//!
//! One type for whoever shows it: the command line, the test sign-in page, the playground. It holds personal data in the
//! clear, so it goes only to somebody who asked for it, and `Debug` prints nothing of it. Makes no decision.

mod redact;
mod text;

pub use redact::redact;

use core::fmt;

use serde::Serialize;

use crate::base::{Code, Rejection};

/// One explained sign-in; the fields of its JSON are the fields of these types.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether it would be let in.
    pub outcome: Outcome,
    /// Id of the finding that refuses it, such as `SG3004`.
    pub code: Option<&'static str>,
    /// The finding in one word.
    pub slug: Option<&'static str>,
    /// Why it ended as it did: one sentence.
    pub reason: String,
    /// What the operator does about it.
    pub remedy: Option<&'static str>,
    /// Every check in order, those included that were not reached.
    pub checks: Vec<Check>,
    /// The response itself; `None` if it could not be read.
    pub response: Option<Response>,
    /// The person; `None` if the assertion was not accepted.
    pub identity: Option<Identity>,
    /// What was decided; `None` if that was not reached.
    pub decision: Option<Decision>,
    /// The headers that the application would be sent.
    pub headers: Vec<Header>,
    /// The changes that would be made at the application, in order.
    pub operations: Vec<Operation>,
    /// The calls that would be made for it, in order, without their credentials.
    pub calls: Vec<Call>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A session would begin.
    Accepted,
    /// It would be refused.
    Rejected,
}

/// One line of the timeline.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The word for what was checked.
    pub check: &'static str,
    /// Sections of the specifications that demand it; empty where it is our own rule.
    pub section: &'static str,
    /// How it went.
    pub outcome: CheckOutcome,
    /// What was found.
    pub detail: String,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// It holds.
    Passed,
    /// It does not, and nothing after it was looked at.
    Failed,
    /// An earlier one failed.
    NotReached,
}

/// The response as it arrived, and what is known of its signatures.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Response {
    /// Who it says it is from.
    pub issuer: Option<String>,
    /// Which request it says it answers.
    pub in_response_to: Option<String>,
    /// When it says it was made.
    pub issue_instant: String,
    /// Where it says it goes.
    pub destination: Option<String>,
    /// Whether the assertion arrived encrypted.
    pub encrypted: bool,
    /// The signatures that hold.
    pub signatures: Vec<Signature>,
    /// How many seconds the clock of the identity provider was ahead of ours when it issued the assertion, time of travel
    /// included (so usually a little below zero); `None` unless a signature vouches for it.
    pub clock_skew_seconds: Option<i64>,
}

/// A signature that holds.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// The element that it covers.
    pub element: String,
    /// URI of the algorithm.
    pub algorithm: &'static str,
    /// URI of the digest's algorithm.
    pub digest: &'static str,
    /// Fingerprint of the configured key that made it.
    pub key: String,
}

/// Who signs in.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// How the identity provider calls the person.
    pub name_id: Option<NameId>,
    /// How the application knows the person; `None` when no usable name could be made of the assertion.
    pub username: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The display name.
    pub display_name: Option<String>,
    /// The groups by the identity provider; `None` with the user name.
    pub groups: Option<Groups>,
    /// Every attribute as it was received.
    pub attributes: Vec<Attribute>,
}

/// A `NameID`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct NameId {
    /// The name.
    pub value: String,
    /// `Format`.
    pub format: Option<String>,
}

/// What the identity provider says about groups.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Groups {
    /// These, possibly none.
    Known(Vec<String>),
    /// Nothing usable, and why.
    Unknown(String),
}

/// A received attribute.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Attribute {
    /// `Name`.
    pub name: String,
    /// `FriendlyName`.
    pub friendly_name: Option<String>,
    /// The values as sent.
    pub values: Vec<String>,
}

/// What the rules decided.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// May the person enter?
    pub access: Access,
    /// What becomes of the account.
    pub account: Account,
    /// The sign-in came by the customer portal.
    pub customer: bool,
    /// A verdict for each group.
    pub groups: Vec<GroupVerdict>,
    /// What does not concern a single group.
    pub notes: Vec<String>,
}

/// The decision about entering.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Access {
    /// `allow` or `deny`.
    pub outcome: &'static str,
    /// The rule that says so.
    pub rule: String,
}

/// The decision about the account.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// `create`, `update`, `reactivate`, `keep`, `refuse` or `none`.
    pub action: &'static str,
    /// Why.
    pub reason: String,
}

/// What happens with one group.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct GroupVerdict {
    /// The application's group.
    pub group: String,
    /// `add`, `remove`, `keep`, `create`, `protect`, `ignore` or `withhold`.
    pub verdict: &'static str,
    /// The rule that says so.
    pub rule: String,
}

/// A header to the application.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value as sent.
    pub value: String,
}

/// A change at the application.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// Its kind, such as `add_to_group`.
    pub operation: &'static str,
    /// What it changes.
    pub detail: String,
    /// Why it is needed.
    pub reason: String,
}

/// A call to the application.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The method.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// The body; `None` for none.
    pub body: Option<String>,
}

impl Report {
    /// A report about a sign-in that is refused because of `rejection`; nothing of it is known yet.
    #[must_use]
    pub fn rejected(rejection: &Rejection) -> Self {
        let mut report = Self::accepted();
        report.refuse(rejection);
        report
    }

    /// A report about a sign-in that nothing speaks against so far.
    pub(crate) fn accepted() -> Self {
        Self {
            outcome: Outcome::Accepted,
            code: None,
            slug: None,
            reason: String::from("every check passed"),
            remedy: None,
            checks: Vec::new(),
            response: None,
            identity: None,
            decision: None,
            headers: Vec::new(),
            operations: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// Turns it into a refusal.
    pub(crate) fn refuse(&mut self, rejection: &Rejection) {
        let code: Code = rejection.code;
        self.outcome = Outcome::Rejected;
        self.code = Some(code.id());
        self.slug = Some(code.slug());
        self.remedy = Some(code.remedy());
        self.reason.clone_from(&rejection.detail);
    }

    /// Whether the sign-in would be let in.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.outcome == Outcome::Accepted
    }
}

impl CheckOutcome {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotReached => "not reached",
        }
    }
}

/// Numbers only: every value is about a person.
impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("outcome", &self.outcome)
            .field("code", &self.code)
            .field("checks", &self.checks.len())
            .field("headers", &self.headers.len())
            .field("operations", &self.operations.len())
            .finish_non_exhaustive()
    }
}
