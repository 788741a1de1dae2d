//! `session` and `limits`.

use super::{DataSource, Span, Whole, raw};

raw! {
    /// Session cookies and lifetimes. Sessions live in sealed cookies, so replicas that share the keys share sessions.
    struct Session {
        /// Keys of at least 32 random bytes each, in base64 (`samlgate` never derives keys from passwords). The first
        /// seals; all open, so a new key is put first and the old one removed after `absolute_timeout`.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 8), extend("x-required" = true)))]
        keys: Vec<DataSource>,
        /// The session cookie.
        cookie: Cookie,
        /// A session ends this long after sign-in; from `60s` to `2592000s` (30 days). It ends earlier if the identity
        /// provider says so.
        absolute_timeout: Span,
        /// A session ends after this long without a request; at least `60s` and at most `absolute_timeout`. `null`
        /// switches it off.
        #[serde(deserialize_with = "null_means_off")]
        #[cfg_attr(feature = "schema", schemars(extend("x-null" = true)))]
        idle_timeout: Option<Span>,
        /// A sign-in must be completed within this long; from `60s` to `3600s`.
        pending_request_timeout: Span,
        /// Sign-ins that one browser may have under way, 1 to 32; beyond it the oldest is forgotten.
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 32)))]
        max_pending_requests: Whole,
        /// Bytes of all session cookies together, 4096 to 65536. Keep it below the header limits of Envoy (60 KiB) and
        /// of every proxy in between.
        #[cfg_attr(feature = "schema", schemars(range(min = 4096, max = 65_536)))]
        max_cookie_bytes: Whole,
    }
}

/// `null` and a value both replace the default, which is what `Option` in a defaulted map does; named so that the one
/// place where `null` means something is found.
fn null_means_off<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    serde::Deserialize::deserialize(deserializer)
}

raw! {
    /// The session cookie; always `Secure` and `HttpOnly`.
    struct Cookie {
        /// Its name; a session that needs more room adds `NAME.1` and so on. A name that begins with `__Host-` needs
        /// `path` `/` and no `domain`; one that begins with `__Secure-` has no such limits.
        name: String,
        /// `Domain` attribute, to share the session with hosts below it.
        domain: Option<String>,
        /// `Path` attribute.
        path: String,
        /// `SameSite` attribute.
        same_site: CookieSameSite,
        /// `Partitioned` attribute, for applications that run inside frames of other sites; needs `same_site: NONE`.
        partitioned: bool,
    }
}

raw! {
    /// `SameSite` attribute of the session cookie.
    words CookieSameSite {
        /// Sent with requests from this site and with navigations to it.
        Lax = "LAX",
        /// Sent with requests from this site only: a link from elsewhere leads to a new sign-in.
        Strict = "STRICT",
        /// Sent with every request.
        None = "NONE",
    }
}

raw! {
    /// Bounds on inbound messages. Nothing is cut short: what exceeds a bound is refused, and the code says which. The
    /// defaults hold assertions with 1,400 groups of 120 bytes, or 2,000 of 65.
    struct Limits {
        /// Bytes of a posted form, at most 16777216; by default four times `max_xml_bytes`, which is what base64 and form
        /// encoding can make of it. Envoy answers 413 by itself above the listener's
        /// `per_connection_buffer_limit_bytes` (1 MiB by default): raise that too.
        #[cfg_attr(feature = "schema", schemars(range(min = 4096, max = 16_777_216)))]
        max_body_bytes: Option<Whole>,
        /// Bytes of one XML document, at most 4194304 (20,000 groups of 120 bytes). The other bounds grow with it; the
        /// time that the worst document costs does too.
        #[cfg_attr(feature = "schema", schemars(range(min = 4096, max = 4_194_304)))]
        max_xml_bytes: Whole,
        /// Depth of nested elements, at most 128.
        #[cfg_attr(feature = "schema", schemars(range(min = 16, max = 128)))]
        max_xml_depth: Whole,
        /// Elements, texts and comments of one document, at most 400000; by default one for each 12 of `max_xml_bytes`. A
        /// group takes two, and up to five when the document is indented or each has its own `Attribute`.
        #[cfg_attr(feature = "schema", schemars(range(min = 256, max = 400_000)))]
        max_xml_nodes: Option<Whole>,
        /// Attributes of one XML element, namespace declarations included, at most 200.
        #[cfg_attr(feature = "schema", schemars(range(min = 8, max = 200)))]
        max_xml_attributes: Whole,
        /// Distinct namespace prefixes of one document, at most 100.
        #[cfg_attr(feature = "schema", schemars(range(min = 8, max = 100)))]
        max_xml_prefixes: Whole,
        /// Attributes of one assertion, told apart by `Name`; at most 4096.
        #[cfg_attr(feature = "schema", schemars(range(min = 16, max = 4096)))]
        max_attributes: Whole,
        /// Values of the attribute that holds the groups, at most 100000; by default one for each 50 of `max_xml_bytes`
        /// (5242 at 256 KiB).
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100_000)))]
        max_groups: Option<Whole>,
        /// Bytes of one attribute value, such as a photograph; at most 1048576. Names of groups have at most 1024 in any
        /// case.
        #[cfg_attr(feature = "schema", schemars(range(min = 1024, max = 1_048_576)))]
        max_value_bytes: Whole,
        /// Bytes of one inflated message of the HTTP-Redirect binding, at most 1048576.
        #[cfg_attr(feature = "schema", schemars(range(min = 4096, max = 1_048_576)))]
        max_inflated_bytes: Whole,
        /// Signature checks for one message: signatures times candidate keys; at most 64. The metadata of an identity
        /// provider may name half as many signing keys.
        #[cfg_attr(feature = "schema", schemars(range(min = 2, max = 64)))]
        max_signature_checks: Whole,
        /// Encrypted keys of one encrypted element: one for each recipient.
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 64)))]
        max_encrypted_keys: Whole,
        /// Uses of our decryption keys for one message, each about 8 ms: encrypted elements, times encrypted keys that
        /// may be for us, times our keys.
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 64)))]
        max_decryptions: Whole,
    }
}
