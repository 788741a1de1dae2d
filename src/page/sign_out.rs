//! Pages around a logout.

use super::look::{Look, Phrase};
use super::render::{Frame, Html};
use super::sign_in::AUTO_POST;
use super::{Reader, finish_refusal, problem};
use crate::base::Code;
use crate::http::Reply;

/// How far a logout went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedOut {
    /// Our session is ended; nobody else was asked.
    Here,
    /// The identity provider says that everything is.
    Everywhere,
    /// The identity provider says that something is not.
    Partly,
}

/// The page after a logout.
#[must_use]
pub fn logged_out(look: &Look, how_far: SignedOut) -> Reply {
    let mut body = Html::new();
    body.element(
        "p",
        look.say(match how_far {
            SignedOut::Here => Phrase::SignedOutHere,
            SignedOut::Everywhere => Phrase::SignedOutEverywhere,
            SignedOut::Partly => Phrase::SignedOutPartly,
        }),
    );
    body.link("/", look.say(Phrase::SignInAgain));
    Frame::new(look, 200, look.say(Phrase::SignedOut)).page(&body)
}

/// The page that asks before it signs out, for requests that another site may have caused.
#[must_use]
pub fn confirm_logout(look: &Look, logout_path: &str) -> Reply {
    let mut body = Html::new();
    body.element("p", look.say(Phrase::SignOutQuestion));
    body.form(logout_path, &[], look.say(Phrase::SignOut));
    Frame::new(look, 200, look.say(Phrase::SignOut)).page(&body)
}

/// The page that posts the message of a logout in `fields` to `action`, by itself or by a button (bindings 3.5.4).
#[must_use]
pub fn post_logout(look: &Look, action: &str, fields: &[(&'static str, String)]) -> Reply {
    let mut body = Html::new();
    body.element("p", look.say(Phrase::SigningOutText));
    body.form(action, fields, look.say(Phrase::Continue));
    Frame { script: Some(AUTO_POST), ..Frame::new(look, 200, look.say(Phrase::SigningOut)) }.page(&body)
}

/// A logout that could not be carried out, or a message of one that was refused.
#[must_use]
pub fn refused_logout(code: Code, reader: &Reader) -> Reply {
    let status = if code.status() == 0 { 500 } else { code.status() };
    let look = &*reader.look;
    let reply = if reader.wants_html {
        let mut body = Html::new();
        body.element("p", look.say(Phrase::SignOutRefusedText));
        body.small(&[(look.say(Phrase::Code), code.id()), (look.say(Phrase::Request), &reader.request_id)]);
        Frame::new(look, status, look.say(Phrase::SignOutRefused)).page(&body)
    } else {
        problem(status, code, reader)
    };
    finish_refusal(reply, status, code)
}
