//! What is kept between two pages, and between two runs: one record that says where everything is, and a segment for each
//! page that says who was on it.
//!
//! The record is also the lease. Whoever works writes it again and again, each time only over what they read before, so a
//! runner that lost the lease without knowing cannot write any more, whatever its clock says. A digest goes from segment to
//! segment into the record: what was written over, kept from an older run or left out does not lead to it, and then
//! nothing of the run counts.

use core::time::Duration;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::base::{Pii, PiiKey, UnixTime};
use crate::directory::Seen;
use crate::provision::AccountRef;
use crate::sources::{Cursor, DeltaToken, WholeDirectory};

use super::super::provisioning::budget::{RemovalBounds, Taken};
use super::names::contains;
use super::progress::{Counts, Progress};
use super::run::Wish;
use super::settings::Settings;

/// A runner that does not write so long is gone. It writes three times as often, beside whatever else it waits for, so that
/// one call to a slow store, which takes ten seconds at most, is in between.
pub(super) const LEASE: Duration = Duration::from_secs(20);

/// A run that was broken off longer ago begins anew: most of whom it saw may have changed, and directories forget where a
/// reader was.
const MAX_CHECKPOINT_AGE: Duration = Duration::from_secs(24 * 3600);

/// Who was seen whole longer ago than this does not begin a cleanup: a run that is gone on with then pulls anew.
const MAX_FACES_AGE: Duration = Duration::from_secs(3600);

/// Bytes of each set of one segment: sealed, and in base64, all four fit into a row of the store.
const SEGMENT_BYTES: usize = 2 * 1024;

/// A time that lies further ahead was written by another clock.
const AHEAD: Duration = Duration::from_secs(120);

/// The waits after runs that failed: half a minute, doubled up to half an hour.
const FIRST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(1800);

/// Where everything is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// Of which directory all of this speaks, and by which rules people belong to it ([`fingerprint`]).
    pub(super) about: [u8; 16],
    /// Who works.
    pub(super) lease: Option<Lease>,
    /// The pull under way.
    pub(super) running: Option<Running>,
    /// Whom the last complete full pull saw.
    pub(super) roster: Option<Roster>,
    /// What to ask for the changes since.
    pub(super) delta: Option<DeltaToken>,
    /// When the last pull of any kind that was complete began.
    pub(super) pulled_at: Option<UnixTime>,
    /// When the last full pull that was complete began.
    pub(super) full_at: Option<UnixTime>,
    /// Runs in a row that failed, and when the last did.
    pub(super) failures: u32,
    pub(super) failed_at: Option<UnixTime>,
    /// A run wanted to take more memberships away than these bounds allow.
    pub(super) held: Option<RemovalBounds>,
    /// For those who look on.
    pub(super) progress: Progress,
}

/// One runner may work until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lease {
    pub(super) holder: [u8; 16],
    pub(super) until: UnixTime,
}

/// A pull under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Running {
    /// Names the run: its segments open for no other.
    pub(super) run: [u8; 16],
    pub(super) started_at: UnixTime,
    pub(super) full: bool,
    /// Where it goes on; `None` after the last page.
    pub(super) cursor: Option<Cursor>,
    /// Everybody was seen.
    pub(super) whole: Option<WholeDirectory>,
    /// What the last page said to ask for the changes since.
    pub(super) delta: Option<DeltaToken>,
    /// Who was on the pages so far.
    pub(super) pages: Chain,
    /// Accounts that this run cleaned up.
    pub(super) removed: u64,
    /// Memberships that it took away.
    pub(super) taken: Taken,
    /// What was counted until the end of the last page.
    pub(super) counts: Counts,
    /// When the last page was done.
    pub(super) seen_at: Option<UnixTime>,
}

/// Whom a complete full pull saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Roster {
    pub(super) run: [u8; 16],
    pub(super) started_at: UnixTime,
    /// How many people that were.
    pub(super) people: u64,
    pub(super) pages: Chain,
}

/// The segments of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chain {
    /// In which of two places they are: the other one holds those of the run before.
    pub(super) bank: u8,
    pub(super) segments: u32,
    digest: [u8; 32],
}

