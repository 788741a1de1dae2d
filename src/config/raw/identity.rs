//! `identity` and `headers`.

use super::{StringMatch, raw};

raw! {
    /// How an assertion becomes an identity. Attributes are found by their `Name`, as object identifier (`2.5.4.31` for
    /// `urn:oid:2.5.4.31`) or by their `FriendlyName`, letter by letter; of several names the first that the assertion
    /// carries is used.
    struct Identity {
        /// Where the user name comes from. There is no fall-back: an assertion without it is refused.
        username: UsernameSource,
        /// Regular expression that must match the whole user name. Its first group, if it has one, becomes the user
        /// name: `([^@]+)@example\.com` takes the part before the `@`.
        #[cfg_attr(feature = "schema", schemars(length(max = 1024)))]
        username_pattern: Option<String>,
        /// Attributes that may hold the e-mail address.
        email: Vec<String>,
        /// Attributes that may hold the display name.
        display_name: Vec<String>,
        /// Attributes that may hold the groups, application roles of Entra ID
        /// (`http://schemas.microsoft.com/ws/2008/06/identity/claims/role`) among them if they are named here.
        groups: Vec<String>,
        /// What the values of that attribute go through to become names of groups, in this order, at most 16 steps. One
        /// value is one group unless `split` is among them. A value that a step does not fit passes unchanged.
        #[cfg_attr(feature = "schema", schemars(length(max = 16)))]
        group_transforms: Vec<GroupTransform>,
        /// Which groups count, by the names that the transforms made. What does not count is as if it had not been sent.
        group_filter: GroupFilter,
        /// What an assertion means that does not say which groups there are: the attribute is missing, holds something
        /// else than text, or is Entra ID's link for more groups than it sends.
        unknown_groups: UnknownGroups,
    }
}

raw! {
    /// One step from values to names of groups: exactly one of the keys.
    choice GroupTransform {
        /// Cuts each value at a separator.
        Split(Split),
        /// `/it/jira-users` becomes `jira-users`: Keycloak's "Full group path". Only of values that begin with `/`.
        /// Groups of the same name under different parents become one.
        LastPathSegment(Empty),
        /// `CN=Jira Users,OU=Groups,DC=example,DC=org` becomes `Jira Users`. Escapes of RFC 4514 are undone.
        CommonName(Empty),
        /// Replaces every match of a regular expression, like `regex_rewrite` of an Envoy route.
        RegexRewrite(RegexRewrite),
    }
}

raw! {
    /// Cuts each value.
    #[derive(Default)]
    struct Split {
        /// Where to cut. White space around the parts and empty parts are dropped.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16), extend("x-required" = true)))]
        separator: Option<String>,
    }
}

raw! {
    /// Replaces every match of a regular expression, at most 64 in one value.
    #[derive(Default)]
    struct RegexRewrite {
        /// What to replace.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        pattern: Option<SearchRegex>,
        /// What to put there: `\1` to `\9` for the groups of the expression, `\0` for all that matched, `\\` for a
        /// backslash. Nothing removes what matched, and a value that becomes empty is no group.
        #[cfg_attr(feature = "schema", schemars(length(max = 255)))]
        substitution: String,
    }
}

raw! {
    /// A regular expression that may match any part of the text.
    #[derive(Default)]
    struct SearchRegex {
        /// The expression, without look-around and back-references; `^` and `$` tie it to the ends.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024), extend("x-required" = true)))]
        regex: Option<String>,
    }
}

raw! {
    /// Which groups count.
    #[derive(Default)]
    struct GroupFilter {
        /// One of these must match; all groups count if empty.
        #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
        allow: Vec<StringMatch>,
        /// None of these may match, whatever `allow` says. Case counts unless `ignore_case` is set, also where the
        /// application takes two spellings for one group.
        #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
        deny: Vec<StringMatch>,
    }
}

raw! {
    /// What it means when the groups are not known.
    words UnknownGroups {
        /// The person comes in and keeps their groups: nothing is taken away.
        Keep = "KEEP",
        /// The sign-in is refused (SG6001).
        Refuse = "REFUSE",
    }
}

raw! {
    /// Where the user name comes from: exactly one of the keys.
    choice UsernameSource {
        /// The `NameID` of the subject.
        NameId(Empty),
        /// The single value of an attribute.
        Attribute(UsernameAttribute),
    }
}

raw! {
    /// Nothing to set.
    #[derive(Default)]
    struct Empty {}
}

raw! {
    /// The attribute that holds the user name.
    #[derive(Default)]
    struct UsernameAttribute {
        /// Names to look for, in this order.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        names: Vec<String>,
    }
}

raw! {
    /// Request headers that carry the identity. Names are lower case. Values are printable ASCII; other bytes and `%`
    /// are written `%XX`.
    struct Headers {
        /// Header of the user name.
        username: String,
        /// Header of the e-mail address.
        email: Option<String>,
        /// Header of the display name.
        display_name: Option<String>,
        /// Header of the `NameID`.
        name_id: Option<String>,
        /// Header of our session's id, for the application's log.
        session_id: Option<String>,
        /// Header of the application groups.
        groups: Option<GroupsHeader>,
        /// Headers of further attributes.
        attributes: Vec<AttributeHeader>,
    }
}

raw! {
    /// Header of the application groups.
    struct GroupsHeader {
        /// Its name.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        name: Option<String>,
        /// How the list is written.
        format: ListFormat,
    }
}

raw! {
    /// Header of one attribute.
    struct AttributeHeader {
        /// `Name`, object identifier or `FriendlyName` of the attribute, letter by letter.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        attribute: Option<String>,
        /// Name of the header.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        header: Option<String>,
        /// How several values are written.
        format: ListFormat,
    }
}

raw! {
    /// How a list of values is written into one header.
    words ListFormat {
        /// `a,b,c`; a comma inside a value is written `%2C`.
        CommaSeparated = "COMMA_SEPARATED",
        /// A JSON array in ASCII.
        Json = "JSON",
    }
}
