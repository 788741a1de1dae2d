//! What lies in the table, and where.
//!
//! `user/U` and `group/G` are what a client said, as it was sent; `name/H` and `title/H` keep user names and group names
//! unique, `extern/H/ID` and `email/H/U` find people; `member/G/U` and `of/U/G` are one membership, seen from both sides, and
//! count only while both ends are there. `at/ID` is what the application has, `account/H` and `organization/H` say whose an
//! account or organization of that name is until nothing is left to do about it (`held/ID/H`: what somebody has so). `todo/ID` says that something is left to do;
//! `busy/ID` that somebody is doing it. H is a hash.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::{EntropyFailure, EntropySource, Pii, UnixTime, random};
use crate::provision::{AccountId, AccountRef};
use crate::scim::{ResourceKind, fold};
use crate::session::table_key::TableKey;
use crate::store::table::{Folder, RowKey};

/// The row with the table's key; see [`TableKey::first_row`].
pub(super) fn first() -> Option<RowKey> {
    RowKey::new(&["first"])
}

/// What the first row says besides the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct First {
    /// When the table was begun.
    pub(super) begun: u64,
    /// It can be relied on: it was begun where there was nothing before, or put together anew.
    pub(super) ready: bool,
}

/// A resource as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Stored {
    /// JSON of a [`crate::scim::User`] or [`crate::scim::Group`].
    pub(super) json: Pii<String>,
    pub(super) created: u64,
    pub(super) modified: u64,
    /// Nobody was told that it was made: whoever pushes it next makes it.
    pub(super) provisional: bool,
    /// The application has an organization of this name that is not ours to change.
    pub(super) detached: bool,
}

/// What the application has of a person or group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Projected {
    /// The user name, or the name of the organization, folded as it names the row `account/H` or `organization/H`.
    pub(super) name: Pii<String>,
    /// The same as the application spells it, and its id.
    pub(super) account: Option<(Pii<String>, Option<String>)>,
    /// It is about to be made: one that is there is ours.
    pub(super) making: bool,
    /// An account that was not there before; only those are ever renamed.
    #[serde(default)]
    pub(super) made: bool,
    /// An account that has this name by now, or still the other one.
    #[serde(default)]
    pub(super) renaming: Option<Pii<String>>,
    /// The organization was there before us: it is never deleted.
    #[serde(default)]
    pub(super) adopted: bool,
}

impl Projected {
    pub(super) fn reference(&self) -> Option<AccountRef> {
        let (username, id) = self.account.as_ref()?;
        Some(AccountRef { username: username.clone(), id: id.clone().map(AccountId::new) })
    }

    pub(super) fn of(name: String, account: Option<&AccountRef>) -> Self {
        let account = account
            .map(|account| (account.username.clone(), account.id.as_ref().map(|id| id.as_str().to_owned())));
        Self { account, ..Self::organization(name, false) }
    }

    /// Was it found under another name than the pushed one?
    pub(super) fn is_linked(&self) -> bool {
        let name = self.name.expose();
        !self.made && self.account.as_ref().is_some_and(|(username, _)| fold(username.expose()) != *name)
    }

    pub(super) const fn organization(name: String, making: bool) -> Self {
        Self { name: Pii::new(name), account: None, making, made: false, renaming: None, adopted: false }
    }
}

/// What is left to do about somebody or something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Todo {
    pub(super) what: What,
    /// Not before.
    pub(super) due: u64,
    /// How often it failed for its own sake.
    pub(super) tries: u32,
    /// The last member that was looked at.
    pub(super) after: Option<String>,
    /// Nobody pushed it: an operator has everybody looked at, and what that takes counts as an ending.
    #[serde(default)]
    pub(super) again: bool,
}

/// Nothing is left for longer. What is dated later was dated by another clock.
const FARTHEST: Duration = Duration::from_secs(7_200);

impl Todo {
    /// To be done at `due`.
    pub(super) const fn at(due: u64, what: What) -> Self {
        Self { what, due, tries: 0, after: None, again: false }
    }

    /// To be looked at once more by the rules as they are now.
    pub(super) fn again(due: u64) -> Self {
        Self { again: true, ..Self::at(due, What::Person) }
    }

    /// Is it time? Whoever pushes it again does not wait for what failed before.
    pub(super) fn is_due(&self, now: UnixTime, eager: bool) -> bool {
        let due = UnixTime::from_secs(self.due);
        due <= now || due > now.saturating_add(FARTHEST) || (eager && self.tries > 0)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum What {
    /// The application is to have what the rules make of the user, or of `gone/ID` for whoever is deleted.
    Person,
    /// The organization is to be called as the group; where `everybody` is set, all members are to be looked at too.
    Group { everybody: bool },
    /// The group is deleted: nobody is in it any more.
    GroupGone,
}

/// Who does it, and until when others leave it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Busy {
    pub(super) mark: [u8; 8],
    pub(super) until: u64,
}

/// How long something is left to whoever began it. It takes a second, so that who is believed dead after this is dead, or the
/// application is very slow; then it is done twice, and whoever ends second leaves it to be looked at once more.
const BUSY: Duration = Duration::from_secs(20);

impl Busy {
    pub(super) fn new(now: UnixTime, entropy: &dyn EntropySource) -> Result<Self, EntropyFailure> {
        Ok(Self { mark: random(entropy)?, until: Self::until(now) })
    }

