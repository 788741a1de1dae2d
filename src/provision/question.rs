//! What may be asked of an application.

use super::account::{AccountKey, AccountRef};

/// A place in an application's paging: opaque to everybody but the target that made it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page(Option<String>);

impl Page {
    /// The first page.
    pub const FIRST: Self = Self(None);

    /// A later page, in the target's own words.
    #[must_use]
    pub const fn at(cursor: String) -> Self {
        Self(Some(cursor))
    }

    /// The target's own words; `None` for the first page.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// One question, answered by one call; its answer may raise others (a next page, the groups of an account that was
/// found).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The account of this name or address.
    Account {
        /// Whom to look for.
        by: AccountKey,
        /// Where to go on.
        page: Page,
    },
    /// The groups of an account, where the account does not come with them.
    Memberships {
        /// Whose.
        account: AccountRef,
        /// Where to go on.
        page: Page,
    },
    /// Our marker at an account.
    Marker {
        /// Whose.
        account: AccountRef,
    },
    /// Whether a group exists, and under which id.
    Group {
        /// Its name.
        name: String,
        /// Where to go on.
        page: Page,
    },
    /// Whether an organization exists, and under which id.
    Organization {
        /// Its name.
        name: String,
        /// Where to go on.
        page: Page,
    },
    /// How many seats are left, and which groups use them up.
    Seats,
}

impl Question {
    /// The word used in logs and metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Account { by: AccountKey::Username(_), .. } => "read_account",
            Self::Account { by: AccountKey::Email(_), .. } => "find_by_email",
            Self::Memberships { .. } => "read_memberships",
            Self::Marker { .. } => "read_marker",
            Self::Group { .. } => "read_group",
            Self::Organization { .. } => "read_organization",
            Self::Seats => "read_seats",
        }
    }
}
