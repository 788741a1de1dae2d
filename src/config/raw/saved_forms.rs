//! `saved_forms`.

use super::{Whole, raw};

raw! {
    /// Forms that are sent with a session that has ended are kept, encrypted in Envoy's memory, until the same person has
    /// signed in again in the same browser, and then sent at the press of a button. Only forms of this site's own pages are
    /// kept, and no uploads.
    struct SavedForms {
        /// Path below which people find their forms again.
        path: String,
        /// Bytes of one form, 1024 to 65536; a larger one is refused with a page that says so.
        #[cfg_attr(feature = "schema", schemars(range(min = 1024, max = 65_536)))]
        max_bytes: Whole,
        /// Forms that wait at a time, 1 to 4096. Each takes at most a third more than `max_bytes` of Envoy's memory, which
        /// is not given back.
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 4096)))]
        max_forms: Whole,
    }
}
