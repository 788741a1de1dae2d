//! How an application misbehaves on demand.

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http_body::Frame;
use serde::{Deserialize, Serialize};

use super::{Answer, Incoming};

/// What goes wrong, when, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The method it applies to; every method when empty.
    #[serde(default)]
    pub method: String,
    /// The path it applies to, context path included, begins with this; every path when empty.
    #[serde(default)]
    pub path_prefix: String,
    /// So many matching calls are answered rightly first.
    #[serde(default)]
    pub skip: u32,
    /// How many of the next matching calls fail.
    #[serde(default = "once")]
    pub times: u32,
    /// The call is carried out first, so that only its answer is lost.
    #[serde(default)]
    pub after: bool,
    /// What the caller sees.
    pub effect: Effect,
}

const fn once() -> u32 {
    1
}

/// What the caller sees instead of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// This status as the application words it.
    Status(u16),
    /// Nothing, for an hour.
    Hang,
    /// The connection breaks before the first byte of an answer.
    Reset,
    /// A login page with status 200.
    Html,
    /// The right answer, one byte every so many milliseconds; the call is always carried out.
    SlowBody(u64),
    /// The right answer without its second half, which was promised; with status 200 when nothing was carried out.
    Truncated,
    /// 429 with `Retry-After` of so many seconds.
    RateLimit(u64),
    /// 403 that asks for a CAPTCHA, as Data Center products do.
    Captcha,
    /// The right answer after so many milliseconds; the call is always carried out, and at once.
    Delay(u64),
}

impl Fault {
    /// The next call of `method` to a path that begins with `path_prefix` fails with `effect` and is not carried out.
    #[must_use]
    pub fn new(method: &str, path_prefix: &str, effect: Effect) -> Self {
        Self {
            method: method.to_owned(),
            path_prefix: path_prefix.to_owned(),
            skip: 0,
            times: 1,
            after: false,
            effect,
        }
    }

    /// The same for the next `times` calls.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// The same after `skip` matching calls that are answered rightly.
    #[must_use]
    pub const fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// The same, but the call is carried out first.
    #[must_use]
    pub const fn after(mut self) -> Self {
        self.after = true;
        self
    }
}

impl Fault {
    /// Is the call carried out nevertheless?
    pub(super) const fn lets_through(&self) -> bool {
        self.after || matches!(self.effect, Effect::SlowBody(_) | Effect::Delay(_))
    }
}

/// The fault that meets `incoming`, counted down.
pub(super) fn take(faults: &mut Vec<Fault>, incoming: &Incoming) -> Option<Fault> {
    let meets = |fault: &Fault| {
        fault.times > 0
            && (fault.method.is_empty() || fault.method.eq_ignore_ascii_case(&incoming.method))
            && incoming.target.starts_with(&fault.path_prefix)
    };
    for fault in faults.iter_mut().filter(|fault| meets(fault)) {
        if fault.skip > 0 {
            fault.skip = fault.skip.saturating_sub(1);
            continue;
        }
        fault.times = fault.times.saturating_sub(1);
        let met = fault.clone();
        faults.retain(|fault| fault.times > 0);
        return Some(met);
    }
    None
}

impl Effect {
    /// The status to record where `right` is the status of the right answer; 0 where none is sent.
    pub(super) const fn status(&self, right: u16) -> u16 {
        match self {
            Self::Status(status) => *status,
            Self::Hang | Self::Reset => 0,
            Self::SlowBody(_) | Self::Delay(_) => right,
            Self::Truncated if right != 0 => right,
            Self::Html | Self::Truncated => 200,
            Self::RateLimit(_) => 429,
            Self::Captcha => 403,
        }
    }

    /// Misbehaves; `answer` is the right one where the call was carried out, `error` how the application words a failure.
    pub(super) async fn play(self, answer: Option<Answer>, error: Answer) -> Response {
        match self {
            Self::Status(_) => error.into_response(),
            Self::Delay(milliseconds) => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                answer.unwrap_or(error).into_response()
            }
            Self::Hang => {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                Answer::empty(504).into_response()
            }
            Self::Reset => {
                Answer::empty(200).into_response_with(Body::new(Broken { first: None, length: 1 }))
            }
            Self::Html => {
                Answer::html(200, "<!DOCTYPE html><title>Log in</title><p>Please log in.").into_response()
            }
            Self::SlowBody(milliseconds) => {
                let mut answer = answer.unwrap_or_else(|| Answer::json(200, &serde_json::json!({})));
                let body = core::mem::take(&mut answer.body);
                let pause = Duration::from_millis(milliseconds);
                answer.into_response_with(Body::new(Slow::new(body, pause)))
            }
            Self::Truncated => {
                let mut answer = answer.unwrap_or_else(|| Answer::error(200, "cut off"));
                let mut body = core::mem::take(&mut answer.body);
                let length = body.len() as u64;
                body.truncate(body.len() / 2);
                answer.into_response_with(Body::new(Broken { first: Some(Bytes::from(body)), length }))
            }
            Self::RateLimit(seconds) => error
                .with("retry-after", &seconds.to_string())
                .with("x-ratelimit-limit", "10")
                .with("x-ratelimit-remaining", "0")
                .with("x-ratelimit-interval-seconds", "60")
                .with("x-ratelimit-fillrate", "10")
                .into_response(),
            Self::Captcha => Answer::html(403, "<html><body>Basic Authentication Failure</body></html>")
                .with(
                    "x-authentication-denied-reason",
                    "CAPTCHA_CHALLENGE; login-url=http://localhost/login.jsp",
                )
                .with("x-seraph-loginreason", "AUTHENTICATION_DENIED")
                .into_response(),
        }
    }
}

/// A body that promises `length` bytes and breaks the connection after `first`.
struct Broken {
    first: Option<Bytes>,
    length: u64,
}

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(match self.first.take() {
            Some(first) => Ok(Frame::data(first)),
            None => Err(io::Error::other("the testbed was told to break the connection")),
        }))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.length)
    }
}

/// A body that comes byte by byte.
struct Slow {
    left: std::vec::IntoIter<u8>,
    pause: Duration,
    until_next: Pin<Box<tokio::time::Sleep>>,
}

impl Slow {
    fn new(body: Vec<u8>, pause: Duration) -> Self {
        Self { left: body.into_iter(), pause, until_next: Box::pin(tokio::time::sleep(pause)) }
    }
}

impl HttpBody for Slow {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.until_next.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.until_next = Box::pin(tokio::time::sleep(self.pause));
        Poll::Ready(self.left.next().map(|byte| Ok(Frame::data(Bytes::from(vec![byte])))))
    }
}
