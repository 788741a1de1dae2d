//! What an operator chooses about the pages: name, logo, colour, support and words.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::base::Code;
use crate::encoding::base64;

/// The look of every page. Contrast is at least 4.5 to 1 for text and 3 to 1 for borders (WCAG 2.2, 1.4.3 and 1.4.11) in
/// light and dark, and what is clicked is at least 44 pixels high (2.5.5).
const STYLE: &str = ":root{color-scheme:light dark;--quiet:#595959;--line:#767676;--bad:#b3261e;--good:#1e6b2b}@media(prefers-color-scheme:dark){:root{--quiet:#b8b8b8;--line:#8a8a8a;--bad:#ff8a80;--good:#81c784}}*{box-sizing:border-box}body{font:1.1rem/1.5 system-ui,sans-serif;margin:0;padding:0 1.2rem;overflow-wrap:anywhere}header,main,footer{max-width:34rem;margin:0 auto}header{padding-top:6vh}header img{display:block;max-width:100%;height:auto;max-height:4rem}header p{margin:.5rem 0 0;color:var(--quiet)}main{padding:4vh 0}h1{font-size:1.5rem;line-height:1.25}h2{font-size:1.15rem;margin-bottom:.3rem}small,footer{color:var(--quiet)}footer{border-top:1px solid var(--line);padding-bottom:2rem}button,a.choice{font:inherit;display:inline-block;min-height:2.75rem;padding:.5rem 1.2rem;border:1px solid var(--line);border-radius:.35rem;background:var(--accent,ButtonFace);color:var(--on-accent,ButtonText);cursor:pointer}a.choice{display:block;text-decoration:none}ul.choices{list-style:none;padding:0}ul.choices li{margin:.6rem 0}:focus-visible{outline:3px solid Highlight;outline-offset:2px}label{display:block;margin:.8rem 0}input,select{display:block;font:inherit;width:100%;min-height:2.75rem;padding:.3rem .5rem;border:1px solid var(--line);border-radius:.35rem}fieldset{border:1px solid var(--line);border-radius:.35rem;margin:.8rem 0}[role=alert]{color:var(--bad)}main.wide{max-width:70rem;font-size:1rem}table{border-collapse:collapse;width:100%;margin-bottom:1rem}th,td{text-align:left;vertical-align:top;padding:.25rem .6rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}strong.bad{color:var(--bad)}strong.good{color:var(--good)}";

macro_rules! phrases {
    ($($(#[$meta:meta])* $name:ident $default:literal,)+) => {
        /// The words on the pages that visitors see.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Phrase {
            $($(#[$meta])* $name,)+
        }

        impl Phrase {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            const fn english(self) -> &'static str {
                match self { $(Self::$name => $default,)+ }
            }
        }
    };
}

phrases! {
    /// Title of a refusal.
    Refused "Sign-in did not work",
    /// The link below a refusal.
    TryAgain "Try again",
    /// What a refusal adds when clocks may be why.
    ClocksDiffer "The clock of the identity provider and the clock of this site seem to differ.",
    /// Before the code of a refusal.
    Code "Code",
    /// Before the number of the request.
    Request "Request",
    /// Title of the page that leads to the identity provider.
    SigningIn "Signing in",
    /// Its text.
    Leaving "You are being taken to the sign-in page.",
    /// Its button or link.
    Continue "Continue",
    /// Title of the page that asks before a sign-in goes on that was begun elsewhere.
    ConfirmSignIn "Do you want to sign in?",
    /// Its text, above the name.
    ConfirmSignInText "Another site sent you here to sign in as this person. Go on only if it is you, and if you meant to.",
    /// Title of the page after a logout.
    SignedOut "Signed out",
    /// Its text.
    SignedOutHere "You are signed out of this site. Your sign-in at the identity provider may still be open.",
    /// The same after an identity provider ended its session too.
    SignedOutEverywhere "You are signed out of this site and at your identity provider.",
    /// The same after an identity provider could not end all of it.
    SignedOutPartly "You are signed out of this site. Your identity provider could not sign you out everywhere: other sites may still be open to whoever uses this browser. Close all its windows.",
    /// Its link.
    SignInAgain "Sign in again",
    /// Title of the page that leads to the identity provider to sign out there.
    SigningOut "Signing out",
    /// Its text.
    SigningOutText "You are being signed out at your identity provider.",
    /// Title of a refused logout.
    SignOutRefused "Sign-out did not work",
    /// Its text.
    SignOutRefusedText "The sign-out could not be completed. Close all windows of this browser, so that nobody goes on with your sign-in.",
    /// Title and button of the page that asks before it signs out.
    SignOut "Sign out",
    /// Its question.
    SignOutQuestion "Do you want to sign out of this site?",
    /// Title of the page that lets people choose an identity provider.
    Choose "Where do you want to sign in?",
    /// Title of the page that asks for an e-mail address.
    EmailTitle "Sign in",
    /// Its text.
    EmailText "Your e-mail address decides where you sign in. It is not kept.",
    /// Its field.
    EmailLabel "E-mail address",
    /// What it says of something that is no address.
    EmailMalformed "This is not an e-mail address.",
    /// Title of the page that brings back a form.
    FormTitle "Send it again?",
    /// Its text.
    FormText "Your session had ended when you sent something. It was kept, and is sent when you press the button.",
    /// Its button.
    FormSend "Send",
}

/// How every page looks and speaks. What is not chosen is plain and English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    language: String,
    site_name: Option<String>,
    logo: Option<Logo>,
    support: Option<Support>,
    phrases: BTreeMap<Phrase, String>,
    reasons: BTreeMap<Code, String>,
    style: String,
    style_hash: String,
}

/// The picture at the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Logo {
    /// A `data:` address.
    Inline(String),
    /// A path of this site.
    Path(String),
}

