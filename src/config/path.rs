//! Places in the configuration.

use core::fmt;

/// A place in the configuration, such as `rules[1].match.path`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

impl Path {
    /// The field `name` below this place; dots in `name` separate further fields.
    pub(super) fn field(&self, name: &str) -> Self {
        let mut path = self.clone();
        path.0.extend(name.split('.').map(|name| Segment::Key(name.to_owned())));
        path
    }

    /// The key `name`, whatever it holds, below this place.
    pub(super) fn key(&self, name: &str) -> Self {
        let mut path = self.clone();
        path.0.push(Segment::Key(name.to_owned()));
        path
    }

    /// The entry `index` of the list at this place.
    pub(super) fn index(&self, index: usize) -> Self {
        let mut path = self.clone();
        path.0.push(Segment::Index(index));
        path
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.0
    }

    pub(super) fn starts_with(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    pub(super) fn push(&mut self, segment: Segment) {
        self.0.push(segment);
    }

    pub(super) fn pop(&mut self) -> Option<Segment> {
        self.0.pop()
    }
}

/// `rules[1].match.path`; the whole configuration is `(configuration)`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("(configuration)");
        }
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => {
                    let dot = if at == 0 { "" } else { "." };
                    write!(f, "{dot}{}", Quoted(key))?;
                }
            }
        }
        Ok(())
    }
}

/// Text from the file as it may appear in a message: one line, bounded.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl Quoted<'_> {
    const MAX_CHARACTERS: usize = 80;
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars().take(Self::MAX_CHARACTERS) {
            if character.is_control() || character == '`' {
                write!(f, "{}", character.escape_unicode())?;
            } else {
                write!(f, "{character}")?;
            }
        }
        if self.0.chars().nth(Self::MAX_CHARACTERS).is_some() {
            f.write_str("..")?;
        }
        Ok(())
    }
}
