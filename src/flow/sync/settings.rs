//! What an operator chooses about syncs.

use core::time::Duration;
use std::sync::Arc;

use super::super::provisioning::budget::RemovalBounds;
use crate::base::Secret;
use crate::directory::{GroupNaming, GroupsBecome};
use crate::provision::RunGuardrail;
use crate::sources::Source;

/// The checked `directory_sync` of the configuration.
#[derive(Clone)]
pub struct Settings {
    /// Where people come from.
    pub source: Arc<dyn Source>,
    /// How long after the begin of a full pull the next one begins.
    pub full_interval: Duration,
    /// How long after any pull changes are asked for, where the source tells them; `None` never.
    pub delta_interval: Option<Duration>,
    /// People of one page: what is done again when a run breaks off.
    pub page_size: u32,
    /// People who are worked on at a time.
    pub parallel_people: usize,
    /// What groups of the directory are in the application.
    pub groups_become: GroupsBecome,
    /// By what the rules know them.
    pub group_naming: GroupNaming,
    /// Who takes memberships away.
    pub memberships_managed_by: MembershipsManagedBy,
    /// What one run may take away. Above any bound nothing at all is taken away, and the run says so.
    pub guardrail: RunGuardrail,
    /// What one run may take from people who stay. Above it the run stops.
    pub removal_bounds: RemovalBounds,
    /// People who could not be brought to the application. With more of them nobody is cleaned up: something is wrong.
    pub max_failed_people: u64,
    /// What becomes of accounts that the first complete pull does not find.
    pub first_run: FirstRun,
    /// Read and tell, but change nothing.
    pub dry_run: bool,
    /// Where an operator sees how far it is; `None` for nowhere.
    pub status: Option<StatusPage>,
}

/// Who takes memberships away that nobody gives any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MembershipsManagedBy {
    /// Syncs. Sign-ins add what the rules give.
    #[default]
    Directory,
    /// Sign-ins. Syncs give memberships to accounts that they make, and leave the others alone.
    SignIn,
}

/// What becomes of accounts that the first complete pull of a source does not find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstRun {
    /// They are reported.
    #[default]
    ReportOnly,
    /// What `policy.cleanup` says.
    Act,
}

/// A page that shows how far a sync is.
#[derive(Clone)]
pub struct StatusPage {
    /// Its path.
    pub path: String,
    /// What a reader presents as a bearer token or as the password of HTTP's basic authentication.
    pub secret: Secret<String>,
}
