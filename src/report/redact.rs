//! A trace that can be shown to others: who signed in is replaced by placeholders, the same by the same.
//!
//! What is known to be harmless stays (addresses, algorithms, times, identifiers), and everything else of a message is
//! replaced: a list of what is personal would always lack something.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::base::Limits;
use crate::encoding::{base64, percent};
use crate::xml::writer::{escape_attribute, escape_text};
use crate::xml::{Element, Source};

/// Elements of SAML, its metadata and XML signatures whose text says nothing about a person.
const PLAIN_ELEMENTS: &[&str] =
    &["Audience", "AuthnContextClassRef", "AuthnContextDeclRef", "Issuer", "NameIDFormat", "X509Certificate"];

/// Attributes whose value says nothing about a person.
const PLAIN_ATTRIBUTES: &[&str] = &[
    "Algorithm",
    "AuthnInstant",
    "Binding",
    "Destination",
    "Format",
    "FriendlyName",
    "ID",
    "InResponseTo",
    "IssueInstant",
    "Location",
    "Method",
    "Name",
    "NameFormat",
    "NotBefore",
    "NotOnOrAfter",
    "PrefixList",
    "Recipient",
    "SessionNotOnOrAfter",
    "Type",
    "URI",
    "Version",
    "WantAuthnRequestsSigned",
    "entityID",
    "index",
    "isDefault",
    "protocolSupportEnumeration",
    "use",
];

/// Lists below `policy` that do not name groups.
const NO_GROUPS: &[&str] = &["email_domains", "path_prefixes", "values"];

/// Fields of a trace that hold words of ours, or names of things.
const PLAIN_KEYS: &[&str] = &[
    "action",
    "algorithm",
    "check",
    "code",
    "configuration",
    "element",
    "format",
    "friendly_name",
    "key",
    "made_at",
    "made_by",
    "method",
    "name",
    "now",
    "operation",
    "outcome",
    "remedy",
    "section",
    "slug",
    "verdict",
];

/// Fields whose text is about a person, known or not.
const STRICT_KEYS: &[&str] = &["body", "value", "values"];

/// Fields that quote what a message said.
const QUOTING_KEYS: &[&str] = &["detail", "reason"];

/// A shorter text is replaced only where it stands alone: it would be found everywhere.
const MIN_SWEPT: usize = 3;

const LEFT_OUT: &str = "(left out)";

/// A shareable form of `trace`, whose configuration is JSON: `{input: {configuration, response, started_at, account, ..}, report, ..}`. Group names stay
/// only with `keep_groups`.
#[must_use]
pub fn redact(mut trace: Value, keep_groups: bool) -> Value {
    let mut names = Names { keep_groups, ..Names::default() };
    names.of_report(trace.get("report").unwrap_or(&Value::Null));
    if let Some(input) = trace.get_mut("input").and_then(Value::as_object_mut) {
        names.of_account(input.get("account").unwrap_or(&Value::Null));
        // Secrets, all of them.
        input.remove("environment");
        change(input, "configuration", |text| configuration(text, &mut names));
        change(input, "response", |text| Value::from(message(text, &mut names)));
        change(input, "started_at", |text| Value::from(without_query_values(text)));
    }
    let readable = names.read_message || trace.pointer("/report/identity").is_some_and(Value::is_object);
    names.sweep_all(&mut trace, "", readable);
    trace
}

fn change(map: &mut Map<String, Value>, key: &str, how: impl FnOnce(&str) -> Value) {
    if let Some(value) = map.get_mut(key)
        && let Some(text) = value.as_str()
    {
        *value = how(text);
    }
}

/// As a value without its comments, for they may speak of anybody, and without what it holds of secrets.
fn configuration(text: &str, names: &mut Names) -> Value {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return Value::from(LEFT_OUT) };
    names.add_all("user", value.pointer("/test_page/people"));
    names.of_usernames(value.get("policy").unwrap_or(&Value::Null));
    names.of_policy(value.get("policy").unwrap_or(&Value::Null), true);
    without_secrets(&mut value, "", names);
    value
}

fn without_secrets(value: &mut Value, path: &str, names: &mut Names) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_str() {
                    Some(text) if key == "inline_string" && path == "idp.metadata" => {
                        *value = Value::from(message(text, names));
                    }
                    Some(_) if key == "inline_string" => *value = Value::from(LEFT_OUT),
                    _ => without_secrets(
                        value,
                        &format!("{path}{}{key}", if path.is_empty() { "" } else { "." }),
                        names,
                    ),
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(|entry| without_secrets(entry, path, names)),
        _ => {}
    }
}

