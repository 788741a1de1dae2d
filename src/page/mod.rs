//! The few pages that people see: one template, one escaping function, no inline script but the hashed auto-post.
//!
//! Pages work without JavaScript, in light and dark, on a phone and in a screen reader. They never carry details of a
//! refusal: those are for the operator's log.

mod directory_status;
mod emergency;
mod look;
mod render;
mod sign_in;
mod sign_out;
mod test_report;

use std::rc::Rc;

use crate::base::Code;
use crate::http::Reply;

pub use directory_status::{DirectoryStatus, directory_status};
pub use emergency::emergency_access;
pub use look::{Choices, Colour, Logo, Look, Phrase, Support};
pub use sign_in::{auto_post, chooser, confirm_sign_in, continue_to, email_question};
pub use sign_out::{SignedOut, confirm_logout, logged_out, post_logout, refused_logout};
pub use test_report::test_report;

use render::{Frame, Html};

/// What the reader of an answer can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// A browser that navigates (true) or a client that wants data (false).
    pub wants_html: bool,
    /// Correlation id of the request, shown on pages and written to the log; may be empty.
    pub request_id: String,
    /// How pages look.
    pub look: Rc<Look>,
}

/// A refusal: a readable page, or a JSON problem (RFC 9457) for clients that want data.
///
/// `retry` is a local address that starts the sign-in again.
#[must_use]
pub fn refusal(code: Code, reader: &Reader, retry: Option<&str>) -> Reply {
    let status = if code.status() == 0 { 500 } else { code.status() };
    let look = &*reader.look;
    let reply = if reader.wants_html {
        let mut body = Html::new();
        body.element("p", look.reason(code));
        if about_time(code) {
            body.element("p", look.say(Phrase::ClocksDiffer));
        }
        if let Some(retry) = retry {
            body.link(retry, look.say(Phrase::TryAgain));
        }
        body.small(&[(look.say(Phrase::Code), code.id()), (look.say(Phrase::Request), &reader.request_id)]);
        Frame::new(look, status, look.say(Phrase::Refused)).page(&body)
    } else {
        problem(status, code, reader)
    };
    finish_refusal(reply, status, code)
}

/// What every refusal says besides.
fn finish_refusal(mut reply: Reply, status: u16, code: Code) -> Reply {
    reply.headers.push((String::from("x-samlgate-code"), code.id().to_owned()));
    if status == 503 {
        reply.headers.push((String::from("retry-after"), String::from("10")));
    }
    if status == 405 {
        reply.headers.push((String::from("allow"), String::from("GET, HEAD, POST")));
    }
    reply
}

/// Refusals that follow from instants which a wrong clock shifts.
const fn about_time(code: Code) -> bool {
    matches!(code, Code::AssertionNotYetValid | Code::IssueInstantImplausible)
}

/// The page that brings back a form which was posted to `action`, with a button that sends it there.
#[must_use]
pub fn saved_form<'a>(look: &Look, action: &str, fields: impl Iterator<Item = (&'a str, &'a str)>) -> Reply {
    let mut body = Html::new();
    body.element("p", look.say(Phrase::FormText));
    body.form_again(action, fields, look.say(Phrase::FormSend));
    let frame = Frame { leads_on: true, ..Frame::new(look, 200, look.say(Phrase::FormTitle)) };
    let mut reply = frame.page(&body);
    // Applications compare `Origin` with their own address, and without any referrer browsers send `null` (Fetch 3.2).
    for (name, value) in &mut reply.headers {
        if name == "referrer-policy" {
            *value = String::from("strict-origin");
        }
    }
    reply
}

/// The page on which a test sign-in is started: a form that is posted to `path`. `idps` are the short names and names of
/// the identity providers.
#[must_use]
pub fn test_front(look: &Look, path: &str, asks_secret: bool, idps: &[(&str, &str)]) -> Reply {
    let mut body = Html::new();
    body.element(
        "p",
        "This signs you in at the identity provider and shows what would follow: every attribute that arrives, the \
         groups and the rule behind each, the headers and the calls to the application. Nothing is changed, and you \
         are not signed in to the application.",
    );
    let mut inputs =
        vec![("started_at", "Page of the application where the sign-in would have started", "text", "/")];
    if asks_secret {
        inputs.push(("secret", "Secret of the test page, if you were given one", "password", ""));
    }
    body.inputs(path, &inputs, ("idp", "Identity provider", idps), "Start the test");
    Frame { for_operators: true, ..Frame::new(look, 200, "Test sign-in") }.page(&body)
}

