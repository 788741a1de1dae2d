//! The page that every other address shows: who signed in, what came by header, and who uses a licence.

use core::fmt::Write as _;

use super::USER_HEADER;
use super::store::Store;
use crate::stand_in::{Answer, Incoming};

/// Headers about the person in front of the browser begin with one of these.
const IDENTITY_PREFIXES: [&str; 3] = ["x-remote-", "x-saml-", "x-samlgate-"];

const STYLE: &str = "
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--mark:#2a6df433}
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}
nav a{margin-right:1rem}.who{padding:1rem;border:1px solid var(--line);border-radius:.5rem;background:var(--soft)}
.who strong{font-size:1.2rem}.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line)}
td{overflow-wrap:anywhere}tr.identity{background:var(--mark)}code{font-size:.9em}
.tag{display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:0 .6rem;margin:.1rem .2rem .1rem 0;font-size:.9rem}
.tag.seat{background:var(--mark)}footer{margin-top:2rem;font-size:.9rem;opacity:.75}";

/// The page for the path of `incoming`.
pub(super) fn answer(incoming: &Incoming, store: &Store) -> Answer {
    let place = place(&incoming.path);
    let mut page = String::new();
    page.push_str("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
    let _ = write!(page, "<title>{place} - stand-in Jira</title><style>{STYLE}</style></head><body><header>");
    let _ = write!(page, "<h1>{place}</h1><nav aria-label=\"Places\">");
    for (path, name) in [
        ("/", "Home"),
        ("/secure/Dashboard.jspa", "Dashboard"),
        ("/projects/DEMO", "Project"),
        ("/servicedesk/customer/portal/1", "Customer portal"),
    ] {
        let _ = write!(page, "<a href=\"{path}\">{name}</a>");
    }
    page.push_str("</nav></header><main>");
    write_person(&mut page, incoming, store);
    write_headers(&mut page, incoming);
    write_cookies(&mut page, incoming);
    write_users(&mut page, store);
    write_licences(&mut page, store);
    page.push_str(
        "</main><footer>A stand-in for Jira Data Center. It believes every header, so it must not be ",
    );
    page.push_str("reachable except through Envoy. <a href=\"/__testbed/state\">State</a>, ");
    page.push_str("<a href=\"/__testbed/calls\">calls</a> as JSON.</footer></body></html>");
    Answer::html(200, &page)
        .with("cache-control", "no-store")
        .with(
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        )
        .with("x-content-type-options", "nosniff")
}

fn place(path: &str) -> &'static str {
    if path.starts_with("/servicedesk/customer") {
        "Customer portal"
    } else if path.starts_with("/servicedesk") {
        "Service desk"
    } else if path.starts_with("/projects") || path.starts_with("/browse") {
        "Project"
    } else if path.starts_with("/secure/Dashboard") {
        "Dashboard"
    } else {
        "Home"
    }
}

/// As a real application does that authenticates by header: the header names the user, and the user must exist.
fn write_person(page: &mut String, incoming: &Incoming, store: &Store) {
    page.push_str("<section class=\"who\" id=\"who\">");
    match incoming.header(USER_HEADER).map(|name| (name, store.user(name))) {
        None => page.push_str("<p><strong>Anonymous</strong></p><p>No header says who this is.</p>"),
        Some((name, None)) => {
            let _ = write!(
                page,
                "<p><strong>Unknown user</strong></p><p><code>{}</code> has no account here.</p>",
                escape(name)
            );
        }
        Some((_, Some(user))) if !user.active => {
            let _ = write!(
                page,
                "<p><strong>Deactivated</strong></p><p>The account <code>{}</code> may not be used.</p>",
                escape(&user.name)
            );
        }
        Some((_, Some(user))) => {
            let _ = write!(
                page,
                "<p>Signed in as <strong>{}</strong></p><p><code>{}</code> {}</p><p>",
                escape(&user.display_name),
                escape(&user.name),
                escape(&user.email)
            );
            let seats = store.seats_of(&user.name);
            for seat in &seats {
                let _ = write!(page, "<span class=\"tag seat\">uses a {} licence</span>", escape(seat));
            }
            if seats.is_empty() {
                page.push_str("<span class=\"tag\">customer, uses no licence</span>");
            }
            page.push_str("</p>");
        }
    }
    page.push_str("</section>");
}

fn write_headers(page: &mut String, incoming: &Incoming) {
    let _ = write!(
        page,
        "<section><h2>Request</h2><p><code>{} {}</code></p><div class=\"scroll\"><table>\
         <thead><tr><th scope=\"col\">Header</th><th scope=\"col\">Value</th></tr></thead><tbody>",
        escape(&incoming.method),
        escape(&incoming.target)
    );
    for (name, value) in incoming.headers.iter().filter(|(name, _)| name != "cookie") {
        let identity = IDENTITY_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        let _ = write!(
            page,
            "<tr{}><td><code>{}</code></td><td>{}</td></tr>",
            if identity { " class=\"identity\"" } else { "" },
            escape(name),
            escape(value)
        );
    }
    page.push_str("</tbody></table></div></section>");
}

fn write_cookies(page: &mut String, incoming: &Incoming) {
    page.push_str("<section><h2>Cookies that came through</h2>");
    let cookies: Vec<&str> = incoming
        .headers
        .iter()
        .filter(|(name, _)| name == "cookie")
        .flat_map(|(_, value)| value.split(';'))
        .map(str::trim)
        .filter(|cookie| !cookie.is_empty())
        .collect();
    if cookies.is_empty() {
        page.push_str("<p>None.</p>");
    }
    for cookie in cookies {
        let name = cookie.split('=').next().unwrap_or_default();
        let _ = write!(page, "<span class=\"tag\">{}</span>", escape(name));
    }
    page.push_str("</section>");
}

fn write_users(page: &mut String, store: &Store) {
    page.push_str("<section><h2>Users</h2><div class=\"scroll\"><table><thead><tr>");
    for column in ["User", "Name", "E-mail", "Groups", "Licences", "Properties"] {
        let _ = write!(page, "<th scope=\"col\">{column}</th>");
    }
    page.push_str("</tr></thead><tbody>");
    for user in store.users() {
        let _ = write!(
            page,
            "<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td><td>",
            escape(&user.name),
            if user.active { "" } else { " (deactivated)" },
            escape(&user.display_name),
            escape(&user.email)
        );
        write_tags(page, "tag", &store.groups_of(&user.name));
        page.push_str("</td><td>");
        write_tags(page, "tag seat", &store.seats_of(&user.name));
        page.push_str("</td><td>");
        for (key, value) in &user.properties {
            let _ = write!(page, "<code>{}: {}</code>", escape(key), escape(&value.to_string()));
        }
        page.push_str("</td></tr>");
    }
    page.push_str("</tbody></table></div></section><section><h2>Groups</h2>");
    let groups: Vec<String> =
        store.group_names().map(|name| format!("{name} ({})", store.members(name).len())).collect();
    write_tags(page, "tag", &groups);
    page.push_str("</section>");
}

fn write_licences(page: &mut String, store: &Store) {
    page.push_str("<section><h2>Licences</h2><ul>");
    for licence in store.licences() {
        let _ = write!(
            page,
            "<li>{}: {} of {} seats, given by the group <code>{}</code></li>",
            escape(&licence.name),
            store.seats_taken(licence),
            licence.seats,
            escape(&licence.group)
        );
    }
    page.push_str("</ul></section>");
}

fn write_tags(page: &mut String, class: &str, names: &[String]) {
    for name in names {
        let _ = write!(page, "<span class=\"{class}\">{}</span>", escape(name));
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
