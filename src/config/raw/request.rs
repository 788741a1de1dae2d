//! `rules`, `requests_with_credentials`, `cors_preflight`.

use super::{Authentication, raw};

raw! {
    /// Which requests need a session.
    #[derive(Default)]
    struct Rule {
        /// The requests it is about; every part that is given must match, and nothing given matches every request.
        #[serde(rename = "match")]
        r#match: Match,
        /// What they need.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        access: Option<Access>,
        /// How people sign in for these requests; by default as the fields of their identity provider say.
        authentication: Option<Authentication>,
    }
}

raw! {
    /// What a request needs.
    words Access {
        /// A session.
        Protect = "PROTECT",
        /// Nothing. No identity is added; forged identity headers are still removed.
        Bypass = "BYPASS",
        /// Nothing; the identity is added if there is a session.
        Optional = "OPTIONAL",
    }
}

raw! {
    /// A comparison of a request.
    #[derive(Default)]
    struct Match {
        /// The path in its normal form (escapes of ordinary characters decoded, `//`, `.`, `..` and `;parameters`
        /// removed), without the query.
        path: Option<PathMatch>,
        /// Methods in upper case, one of which must be the request's; any if empty.
        methods: Vec<String>,
        /// Headers, all of which must match.
        headers: Vec<HeaderMatch>,
        /// Hosts, one of which must match: `jira.example.com`, `*.example.com`, with a port to compare it too; any if
        /// empty.
        hosts: Vec<String>,
    }
}

raw! {
    /// A comparison of the path: exactly one of `exact`, `prefix`, `path_separated_prefix`, `suffix` and `safe_regex`.
    #[derive(Default)]
    #[cfg_attr(feature = "schema", schemars(extend("x-one-of" =
        ["exact", "prefix", "path_separated_prefix", "suffix", "safe_regex"])))]
    struct PathMatch {
        /// The whole path is equal.
        exact: Option<String>,
        /// The path begins so. Text is compared: `/rest` matches `/restricted` too; end it with `/`, or use
        /// `path_separated_prefix`.
        prefix: Option<String>,
        /// The path is equal or goes on with `/`. The value does not end with `/`.
        path_separated_prefix: Option<String>,
        /// The path ends so. With `BYPASS` mind that applications may accept any ending, as in `/admin/x.png`.
        suffix: Option<String>,
        /// The whole path matches a regular expression.
        safe_regex: Option<Regex>,
        /// Letters A to Z match in either case; only with `exact`, `prefix` and `suffix`.
        ignore_case: bool,
    }
}

raw! {
    /// A comparison of text: exactly one of `exact`, `prefix`, `suffix`, `contains` and `safe_regex`.
    #[derive(Default)]
    #[cfg_attr(feature = "schema", schemars(extend("x-one-of" =
        ["exact", "prefix", "suffix", "contains", "safe_regex"])))]
    struct StringMatch {
        /// The whole text is equal.
        exact: Option<String>,
        /// The text begins so.
        prefix: Option<String>,
        /// The text ends so.
        suffix: Option<String>,
        /// The text has it somewhere.
        contains: Option<String>,
        /// The whole text matches a regular expression.
        safe_regex: Option<Regex>,
        /// Letters A to Z match in either case; not with `safe_regex`.
        ignore_case: bool,
    }
}

raw! {
    /// A regular expression.
    #[derive(Default)]
    struct Regex {
        /// The expression, without look-around and back-references; it matches the whole text.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024), extend("x-required" = true)))]
        regex: Option<String>,
    }
}

raw! {
    /// A comparison of one header. With neither `string_match` nor `present_match` the header must be there.
    #[derive(Default)]
    struct HeaderMatch {
        /// Its name in lower case.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        name: Option<String>,
        /// What its value must be; several values are joined by commas. A header that is not there does not match.
        string_match: Option<StringMatch>,
        /// The header must be there (`true`) or must not be there (`false`); not together with `string_match`.
        present_match: Option<bool>,
        /// Turns the answer around. A header that is not there still does not match a `string_match`.
        invert_match: bool,
    }
}

raw! {
    /// What happens to requests that bring their own credentials.
    struct RequestsWithCredentials {
        /// Requests with `authorization: Basic ..`.
        basic: PassOrProtect,
        /// Requests with `authorization: Bearer ..`.
        bearer: PassOrProtect,
    }
}

raw! {
    /// Whether a request passes without a session.
    words PassOrProtect {
        /// It needs a session like every other request.
        Protect = "PROTECT",
        /// It passes without a session and without identity headers; the application judges it.
        Pass = "PASS",
    }
}
