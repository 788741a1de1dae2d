//! The look of every page of the testbed: plain, readable, light and dark, no script needed.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::browser::escape;

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8886; --accent: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --accent: #8ab4f8; } }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; padding: 2rem 1rem; }
main { max-width: 42rem; margin: 0 auto; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.where { color: GrayText; margin: 0 0 1.5rem; font-size: .9rem; }
label { display: block; margin: 1rem 0 .25rem; }
input { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; border: 1px solid var(--line); border-radius: .25rem; }
button, a.button { font: inherit; display: inline-block; margin-top: 1.25rem; padding: .5rem 1.25rem; border: 0; border-radius: .25rem;
  background: var(--accent); color: Canvas; cursor: pointer; text-decoration: none; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; white-space: nowrap; }
td { overflow-wrap: anywhere; }
code { font: .9em ui-monospace, monospace; }
.alert { border-left: 4px solid #c5221f; padding: .5rem 1rem; }
";

/// A page with `title`, the line `site` that says where one is, and `body` as HTML.
#[must_use]
pub fn page(title: &str, site: &str, body: &str) -> Response {
    with_status(StatusCode::OK, title, site, body)
}

/// The same with another status.
#[must_use]
pub fn with_status(status: StatusCode, title: &str, site: &str, body: &str) -> Response {
    let html = format!(
        concat!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">",
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
            "<title>{title} - {site}</title><style>{style}</style></head>",
            "<body><main><h1>{title}</h1><p class=\"where\">{site}</p>{body}</main></body></html>"
        ),
        title = escape(title),
        site = escape(site),
        style = STYLE,
        body = body,
    );
    let mut response = (status, Html(html)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
