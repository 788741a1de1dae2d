//! Why a decision came out as it did: a verdict for each group with the rule that gave it, without personal data.

use core::fmt;

use super::settings::{ApplyTo, AssignTo};
use crate::identity::UnknownGroups;

/// The verdicts of one decision and what else had a say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    groups: Vec<GroupVerdict>,
    notes: Vec<Note>,
}

impl Explanation {
    pub(super) fn push(&mut self, group: impl Into<String>, verdict: Verdict, reason: Reason) {
        self.groups.push(GroupVerdict { group: group.into(), verdict, reason });
    }

    pub(super) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// One verdict for each group that a rule names or that the account has, what is given first.
    #[must_use]
    pub fn groups(&self) -> &[GroupVerdict] {
        &self.groups
    }

    /// What does not concern a single group.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The plan makes `group` before it adds anybody to it.
    pub fn creates(&mut self, group: &str) {
        let added = |verdict: &&mut GroupVerdict| verdict.verdict == Verdict::Add && verdict.group == group;
        if let Some(verdict) = self.groups.iter_mut().find(added) {
            verdict.verdict = Verdict::Create;
        }
    }
}

impl fmt::Display for Explanation {
    /// One line: all verdicts but those on groups that are none of ours, then the notes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for verdict in self.groups.iter().filter(|verdict| verdict.reason != Reason::NotManaged) {
            write!(f, "{separator}{verdict}")?;
            separator = "; ";
        }
        for note in &self.notes {
            write!(f, "{separator}{note}")?;
            separator = "; ";
        }
        Ok(())
    }
}

/// What happens with one group, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupVerdict {
    /// The application's group.
    pub group: String,
    /// What happens.
    pub verdict: Verdict,
    /// The rule that says so.
    pub reason: Reason,
}

