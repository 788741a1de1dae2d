//! A report as text for people: sections, and columns that stand below one another.

use core::fmt::{self, Write as _};

use super::{CheckOutcome, Groups, Identity, Outcome, Report, Response};

/// Widest column before the last: a longer cell pushes the rest of its own line only.
const MAX_COLUMN: usize = 44;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        section(f, "Checks", &self.checks.iter().map(check).collect::<Vec<_>>())?;
        section(f, "Response", &self.response.as_ref().map(response).unwrap_or_default())?;
        section(f, "Identity", &self.identity.as_ref().map(identity).unwrap_or_default())?;
        section(f, "Attributes received", &self.identity.as_ref().map(attributes).unwrap_or_default())?;
        if let Some(decision) = &self.decision {
            let customer = if decision.customer { "yes" } else { "no" };
            section(
                f,
                "Decision",
                &[
                    row(["access", decision.access.outcome, &decision.access.rule]),
                    row(["account", decision.account.action, &decision.account.reason]),
                    row(["by the portal", customer, ""]),
                ],
            )?;
            let groups = decision.groups.iter();
            section(
                f,
                "Groups",
                &groups.map(|group| row([group.verdict, &group.group, &group.rule])).collect::<Vec<_>>(),
            )?;
            section(f, "Notes", &decision.notes.iter().map(|note| row([note])).collect::<Vec<_>>())?;
        }
        let headers = self.headers.iter();
        section(
            f,
            "Headers to the application",
            &headers.map(|header| row([&header.name, &header.value])).collect::<Vec<_>>(),
        )?;
        let operations = self.operations.iter();
        section(
            f,
            "Changes at the application",
            &operations
                .map(|operation| row([operation.operation, &operation.detail, &operation.reason]))
                .collect::<Vec<_>>(),
        )?;
        let calls = self.calls.iter();
        section(
            f,
            "Calls",
            &calls
                .map(|call| row([call.method, &call.path, call.body.as_deref().unwrap_or_default()]))
                .collect::<Vec<_>>(),
        )
    }
}

impl Report {
    fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.outcome, self.code) {
            (Outcome::Accepted, _) => writeln!(f, "ACCEPTED: {}", line(&self.reason))?,
            (Outcome::Rejected, Some(code)) => {
                writeln!(f, "REJECTED {code} {}: {}", self.slug.unwrap_or_default(), line(&self.reason))?;
            }
            (Outcome::Rejected, None) => writeln!(f, "REJECTED: {}", line(&self.reason))?,
        }
        match self.remedy {
            Some(remedy) => writeln!(f, "What to do: {remedy}."),
            None => Ok(()),
        }
    }
}

type Row = Vec<String>;

fn row<const N: usize>(cells: [&str; N]) -> Row {
    cells.iter().map(|cell| line(cell)).collect()
}

/// `text` on one line, without what would change the line when it is shown: what somebody sent must not be able to paint
/// over what we say about it.
fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_invisible(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

/// Characters that turn the direction of a line or take no room in it.
const fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn check(check: &super::Check) -> Row {
    let mark = match check.outcome {
        CheckOutcome::Passed => "ok",
        CheckOutcome::Failed => "FAILED",
        CheckOutcome::NotReached => "-",
    };
    row([mark, check.check, check.section, &check.detail])
}

fn response(response: &Response) -> Vec<Row> {
    let mut rows = vec![
        row(["issuer", response.issuer.as_deref().unwrap_or("(none)")]),
        row(["answers", response.in_response_to.as_deref().unwrap_or("(no request)")]),
        row(["issued", &response.issue_instant]),
        row(["destination", response.destination.as_deref().unwrap_or("(none)")]),
        row(["encrypted", if response.encrypted { "yes" } else { "no" }]),
    ];
    for signature in &response.signatures {
        let text = format!("{}, {}, key {}", signature.element, signature.algorithm, signature.key);
        rows.push(row(["signed", &text]));
    }
    if let Some(seconds) = response.clock_skew_seconds {
        let text = match seconds {
            0 => String::from("in step with ours"),
            1.. => format!("{seconds} s ahead of ours"),
            _ => format!("{} s behind ours, time of travel included", seconds.unsigned_abs()),
        };
        rows.push(row(["clock", &text]));
    }
    rows
}

fn identity(identity: &Identity) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(name_id) = &identity.name_id {
        rows.push(row(["NameID", &name_id.value]));
        rows.push(row(["format", name_id.format.as_deref().unwrap_or("(unspecified)")]));
    }
    for (name, value) in [
        ("user name", &identity.username),
        ("e-mail", &identity.email),
        ("display name", &identity.display_name),
    ] {
        rows.push(row([name, value.as_deref().unwrap_or("(none)")]));
    }
    match &identity.groups {
        Some(Groups::Known(groups)) if groups.is_empty() => rows.push(row(["groups", "(none)"])),
        Some(Groups::Known(groups)) => {
            rows.extend(
                groups
                    .iter()
                    .enumerate()
                    .map(|(at, group)| row([if at == 0 { "groups" } else { "" }, group])),
            );
        }
        Some(Groups::Unknown(why)) => rows.push(row(["groups", &format!("not known: {why}")])),
        None => {}
    }
    rows
}

