//! `presets`.

use super::raw;

raw! {
    /// The settings of a product that is replaced.
    words Preset {
        /// Admin Automations: accounts and groups come from elsewhere, rules copy memberships.
        AdminAutomations = "ADMIN_AUTOMATIONS",
        /// The sign-in that is built into Atlassian Data Center: all groups follow the identity provider, every time.
        AtlassianDc = "ATLASSIAN_DC",
        /// EasySSO: every switch is off until it is switched on.
        Easysso = "EASYSSO",
        /// Our reading of Jira Service Management with customers and agents: the portal can only withhold a licence, and a
        /// licence needs a mapped group.
        JsmPortal = "JSM_PORTAL",
        /// miniOrange: groups are set when an account is created, and existing accounts are frozen.
        Miniorange = "MINIORANGE",
        /// resolution's User Sync with its portal script, to the letter: the address decides about the licence, in both
        /// directions.
        ResolutionUserSync = "RESOLUTION_USER_SYNC",
    }
}
