//! What a run tells: numbers and codes; people appear only as keyed hashes.

use crate::base::{Code, Rejection};
use crate::effect::{Event, Tell};
use crate::sources::SourceError;

use super::progress::Progress;

/// It broke off.
pub(super) fn failed(rejection: &Rejection, progress: &Progress) -> Vec<Tell> {
    told("sync_failed", Some(rejection), progress)
}

/// It is over.
pub(super) fn done(progress: &Progress) -> Vec<Tell> {
    told("sync_done", None, progress)
}

/// The pull was whole, and nobody was cleaned up.
pub(super) fn not_cleaned(rejection: &Rejection, progress: &Progress) -> Vec<Tell> {
    told("cleanup_stopped", Some(rejection), progress)
}

/// Somebody's groups cannot be read, so they were neither given nor taken.
pub(super) fn groups_unknown(fault: &SourceError) -> Vec<Tell> {
    vec![Tell::Count { outcome: "sync_groups_unknown", code: Some(fault.code()) }]
}

/// Something went wrong with one person.
pub(super) fn person_failed(user: String, rejection: &Rejection) -> Vec<Tell> {
    let event = Event {
        name: "sync_person_failed",
        code: Some(rejection.code),
        fields: vec![
            ("slug", rejection.code.slug().to_owned()),
            ("user", user),
            ("detail", rejection.detail.clone()),
        ],
    };
    vec![Tell::Event(event), Tell::Count { outcome: "sync_person_failed", code: Some(rejection.code) }]
}

fn told(name: &'static str, rejection: Option<&Rejection>, progress: &Progress) -> Vec<Tell> {
    let counts = &progress.counts;
    let mut fields = vec![
        ("pull", (if progress.full { "full" } else { "delta" }).to_owned()),
        ("dry_run", progress.dry_run.to_string()),
        ("pages", progress.pages.to_string()),
    ];
    let numbers = [
        ("people", counts.people),
        ("unchanged", counts.unchanged),
        ("changed", counts.changed),
        ("skipped", counts.skipped),
        ("inactive", counts.inactive),
        ("failed", counts.failed),
        ("candidates", counts.candidates),
        ("cleaned", counts.cleaned),
    ];
    fields.extend(numbers.map(|(name, number)| (name, number.to_string())));
    let code: Option<Code> = rejection.map(|rejection| rejection.code);
    if let Some(rejection) = rejection {
        fields.push(("slug", rejection.code.slug().to_owned()));
        fields.push(("detail", rejection.detail.clone()));
        fields.push(("remedy", rejection.code.remedy().to_owned()));
    }
    let gauge = |name: &str, value| Tell::Gauge { name: format!("sync.{name}"), value };
    let mut tells = vec![Tell::Event(Event { name, code, fields }), Tell::Count { outcome: name, code }];
    tells.extend([
        gauge("people", counts.people),
        gauge("failed_people", counts.failed),
        gauge("cleanup_candidates", counts.candidates),
        gauge("cleaned_up", counts.cleaned),
    ]);
    tells
}
