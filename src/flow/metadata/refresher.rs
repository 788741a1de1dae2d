//! The state machine of one worker: look what is known, fetch when it is this worker's turn, tell the others.

use core::mem;
use core::time::Duration;
use std::sync::Arc;

use super::fetch::{self, Fetched};
use super::record::{Copy, Record};
use super::report;
use super::schedule;
use super::settings::RemoteMetadata;
use crate::base::{Code, EntropyFailure, Rejection, UnixTime, random};
use crate::effect::{Answer, Ask, AskId, SharedData, Tell, Version};
use crate::flow::settings::{IdentityProvider, MetadataSource, Settings};
use crate::flow::{Env, Turn};
use crate::saml::metadata::MetadataCopy;
use crate::saml::metadata::idp::IdpMetadata;
use crate::session::metadata_record;

/// Compare-and-swaps of one result. While somebody has the lease others only write when theirs has run out.
const MAX_TRIES: u32 = 4;

/// A call whose end nobody told is given up this long after its timeout.
const LOST: Duration = Duration::from_secs(60);

/// This worker fetches no more often, whatever the store says: somebody may be writing over what we write.
const LOCAL_INTERVAL: Duration = Duration::from_secs(5);

/// Keeps the metadata of every identity provider that has it fetched.
#[derive(Debug, Default)]
pub struct Refresher {
    remotes: Vec<Remote>,
    /// Numbers the asks, so that a late answer to an older one is nobody's.
    asked: u16,
}

/// What the refresher wants done, what happened, and what is to be believed from now on.
#[derive(Debug, Default)]
pub struct MetadataTurn {
    /// New asks, and what happened.
    pub turn: Turn,
    /// The place of an identity provider in [`Settings::idps`], and its metadata.
    pub learned: Vec<(usize, Arc<IdpMetadata>)>,
}

/// One identity provider.
#[derive(Debug)]
struct Remote {
    index: usize,
    source: Arc<RemoteMetadata>,
    /// Of the record in the store.
    key: String,
    /// The version of the record that was read last.
    seen: Option<u32>,
    /// What it said, or what it said before somebody else wrote something there.
    record: Record,
    /// The copy in use and its serial.
    adopted: Option<(u64, MetadataCopy)>,
    /// When somebody presented a signature of a key that is not known.
    unknown_key: Option<UnixTime>,
    /// When this worker last began to fetch, by [`Env::uptime`].
    fetched: Option<Duration>,
    phase: Phase,
    open: Option<AskId>,
    since: Duration,
}

#[derive(Debug)]
enum Phase {
    Idle,
    /// The record is being read.
    Looking,
    /// Our lease is being written.
    Claiming {
        holder: [u8; 16],
        next: Box<Record>,
    },
    /// The document is on its way.
    Fetching {
        holder: [u8; 16],
        conditional: bool,
    },
    /// The record is being read, to be written with the result.
    Reading {
        holder: [u8; 16],
        result: Box<Result<Fetched, Rejection>>,
        tries: u32,
    },
    /// It is being written.
    Writing {
        holder: [u8; 16],
        result: Box<Result<Fetched, Rejection>>,
        next: Box<Record>,
        tries: u32,
    },
}

