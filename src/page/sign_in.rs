//! Pages on the way to an identity provider.

use super::look::{Look, Phrase};
use super::render::{Frame, Html, Question};
use crate::http::Reply;

/// The script of the auto-post page; its hash is in the Content-Security-Policy, so no other script runs.
pub(super) const AUTO_POST: &str = "document.forms[0].submit();";

/// The page that posts `fields` to `action` by itself where scripts run, and by a button where not
/// (bindings 3.5.4: the message travels in a form).
#[must_use]
pub fn auto_post(look: &Look, action: &str, fields: &[(&'static str, String)]) -> Reply {
    let mut body = Html::new();
    body.element("p", look.say(Phrase::Leaving));
    body.form(action, fields, look.say(Phrase::Continue));
    Frame { script: Some(AUTO_POST), ..Frame::new(look, 200, look.say(Phrase::SigningIn)) }.page(&body)
}

/// A page that leads to `location` by itself, and by a link where that is switched off.
#[must_use]
pub fn continue_to(look: &Look, location: &str) -> Reply {
    let mut body = Html::new();
    body.element("p", look.say(Phrase::Leaving));
    body.link(location, look.say(Phrase::Continue));
    let mut reply = Frame::new(look, 200, look.say(Phrase::SigningIn)).page(&body);
    reply.headers.push((String::from("refresh"), format!("0;url={location}")));
    reply
}

/// Asks a person whom an identity provider sent here without being asked, before anything begins.
#[must_use]
pub fn confirm_sign_in(
    look: &Look,
    action: &str,
    fields: &[(&'static str, String)],
    username: &str,
) -> Reply {
    let mut body = Html::new();
    body.element("p", look.say(Phrase::ConfirmSignInText));
    body.element("p", username);
    body.form(action, fields, look.say(Phrase::Continue));
    Frame::new(look, 200, look.say(Phrase::ConfirmSignIn)).page(&body)
}

/// Lets a person choose an identity provider: addresses of this site, and what to call them.
#[must_use]
pub fn chooser<'a>(look: &Look, choices: impl Iterator<Item = (String, &'a str)>) -> Reply {
    let mut body = Html::new();
    body.choices(choices);
    Frame::new(look, 200, look.say(Phrase::Choose)).page(&body)
}

/// Asks for the e-mail address whose domain decides. What was typed does not come back: it may be of anybody.
#[must_use]
pub fn email_question(look: &Look, path: &str, target: &str, malformed: bool) -> Reply {
    let mut body = Html::new();
    body.element("p", look.say(Phrase::EmailText));
    let question = Question {
        name: "email",
        label: look.say(Phrase::EmailLabel),
        kind: "email",
        autocomplete: "email",
        fault: malformed.then(|| look.say(Phrase::EmailMalformed)),
        button: look.say(Phrase::Continue),
    };
    body.question(path, &question, &[("target", target)]);
    Frame::new(look, 200, look.say(Phrase::EmailTitle)).page(&body)
}
