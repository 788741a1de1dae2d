//! `directory_sync`.

use core::ops::RangeInclusive;
use core::time::Duration;

use super::application::organizations_of_directory;
use super::directory_source::directory_source;
use super::own_path::own_path;
use super::{Checker, optional, quoted};
use crate::config::path::Path;
use crate::config::raw::{self, Span, Whole};
use crate::directory::{GroupNaming, GroupsBecome};
use crate::flow::Provisioning;
use crate::flow::cleanup::absence;
use crate::flow::sync::{FirstRun, MembershipsManagedBy, RemovalBounds, Settings, StatusPage};
use crate::policy::CleanupMode;
use crate::provision::RunGuardrail;

/// Characters of the secret: as many random ones from 64 make 120 bits.
const MIN_SECRET_CHARACTERS: usize = 20;

/// A pull of ten thousand people takes minutes; a month is longer than anybody should stay who left.
const FULL_INTERVAL: RangeInclusive<u64> = 300..=2_592_000;

/// Directories limit how often they are asked; Microsoft's changes appear within minutes anyway.
const DELTA_INTERVAL: RangeInclusive<u64> = 60..=2_592_000;

/// Below ten, calls cost more than people; 999 is the most that Microsoft Graph gives.
const PAGE_SIZE: RangeInclusive<u64> = 10..=999;

/// Half of the 32 connections that an application of ordinary size has for everybody.
const PARALLEL_PEOPLE: RangeInclusive<u64> = 1..=16;

/// Each is kept by name until all are known: 10,000 are one megabyte.
const MAX_DEACTIVATIONS: RangeInclusive<u64> = 1..=10_000;

/// All of 150,000 people who lose all that somebody may be in would be fifteen hundred million; a million is a large company
/// that reorganizes itself.
const MAX_GROUP_REMOVALS: RangeInclusive<u64> = 1..=1_000_000;

const PERCENT: RangeInclusive<u64> = 1..=100;

pub(super) fn directory_sync(
    raw: &raw::DirectorySync,
    configuration: &raw::Configuration,
    checker: &mut Checker<'_>,
) -> Option<Settings> {
    let at = Path::default().field("directory_sync");
    if configuration.provisioning.is_none() {
        checker.missing(&Path::default().field("provisioning"), "the application that people are brought to");
    }
    if matches!(raw.groups_become, raw::SyncGroupsBecome::Organizations) {
        organizations_of_directory(configuration, &at.field("groups_become"), checker);
    }
    let full_interval = span(raw.full_interval, FULL_INTERVAL, &at.field("full_interval"), checker);
    let delta_at = at.field("delta_interval");
    let delta_interval = raw.delta_interval.map(|delta| span(delta, DELTA_INTERVAL, &delta_at, checker));
    let page_size = whole(raw.page_size, PAGE_SIZE, &at.field("page_size"), checker);
    let parallel = whole(raw.parallel_people, PARALLEL_PEOPLE, &at.field("parallel_people"), checker);
    let guardrail = guardrail(&raw.guardrail, &at.field("guardrail"), checker);
    let removal_bounds = removal_bounds(&raw.guardrail, &at.field("guardrail"), checker);
    let source = directory_source(raw, &at.field("source"), checker);
    if let Some(source) = source.as_ref().filter(|source| raw.delta_interval.is_some() && !source.has_delta())
    {
        let detail = format_args!("`{}` does not tell what changed", source.name());
        checker.conflict(&delta_at, at.field("source"), detail);
    }
    let status = raw.status.as_ref().map(|raw| status(raw, &at.field("status"), configuration, checker));
    Some(Settings {
        full_interval: full_interval?,
        delta_interval: optional(delta_interval)?,
        page_size: u32::try_from(page_size?).ok()?,
        parallel_people: usize::try_from(parallel?).ok()?,
        memberships_managed_by: match raw.memberships_managed_by {
            raw::MembershipsManagedBy::Directory => MembershipsManagedBy::Directory,
            raw::MembershipsManagedBy::SignIn => MembershipsManagedBy::SignIn,
        },
        source: source?,
        groups_become: match raw.groups_become {
            raw::SyncGroupsBecome::Groups => GroupsBecome::Groups,
            raw::SyncGroupsBecome::Organizations => GroupsBecome::Organizations,
        },
        group_naming: match raw.group_naming {
            raw::SyncGroupNaming::Name => GroupNaming::Name,
            raw::SyncGroupNaming::Id => GroupNaming::Id,
        },
        guardrail: guardrail?,
        removal_bounds: removal_bounds?,
        max_failed_people: raw.guardrail.max_failed_people.0,
        first_run: match raw.first_run {
            raw::FirstRun::ReportOnly => FirstRun::ReportOnly,
            raw::FirstRun::Act => FirstRun::Act,
        },
        dry_run: raw.dry_run,
        status: optional(status)?,
    })
}

