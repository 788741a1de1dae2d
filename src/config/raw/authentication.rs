//! How people sign in: `rules[].authentication`, and what an identity provider takes of it.

use super::{PathMatch, Span, raw};

raw! {
    /// How people sign in for the requests of a rule. A session that does not meet it is not enough: the browser is sent to
    /// the same identity provider again, and other clients get 401 with SG5016.
    #[derive(Default)]
    struct Authentication {
        /// Asks the identity provider to authenticate the person anew when there is no session. How old a session may become
        /// says `max_authn_age`.
        force_authn: bool,
        /// Only with `OPTIONAL`: asks the identity provider, once in ten minutes and without showing anything, whether the
        /// person is signed in there. Who is not stays anonymous.
        is_passive: bool,
        /// How the person must have authenticated; by default what the identity provider's own field says.
        requested_authn_context: Option<RequestedAuthnContext>,
        /// How long ago the person may have authenticated at the identity provider, from `60s` to `2592000s`. Who did longer
        /// ago is asked to do so again.
        max_authn_age: Option<Span>,
    }
}

raw! {
    /// How the person must authenticate: `RequestedAuthnContext` (SAML core 3.3.2.2.1). The answer is held against it.
    #[derive(Default)]
    struct RequestedAuthnContext {
        /// How the classes are meant.
        comparison: AuthnContextComparison,
        /// `AuthnContextClassRef`, such as `https://refeds.org/profile/mfa`: 1 to 8, the preferred one first.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 8), extend("x-required" = true)))]
        class_refs: Vec<String>,
        /// The classes that an answer may name. With `EXACT` they are `class_refs` by default; otherwise they must be given,
        /// because only the identity provider knows which class is stronger.
        #[cfg_attr(feature = "schema", schemars(length(max = 8)))]
        accepted_class_refs: Vec<String>,
    }
}

raw! {
    /// How requested classes are compared with what the identity provider does.
    #[derive(Default)]
    words AuthnContextComparison {
        /// One of them.
        #[default]
        Exact = "EXACT",
        /// At least as strong as one of them.
        Minimum = "MINIMUM",
        /// At most as strong as the strongest of them.
        Maximum = "MAXIMUM",
        /// Stronger than one of them.
        Better = "BETTER",
    }
}

raw! {
    /// The identity provider may begin a sign-in by itself, as from its own page of applications. The person is asked before it
    /// goes on, because another site can do the same with an answer of its own.
    struct Unsolicited {
        /// Path of the page to which such a sign-in leads.
        default_target: String,
        /// Paths that the identity provider may name in RelayState instead, as a path or as an address below `sp.base_uri`.
        target_paths: Vec<PathMatch>,
        /// Does not ask the person. Whoever has an account can then sign other people's browsers in under his own name, and
        /// read what they enter.
        danger_skip_confirmation: bool,
    }
}