/// Who was on one page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Segment {
    /// [`Seen::encode`] of everybody whose account is not to be touched.
    pub(super) seen: Vec<u8>,
    /// The same of those of whom the directory says that they may not use the application.
    pub(super) inactive: Vec<u8>,
    /// The same of those in none of the required groups (R1).
    pub(super) outside: Vec<u8>,
    /// Whose account is which: pairs of what stands for the account's name and for the directory's entry.
    #[serde(default)]
    pub(super) owners: Vec<u8>,
}

/// Who is who, as the pages of one run say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::flow) struct Faces {
    /// Whose accounts are not to be touched.
    pub(in crate::flow) seen: Seen,
    /// Who may not use the application, as the directory says.
    pub(in crate::flow) inactive: Seen,
    /// Who is in none of the required groups.
    pub(in crate::flow) outside: Seen,
    /// Whose account is which: what stands for the account's name leads to what stands for the directory's entry.
    pub(in crate::flow) owners: BTreeMap<u64, u64>,
}

/// What a runner does with the record that it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Nothing before then.
    Wait(UnixTime),
    /// Somebody else works.
    Elsewhere,
    /// Go on.
    Resume,
    /// Everybody.
    Full,
    /// What changed.
    Delta(DeltaToken),
}

impl Chain {
    /// The chain of a run that begins while the segments of `before` are kept.
    pub(super) fn beside(before: Option<&Roster>) -> Self {
        Self { bank: before.map_or(0, |roster| 1 ^ (roster.pages.bank & 1)), ..Self::default() }
    }

    /// With `segment` behind it.
    pub(super) fn with(self, segment: &Segment) -> Self {
        let mut digest = Sha256::new_with_prefix(self.digest);
        for part in [&segment.seen, &segment.inactive, &segment.outside, &segment.owners] {
            // The length keeps them apart.
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Self { digest: digest.finalize().into(), segments: self.segments.saturating_add(1), ..self }
    }

    /// The one that these segments should lead to, before any of them.
    pub(super) fn begin(self) -> Self {
        Self { bank: self.bank, ..Self::default() }
    }

    /// What the segment number `index` is called.
    pub(super) fn place(self, index: u32) -> String {
        format!("segment-{}-{index}", self.bank & 1)
    }
}

impl Segment {
    /// As many as it takes to hold `faces`.
    pub(super) fn of(faces: &Faces) -> Vec<Self> {
        let Faces { seen, inactive, outside, owners } = faces;
        let pair = |(account, entry): (&u64, &u64)| [account.to_be_bytes(), entry.to_be_bytes()].concat();
        let owners = owners.iter().flat_map(pair).collect();
        let encoded = [seen.encode(), inactive.encode(), outside.encode(), owners];
        let part = |which: usize, index: usize| {
            encoded
                .get(which)
                .and_then(|bytes| bytes.chunks(SEGMENT_BYTES).nth(index))
                .unwrap_or_default()
                .to_vec()
        };
        let most = encoded.iter().map(|bytes| bytes.len().div_ceil(SEGMENT_BYTES)).max().unwrap_or(0);
        (0..most)
            .map(|index| Self {
                seen: part(0, index),
                inactive: part(1, index),
                outside: part(2, index),
                owners: part(3, index),
            })
            .collect()
    }

    /// Who was on this page; `None` when it was not written by us.
    pub(super) fn faces(&self) -> Option<Faces> {
        let (numbers, rest) = self.owners.as_chunks::<8>();
        let (pairs, odd) = numbers.as_chunks::<2>();
        if !rest.is_empty() || !odd.is_empty() {
            return None;
        }
        let owners =
            pairs.iter().map(|[account, entry]| (u64::from_be_bytes(*account), u64::from_be_bytes(*entry)));
        Some(Faces {
            owners: owners.collect(),
            seen: Seen::decode(&self.seen).ok()?,
            inactive: Seen::decode(&self.inactive).ok()?,
            outside: Seen::decode(&self.outside).ok()?,
        })
    }
}

impl Faces {
    /// Was the account anybody's?
    pub(in crate::flow) fn knows(
        &self,
        account: &AccountRef,
        email: Option<&Pii<String>>,
        key: &PiiKey,
    ) -> bool {
        let sets = [&self.seen, &self.inactive, &self.outside];
        sets.iter().any(|set| contains(set, account, email, key))
    }