impl Refresher {
    /// For those identity providers of `settings` whose metadata is fetched.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let remotes = settings.idps.iter().enumerate().filter_map(|(index, idp)| match &idp.source {
            MetadataSource::Remote(source) => Some(Remote::new(index, idp, source, settings)),
            MetadataSource::Document(_) => None,
        });
        Self { remotes: remotes.collect(), asked: 0 }
    }

    /// What other workers, or this one before its configuration changed, know already. Fetches nothing.
    pub fn recall(&mut self, shared: &dyn SharedData, env: &Env<'_>) -> MetadataTurn {
        let mut out = MetadataTurn::default();
        for remote in &mut self.remotes {
            let Some(idp) = env.settings.idps.get(remote.index) else { continue };
            // A store that cannot be read is met again at the next tick.
            if let Ok(Some(value)) = shared.read(&remote.key) {
                remote.take(&value, idp, &mut out, env);
            }
        }
        out
    }

    /// Time has passed.
    pub fn tick(&mut self, env: &Env<'_>) -> MetadataTurn {
        let mut out = MetadataTurn::default();
        for remote in &mut self.remotes {
            let lost = remote.source.timeout.saturating_add(LOST);
            if remote.open.is_some() && env.uptime.saturating_sub(remote.since) < lost {
                continue;
            }
            remote.phase = Phase::Looking;
            let load = Ask::Load { key: remote.key.clone() };
            remote.ask(load, &mut self.asked, &mut out, env);
        }
        out
    }

    /// Takes the answer to `id`. Answers that nobody waits for any more are ignored.
    pub fn answer(&mut self, id: AskId, answer: Answer, env: &Env<'_>) -> MetadataTurn {
        let mut out = MetadataTurn::default();
        let Some(remote) = self.remotes.iter_mut().find(|remote| remote.open == Some(id)) else {
            return out;
        };
        remote.open = None;
        let Some(idp) = env.settings.idps.get(remote.index) else { return out };
        if let Some(ask) = remote.answered(answer, idp, &mut out, env) {
            remote.ask(ask, &mut self.asked, &mut out, env);
        }
        out
    }

    /// Somebody presented a signature that no known key of the identity provider at `index` made: it may have a new one.
    pub fn unknown_key(&mut self, index: usize, now: UnixTime) {
        for remote in self.remotes.iter_mut().filter(|remote| remote.index == index) {
            remote.unknown_key = Some(now);
        }
    }
}

impl Remote {
    fn new(index: usize, idp: &IdentityProvider, source: &Arc<RemoteMetadata>, settings: &Settings) -> Self {
        let max_validity = source.max_validity.map_or(0, |max| max.as_secs()).to_le_bytes();
        // Everything on which it depends whether a document is believed.
        let mut parts: Vec<&[u8]> = vec![
            idp.entity_id.as_bytes(),
            source.cluster.as_bytes(),
            source.authority.as_bytes(),
            source.path.as_bytes(),
            &max_validity,
        ];
        parts.extend(source.signing_keys.iter().map(|key| key.spki_der()));
        Self {
            index,
            source: Arc::clone(source),
            key: metadata_record::key(&parts, &settings.session),
            seen: None,
            record: Record::default(),
            adopted: None,
            unknown_key: None,
            fetched: None,
            phase: Phase::Idle,
            open: None,
            since: Duration::ZERO,
        }
    }

    fn ask(&mut self, ask: Ask, asked: &mut u16, out: &mut MetadataTurn, env: &Env<'_>) {
        let id = AskId(u32::from(*asked));
        *asked = asked.wrapping_add(1);
        self.open = Some(id);
        self.since = env.uptime;
        out.turn.asks.push((id, ask));
    }

    /// What to ask next; `None` when there is nothing to do before the next tick.
    fn answered(
        &mut self,
        answer: Answer,
        idp: &IdentityProvider,
        out: &mut MetadataTurn,
        env: &Env<'_>,
    ) -> Option<Ask> {
        match (mem::replace(&mut self.phase, Phase::Idle), answer) {
            (Phase::Looking, Answer::Loaded { value, version }) => {
                self.see(value.as_deref(), version, idp, out, env);
                self.claim(version, idp, out, env)
            }
            (Phase::Claiming { holder, next }, Answer::Swapped) => {
                self.record = *next;
                self.unknown_key = None;
                // A copy that cannot be used any more must be replaced, not confirmed.
                let known = self.record.copy.as_ref().filter(|_| self.is_usable(env.now));
                let conditional =
                    known.is_some_and(|copy| copy.etag.is_some() || copy.last_modified.is_some());
                let call = fetch::request(&self.source, known);
                self.fetched = Some(env.uptime);
                self.phase = Phase::Fetching { holder, conditional };
                Some(Ask::HttpCall(call))
            }
            // Somebody else fetches, or has fetched.
            (Phase::Claiming { .. }, Answer::Conflict) => None,
            (Phase::Fetching { holder, conditional }, answer) => {
                let result = fetch::judge(answer, conditional, idp, &self.source, env);
                self.read(holder, Box::new(result), MAX_TRIES)
            }
            (Phase::Reading { holder, result, tries }, Answer::Loaded { value, version }) => {
                self.see(value.as_deref(), version, idp, out, env);
                self.write(holder, result, tries, version, idp, out, env)
            }
            (Phase::Writing { result, next, .. }, Answer::Swapped) => {
                self.written(*result, *next, idp, out);
                None
            }
            (Phase::Writing { holder, result, tries, .. }, Answer::Conflict) if tries > 0 => {
                self.read(holder, result, tries.saturating_sub(1))
            }
            (Phase::Idle, _) => None,
            _ => {
                let detail = "the store that all workers share did not do what was asked";
                report::failed(idp, &Rejection::new(Code::HostCallFailed, detail), &self.record, out);
                None
            }
        }
    }

