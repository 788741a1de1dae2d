//! HTTP as data: requests, replies, header edits, cookies, paths and redirect targets.
//!
//! Nothing here sends, logs or decides.

mod call;
pub mod cookie;
mod head;
pub mod matcher;
pub mod network;
pub mod path;
pub mod redirect_target;
pub mod substitution;

pub use call::{HttpCall, HttpResponse, Reply};
pub use cookie::{CookieRemoval, SameSite, SetCookie};
pub use head::{HeaderEdits, HeaderValue, OwnedHeaders, Property, RequestHead, SanitizedHead};
pub use matcher::{HeaderMatch, HeaderValueMatch, HostMatch, PathMatch, RequestMatch, StringMatch};
pub use path::{NormalizedPath, PathError};
pub use redirect_target::{RedirectTarget, RedirectTargetError};
pub use substitution::{CaptureRegex, RegexRewrite, Substitution};
