//! Where a pull is.

use core::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::base::UnixTime;

use super::error::{Request, SourceError};

/// Pages of one pull: two million people at a hundred a page, ten times what Atlassian's largest sites have.
pub(super) const MAX_PAGES: u32 = 20_000;

/// Pages of the groups of one person: 10,000 groups at a hundred a page, ten times the 1,015 with which Windows still lets
/// somebody log on.
pub(super) const MAX_GROUP_PAGES: u32 = 100;

/// Where a pull is: data of a checkpoint, with the directory's ids of a few people and no names.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub(super) listing: Listing,
    pub(super) place: Place,
    /// Pages before this one.
    pub(super) pages: u32,
    /// Entries on them, those that came again because pages overlap not counted.
    pub(super) entries: u64,
    /// How many entries there were at the beginning, where the directory says so.
    pub(super) first_total: Option<u64>,
    /// How many there were on the last page.
    pub(super) total: Option<u64>,
    /// The last entries, in order: where pages are counted, the next page begins with them.
    pub(super) tail: Vec<String>,
    /// How often a page had to be asked for from further ahead.
    pub(super) steps_back: u8,
    /// What the end will bring.
    pub(super) delta: Option<DeltaToken>,
    /// Since when changes are told, where a call of ours says so.
    pub(super) since: Option<String>,
    /// Groups cannot be asked for by their members.
    pub(super) no_groups: bool,
    turtle: Turtle,
}

/// What is being listed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Listing {
    /// Everybody.
    People,
    /// Who changed.
    Changes,
    /// The groups of the person with this id.
    Groups(String),
}

/// Which page is next.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Place {
    /// A token for later changes, before anybody is listed, so that nothing falls between.
    Token,
    /// Groups of nobody, before the first page: whoever finds some does not look at what is asked.
    Probe,
    /// How many there are, before the first page.
    Count,
    /// How many there are, after the last page.
    Recount,
    /// The first page, by a call of ours.
    First,
    /// The page from this entry on; the first entry is 0.
    Index(u64),
    /// The page at this path with its query, which the page before named and [`super::link`] let pass.
    Link(String),
}

/// What a directory calls the state from which changes are told; only it can read that.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeltaToken(pub(super) String);

impl DeltaToken {
    /// Since when, where the token is a time: it comes from a checkpoint and goes into a filter. A clock that was ahead when
    /// it was taken left one that passes over whatever changed until it is reached.
    pub(super) fn instant(&self, now: UnixTime) -> Option<UnixTime> {
        UnixTime::parse_xs_date_time(&self.0).filter(|since| *since <= now)
    }
}

impl Cursor {
    pub(super) fn new(listing: Listing, place: Place) -> Self {
        Self {
            listing,
            place,
            pages: 0,
            entries: 0,
            first_total: None,
            total: None,
            tail: Vec::new(),
            steps_back: 0,
            delta: None,
            since: None,
            no_groups: false,
            turtle: Turtle::default(),
        }
    }

    /// Pages that were read.
    #[must_use]
    pub const fn pages(&self) -> u32 {
        self.pages
    }

    /// Entries that were read.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// How many entries there are in all, where the directory says so.
    #[must_use]
    pub const fn total(&self) -> Option<u64> {
        self.total
    }

    /// What is being listed.
    #[must_use]
    pub const fn listing(&self) -> &Listing {
        &self.listing
    }

    /// What the call at this cursor asks for.
    #[must_use]
    pub const fn request(&self) -> Request {
        match (&self.place, &self.listing) {
            (Place::Token, _) => Request::Token,
            (Place::Count | Place::Recount, _) => Request::Count,
            (Place::Probe, _) => Request::Groups,
            (_, Listing::People) => Request::People,
            (_, Listing::Changes) => Request::Changes,
            (_, Listing::Groups(_)) => Request::Groups,
        }
    }

    /// The cursor after a page with `entries`, which named `link` as the next one.
    ///
    /// # Errors
    /// [`SourceError::Endless`] after too many pages, and when pages lead back to one that was read: answers that go in a
    /// circle are no directory, and what they leave out would look as if it were gone.
    pub(super) fn follow(&self, link: String, entries: usize) -> Result<Self, SourceError> {
        let mut next = self.turn_page(entries)?;
        if !next.turtle.walk(&link) {
            return Err(SourceError::Endless { request: self.request() });
        }
        next.place = Place::Link(link);
        Ok(next)
    }

