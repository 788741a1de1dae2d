//! `policy`: the settings of the room.

use super::condition::{condition, idp_group, idp_groups};
use super::matcher::{regex, string_match, string_matches};
use super::{Checker, contradictions, quoted};
use crate::config::path::Path;
use crate::config::raw::{
    self, AllowOrDeny, ApplyTo as RawApplyTo, AssignTo as RawAssignTo, CleanupMode as RawCleanupMode,
    Configuration, GiveOrWithhold, ManageGroups, Mark as RawMark, PolicyAction,
};
use crate::http::{CaptureRegex, Substitution};
use crate::policy::{
    Access, AccessRule, AccountRules, ApplyTo, AssignTo, CleanupMode, CleanupSettings, DefaultGroups,
    GroupPattern, GroupRule, Manage, Mark, OnlyIf, PortalRule, RequiredGroups, Rule, RuleAction, SameName,
    Settings, Switch,
};

/// Rows of the table: twice the 20,000 groups that one directory of Atlassian's cloud may hold, and room to spare. A row
/// costs memory, not time.
const MAX_ROWS: usize = 50_000;
/// Patterns, each of which is tried on each group of a person: 2,000 groups of 65 bytes are 2.6 MB to read for so many.
const MAX_PATTERNS: usize = 20;
/// Comparisons of one list, each of which is tried on each group of a person.
const MAX_COMPARISONS: usize = 64;
/// Rules of one list, each of which is asked at each sign-in. A hundred teams with two rules each.
const MAX_RULES: usize = 200;
/// Characters of the name of a rule, so that an explanation stays one line.
const MAX_NAME: usize = 64;
/// From one day, in which the mark is written, to ten years.
const MARK_LIFETIME: core::ops::RangeInclusive<u64> = 86_400..=315_360_000;

/// What cannot be used is reported and replaced by what says nothing, so that contradictions of the rest are found in the
/// same run; faulty settings are never loaded.
pub(super) fn policy(configuration: &Configuration, checker: &mut Checker<'_>) -> Settings {
    let raw = &configuration.policy;
    let at = Path::default().field("policy");
    let group_mapping = table(&raw.group_mapping, &at.field("group_mapping"), checker);
    let group_patterns = patterns(&raw.group_patterns, &at.field("group_patterns"), checker);
    let same_name = raw.same_name_groups.as_ref().map(|raw| {
        let at = at.field("same_name_groups.matching");
        SameName { matching: string_matches(&raw.matching, MAX_COMPARISONS, &at, checker) }
    });
    let default_groups =
        raw.default_groups.as_ref().map(|raw| default_groups(raw, &at.field("default_groups"), checker));
    let portal = raw.portal.as_ref().map(|raw| portal(raw, &at.field("portal"), checker));
    let rules = rules(&raw.rules, &at.field("rules"), checker);
    let access = access(&raw.access, &at.field("access"), checker);
    let required = at.field("required_groups");
    idp_groups(&raw.required_groups.sync, &required.field("sync"), checker);
    idp_groups(&raw.required_groups.sign_in, &required.field("sign_in"), checker);
    for (field, list) in [
        ("always_groups", &raw.always_groups),
        ("ignored_groups", &raw.ignored_groups),
        ("protected_groups", &raw.protected_groups),
        ("admin_groups", &raw.admin_groups),
    ] {
        checker.group_names(list, &at.field(field));
    }
    let also = string_matches(&raw.managed_groups, MAX_COMPARISONS, &at.field("managed_groups"), checker);
    let unless = at.field("cleanup.unless");
    let unless = raw.cleanup.unless.as_ref().map(|raw| condition(raw, &unless, checker));
    let provisioning = configuration.provisioning.as_ref();
    let settings = Settings {
        group_mapping: group_mapping.into(),
        group_patterns,
        same_name,
        apply_idp_groups_to: match raw.apply_idp_groups_to {
            RawApplyTo::AllUsers => ApplyTo::AllUsers,
            RawApplyTo::NewUsers => ApplyTo::NewUsers,
            RawApplyTo::ExistingUsers => ApplyTo::ExistingUsers,
            RawApplyTo::None => ApplyTo::None,
        },
        default_groups: default_groups.unwrap_or_default(),
        always_groups: raw.always_groups.clone(),
        portal,
        rules,
        access,
        default_access: allow_or_deny(raw.default_access),
        required_groups: RequiredGroups {
            sync: raw.required_groups.sync.clone(),
            sign_in: raw.required_groups.sign_in.clone(),
        },
        accounts: provisioning.map(account_rules).unwrap_or_default(),
        create_missing_groups: provisioning.is_some_and(|raw| raw.create_missing_groups),
        ignored_groups: raw.ignored_groups.clone(),
        protected_groups: raw.protected_groups.clone(),
        admin_groups: raw.admin_groups.clone(),
        danger_allow_admin_groups_by_name: raw.danger_allow_admin_groups_by_name,
        keep_existing_groups: raw.keep_existing_groups,
        only_syncs_remove: configuration.directory_sync.as_ref().is_some_and(|sync| {
            sync.memberships_managed_by == crate::config::raw::MembershipsManagedBy::Directory
        }),
        manage: match raw.manage_groups {
            ManageGroups::Listed => Manage::Listed { also },
            ManageGroups::All => Manage::All,
        },
        cleanup: CleanupSettings {
            mode: match raw.cleanup.mode {
                RawCleanupMode::Keep => CleanupMode::Keep,
                RawCleanupMode::Disable => CleanupMode::Disable,
                RawCleanupMode::RemoveGroups => CleanupMode::RemoveGroups,
                RawCleanupMode::Delete => CleanupMode::Delete,
                RawCleanupMode::Anonymize => CleanupMode::Anonymize,
            },
            also_signed_in: raw.cleanup.also_signed_in,
            unless,
            mark_lifetime: raw.portal.as_ref().and_then(|raw| raw.mark_lifetime).map(|lifetime| lifetime.0),
        },
    };
    contradictions::policy(configuration, &settings, checker);
    settings
}

