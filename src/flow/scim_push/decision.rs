//! What a request leads to: an answer, or something to write and to bring to the application first.

use crate::base::{EntropySource, UnixTime};
use crate::flow::settings::Provisioning;
use crate::http::Reply;
use crate::scim::message::Media;
use crate::scim::router::Projection;
use crate::scim::{Limits, ResourceKind};
use crate::store::table::{Action, Condition};

use super::book::Book;
use super::settings::Settings;

/// People who are brought to the application before the client is answered. More than that wait for the caretaker, so that
/// no client waits longer than a few seconds (J7).
pub(super) const MAX_INLINE: usize = 20;

/// Memberships of one transaction, at three rows each, beside the rows of the group.
pub(super) const MEMBERS_AT_ONCE: usize = 35;

/// Everything that a decision rests on.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) book: Book<'a>,
    pub(super) settings: &'a Settings,
    pub(super) identity: &'a crate::identity::Settings,
    pub(super) provisioning: &'a Provisioning,
    pub(super) limits: &'a Limits,
    pub(super) entropy: &'a dyn EntropySource,
    pub(super) now: UnixTime,
    /// The id of what the request makes, if it makes something.
    pub(super) new_id: &'a str,
    pub(super) media: Media,
}

/// What to do next.
#[derive(Debug)]
pub(super) enum Decision {
    /// The client is answered.
    Answer(Reply),
    /// This is written, the application brought there, and then the client is answered.
    Commit(Box<Commit>),
}

/// What is written, in this order.
#[derive(Debug, Default)]
pub(super) struct Commit {
    /// First of all, where a group with many members is made: that they are nobody's should it never be.
    pub(super) before: Vec<Action>,
    /// Then memberships, where they are too many for one transaction.
    pub(super) members: Option<ManyMembers>,
    /// Last the rest, which is what clients see.
    pub(super) conditions: Vec<Condition>,
    pub(super) actions: Vec<Action>,
    /// What is then brought to the application.
    pub(super) settle: Vec<String>,
    /// What the client is answered.
    pub(super) then: Then,
    /// What happens to access, for the audit trail.
    pub(super) access: Option<AccessChange>,
}

/// Memberships that take several transactions.
#[derive(Debug)]
pub(super) struct ManyMembers {
    pub(super) group: String,
    pub(super) add: Vec<String>,
    pub(super) remove: Vec<String>,
    /// The group is not there yet: nobody is brought anywhere, and the group is no condition.
    pub(super) staged: bool,
}

/// Whose access changes by a change of members (J27).
#[derive(Debug)]
pub(super) struct AccessChange {
    pub(super) group: String,
    pub(super) gained: usize,
    pub(super) lost: usize,
    pub(super) renamed: bool,
}

/// What the client is answered when everything is done.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Then {
    /// Nothing but that it is done.
    #[default]
    Nothing,
    /// The resource as it is now.
    Show { status: u16, kind: ResourceKind, id: String, projection: Projection },
}