/// The skeleton of an XML message, given as XML or base64.
fn message(text: &str, names: &mut Names) -> String {
    let bytes = if text.trim_start().starts_with('<') {
        Some(text.trim().as_bytes().to_vec())
    } else {
        base64::decode_xml(text).ok()
    };
    let skeleton = bytes.and_then(|bytes| {
        let source = Source::check(&bytes, &Limits::DEFAULT).ok()?;
        let mut out = String::new();
        skeleton(source.document().ok()?.root(), names, &mut out);
        Some(out)
    });
    names.read_message |= skeleton.is_some();
    skeleton.unwrap_or_else(|| LEFT_OUT.to_owned())
}

/// The element with what is harmless in it. Digests go too: whoever guesses a name could prove it by them.
fn skeleton(element: Element<'_>, names: &mut Names, out: &mut String) {
    let name = element.qualified_name();
    let _ = write!(out, "<{name}");
    for attribute in element.attributes() {
        let plain = PLAIN_ATTRIBUTES.contains(&attribute.local_name)
            || attribute.local_name == "Value" && element.local_name() == "StatusCode";
        let value = if plain { attribute.value.to_owned() } else { names.stand_in(attribute.value) };
        let _ = write!(out, " {}=\"{}\"", attribute.local_name, escape_attribute(&value));
    }
    out.push('>');
    let mut empty = true;
    for child in element.children() {
        empty = false;
        skeleton(child, names, out);
    }
    if empty {
        let text = element.value().unwrap_or(LEFT_OUT);
        let plain = PLAIN_ELEMENTS.contains(&element.local_name());
        out.push_str(&escape_text(&if plain { text.to_owned() } else { names.stand_in(text) }));
    }
    let _ = write!(out, "</{name}>");
}

/// `/browse/X?key=value` with the values taken out.
fn without_query_values(text: &str) -> String {
    let Some((path, query)) = text.split_once('?') else { return text.to_owned() };
    let names = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) => format!("{name}={LEFT_OUT}"),
        None => LEFT_OUT.to_owned(),
    });
    format!("{path}?{}", names.collect::<Vec<_>>().join("&"))
}

/// Who stands for whom.
#[derive(Default)]
struct Names {
    keep_groups: bool,
    read_message: bool,
    /// What a text is replaced by.
    known: BTreeMap<String, String>,
    counts: BTreeMap<&'static str, usize>,
}

impl Names {
    fn add(&mut self, kind: &'static str, text: &str) -> String {
        let text = text.trim();
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        if text.is_empty() {
            return String::new();
        }
        let kept = kind == "group" && self.keep_groups;
        let count = self.counts.entry(kind).or_default();
        *count = count.saturating_add(1);
        let stand_in = match kind {
            _ if kept => text.to_owned(),
            "email" => format!("email-{count}@example.invalid"),
            _ => format!("{kind}-{count}"),
        };
        self.known.insert(text.to_owned(), stand_in.clone());
        stand_in
    }

    /// For a text of which nothing more is known.
    fn stand_in(&mut self, text: &str) -> String {
        self.add(if text.contains('@') { "email" } else { "value" }, text)
    }

    fn add_all(&mut self, kind: &'static str, list: Option<&Value>) {
        for entry in list.and_then(Value::as_array).into_iter().flatten() {
            if let Some(text) = entry.as_str() {
                self.add(kind, text);
            }
        }
    }

    /// The people and groups of a report.
    fn of_report(&mut self, report: &Value) {
        self.add_all("group", report.pointer("/identity/groups/known"));
        for group in report.pointer("/decision/groups").and_then(Value::as_array).into_iter().flatten() {
            group.get("group").and_then(Value::as_str).map(|name| self.add("group", name));
        }
        for (place, kind) in [
            ("/identity/email", "email"),
            ("/identity/username", "user"),
            ("/identity/name_id/value", "name-id"),
            ("/identity/display_name", "name"),
        ] {
            report.pointer(place).and_then(Value::as_str).map(|text| self.add(kind, text));
        }
        let attributes = report.pointer("/identity/attributes").and_then(Value::as_array);
        for value in attributes.into_iter().flatten().filter_map(|attribute| attribute.get("values")) {
            for text in value.as_array().into_iter().flatten().filter_map(Value::as_str) {
                self.stand_in(text);
            }
        }
    }

    /// The person and groups of an account.
    fn of_account(&mut self, account: &Value) {
        self.add_all("group", account.get("groups"));
        self.add_all("group", account.get("existing_groups"));
        for (key, kind) in [
            ("email", "email"),
            ("username", "user"),
            ("display_name", "name"),
            ("customer_login", "name-id"),
        ] {
            account.get(key).and_then(Value::as_str).map(|text| self.add(kind, text));
        }
    }