impl fmt::Display for GroupVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}` ({})", self.verdict, self.group, self.reason)
    }
}

/// What happens with a group of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The person gets it.
    Add,
    /// The group is made, and the person gets it.
    Create,
    /// The person has it and keeps it.
    Keep,
    /// It is taken away.
    Remove,
    /// The person has it, no rule gives it, and it is protected from removal.
    Protect,
    /// A rule would give it or take it away, but it is never touched.
    Ignore,
    /// It is not given, and the person does not have it.
    Withhold,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Create => "create",
            Self::Keep => "keep",
            Self::Remove => "remove",
            Self::Protect => "protect",
            Self::Ignore => "ignore",
            Self::Withhold => "withhold",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The rule behind a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A row of the table gives it.
    Mapped {
        /// The IdP's group.
        idp_group: String,
        /// Index into `group_mapping`.
        row: usize,
    },
    /// A pattern gives it.
    Pattern {
        /// The IdP's group.
        idp_group: String,
        /// Index into `group_patterns`.
        pattern: usize,
    },
    /// The IdP's group has the same name.
    SameName,
    /// A rule gives it, or withholds it.
    Rule {
        /// The rule's name.
        name: String,
    },
    /// It is a default group that the person gets.
    DefaultGroup(AssignTo),
    /// Everybody gets it.
    AlwaysGroup,
    /// It is a default group that the person does not get.
    DefaultGroupWithheld(Withheld),
    /// It is a default group, and those are never taken away.
    DefaultGroupKept,
    /// It makes administrators, and only a text that names it may give it or take it away.
    AdminGroup,
    /// Existing groups are kept.
    ExistingGroupsKept,
    /// A sync of the directory takes it away, if anybody does.
    OnlySyncsRemove,
    /// It is protected from removal.
    ProtectedGroup,
    /// It is never touched.
    IgnoredGroup,
    /// The IdP's groups are not known, so nothing is taken away.
    AssertedGroupsUnknown,
    /// The person's groups do not follow the IdP's.
    NotApplied(ApplyTo),
    /// A rule or a condition that only may hold may give it.
    MayBeGiven,
    /// No rule says anything about it.
    NotManaged,
    /// No rule gives it any more.
    NotGranted,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mapped { idp_group, row } => write!(f, "`{idp_group}`, group_mapping[{row}]"),
            Self::Pattern { idp_group, pattern } => write!(f, "`{idp_group}`, group_patterns[{pattern}]"),
            Self::SameName => f.write_str("same_name_groups"),
            Self::Rule { name } => write!(f, "rule `{name}`"),
            Self::DefaultGroup(assign_to) => write!(f, "default_groups, {}", assign_to.as_str()),
            Self::AlwaysGroup => f.write_str("always_groups"),
            Self::DefaultGroupWithheld(why) => write!(f, "default_groups, {why}"),
            Self::DefaultGroupKept => f.write_str("default_groups are never taken away"),
            Self::AdminGroup => f.write_str("admin_groups need to be named"),
            Self::ExistingGroupsKept => f.write_str("keep_existing_groups"),
            Self::OnlySyncsRemove => f.write_str("directory_sync.memberships_managed_by"),
            Self::ProtectedGroup => f.write_str("protected_groups"),
            Self::IgnoredGroup => f.write_str("ignored_groups"),
            Self::AssertedGroupsUnknown => f.write_str("asserted groups unknown"),
            Self::NotApplied(scope) => write!(f, "apply_idp_groups_to, {}", scope.as_str()),
            Self::MayBeGiven => f.write_str("a condition is unknown"),
            Self::NotManaged => f.write_str("not managed"),
            Self::NotGranted => f.write_str("no rule gives it"),
        }
    }
}

/// What does not concern a single group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The IdP's groups are not known, so nothing is taken away and no row of the table applies.
    AssertedGroupsUnknown(UnknownGroups),
    /// So many of the IdP's groups stand for none of the application.
    Unmapped {
        /// How many.
        count: usize,
    },
    /// The person's groups do not follow the IdP's.
    NotApplied(ApplyTo),
    /// The default groups are not given.
    DefaultGroupsWithheld(Withheld),
    /// So many of the account's groups are none of ours.
    NotManaged {
        /// How many.
        count: usize,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AssertedGroupsUnknown(why) => {
                write!(f, "asserted groups unknown ({}), nothing removed", unknown(*why))
            }
            Self::Unmapped { count } => write!(f, "{count} asserted groups not mapped"),
            Self::NotApplied(scope) => {
                write!(f, "asserted groups not applied (apply_idp_groups_to, {})", scope.as_str())
            }
            Self::DefaultGroupsWithheld(why) => write!(f, "default groups withheld ({why})"),
            Self::NotManaged { count } => write!(f, "{count} groups of the account not managed"),
        }
    }
}

/// Why the default groups are not given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// The sign-in started at the customer portal.
    Portal,
    /// No request started this, and nobody knows which door the person uses.
    NoRequest,
    /// They are for new users, and the account exists.
    AccountExists,
    /// They are for new users, and whether the account exists is not known.
    AccountUnknown,
    /// They are for nobody.
    AssignedToNone,
    /// A rule says so.
    Rule {
        /// The rule's name.
        name: String,
    },
    /// They need an IdP group that stands for a group of the application, and there is none.
    NoMappedGroup,
    /// They need a condition that does not hold.
    ConditionNotMet,
    /// They need a condition of which nobody knows whether it holds.
    ConditionUnknown,
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portal => "portal sign-in",
            Self::NoRequest => "no request",
            Self::AccountExists => "account exists",
            Self::AccountUnknown => "account unknown",
            Self::AssignedToNone => "assigned to none",
            Self::Rule { name } => return write!(f, "rule `{name}`"),
            Self::NoMappedGroup => "no mapped group",
            Self::ConditionNotMet => "condition not met",
            Self::ConditionUnknown => "condition unknown",
        })
    }
}

const fn unknown(why: UnknownGroups) -> &'static str {
    match why {
        UnknownGroups::ClaimMissing => "claim missing",
        UnknownGroups::Overage => "overage",
        UnknownGroups::Unreadable => "value unreadable",
    }
}
