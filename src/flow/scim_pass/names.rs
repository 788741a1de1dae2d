//! What groups are called before us and behind us.

use core::fmt;
use std::collections::BTreeMap;

use crate::policy::{GroupNames, RuleAction, SameName, Settings};
use crate::scim::fold;
use crate::scim::passing::Rename;

/// The rows of `policy.group_mapping`, to be read in both directions.
///
/// SCIM compares names of groups without case, as the applications do.
#[derive(Clone, Debug)]
pub struct Names {
    forth: BTreeMap<String, String>,
    back: BTreeMap<String, String>,
    same_name: Option<SameName>,
    /// Groups of the application that no directory touches.
    untouched: GroupNames,
    /// Groups that only a row leads to.
    only_by_row: GroupNames,
    /// Groups that the rules give whatever they are called in the directory.
    given: GroupNames,
}

/// Why the rules cannot be read in both directions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OneWay {
    /// A pattern does not say what its result came from.
    Pattern,
    /// A group of the directory becomes several, or none.
    NotOne {
        /// The place of the row.
        row: usize,
    },
    /// Two rows begin or end at one group.
    Twice {
        /// The place of the second row.
        row: usize,
    },
}

impl fmt::Display for OneWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern => f.write_str("a pattern cannot be read backwards"),
            Self::NotOne { row } => write!(f, "row {row} does not lead to exactly one group"),
            Self::Twice { row } => write!(f, "row {row} names a group that another row names too"),
        }
    }
}

impl Names {
    /// The names that `policy` gives.
    ///
    /// # Errors
    /// Its rows cannot be read in both directions.
    pub fn new(policy: &Settings) -> Result<Self, OneWay> {
        if !policy.group_patterns.is_empty() {
            return Err(OneWay::Pattern);
        }
        let (mut forth, mut back) = (BTreeMap::new(), BTreeMap::new());
        for (row, rule) in policy.group_mapping.rows().iter().enumerate() {
            let [group] = rule.groups.as_slice() else { return Err(OneWay::NotOne { row }) };
            let taken = forth.insert(fold(&rule.idp_group), group.clone()).is_some()
                || back.insert(fold(group), rule.idp_group.clone()).is_some();
            if taken {
                return Err(OneWay::Twice { row });
            }
        }
        let guarded = if policy.danger_allow_admin_groups_by_name { &[][..] } else { &policy.admin_groups };
        Ok(Self {
            forth,
            back,
            same_name: policy.same_name.clone(),
            untouched: policy.ignored_groups.iter().collect(),
            only_by_row: guarded.iter().collect(),
            given: given(policy),
        })
    }

    /// The directory's group `name` as the rules spell it, and as a look at the application would.
    #[must_use]
    pub fn spelled(&self, name: String) -> String {
        self.forth().rename(&name).and_then(|group| self.back().rename(&group)).unwrap_or(name)
    }

    /// Does the directory write the members of the application's group `name` through the service? Then nobody writes them by
    /// another way: Atlassian Cloud refuses that, and elsewhere two would write one list.
    #[must_use]
    pub fn keeps(&self, name: &str) -> bool {
        self.back.contains_key(&fold(name)) || (self.same(name).is_some() && !self.given.contains(name))
    }

    /// What the application calls the directory's groups.
    #[must_use]
    pub const fn forth(&self) -> Forth<'_> {
        Forth(self)
    }

    /// What the directory calls the application's.
    #[must_use]
    pub const fn back(&self) -> Back<'_> {
        Back(self)
    }

    /// A group that has the same name on both sides, and a row on neither.
    fn same(&self, name: &str) -> Option<String> {
        let covered = self.same_name.as_ref().is_some_and(|same| same.covers(name));
        let folded = fold(name);
        let has_row = self.forth.contains_key(&folded) || self.back.contains_key(&folded);
        (covered && !has_row && !self.only_by_row.contains(name)).then(|| name.to_owned())
    }
}

/// The groups that `policy` gives by their names in the application.
fn given(policy: &Settings) -> GroupNames {
    let granted = policy.rules.iter().flat_map(|rule| match &rule.action {
        RuleAction::Grant { groups, .. } => groups.as_slice(),
        RuleAction::Withhold { .. } | RuleAction::DefaultGroups(_) => &[],
    });
    policy.default_groups.groups.iter().chain(&policy.always_groups).chain(granted).collect()
}

/// From the directory to the application.
#[derive(Clone, Copy, Debug)]
pub struct Forth<'a>(&'a Names);

/// From the application to the directory.
#[derive(Clone, Copy, Debug)]
pub struct Back<'a>(&'a Names);

