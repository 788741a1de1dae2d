//! Pages that are counted: entries from a number on, in an order that the directory keeps.
//!
//! Such pages move while they are read: when an entry before the next page goes, everything after it comes forward by one,
//! and one entry falls between two pages. It would look as if it were gone. So each page begins with the last entries of the
//! one before, and is believed only when one of them is on it: in a list with an order, what follows an entry that was seen
//! is all that was not. Where none is, the page is asked for from further ahead.

use core::ops::RangeFrom;

use super::cursor::{Cursor, Place};
use super::error::SourceError;
use super::source::WholeDirectory;

/// Entries that two pages have in common: so many in a row may go between two calls, seconds apart, and the place is still
/// found without asking again.
const OVERLAP: usize = 5;

/// How often in one pull a page may be asked for from further ahead: people come and go, but not like that.
const MAX_STEPS_BACK: u8 = 50;

/// What a page means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turned {
    /// The entries of the page that were on none before.
    pub(super) fresh: RangeFrom<usize>,
    /// Where it goes on, or stood at the end.
    pub(super) cursor: Cursor,
    /// There is no page after it.
    pub(super) last: bool,
}

/// The number of the first entry to ask for, counted from 0.
pub(super) const fn first(cursor: &Cursor) -> u64 {
    match cursor.place {
        Place::Index(first) => first,
        _ => 0,
    }
}

/// What a page with these entries means, of `page_size` that were asked for; `total` is how many there are in all, where
/// the answer itself says so.
pub(super) fn turn(
    cursor: &Cursor,
    ids: &[&str],
    page_size: u32,
    total: Option<u64>,
) -> Result<Turned, SourceError> {
    let mut here = cursor.clone();
    here.count(total, page_size)?;
    let first = first(&here);
    let seen = ids.iter().rposition(|id| here.tail.iter().any(|have| have == id));
    let fresh_from = match seen {
        Some(at) => at.saturating_add(1),
        None if here.tail.is_empty() => 0,
        // The place is lost: the page begins after it.
        None => {
            let cursor = here.step_back(first, page_size)?;
            return Ok(Turned { fresh: ids.len().., cursor, last: false });
        }
    };
    let fresh = ids.get(fresh_from..).unwrap_or_default();
    let end = first.saturating_add(u64::try_from(ids.len()).unwrap_or(u64::MAX));
    let mut next = here.turn_page(fresh.len())?;
    let last = fresh.is_empty() || total.is_some_and(|total| end >= total);
    next.tail.extend(fresh.iter().map(|id| (*id).to_owned()));
    next.tail.drain(..next.tail.len().saturating_sub(OVERLAP));
    let overlap = ids.len().min(next.tail.len());
    next.place = Place::Index(end.saturating_sub(u64::try_from(overlap).unwrap_or_default()));
    Ok(Turned { fresh: fresh_from.., cursor: next, last })
}

impl Cursor {
    /// Takes note of how many there are. A directory that loses more than a page of people while it is read is not losing
    /// people: its index is being built, or a backend of it went away.
    pub(super) fn count(&mut self, total: Option<u64>, page_size: u32) -> Result<(), SourceError> {
        let Some(after) = total else { return Ok(()) };
        let before = *self.first_total.get_or_insert(after);
        self.total = Some(after);
        if after.saturating_add(u64::from(page_size)) < before {
            return Err(SourceError::Shrunk { before, after });
        }
        Ok(())
    }

    /// Were all entries on the pages? Whoever came or went meanwhile is allowed for; an entry that changed its place from
    /// after to before the page that was read is not there, and is missed here.
    pub(super) fn ended(&self) -> Result<(), SourceError> {
        let Some(total) = self.total else { return Ok(()) };
        let expected = self.first_total.unwrap_or(total).min(total);
        if self.entries < expected {
            return Err(SourceError::Incomplete { found: self.entries, expected });
        }
        Ok(())
    }

    /// The proof that everybody was seen, after the last page. A directory without anybody is none: a wrong path, a filter
    /// or a permission, and everybody would lose their account by it.
    pub(super) fn whole(&self) -> Result<WholeDirectory, SourceError> {
        self.ended()?;
        if self.entries == 0 {
            return Err(SourceError::Incomplete { found: 0, expected: 1 });
        }
        Ok(WholeDirectory::of(self.entries))
    }

