//! The place of a [`Path`] in a text, for tools that show people where to look.

use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::path::{Path, Segment};

/// Walks to `path` in what `from` reads and fails there: the error that comes back tells the line. A reader of serde's
/// knows no places of what it reads well, only of what it fails at. Where `path` leads nowhere, it fails at what is
/// around it.
pub fn locate<'de, D: Deserializer<'de>>(from: D, path: &Path) -> Option<D::Error> {
    Walk(path.segments()).deserialize(from).err()
}

struct Walk<'a>(&'a [Segment]);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

/// Text, numbers and the like are refused as being of the wrong type: the place was found.
impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another place")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if let Some((Segment::Key(wanted), rest)) = self.0.split_first() {
            while let Some(found) = map.next_key_seed(Key { wanted, last: rest.is_empty() })? {
                if found {
                    return map.next_value_seed(Walk(rest));
                }
                map.next_value::<IgnoredAny>()?;
            }
        }
        Err(Error::custom("the place"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        if let Some((Segment::Index(wanted), rest)) = self.0.split_first() {
            for _ in 0..*wanted {
                if entries.next_element::<IgnoredAny>()?.is_none() {
                    break;
                }
            }
            entries.next_element_seed(Walk(rest))?;
        }
        Err(Error::custom("the place"))
    }
}

/// Is this the key that is looked for? The last one of a path is failed at, for a value may begin lines later.
struct Key<'a> {
    wanted: &'a str,
    last: bool,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<bool, E> {
        let found = name == self.wanted;
        if found && self.last { Err(Error::custom("the place")) } else { Ok(found) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "\
# A comment.
sp:
  entity_id: x
rules:
  - match: { path: { prefix: / } }
  - access:
      BYPASS
    match:
      path:
        - 1
";

    fn yaml(path: &Path) -> (usize, usize) {
        let at = locate(serde_norway::Deserializer::from_str(YAML), path).unwrap().location().unwrap();
        (at.line(), at.column())
    }

    #[test]
    fn a_place_in_yaml_is_found() {
        let root = Path::default();
        let rules = root.field("rules");
        for (path, expected) in [
            (root.field("sp"), (2, 1)),
            (root.field("sp.entity_id"), (3, 3)),
            (rules.index(0).field("match.path.prefix"), (5, 22)),
            (rules.index(1), (6, 5)),
            (rules.index(1).field("access"), (6, 5)),
            (rules.index(1).field("match.path").index(0), (10, 11)),
        ] {
            assert_eq!(yaml(&path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_not_there_is_shown_by_what_is_around_it() {
        let root = Path::default();
        for (path, expected) in [
            (root.field("sp.base_uri"), 3),
            (root.field("sp.entity_id.deeper"), 3),
            (root.field("rules").index(9), 5),
            (root.field("session.keys").index(0), 2),
        ] {
            assert_eq!(yaml(&path).0, expected, "{path}");
        }
    }

    #[test]
    fn a_place_in_json_is_found() {
        let text = "{\n \"a\": [\n 1,\n {\"b\": 2}]}";
        let path = Path::default().field("a").index(1).field("b");
        let found = locate(&mut serde_json::Deserializer::from_str(text), &path).unwrap();
        assert_eq!(found.line(), 4);
    }
}
