//! Which attributes mean what.

use super::{GroupFilter, GroupTransform, UsernamePattern};
use crate::base::Limits;

/// How an identity is read. Every list names attributes by `Name`, as object identifier (`2.5.4.31` for
/// `urn:oid:2.5.4.31`) or by `FriendlyName`, case-sensitive; the first that is present in the assertion counts, even when
/// its value turns out to be unusable.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the user name comes from.
    pub username: UsernameSource,
    /// What a user name must look like, and which part of it counts.
    pub username_pattern: Option<UsernamePattern>,
    /// Attributes that may hold the e-mail address.
    pub email: Vec<String>,
    /// Attributes that may hold the display name.
    pub display_name: Vec<String>,
    /// Attributes that may hold the groups.
    pub groups: Vec<String>,
    /// What turns the values of that attribute into names of groups, in this order.
    pub group_transforms: Vec<GroupTransform>,
    /// Which of these groups count.
    pub group_filter: GroupFilter,
    /// What an assertion that does not say which groups there are means.
    pub unknown_groups: UnknownGroupsPolicy,
    /// `Limits::max_groups`; of the values as sent and after every transform.
    pub max_groups: usize,
    /// `Limits::max_group_bytes`; likewise.
    pub max_group_bytes: usize,
}

/// Where the user name comes from. There is no fall-back from one to the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsernameSource {
    /// The `NameID` of the subject.
    NameId,
    /// The first of these attributes that is present.
    Attribute(Vec<String>),
}

/// What it means when the groups are not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownGroupsPolicy {
    /// The person comes in and keeps what they have: nothing is taken away.
    #[default]
    Keep,
    /// The sign-in is refused.
    Refuse,
}

impl Default for Settings {
    /// User name from the `NameID`; the usual names of the ten identity providers for the rest.
    ///
    /// Names that hold roles rather than groups (`Role`, `eduPersonEntitlement`) are not in the list of groups:
    /// Keycloak sends its roles to everybody, and taking them for the groups would remove people from real ones.
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|name| String::from(*name)).collect();
        Self {
            username: UsernameSource::NameId,
            username_pattern: None,
            email: list(&[
                "urn:oid:0.9.2342.19200300.100.1.3",
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
                "mail",
                "email",
            ]),
            display_name: list(&[
                "urn:oid:2.16.840.1.113730.3.1.241",
                "http://schemas.microsoft.com/identity/claims/displayname",
                "displayName",
                "urn:oid:2.5.4.3",
                "cn",
            ]),
            groups: list(&[
                "urn:oid:2.5.4.31",
                "memberOf",
                "groups",
                "member",
                "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
                "http://schemas.xmlsoap.org/claims/Group",
                "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
            ]),
            group_transforms: Vec::new(),
            group_filter: GroupFilter::default(),
            unknown_groups: UnknownGroupsPolicy::Keep,
            max_groups: Limits::DEFAULT.max_groups,
            max_group_bytes: Limits::DEFAULT.max_group_bytes,
        }
    }
}
