//! Attributes of groups (RFC 7643 4.2).

use super::{Attribute, Mutability};

pub(super) const CORE: &[Attribute] = &[
    Attribute::text("displayName", "The name of the group, unique among all groups.").required().unique(),
    Attribute::many(
        "members",
        &[
            Attribute::text("value", "The id of the member.").exact().mutable(Mutability::Immutable),
            Attribute::reference("$ref", &["User"], "The address of the member.")
                .mutable(Mutability::Immutable),
            Attribute::text("type", "What the member is; groups in groups are not taken.")
                .one_of(&["User"])
                .mutable(Mutability::Immutable),
            Attribute::text("display", "The name of the member.").mutable(Mutability::ReadOnly),
        ],
        "The members.",
    ),
];
