//! `directory_sync`.

use crate::config::raw::{
    DirectorySync, FirstRun, MembershipsManagedBy, Span, SyncGroupNaming, SyncGroupsBecome, SyncGuardrail,
    SyncStatus, Whole,
};

impl Default for DirectorySync {
    fn default() -> Self {
        Self {
            source: None,
            full_interval: Span::seconds(86_400),
            delta_interval: None,
            page_size: Whole(100),
            parallel_people: Whole(4),
            groups_become: SyncGroupsBecome::Groups,
            group_naming: SyncGroupNaming::Name,
            memberships_managed_by: MembershipsManagedBy::Directory,
            guardrail: SyncGuardrail::default(),
            first_run: FirstRun::ReportOnly,
            dry_run: false,
            status: None,
        }
    }
}

impl Default for SyncGuardrail {
    fn default() -> Self {
        Self {
            max_deactivations: Whole(50),
            max_deactivation_percent: Whole(10),
            max_group_removals: Whole(200),
            max_group_removal_percent: Whole(10),
            max_failed_people: Whole(10),
        }
    }
}

impl Default for SyncStatus {
    fn default() -> Self {
        Self { path: String::from("/saml/directory-sync"), secret: None }
    }
}
