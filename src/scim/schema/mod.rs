//! What attributes resources have (RFC 7643 4 and 8.7): one table each for users, the enterprise extension and groups.

mod document;
mod group;
mod user;

pub use document::{Features, Stricter};
pub(super) use document::{resource_type, resource_types, schema, schemas, service_provider_config};

/// The schema of users (RFC 7643 4.1).
pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// The enterprise extension of users (RFC 7643 4.3).
pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The schema of groups (RFC 7643 4.2).
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// Which resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// People.
    User,
    /// Groups of people.
    Group,
}

impl ResourceKind {
    /// The name of the resource type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The segment of the endpoint below the base address.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// The URN of the core schema.
    #[must_use]
    pub const fn urn(self) -> &'static str {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }

    /// The attributes of the core schema.
    pub(super) const fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => user::CORE,
            Self::Group => group::CORE,
        }
    }

    /// URN and attributes of the extension, for users.
    pub(super) const fn extension(self) -> Option<(&'static str, &'static [Attribute])> {
        match self {
            Self::User => Some((ENTERPRISE, user::ENTERPRISE)),
            Self::Group => None,
        }
    }
}

/// The type of a value (RFC 7643 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    Boolean,
    DateTime,
    Reference,
    Binary,
    Complex(&'static [Attribute]),
}

/// Whether a client may set an attribute (RFC 7643 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutability {
    ReadOnly,
    ReadWrite,
    Immutable,
    WriteOnly,
}

/// Whether an attribute is in answers (RFC 7643 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returned {
    Always,
    Never,
    Default,
}

/// One attribute, or one sub-attribute.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) multi_valued: bool,
    pub(super) required: bool,
    pub(super) case_exact: bool,
    pub(super) mutability: Mutability,
    pub(super) returned: Returned,
    /// `server` in the schema document: no two resources have the same value.
    pub(super) unique: bool,
    pub(super) canonical: &'static [&'static str],
    pub(super) references: &'static [&'static str],
    pub(super) description: &'static str,
}

impl Attribute {
    const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            multi_valued: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            unique: false,
            canonical: &[],
            references: &[],
            description,
        }
    }

    const fn text(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::String, description)
    }

    const fn boolean(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::Boolean, description)
    }

    const fn reference(name: &'static str, to: &'static [&'static str], description: &'static str) -> Self {
        let mut attribute = Self::new(name, Kind::Reference, description);
        attribute.references = to;
        attribute.case_exact = true;
        attribute
    }

    const fn complex(name: &'static str, subs: &'static [Self], description: &'static str) -> Self {
        Self::new(name, Kind::Complex(subs), description)
    }

    const fn many(name: &'static str, subs: &'static [Self], description: &'static str) -> Self {
        let mut attribute = Self::complex(name, subs, description);
        attribute.multi_valued = true;
        attribute
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    const fn mutable(mut self, mutability: Mutability) -> Self {
        self.mutability = mutability;
        self
    }

    const fn returned(mut self, returned: Returned) -> Self {
        self.returned = returned;
        self
    }

    const fn one_of(mut self, canonical: &'static [&'static str]) -> Self {
        self.canonical = canonical;
        self
    }

    /// The sub-attributes; none for a simple attribute.
    pub(super) const fn subs(&self) -> &'static [Self] {
        match self.kind {
            Kind::Complex(subs) => subs,
            _ => &[],
        }
    }

    /// The sub-attribute `name`, in any case.
    pub(super) fn sub(&self, name: &str) -> Option<&'static Self> {
        find(self.subs(), name)
    }
}

/// The attribute `name` of a table, in any case (RFC 7643 2.1).
pub(super) fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// The attributes that every resource has (RFC 7643 3.1), which no schema document lists.
pub(super) const COMMON: &[Attribute] = &[
    Attribute {
        multi_valued: true,
        returned: Returned::Always,
        mutability: Mutability::ReadOnly,
        ..Attribute::reference("schemas", &["uri"], "The schemas that the resource uses.")
    },
    Attribute::text("id", "The id that this service gave to the resource.")
        .exact()
        .mutable(Mutability::ReadOnly)
        .returned(Returned::Always),
    Attribute::text("externalId", "The id that the client gave to the resource.").exact(),
    Attribute::complex(
        "meta",
        &[
            Attribute::text("resourceType", "The type of the resource.")
                .exact()
                .mutable(Mutability::ReadOnly),
            Attribute::new("created", Kind::DateTime, "When it was made.").mutable(Mutability::ReadOnly),
            Attribute::new("lastModified", Kind::DateTime, "When it was last changed.")
                .mutable(Mutability::ReadOnly),
            Attribute::reference("location", &["uri"], "Its address.").mutable(Mutability::ReadOnly),
            Attribute::text("version", "Its version, as in the ETag header.")
                .exact()
                .mutable(Mutability::ReadOnly),
        ],
        "What the service knows about the resource.",
    )
    .mutable(Mutability::ReadOnly),
];