fn attributes(identity: &Identity) -> Vec<Row> {
    let mut rows = Vec::new();
    for attribute in &identity.attributes {
        let name = match &attribute.friendly_name {
            Some(friendly) => format!("{} ({friendly})", attribute.name),
            None => attribute.name.clone(),
        };
        if attribute.values.is_empty() {
            rows.push(row([&name, "(no value)"]));
        }
        rows.extend(
            attribute
                .values
                .iter()
                .enumerate()
                .map(|(at, value)| row([if at == 0 { name.as_str() } else { "" }, value])),
        );
    }
    rows
}

/// A heading and its rows; nothing where there are none.
fn section(f: &mut fmt::Formatter<'_>, heading: &str, rows: &[Row]) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).filter(|width| *width <= MAX_COLUMN).max().unwrap_or(0)
        })
        .collect();
    writeln!(f, "\n{heading}")?;
    for row in rows {
        let mut text = String::from(" ");
        for (cell, width) in row.iter().zip(&widths) {
            write!(text, " {cell:<width$} ")?;
        }
        writeln!(f, "{}", text.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Attribute, Header};
    use super::*;
    use crate::base::{Code, Rejection};

    #[test]
    fn what_was_sent_cannot_paint_over_the_report() {
        let mut report = Report::accepted();
        report.identity = Some(Identity {
            name_id: None,
            username: Some(String::from("al\u{202e}ice\u{1b}[2J\r\nACCEPTED")),
            email: None,
            display_name: None,
            groups: Some(Groups::Unknown(String::from("claim missing"))),
            attributes: vec![Attribute {
                name: String::from("a\nb"),
                friendly_name: Some(String::from("\u{7}")),
                values: vec![String::from("one"), String::from("two")],
            }],
        });
        let text = report.to_string();
        assert!(text.lines().filter(|line| line.contains("ACCEPTED")).count() == 2, "{text}");
        assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{text:?}");
        assert!(!text.contains('\u{202e}'));
        assert!(text.contains("  a\\u{a}b (\\u{7})  one\n                   two\n"), "{text}");
    }

    #[test]
    fn columns_stand_below_one_another_and_a_long_cell_moves_only_its_own_line() {
        let mut report = Report::rejected(&Rejection::new(Code::DigestMismatch, "changed"));
        let long = "x".repeat(60);
        for (name, value) in [("a", "1"), ("bb", "2"), (long.as_str(), "3")] {
            report.headers.push(Header { name: name.to_owned(), value: value.to_owned() });
        }
        let expected = format!("\nHeaders to the application\n  a   1\n  bb  2\n  {long}  3\n");
        let text = report.to_string();
        assert!(text.ends_with(&expected), "{text}");
        assert!(text.starts_with("REJECTED SG3004 digest_mismatch: changed\nWhat to do: "), "{text}");
    }

    #[test]
    fn nothing_personal_is_printed_by_debug() {
        let mut report = Report::accepted();
        report.headers.push(Header { name: String::from("x-user"), value: String::from("alice") });
        report.reason = String::from("alice may enter");
        assert!(!format!("{report:?}").contains("alice"));
    }
}
