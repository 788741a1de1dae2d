//! The people of the demo. Everybody's password is the user name.

/// A person as the identity provider knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// What they type, and the NameID.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Name for people.
    pub display_name: String,
    /// Groups at the identity provider.
    pub groups: Vec<String>,
}

impl User {
    /// A person called `name` with `groups`.
    #[must_use]
    pub fn new(name: &str, display_name: &str, groups: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            email: format!("{name}@example.com"),
            display_name: display_name.to_owned(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        }
    }

    /// `agent`, who works in Jira.
    #[must_use]
    pub fn agent() -> Self {
        Self::new("agent", "Ada Agent", &["idp-agents", "idp-staff"])
    }

    /// `customer`, who asks for help in the portal.
    #[must_use]
    pub fn customer() -> Self {
        Self::new("customer", "Carl Customer", &["idp-customers"])
    }

    /// `admin`, who runs Jira.
    #[must_use]
    pub fn admin() -> Self {
        Self::new("admin", "Alma Admin", &["idp-admins", "idp-staff"])
    }

    /// `leaver`, who was an agent and is in no group any more.
    #[must_use]
    pub fn leaver() -> Self {
        Self::new("leaver", "Lee Leaver", &[])
    }

    /// Everybody.
    #[must_use]
    pub fn everybody() -> Vec<Self> {
        vec![Self::agent(), Self::customer(), Self::admin(), Self::leaver()]
    }
}
