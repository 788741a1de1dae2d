//! The user name: from one source, of one shape, or not at all.

use core::fmt;

use regex_lite::Regex;

use super::error::{IdentityError, UsernameProblem};
use super::find;
use super::settings::{Settings, UsernameSource};
use crate::base::Pii;
use crate::saml::{Attribute, NameId};

/// Characters of a user name: Jira, Confluence and LDAP's `uid` all stop at 255.
const MAX_CHARACTERS: usize = 255;
/// Characters that a pattern is tried on: a distinguished name around the user name, and room to spare.
const MAX_RAW_CHARACTERS: usize = 1024;

/// A regular expression over the whole user name. With a capture group the first one is the user name, without one
/// the whole text is.
#[derive(Clone, Debug)]
pub struct UsernamePattern(Regex);

/// The text is not a regular expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError(String);

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for PatternError {}

impl UsernamePattern {
    /// Compiles `pattern` (syntax of the `regex-lite` crate, without Unicode classes). Matching takes linear time.
    ///
    /// # Errors
    /// [`PatternError`] when it is not a regular expression.
    pub fn compile(pattern: &str) -> Result<Self, PatternError> {
        // On its own first, so that `a)|(?:b` does not slip out of the group that makes it match as a whole.
        Regex::new(pattern)
            .and_then(|_| Regex::new(&format!(r"^(?:{pattern})$")))
            .map(Self)
            .map_err(|error| PatternError(error.to_string()))
    }

    /// The part of `raw` that counts, if all of `raw` matches.
    fn apply<'a>(&self, raw: &'a str) -> Option<&'a str> {
        let captures = self.0.captures(raw)?;
        let counted = if captures.len() > 1 { captures.get(1) } else { captures.get(0) };
        counted.map(|counted| counted.as_str())
    }
}

/// The user name by the configured source.
pub(super) fn read(
    name_id: Option<&NameId>,
    attributes: &[Attribute],
    settings: &Settings,
) -> Result<Pii<String>, IdentityError> {
    let raw = match &settings.username {
        UsernameSource::NameId => name_id.ok_or(IdentityError::NameIdMissing)?.value().expose().as_str(),
        UsernameSource::Attribute(candidates) => {
            let attribute = find(attributes, candidates)
                .ok_or_else(|| IdentityError::UsernameMissing { candidates: candidates.clone() })?;
            only_value(attribute).map_err(IdentityError::UsernameRefused)?
        }
    };
    let username = shape(raw, settings.username_pattern.as_ref()).map_err(IdentityError::UsernameRefused)?;
    Ok(Pii::new(username.to_owned()))
}

/// The user name of whoever a directory calls `raw`.
pub(super) fn of_directory(raw: &str, settings: &Settings) -> Result<Pii<String>, IdentityError> {
    let username = shape(raw, settings.username_pattern.as_ref()).map_err(IdentityError::UsernameRefused)?;
    Ok(Pii::new(username.to_owned()))
}

/// The user name of whoever is called `name_id`, where that alone says it.
pub(super) fn of_name_id(name_id: &NameId, settings: &Settings) -> Option<Pii<String>> {
    match settings.username {
        UsernameSource::NameId => read(Some(name_id), &[], settings).ok(),
        UsernameSource::Attribute(_) => None,
    }
}

/// The one value of `attribute`; the same value repeated is still one.
fn only_value(attribute: &Attribute) -> Result<&str, UsernameProblem> {
    if attribute.incomplete {
        return Err(UsernameProblem::Unreadable);
    }
    let first = attribute.values.first().ok_or(UsernameProblem::Empty)?;
    if attribute.values.iter().any(|value| value != first) {
        return Err(UsernameProblem::Several { values: attribute.values.len() });
    }
    Ok(first)
}

/// Applies `pattern`, then the rules that hold for every user name.
fn shape<'a>(raw: &'a str, pattern: Option<&UsernamePattern>) -> Result<&'a str, UsernameProblem> {
    let username = match pattern {
        None => raw,
        Some(pattern) => {
            let characters = raw.chars().count();
            if characters > MAX_RAW_CHARACTERS {
                return Err(UsernameProblem::TooLong { characters });
            }
            pattern.apply(raw).ok_or(UsernameProblem::PatternMismatch)?
        }
    };
    let characters = username.chars().count();
    if characters == 0 {
        return Err(UsernameProblem::Empty);
    }
    if characters > MAX_CHARACTERS {
        return Err(UsernameProblem::TooLong { characters });
    }
    if username.chars().any(is_control) {
        return Err(UsernameProblem::ControlCharacter);
    }
    if username.chars().any(is_double) {
        return Err(UsernameProblem::SecondSpelling);
    }
    if username.trim().len() != username.len() {
        return Err(UsernameProblem::OuterWhiteSpace);
    }
    Ok(username)
}

/// Control characters, and the invisible ones that make two different names look alike: with them all white space but
/// the space itself and the ideographic one, which is seen.
fn is_control(character: char) -> bool {
    character.is_control()
        || (character.is_whitespace() && !matches!(character, ' ' | '\u{3000}'))
        || matches!(
            character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}'
                | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180e}' | '\u{3164}' | '\u{ffa0}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{fff9}'..='\u{fffc}' | '\u{17b4}'..='\u{17b5}' | '\u{2800}'
                | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// A letter that changing its case turns into another one's (the Kelvin sign in lower case is `k`, the long s in upper
/// case is `S`), or a compatibility form of ASCII (a full-width `a`). Applications that fold names would take such a name
/// for somebody else's, and no keyboard has them. Those that some keyboards have (dotless i, final sigma, micro sign) are
/// names of real people.
fn is_double(character: char) -> bool {
    if is_compatibility_form(character) {
        return true;
    }
    let mut lower = character.to_lowercase();
    let mut upper = character.to_uppercase();
    let by_lower = match (lower.next(), lower.next()) {
        (Some(lower), None) if lower != character => !lower.to_uppercase().eq([character]),
        _ => false,
    };
    let by_upper = match (upper.next(), upper.next()) {
        (Some(upper), None) if upper != character => !upper.to_lowercase().eq([character]),
        _ => false,
    };
    by_lower || (by_upper && !matches!(character, 'ı' | 'ς' | 'µ'))
}

/// Of the blocks that hold forms of ASCII letters and digits: superscripts and subscripts, letterlike symbols, Roman
/// numerals, enclosed, full-width and mathematical ones, ligatures.
const fn is_compatibility_form(character: char) -> bool {
    matches!(
        character,
        '\u{aa}' | '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{ba}' | '\u{1d2c}'..='\u{1d6a}' | '\u{2070}'..='\u{209c}'
            | '\u{2100}'..='\u{2188}' | '\u{2460}'..='\u{24ff}' | '\u{fb00}'..='\u{fb06}' | '\u{ff01}'..='\u{ff5e}'
            | '\u{1d400}'..='\u{1d7ff}' | '\u{1f100}'..='\u{1f1ff}' | '\u{1fbf0}'..='\u{1fbf9}'
    )
}
