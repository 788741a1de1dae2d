//! Text made from the groups of a regular expression, shaped as Envoy's `RegexMatchAndSubstitute`.

use core::fmt;
use std::borrow::Cow;

use super::matcher::{RegexError, compile, compile_whole};

/// Matches that one text may have replaced. Names have a handful of separators; each search for a further match may read
/// all of the rest.
const MAX_REPLACEMENTS: usize = 64;

/// A regular expression that must match the whole text, and whose groups are used.
#[derive(Clone, Debug)]
pub struct CaptureRegex(regex_lite::Regex);

impl CaptureRegex {
    /// Bytes of one compiled expression. The work per byte of text grows with it: at 16 KiB it is some hundred states,
    /// and names of groups need a dozen. It is tried on each of thousands of names.
    const MAX_COMPILED_BYTES: usize = 16 * 1024;

    /// Compiles `pattern`, of at most [`crate::http::matcher::FullRegex::MAX_PATTERN_BYTES`].
    ///
    /// # Errors
    /// [`RegexError`] when it is no regular expression, too long, or too large when compiled.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        compile_whole(pattern, Self::MAX_COMPILED_BYTES).map(Self)
    }

    /// How many groups the expression has, that of the whole match not counted.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.0.captures_len().saturating_sub(1)
    }

    /// The groups, if the whole `text` matches.
    #[must_use]
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captured<'t>> {
        self.0.captures(text).map(Captured)
    }
}

/// What the groups of a regular expression matched.
pub struct Captured<'t>(regex_lite::Captures<'t>);

impl Captured<'_> {
    /// `substitution` with the groups put in, or `None` if that has more than `max_bytes`.
    #[must_use]
    pub fn expand(&self, substitution: &Substitution, max_bytes: usize) -> Option<String> {
        let mut text = String::new();
        substitution.append(&self.0, max_bytes, &mut text).ok().map(|()| text)
    }
}

/// Text with places for groups: `\1` to `\9`, `\0` for the whole match, `\\` for a backslash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substitution(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Group(usize),
}

/// A text is no substitution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubstitutionError {
    /// A backslash before something else than a digit or a backslash.
    Escape,
    /// A group that the expression does not have.
    Group {
        /// The group that is named.
        named: usize,
        /// How many there are.
        groups: usize,
    },
}

impl fmt::Display for SubstitutionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Escape => f.write_str(r"only `\0` to `\9` and `\\` may follow a backslash"),
            Self::Group { named, groups } => {
                write!(f, r"`\{named}` names a group that the expression does not have; it has {groups}")
            }
        }
    }
}

impl core::error::Error for SubstitutionError {}

impl Substitution {
    /// Reads `text` for an expression with `groups` groups.
    ///
    /// # Errors
    /// [`SubstitutionError`] for another escape, or a group that does not exist.
    pub fn new(text: &str, groups: usize) -> Result<Self, SubstitutionError> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            if character != '\\' {
                plain.push(character);
                continue;
            }
            match characters.next() {
                Some('\\') => plain.push('\\'),
                Some(digit) if digit.is_ascii_digit() => {
                    let named = digit.to_digit(10).and_then(|named| usize::try_from(named).ok()).unwrap_or(0);
                    if named > groups {
                        return Err(SubstitutionError::Group { named, groups });
                    }
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(core::mem::take(&mut plain)));
                    }
                    pieces.push(Piece::Group(named));
                }
                _ => return Err(SubstitutionError::Escape),
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// The text before the first group: what every result begins with.
    #[must_use]
    pub fn literal_prefix(&self) -> &str {
        match self.0.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// The whole text, if it names no group.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    fn append(
        &self,
        captures: &regex_lite::Captures<'_>,
        max_bytes: usize,
        text: &mut String,
    ) -> Result<(), Oversize> {
        for piece in &self.0 {
            let part = match piece {
                Piece::Text(part) => part,
                // A group that took no part in the match is empty, as in Envoy.
                Piece::Group(group) => captures.get(*group).map_or("", |part| part.as_str()),
            };
            push(text, part, max_bytes)?;
        }
        Ok(())
    }
}

/// Replaces every match of an expression, anywhere in a text.
#[derive(Clone, Debug)]
pub struct RegexRewrite {
    pattern: regex_lite::Regex,
    substitution: Substitution,
}

/// What a rewrite makes has more bytes than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oversize {
    /// The bytes that it would have had at least.
    pub bytes: usize,
}

/// One of the two halves of a rewrite cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RewriteError {
    /// The expression.
    Pattern(RegexError),
    /// The substitution.
    Substitution(SubstitutionError),
}

impl RegexRewrite {
    /// A rewrite of what matches `pattern` into `substitution`.
    ///
    /// # Errors
    /// [`RewriteError`] when one of the two cannot be used.
    pub fn new(pattern: &str, substitution: &str) -> Result<Self, RewriteError> {
        let pattern = compile(pattern).map_err(RewriteError::Pattern)?;
        let groups = pattern.captures_len().saturating_sub(1);
        let substitution = Substitution::new(substitution, groups).map_err(RewriteError::Substitution)?;
        Ok(Self { pattern, substitution })
    }

