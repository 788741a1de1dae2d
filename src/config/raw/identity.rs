//! `identity` and `headers`.

use super::raw;

raw! {
    /// How an assertion becomes an identity. Attributes are found by their `Name` or `FriendlyName`, letter by letter;
    /// of several names the first that the assertion carries is used.
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
        /// Attributes that may hold the groups. An assertion with none of them says nothing about groups, and then no
        /// group is ever taken away.
        groups: Vec<String>,
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
        /// `Name` or `FriendlyName` of the attribute, letter by letter.
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
