//! `pages`.

use std::collections::BTreeMap;

use super::{Checker, quoted};
use crate::base::Code;
use crate::config::path::Path;
use crate::config::raw::{PageTextName, Pages, Support as RawSupport};
use crate::http::RedirectTarget;
use crate::page::{Choices, Colour, Logo, Look, Phrase, Support};

/// Characters of a site's name: a heading on a phone.
const MAX_NAME: usize = 80;
/// Characters of a sentence.
const MAX_TEXT: usize = 500;
/// Characters of a picture in a page: 18 KiB of image, which every refusal carries.
const MAX_LOGO: usize = 24_576;

pub(super) fn look(raw: &Pages, checker: &mut Checker<'_>) -> Option<Look> {
    let at = Path::default().field("pages");
    let faults = checker.faults.len();
    if let Some(language) = &raw.language
        && !is_language_tag(language)
    {
        checker.invalid(&at.field("language"), quoted(language), "a language tag such as `de` or `pt-BR`");
    }
    text(raw.site_name.as_deref(), MAX_NAME, &at.field("site_name"), checker);
    let accent_at = at.field("accent_color");
    let accent = raw.accent_color.as_deref().and_then(|text| {
        let colour = Colour::parse(text);
        if colour.is_none() {
            checker.invalid(&accent_at, quoted(text), "a colour as `#rrggbb`");
        }
        colour
    });
    let logo = raw.logo.as_deref().and_then(|address| logo(address, &at.field("logo"), checker));
    let support =
        raw.support.as_ref().and_then(|support| self::support(support, &at.field("support"), checker));
    let choices = Choices {
        language: raw.language.clone().unwrap_or_default(),
        site_name: raw.site_name.clone(),
        logo,
        accent,
        support,
        phrases: phrases(raw, &at.field("texts"), checker),
        reasons: reasons(raw, &at.field("reasons"), checker),
    };
    (checker.faults.len() == faults).then(|| Look::new(choices))
}

/// RFC 5646 2.1, as far as its shape.
fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let fits = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let first = parts.next().unwrap_or_default();
    (2..=8).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && text.len() <= 35
        && parts.all(fits)
}

/// Notes a text that is empty, too long, or not of one line.
fn text(text: Option<&str>, most: usize, at: &Path, checker: &mut Checker<'_>) {
    let Some(text) = text else { return };
    let fits = !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control);
    if !fits {
        let expected = format_args!("one line of 1 to {most} characters");
        checker.invalid(at, format_args!("{} characters", text.chars().count()), expected);
    }
}

fn logo(address: &str, at: &Path, checker: &mut Checker<'_>) -> Option<Logo> {
    const EXPECTED: &str = "a `data:` address of an image in base64, or a path of this site";
    if address.len() > MAX_LOGO {
        checker.invalid(at, format_args!("{} characters", address.len()), format_args!("at most {MAX_LOGO}"));
        return None;
    }
    if let Some(data) = address.strip_prefix("data:") {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let known = ["png", "jpeg", "gif", "webp", "svg+xml"].iter().any(|kind| {
            let content = data.strip_prefix("image/").and_then(|data| data.strip_prefix(kind));
            content
                .and_then(|content| content.strip_prefix(";base64,"))
                .is_some_and(|content| !content.is_empty() && content.bytes().all(plain))
        });
        if !known {
            checker.invalid(at, "another `data:` address", EXPECTED);
            return None;
        }
        return Some(Logo::Inline(address.to_owned()));
    }
    match RedirectTarget::parse(address) {
        Ok(path) if path.as_str() == address => Some(Logo::Path(address.to_owned())),
        _ => {
            checker.invalid(at, quoted(address), EXPECTED);
            None
        }
    }
}

