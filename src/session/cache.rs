//! Sessions that were opened recently, so that a page's hundred requests open one cookie once.

use core::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use super::chunks::Chunks;
use super::cookie::{first_usable, open_chunks};
use super::error::SessionError;
use super::revocation::{self, Epoch};
use super::settings::Settings;
use super::state::Session;
use crate::base::UnixTime;
use crate::effect::SharedData;

/// Characters of the first chunk that name a cookie: base64url of version, hint and the random nonce.
const NAME_BYTES: usize = 34;

/// An opened session with what was prepared from it.
#[derive(Debug)]
pub struct Opened<T> {
    session: Session,
    prepared: T,
    /// The last epoch in which the session was known not to be ended.
    good_in: Cell<Epoch>,
}

impl<T> Opened<T> {
    /// The session.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// What the closure given to [`OpenedCache::open`] made of it.
    pub const fn prepared(&self) -> &T {
        &self.prepared
    }

    /// Looks the session up in the ledger of ended sessions, unless nothing was added to that since the last time.
    fn check_revocation(&self, ledger: &Ledger<'_>) -> Result<(), SessionError> {
        let now = ledger.epoch()?;
        if self.good_in.get() != now {
            revocation::check(&self.session, ledger.shared)?;
            self.good_in.set(now);
        }
        Ok(())
    }
}

/// A bounded cache of opened sessions, keyed by the exact text of their cookies.
///
/// Entries are found by their nonce and then compared as a whole. Only cookies that opened are kept, so a flood of
/// forged ones displaces nothing, and nobody learns anything from the time of a comparison without knowing the 24
/// random bytes already. Whether a session may still be used, and was not ended, is checked at every hit.
///
/// Eviction is by two generations: when the young one is full the old one is dropped and the young one takes its
/// place; a hit in the old one moves its entry to the young one. Every operation is constant in time but for the
/// drop of a generation.
#[derive(Debug)]
pub struct OpenedCache<T> {
    young: Generation<T>,
    old: Generation<T>,
    generation_size: usize,
    /// The settings' keys under which the entries opened.
    keys: [u8; 32],
}

/// The ledger of ended sessions during one request: its epoch is read once, and only when a cookie opens.
struct Ledger<'a> {
    shared: &'a dyn SharedData,
    epoch: Cell<Option<Epoch>>,
}

impl Ledger<'_> {
    fn epoch(&self) -> Result<Epoch, SessionError> {
        if let Some(epoch) = self.epoch.get() {
            return Ok(epoch);
        }
        let epoch = Epoch::read(self.shared)?;
        self.epoch.set(Some(epoch));
        Ok(epoch)
    }
}

type Generation<T> = HashMap<[u8; NAME_BYTES], Entry<T>>;

struct Entry<T> {
    first: Box<str>,
    rest: Vec<Box<str>>,
    opened: Rc<Opened<T>>,
}

impl<T> core::fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Entry")
    }
}

impl<T> Entry<T> {
    fn holds(&self, chunks: &Chunks<'_>) -> bool {
        *self.first == *chunks.first && self.rest.iter().map(AsRef::as_ref).eq(chunks.rest())
    }
}

impl<T> OpenedCache<T> {
    /// A cache of at most `capacity` sessions (at least 2). An entry takes about twice its cookie's size, and each
    /// worker has a cache of its own: 512 sessions of 800 bytes are about 1 MiB.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let generation_size = (capacity / 2).max(1);
        Self { young: HashMap::new(), old: HashMap::new(), generation_size, keys: [0; 32] }
    }

    /// As [`super::open`], with what `prepare` makes of the session. A cookie that is known is neither decrypted nor
    /// prepared again.
    ///
    /// One cache serves one [`Settings`]; under other keys it starts empty.
    ///
    /// # Errors
    /// As [`super::open`].
    pub fn open(
        &mut self,
        presented: &[(&str, &str)],
        settings: &Settings,
        now: UnixTime,
        shared: &dyn SharedData,
        mut prepare: impl FnMut(&Session) -> T,
    ) -> Result<Rc<Opened<T>>, SessionError> {
        let ledger = Ledger { shared, epoch: Cell::new(None) };
        if self.keys != *settings.keys.identity() {
            self.young.clear();
            self.old.clear();
            self.keys = *settings.keys.identity();
        }
        first_usable(presented, settings, |chunks| {
            // What was sealed is never shorter; text that is gives its reason below, and is not kept.
            let name = chunks.first.as_bytes().first_chunk::<NAME_BYTES>();
            if let Some(opened) = name.and_then(|name| self.find(name, chunks)) {
                opened.session.check(settings, now)?;
                opened.check_revocation(&ledger)?;
                return Ok(opened);
            }
            let session = open_chunks(chunks, settings)?;
            session.check(settings, now)?;
            // The epoch first: what is added to the ledger meanwhile moves it on.
            let good_in = Cell::new(ledger.epoch()?);
            revocation::check(&session, shared)?;
            let prepared = prepare(&session);
            let opened = Rc::new(Opened { session, prepared, good_in });
            let entry = Entry {
                first: chunks.first.into(),
                rest: chunks.rest().map(Into::into).collect(),
                opened: Rc::clone(&opened),
            };
            if let Some(name) = name {
                self.keep(*name, entry);
            }
            Ok(opened)
        })
    }

    fn find(&mut self, name: &[u8; NAME_BYTES], chunks: &Chunks<'_>) -> Option<Rc<Opened<T>>> {
        if let Some(entry) = self.young.get(name) {
            return entry.holds(chunks).then(|| Rc::clone(&entry.opened));
        }
        if !self.old.get(name)?.holds(chunks) {
            return None;
        }
        let entry = self.old.remove(name)?;
        let opened = Rc::clone(&entry.opened);
        self.keep(*name, entry);
        Some(opened)
    }

    fn keep(&mut self, name: [u8; NAME_BYTES], entry: Entry<T>) {
        if self.young.len() >= self.generation_size {
            self.old = core::mem::take(&mut self.young);
        }
        self.young.insert(name, entry);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}
