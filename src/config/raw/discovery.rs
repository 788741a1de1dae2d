//! `discovery`.

use super::{Empty, Match, Span, raw};

raw! {
    /// Which of several identity providers a sign-in goes to. Whatever is chosen, only that identity provider can answer the
    /// sign-in. A person who has a session has one for the whole site: rules of `policy` say who may enter.
    struct Discovery {
        /// The path of the page that takes the choice of a person or of a discovery service.
        path: String,
        /// Ways to find the identity provider, in order: the first that matches and decides. When none does, a page shows
        /// all of them to choose from.
        #[cfg_attr(feature = "schema", schemars(length(max = 256)))]
        rules: Vec<DiscoveryRule>,
        /// Which domains of e-mail addresses belong to which identity provider; the first that matches.
        #[cfg_attr(feature = "schema", schemars(length(max = 1024)))]
        email_domains: Vec<EmailDomains>,
        /// The `id` of the identity provider for all other domains. Without it people with such an address are told that
        /// there is none for them.
        other_email_domains: Option<String>,
        /// How long a browser remembers the identity provider of its last sign-in, for rules with `last`; without it nothing
        /// is remembered.
        remember_for: Option<Span>,
    }
}

raw! {
    /// A way to find the identity provider of some requests.
    #[derive(Default)]
    struct DiscoveryRule {
        /// The requests it is about; nothing given matches every request.
        #[serde(rename = "match")]
        r#match: Match,
        /// How their identity provider is found.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        by: Option<DiscoveryBy>,
    }
}

raw! {
    /// How an identity provider is found: exactly one of the keys.
    choice DiscoveryBy {
        /// It is always the one with this `id`.
        Idp(String),
        /// Its `id` is the value of this parameter of the address, as in `/browse?idp=partner`. Where there is no such
        /// parameter, or it names none of them, the next rule decides.
        QueryParameter(String),
        /// It is the one with which this browser signed in last; needs `remember_for`. Where nothing is remembered, the next
        /// rule decides.
        Last(Empty),
        /// A page to choose on.
        Chooser(Chooser),
        /// A page that asks for the e-mail address, whose domain decides.
        EmailDomain(Empty),
        /// A discovery service (Identity Provider Discovery Service Protocol).
        DiscoveryService(DiscoveryService),
    }
}

raw! {
    /// A page to choose on.
    #[derive(Default)]
    struct Chooser {
        /// The `id`s of the identity providers to choose from; empty for all.
        idps: Vec<String>,
    }
}

raw! {
    /// A discovery service.
    #[derive(Default)]
    struct DiscoveryService {
        /// Its address.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        uri: Option<String>,
    }
}

raw! {
    /// The domains of one identity provider.
    #[derive(Default)]
    struct EmailDomains {
        /// `example.com` for that alone, `*.example.com` for every domain below it.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024), extend("x-required" = true)))]
        domains: Vec<String>,
        /// The `id` of the identity provider.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        idp: Option<String>,
    }
}