    /// Reads the record, if it is another one than before, and adopts what is newer than what is in use.
    fn see(
        &mut self,
        value: Option<&[u8]>,
        version: Version,
        idp: &IdentityProvider,
        out: &mut MetadataTurn,
        env: &Env<'_>,
    ) {
        let Version::Token(token) = version else { return };
        if self.seen == Some(token) {
            return;
        }
        self.seen = Some(token);
        self.take(value.unwrap_or_default(), idp, out, env);
    }

    fn take(&mut self, value: &[u8], idp: &IdentityProvider, out: &mut MetadataTurn, env: &Env<'_>) {
        let opened = metadata_record::open::<Record>(value, &self.key, &env.settings.session);
        // What does not open was not written by us: it is written over when the time has come by what was known before.
        let Ok(record) = opened else { return };
        self.record = record;
        if let Some(copy) = self.record.copy.clone()
            && self.is_newer(&copy)
            && let Ok(metadata) = copy.metadata.clone().restore()
            && metadata.entity_id == idp.entity_id
            && fetch::check_fit(&metadata, idp).is_ok()
        {
            self.adopt(&copy, metadata, idp, out);
        }
        report::gauges(idp, &self.record, out);
    }

    /// Is `copy` another one than that in use, and no older?
    fn is_newer(&self, copy: &Copy) -> bool {
        self.adopted
            .as_ref()
            .is_none_or(|(serial, metadata)| copy.serial >= *serial && copy.metadata != *metadata)
    }

    /// Uses `metadata` from now on.
    fn adopt(&mut self, copy: &Copy, metadata: IdpMetadata, idp: &IdentityProvider, out: &mut MetadataTurn) {
        self.adopted = Some((copy.serial, copy.metadata.clone()));
        out.turn.tells.extend(report::ends_of(idp, &metadata));
        out.learned.push((self.index, Arc::new(metadata)));
    }

    fn is_usable(&self, now: UnixTime) -> bool {
        let valid_until = self.record.copy.as_ref().map(|copy| copy.metadata.valid_until());
        valid_until.is_some_and(|end| end.is_none_or(|end| now < end))
    }

    /// Takes the lease if it is time and nobody has it.
    fn claim(
        &mut self,
        version: Version,
        idp: &IdentityProvider,
        out: &mut MetadataTurn,
        env: &Env<'_>,
    ) -> Option<Ask> {
        if self
            .unknown_key
            .is_some_and(|since| since < self.record.attempted_at && self.record.attempted_at <= env.now)
        {
            self.unknown_key = None;
        }
        let rests = self.fetched.is_some_and(|at| env.uptime.saturating_sub(at) < LOCAL_INTERVAL);
        if rests || !self.record.is_due(self.unknown_key, &self.source, env.now) {
            return None;
        }
        let Ok(holder) = random::<16>(env.entropy) else {
            let rejection = Rejection::new(Code::EntropyUnavailable, EntropyFailure);
            report::failed(idp, &rejection, &self.record, out);
            return None;
        };
        let next = self.record.leased(holder, &self.source, env.now);
        let ask = self.swap(&next, version, env)?;
        self.phase = Phase::Claiming { holder, next: Box::new(next) };
        Some(ask)
    }

    fn swap(&self, next: &Record, expected: Version, env: &Env<'_>) -> Option<Ask> {
        let value = metadata_record::seal(next, &self.key, &env.settings.session, env.entropy)?;
        Some(Ask::CompareAndSwap { key: self.key.clone(), expected, value })
    }

    fn read(&mut self, holder: [u8; 16], result: Box<Result<Fetched, Rejection>>, tries: u32) -> Option<Ask> {
        self.phase = Phase::Reading { holder, result, tries };
        Some(Ask::Load { key: self.key.clone() })
    }

