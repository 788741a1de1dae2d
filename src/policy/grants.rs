//! What is given and what is withheld, while the rules speak one after the other.

use std::collections::{BTreeMap, BTreeSet};

use super::explanation::{Reason, Verdict};
use super::group_name::{FoldedName, GroupNames, may_be_taken_for};
use super::settings::{OnlyIf, Settings};

/// Groups with what was said of them first.
pub(super) struct Grants<'a> {
    settings: &'a Settings,
    ignored: GroupNames,
    admins: GroupNames,
    said: BTreeMap<FoldedName, Said>,
    /// What the mapping would give if it applied to the person.
    frozen: GroupNames,
}

struct Said {
    /// In the spelling of who said it.
    group: String,
    word: Word,
    reason: Reason,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Given,
    /// Given under a name that the IdP sent.
    GivenByName,
    Withheld,
    /// Given, but never touched.
    Ignored,
}

/// What the mapping made of the asserted groups.
#[derive(Default)]
pub(super) struct Mapping {
    /// One of them stands for a group of the application.
    pub(super) maps: bool,
    /// One of them stands for a group that is the sign which the default groups need.
    pub(super) signed: bool,
    /// So many stand for none.
    pub(super) unmapped: usize,
}

impl<'a> Grants<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            ignored: settings.ignored_groups.iter().collect(),
            admins: settings.admin_groups.iter().collect(),
            said: BTreeMap::new(),
            frozen: GroupNames::default(),
        }
    }

    /// A text that names `group` gives it.
    pub(super) fn give(&mut self, group: &str, reason: Reason) {
        let word = if self.ignored.contains(group) { Word::Ignored } else { Word::Given };
        self.say(group, word, reason);
    }

    /// A name from the IdP gives `group`: false when it is one that no such name may give.
    fn give_by_name(&mut self, group: &str, reason: Reason) -> bool {
        if self.ignored.contains(group) {
            self.say(group, Word::Ignored, reason);
            return false;
        }
        if self.guards(group) {
            self.refuse_admin(group);
            return false;
        }
        self.say(group, Word::GivenByName, reason);
        true
    }

    /// Is `group`, a name from the IdP, one that makes administrators, or may be taken for one?
    fn guards(&self, group: &str) -> bool {
        let looks = || self.admins.iter().any(|admins| may_be_taken_for(group, admins));
        !self.settings.danger_allow_admin_groups_by_name
            && (self.admins.contains(group) || !group.is_ascii() && looks())
    }

    /// Nobody after this gives `group`.
    pub(super) fn withhold(&mut self, group: &str, reason: Reason) {
        self.say(group, Word::Withheld, reason);
    }

    /// The guard speaks last: a text that names the group may still give it.
    fn refuse_admin(&mut self, group: &str) {
        let said = Said { group: group.to_owned(), word: Word::Withheld, reason: Reason::AdminGroup };
        self.said.entry(FoldedName::of(group)).or_insert(said);
    }

    /// Who speaks first decides, except that a text beats the guard on names, and that a group that a text gives exists
    /// as far as we know.
    fn say(&mut self, group: &str, word: Word, reason: Reason) {
        let folded = FoldedName::of(group);
        match self.said.get_mut(&folded) {
            None => {
                self.said.insert(folded, Said { group: group.to_owned(), word, reason });
            }
            Some(said) if said.reason == Reason::AdminGroup && word == Word::Given => {
                *said = Said { group: group.to_owned(), word, reason };
            }
            Some(said) if said.word == Word::GivenByName && word == Word::Given => said.word = Word::Given,
            Some(_) => {}
        }
    }

    /// The table, the patterns and the same names. Where they do not apply to the person only what they would give is
    /// remembered.
    pub(super) fn map(&mut self, asserted: &BTreeSet<String>, applies: bool) -> Mapping {
        let mut mapping = Mapping::default();
        for idp_group in asserted {
            if !self.map_one(idp_group, applies, &mut mapping) {
                mapping.unmapped = mapping.unmapped.saturating_add(1);
            }
        }
        mapping
    }

    /// Is there anything that `idp_group` stands for?
    fn map_one(&mut self, idp_group: &str, applies: bool, mapping: &mut Mapping) -> bool {
        let settings = self.settings;
        let mut stands_for_any = false;
        for (row, rule) in settings.group_mapping.of(idp_group) {
            for group in &rule.groups {
                stands_for_any = true;
                if applies {
                    self.give(group, Reason::Mapped { idp_group: idp_group.to_owned(), row });
                } else {
                    self.frozen.insert(group);
                }
                if !self.ignored.contains(group) {
                    self.stands_for(group, mapping);
                }
            }
        }
        for (pattern, rule) in settings.group_patterns.iter().enumerate() {
            for group in rule.apply(idp_group) {
                let reason = Reason::Pattern { idp_group: idp_group.to_owned(), pattern };
                stands_for_any = true;
                if self.map_by_name(&group, reason, applies) {
                    self.stands_for(&group, mapping);
                }
            }
        }
        if settings.same_name.as_ref().is_some_and(|same| same.covers(idp_group)) {
            stands_for_any = true;
            if self.map_by_name(idp_group, Reason::SameName, applies) {
                self.stands_for(idp_group, mapping);
            }
        }
        stands_for_any
    }

    fn stands_for(&self, group: &str, mapping: &mut Mapping) {
        mapping.maps = true;
        if let OnlyIf::MappedGroup { any_of } = &self.settings.default_groups.only_if {
            mapping.signed = mapping.signed || any_of.contains(group);
        }
    }

    fn map_by_name(&mut self, group: &str, reason: Reason, applies: bool) -> bool {
        if applies {
            return self.give_by_name(group, reason);
        }
        self.frozen.insert(group);
        !self.ignored.contains(group) && !self.guards(group)
    }

    /// What is given, with the rule.
    pub(super) fn given(&self) -> impl Iterator<Item = (&str, &Reason)> {
        let given = |said: &&Said| matches!(said.word, Word::Given | Word::GivenByName);
        self.said.values().filter(given).map(|said| (said.group.as_str(), &said.reason))
    }

    /// What is not given though something would, with the rule.
    pub(super) fn refused(&self) -> impl Iterator<Item = (&str, Verdict, &Reason)> {
        self.said.values().filter_map(|said| match said.word {
            Word::Given | Word::GivenByName => None,
            Word::Withheld => Some((said.group.as_str(), Verdict::Withhold, &said.reason)),
            Word::Ignored => Some((said.group.as_str(), Verdict::Ignore, &Reason::IgnoredGroup)),
        })
    }

    /// What is given under names that the IdP sent, unless missing groups are made.
    pub(super) fn named_by_idp(&self) -> impl Iterator<Item = &str> {
        let makes = self.settings.create_missing_groups;
        let by_name = move |said: &&Said| said.word == Word::GivenByName && !makes;
        self.said.values().filter(by_name).map(|said| said.group.as_str())
    }

    pub(super) fn gives(&self, group: &str) -> bool {
        let said = self.said.get(&FoldedName::of(group));
        said.is_some_and(|said| matches!(said.word, Word::Given | Word::GivenByName))
    }

    /// The rule by which `group` is withheld, if the default groups are not why.
    pub(super) fn withheld_by_rule(&self, group: &str) -> Option<&Reason> {
        let said = self.said.get(&FoldedName::of(group)).filter(|said| said.word == Word::Withheld)?;
        matches!(said.reason, Reason::Rule { .. }).then_some(&said.reason)
    }

    pub(super) fn ignores(&self, group: &str) -> bool {
        self.ignored.contains(group)
    }

    pub(super) fn is_admin(&self, group: &str) -> bool {
        self.admins.contains(group)
    }

    /// Would the mapping give `group` if it applied?
    pub(super) fn freezes(&self, group: &str) -> bool {
        self.frozen.contains(group)
    }
}
