//! `shared_store`.

use super::{DataSource, Span, raw};

raw! {
    /// A store that all replicas share, so that an assertion is used once among all of them and a logout at one ends the
    /// session at all. Sessions need none: they live in cookies.
    struct SharedStore {
        /// etcd 3.4 or later, by its JSON gateway.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        etcd: Option<Etcd>,
        /// What happens while the store cannot be used.
        on_failure: OnStoreFailure,
        /// How often each Envoy looks for logouts at other replicas, from `1s` to `60s`; looks happen every second at most.
        poll_interval: Span,
        /// With `on_failure: REFUSE`, sessions are answered 503 (SG5014) when the last look was longer ago, or there was
        /// none since Envoy started; from `10s` to `3600s`, and at least three times `poll_interval`.
        max_staleness: Span,
    }
}

raw! {
    /// What happens while the shared store cannot be used.
    words OnStoreFailure {
        /// Sign-ins are refused (SG5022); sessions go on for `max_staleness` and are then answered 503 (SG5014).
        Refuse = "REFUSE",
        /// Each Envoy goes on alone: a response could be used once at each replica by the browser that was to have it, and
        /// logouts reach other replicas when the store is back.
        Continue = "CONTINUE",
    }
}

raw! {
    /// etcd, reached through a cluster of Envoy. Nothing personal is written there and what is read is authenticated, but
    /// whoever can delete keys can let a response be used again or a logout be forgotten: use TLS and a user of its own.
    struct Etcd {
        /// Name of the cluster in Envoy's configuration.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        cluster: Option<String>,
        /// The `:authority` of the calls.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        authority: Option<String>,
        /// Time for one call, from `0.05s` to `10s`. A sign-in usually makes one.
        timeout: Span,
        /// What every key begins with, up to 64 letters, digits and `_-./:`. Replicas of one site share it; other sites in
        /// the same etcd have another one.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
        key_prefix: String,
        /// A user of etcd with the right to read and write keys with `key_prefix`; needs `password`.
        username: Option<String>,
        /// The user's password.
        password: Option<DataSource>,
    }
}