    fn step_back(mut self, first: u64, page_size: u32) -> Result<Self, SourceError> {
        self.steps_back = self.steps_back.saturating_add(1);
        if first == 0 || self.steps_back > MAX_STEPS_BACK {
            return Err(SourceError::Shifted);
        }
        self.place = Place::Index(first.saturating_sub(u64::from(page_size)));
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::cursor::Listing;

    /// A directory in which things happen between two calls.
    struct Directory {
        entries: Vec<String>,
        counts: bool,
        /// The most that one answer holds.
        most: usize,
    }

    impl Directory {
        fn of(count: usize) -> Self {
            let entries = (0..count).map(|number| format!("{number:05}")).collect();
            Self { entries, counts: true, most: usize::MAX }
        }

        fn page(&self, cursor: &Cursor, size: u32) -> (Vec<String>, Option<u64>) {
            let first = usize::try_from(first(cursor)).unwrap().min(self.entries.len());
            let end = self.entries.len().min(first + self.most.min(size as usize));
            (self.entries[first..end].to_vec(), self.counts.then_some(self.entries.len() as u64))
        }

        fn remove(&mut self, id: &str) {
            self.entries.retain(|have| have != id);
        }

        fn insert(&mut self, id: &str) {
            self.entries.push(id.to_owned());
            self.entries.sort();
        }
    }

    /// Pulls everything; `between` happens after each page.
    fn pull(
        directory: &mut Directory,
        size: u32,
        mut between: impl FnMut(usize, &mut Directory),
    ) -> Result<Vec<String>, SourceError> {
        let mut cursor = Cursor::new(Listing::People, Place::First);
        let mut found = Vec::new();
        for page in 0..10_000 {
            let (ids, total) = directory.page(&cursor, size);
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let turned = turn(&cursor, &ids, size, total)?;
            found.extend(ids[turned.fresh].iter().map(|id| (*id).to_owned()));
            if turned.last {
                let whole = turned.cursor.whole()?;
                assert_eq!(whole.entries(), found.len() as u64);
                return Ok(found);
            }
            cursor = turned.cursor;
            between(page, directory);
        }
        panic!("it never ends");
    }

    #[test]
    fn everybody_is_read_once_whatever_the_size_of_pages() {
        for count in [1, 5, 9, 10, 11, 15, 100, 104, 105, 106] {
            for counts in [true, false] {
                for most in [6, 7, 50, usize::MAX] {
                    let mut directory = Directory { counts, most, ..Directory::of(count) };
                    let all = directory.entries.clone();
                    assert_eq!(pull(&mut directory, 10, |_, _| ()), Ok(all), "{count} {counts} {most}");
                }
            }
        }
    }

    #[test]
    fn nobody_falls_between_two_pages_when_others_go_or_come() {
        for counts in [true, false] {
            for gone in [0..1, 0..2, 3..9, 0..9, 5..10, 0..10] {
                let mut directory = Directory { counts, ..Directory::of(40) };
                let found = pull(&mut directory, 10, |page, directory| {
                    if page == 0 {
                        gone.clone().for_each(|number| directory.remove(&format!("{number:05}")));
                    }
                });
                // Where the whole page before went, its place cannot be found again, and nothing is claimed.
                if gone == (0..10) || gone == (5..10) {
                    assert_eq!(found, Err(SourceError::Shifted), "{gone:?}");
                    continue;
                }
                let found = found.unwrap();
                assert!((10..40).all(|number| found.contains(&format!("{number:05}"))), "{gone:?} {found:?}");
            }
            let mut directory = Directory { counts, ..Directory::of(40) };
            let found = pull(&mut directory, 10, |page, directory| {
                directory.insert(&format!("00000-{page}"));
                directory.remove(&format!("{page:05}"));
            });
            assert!((5..40).all(|number| found.as_ref().unwrap().contains(&format!("{number:05}"))));
        }
    }

    /// One goes, another comes at the end: there are as many as before, and a page that is only counted would leave one out.
    #[test]
    fn as_many_as_before_is_not_the_same_as_before() {
        let mut directory = Directory::of(20);
        let found = pull(&mut directory, 10, |page, directory| {
            if page == 0 {
                directory.remove("00001");
                directory.insert("99999");
            }
        });
        assert!(found.unwrap().contains(&"00010".to_owned()));
    }

    #[test]
    fn an_entry_that_moves_behind_our_back_is_missed_and_the_pull_is_not_whole() {
        let mut directory = Directory::of(40);
        let found = pull(&mut directory, 10, |page, directory| {
            if page == 1 {
                directory.remove("00039");
                directory.insert("00000-renamed");
            }
        });
        assert_eq!(found, Err(SourceError::Incomplete { found: 39, expected: 40 }));
    }

    #[test]
    fn an_entry_on_two_pages_is_no_fault() {
        let mut directory = Directory::of(40);
        let found = pull(&mut directory, 10, |page, directory| {
            if page == 1 {
                directory.remove("00000");
                directory.insert("00039-renamed");
            }
        });
        assert_eq!(found.unwrap().len(), 41);
    }

    #[test]
    fn a_directory_that_pages_wrongly_is_never_whole() {
        // Every page is the first one; pages end half-way; pages begin anywhere.
        let answers: [fn(u64) -> Vec<String>; 4] = [
            |_| (0..10).map(|number| format!("{number}")).collect(),
            |first| {
                if first > 12 { Vec::new() } else { (first..first + 10).map(|n| n.to_string()).collect() }
            },
            |first| (first * 7..first * 7 + 10).map(|number| format!("{number}")).collect(),
            |_| Vec::new(),
        ];
        for (case, answer) in answers.into_iter().enumerate() {
            let mut cursor = Cursor::new(Listing::People, Place::First);
            let ended = (0..1_000).find_map(|_| {
                let ids = answer(first(&cursor));
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                match turn(&cursor, &ids, 10, Some(100)) {
                    Ok(turned) if turned.last => Some(turned.cursor.whole().map(|_| ())),
                    Ok(turned) => {
                        cursor = turned.cursor;
                        None
                    }
                    Err(error) => Some(Err(error)),
                }
            });
            assert!(matches!(ended, Some(Err(_))), "{case}: {ended:?}");
        }
    }

    #[test]
    fn a_directory_that_shrinks_is_not_believed() {
        let mut directory = Directory::of(100);
        let found = pull(&mut directory, 10, |page, directory| {
            if page == 2 {
                directory.entries.truncate(60);
            }
        });
        assert_eq!(found, Err(SourceError::Shrunk { before: 100, after: 60 }));
        let nobody = pull(&mut Directory::of(0), 10, |_, _| ());
        assert_eq!(nobody, Err(SourceError::Incomplete { found: 0, expected: 1 }));
    }
}
