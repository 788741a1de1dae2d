//! Local logout: our session ends in this browser.

use crate::effect::{Tell, Verdict};
use crate::http::Reply;
use crate::page;
use crate::session;

use super::{Env, Step};

/// How sure we are that the person, and not another site, wants to sign out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutIntent {
    /// A same-origin form or link, or an address typed in.
    Own,
    /// Nothing says where the request came from, or another site sent it.
    Doubtful,
}

/// Ends the session: expires our cookies and leads to the signed-out page. A doubtful request is asked back first.
pub fn logout(
    intent: LogoutIntent,
    cookies: &[(&str, &str)],
    env: &Env<'_>,
) -> Step<core::convert::Infallible> {
    let sp = &env.settings.sp;
    if intent == LogoutIntent::Doubtful {
        return Step::End {
            verdict: Verdict::Reply(page::confirm_logout(&env.settings.look, &sp.logout_path)),
            tells: Vec::new(),
        };
    }
    let mut headers = vec![
        (String::from("location"), sp.logged_out_path.clone()),
        (String::from("cache-control"), String::from("no-store")),
    ];
    for cookie in session::clear(&env.settings.session, cookies) {
        headers.push((String::from("set-cookie"), cookie.render()));
    }
    Step::End {
        verdict: Verdict::Reply(Reply { status: 303, headers, body: Vec::new() }),
        tells: vec![Tell::Count { outcome: "logged_out", code: None }],
    }
}
