//! `portals`.

use super::{Empty, Whole, raw};

raw! {
    /// Which portals of Jira Service Management lead to sign-in: exactly one of the keys. Whoever has a session is known at
    /// the others too.
    choice Portals {
        /// All, and all pages around them.
        All(Empty),
        /// None; the application asks for a password where it wants one.
        None(Empty),
        /// These; no other page of the help centre.
        Only(PortalIds),
        /// All but these; the application's own pages for signing in and up stay open.
        AllExcept(PortalIds),
    }
}

raw! {
    /// Portals.
    #[derive(Default)]
    struct PortalIds {
        /// Their numbers: `7` in `/servicedesk/customer/portal/7`.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 100), extend("x-required" = true)))]
        ids: Vec<Whole>,
    }
}
