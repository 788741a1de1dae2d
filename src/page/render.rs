//! The template and its escaping.

use sha2::{Digest, Sha256};

use crate::encoding::base64;
use crate::http::Reply;

/// The look of every page.
const STYLE: &str = ":root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.2rem}h1{font-size:1.5rem}small{color:GrayText}button,a.button{font:inherit;padding:.5rem 1.2rem}label{display:block;margin:.8rem 0}input{font:inherit;width:100%;box-sizing:border-box;padding:.3rem}main.wide{font-size:1rem}body:has(main.wide){max-width:70rem;margin:4vh auto}table{border-collapse:collapse;width:100%;margin-bottom:1rem}th,td{text-align:left;vertical-align:top;padding:.25rem .6rem;border-bottom:1px solid GrayText;overflow-wrap:anywhere}h2{font-size:1.15rem;margin-bottom:.3rem}strong.bad{color:#c62828}strong.good{color:#2e7d32}";

/// A fragment of HTML: everything that goes in is escaped on the way.
pub(super) struct Html(String);

impl Html {
    pub(super) const fn new() -> Self {
        Self(String::new())
    }

    pub(super) fn element(&mut self, name: &'static str, text: &str) {
        self.0.push_str(&format!("<{name}>{}</{name}>", escape(text)));
    }

    pub(super) fn link(&mut self, href: &str, text: &str) {
        self.0.push_str(&format!("<p><a href=\"{}\">{}</a></p>", escape(href), escape(text)));
    }

    pub(super) fn small(&mut self, pairs: &[(&str, &str)]) {
        let text: Vec<String> = pairs
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{}: {}", escape(name), escape(value)))
            .collect();
        self.0.push_str(&format!("<p><small>{}</small></p>", text.join(" &middot; ")));
    }

    /// A form with visible fields: name, label, type, value.
    pub(super) fn inputs(&mut self, action: &str, inputs: &[(&str, &str, &'static str, &str)], button: &str) {
        self.0
            .push_str(&format!("<form method=\"post\" action=\"{}\" autocomplete=\"off\">", escape(action)));
        for (name, label, kind, value) in inputs {
            self.0.push_str(&format!(
                "<label>{} <input type=\"{kind}\" name=\"{}\" value=\"{}\"></label>",
                escape(label),
                escape(name),
                escape(value)
            ));
        }
        self.0.push_str(&format!("<button type=\"submit\">{}</button></form>", escape(button)));
    }

    /// A table with a heading of its own; nothing at all without rows.
    pub(super) fn table(&mut self, title: &str, columns: &[&str], rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        self.element("h2", title);
        self.0.push_str("<table><thead><tr>");
        for column in columns {
            self.0.push_str(&format!("<th scope=\"col\">{}</th>", escape(column)));
        }
        self.0.push_str("</tr></thead><tbody>");
        for row in rows {
            self.0.push_str("<tr>");
            for cell in row {
                self.0.push_str(&format!("<td>{}</td>", escape(cell)));
            }
            self.0.push_str("</tr>");
        }
        self.0.push_str("</tbody></table>");
    }

    /// A sentence that begins with a verdict.
    pub(super) fn verdict(&mut self, good: bool, verdict: &str, text: &str) {
        let class = if good { "good" } else { "bad" };
        self.0.push_str(&format!(
            "<p><strong class=\"{class}\">{}</strong> {}</p>",
            escape(verdict),
            escape(text)
        ));
    }

    pub(super) fn form(&mut self, action: &str, fields: &[(&'static str, String)], button: &str) {
        self.0.push_str(&format!("<form method=\"post\" action=\"{}\">", escape(action)));
        for (name, value) in fields {
            self.0.push_str(&format!(
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                escape(name),
                escape(value)
            ));
        }
        self.0.push_str(&format!("<button type=\"submit\">{}</button></form>", escape(button)));
    }
}

/// A whole page with the headers that every page of ours carries.
pub(super) fn page(status: u16, title: &str, body: &Html, script: Option<&'static str>) -> Reply {
    whole(status, title, body, script, "<main>")
}

/// A page for tables.
pub(super) fn wide_page(status: u16, title: &str, body: &Html) -> Reply {
    whole(status, title, body, None, "<main class=\"wide\">")
}

fn whole(status: u16, title: &str, body: &Html, script: Option<&'static str>, main: &'static str) -> Reply {
    let mut policy = format!(
        "default-src 'none'; style-src '{}'; base-uri 'none'; frame-ancestors 'none'",
        csp_hash(STYLE)
    );
    // An auto-post leads to another origin and maybe on through redirects, all of which `form-action` would have to
    // name; every other form of ours stays here.
    match script {
        Some(script) => policy.push_str(&format!("; script-src '{}'", csp_hash(script))),
        None => policy.push_str("; form-action 'self'"),
    }
    let script = script.map(|script| format!("<script>{script}</script>")).unwrap_or_default();
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body>{main}<h1>{title}</h1>{body}</main>{script}</body></html>\n",
        title = escape(title),
        body = body.0,
    );
    Reply {
        status,
        headers: [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("content-security-policy", policy.as_str()),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect(),
        body: html.into_bytes(),
    }
}

fn csp_hash(inline: &str) -> String {
    format!("sha256-{}", base64::encode(&Sha256::digest(inline.as_bytes())))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters have no business on a page and some are illegal in HTML.
            other if other.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}