    /// The people that conditions name.
    fn of_usernames(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    if key == "username" {
                        let texts = value.as_object().into_iter().flat_map(Map::values);
                        texts.filter_map(Value::as_str).for_each(|text| drop(self.add("user", text)));
                    }
                    self.of_usernames(value);
                }
            }
            Value::Array(entries) => entries.iter().for_each(|entry| self.of_usernames(entry)),
            _ => {}
        }
    }

    /// The groups that a configuration names: every list of texts below `policy` but those that name something else.
    fn of_policy(&mut self, value: &Value, groups: bool) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    match value.as_str() {
                        Some(name) if key == "idp_group" => drop(self.add("group", name)),
                        _ => self.of_policy(value, !NO_GROUPS.contains(&key.as_str())),
                    }
                }
            }
            Value::Array(entries) => {
                for entry in entries {
                    match entry.as_str() {
                        Some(name) if groups => drop(self.add("group", name)),
                        _ => self.of_policy(entry, groups),
                    }
                }
            }
            _ => {}
        }
    }

    /// Replaces people wherever they are named. `readable` tells whether everybody is known who can be named.
    fn sweep_all(&mut self, value: &mut Value, key: &str, readable: bool) {
        match value {
            Value::String(text) if !PLAIN_KEYS.contains(&key) => {
                if key == "body"
                    && let Ok(mut body @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text)
                {
                    self.sweep_all(&mut body, key, readable);
                    *text = body.to_string();
                    return;
                }
                let (mut swept, found) = self.sweep(text);
                if STRICT_KEYS.contains(&key) && !found {
                    swept = self.add("value", text);
                } else if !readable && QUOTING_KEYS.contains(&key) {
                    swept = without_quotes(&swept);
                }
                *text = swept;
            }
            Value::Array(entries) => {
                entries.iter_mut().for_each(|entry| self.sweep_all(entry, key, readable))
            }
            Value::Object(map) => {
                for (name, value) in map {
                    // Everything inside a body is from a person's account.
                    let name = if key == "body" { key } else { name };
                    self.sweep_all(value, name, readable);
                }
            }
            _ => {}
        }
    }

    /// The text with stand-ins, and whether anything was known in it.
    fn sweep(&mut self, text: &str) -> (String, bool) {
        let mut forms: Vec<(String, String)> = Vec::new();
        for (from, to) in &self.known {
            if from.len() >= MIN_SWEPT || from == text {
                forms.extend([
                    (percent::query_component(from), percent::query_component(to)),
                    (from.clone(), to.clone()),
                ]);
            }
        }
        // The longest first: a name may begin with another.
        forms.sort_by_key(|(from, _)| core::cmp::Reverse(from.len()));
        let (mut out, mut found, mut rest, mut before) = (String::new(), false, text, None);
        while let Some(next) = rest.chars().next() {
            let word = rest.find(|c: char| !is_address(c)).and_then(|end| rest.get(..end)).unwrap_or(rest);
            let known = || forms.iter().find(|(from, _)| stands_alone(before, from, rest));
            let replaced = if !before.is_some_and(is_address) && is_email(word) {
                Some((word.len(), self.add("email", word)))
            } else {
                known().map(|(from, to)| (from.len(), to.clone()))
            };
            found |= replaced.is_some();
            let (taken, put) = replaced.unwrap_or_else(|| (next.len_utf8(), next.to_string()));
            out.push_str(&put);
            before = rest.get(..taken).and_then(|taken| taken.chars().next_back());
            rest = rest.get(taken..).unwrap_or_default();
        }
        (out, found)
    }
}

/// Does `rest` begin with the whole word `from`, in any case?
fn stands_alone(before: Option<char>, from: &str, rest: &str) -> bool {
    let joined = |one: Option<char>, other: Option<char>| {
        one.is_some_and(char::is_alphanumeric) && other.is_some_and(char::is_alphanumeric)
    };
    rest.get(..from.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(from))
        && !joined(before, from.chars().next())
        && !joined(from.chars().next_back(), rest.get(from.len()..).and_then(|rest| rest.chars().next()))
}

fn is_address(character: char) -> bool {
    character.is_alphanumeric() || "@.+-_%".contains(character)
}

fn is_email(word: &str) -> bool {
    word.replace("%40", "@")
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
}

/// `is `x`, expected `y`` with what is quoted taken out.
fn without_quotes(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(at, part)| if at % 2 == 1 { "…" } else { part });
    parts.collect::<Vec<_>>().join("`")
}