    #[expect(clippy::too_many_arguments, reason = "one turn of the state machine, with all that it was in")]
    fn write(
        &mut self,
        holder: [u8; 16],
        mut result: Box<Result<Fetched, Rejection>>,
        tries: u32,
        version: Version,
        idp: &IdentityProvider,
        out: &mut MetadataTurn,
        env: &Env<'_>,
    ) -> Option<Ask> {
        // Our time ran out and somebody else took over: what they find counts.
        if !self.record.is_leased_to(holder) {
            return None;
        }
        let mut next = self.after(&result, env);
        let mut ask = self.swap(&next, version, env);
        if ask.is_none() && result.is_ok() {
            // The signing certificates alone would fill many cookies.
            *result = Err(Rejection::new(
                Code::MetadataFetchFailed,
                "what was read of it is too large to be shared",
            ));
            next = self.after(&result, env);
            ask = self.swap(&next, version, env);
        }
        if ask.is_none() {
            let rejection = Rejection::new(Code::EntropyUnavailable, EntropyFailure);
            report::failed(idp, &rejection, &self.record, out);
            return None;
        }
        self.phase = Phase::Writing { holder, result, next: Box::new(next), tries };
        ask
    }

    /// The record with what was found.
    fn after(&self, result: &Result<Fetched, Rejection>, env: &Env<'_>) -> Record {
        let now = env.now;
        let mut next = self.record.released();
        match result {
            Err(_) => {
                next.failures = next.failures.saturating_add(1);
                next.next_at = schedule::after_failure(
                    next.failures,
                    self.is_usable(now),
                    &self.source,
                    now,
                    env.entropy,
                );
                return next;
            }
            Ok(Fetched::Unchanged { hint }) => {
                if let Some(copy) = &mut next.copy {
                    copy.confirmed_at = now;
                    copy.hint = hint.or(copy.hint);
                }
            }
            Ok(Fetched::Document { metadata, etag, last_modified, hint }) => {
                let metadata = MetadataCopy::of(metadata);
                let before = next.copy.take();
                // The same again is not worth a turn of every worker.
                let unchanged = before.as_ref().filter(|before| before.metadata == metadata);
                let adopted = self.adopted.as_ref().map(|(serial, _)| *serial);
                let newest = before.iter().map(|before| before.serial).chain(adopted).max().unwrap_or(0);
                // The time, so that it grows even when somebody wrote over the record.
                let newer = newest.saturating_add(1).max(now.as_secs());
                next.copy = Some(Copy {
                    serial: unchanged.map_or(newer, |_| newest),
                    metadata,
                    confirmed_at: now,
                    etag: etag.clone(),
                    last_modified: last_modified.clone(),
                    hint: *hint,
                });
            }
        }
        next.failures = 0;
        if now < next.warned_at || next.warned_at.saturating_add(report::WARNING_INTERVAL) <= now {
            next.warned_at = now;
        }
        let copy = next.copy.as_ref();
        next.next_at = schedule::after_success(
            copy.and_then(|copy| copy.hint),
            copy.and_then(|copy| copy.metadata.valid_until()),
            &self.source,
            now,
            env.entropy,
        );
        next
    }

    /// The result is what all workers know now.
    fn written(
        &mut self,
        result: Result<Fetched, Rejection>,
        mut next: Record,
        idp: &IdentityProvider,
        out: &mut MetadataTurn,
    ) {
        mem::swap(&mut self.record, &mut next);
        match result {
            Err(rejection) => report::failed(idp, &rejection, &self.record, out),
            Ok(fetched) => {
                out.turn.tells.push(Tell::Count { outcome: "metadata_confirmed", code: None });
                if let Fetched::Document { metadata, .. } = fetched
                    && let Some(copy) = self.record.copy.clone()
                    && self.is_newer(&copy)
                {
                    let in_use = self.adopted.take().map(|(_, metadata)| metadata);
                    report::changed(idp, in_use.as_ref(), &metadata, out);
                    self.adopt(&copy, *metadata, idp, out);
                }
                if self.record.warned_at != next.warned_at {
                    report::ends(idp, &self.record, out);
                }
            }
        }
        report::gauges(idp, &self.record, out);
    }
}