/// Where people find help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Support {
    /// What the link says, or the whole of it where there is no address.
    pub text: String,
    /// Where it leads: `https:`, `mailto:`, `tel:` or a path.
    pub uri: Option<String>,
}

/// A colour, red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

/// What [`Look::new`] is made of.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// A language tag (RFC 5646); empty for `en`.
    pub language: String,
    /// Shown at the top and in the title.
    pub site_name: Option<String>,
    /// Shown at the top.
    pub logo: Option<Logo>,
    /// Background of buttons.
    pub accent: Option<Colour>,
    /// Shown at the bottom.
    pub support: Option<Support>,
    /// Other words than the English ones.
    pub phrases: BTreeMap<Phrase, String>,
    /// Other sentences than those of the catalogue.
    pub reasons: BTreeMap<Code, String>,
}

impl Look {
    /// Checked `choices`; whatever is text is escaped on its way into a page.
    #[must_use]
    pub fn new(choices: Choices) -> Self {
        let Choices { language, site_name, logo, accent, support, phrases, reasons } = choices;
        let mut style = String::from(STYLE);
        if let Some(accent) = accent {
            style.push_str(&format!(":root{{--accent:{accent};--on-accent:{}}}", accent.text_on()));
        }
        let style_hash = csp_hash(&style);
        let language = if language.is_empty() { String::from("en") } else { language };
        Self { language, site_name, logo, support, phrases, reasons, style, style_hash }
    }

    /// The words for `phrase`.
    #[must_use]
    pub fn say(&self, phrase: Phrase) -> &str {
        self.phrases.get(&phrase).map_or(phrase.english(), String::as_str)
    }

    /// What a visitor is told about `code`.
    #[must_use]
    pub fn reason(&self, code: Code) -> &str {
        self.reasons.get(&code).map_or(code.public_reason(), String::as_str)
    }

    pub(super) const fn language(&self) -> &str {
        self.language.as_str()
    }

    pub(super) const fn site_name(&self) -> Option<&String> {
        self.site_name.as_ref()
    }

    pub(super) const fn logo(&self) -> Option<&Logo> {
        self.logo.as_ref()
    }

    pub(super) const fn support(&self) -> Option<&Support> {
        self.support.as_ref()
    }

    pub(super) const fn style(&self) -> &str {
        self.style.as_str()
    }

    pub(super) const fn style_hash(&self) -> &str {
        self.style_hash.as_str()
    }
}

impl Default for Look {
    fn default() -> Self {
        Self::new(Choices::default())
    }
}

impl Colour {
    /// Takes `#rrggbb`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 6)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    /// Black or white, whichever is easier to read on this colour: one of them has a contrast of 4.58 to 1 at least
    /// (WCAG 2.2, contrast ratio).
    fn text_on(self) -> &'static str {
        // Where both have the same contrast: (1.05 / 0.05)^0.5 * 0.05 - 0.05.
        if self.luminance() > 0.179 { "#000" } else { "#fff" }
    }

    /// WCAG 2.2, relative luminance.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        let Self([red, green, blue]) = self;
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }
}

impl core::fmt::Display for Colour {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self([red, green, blue]) = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// How a Content-Security-Policy names what stands in the page itself (CSP 3, 2.3.1).
pub(super) fn csp_hash(inline: &str) -> String {
    format!("sha256-{}", base64::encode(&Sha256::digest(inline.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_six_hexadecimal_digits() {
        assert_eq!(Colour::parse("#0b57D0").map(|colour| colour.to_string()).as_deref(), Some("#0b57d0"));
        for text in ["", "#", "0b57d0", "#0b57d", "#0b57d00", "#0b57dg", "#+b57d0", "red", "#fff;}body{x"] {
            assert_eq!(Colour::parse(text), None, "{text}");
        }
    }

    #[test]
    fn text_is_readable_on_every_accent() {
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(15) {
                for blue in (0..=255).step_by(15) {
                    let colour = Colour([red, green, blue]);
                    let on = if colour.text_on() == "#000" { 0.0 } else { 1.0 };
                    let below = colour.luminance();
                    let (light, dark) = if on > below { (on, below) } else { (below, on) };
                    let contrast = (light + 0.05) / (dark + 0.05);
                    assert!(contrast >= 4.5, "{colour}: {contrast}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_chosen_is_english() {
        let look = Look::new(Choices {
            phrases: BTreeMap::from([(Phrase::TryAgain, "Noch einmal".to_owned())]),
            reasons: BTreeMap::from([(Code::AccessDenied, "Kein Zutritt.".to_owned())]),
            ..Choices::default()
        });
        assert_eq!((look.say(Phrase::TryAgain), look.say(Phrase::SignOut)), ("Noch einmal", "Sign out"));
        assert_eq!(look.reason(Code::AccessDenied), "Kein Zutritt.");
        assert_eq!(look.reason(Code::GroupsUnknown), Code::GroupsUnknown.public_reason());
    }
}