impl Rename for Forth<'_> {
    fn rename(&self, name: &str) -> Option<String> {
        let found = self.0.forth.get(&fold(name)).cloned().or_else(|| self.0.same(name));
        found.filter(|group| !self.0.untouched.contains(group))
    }
}

impl Rename for Back<'_> {
    fn rename(&self, name: &str) -> Option<String> {
        if self.0.untouched.contains(name) {
            return None;
        }
        self.0.back.get(&fold(name)).cloned().or_else(|| self.0.same(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{GroupRule, GroupTable};

    fn row(idp: &str, groups: &[&str]) -> GroupRule {
        GroupRule {
            idp_group: idp.to_owned(),
            groups: groups.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn policy(rows: Vec<GroupRule>) -> Settings {
        Settings { group_mapping: GroupTable::from(rows), ..Settings::default() }
    }

    #[test]
    fn rows_are_read_in_both_directions_without_case() {
        let names =
            Names::new(&policy(vec![row("Staff (IdP)", &["jira-users"]), row("g2", &["agents"])])).unwrap();
        assert_eq!(names.forth().rename("STAFF (idp)").as_deref(), Some("jira-users"));
        assert_eq!(names.back().rename("Jira-Users").as_deref(), Some("Staff (IdP)"));
        for name in ["jira-users", "agents", "staff", "", "jira-administrators"] {
            assert_eq!(names.forth().rename(name), None, "{name}");
        }
        assert_eq!(names.back().rename("g2"), None);
    }

    #[test]
    fn what_has_a_row_never_goes_by_its_own_name() {
        let same_name = Some(SameName::default());
        let settings = Settings { same_name, ..policy(vec![row("a", &["b"])]) };
        let names = Names::new(&settings).unwrap();
        assert_eq!(names.forth().rename("c").as_deref(), Some("c"));
        assert_eq!(names.back().rename("c").as_deref(), Some("c"));
        // Else two groups of the directory were one of the application.
        assert_eq!(names.forth().rename("b"), None);
        assert_eq!(names.back().rename("a"), None);
        assert_eq!(names.forth().rename(" c"), None, "no application stores such a name");
    }

    #[test]
    fn nobody_becomes_administrator_by_the_name_of_a_group() {
        let guarded = Settings {
            same_name: Some(SameName::default()),
            admin_groups: vec!["jira-administrators".to_owned()],
            ignored_groups: vec!["secret".to_owned(), "x".to_owned()],
            ..policy(vec![row("ops", &["site-admins"]), row("y", &["X"])])
        };
        let names = Names::new(&guarded).unwrap();
        for name in ["jira-administrators", "JIRA-Administrators", "secret", "Secret", "y"] {
            assert_eq!(names.forth().rename(name), None, "{name}");
        }
        for name in ["jira-administrators", "SECRET", "x"] {
            assert_eq!(names.back().rename(name), None, "{name}");
        }
        let lifted = Settings { danger_allow_admin_groups_by_name: true, ..guarded.clone() };
        let names = Names::new(&lifted).unwrap();
        assert!(names.forth().rename("jira-administrators").is_some());
        let by_row = Settings { admin_groups: vec!["site-admins".to_owned()], ..guarded };
        assert_eq!(Names::new(&by_row).unwrap().forth().rename("ops").as_deref(), Some("site-admins"));
    }

    #[test]
    fn the_directory_keeps_what_it_pushes_and_nothing_that_a_rule_gives() {
        let settings = Settings {
            same_name: Some(SameName::default()),
            always_groups: vec!["everybody".to_owned()],
            default_groups: crate::policy::DefaultGroups {
                groups: vec!["Product Users".to_owned(), "b".to_owned()],
                ..crate::policy::DefaultGroups::default()
            },
            ..policy(vec![row("a", &["b"])])
        };
        let names = Names::new(&settings).unwrap();
        for name in ["b", "B", "c"] {
            assert!(names.keeps(name), "{name}");
        }
        for name in ["a", "everybody", "product users", ""] {
            assert!(!names.keeps(name), "{name}");
        }
    }

    #[test]
    fn rules_that_go_one_way_only_are_refused() {
        let fault = |rows| Names::new(&policy(rows)).map(|_| ()).unwrap_err();
        assert_eq!(fault(vec![row("a", &["b", "c"])]), OneWay::NotOne { row: 0 });
        assert_eq!(fault(vec![row("a", &[])]), OneWay::NotOne { row: 0 });
        assert_eq!(fault(vec![row("a", &["b"]), row("c", &["B"])]), OneWay::Twice { row: 1 });
        assert_eq!(fault(vec![row("a", &["b"]), row("A", &["c"])]), OneWay::Twice { row: 1 });
    }
}
