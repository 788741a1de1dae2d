//! Decisions that are about more than one group: who enters, what becomes of the account, who speaks first.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use samlgate::base::{Code, Pii, UnixTime};
use samlgate::http::{CaptureRegex, StringMatch, Substitution};
use samlgate::identity::{AssertedGroups, Identity, UnknownGroups};
use samlgate::policy::condition::{DomainMatch, GroupsMatch};
use samlgate::policy::{
    Access, AccessRule, AccountDecision, AccountFacts, AccountRules, ApplyTo, AssignTo, Condition, Decision,
    DefaultGroups, Facts, GroupPattern, GroupRule, Manage, OnlyIf, PortalRule, RequestFacts, RequiredGroups,
    Rule, RuleAction, SameName, Settings, StartUrl, Switch, decide,
};

fn known(groups: &[&str]) -> AssertedGroups {
    AssertedGroups::Known(groups.iter().map(|group| (*group).to_owned()).collect())
}

const UNKNOWN: AssertedGroups = AssertedGroups::Unknown(UnknownGroups::Overage);

fn identity(groups: AssertedGroups) -> Identity {
    Identity {
        username: Pii::new("alice".to_owned()),
        name_id: None,
        email: None,
        display_name: None,
        groups,
        attributes: BTreeMap::new(),
        friendly_names: BTreeMap::new(),
        incomplete_attributes: BTreeSet::new(),
    }
}

fn present(groups: &[&str]) -> AccountFacts {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    AccountFacts::Present { groups, active: true, unfinished: false }
}

/// Who enters by `path`, or is met by a background sync.
fn decided(
    settings: &Settings,
    groups: &AssertedGroups,
    path: Option<&str>,
    account: &AccountFacts,
) -> Decision {
    let url = |path| StartUrl { origin: "https://app.example.test", path, path_and_query: path };
    let request = RequestFacts { started_at: path.map(url) };
    let now = UnixTime::from_secs(0);
    decide(&Facts { identity: &identity(groups.clone()), request, account, now }, settings)
}