fn table(raw: &[raw::GroupMapping], at: &Path, checker: &mut Checker<'_>) -> Vec<GroupRule> {
    checker.at_most(raw.len(), MAX_ROWS, "rows", at);
    let mut rows = Vec::new();
    for (index, entry) in raw.iter().enumerate().take(MAX_ROWS) {
        let path = at.index(index);
        let field = path.field("idp_group");
        let name = checker.required(entry.idp_group.as_ref(), &field, "a group of the identity provider");
        if let Some(name) = name {
            idp_group(name, &field, checker);
        }
        checker.some_group_names(&entry.groups, &path.field("groups"));
        rows.push(GroupRule { idp_group: name.cloned().unwrap_or_default(), groups: entry.groups.clone() });
    }
    rows
}

fn patterns(raw: &[raw::GroupPattern], at: &Path, checker: &mut Checker<'_>) -> Vec<GroupPattern> {
    checker.at_most(raw.len(), MAX_PATTERNS, "patterns", at);
    let mut patterns = Vec::new();
    for (index, entry) in raw.iter().enumerate().take(MAX_PATTERNS) {
        patterns.extend(pattern(entry, &at.index(index), checker));
    }
    patterns
}

fn pattern(raw: &raw::GroupPattern, at: &Path, checker: &mut Checker<'_>) -> Option<GroupPattern> {
    let path = at.field("pattern");
    let expression = checker.required(raw.pattern.as_ref(), &path, "a regular expression");
    let expression = expression.and_then(|expression| {
        regex(expression, &path, checker)?;
        let text = expression.regex.as_ref()?;
        let compiled = CaptureRegex::new(text);
        if let Err(error) = &compiled {
            let expected = format_args!("an expression that is cheap to try on every group ({error})");
            checker.invalid(&path.field("regex"), quoted(text), expected);
        }
        compiled.ok()
    });
    let groups_path = at.field("groups");
    checker.some_group_names(&raw.groups, &groups_path);
    let expression = expression?;
    let mut groups = Vec::new();
    for (index, text) in raw.groups.iter().enumerate() {
        let group = Substitution::new(text, expression.groups());
        if let Err(error) = &group {
            checker.invalid(&groups_path.index(index), quoted(text), format_args!("a group ({error})"));
        }
        groups.push(group.ok());
    }
    Some(GroupPattern { pattern: expression, groups: groups.into_iter().collect::<Option<_>>()? })
}

fn default_groups(raw: &raw::DefaultGroups, at: &Path, checker: &mut Checker<'_>) -> DefaultGroups {
    checker.some_group_names(&raw.groups, &at.field("groups"));
    let only_if = match &raw.only_if {
        None => OnlyIf::Always,
        Some(raw::OnlyIf::MappedGroup(raw)) => {
            checker.some_group_names(&raw.any_of, &at.field("only_if.mapped_group.any_of"));
            OnlyIf::MappedGroup { any_of: raw.any_of.iter().collect() }
        }
        Some(raw::OnlyIf::Match(raw)) => {
            OnlyIf::Matches(Box::new(condition(raw, &at.field("only_if.match"), checker)))
        }
    };
    DefaultGroups {
        groups: raw.groups.clone(),
        assign_to: match raw.assign_to {
            RawAssignTo::NewUsers => AssignTo::NewUsers,
            RawAssignTo::AllUsers => AssignTo::AllUsers,
            RawAssignTo::None => AssignTo::None,
        },
        only_if,
        keep: raw.keep,
    }
}

