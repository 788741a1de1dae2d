//! Which accounts a sync cleans up: those that are gone at the IdP, less everybody who is spared.

use core::fmt;
use core::time::Duration;

use super::condition::{Condition, Holds};
use super::facts::{AccountFacts, Facts};
use crate::base::UnixTime;

/// The checked `policy.cleanup`.
#[derive(Clone, Debug, Default)]
pub struct CleanupSettings {
    /// What is done with an account that nothing spares.
    pub mode: CleanupMode,
    /// Also accounts that no pull ever showed, and whose owners only signed in.
    pub also_signed_in: bool,
    /// Spares whom it holds for, and whom it may hold for: cleaning up is what cannot be undone.
    pub unless: Option<Condition>,
    /// For how long after the last sign-in the mark of a customer spares an account; `None` for good, with which those
    /// who left stay for ever.
    pub mark_lifetime: Option<Duration>,
}

/// What becomes of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CleanupMode {
    /// It stays as it is.
    #[default]
    Keep,
    /// It may not be used any more.
    Disable,
    /// It stays usable, and leaves the groups and organizations that the rules may take.
    RemoveGroups,
    /// It is deleted.
    Delete,
    /// The application forgets whose it was.
    Anonymize,
}

impl CleanupMode {
    /// The spelling of the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "KEEP",
            Self::Disable => "DISABLE",
            Self::RemoveGroups => "REMOVE_GROUPS",
            Self::Delete => "DELETE",
            Self::Anonymize => "ANONYMIZE",
        }
    }
}

/// What is remembered about the use of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountUse {
    /// When a sync or a sign-in last wrote to the account or found it as it should be; `None` when neither ever did, so
    /// that the account is not ours.
    pub last_touched: Option<UnixTime>,
    /// The mark of a customer.
    pub mark: CustomerMark,
}

/// Whether an account carries the mark of a customer (`customerLogin`). That it is there counts, never its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerMark {
    /// Nobody looked, or what is there cannot be read.
    Unknown,
    /// It does not.
    Absent,
    /// It does.
    Present {
        /// When the person last signed in, to a day, where that was remembered.
        last_login: Option<UnixTime>,
    },
}

/// What happens to one account, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CleanupDecision {
    /// What happens; [`CleanupMode::Keep`] for everybody who is spared.
    pub action: CleanupMode,
    /// Why.
    pub reason: CleanupReason,
}

/// Why an account is cleaned up or spared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CleanupReason {
    /// This run of the sync saw the account.
    SeenByThisSync,
    /// Neither a sync nor a sign-in ever touched the account.
    NotOurs,
    /// There is no account, or nobody looked.
    NoAccountKnown,
    /// It carries the mark of a customer, and that spares for good.
    Marked,
    /// It carries the mark of a customer, which spares until then.
    MarkedUntil(UnixTime),
    /// It carries the mark of a customer, and how old the last sign-in is was not remembered.
    MarkedWithoutTime,
    /// Whether it carries the mark is not known.
    MarkUnknown,
    /// The configured condition holds.
    ConditionHolds,
    /// Whether the configured condition holds is not known.
    ConditionUnknown,
    /// Cleaning up is switched off.
    SwitchedOff,
    /// It may not be used already.
    AlreadyDisabled,
    /// It has nothing that the rules may take.
    NothingToTake,
    /// The sync did not see it, and it carries no mark.
    NotSeen,
    /// The sync did not see it, and its mark spared it until then.
    MarkExpired(UnixTime),
}

impl fmt::Display for CleanupReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SeenByThisSync => f.write_str("seen by this sync"),
            Self::NotOurs => f.write_str("never synced and never signed in"),
            Self::NoAccountKnown => f.write_str("no account known"),
            Self::Marked => f.write_str("signed in as a customer"),
            Self::MarkedUntil(then) => write!(f, "signed in as a customer, spared until {then}"),
            Self::MarkedWithoutTime => f.write_str("signed in as a customer at an unknown time"),
            Self::MarkUnknown => f.write_str("whether it is a customer's is not known"),
            Self::ConditionHolds => f.write_str("cleanup.unless holds"),
            Self::ConditionUnknown => f.write_str("whether cleanup.unless holds is not known"),
            Self::SwitchedOff => f.write_str("cleanup.mode is KEEP"),
            Self::AlreadyDisabled => f.write_str("disabled already"),
            Self::NothingToTake => f.write_str("nothing left that the rules may take"),
            Self::NotSeen => f.write_str("not seen by this sync"),
            Self::MarkExpired(then) => {
                write!(f, "not seen by this sync, and spared as a customer's until {then} only")
            }
        }
    }
}

/// What should happen to the account that `facts` and `used` speak of, now that a sync which began at `sync_started_at`
/// has seen everybody?
///
/// Nothing that is not known leads to an action: in doubt the account stays, and the next run decides again.
#[must_use]
pub fn decide_cleanup(
    facts: &Facts<'_>,
    used: AccountUse,
    sync_started_at: UnixTime,
    settings: &CleanupSettings,
) -> CleanupDecision {
    match spared(facts, used, sync_started_at, settings) {
        Err(reason) => CleanupDecision { action: CleanupMode::Keep, reason },
        Ok(reason) => CleanupDecision { action: settings.mode, reason },
    }
}