    /// `text` with every match replaced; as it is when nothing matches, or more than 64 times.
    ///
    /// # Errors
    /// [`Oversize`] when the result has more than `max_bytes`.
    pub fn apply<'t>(&self, text: &'t str, max_bytes: usize) -> Result<Cow<'t, str>, Oversize> {
        let mut rewritten = String::new();
        let mut done = 0;
        for (number, captures) in self.pattern.captures_iter(text).enumerate() {
            if number == MAX_REPLACEMENTS {
                return Ok(Cow::Borrowed(text));
            }
            let Some(whole) = captures.get(0) else { continue };
            push(&mut rewritten, text.get(done..whole.start()).unwrap_or_default(), max_bytes)?;
            self.substitution.append(&captures, max_bytes, &mut rewritten)?;
            done = whole.end();
        }
        if done == 0 && rewritten.is_empty() && !self.pattern.is_match(text) {
            return Ok(Cow::Borrowed(text));
        }
        push(&mut rewritten, text.get(done..).unwrap_or_default(), max_bytes)?;
        Ok(Cow::Owned(rewritten))
    }
}

fn push(text: &mut String, part: &str, max_bytes: usize) -> Result<(), Oversize> {
    let bytes = text.len().saturating_add(part.len());
    if bytes > max_bytes {
        return Err(Oversize { bytes });
    }
    text.push_str(part);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewrite(pattern: &str, substitution: &str, text: &str) -> String {
        RegexRewrite::new(pattern, substitution).unwrap().apply(text, 1024).unwrap().into_owned()
    }

    #[test]
    fn every_match_is_replaced_as_in_envoy() {
        for (pattern, substitution, text, expected) in [
            ("^app-", "", "app-users", "users"),
            ("^app-(.*)$", r"\1", "app-users", "users"),
            ("^app-(.*)$", r"\1", "users", "users"),
            ("_", "-", "a_b_c", "a-b-c"),
            ("(a)(b)?", r"<\1\2>", "a ab", "<a> <ab>"),
            ("a", r"\0\0", "banana", "baanaanaa"),
            ("a", r"\\1", "a", r"\1"),
            ("a*", "x", "baaac", "xbxcx"),
            ("", "-", "ab", "-a-b-"),
            ("ä", "ae", "kätzchen", "kaetzchen"),
            (".*", "", "anything", ""),
            ("a", "$1${0}", "a", "$1${0}"),
        ] {
            assert_eq!(rewrite(pattern, substitution, text), expected, "{pattern} {substitution} {text}");
        }
    }

    #[test]
    fn a_rewrite_makes_neither_long_text_nor_much_work() {
        let grow = RegexRewrite::new("a", &"x".repeat(200)).unwrap();
        assert_eq!(grow.apply("aaaaa", 1000), Ok(Cow::Owned("x".repeat(1000))));
        assert_eq!(grow.apply("aaaaaa", 1000), Err(Oversize { bytes: 1200 }));
        let dash = RegexRewrite::new("_", "-").unwrap();
        assert_eq!(dash.apply(&"_".repeat(64), 1024).unwrap(), "-".repeat(64));
        assert_eq!(dash.apply(&"_".repeat(65), 1024).unwrap(), "_".repeat(65));
        // each search reads to the end before it settles for one letter
        let slow = RegexRewrite::new("a.*b|a", "c").unwrap();
        let text = "a".repeat(1024);
        assert_eq!(slow.apply(&text, 1024).unwrap(), text);
        assert_eq!(rewrite("(a*)*b", "x", &text), text);
    }

    #[test]
    fn substitutions_name_groups_that_exist() {
        for (text, groups) in [(r"\1", 1), (r"a\0b", 0), (r"\\", 0), ("", 0), (r"\9", 9)] {
            assert!(Substitution::new(text, groups).is_ok(), "{text}");
        }
        for (text, groups) in
            [(r"\1", 0), (r"\9", 8), (r"\", 0), (r"\n", 1), (r"\x41", 1), (r"a\", 1), (r"\٣", 9)]
        {
            assert!(Substitution::new(text, groups).is_err(), "{text}");
        }
        for (pattern, substitution) in
            [("(", ""), ("a)|(b", ""), ("(a)", r"\2"), ("(?:a)", r"\1"), ("[z-a]", "")]
        {
            assert!(RegexRewrite::new(pattern, substitution).is_err(), "{pattern}");
        }
        let two = Substitution::new(r"jira-\1", 1).unwrap();
        assert_eq!((two.literal_prefix(), two.literal()), ("jira-", None));
        assert_eq!(Substitution::new(r"a\\b", 0).unwrap().literal(), Some(r"a\b"));
        assert_eq!(Substitution::new(r"\1a", 1).unwrap().literal_prefix(), "");
    }

    #[test]
    fn captures_need_the_whole_text() {
        let regex = CaptureRegex::new("(?:team|group)-([a-z]+)").unwrap();
        let users = Substitution::new(r"\1-users", regex.groups()).unwrap();
        assert_eq!(regex.captures("team-blue").unwrap().expand(&users, 255).as_deref(), Some("blue-users"));
        assert_eq!(regex.captures("team-blue").unwrap().expand(&users, 9), None);
        for other in ["team-blue1", "xteam-blue", "team-", "Team-blue", "team-blue\n", "team-blue\nteam-red"]
        {
            assert!(regex.captures(other).is_none(), "{other:?}");
        }
        assert!(CaptureRegex::new("a)|(b").is_err());
        let either = CaptureRegex::new("(a)|b").unwrap();
        let text = Substitution::new(r"<\1>", 1).unwrap();
        assert_eq!(either.captures("b").unwrap().expand(&text, 9).as_deref(), Some("<>"));
    }
}