    /// The cursor with one page and `entries` more behind it, standing where it stood.
    pub(super) fn turn_page(&self, entries: usize) -> Result<Self, SourceError> {
        let most = match self.listing {
            Listing::People | Listing::Changes => MAX_PAGES,
            Listing::Groups(_) => MAX_GROUP_PAGES,
        };
        let pages = self.pages.saturating_add(1);
        if pages >= most {
            return Err(SourceError::Endless { request: self.request() });
        }
        let entries = self.entries.saturating_add(u64::try_from(entries).unwrap_or(u64::MAX));
        Ok(Self { pages, entries, ..self.clone() })
    }
}

/// Finds circles of any length in constant memory: Brent's algorithm, which compares each page with one that was read some
/// time ago, and moves that one up at powers of two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Turtle {
    place: Option<[u8; 16]>,
    steps: u32,
    limit: u32,
}

impl Turtle {
    /// One page further; false in a circle.
    fn walk(&mut self, link: &str) -> bool {
        let mut here = [0; 16];
        for (to, from) in here.iter_mut().zip(Sha256::digest(link.as_bytes())) {
            *to = from;
        }
        if self.place == Some(here) {
            return false;
        }
        if self.steps >= self.limit {
            (self.place, self.steps) = (Some(here), 0);
            self.limit = self.limit.saturating_mul(2).max(1);
        }
        self.steps = self.steps.saturating_add(1);
        true
    }
}

impl fmt::Debug for Cursor {
    /// Counts only: ids are about people, and links may hold names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor")
            .field("request", &self.request())
            .field("pages", &self.pages)
            .field("entries", &self.entries)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DeltaToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeltaToken")
    }
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::People => "People",
            Self::Changes => "Changes",
            Self::Groups(_) => "Groups",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(listing: Listing) -> Cursor {
        Cursor::new(listing, Place::First)
    }

    #[test]
    fn a_circle_of_pages_is_found_whatever_its_length_and_wherever_it_begins() {
        for (lead, length) in [(0_u32, 1_u32), (0, 2), (3, 1), (7, 5), (50, 33), (100, 1)] {
            let mut cursor = start(Listing::People);
            let mut page = 0;
            let refused = (0..2_000).find_map(|_| {
                let link = format!("/users?skip={page}");
                page = if page == lead + length - 1 { lead } else { page + 1 };
                match cursor.follow(link, 1) {
                    Ok(next) => {
                        cursor = next;
                        None
                    }
                    Err(error) => Some(error),
                }
            });
            assert_eq!(refused, Some(SourceError::Endless { request: Request::People }), "{lead} {length}");
            assert!(cursor.pages() <= 4 * (lead + length) + 4, "{lead} {length}: {}", cursor.pages());
        }
    }

    #[test]
    fn pages_that_never_come_back_end_at_the_limit() {
        for (listing, most) in [
            (Listing::People, MAX_PAGES),
            (Listing::Changes, MAX_PAGES),
            (Listing::Groups("7".to_owned()), MAX_GROUP_PAGES),
        ] {
            let mut cursor = start(listing);
            let mut page = 0;
            while let Ok(next) = cursor.follow(format!("/x?{page}"), 1) {
                (cursor, page) = (next, page + 1);
            }
            assert_eq!(cursor.pages() + 1, most);
        }
    }

    #[test]
    fn a_cursor_survives_a_checkpoint_and_prints_nobody() {
        let mut cursor = start(Listing::Groups("alice-id".to_owned()));
        cursor.tail = vec!["bob-id".to_owned()];
        cursor.delta = Some(DeltaToken("secret-state".to_owned()));
        let cursor = cursor.follow("/users?$skiptoken=carol".to_owned(), 2).unwrap();
        let kept = postcard::to_allocvec(&cursor).unwrap();
        assert_eq!(postcard::from_bytes::<Cursor>(&kept).unwrap(), cursor);
        let printed = format!("{cursor:?} {:?} {:?}", cursor.delta, cursor.listing);
        for hidden in ["alice", "bob", "carol", "secret"] {
            assert!(!printed.contains(hidden), "{printed}");
        }
    }
}
