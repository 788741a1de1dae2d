//! `emergency_access`.

use super::{DataSource, Span, Whole, raw};

raw! {
    /// A way past single sign-on for the administrators of the application, for the day on which the identity provider cannot
    /// be reached. Whoever shows the secret reaches the application without a session and without identity headers, so that
    /// its own sign-in applies. Every use is in the audit trail.
    struct EmergencyAccess {
        /// The path of its page.
        path: String,
        /// Text of at least 24 characters that has to be shown. Another text ends what was granted for the one before.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        secret: Option<DataSource>,
        /// How long it lasts, 60 seconds to 4 hours.
        duration: Span,
        /// Where the browser goes that was let through: a path of this site, such as the application's own sign-in page.
        landing_path: String,
        /// Networks from which it may be asked for, such as `10.0.0.0/8` or `2001:db8::/32`, compared with the client's
        /// address as Envoy knows it (`source.address`, which follows `use_remote_address` and `xff_num_trusted_hops`); empty
        /// for all.
        #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
        allowed_client_networks: Vec<String>,
        /// How many secrets one client may try within `attempt_window`, right or wrong; addresses of one IPv6 network of 64
        /// bits are one client.
        max_attempts: Whole,
        /// How long an attempt counts, 60 seconds to 24 hours.
        attempt_window: Span,
    }
}