fn problem(status: u16, code: Code, reader: &Reader) -> Reply {
    let body = serde_json::json!({
        "type": format!("urn:samlgate:error:{}", code.id()),
        "title": reader.look.reason(code),
        "status": status,
        "code": code.id(),
        "request_id": reader.request_id,
    });
    Reply {
        status,
        headers: vec![
            (String::from("content-type"), String::from("application/problem+json")),
            (String::from("cache-control"), String::from("no-store")),
            (String::from("x-content-type-options"), String::from("nosniff")),
        ],
        body: body.to_string().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Rejection;
    use crate::report;

    fn person() -> Reader {
        Reader { wants_html: true, request_id: String::new(), look: Rc::new(Look::default()) }
    }

    /// Everything an operator may choose, written by somebody who forgot where it goes.
    fn hostile() -> Look {
        let markup = || String::from("</title></style><script>alert(1)</script>\"'&");
        Look::new(Choices {
            language: String::from("de\"><script>"),
            site_name: Some(markup()),
            logo: Some(Logo::Path(markup())),
            accent: Colour::parse("#ff0000"),
            support: Some(Support { text: markup(), uri: Some(markup()) }),
            phrases: Phrase::ALL.iter().map(|phrase| (*phrase, markup())).collect(),
            reasons: Code::ALL.iter().map(|code| (*code, markup())).collect(),
        })
    }

    fn text(reply: &Reply) -> String {
        String::from_utf8(reply.body.clone()).unwrap()
    }

    #[test]
    fn pages_escape_whatever_they_show() {
        let reader = Reader { request_id: String::from("<script>\"'&"), ..person() };
        let reply = refusal(Code::DigestMismatch, &reader, Some("/a?b=\"><script>"));
        assert!(!text(&reply).contains("<script>"), "{}", text(&reply));
        assert_eq!(reply.status, 403);
        let posted =
            auto_post(&hostile(), "https://idp.example/\"x", &[("SAMLRequest", String::from("\"><b>"))]);
        assert!(!text(&posted).contains("\"><b>"));
    }

    #[test]
    fn every_page_forbids_framing_caching_and_foreign_scripts() {
        let (reader, look) = (person(), &hostile());
        for reply in [
            refusal(Code::UsernameMissing, &reader, None),
            auto_post(look, "https://idp.example/", &[]),
            logged_out(look, SignedOut::Here),
            logged_out(look, SignedOut::Everywhere),
            logged_out(look, SignedOut::Partly),
            post_logout(look, "https://idp.example/", &[("SAMLRequest", String::from("\"><b>"))]),
            refused_logout(Code::SignatureInvalid, &reader),
            confirm_logout(look, "/x"),
            chooser(look, [("/x".to_owned(), "One")].into_iter()),
            email_question(look, "/x", "/", true),
            emergency_access(look, "/x", core::time::Duration::from_secs(90), true),
            emergency_access(look, "/x", core::time::Duration::from_secs(90), false),
            test_front(look, "/x", true, &[("\"><a", "<b>"), ("c", "d")]),
            continue_to(look, "https://idp.example/"),
            test_report(look, &report::Report::rejected(&Rejection::new(Code::DigestMismatch, "x")), None),
        ] {
            let policy = reply.headers.iter().find(|(name, _)| name == "content-security-policy").unwrap();
            assert!(policy.1.contains("default-src 'none'") && policy.1.contains("frame-ancestors 'none'"));
            assert!(!policy.1.contains("unsafe-inline"));
            for (name, value) in [
                ("cache-control", "no-store"),
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
            ] {
                assert!(reply.headers.contains(&(name.to_owned(), value.to_owned())), "{name}");
            }
        }
    }

    #[test]
    fn a_form_comes_back_as_it_was_and_nothing_sends_it() {
        let fields = [("a\"><script>", "one\r\n\ttwo <b> & \"'"), ("_u", "\u{e4}\u{1f511}")];
        let reply = saved_form(&Look::default(), "/a?b=\"><script>&c=1", fields.into_iter());
        let page = text(&reply);
        assert!(!page.contains("<script"), "{page}");
        for part in [
            "action=\"/a?b=&quot;&gt;&lt;script&gt;&amp;c=1\" accept-charset=\"utf-8\"",
            "name=\"a&quot;&gt;&lt;script&gt;\" value=\"one&#13;&#10;&#9;two &lt;b&gt; &amp; &quot;&#39;\"",
            "name=\"_u\" value=\"\u{e4}\u{1f511}\"",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        let header = |name: &str| &reply.headers.iter().find(|(have, _)| have == name).unwrap().1;
        // No script, so nothing is sent before somebody presses the button; and nobody frames it.
        assert!(header("content-security-policy").contains("default-src 'none'"));
        assert!(!header("content-security-policy").contains("script-src"));
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(
            (header("cache-control").as_str(), header("referrer-policy").as_str()),
            ("no-store", "strict-origin")
        );
    }

    #[test]
    fn api_clients_get_a_problem_document() {
        let reader = Reader { wants_html: false, request_id: String::from("r-1"), ..person() };
        let reply = refusal(Code::AuthenticationRequired, &reader, None);
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!((reply.status, body["code"].as_str()), (401, Some("SG5010")));
        assert!(reply.headers.iter().any(|(_, value)| value == "application/problem+json"));
    }
}
