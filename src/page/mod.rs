//! The few pages that people see: one template, one escaping function, no inline script but the hashed auto-post.
//!
//! Pages work without JavaScript, in light and dark, on a phone and in a screen reader. They never carry details of a
//! refusal: those are for the operator's log.

mod render;
mod test_report;

use crate::base::Code;
use crate::http::Reply;

pub use test_report::test_report;

use render::{Html, page};

/// The script of the auto-post page; its hash is in the Content-Security-Policy, so no other script runs.
const AUTO_POST: &str = "document.forms[0].submit();";

/// What the reader of an answer can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// A browser that navigates (true) or a client that wants data (false).
    pub wants_html: bool,
    /// Correlation id of the request, shown on pages and written to the log; may be empty.
    pub request_id: String,
}

/// A refusal: a readable page, or a JSON problem (RFC 9457) for clients that want data.
///
/// `retry` is a local address that starts the sign-in again.
#[must_use]
pub fn refusal(code: Code, reader: &Reader, retry: Option<&str>) -> Reply {
    let status = if code.status() == 0 { 500 } else { code.status() };
    let mut reply = if reader.wants_html {
        let mut body = Html::new();
        body.element("p", code.public_reason());
        if let Some(retry) = retry {
            body.link(retry, "Try again");
        }
        body.small(&[("Code", code.id()), ("Request", &reader.request_id)]);
        page(status, "Sign-in did not work", &body, None)
    } else {
        problem(status, code, reader)
    };
    reply.headers.push((String::from("x-samlgate-code"), code.id().to_owned()));
    if status == 503 {
        reply.headers.push((String::from("retry-after"), String::from("10")));
    }
    if status == 405 {
        reply.headers.push((String::from("allow"), String::from("GET, HEAD, POST")));
    }
    reply
}

/// The page that posts `fields` to `action` by itself where scripts run, and by a button where not
/// (bindings 3.5.4: the message travels in a form).
#[must_use]
pub fn auto_post(action: &str, fields: &[(&'static str, String)]) -> Reply {
    let mut body = Html::new();
    body.element("p", "You are being taken to the sign-in page.");
    body.form(action, fields, "Continue");
    page(200, "Signing in", &body, Some(AUTO_POST))
}

/// The page after a logout.
#[must_use]
pub fn logged_out() -> Reply {
    let mut body = Html::new();
    body.element(
        "p",
        "You are signed out of this site. Your sign-in at the identity provider may still be open.",
    );
    body.link("/", "Sign in again");
    page(200, "Signed out", &body, None)
}

/// The page that asks before it signs out, for requests that another site may have caused.
#[must_use]
pub fn confirm_logout(logout_path: &str) -> Reply {
    let mut body = Html::new();
    body.element("p", "Do you want to sign out of this site?");
    body.form(logout_path, &[], "Sign out");
    page(200, "Sign out", &body, None)
}

/// The page on which a test sign-in is started: a form that is posted to `path`.
#[must_use]
pub fn test_front(path: &str, asks_secret: bool) -> Reply {
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
    body.inputs(path, &inputs, "Start the test");
    page(200, "Test sign-in", &body, None)
}

/// A page that leads to `location` by itself, and by a link where that is switched off.
#[must_use]
pub fn continue_to(location: &str) -> Reply {
    let mut body = Html::new();
    body.element("p", "You are being taken to the sign-in page.");
    body.link(location, "Continue");
    let mut reply = page(200, "Test sign-in", &body, None);
    reply.headers.push((String::from("refresh"), format!("0;url={location}")));
    reply
}

fn problem(status: u16, code: Code, reader: &Reader) -> Reply {
    let body = serde_json::json!({
        "type": format!("urn:samlgate:error:{}", code.id()),
        "title": code.public_reason(),
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

    fn text(reply: &Reply) -> String {
        String::from_utf8(reply.body.clone()).unwrap()
    }

    #[test]
    fn pages_escape_whatever_they_show() {
        let reader = Reader { wants_html: true, request_id: String::from("<script>\"'&") };
        let reply = refusal(Code::DigestMismatch, &reader, Some("/a?b=\"><script>"));
        assert!(!text(&reply).contains("<script>"), "{}", text(&reply));
        assert_eq!(reply.status, 403);
        let posted = auto_post("https://idp.example/\"x", &[("SAMLRequest", String::from("\"><b>"))]);
        assert!(!text(&posted).contains("\"><b>"));
    }

    #[test]
    fn every_page_forbids_framing_caching_and_foreign_scripts() {
        let reader = Reader { wants_html: true, request_id: String::new() };
        for reply in [
            refusal(Code::UsernameMissing, &reader, None),
            auto_post("https://idp.example/", &[]),
            logged_out(),
            confirm_logout("/x"),
            test_front("/x", true),
            continue_to("https://idp.example/"),
            test_report(&report::Report::rejected(&Rejection::new(Code::DigestMismatch, "x")), None),
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
    fn api_clients_get_a_problem_document() {
        let reader = Reader { wants_html: false, request_id: String::from("r-1") };
        let reply = refusal(Code::AuthenticationRequired, &reader, None);
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!((reply.status, body["code"].as_str()), (401, Some("SG5010")));
        assert!(reply.headers.iter().any(|(_, value)| value == "application/problem+json"));
    }
}
