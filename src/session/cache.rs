//! Sessions that were opened recently, so that a page's hundred requests open one cookie once.

use std::collections::HashMap;
use std::rc::Rc;

use super::chunks::Chunks;
use super::cookie::{first_usable, open_chunks};
use super::error::SessionError;
use super::settings::Settings;
use super::state::Session;
use crate::base::UnixTime;

/// Characters of the first chunk that name a cookie: base64url of version, hint and the random nonce.
const NAME_BYTES: usize = 34;

/// An opened session with what was prepared from it.
#[derive(Debug)]
pub struct Opened<T> {
    session: Session,
    prepared: T,
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
}

/// A bounded cache of opened sessions, keyed by the exact text of their cookies.
///
/// Entries are found by their nonce and then compared as a whole. Only cookies that opened are kept, so a flood of
/// forged ones displaces nothing, and nobody learns anything from the time of a comparison without knowing the 24
/// random bytes already. Whether a session may still be used is checked at every hit.
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
        mut prepare: impl FnMut(&Session) -> T,
    ) -> Result<Rc<Opened<T>>, SessionError> {
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
                return Ok(opened);
            }
            let session = open_chunks(chunks, settings)?;
            session.check(settings, now)?;
            let prepared = prepare(&session);
            let opened = Rc::new(Opened { session, prepared });
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
