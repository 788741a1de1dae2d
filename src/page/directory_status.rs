//! How far a directory sync is, for operators.

use super::look::Look;
use super::render::{Frame, Html};
use crate::http::Reply;

/// What the page shows: numbers, codes and times, and nothing about anybody.
#[derive(Clone, Debug, Default)]
pub struct DirectoryStatus {
    /// One sentence that says it all.
    pub summary: String,
    /// Nothing went wrong.
    pub good: bool,
    /// How much is done, in thousandths.
    pub permille: Option<u64>,
    /// Names and values.
    pub facts: Vec<(&'static str, String)>,
    /// The last things that went wrong: time, code, detail.
    pub troubles: Vec<[String; 3]>,
    /// Seconds after which the page asks again.
    pub refresh: Option<u32>,
}

/// The page. It needs no script: the browser asks again by itself.
#[must_use]
pub fn directory_status(look: &Look, status: &DirectoryStatus) -> Reply {
    let mut body = Html::new();
    body.verdict(status.good, &status.summary, "");
    if let Some(permille) = status.permille {
        body.progress(permille);
    }
    let facts: Vec<_> =
        status.facts.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect();
    body.table("The last run", &["", ""], &facts);
    let troubles: Vec<_> = status.troubles.iter().map(|trouble| trouble.to_vec()).collect();
    body.table("What went wrong", &["When", "Code", "What"], &troubles);
    let frame = Frame { for_operators: true, wide: true, ..Frame::new(look, 200, "Directory sync") };
    let mut reply = frame.page(&body);
    if let Some(seconds) = status.refresh {
        reply.headers.push((String::from("refresh"), seconds.to_string()));
    }
    reply
}
