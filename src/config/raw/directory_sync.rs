//! `directory_sync`.

use super::{DataSource, DirectorySource, Span, Whole, raw};

raw! {
    /// A directory whose people and groups are brought to the application on a schedule, by the same rules as sign-ins:
    /// `policy.required_groups.sync` says who is brought at all, and rules for a request do not hold, because there is none.
    struct DirectorySync {
        /// Where people and groups come from.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        source: Option<DirectorySource>,
        /// From the begin of one full pull to that of the next, from `300s` to `2592000s`.
        full_interval: Span,
        /// From one pull to the next of what changed, from `60s`; only where the source tells changes. What is gone is found
        /// by full pulls only.
        delta_interval: Option<Span>,
        /// People of one page, from 10 to 999: what is done again when a run breaks off.
        page_size: Whole,
        /// People who are worked on at a time, from 1 to 16.
        parallel_people: Whole,
        /// What groups of the directory are in the application.
        groups_become: SyncGroupsBecome,
        /// By what the rules know groups of the directory.
        group_naming: SyncGroupNaming,
        /// Who takes memberships away that nobody gives any more.
        memberships_managed_by: MembershipsManagedBy,
        /// What one run may take away. Above any of these bounds it takes away nothing.
        guardrail: SyncGuardrail,
        /// What becomes of accounts that the first complete pull of a source does not find.
        first_run: FirstRun,
        /// Reads and tells, but changes nothing.
        dry_run: bool,
        /// A page that shows how far it is; without it there is none.
        status: Option<SyncStatus>,
    }
}

raw! {
    /// Who takes memberships away that nobody gives any more.
    words MembershipsManagedBy {
        /// Syncs take away and give; sign-ins give what the rules say.
        Directory = "DIRECTORY",
        /// Sign-ins take away and give; syncs give memberships only to accounts that they make.
        SignIn = "SIGN_IN",
    }
}

raw! {
    /// What groups of the directory are in the application.
    words SyncGroupsBecome {
        /// What the rules make of them, as at a sign-in.
        Groups = "GROUPS",
        /// Organizations of customers; people get no groups of the application.
        Organizations = "ORGANIZATIONS",
    }
}

raw! {
    /// By what the rules know groups of the directory.
    words SyncGroupNaming {
        /// By their names.
        Name = "NAME",
        /// By their ids, as assertions of Entra ID name them.
        Id = "ID",
    }
}

raw! {
    /// Bounds on what one run takes away.
    struct SyncGuardrail {
        /// Accounts that one run may clean up, from 1 to 10000.
        max_deactivations: Whole,
        /// The same in percent of the accounts that are known to be the directory's, from 1 to 100.
        max_deactivation_percent: Whole,
        /// Memberships that one run may take from people who stay, from 1 to 1000000. Above it the run stops.
        max_group_removals: Whole,
        /// How many of a hundred people one run may take memberships from, from 1 to 100. It says nothing about five people
        /// or fewer.
        max_group_removal_percent: Whole,
        /// People who could not be brought to the application. With more of them nobody is cleaned up.
        max_failed_people: Whole,
    }
}

raw! {
    /// What becomes of accounts that the first complete pull of a source does not find.
    words FirstRun {
        /// They are reported, and stay.
        ReportOnly = "REPORT_ONLY",
        /// What `policy.cleanup` says.
        Act = "ACT",
    }
}

raw! {
    /// A page that shows how far a sync is, and with `accept: application/json` the same as data.
    struct SyncStatus {
        /// Its path.
        path: String,
        /// A text of at least 20 characters. Whoever presents it, as a bearer token or as the password of HTTP's basic
        /// authentication with any user name, sees the page.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        secret: Option<DataSource>,
    }
}
