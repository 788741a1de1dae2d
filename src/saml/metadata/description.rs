//! What our metadata says for people, and which attributes it asks for (metadata 2.3.2, 2.4.4; metadata UI 2.1).

/// Everything of our metadata that no protocol needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// How identity providers present us to people, once for each language.
    pub user_interface: Vec<UserInterface>,
    /// Pictures of us.
    pub logos: Vec<Logo>,
    /// Who runs us, once for each language.
    pub organization: Vec<Organization>,
    /// Whom to ask.
    pub contacts: Vec<Contact>,
    /// The attributes that we would like to get. They need a name for people: one [`UserInterface`] at least.
    pub requested_attributes: Vec<RequestedAttribute>,
}

/// Words about us in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInterface {
    /// `xml:lang`.
    pub language: String,
    /// Our name.
    pub display_name: String,
    /// What we are, in a sentence.
    pub description: Option<String>,
    /// A page about us.
    pub information_uri: Option<String>,
    /// A page about what becomes of personal data.
    pub privacy_statement_uri: Option<String>,
}

/// A picture of us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Where it is.
    pub uri: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The language of what is written in it.
    pub language: Option<String>,
}

/// Who runs us, in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// `xml:lang`.
    pub language: String,
    /// Its full name.
    pub name: String,
    /// The name that people know.
    pub display_name: String,
    /// Its page.
    pub uri: String,
}

/// Whom to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// About what.
    pub kind: ContactKind,
    /// The company.
    pub company: Option<String>,
    /// First name.
    pub given_name: Option<String>,
    /// Family name.
    pub surname: Option<String>,
    /// E-mail addresses.
    pub email_addresses: Vec<String>,
    /// Telephone numbers.
    pub telephone_numbers: Vec<String>,
}

/// What somebody is asked about (`contactType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactKind {
    /// Technical matters.
    Technical,
    /// Help for people.
    Support,
    /// Contracts.
    Administrative,
    /// Bills.
    Billing,
    /// Anything else.
    Other,
}

impl ContactKind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Technical => "technical",
            Self::Support => "support",
            Self::Administrative => "administrative",
            Self::Billing => "billing",
            Self::Other => "other",
        }
    }
}

/// An attribute that we would like to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedAttribute {
    /// `Name`.
    pub name: String,
    /// `NameFormat`; `None` leaves it unspecified.
    pub name_format: Option<String>,
    /// `FriendlyName`.
    pub friendly_name: Option<String>,
    /// We cannot do without it.
    pub required: bool,
}