    /// Until when a claim of `now` holds.
    pub(super) fn until(now: UnixTime) -> u64 {
        now.saturating_add(BUSY).as_secs()
    }

    /// Is somebody still at it? One that lies too far ahead was dated by another clock.
    pub(super) fn holds(&self, now: UnixTime) -> bool {
        let until = UnixTime::from_secs(self.until);
        now < until && until <= now.saturating_add(BUSY).saturating_add(BUSY)
    }
}

/// A new id: time first, so that what is made later stands later in a list, then 80 random bits (as UUID version 7, RFC 9562
/// 5.7).
pub(super) fn new_id(now: UnixTime, entropy: &dyn EntropySource) -> Result<String, EntropyFailure> {
    let milliseconds = now.as_secs().saturating_mul(1000).to_be_bytes();
    let [_, _, time @ ..] = milliseconds;
    let [a, b, rest @ ..]: [u8; 10] = random(entropy)?;
    let [c, d, node @ ..] = rest;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (high, low) = time.split_at(4);
    let version = [0x70 | (a & 0x0f), b];
    let variant = [0x80 | (c & 0x3f), d];
    Ok(format!("{}-{}-{}-{}-{}", hex(high), hex(low), hex(&version), hex(&variant), hex(&node)))
}

/// The row of the resource `id`; `None` for what is no id of ours.
pub(super) fn resource(kind: ResourceKind, id: &str) -> Option<RowKey> {
    RowKey::new(&[folder_name(kind), id])
}

/// All resources of a kind.
pub(super) fn resources(kind: ResourceKind) -> Option<Folder> {
    Folder::new(&[folder_name(kind)])
}

const fn folder_name(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::User => "user",
        ResourceKind::Group => "group",
    }
}

/// Rows about the person or group `id` besides the resource.
pub(super) fn about(what: &'static str, id: &str) -> Option<RowKey> {
    RowKey::new(&[what, id])
}

/// The row that a name belongs to, compared without case.
pub(super) fn unique(what: &'static str, name: &str, table: &TableKey) -> Option<RowKey> {
    RowKey::new(&[what, &table.name(what, &fold(name))])
}

/// The rows under which `value` is found, which need not be unique.
pub(super) fn found_by(
    what: &'static str,
    kind: ResourceKind,
    value: &str,
    table: &TableKey,
) -> Option<Folder> {
    Folder::new(&[what, &hash(what, kind, value, table)])
}

/// One of those rows.
pub(super) fn finds(
    what: &'static str,
    kind: ResourceKind,
    value: &str,
    id: &str,
    table: &TableKey,
) -> Option<RowKey> {
    RowKey::new(&[what, &hash(what, kind, value, table), id])
}

fn hash(what: &'static str, kind: ResourceKind, value: &str, table: &TableKey) -> String {
    table.name(&format!("{what} {}", folder_name(kind)), value)
}

/// Both sides of a membership.
pub(super) fn membership(group: &str, user: &str) -> Option<[RowKey; 2]> {
    Some([RowKey::new(&["member", group, user])?, RowKey::new(&["of", user, group])?])
}

/// The members of a group.
pub(super) fn members(group: &str) -> Option<Folder> {
    Folder::new(&["member", group])
}

/// The groups of a user.
pub(super) fn groups(user: &str) -> Option<Folder> {
    Folder::new(&["of", user])
}

/// One name that `id` keeps others from, as `account` or `organization`.
pub(super) fn held(id: &str, hold: &RowKey) -> Option<RowKey> {
    RowKey::new(&["held", id, hold.last()])
}

/// All names that `id` keeps others from.
pub(super) fn all_held(id: &str) -> Option<Folder> {
    Folder::new(&["held", id])
}

/// Says that some group was pushed once: until then, that somebody is in none means nothing.
pub(super) fn groups_pushed() -> Option<RowKey> {
    RowKey::new(&["ever", "group"])
}

/// For what word everybody is looked at again, and how far that is.
pub(super) fn round() -> Option<RowKey> {
    RowKey::new(&["ever", "round"])
}

/// What ended lately.
pub(super) fn endings() -> Option<RowKey> {
    RowKey::new(&["brake", "endings"])
}

/// Everything that is left to do.
pub(super) fn todos() -> Option<Folder> {
    Folder::new(&["todo"])
}
