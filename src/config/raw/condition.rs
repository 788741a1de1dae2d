//! Conditions of rules in `policy`.

use super::{Empty, PathMatch, StringMatch, raw};

raw! {
    /// What must be so. Every part that is given must hold; nothing given always holds. Something may be neither so nor not
    /// so: groups that were not sent, an account that nobody looked for.
    #[derive(Default)]
    struct Condition {
        /// Where the sign-in started.
        started_at: Option<StartedAt>,
        /// Comparisons of attributes, all of which must hold.
        #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
        attributes: Vec<AttributeMatch>,
        /// Domains of the e-mail address, one of which must be the person's: `example.com` for that alone, `*.example.com`
        /// for every domain below it.
        email_domains: Vec<String>,
        /// The user name.
        username: Option<StringMatch>,
        /// The groups of the identity provider, by exact name.
        groups: Option<GroupsMatch>,
        /// The account in the application.
        account: Option<AccountMatch>,
        /// An expression of the Common Expression Language that must be true.
        expression: Option<String>,
    }
}

raw! {
    /// How a sign-in began: exactly one of the keys.
    choice StartedAt {
        /// With a request.
        Request(Box<StartedAtRequest>),
        /// With none, as in a background sync. No comparison of an address holds then.
        NoRequest(Empty),
    }
}

raw! {
    /// The address of the request; both parts must match where they are given.
    #[derive(Default)]
    struct StartedAtRequest {
        /// The normalized path, without the query.
        path: Option<PathMatch>,
        /// The whole address with its query. The visitor writes the query: whoever knows the rule can make it match.
        url: Option<StringMatch>,
    }
}

raw! {
    /// A comparison of one attribute. With neither `string_match` nor `present_match` the attribute must be there.
    #[derive(Default)]
    struct AttributeMatch {
        /// Its `Name`, object identifier or `FriendlyName`, letter by letter.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        name: Option<String>,
        /// What one of its values must be. An attribute that is not there, or has no value, does not match.
        string_match: Option<StringMatch>,
        /// The attribute must be there (`true`) or must not be there (`false`); not together with `string_match`.
        present_match: Option<bool>,
        /// Turns the answer around. An attribute that is not there still does not match a `string_match`.
        invert_match: bool,
    }
}

raw! {
    /// A comparison of the groups of the identity provider, after `identity.group_transforms`. Empty lists ask for nothing.
    #[derive(Default)]
    struct GroupsMatch {
        /// The person is in one of these.
        any_of: Vec<String>,
        /// The person is in each of these.
        all_of: Vec<String>,
        /// The person is in none of these.
        none_of: Vec<String>,
    }
}

raw! {
    /// A comparison of the account.
    #[derive(Default)]
    struct AccountMatch {
        /// Whether there is one.
        exists: Option<bool>,
        /// There is one, and it may be used (`true`) or not (`false`).
        active: Option<bool>,
        /// It is in one of these groups of the application; any if empty.
        any_of_groups: Vec<String>,
    }
}
