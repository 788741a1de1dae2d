//! Where in a file something is.

use std::fmt;

use samlgate::config;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A place in a file of one or more documents, such as `document 2.spec.wasm[0].config`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// Counted from 0, and whether there are others.
    document: (usize, bool),
    segments: Vec<Segment>,
}

#[derive(Clone, Debug)]
enum Segment {
    Key(String),
    Index(usize),
}

impl Place {
    pub(crate) const fn document(at: usize, among_others: bool) -> Self {
        Self { document: (at, among_others), segments: Vec::new() }
    }

    /// The fields `path` below this place, one in the other.
    pub(crate) fn fields(&self, path: &[&str]) -> Self {
        let mut place = self.clone();
        place.segments.extend(path.iter().map(|key| Segment::Key((*key).to_owned())));
        place
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        let mut place = self.clone();
        place.segments.push(Segment::Index(index));
        place
    }

    /// True for the whole of a file.
    pub(crate) const fn is_whole(&self) -> bool {
        self.segments.is_empty() && !self.document.1
    }

    /// The line in `text` at which `path` stands below this place.
    pub(crate) fn line(&self, text: &str, path: &config::Path) -> Option<usize> {
        let walk = Walk { to: &self.segments, path };
        if serde_json::from_str::<IgnoredAny>(text).is_ok() {
            return Some(walk.deserialize(&mut serde_json::Deserializer::from_str(text)).err()?.line());
        }
        // Empty documents count here as well.
        let document = serde_norway::Deserializer::from_str(text).nth(self.document.0)?;
        Some(walk.deserialize(document).err()?.location()?.line())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut dot = "";
        if self.document.1 {
            write!(f, "document {}", self.document.0.saturating_add(1))?;
            dot = ".";
        }
        for segment in &self.segments {
            match segment {
                Segment::Key(key) => write!(f, "{dot}{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
            dot = ".";
        }
        Ok(())
    }
}

/// Goes to a place and lets the core go on from there: it fails where the path ends, and the failure knows the line.
struct Walk<'a> {
    to: &'a [Segment],
    path: &'a config::Path,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        if self.to.is_empty() {
            return config::locate(from, self.path).map_or(Ok(()), Err);
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another place")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if let Some((Segment::Key(wanted), to)) = self.to.split_first() {
            while let Some(key) = map.next_key::<String>()? {
                if key == *wanted {
                    return map.next_value_seed(Walk { to, path: self.path });
                }
                map.next_value::<IgnoredAny>()?;
            }
        }
        Err(A::Error::custom("the place"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        if let Some((Segment::Index(wanted), to)) = self.to.split_first() {
            for _ in 0..*wanted {
                if entries.next_element::<IgnoredAny>()?.is_none() {
                    break;
                }
            }
            entries.next_element_seed(Walk { to, path: self.path })?;
        }
        Err(A::Error::custom("the place"))
    }
}