fn refused(settings: &Settings, groups: &AssertedGroups, account: &AccountFacts) -> Option<Code> {
    decided(settings, groups, Some("/"), account).admit().err().map(|refusal| refusal.code())
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn row(idp_group: &str, groups: &[&str]) -> GroupRule {
    GroupRule { idp_group: idp_group.to_owned(), groups: list(groups) }
}

fn any_of(groups: &[&str]) -> Condition {
    let groups = GroupsMatch {
        any_of: groups.iter().map(|group| (*group).to_owned()).collect(),
        ..GroupsMatch::default()
    };
    Condition { groups: Some(groups), ..Condition::default() }
}

fn rule(name: &str, condition: Condition, action: RuleAction) -> Rule {
    Rule { name: name.to_owned(), condition, action }
}

fn pattern(expression: &str, group: &str) -> GroupPattern {
    let pattern = CaptureRegex::new(expression).unwrap();
    let groups = vec![Substitution::new(group, pattern.groups()).unwrap()];
    GroupPattern { pattern, groups }
}

/// Added and removed groups, as one line.
fn change(decision: &Decision, account: &AccountFacts) -> String {
    let held = match account {
        AccountFacts::Present { groups, .. } => groups.clone(),
        _ => BTreeSet::new(),
    };
    let added = decision.desired.ensure.difference(&held).map(|group| format!("+{group}"));
    let removed = decision.desired.may_remove.iter().map(|group| format!("-{group}"));
    added.chain(removed).collect::<Vec<_>>().join(" ")
}

#[test]
fn where_syncs_take_groups_away_sign_ins_only_give_them() {
    let settings = Settings {
        group_mapping: [row("it", &["admins-light"]), row("staff", &["users"])]
            .into_iter()
            .collect::<Vec<_>>()
            .into(),
        only_syncs_remove: true,
        ..Settings::default()
    };
    let account = present(&["users", "other"]);
    let groups = known(&["it"]);
    let signed_in = decided(&settings, &groups, Some("/"), &account);
    assert_eq!(change(&signed_in, &account), "+admins-light");
    // What is kept is told to the application like everything else that it has.
    assert!(signed_in.application_groups.contains("users"), "{:?}", signed_in.application_groups);
    assert_eq!(change(&decided(&settings, &groups, None, &account), &account), "+admins-light -users");
    let both = Settings { only_syncs_remove: false, ..settings };
    assert_eq!(change(&decided(&both, &groups, Some("/"), &account), &account), "+admins-light -users");
}

#[test]
fn who_is_denied_or_may_be_denied_does_not_enter() {
    let access = |name: &str, condition, access| AccessRule { name: name.to_owned(), condition, access };
    let settings = Settings {
        access: vec![
            access("staff", any_of(&["staff"]), Access::Allow),
            access("contractors", any_of(&["contractors"]), Access::Deny),
        ],
        ..Settings::default()
    };
    for account in [AccountFacts::Unknown, AccountFacts::Absent, present(&[])] {
        assert_eq!(refused(&settings, &known(&["staff", "contractors"]), &account), None);
        assert_eq!(refused(&settings, &known(&["contractors"]), &account), Some(Code::AccessDenied));
        assert_eq!(refused(&settings, &known(&["Contractors"]), &account), None);
        // Nobody knows whether the person is one of those that must stay outside.
        assert_eq!(refused(&settings, &UNKNOWN, &account), Some(Code::AccessDenied));
    }
    let closed = Settings { default_access: Access::Deny, ..settings };
    assert_eq!(refused(&closed, &known(&["staff"]), &AccountFacts::Absent), None);
    assert_eq!(refused(&closed, &known(&[]), &AccountFacts::Absent), Some(Code::AccessDenied));
    // The first rule that holds decides.
    let mut reversed = closed;
    reversed.access.reverse();
    assert_eq!(
        refused(&reversed, &known(&["staff", "contractors"]), &present(&[])),
        Some(Code::AccessDenied)
    );
}

#[test]
fn r1_r3_r4_required_groups_of_sync_and_sign_in_are_independent() {
    let required_groups = RequiredGroups { sync: list(&["synced"]), sign_in: Vec::new() };
    let settings = Settings { required_groups, ..Settings::default() };
    let customer = known(&["customers"]);
    let by_sync = |groups| decided(&settings, groups, None, &AccountFacts::Absent);
    // R1: not provisioned in bulk. R3, R4: signs in, is created and updated all the same.
    assert!(matches!(by_sync(&customer).account, AccountDecision::Refuse(_)));
    assert!(matches!(by_sync(&UNKNOWN).account, AccountDecision::Refuse(_)));
    assert_eq!(by_sync(&known(&["synced"])).account, AccountDecision::Create);
    let entering = |account| decided(&settings, &customer, Some("/"), account).account;
    assert_eq!(entering(&AccountFacts::Absent), AccountDecision::Create);
    assert_eq!(entering(&present(&[])), AccountDecision::Update);

    let required_groups = RequiredGroups { sync: Vec::new(), sign_in: list(&["a", "b"]) };
    let settings = Settings { required_groups, ..Settings::default() };
    assert_eq!(refused(&settings, &known(&["b"]), &present(&[])), None);
    for groups in [known(&["c"]), known(&[]), UNKNOWN] {
        assert_eq!(refused(&settings, &groups, &present(&[])), Some(Code::RequiredGroupMissing));
    }
    assert_eq!(decided(&settings, &customer, None, &AccountFacts::Absent).account, AccountDecision::Create);
}

#[test]
fn m12_e7_an_account_is_made_only_for_whom_it_may_be() {
    let mapped = Settings { group_mapping: vec![row("staff", &["users"])].into(), ..Settings::default() };
    let rules = |create, create_only_with_mapped_group| Settings {
        accounts: AccountRules { create, create_only_with_mapped_group, ..AccountRules::default() },
        ..mapped.clone()
    };
    let absent = AccountFacts::Absent;
    for groups in [known(&["other"]), known(&[]), UNKNOWN] {
        assert_eq!(refused(&rules(true, true), &groups, &absent), Some(Code::NoMappedGroup));
        assert_eq!(refused(&rules(true, true), &groups, &present(&[])), None);
        assert_eq!(refused(&rules(true, false), &groups, &absent), None);
    }
    assert_eq!(refused(&rules(true, true), &known(&["staff"]), &absent), None);
    assert_eq!(refused(&rules(false, true), &known(&["staff"]), &absent), Some(Code::AccountAbsent));
    // A group that is never given, or that only a name from outside would give, gives no right to an account.
    let ignored = Settings { ignored_groups: list(&["Users"]), ..rules(true, true) };
    assert_eq!(refused(&ignored, &known(&["staff"]), &absent), Some(Code::NoMappedGroup));
    let named = Settings {
        group_mapping: Vec::new().into(),
        same_name: Some(SameName::default()),
        admin_groups: list(&["jira-administrators"]),
        ..rules(true, true)
    };
    assert_eq!(refused(&named, &known(&["jira-administrators"]), &absent), Some(Code::NoMappedGroup));
    assert_eq!(refused(&named, &known(&["anything"]), &absent), None);
}

#[test]
fn a_deactivated_account_is_entered_only_where_it_may_be_activated() {
    let inactive = AccountFacts::Present { groups: BTreeSet::new(), active: false, unfinished: false };
    assert_eq!(refused(&Settings::default(), &known(&[]), &inactive), Some(Code::AccountInactive));
    let accounts = AccountRules { reactivate: true, update: false, ..AccountRules::default() };
    let settings = Settings { accounts, ..Settings::default() };
    let decision = decided(&settings, &known(&[]), Some("/"), &inactive);
    assert_eq!(decision.account, AccountDecision::Reactivate { update: false });
    assert!(decision.admit().is_ok());
}

#[test]
fn m10_e2_e12_e15_the_mapping_applies_to_whom_it_says() {
    let table = |apply_idp_groups_to| Settings {
        group_mapping: vec![row("a", &["A"]), row("b", &["B"])].into(),
        apply_idp_groups_to,
        ..Settings::default()
    };
    let (new, old) = (AccountFacts::Absent, present(&["B", "local"]));
    for (scope, first, later) in [
        (ApplyTo::AllUsers, "+A", "+A -B"),
        (ApplyTo::NewUsers, "+A", ""),
        (ApplyTo::ExistingUsers, "", "+A -B"),
        (ApplyTo::None, "", ""),
    ] {
        let settings = table(scope);
        let change = |account| change(&decided(&settings, &known(&["a"]), Some("/"), account), account);
        assert_eq!((change(&new).as_str(), change(&old).as_str()), (first, later), "{scope:?}");
        let unfinished = AccountFacts::Present { groups: BTreeSet::new(), active: true, unfinished: true };
        assert_eq!(change(&unfinished), first, "{scope:?}: not yet finished is new");
    }
    // Frozen is not forgotten: what the account has and the table names is told by header.
    let told = decided(&table(ApplyTo::NewUsers), &known(&["a"]), Some("/"), &old).application_groups;
    assert_eq!(told, ["B".to_owned()].into());
}

#[test]
fn m14_e14_names_from_outside_never_make_administrators() {
    let settings = Settings {
        same_name: Some(SameName::default()),
        group_patterns: vec![pattern("app-(.+)", r"jira-\1")],
        admin_groups: list(&["Jira-Administrators", "site-admins"]),
        ..Settings::default()
    };
    let hostile = known(&["jira-administrators", "app-administrators", "JIRA-ADMINISTRATORS", "site-admins"]);
    for account in [AccountFacts::Unknown, AccountFacts::Absent, present(&[])] {
        let decision = decided(&settings, &hostile, Some("/"), &account);
        let names: Vec<_> = decision.desired.ensure.iter().cloned().collect();
        assert_eq!(names, ["app-administrators"], "only the one that is none");
        assert!(
            !decision
                .application_groups
                .iter()
                .any(|group| group.to_lowercase().ends_with("strators") && group != "app-administrators")
        );
    }
    let lifted = Settings { danger_allow_admin_groups_by_name: true, ..settings.clone() };
    assert!(decided(&lifted, &hostile, Some("/"), &present(&[])).desired.ensure.contains("site-admins"));
    // A text that names the group may give it, whatever a name from outside tried before.
    let named =
        Settings { group_mapping: vec![row("z-admins", &["jira-administrators"])].into(), ..settings };
    let decision = decided(&named, &known(&["jira-administrators", "z-admins"]), Some("/"), &present(&[]));
    assert!(decision.desired.ensure.contains("jira-administrators"), "{}", decision.explanation);
    // Nor what a database that ignores accents or width would take for such a group.
    let alike = [
        "jir\u{e1}-administrators",
        "jira\u{301}-administrators",
        "\u{ff4a}ira-administrators",
        "site-adm\u{131}ns",
    ];
    for name in alike {
        let decision = decided(&named, &known(&[name]), Some("/"), &present(&[]));
        assert!(decision.desired.ensure.is_empty(), "{name}: {}", decision.explanation);
    }
    assert!(
        decided(&named, &known(&["b\u{fc}ro"]), Some("/"), &present(&[]))
            .desired
            .ensure
            .contains("b\u{fc}ro")
    );
    // Names that no application could store give nothing.
    let odd = known(&["", " padded", "tab\tbed", &"x".repeat(256), "new\nline"]);
    assert!(decided(&named, &odd, Some("/"), &present(&[])).desired.ensure.is_empty());
}

#[test]
fn m14_a_group_from_outside_is_passed_over_where_the_application_lacks_it() {
    let settings = Settings {
        group_mapping: vec![row("c", &["C"])].into(),
        same_name: Some(SameName {
            matching: vec![StringMatch::Prefix { value: "j-".into(), ignore_case: false }],
        }),
        ..Settings::default()
    };
    let account = present(&["j-old", "local"]);
    let decision = decided(&settings, &known(&["j-new", "other", "c"]), Some("/"), &account);
    assert_eq!(change(&decision, &account), "+C +j-new -j-old");
    assert_eq!(decision.desired.if_it_exists, ["j-new".to_owned()].into());
    let making = Settings { create_missing_groups: true, ..settings };
    let decision = decided(&making, &known(&["j-new"]), Some("/"), &account);
    assert!(decision.desired.if_it_exists.is_empty(), "M15: it is made");
}

#[test]
fn managing_all_groups_takes_what_nobody_gives_and_spares_what_is_spared() {
    let settings = Settings {
        group_mapping: vec![row("a", &["A"])].into(),
        manage: Manage::All,
        ignored_groups: list(&["ignored"]),
        protected_groups: list(&["Protected"]),
        admin_groups: list(&["admins"]),
        default_groups: DefaultGroups { groups: list(&["default"]), ..DefaultGroups::default() },
        always_groups: list(&["always"]),
        ..Settings::default()
    };
    let account = present(&["local", "IGNORED", "protected", "Admins", "Default", "always", "A"]);
    assert_eq!(change(&decided(&settings, &known(&[]), Some("/"), &account), &account), "-A -local");
    for unknown in [UNKNOWN, AssertedGroups::Unknown(UnknownGroups::ClaimMissing)] {
        assert_eq!(change(&decided(&settings, &unknown, Some("/"), &account), &account), "");
    }
    let kept = Settings { keep_existing_groups: true, ..settings.clone() };
    assert_eq!(change(&decided(&kept, &known(&[]), Some("/"), &account), &account), "");
    // An administrator loses the group only where the table names it.
    let named = Settings { group_mapping: vec![row("a", &["admins"])].into(), ..settings };
    assert!(decided(&named, &known(&[]), Some("/"), &account).desired.may_remove.contains("Admins"));
}

#[test]
fn r19_who_speaks_first_of_a_group_decides() {
    let grant = |groups: &[&str]| RuleAction::Grant { groups: list(groups), remove_otherwise: false };
    let withhold = |groups: &[&str]| RuleAction::Withhold { groups: list(groups) };
    let settings = |rules| Settings {
        group_mapping: vec![row("a", &["X"])].into(),
        rules,
        always_groups: list(&["X"]),
        ..Settings::default()
    };
    let partners = || any_of(&["partners"]);
    let first_withheld =
        settings(vec![rule("no", partners(), withhold(&["x"])), rule("yes", partners(), grant(&["X"]))]);
    let first_given =
        settings(vec![rule("yes", partners(), grant(&["X"])), rule("no", partners(), withhold(&["x"]))]);
    let (none, has) = (present(&[]), present(&["X"]));
    let change = |settings, groups: &AssertedGroups, account| {
        change(&decided(settings, groups, Some("/"), account), account)
    };
    assert_eq!(change(&first_withheld, &known(&["a", "partners"]), &none), "");
    assert_eq!(
        change(&first_withheld, &known(&["a", "partners"]), &has),
        "",
        "withholding takes nothing away"
    );
    assert_eq!(change(&first_withheld, &known(&["a"]), &none), "+X");
    // Who may be a partner gets nothing that partners must not have.
    assert_eq!(change(&first_withheld, &UNKNOWN, &none), "");
    assert_eq!(change(&first_given, &known(&["partners"]), &none), "+X");
}

#[test]
fn a6_a8_a_granted_group_goes_when_the_membership_that_gave_it_ends() {
    let settings = |remove_otherwise| Settings {
        rules: vec![rule(
            "default access",
            any_of(&["scim-a", "scim-b"]),
            RuleAction::Grant {
                groups: list(&["jira-users-site", "confluence-users-site"]),
                remove_otherwise,
            },
        )],
        ..Settings::default()
    };
    let (none, has) = (present(&[]), present(&["jira-users-site", "local"]));
    let change = |remove, groups: &AssertedGroups, account| {
        change(&decided(&settings(remove), groups, None, account), account)
    };
    assert_eq!(change(true, &known(&["scim-b"]), &none), "+confluence-users-site +jira-users-site");
    assert_eq!(change(true, &known(&["other"]), &has), "-jira-users-site");
    assert_eq!(change(false, &known(&["other"]), &has), "");
    assert_eq!(change(true, &UNKNOWN, &has), "", "what is not known ends nothing");
}

#[test]
fn r10_the_portal_takes_default_groups_only_where_they_are_not_kept() {
    let settings = |keep, only_if| Settings {
        group_mapping: vec![row("agents", &["desk"])].into(),
        default_groups: DefaultGroups {
            groups: list(&["licence"]),
            assign_to: AssignTo::AllUsers,
            only_if,
            keep,
        },
        portal: Some(PortalRule::default()),
        ..Settings::default()
    };
    let agent = present(&["desk", "licence"]);
    let change = |settings: &Settings, groups: &AssertedGroups, path, account| {
        change(&decided(settings, groups, path, account), account)
    };
    let portal = Some("/servicedesk/customer/portals");
    for (keep, lost) in [(true, ""), (false, "-licence")] {
        let settings = settings(keep, OnlyIf::Always);
        assert_eq!(change(&settings, &known(&["agents"]), portal, &agent), lost);
        assert_eq!(change(&settings, &UNKNOWN, portal, &agent), "");
        assert_eq!(change(&settings, &known(&["agents"]), None, &agent), "", "a sync knows no door");
        assert_eq!(change(&settings, &known(&[]), Some("/"), &AccountFacts::Absent), "+licence");
    }
    // Frozen groups are frozen, also by way of a lapsed default.
    let frozen = Settings {
        group_mapping: vec![row("agents", &["Licence"])].into(),
        apply_idp_groups_to: ApplyTo::NewUsers,
        ..settings(false, OnlyIf::Always)
    };
    assert_eq!(change(&frozen, &known(&["agents"]), portal, &agent), "");
    // With a sign needed, the door alone gives nothing.
    let desk = || OnlyIf::MappedGroup { any_of: ["Desk"].into_iter().collect() };
    let safe = settings(true, desk());
    assert_eq!(change(&safe, &known(&[]), Some("/"), &AccountFacts::Absent), "");
    assert_eq!(change(&safe, &UNKNOWN, Some("/"), &AccountFacts::Absent), "");
    assert_eq!(change(&safe, &known(&["agents"]), Some("/"), &AccountFacts::Absent), "+desk +licence");
    // Customers have groups of their own, and those are no sign, by whatever door.
    let both = Settings {
        group_mapping: vec![row("agents", &["desk"]), row("customers", &["clients"])].into(),
        same_name: Some(SameName::default()),
        ..settings(true, desk())
    };
    for groups in [known(&["customers"]), known(&["customers", "other"])] {
        assert!(!change(&both, &groups, Some("/"), &AccountFacts::Absent).contains("licence"));
    }
    assert!(change(&both, &known(&["desk"]), Some("/"), &AccountFacts::Absent).contains("licence"));
    let by_rule = Settings {
        rules: vec![rule("door", Condition::default(), RuleAction::DefaultGroups(Switch::Withhold))],
        portal: None,
        ..settings(true, OnlyIf::Always)
    };
    assert_eq!(change(&by_rule, &known(&[]), Some("/"), &AccountFacts::Absent), "");
}

/// Nobody knows the person's domain, for the identity provider sent no address.
fn partners() -> Condition {
    Condition { email_domains: vec![DomainMatch::new("partner.example").unwrap()], ..Condition::default() }
}

#[test]
fn a_rule_that_may_give_a_group_keeps_it_from_being_taken_away() {
    let grant = |remove_otherwise| RuleAction::Grant { groups: list(&["Licensed"]), remove_otherwise };
    let account = present(&["licensed", "other"]);
    let groups = known(&["elsewhere"]);
    // The table, another rule, and all groups would each take it.
    for settings in [
        Settings {
            group_mapping: vec![row("staff", &["licensed"]), row("others", &["other"])].into(),
            rules: vec![rule("partners", partners(), grant(false))],
            ..Settings::default()
        },
        Settings {
            group_mapping: vec![row("others", &["other"])].into(),
            rules: vec![
                rule("staff", any_of(&["staff"]), grant(true)),
                rule("partners", partners(), grant(true)),
            ],
            ..Settings::default()
        },
        Settings {
            manage: Manage::All,
            rules: vec![rule("partners", partners(), grant(false))],
            ..Settings::default()
        },
    ] {
        let decision = decided(&settings, &groups, Some("/"), &account);
        assert_eq!(change(&decision, &account), "-other");
        assert!(decision.explanation.to_string().contains("keep `licensed` (a condition is unknown)"));
        assert!(decision.application_groups.contains("licensed"));
        // What is not known gives nothing.
        assert!(decided(&settings, &groups, Some("/"), &present(&[])).desired.ensure.is_empty());
    }
}

#[test]
fn default_groups_are_not_taken_away_for_something_that_is_not_known() {
    let defaults = |only_if| DefaultGroups {
        groups: list(&["licensed"]),
        assign_to: AssignTo::AllUsers,
        only_if,
        keep: false,
    };
    let speaking = |switch| vec![rule("partners", partners(), RuleAction::DefaultGroups(switch))];
    let account = present(&["licensed"]);
    let portal = Some(PortalRule::default());
    for manage in [Manage::default(), Manage::All] {
        let unless = |rules, only_if, portal: &Option<PortalRule>| Settings {
            rules,
            default_groups: defaults(only_if),
            portal: portal.clone(),
            manage: manage.clone(),
            ..Settings::default()
        };
        let condition = || OnlyIf::Matches(Box::new(partners()));
        for (settings, path) in [
            (unless(Vec::new(), condition(), &None), "/"),
            (unless(speaking(Switch::Withhold), OnlyIf::Always, &None), "/"),
            (unless(speaking(Switch::Give), OnlyIf::Always, &portal), "/servicedesk/customer"),
        ] {
            let decision = decided(&settings, &known(&[]), Some(path), &account);
            assert_eq!(change(&decision, &account), "", "{}", decision.explanation);
            let new = decided(&settings, &known(&[]), Some(path), &AccountFacts::Absent);
            assert!(new.desired.ensure.is_empty());
        }
        // The door alone, and a rule that certainly holds, take them as before.
        let everybody = vec![rule("all", Condition::default(), RuleAction::DefaultGroups(Switch::Withhold))];
        for (settings, path) in [
            (unless(Vec::new(), OnlyIf::Always, &portal), "/servicedesk/customer"),
            (unless(everybody, OnlyIf::Always, &None), "/"),
        ] {
            let decision = decided(&settings, &known(&[]), Some(path), &account);
            assert_eq!(change(&decision, &account), "-licensed");
        }
    }
}
