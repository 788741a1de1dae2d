//! `idp.remote_metadata`.

use super::{DataSource, Span, Whole, raw};

raw! {
    /// Metadata that is fetched through a cluster of Envoy, again and again. A fetch that fails changes nothing: the last good
    /// copy is used until its `validUntil`. Before the first copy sign-in is refused; sessions are not touched.
    struct RemoteMetadata {
        /// Address of the document, such as `https://idp.example.com/metadata`. Host, path and query are what is asked
        /// for; whether and how TLS is spoken is up to the cluster.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        uri: Option<String>,
        /// Name of the cluster in Envoy's configuration. Unless `signing_certificates` are given, whoever this cluster
        /// leads to decides who gets in: give it TLS with a `validation_context` and the name of the host.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        cluster: Option<String>,
        /// Time for one fetch, from `0.1s` to `30s`.
        timeout: Span,
        /// No sooner than this after a successful fetch is asked again, whatever `cacheDuration` and `cache-control` say;
        /// from `5s` to `86400s`. After a failure, and when an answer is signed with an unknown key, it is sooner.
        min_refresh_interval: Span,
        /// No later than this after a successful fetch is asked again; from `5s` to `86400s`.
        max_refresh_interval: Span,
        /// Bytes that a document may have, from 1024 to 1048576. A large one holds up every request of a worker while it is
        /// read: give the address of the one entity (metadata query) instead of that of a whole federation.
        max_bytes: Whole,
        /// A document must have a `validUntil`, and one that is no further away than this; from `3600s` to `31536000s`.
        /// Without it an old document, with a key that was stolen since, can be presented for ever.
        max_validity: Option<Span>,
        /// Certificates, at most four, of which one must have signed the document at its root: then it does not matter who can
        /// change it on its way. Two during a change of keys.
        signing_certificates: Vec<DataSource>,
    }
}

impl Default for RemoteMetadata {
    fn default() -> Self {
        Self {
            uri: None,
            cluster: None,
            timeout: Span::seconds(5),
            min_refresh_interval: Span::seconds(300),
            max_refresh_interval: Span::seconds(3600),
            max_bytes: Whole(256 * 1024),
            max_validity: None,
            signing_certificates: Vec::new(),
        }
    }
}
