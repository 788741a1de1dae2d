//! Attributes of users (RFC 7643 4.1) and of their enterprise extension (RFC 7643 4.3).

use super::{Attribute, Kind, Mutability, Returned};

/// The members that most multi-valued attributes have (RFC 7643 2.4).
macro_rules! values {
    ($value:expr, $types:expr) => {
        &[
            $value,
            Attribute::text("display", "How the value is shown to people."),
            Attribute::text("type", "What the value is for.").one_of($types),
            Attribute::boolean("primary", "Whether this is the preferred one; one at most."),
        ]
    };
}

pub(super) const CORE: &[Attribute] = &[
    Attribute::text("userName", "The name the person signs in with, unique among all users.")
        .required()
        .unique(),
    Attribute::complex(
        "name",
        &[
            Attribute::text("formatted", "The whole name as it is shown."),
            Attribute::text("familyName", "The family name."),
            Attribute::text("givenName", "The given name."),
            Attribute::text("middleName", "The middle names."),
            Attribute::text("honorificPrefix", "What stands before the name."),
            Attribute::text("honorificSuffix", "What stands after the name."),
        ],
        "The parts of the person's name.",
    ),
    Attribute::text("displayName", "The name shown to other people."),
    Attribute::text("nickName", "The casual name."),
    Attribute::reference("profileUrl", &["external"], "The address of a page about the person."),
    Attribute::text("title", "The job title."),
    Attribute::text("userType", "How the person belongs to the organization."),
    Attribute::text("preferredLanguage", "The languages the person reads, as in Accept-Language."),
    Attribute::text("locale", "The language tag for dates and numbers."),
    Attribute::text("timezone", "The time zone, as in the tz database."),
    // Not required by the RFC: said of every person here, and not to be taken away (J17). A body without it is read all the same.
    Attribute::boolean("active", "Whether the person may use the application.").required(),
    Attribute::text("password", "Accepted and dropped: people sign in at their identity provider.")
        .mutable(Mutability::WriteOnly)
        .returned(Returned::Never),
    Attribute::many(
        "emails",
        values!(Attribute::text("value", "The e-mail address."), &["work", "home", "other"]),
        "E-mail addresses.",
    ),
    Attribute::many(
        "phoneNumbers",
        values!(
            Attribute::text("value", "The number."),
            &["work", "home", "mobile", "fax", "pager", "other"]
        ),
        "Telephone numbers.",
    ),
    Attribute::many(
        "ims",
        values!(
            Attribute::text("value", "The name there."),
            &["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]
        ),
        "Names in instant messengers.",
    ),
    Attribute::many(
        "photos",
        values!(
            Attribute::reference("value", &["external"], "The address of the picture."),
            &["photo", "thumbnail"]
        ),
        "Pictures.",
    ),
    Attribute::many(
        "addresses",
        &[
            Attribute::text("formatted", "The whole address as it is written."),
            Attribute::text("streetAddress", "Street and house."),
            Attribute::text("locality", "City."),
            Attribute::text("region", "State or province."),
            Attribute::text("postalCode", "Postal code."),
            Attribute::text("country", "Country, two letters."),
            Attribute::text("type", "What the address is for.").one_of(&["work", "home", "other"]),
            Attribute::boolean("primary", "Whether this is the preferred one; one at most."),
        ],
        "Postal addresses.",
    ),
    Attribute::many(
        "groups",
        &[
            Attribute::text("value", "The id of the group.").exact().mutable(Mutability::ReadOnly),
            Attribute::reference("$ref", &["Group"], "The address of the group.")
                .mutable(Mutability::ReadOnly),
            Attribute::text("display", "The name of the group.").mutable(Mutability::ReadOnly),
            Attribute::text("type", "How the person came to be in it.")
                .one_of(&["direct", "indirect"])
                .mutable(Mutability::ReadOnly),
        ],
        "The groups the person is in; changed through the groups.",
    )
    .mutable(Mutability::ReadOnly),
    Attribute::many(
        "entitlements",
        values!(Attribute::text("value", "The entitlement."), &[]),
        "Entitlements.",
    ),
    Attribute::many("roles", values!(Attribute::text("value", "The role."), &[]), "Roles."),
    Attribute::many(
        "x509Certificates",
        values!(Attribute::new("value", Kind::Binary, "The certificate, DER in base64.").exact(), &[]),
        "Certificates.",
    ),
];

pub(super) const ENTERPRISE: &[Attribute] = &[
    Attribute::text("employeeNumber", "The number by which the employer knows the person."),
    Attribute::text("costCenter", "The cost center."),
    Attribute::text("organization", "The organization."),
    Attribute::text("division", "The division."),
    Attribute::text("department", "The department."),
    Attribute::complex(
        "manager",
        &[
            Attribute::text("value", "The id of the manager.").exact(),
            Attribute::reference("$ref", &["User"], "The address of the manager."),
            Attribute::text("displayName", "The name of the manager.").mutable(Mutability::ReadOnly),
        ],
        "The manager.",
    ),
];
