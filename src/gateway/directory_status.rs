//! The page that shows how far a directory sync is: for whoever presents the configured secret, and for nobody else.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::base::{Code, Rejection};
use crate::effect::Step;
use crate::encoding::base64;
use crate::flow::sync;
use crate::http::Reply;
use crate::page;

use super::{Exchange, Gateway, Host, Request, reader, refuse, reply};

/// Bytes of an `authorization` header that are looked at.
const MAX_AUTHORIZATION: usize = 1024;

impl Gateway {
    pub(super) fn directory_status(&self, request: &Request<'_>, host: &Host<'_>) -> Step<Exchange> {
        let flow = &self.settings.flow;
        let status = flow.sync_status();
        let presented = request.head.text("authorization").and_then(presented);
        let known = status.zip(presented).is_some_and(|(status, presented)| {
            // Each of a fixed length, so that the time tells nothing about the text.
            digest(&presented).ct_eq(&digest(status.secret.expose())).into()
        });
        if !known {
            let rejection = Rejection::new(Code::DirectoryStatusRefused, "the secret is missing or wrong");
            let mut step = refuse(&rejection, &reader::of(request.head, &flow.look));
            if let Step::End { verdict: crate::effect::Verdict::Reply(reply), .. } = &mut step {
                // RFC 7617 2: a browser asks for a password.
                let challenge = "Basic realm=\"directory sync\", charset=\"UTF-8\"";
                reply.headers.push((String::from("www-authenticate"), String::from(challenge)));
            }
            return step;
        }
        let progress = sync::progress(host.shared, flow);
        if reader::of(request.head, &flow.look).wants_html {
            let view = sync::status_view(progress.as_ref(), flow, host.now);
            return reply(page::directory_status(&flow.look, &view));
        }
        let headers = [("content-type", "application/json"), ("cache-control", "no-store")];
        reply(Reply {
            status: 200,
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: sync::status_data(progress.as_ref(), flow).to_string().into_bytes(),
        })
    }
}

/// The bearer token, or the password.
fn presented(authorization: &str) -> Option<String> {
    if authorization.len() > MAX_AUTHORIZATION {
        return None;
    }
    let (scheme, rest) = authorization.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(base64::decode_strict(rest.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::presented;

    #[test]
    fn tokens_and_passwords_are_read_and_nothing_else() {
        for (header, expected) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic b3BzOnNlY3JldA==", Some("secret")),
            ("basic b3BzOnNlOmNyZXQ=", Some("se:cret")),
            ("Basic b3Bz", None),
            ("Basic !!!", None),
            ("Digest abc", None),
            ("abc", None),
            ("", None),
        ] {
            assert_eq!(presented(header).as_deref(), expected, "{header}");
        }
        assert_eq!(presented(&format!("Bearer {}", "x".repeat(2_000))), None);
    }
}
