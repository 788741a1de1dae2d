//! `sp.description`.

use super::{Whole, raw};

raw! {
    /// What our metadata says for people, and which attributes it asks for.
    #[derive(Default)]
    struct SpDescription {
        /// How identity providers present us to people, once for each language.
        #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
        user_interface: Vec<UserInterface>,
        /// Pictures of us.
        #[cfg_attr(feature = "schema", schemars(length(max = 8)))]
        logos: Vec<Logo>,
        /// Who runs the application, once for each language.
        #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
        organization: Vec<Organization>,
        /// Whom to ask.
        #[cfg_attr(feature = "schema", schemars(length(max = 16)))]
        contacts: Vec<Contact>,
        /// Attributes that we would like to get. They need a name of ours in `user_interface`. What is asked for here is
        /// a wish to the identity provider; what is done with attributes is said in `identity` and `headers`.
        #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
        requested_attributes: Vec<RequestedAttribute>,
    }
}

raw! {
    /// Words about us in one language.
    #[derive(Default)]
    struct UserInterface {
        /// Its language, such as `en` or `de-AT`.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        language: Option<String>,
        /// Our name.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255), extend("x-required" = true)))]
        display_name: Option<String>,
        /// What we are, in a sentence.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
        description: Option<String>,
        /// A page about us.
        information_uri: Option<String>,
        /// A page about what becomes of personal data.
        privacy_statement_uri: Option<String>,
    }
}

raw! {
    /// A picture of us.
    #[derive(Default)]
    struct Logo {
        /// Where it is; `https`, because identity providers show it on their own pages.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        uri: Option<String>,
        /// In pixels.
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 4096), extend("x-required" = true)))]
        width: Option<Whole>,
        /// In pixels.
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 4096), extend("x-required" = true)))]
        height: Option<Whole>,
        /// The language of what is written in it; none where nothing is.
        language: Option<String>,
    }
}

raw! {
    /// Who runs the application, in one language.
    #[derive(Default)]
    struct Organization {
        /// Its language, such as `en` or `de-AT`.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        language: Option<String>,
        /// Its full name.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255), extend("x-required" = true)))]
        name: Option<String>,
        /// The name that people know; `name` by default.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
        display_name: Option<String>,
        /// Its page.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        uri: Option<String>,
    }
}

raw! {
    /// Whom to ask. At least one of `email_addresses` and `telephone_numbers` is needed.
    #[derive(Default)]
    struct Contact {
        /// About what.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        contact_type: Option<ContactType>,
        /// The company.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
        company: Option<String>,
        /// First name.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
        given_name: Option<String>,
        /// Family name.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
        surname: Option<String>,
        /// E-mail addresses, without `mailto:`. Anybody may read them.
        #[cfg_attr(feature = "schema", schemars(length(max = 8)))]
        email_addresses: Vec<String>,
        /// Telephone numbers.
        #[cfg_attr(feature = "schema", schemars(length(max = 8)))]
        telephone_numbers: Vec<String>,
    }
}

raw! {
    /// What somebody is asked about.
    words ContactType {
        /// Technical matters.
        Technical = "TECHNICAL",
        /// Help for people.
        Support = "SUPPORT",
        /// Contracts.
        Administrative = "ADMINISTRATIVE",
        /// Bills.
        Billing = "BILLING",
        /// Anything else.
        Other = "OTHER",
    }
}

raw! {
    /// An attribute that we would like to get.
    #[derive(Default)]
    struct RequestedAttribute {
        /// Its `Name`, such as `urn:oid:0.9.2342.19200300.100.1.3`.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        name: Option<String>,
        /// Its `NameFormat`, a URI; left out by default.
        name_format: Option<String>,
        /// Its `FriendlyName`, for people.
        friendly_name: Option<String>,
        /// We cannot do without it.
        required: bool,
    }
}
