//! How much one SCIM request may hold, and where each number comes from.

/// Upper bounds. What exceeds one is refused; nothing is cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a filter or of a path. The longest that a known client sends, a reference check by Entra ID with two ids, has
    /// 150; the RFC's longest example has 120.
    pub max_filter_bytes: usize,
    /// Parentheses, `not` and brackets inside one another. The deepest example of the RFC has two.
    pub max_filter_depth: usize,
    /// Comparisons of one filter. Entra ID sends two at most.
    pub max_filter_terms: usize,
    /// Operations of one PATCH. Entra ID sends one for each changed attribute, Okta one for each member of a chunk; neither
    /// goes over some hundreds.
    pub max_patch_operations: usize,
    /// Values of a multi-valued attribute of a user. People have a few addresses and some tens of entitlements.
    pub max_values: usize,
    /// Members that one request may name: what `limits.max_body_bytes` holds at 50 bytes each is the tighter bound; the product
    /// that is replaced takes 150,000 a group (J5).
    pub max_members: usize,
    /// Bytes of one value. Certificates and pictures as `data:` addresses are the largest that directories hold.
    pub max_value_bytes: usize,
    /// Bytes of a resource without its members, as JSON. Entra ID's default user has 1.5 KB; etcd takes 1.5 MiB a request,
    /// and a change writes two.
    pub max_resource_bytes: usize,
    /// Resources on one page, and the page when the client names none. Okta and Entra ID ask for 100.
    pub max_page: usize,
    /// Operations of one bulk request; each takes a round trip to the store and some to the application.
    pub max_bulk_operations: usize,
}

impl Limits {
    /// The limits that apply.
    pub const DEFAULT: Self = Self {
        max_filter_bytes: 4096,
        max_filter_depth: 8,
        max_filter_terms: 32,
        max_patch_operations: 1000,
        max_values: 200,
        max_members: 150_000,
        max_value_bytes: 32 * 1024,
        max_resource_bytes: 128 * 1024,
        max_page: 200,
        max_bulk_operations: 100,
    };
}