fn support(raw: &RawSupport, at: &Path, checker: &mut Checker<'_>) -> Option<Support> {
    let says = checker.required(raw.text.as_ref(), &at.field("text"), "what it says");
    text(raw.text.as_deref(), MAX_TEXT, &at.field("text"), checker);
    if let Some(uri) = &raw.uri {
        let plain = !uri.is_empty() && uri.len() <= 1024 && uri.bytes().all(|byte| byte.is_ascii_graphic());
        // A page of ours must not lead to a script.
        let known = ["https://", "mailto:", "tel:"].iter().any(|scheme| uri.starts_with(scheme))
            || RedirectTarget::parse(uri).is_ok();
        if !plain || !known {
            let expected = "an address with `https:`, `mailto:` or `tel:`, or a path of this site";
            checker.invalid(&at.field("uri"), quoted(uri), expected);
        }
    }
    Some(Support { text: says?.clone(), uri: raw.uri.clone() })
}

fn phrases(raw: &Pages, at: &Path, checker: &mut Checker<'_>) -> BTreeMap<Phrase, String> {
    let mut phrases = BTreeMap::new();
    for (index, one) in raw.texts.iter().enumerate() {
        let at = at.index(index);
        let name = checker.required(one.name, &at.field("name"), "the name of a text");
        let says = checker.required(one.text.as_ref(), &at.field("text"), "what it says");
        text(one.text.as_deref(), MAX_TEXT, &at.field("text"), checker);
        if let (Some(name), Some(says)) = (name, says)
            && phrases.insert(phrase(name), says.clone()).is_some()
        {
            checker.invalid(&at.field("name"), "a name that was there before", "each name once");
        }
    }
    phrases
}

const fn phrase(name: PageTextName) -> Phrase {
    match name {
        PageTextName::Refused => Phrase::Refused,
        PageTextName::TryAgain => Phrase::TryAgain,
        PageTextName::ClocksDiffer => Phrase::ClocksDiffer,
        PageTextName::Code => Phrase::Code,
        PageTextName::Request => Phrase::Request,
        PageTextName::SigningIn => Phrase::SigningIn,
        PageTextName::Leaving => Phrase::Leaving,
        PageTextName::Continue => Phrase::Continue,
        PageTextName::SignedOut => Phrase::SignedOut,
        PageTextName::SignedOutHere => Phrase::SignedOutHere,
        PageTextName::SignedOutEverywhere => Phrase::SignedOutEverywhere,
        PageTextName::SignedOutPartly => Phrase::SignedOutPartly,
        PageTextName::SigningOut => Phrase::SigningOut,
        PageTextName::SigningOutText => Phrase::SigningOutText,
        PageTextName::SignOutRefused => Phrase::SignOutRefused,
        PageTextName::SignOutRefusedText => Phrase::SignOutRefusedText,
        PageTextName::SignInAgain => Phrase::SignInAgain,
        PageTextName::SignOut => Phrase::SignOut,
        PageTextName::SignOutQuestion => Phrase::SignOutQuestion,
        PageTextName::Choose => Phrase::Choose,
        PageTextName::EmailTitle => Phrase::EmailTitle,
        PageTextName::EmailText => Phrase::EmailText,
        PageTextName::EmailLabel => Phrase::EmailLabel,
        PageTextName::EmailMalformed => Phrase::EmailMalformed,
        PageTextName::FormTitle => Phrase::FormTitle,
        PageTextName::FormText => Phrase::FormText,
        PageTextName::FormSend => Phrase::FormSend,
    }
}

fn reasons(raw: &Pages, at: &Path, checker: &mut Checker<'_>) -> BTreeMap<Code, String> {
    let mut reasons = BTreeMap::new();
    for (index, one) in raw.reasons.iter().enumerate() {
        let at = at.index(index);
        let id = checker.required(one.code.as_ref(), &at.field("code"), "a code such as `SG5001`");
        let says = checker.required(one.text.as_ref(), &at.field("text"), "what it says");
        text(one.text.as_deref(), MAX_TEXT, &at.field("text"), checker);
        let (Some(id), Some(says)) = (id, says) else { continue };
        let shown = |code: &&Code| code.id() == id && code.status() != 0;
        match Code::ALL.iter().find(shown) {
            None => checker.invalid(&at.field("code"), quoted(id), "a code that visitors see"),
            Some(code) => {
                if reasons.insert(*code, says.clone()).is_some() {
                    checker.invalid(&at.field("code"), "a code that was there before", "each code once");
                }
            }
        }
    }
    reasons
}
