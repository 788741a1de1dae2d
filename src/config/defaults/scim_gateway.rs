//! `scim_gateway`.

use crate::config::raw::{
    OnDelete, OnNameConflict, ScimGateway, ScimGroupsBecome, ScimGroupsKnownBy, ScimMembershipsBy, ScimTable,
    ScimToken, Whole,
};

impl Default for ScimGateway {
    fn default() -> Self {
        Self {
            path_prefix: String::from("/scim/v2"),
            tokens: Vec::new(),
            pass_through: None,
            groups_become: ScimGroupsBecome::Groups,
            groups_known_by: ScimGroupsKnownBy::DisplayName,
            on_name_conflict: OnNameConflict::DoNotSync,
            memberships: ScimMembershipsBy::Directory,
            on_delete: OnDelete::Deactivate,
            max_body_bytes: Whole(1024 * 1024),
            max_requests_per_second: Whole(50),
            max_users_per_group: Whole(150_000),
            max_groups: Whole(20_000),
            max_deactivations_per_hour: Whole(500),
            table: ScimTable::Expected,
            look_again: None,
            allowed_client_networks: Vec::new(),
        }
    }
}

impl Default for ScimToken {
    fn default() -> Self {
        Self { name: String::from("client"), token: None }
    }
}