    /// Adds those of `page`.
    pub(super) fn merge(&mut self, page: &Self) {
        self.seen.merge(&page.seen);
        self.inactive.merge(&page.inactive);
        self.outside.merge(&page.outside);
        self.owners.extend(&page.owners);
    }
}

impl Head {
    /// The record as far as it speaks of `about`: what another directory had, or what other rules made of it, says nothing
    /// about who is gone here.
    pub(super) fn about(self, about: [u8; 16]) -> Self {
        if self.about == about { self } else { Self { about, lease: self.lease, ..Self::default() } }
    }

    /// May `holder` work? A clock that runs ahead of ours within reason
    /// keeps its lease; one that ends later than any can was written before a clock was set back, and is over.
    pub(super) fn is_free_for(&self, holder: [u8; 16], now: UnixTime) -> bool {
        self.lease.is_none_or(|lease| {
            lease.holder == holder
                || now >= lease.until
                || lease.until > now.saturating_add(LEASE).saturating_add(AHEAD)
        })
    }

    pub(super) fn is_leased_to(&self, holder: [u8; 16]) -> bool {
        self.lease.is_some_and(|lease| lease.holder == holder)
    }

    pub(super) fn lease_to(&mut self, holder: [u8; 16], now: UnixTime) {
        self.lease = Some(Lease { holder, until: now.saturating_add(LEASE) });
    }

    /// What is to be done now.
    pub(super) fn plan(
        &self,
        wish: Wish,
        holder: [u8; 16],
        deltas: bool,
        settings: &Settings,
        now: UnixTime,
    ) -> Plan {
        if !self.is_free_for(holder, now) {
            return Plan::Elsewhere;
        }
        if wish == Wish::IfDue
            && self.failures > 0
            && let Some(at) = next(self.failed_at, retry_after(self.failures), now)
        {
            return Plan::Wait(at);
        }
        if let Some(running) = &self.running
            && running.is_fresh(now)
            && !running.is_stale(now)
            && (running.full || wish != Wish::Full)
        {
            return Plan::Resume;
        }
        let full_at = next(self.full_at, settings.full_interval, now);
        let delta = self.delta.clone().filter(|_| deltas && settings.delta_interval.is_some());
        match (wish, full_at, delta) {
            (Wish::Full, ..) | (_, None, _) | (Wish::Now, _, None) => Plan::Full,
            (Wish::Now, _, Some(delta)) => Plan::Delta(delta),
            (Wish::IfDue, Some(full_at), None) => Plan::Wait(full_at),
            (Wish::IfDue, Some(full_at), Some(delta)) => {
                let interval = settings.delta_interval.unwrap_or(settings.full_interval);
                match next(self.pulled_at, interval, now) {
                    None => Plan::Delta(delta),
                    Some(at) => Plan::Wait(at.min(full_at)),
                }
            }
        }
    }
}

impl Running {
    fn is_fresh(&self, now: UnixTime) -> bool {
        let end = self.started_at.saturating_add(MAX_CHECKPOINT_AGE);
        now < end && self.started_at <= now.saturating_add(AHEAD)
    }

    /// Everybody was seen, and too long ago for anybody to be taken for gone.
    fn is_stale(&self, now: UnixTime) -> bool {
        self.cursor.is_none() && self.seen_at.is_none_or(|at| now.saturating_since(at) > MAX_FACES_AGE)
    }
}

/// The wait after so many failures in a row.
pub(super) fn retry_after(failures: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_WAIT)
}

/// When something is due again that was done at `last`; `None` for now. A clock that was set back must not put it off: what is
/// further away than the interval is now.
fn next(last: Option<UnixTime>, interval: Duration, now: UnixTime) -> Option<UnixTime> {
    let at = last?.saturating_add(interval);
    (now < at && at <= now.saturating_add(interval).saturating_add(AHEAD)).then_some(at)
}

/// Tells what a record speaks of from everything else: the people of another directory, or other rules about who belongs to
/// it, say nothing about who is gone.
pub(super) fn fingerprint(source: &str, naming: &str, required_groups: &[String]) -> [u8; 16] {
    let mut digest = Sha256::new();
    for part in [source, naming].into_iter().chain(required_groups.iter().map(String::as_str)) {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    let whole: [u8; 32] = digest.finalize().into();
    whole.first_chunk().copied().unwrap_or_default()
}