/// Can the application do what is to become of the accounts of people who are gone?
pub(super) fn cleanup(mode: CleanupMode, provisioning: &Provisioning, checker: &mut Checker<'_>) {
    let Some(absence) = absence(mode) else { return };
    let capabilities = provisioning.target.capabilities();
    let at = Path::default().field("policy.cleanup.mode");
    let target = Path::default().field("provisioning").field(provisioning.target.name());
    if !capabilities.lists_accounts {
        checker.conflict(
            &at,
            target,
            "the application cannot list its accounts, so nobody knows who is gone",
        );
    } else if !absence.is_possible(&capabilities) {
        checker.conflict(&at, target, "the application cannot do this to an account");
    }
}

fn guardrail(raw: &raw::SyncGuardrail, at: &Path, checker: &mut Checker<'_>) -> Option<RunGuardrail> {
    let most = whole(raw.max_deactivations, MAX_DEACTIVATIONS, &at.field("max_deactivations"), checker);
    let percent_at = at.field("max_deactivation_percent");
    let percent = whole(raw.max_deactivation_percent, PERCENT, &percent_at, checker);
    Some(RunGuardrail { max_deactivations: most?, max_deactivation_percent: u8::try_from(percent?).ok()? })
}

fn removal_bounds(raw: &raw::SyncGuardrail, at: &Path, checker: &mut Checker<'_>) -> Option<RemovalBounds> {
    let most = whole(raw.max_group_removals, MAX_GROUP_REMOVALS, &at.field("max_group_removals"), checker);
    let percent_at = at.field("max_group_removal_percent");
    let percent = whole(raw.max_group_removal_percent, PERCENT, &percent_at, checker);
    Some(RemovalBounds { max_group_removals: most?, max_group_removal_percent: u8::try_from(percent?).ok()? })
}

fn status(
    raw: &raw::SyncStatus,
    at: &Path,
    configuration: &raw::Configuration,
    checker: &mut Checker<'_>,
) -> Option<StatusPage> {
    own_path(&raw.path, &at.field("path"), configuration, checker);
    let secret_at = at.field("secret");
    let secret = checker.required_text(raw.secret.as_ref(), &secret_at, "a text that only operators know")?;
    if secret.expose().chars().count() < MIN_SECRET_CHARACTERS {
        let expected = format_args!("a text of at least {MIN_SECRET_CHARACTERS} characters");
        checker.invalid(&secret_at, "", expected);
    }
    Some(StatusPage { path: raw.path.clone(), secret })
}

fn span(raw: Span, within: RangeInclusive<u64>, at: &Path, checker: &mut Checker<'_>) -> Option<Duration> {
    let (least, most) = (Duration::from_secs(*within.start()), Duration::from_secs(*within.end()));
    if raw.0 < least || raw.0 > most {
        let expected = format_args!("`{}s` to `{}s`", within.start(), within.end());
        checker.invalid(at, quoted(&raw.to_string()), expected);
        return None;
    }
    Some(raw.0)
}

fn whole(raw: Whole, within: RangeInclusive<u64>, at: &Path, checker: &mut Checker<'_>) -> Option<u64> {
    if !within.contains(&raw.0) {
        checker.invalid(at, raw.0, format_args!("{} to {}", within.start(), within.end()));
        return None;
    }
    Some(raw.0)
}