fn portal(raw: &raw::Portal, at: &Path, checker: &mut Checker<'_>) -> PortalRule {
    let prefixes = at.field("path_prefixes");
    if raw.path_prefixes.is_empty() && raw.url.is_none() {
        checker.missing(&prefixes, "at least one path such as `/servicedesk/`, or `url`");
    }
    checker.at_most(raw.path_prefixes.len(), MAX_COMPARISONS, "paths", &prefixes);
    for (index, prefix) in raw.path_prefixes.iter().enumerate() {
        checker.path(prefix, &prefixes.index(index));
    }
    let url = raw.url.as_ref().and_then(|raw| string_match(raw, &at.field("url"), checker));
    if let Some(lifetime) = raw.mark_lifetime
        && (!MARK_LIFETIME.contains(&lifetime.0.as_secs()) || lifetime.0.subsec_nanos() != 0)
    {
        let expected = format_args!("`{}s` to `{}s`", MARK_LIFETIME.start(), MARK_LIFETIME.end());
        checker.invalid(&at.field("mark_lifetime"), quoted(&lifetime.to_string()), expected);
    }
    PortalRule {
        path_prefixes: raw.path_prefixes.clone(),
        url,
        no_request: switch(raw.no_request),
        mark: match raw.mark {
            RawMark::PortalSignIns => Mark::PortalSignIns,
            RawMark::AllSignIns => Mark::AllSignIns,
        },
    }
}

fn rules(raw: &[raw::PolicyRule], at: &Path, checker: &mut Checker<'_>) -> Vec<Rule> {
    checker.at_most(raw.len(), MAX_RULES, "rules", at);
    let mut names = Names::default();
    let mut rules = Vec::new();
    for (index, entry) in raw.iter().enumerate().take(MAX_RULES) {
        let path = at.index(index);
        let name = names.take(entry.name.as_ref(), &path.field("name"), checker);
        let condition = condition(&entry.r#match, &path.field("match"), checker);
        let action = path.field("action");
        let expected = "`grant`, `withhold` or `default_groups`";
        let action = checker.required(entry.action.as_ref(), &action, expected).map(|raw| match raw {
            PolicyAction::Grant(grant) => {
                checker.some_group_names(&grant.groups, &action.field("grant.groups"));
                RuleAction::Grant { groups: grant.groups.clone(), remove_otherwise: grant.remove_otherwise }
            }
            PolicyAction::Withhold(withhold) => {
                checker.some_group_names(&withhold.groups, &action.field("withhold.groups"));
                RuleAction::Withhold { groups: withhold.groups.clone() }
            }
            PolicyAction::DefaultGroups(word) => RuleAction::DefaultGroups(switch(*word)),
        });
        let action = action.unwrap_or(RuleAction::Withhold { groups: Vec::new() });
        rules.push(Rule { name, condition, action });
    }
    rules
}

fn access(raw: &[raw::AccessRule], at: &Path, checker: &mut Checker<'_>) -> Vec<AccessRule> {
    checker.at_most(raw.len(), MAX_RULES, "rules", at);
    let mut names = Names::default();
    let mut rules = Vec::new();
    for (index, entry) in raw.iter().enumerate().take(MAX_RULES) {
        let path = at.index(index);
        let name = names.take(entry.name.as_ref(), &path.field("name"), checker);
        let condition = condition(&entry.r#match, &path.field("match"), checker);
        let action = checker.required(entry.action, &path.field("action"), "`ALLOW` or `DENY`");
        let access = action.map_or(Access::Deny, allow_or_deny);
        rules.push(AccessRule { name, condition, access });
    }
    rules
}

/// The names of one list of rules so far.
#[derive(Default)]
struct Names(Vec<(String, Path)>);

impl Names {
    fn take(&mut self, name: Option<&String>, at: &Path, checker: &mut Checker<'_>) -> String {
        let Some(name) = checker.required(name, at, "a name") else { return String::new() };
        let fits = (1..=MAX_NAME).contains(&name.chars().count()) && name.trim() == name;
        if !fits || name.chars().any(|character| character.is_control() || character == '`') {
            let expected = format_args!("a name of 1 to {MAX_NAME} characters without white space around it");
            checker.invalid(at, quoted(name), expected);
        } else if let Some((_, other)) = self.0.iter().find(|(other, _)| other == name) {
            checker.conflict(at, other.clone(), "both rules have the same name");
        }
        self.0.push((name.clone(), at.clone()));
        name.clone()
    }
}

const fn switch(raw: GiveOrWithhold) -> Switch {
    match raw {
        GiveOrWithhold::Give => Switch::Give,
        GiveOrWithhold::Withhold => Switch::Withhold,
    }
}

const fn allow_or_deny(raw: AllowOrDeny) -> Access {
    match raw {
        AllowOrDeny::Allow => Access::Allow,
        AllowOrDeny::Deny => Access::Deny,
    }
}

const fn account_rules(raw: &raw::Provisioning) -> AccountRules {
    AccountRules {
        create: raw.create_accounts,
        update: raw.update_accounts,
        reactivate: raw.reactivate_accounts,
        create_only_with_mapped_group: raw.create_only_with_mapped_group,
    }
}
