//! What the status page and its data say.

use serde_json::{Value, json};

use super::super::settings::Settings;
use super::progress::{Phase, Progress};
use super::scheduler::next_full;
use crate::base::UnixTime;
use crate::page::DirectoryStatus;

/// The page asks again so often while something goes on.
const REFRESH_SECS: u32 = 5;

/// And so often while nothing does.
const REFRESH_IDLE_SECS: u32 = 60;

/// What the page shows; `progress` is `None` where no run was heard of.
#[must_use]
pub fn view(progress: Option<&Progress>, settings: &Settings, now: UnixTime) -> DirectoryStatus {
    let Some(progress) = progress else {
        return DirectoryStatus {
            summary: String::from("No run was heard of since Envoy started."),
            good: true,
            refresh: Some(REFRESH_SECS),
            ..DirectoryStatus::default()
        };
    };
    let mut facts: Vec<(&'static str, String)> = vec![
        ("Kind", String::from(if progress.full { "everybody" } else { "changes" })),
        ("Changes nothing", String::from(if progress.dry_run { "yes (dry run)" } else { "no" })),
        ("Pages", progress.pages.to_string()),
    ];
    facts.extend(numbers(progress).map(|(name, _, number)| (name, number.to_string())));
    facts.extend(progress.expected.map(|expected| ("People in the directory", expected.to_string())));
    facts.extend(progress.started_at.map(|at| ("Began", at.to_string())));
    facts.extend(progress.updated_at.map(|at| ("Last heard of", at.to_string())));
    facts.extend(progress.remaining().map(|left| ("Time left", format!("about {} s", left.as_secs()))));
    facts.extend(next_full(progress, settings).map(|at| ("Next full run", at.to_string())));
    let works = matches!(progress.phase, Phase::Pulling | Phase::Looking | Phase::Cleaning);
    let silent = progress.updated_at.map_or(0, |at| now.saturating_since(at).as_secs());
    let summary = match progress.phase {
        Phase::Idle => String::from("Nothing was done yet."),
        Phase::Pulling | Phase::Looking | Phase::Cleaning if silent > 120 => {
            format!("Broken off: nothing was heard for {silent} s. It goes on from its checkpoint.")
        }
        Phase::Pulling => String::from("People are pulled."),
        Phase::Looking => String::from("Accounts are looked through for those that nobody saw."),
        Phase::Cleaning => String::from("Accounts of people who are gone are cleaned up."),
        Phase::Done => String::from("The last run ended well."),
        Phase::Failed => String::from("The last run broke off; nobody was cleaned up for it."),
    };
    let troubles = progress.troubles.iter();
    let troubles =
        troubles.map(|trouble| [trouble.at.to_string(), trouble.code.clone(), trouble.detail.clone()]);
    DirectoryStatus {
        summary,
        good: progress.phase != Phase::Failed && !(works && silent > 120),
        permille: progress.permille().filter(|_| works),
        facts,
        troubles: troubles.collect(),
        refresh: Some(if works { REFRESH_SECS } else { REFRESH_IDLE_SECS }),
    }
}

/// The same as data.
#[must_use]
pub fn data(progress: Option<&Progress>, settings: &Settings) -> Value {
    let Some(progress) = progress else { return json!({ "phase": "unknown" }) };
    let at = |at: Option<UnixTime>| at.map(|at| at.to_string());
    let counts: serde_json::Map<String, Value> =
        numbers(progress).map(|(_, name, number)| (name.to_owned(), number.into())).collect();
    let troubles: Vec<Value> = progress
        .troubles
        .iter()
        .map(
            |trouble| json!({ "at": trouble.at.to_string(), "code": trouble.code, "detail": trouble.detail }),
        )
        .collect();
    json!({
        "phase": progress.phase.as_str(),
        "pull": if progress.full { "full" } else { "delta" },
        "dry_run": progress.dry_run,
        "started_at": at(progress.started_at),
        "updated_at": at(progress.updated_at),
        "next_full_at": at(next_full(progress, settings)),
        "pages": progress.pages,
        "expected_people": progress.expected,
        "done_permille": progress.permille(),
        "seconds_left": progress.remaining().map(|left| left.as_secs()),
        "counts": counts,
        "troubles": troubles,
    })
}

fn numbers(progress: &Progress) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
    let counts = progress.counts;
    [
        ("People", "people", counts.people),
        ("Unchanged", "unchanged", counts.unchanged),
        ("Changed", "changed", counts.changed),
        ("Made", "created", counts.created),
        ("Left out by rules", "skipped", counts.skipped),
        ("Not active in the directory", "inactive", counts.inactive),
        ("Failed", "failed", counts.failed),
        ("Told of twice", "repeated", counts.repeated),
        ("Accounts looked at", "accounts", counts.accounts),
        ("Would be cleaned up", "candidates", counts.candidates),
        ("Cleaned up", "cleaned", counts.cleaned),
    ]
    .into_iter()
}
