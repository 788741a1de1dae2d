//! The template and its escaping.

use super::look::{Logo, Look, Support, csp_hash};
use crate::http::Reply;

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

    /// Links of which one is chosen.
    pub(super) fn choices<'a>(&mut self, choices: impl Iterator<Item = (String, &'a str)>) {
        self.0.push_str("<ul class=\"choices\">");
        for (href, text) in choices {
            self.0.push_str(&format!(
                "<li><a class=\"choice\" href=\"{}\">{}</a></li>",
                escape(&href),
                escape(text)
            ));
        }
        self.0.push_str("</ul>");
    }

    /// A bar of which so many thousandths are full.
    pub(super) fn progress(&mut self, permille: u64) {
        let percent = permille / 10;
        self.0.push_str(&format!(
            "<p><progress max=\"1000\" value=\"{permille}\">{percent} %</progress> {percent} %</p>"
        ));
    }

    /// A form with one field, what is wrong with its value, and hidden fields.
    pub(super) fn question(&mut self, action: &str, question: &Question<'_>, hidden: &[(&str, &str)]) {
        let Question { name, label, kind, autocomplete, fault, button } = question;
        self.0.push_str(&format!("<form method=\"post\" action=\"{}\">", escape(action)));
        if let Some(fault) = fault {
            self.0.push_str(&format!("<p id=\"fault\" role=\"alert\">{}</p>", escape(fault)));
        }
        let faulty = if fault.is_some() { " aria-invalid=\"true\" aria-describedby=\"fault\"" } else { "" };
        self.0.push_str(&format!(
            "<label>{} <input type=\"{kind}\" name=\"{name}\" autocomplete=\"{autocomplete}\" required{faulty}></label>",
            escape(label),
        ));
        self.hidden(hidden.iter().copied());
        self.0.push_str(&format!("<button type=\"submit\">{}</button></form>", escape(button)));
    }

    fn hidden<'a>(&mut self, fields: impl Iterator<Item = (&'a str, &'a str)>) {
        for (name, value) in fields {
            self.0.push_str(&format!(
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                escape(name),
                escape(value)
            ));
        }
    }

    /// A form with visible fields: name, label, type, value; and a choice, where there is one to make: name, label, values
    /// with what they are called.
    pub(super) fn inputs(
        &mut self,
        action: &str,
        inputs: &[(&str, &str, &'static str, &str)],
        choice: (&str, &str, &[(&str, &str)]),
        button: &str,
    ) {
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
        let (name, label, values) = choice;
        if values.len() > 1 {
            self.0.push_str(&format!("<label>{} <select name=\"{}\">", escape(label), escape(name)));
            for (value, called) in values {
                self.0.push_str(&format!("<option value=\"{}\">{}</option>", escape(value), escape(called)));
            }
            self.0.push_str("</select></label>");
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

    /// A form of somebody else's making, whose values come through as they are, line breaks included.
    pub(super) fn form_again<'a>(
        &mut self,
        action: &str,
        fields: impl Iterator<Item = (&'a str, &'a str)>,
        button: &str,
    ) {
        self.0.push_str(&format!(
            "<form method=\"post\" action=\"{}\" accept-charset=\"utf-8\">",
            escape(action)
        ));
        for (name, value) in fields {
            self.0.push_str(&format!(
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                escape_whole(name),
                escape_whole(value)
            ));
        }
        self.0.push_str(&format!("<button type=\"submit\">{}</button></form>", escape(button)));
    }

    pub(super) fn form(&mut self, action: &str, fields: &[(&'static str, String)], button: &str) {
        self.0.push_str(&format!("<form method=\"post\" action=\"{}\">", escape(action)));
        self.hidden(fields.iter().map(|(name, value)| (*name, value.as_str())));
        self.0.push_str(&format!("<button type=\"submit\">{}</button></form>", escape(button)));
    }
}

/// What a form asks for.
pub(super) struct Question<'a> {
    pub(super) name: &'static str,
    pub(super) label: &'a str,
    /// The field's type.
    pub(super) kind: &'static str,
    pub(super) autocomplete: &'static str,
    /// What is wrong with what was given.
    pub(super) fault: Option<&'a str>,
    pub(super) button: &'a str,
}

/// What surrounds a page's body.
pub(super) struct Frame<'a> {
    pub(super) look: &'a Look,
    pub(super) status: u16,
    pub(super) title: &'a str,
    /// For people who run the site: in English whatever the site speaks.
    pub(super) for_operators: bool,
    /// Has tables.
    pub(super) wide: bool,
    /// Posts its form by itself.
    pub(super) script: Option<&'static str>,
    /// Its form belongs to the application, which may lead on to anywhere.
    pub(super) leads_on: bool,
}

impl<'a> Frame<'a> {
    pub(super) const fn new(look: &'a Look, status: u16, title: &'a str) -> Self {
        Self { look, status, title, for_operators: false, wide: false, script: None, leads_on: false }
    }

    /// A whole page with the headers that every page of ours carries.
    pub(super) fn page(&self, body: &Html) -> Reply {
        let look = self.look;
        let mut policy = format!(
            "default-src 'none'; style-src '{}'; base-uri 'none'; frame-ancestors 'none'",
            look.style_hash()
        );
        policy.push_str(match look.logo() {
            None => "",
            Some(Logo::Inline(_)) => "; img-src data:",
            Some(Logo::Path(_)) => "; img-src 'self'",
        });
        // An auto-post leads to another origin and maybe on through redirects, all of which `form-action` would have to
        // name; every other form of ours stays here.
        match self.script {
            Some(script) => policy.push_str(&format!("; script-src '{}'", csp_hash(script))),
            None if self.leads_on => {}
            None => policy.push_str("; form-action 'self'"),
        }
        Reply {
            status: self.status,
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
            body: self.html(body).into_bytes(),
        }
    }

    fn html(&self, body: &Html) -> String {
        let look = self.look;
        let title = escape(self.title);
        let site = look.site_name().map(|name| escape(name));
        format!(
            "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}{of}</title>\
             <style>{style}</style></head><body>{header}<main{wide}><h1>{title}</h1>{body}</main>{footer}{script}</body>\
             </html>\n",
            language = if self.for_operators { "en" } else { look.language() },
            of = site.as_ref().map(|name| format!(" \u{2013} {name}")).unwrap_or_default(),
            style = look.style(),
            header = header(look, site.as_deref()),
            wide = if self.wide { " class=\"wide\"" } else { "" },
            body = body.0,
            footer = look.support().map(footer).unwrap_or_default(),
            script = self.script.map(|script| format!("<script>{script}</script>")).unwrap_or_default(),
        )
    }
}

fn header(look: &Look, site: Option<&str>) -> String {
    // The name stands beside the picture, so the picture says nothing more to those who do not see it.
    let logo = match look.logo() {
        None => String::new(),
        Some(Logo::Inline(address) | Logo::Path(address)) => {
            format!("<img src=\"{}\" alt=\"\">", escape(address))
        }
    };
    let name = site.map(|name| format!("<p>{name}</p>")).unwrap_or_default();
    if logo.is_empty() && name.is_empty() { String::new() } else { format!("<header>{logo}{name}</header>") }
}

fn footer(support: &Support) -> String {
    let text = escape(&support.text);
    match &support.uri {
        Some(uri) => format!("<footer><p><a href=\"{}\">{text}</a></p></footer>", escape(uri)),
        None => format!("<footer><p>{text}</p></footer>"),
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        escape_into(&mut out, character);
    }
    out
}

/// As [`escape`], but tabs and line breaks stay (HTML 13.2.5.80).
fn escape_whole(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' | '\r' | '\n' => out.push_str(&format!("&#{};", u32::from(character))),
            other => escape_into(&mut out, other),
        }
    }
    out
}

fn escape_into(out: &mut String, character: char) {
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