/// Why the account is cleaned up, or as an error, why not.
fn spared(
    facts: &Facts<'_>,
    used: AccountUse,
    sync_started_at: UnixTime,
    settings: &CleanupSettings,
) -> Result<CleanupReason, CleanupReason> {
    let AccountFacts::Present { active, .. } = facts.account else {
        return Err(CleanupReason::NoAccountKnown);
    };
    let last_touched = used.last_touched.ok_or(CleanupReason::NotOurs)?;
    // Equal is seen: times are whole seconds, and a run may begin within the one in which it sees somebody.
    if last_touched >= sync_started_at {
        return Err(CleanupReason::SeenByThisSync);
    }
    let reason = mark(used.mark, facts.now, settings.mark_lifetime)?;
    match settings.unless.as_ref().map(|condition| condition.holds(facts)) {
        Some(Holds::Yes) => return Err(CleanupReason::ConditionHolds),
        Some(Holds::Unknown) => return Err(CleanupReason::ConditionUnknown),
        Some(Holds::No) | None => {}
    }
    match settings.mode {
        CleanupMode::Keep => Err(CleanupReason::SwitchedOff),
        CleanupMode::Disable if !active => Err(CleanupReason::AlreadyDisabled),
        CleanupMode::Disable | CleanupMode::RemoveGroups | CleanupMode::Delete | CleanupMode::Anonymize => {
            Ok(reason)
        }
    }
}

