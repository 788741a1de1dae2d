//! HTTP as data: requests, replies, header edits, cookies, paths and redirect targets.
//!
//! Nothing here sends, logs or decides.

mod call;
mod head;

pub use call::{HttpCall, HttpResponse, Reply};
pub use head::{HeaderEdits, OwnedHeaders, RequestHead, SanitizedHead};
