//! The page of the emergency access: for administrators, so in English.

use core::time::Duration;

use super::look::Look;
use super::render::{Frame, Html, Question};
use crate::http::Reply;

/// The page at `path`: a form for the secret, or a button that ends what was granted.
#[must_use]
pub fn emergency_access(look: &Look, path: &str, duration: Duration, granted: bool) -> Reply {
    let mut body = Html::new();
    if granted {
        body.element(
            "p",
            "Emergency access is on in this browser: the application's own sign-in applies, and single sign-on does not.",
        );
        body.link("/", "To the application");
        body.form(path, &[("end", String::from("1"))], "End it");
    } else {
        let minutes = duration.as_secs().div_ceil(60);
        body.element(
            "p",
            &format!(
                "For administrators, when single sign-on does not work. With the secret this browser reaches the \
                 application's own sign-in for {minutes} minutes. Every attempt is recorded."
            ),
        );
        let question = Question {
            name: "secret",
            label: "Secret",
            kind: "password",
            autocomplete: "off",
            fault: None,
            button: "Continue",
        };
        body.question(path, &question, &[]);
    }
    Frame { for_operators: true, ..Frame::new(look, 200, "Emergency access") }.page(&body)
}