fn mark(
    mark: CustomerMark,
    now: UnixTime,
    lifetime: Option<Duration>,
) -> Result<CleanupReason, CleanupReason> {
    match (mark, lifetime) {
        (CustomerMark::Unknown, _) => Err(CleanupReason::MarkUnknown),
        (CustomerMark::Absent, _) => Ok(CleanupReason::NotSeen),
        (CustomerMark::Present { .. }, None) => Err(CleanupReason::Marked),
        (CustomerMark::Present { last_login: None }, Some(_)) => Err(CleanupReason::MarkedWithoutTime),
        (CustomerMark::Present { last_login: Some(then) }, Some(lifetime)) => {
            let until = then.saturating_add(lifetime);
            if now < until {
                Err(CleanupReason::MarkedUntil(until))
            } else {
                Ok(CleanupReason::MarkExpired(until))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::base::Pii;
    use crate::http::StringMatch;
    use crate::identity::{AssertedGroups, Identity, UnknownGroups};
    use crate::policy::RequestFacts;
    use crate::policy::condition::GroupsMatch;

    const DAY: u64 = 24 * 60 * 60;
    const STARTED: UnixTime = UnixTime::from_secs(100 * DAY);

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_secs(seconds)
    }

    fn settings() -> CleanupSettings {
        CleanupSettings { mode: CleanupMode::Disable, ..CleanupSettings::default() }
    }

    fn account(active: bool) -> AccountFacts {
        AccountFacts::Present { groups: BTreeSet::new(), active, unfinished: false }
    }

    fn gone(mark: CustomerMark) -> AccountUse {
        AccountUse { last_touched: Some(at(99 * DAY)), mark }
    }

    fn decide_for(account: &AccountFacts, used: AccountUse, settings: &CleanupSettings) -> CleanupDecision {
        let identity = Identity {
            username: Pii::new(String::from("svc-backup")),
            name_id: None,
            email: None,
            display_name: None,
            groups: AssertedGroups::Unknown(UnknownGroups::ClaimMissing),
            attributes: BTreeMap::new(),
            friendly_names: BTreeMap::new(),
            incomplete_attributes: BTreeSet::new(),
        };
        let now = STARTED.saturating_add(Duration::from_secs(60));
        let facts = Facts { identity: &identity, request: RequestFacts::default(), account, now };
        decide_cleanup(&facts, used, STARTED, settings)
    }

    fn decide(used: AccountUse, settings: &CleanupSettings) -> (CleanupMode, CleanupReason) {
        let decision = decide_for(&account(true), used, settings);
        (decision.action, decision.reason)
    }

    #[test]
    fn r13_the_configured_mode_is_what_happens_to_accounts_that_are_gone() {
        for mode in
            [CleanupMode::Disable, CleanupMode::RemoveGroups, CleanupMode::Delete, CleanupMode::Anonymize]
        {
            let settings = CleanupSettings { mode, ..settings() };
            assert_eq!(decide(gone(CustomerMark::Absent), &settings), (mode, CleanupReason::NotSeen));
        }
        let off = decide(gone(CustomerMark::Absent), &CleanupSettings::default());
        assert_eq!(off, (CleanupMode::Keep, CleanupReason::SwitchedOff));
        let disabled = decide_for(&account(false), gone(CustomerMark::Absent), &settings());
        assert_eq!(
            disabled,
            CleanupDecision { action: CleanupMode::Keep, reason: CleanupReason::AlreadyDisabled }
        );
        let delete = CleanupSettings { mode: CleanupMode::Delete, ..settings() };
        let disabled = decide_for(&account(false), gone(CustomerMark::Absent), &delete);
        assert_eq!(disabled.action, CleanupMode::Delete);
    }

    #[test]
    fn r14_a_condition_decides_for_each_account_and_doubt_spares() {
        let named = |prefix: &str| Condition {
            username: Some(StringMatch::Prefix { value: prefix.to_owned(), ignore_case: false }),
            ..Condition::default()
        };
        let unless = |condition| CleanupSettings { unless: Some(condition), ..settings() };
        let kept = |reason| (CleanupMode::Keep, reason);
        let absent = gone(CustomerMark::Absent);
        assert_eq!(decide(absent, &unless(named("svc-"))), kept(CleanupReason::ConditionHolds));
        assert_eq!(decide(absent, &unless(named("robot-"))), (CleanupMode::Disable, CleanupReason::NotSeen));
        let groups =
            GroupsMatch { any_of: BTreeSet::from([String::from("robots")]), ..GroupsMatch::default() };
        let unknown = Condition { groups: Some(groups), ..Condition::default() };
        assert_eq!(decide(absent, &unless(unknown)), kept(CleanupReason::ConditionUnknown));
    }

    #[test]
    fn r15_who_was_not_seen_and_has_no_mark_is_cleaned_up() {
        let disable = settings();
        assert_eq!(decide(gone(CustomerMark::Absent), &disable).0, CleanupMode::Disable);
        let marked = CustomerMark::Present { last_login: None };
        assert_eq!(decide(gone(marked), &disable), (CleanupMode::Keep, CleanupReason::Marked));
        assert_eq!(
            decide(gone(CustomerMark::Unknown), &disable),
            (CleanupMode::Keep, CleanupReason::MarkUnknown)
        );
        // An account made by hand is nobody's to clean up, and one that nobody looked at neither.
        let never = AccountUse { last_touched: None, mark: CustomerMark::Absent };
        assert_eq!(decide(never, &disable), (CleanupMode::Keep, CleanupReason::NotOurs));
        for account in [AccountFacts::Absent, AccountFacts::Unknown] {
            let decision = decide_for(&account, gone(CustomerMark::Absent), &disable);
            assert_eq!(decision.reason, CleanupReason::NoAccountKnown);
            assert_eq!(decision.action, CleanupMode::Keep);
        }
    }

    #[test]
    fn r16_whoever_this_sync_saw_is_never_cleaned_up() {
        let delete = CleanupSettings { mode: CleanupMode::Delete, ..settings() };
        for (touched, cleaned) in [
            (STARTED.as_secs() + 1, false),
            (STARTED.as_secs(), false),
            (STARTED.as_secs() - 1, true),
            (u64::MAX, false),
            (0, true),
        ] {
            for mark in [CustomerMark::Absent, CustomerMark::Present { last_login: Some(at(0)) }] {
                let settings =
                    CleanupSettings { mark_lifetime: Some(Duration::from_secs(DAY)), ..delete.clone() };
                let used = AccountUse { last_touched: Some(at(touched)), mark };
                assert_eq!(decide(used, &settings).0 == CleanupMode::Delete, cleaned, "{touched} {mark:?}");
            }
        }
    }

    #[test]
    fn r17_a_mark_spares_for_good_or_for_its_lifetime() {
        let marked = |last_login| gone(CustomerMark::Present { last_login: Some(at(last_login)) });
        let kept = |reason| (CleanupMode::Keep, reason);
        assert_eq!(decide(marked(0), &settings()), kept(CleanupReason::Marked));
        let month = CleanupSettings { mark_lifetime: Some(Duration::from_secs(30 * DAY)), ..settings() };
        let now = STARTED.as_secs() + 60;
        let until = at(now + 1);
        assert_eq!(decide(marked(now + 1 - 30 * DAY), &month), kept(CleanupReason::MarkedUntil(until)));
        assert_eq!(
            decide(marked(now - 30 * DAY), &month),
            (CleanupMode::Disable, CleanupReason::MarkExpired(at(now)))
        );
        // A clock that ran ahead, and a time that was not remembered, do not count against anybody.
        assert_eq!(decide(marked(u64::MAX), &month), kept(CleanupReason::MarkedUntil(at(u64::MAX))));
        let undated = gone(CustomerMark::Present { last_login: None });
        assert_eq!(decide(undated, &month), kept(CleanupReason::MarkedWithoutTime));
    }

    #[test]
    fn reasons_can_be_read() {
        let reason = CleanupReason::MarkExpired(at(0)).to_string();
        assert_eq!(
            reason,
            "not seen by this sync, and spared as a customer's until 1970-01-01T00:00:00Z only"
        );
        assert_eq!(CleanupMode::Anonymize.as_str(), "ANONYMIZE");
    }
}
