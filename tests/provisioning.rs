//! Plans: what is sent, in which order, and what never is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use samlgate::base::{Code, Pii, UnixTime};
use samlgate::identity::{AssertedGroups, Identity, UnknownGroups};
use samlgate::policy::{
    self, AccountDecision, AccountFacts, AssignTo, Contradiction, DefaultGroups, DesiredGroups, Facts,
    GroupNames, GroupRule, PortalRule, RequestFacts, StartUrl, decide,
};
use samlgate::provision::{
    Capabilities, CustomerAccess, DesiredState, Directory, Done, Guardrail, GuardrailRefusal, Marker,
    MarkerUpdate, Operation, OperationKind, Profile, Progress, ProvisionError, RemoteAccount, RemoteMarker,
    RemoteState, Settings, plan, satisfied,
};

fn pii(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

fn names(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

/// How a sign-in began that started at `path`.
fn started(path: Option<&str>) -> RequestFacts<'_> {
    let url = |path| StartUrl { origin: "https://app.example.test", path, path_and_query: path };
    RequestFacts { started_at: path.map(url) }
}

fn account(groups: &[&str]) -> RemoteAccount {
    RemoteAccount {
        username: pii("Alice"),
        email: Some(pii("alice@example.test")),
        display_name: pii("Alice Archer"),
        active: true,
        groups: names(groups),
        id: None,
        profile: Profile::new(),
    }
}

fn create(display_name: &str) -> Operation {
    Operation::CreateAccount {
        username: pii("alice"),
        email: None,
        display_name: pii(display_name),
        profile: Profile::new(),
        customer: false,
    }
}

fn remote(groups: &[&str]) -> RemoteState {
    RemoteState { account: Some(account(groups)), marker: RemoteMarker::Absent, ..RemoteState::default() }
}

fn desired(ensure: &[&str], may_remove: &[&str]) -> DesiredState {
    DesiredState {
        username: pii("alice"),
        email: Some(pii("alice@example.test")),
        display_name: Some(pii("Alice Archer")),
        profile: Profile::new(),
        is_customer: false,
        account: AccountDecision::Create,
        groups: DesiredGroups {
            ensure: names(ensure),
            may_remove: names(may_remove),
            ..DesiredGroups::default()
        },
        marker: None,
    }
}

fn kinds(desired: &DesiredState, remote: &RemoteState, settings: &Settings) -> Vec<String> {
    plan(desired, remote, settings).unwrap().operations().iter().map(ToString::to_string).collect()
}

#[test]
fn m4_the_order_is_account_groups_additions_removals_marker() {
    let settings = Settings { create_missing_groups: true, ..Settings::default() };
    let mut wanted = desired(&["b", "new", "c"], &["a"]);
    wanted.display_name = Some(pii("Alice Baker"));
    wanted.marker = Some(MarkerUpdate {
        customer_login: None,
        signed_in_at: Some(UnixTime::from_secs(9)),
        ..MarkerUpdate::default()
    });
    let mut have = remote(&["a", "B", "local"]);
    have.directory = Directory::with_groups(["C"]);
    assert_eq!(
        kinds(&wanted, &have, &settings),
        [
            "update_account (display name differs)",
            "create_group `new` (group not known to exist)",
            "add_to_group `c` (granted, not a member)",
            "add_to_group `new` (granted, not a member)",
            "remove_from_group `a` (no longer granted)",
            "write_marker (marker absent or outdated)",
        ]
    );
    let plan = plan(&wanted, &have, &settings).unwrap();
    assert!(plan.operations().iter().all(|operation| match operation {
        Operation::CreateGroup { group } => group == "new",
        Operation::UpdateAccount { account, .. }
        | Operation::AddToGroup { account, .. }
        | Operation::RemoveFromGroup { account, .. }
        | Operation::WriteMarker { account, .. } => account.username.expose() == "Alice",
        _ => false,
    }));
}

#[test]
fn e17_nothing_changed_means_an_empty_plan() {
    let have = RemoteState {
        marker: RemoteMarker::Present(Marker {
            customer_login: Some(pii("alice")),
            last_login: Some(UnixTime::from_secs(1_000)),
            unfinished: false,
            ..Marker::default()
        }),
        ..remote(&["A", "local"])
    };
    let mut wanted = desired(&["a"], &["b"]);
    wanted.email = Some(pii(" ALICE@example.test "));
    wanted.display_name = Some(pii("  Alice Archer"));
    wanted.marker = Some(MarkerUpdate {
        customer_login: Some(pii("alice")),
        signed_in_at: Some(UnixTime::from_secs(1_000 + 24 * 60 * 60 - 1)),
        ..MarkerUpdate::default()
    });
    assert!(plan(&wanted, &have, &Settings::default()).unwrap().is_empty());
}

#[test]
fn e7_accounts_are_made_only_where_that_is_allowed() {
    let none = RemoteState { marker: RemoteMarker::Absent, ..RemoteState::default() };
    let mut wanted = desired(&[], &["a"]);
    wanted.display_name = Some(pii("  "));
    wanted.email = Some(pii(""));
    let made = plan(&wanted, &none, &Settings::default()).unwrap();
    assert_eq!(made.operations(), [create("alice")]);
    for account in [AccountDecision::Update, AccountDecision::Keep, AccountDecision::NotProvisioned] {
        let wanted = DesiredState { account, ..wanted.clone() };
        let refused = plan(&wanted, &none, &Settings::default()).unwrap_err();
        assert_eq!((refused, refused.code()), (ProvisionError::AccountAbsent, Code::AccountAbsent));
    }
}

#[test]
fn a_deactivated_account_stays_deactivated() {
    let mut have = remote(&["a"]);
    have.account.as_mut().unwrap().active = false;
    for account in [AccountDecision::Create, AccountDecision::Update, AccountDecision::Keep] {
        let wanted = DesiredState { account, ..desired(&["b"], &["a"]) };
        let refused = plan(&wanted, &have, &Settings::default()).unwrap_err();
        assert_eq!((refused, refused.code()), (ProvisionError::AccountInactive, Code::AccountInactive));
    }
    // It does not satisfy its own creation either: the person must not slip in through a race.
    let create = create("a");
    assert!(!satisfied(&create, &have));
}

#[test]
fn only_what_differs_is_updated_and_only_when_the_idp_says_it() {
    let changed = |email: Option<&str>, name: Option<&str>, shown: Option<&str>, update: bool| {
        let mut wanted = desired(&[], &[]);
        wanted.email = email.map(pii);
        wanted.display_name = name.map(pii);
        let mut have = remote(&[]);
        have.account.as_mut().unwrap().email = shown.map(pii);
        wanted.account = if update { AccountDecision::Update } else { AccountDecision::Keep };
        kinds(&wanted, &have, &Settings::default())
    };
    let mail = Some("alice@example.test");
    let other = Some("a.archer@example.test");
    assert_eq!(changed(other, None, mail, true), ["update_account (e-mail differs)"]);
    assert_eq!(changed(mail, Some("A"), mail, true), ["update_account (display name differs)"]);
    assert_eq!(changed(other, Some("A"), mail, true), ["update_account (e-mail and display name differ)"]);
    let nothing = Vec::<String>::new();
    assert_eq!(changed(other, Some("A"), mail, false), nothing, "updates are off");
    assert_eq!(changed(None, None, mail, true), nothing, "the IdP says nothing");
    assert_eq!(changed(Some(" "), Some(""), mail, true), nothing, "the IdP says nothing worth sending");
    assert_eq!(changed(other, None, None, true), nothing, "the application hides addresses");
    assert_eq!(changed(other, None, Some("alice at example dot test"), true), nothing, "it masks them");
}

#[test]
fn what_the_application_cannot_change_is_not_planned() {
    let differs = DesiredState {
        email: Some(pii("new@example.test")),
        display_name: Some(pii("New Name")),
        ..desired(&["a"], &[])
    };
    let remote = remote(&["a"]);
    let with = |capabilities| Settings { capabilities, ..Settings::default() };
    let all = ["update_account (e-mail and display name differ)"];
    assert_eq!(kinds(&differs, &remote, &Settings::default()), all);
    let none = with(Capabilities { updates: false, ..Capabilities::default() });
    assert_eq!(kinds(&differs, &remote, &none), Vec::<String>::new());
    // The address alone: the name is changed, and the difference is told (J19).
    let fixed = with(Capabilities { email_immutable: true, ..Capabilities::default() });
    let planned = plan(&differs, &remote, &fixed).unwrap();
    assert!(planned.has_email_conflict());
    let [Operation::UpdateAccount { changes, .. }] = planned.operations() else { panic!("{planned:?}") };
    assert!(changes.email.is_none() && changes.display_name.is_some());
}

#[test]
fn the_guardrail_bounds_removals_and_nothing_else() {
    let settings = Settings { max_group_removals: 2, ..Settings::default() };
    let guardrail = Guardrail::new(&settings);
    let removing =
        |groups: &[&str]| plan(&desired(&["x", "y", "z"], groups), &remote(groups), &settings).unwrap();
    assert!(guardrail.approve(removing(&["a", "b"])).is_ok());
    let refused = guardrail.approve(removing(&["a", "b", "c"])).unwrap_err();
    assert_eq!(refused, GuardrailRefusal::TooManyRemovals { removals: 3, allowed: 2 });
    assert_eq!(refused.code(), Code::GuardrailExceeded);
    let none = Guardrail::new(&Settings { max_group_removals: 0, ..Settings::default() });
    assert!(none.approve(removing(&[])).is_ok());
    assert!(none.approve(removing(&["a"])).is_err());
}

#[test]
fn progress_goes_through_the_plan_once() {
    let settings = Settings::default();
    let plan = plan(&desired(&["a", "b"], &["c"]), &remote(&["c"]), &settings).unwrap();
    let mut progress = Progress::new(Guardrail::new(&settings).approve(plan).unwrap());
    let mut seen = Vec::new();
    while let Some(operation) = progress.next() {
        seen.push(operation.kind());
        let again = progress.next().map(Operation::kind);
        assert_eq!(again, seen.last().copied(), "looking does not move the cursor");
        progress.record(if seen.len() == 2 { Done::AlreadySo } else { Done::Applied });
    }
    assert_eq!(seen, [OperationKind::AddToGroup, OperationKind::AddToGroup, OperationKind::RemoveFromGroup]);
    progress.record(Done::Applied);
    assert_eq!(progress.left(), 0);
    let done: Vec<Done> = progress.completed().map(|(_, done)| done).collect();
    assert_eq!(done, [Done::Applied, Done::AlreadySo, Done::Applied]);
}

#[test]
fn ignoring_that_contradicts_a_promise_is_found() {
    let mut settings = policy::Settings {
        group_mapping: vec![GroupRule {
            idp_group: "g".to_owned(),
            groups: vec!["A".to_owned(), "b".to_owned()],
        }]
        .into(),
        default_groups: DefaultGroups { groups: vec!["c".to_owned()], ..DefaultGroups::default() },
        ignored_groups: vec!["a".to_owned(), "C".to_owned()],
        ..policy::Settings::default()
    };
    assert_eq!(
        settings.contradictions(),
        [
            Contradiction::IgnoredButMapped { group: "A".to_owned(), rule: 0 },
            Contradiction::IgnoredButDefault { group: "c".to_owned() },
        ]
    );
    settings.default_groups.assign_to = AssignTo::None;
    settings.ignored_groups = vec!["c".to_owned()];
    assert_eq!(settings.contradictions(), []);
}

#[test]
fn nothing_personal_is_printed() {
    let mut wanted = desired(&["a"], &[]);
    wanted.marker = Some(MarkerUpdate {
        customer_login: Some(pii("alice")),
        signed_in_at: None,
        ..MarkerUpdate::default()
    });
    let none = RemoteState { marker: RemoteMarker::Absent, ..RemoteState::default() };
    let made = plan(&wanted, &none, &Settings::default()).unwrap();
    let text = format!("{made:?} {wanted:?} {:?} {}", remote(&[]), made.operations()[0]);
    assert!(!text.to_lowercase().contains("alice"), "{text}");
}

// Few names, in several spellings, so that everything collides with everything.
fn group() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "A", "b", "B", "c", "d", "e", "É", "é"]).prop_map(str::to_owned)
}

fn groups(most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(group(), 0..most)
}

fn rules() -> impl Strategy<Value = policy::Settings> {
    let row = (group(), groups(4)).prop_map(|(idp_group, groups)| GroupRule { idp_group, groups });
    let assign_to = prop::sample::select(vec![AssignTo::NewUsers, AssignTo::AllUsers, AssignTo::None]);
    (prop::collection::vec(row, 0..6), groups(3), assign_to, any::<bool>(), groups(3), any::<bool>())
        .prop_map(|(group_mapping, groups, assign_to, portal, ignored_groups, keep_existing_groups)| {
            policy::Settings {
                group_mapping: group_mapping.into(),
                default_groups: DefaultGroups { groups, assign_to, ..DefaultGroups::default() },
                portal: portal.then(PortalRule::default),
                ignored_groups,
                keep_existing_groups,
                ..policy::Settings::default()
            }
        })
}

fn asserted() -> impl Strategy<Value = AssertedGroups> {
    prop_oneof![
        4 => groups(6).prop_map(|groups| AssertedGroups::Known(groups.into_iter().collect())),
        1 => Just(AssertedGroups::Unknown(UnknownGroups::ClaimMissing)),
        1 => Just(AssertedGroups::Unknown(UnknownGroups::Overage)),
    ]
}

fn identity(groups: AssertedGroups) -> Identity {
    Identity {
        username: pii("alice"),
        name_id: None,
        email: None,
        display_name: Some(pii("Alice Baker")),
        groups,
        attributes: BTreeMap::new(),
        friendly_names: BTreeMap::new(),
        incomplete_attributes: BTreeSet::new(),
    }
}

fn state() -> impl Strategy<Value = RemoteState> {
    let marker = prop_oneof![
        Just(RemoteMarker::NotRead),
        Just(RemoteMarker::Absent),
        Just(RemoteMarker::Foreign),
        (any::<bool>(), prop::option::of(0_u64..200_000), any::<bool>()).prop_map(
            |(customer, at, unfinished)| {
                RemoteMarker::Present(Marker {
                    customer_login: customer.then(|| pii("alice")),
                    last_login: at.map(UnixTime::from_secs),
                    unfinished,
                    ..Marker::default()
                })
            }
        ),
    ];
    // Jira holds no two groups whose names fold alike.
    let held = groups(6).prop_map(|groups| GroupNames::from_iter(&groups).into_set());
    (prop::option::of(held), marker, groups(3)).prop_map(|(held, marker, existing)| RemoteState {
        // Nothing can be remembered at an account that is not there.
        marker: match marker {
            RemoteMarker::Present(_) | RemoteMarker::Foreign if held.is_none() => RemoteMarker::Absent,
            marker => marker,
        },
        account: held.map(|groups| RemoteAccount { groups, ..account(&[]) }),
        directory: Directory::with_groups(&existing),
        ..RemoteState::default()
    })
}

fn entrance() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(vec![None, Some("/"), Some("/servicedesk/customer/portals")])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn m17_m18_policy_and_plan_keep_their_promises(
        rules in rules(),
        asserted in asserted(),
        before in state(),
        path in entrance(),
        now in 0_u64..300_000,
        create_missing_groups in any::<bool>(),
    ) {
        let settings = Settings { create_missing_groups, max_group_removals: 100, ..Settings::default() };
        let identity = identity(asserted.clone());
        let facts = before.account_facts();
        let decide = |path, account: &AccountFacts| {
            let now = UnixTime::from_secs(now);
            decide(&Facts { identity: &identity, request: started(path), account, now }, &rules)
        };
        let decision = decide(path, &facts);
        let protected = GroupNames::from_iter(&rules.ignored_groups);
        let managed = GroupNames::from_iter(rules.group_mapping.rows().iter().flat_map(|rule| &rule.groups));
        let defaults = GroupNames::from_iter(&rules.default_groups.groups);
        let held = match &facts {
            AccountFacts::Present { groups, .. } => GroupNames::from_iter(groups),
            _ => GroupNames::default(),
        };

        let wanted = DesiredState {
            username: identity.username.clone(),
            email: None,
            display_name: identity.display_name.clone(),
            profile: Profile::new(),
            is_customer: decision.customer,
            account: decision.account,
            groups: decision.desired.clone(),
            marker: Some(MarkerUpdate {
                customer_login: decision.customer.then(|| pii("alice")),
                signed_in_at: Some(UnixTime::from_secs(now)),
                ..MarkerUpdate::default()
            }),
        };
        let planned = plan(&wanted, &before, &settings).unwrap();

        let mut after = before.clone();
        let mut added_by = BTreeSet::new();
        let mut stage = OperationKind::CreateAccount;
        for operation in planned.operations() {
            let ahead = matches!(operation, Operation::WriteMarker { marker, .. } if marker.unfinished);
            if ahead {
                prop_assert!(before.account.is_none() && stage == OperationKind::CreateAccount);
            } else {
                prop_assert!(operation.kind() >= stage, "out of order: {operation}");
                stage = operation.kind();
            }
            prop_assert!(!satisfied(operation, &after), "needless: {operation}");
            after.apply(operation);
            prop_assert!(satisfied(operation, &after), "without effect: {operation}");
            let once = after.clone();
            after.apply(operation);
            prop_assert_eq!(&once, &after, "not idempotent: {}", operation);
            match operation {
                Operation::AddToGroup { group, .. } | Operation::CreateGroup { group } => {
                    prop_assert!(!protected.contains(group), "adds protected `{group}`");
                    prop_assert!(managed.contains(group) || defaults.contains(group));
                    added_by.insert(group.to_lowercase());
                }
                Operation::RemoveFromGroup { group, .. } => {
                    prop_assert!(matches!(asserted, AssertedGroups::Known(_)), "removes without knowing");
                    prop_assert!(!protected.contains(group), "removes protected `{group}`");
                    prop_assert!(managed.contains(group), "removes unmanaged `{group}`");
                    prop_assert!(!rules.keep_existing_groups, "removes though existing groups are kept");
                    prop_assert!(
                        rules.default_groups.assign_to == AssignTo::None || !defaults.contains(group),
                        "removes default group `{group}`"
                    );
                    prop_assert!(!added_by.contains(&group.to_lowercase()), "adds and removes `{group}`");
                }
                _ => {}
            }
        }

        // What only new people get is not lost, wherever the first sign-in breaks off after its first two operations.
        if before.account.is_none() && before.marker == RemoteMarker::Absent {
            for broken_off in 2..planned.operations().len() {
                let mut halfway = before.clone();
                for operation in planned.operations().iter().take(broken_off) {
                    halfway.apply(operation);
                }
                let retried = decide(path, &halfway.account_facts());
                let rest = DesiredState { account: retried.account, groups: retried.desired, ..wanted.clone() };
                for operation in plan(&rest, &halfway, &settings).unwrap().operations() {
                    halfway.apply(operation);
                }
                prop_assert_eq!(&halfway.account, &after.account, "broken off after {}", broken_off);
                prop_assert_eq!(&halfway.marker, &after.marker);
            }
        }

        // Done once, nothing is left to do, now or at the next sign-in by any door but for a default group.
        prop_assert!(plan(&wanted, &after, &settings).unwrap().is_empty());
        let next = decide(path, &after.account_facts());
        let again = DesiredState { account: next.account, groups: next.desired, ..wanted };
        prop_assert!(plan(&again, &after, &settings).unwrap().is_empty());
        // What is told by header is what the account has, in whatever spelling.
        let has = GroupNames::from_iter(&after.account.as_ref().unwrap().groups);
        for group in &decision.application_groups {
            prop_assert!(has.contains(group), "tells `{group}`, which the account lacks");
            prop_assert!(!protected.contains(group), "tells protected `{group}`");
        }

        // R10: the door never takes anything away.
        for door in [None, Some("/"), Some("/servicedesk/customer/portals")] {
            let other = decide(door, &facts);
            for group in &other.desired.may_remove {
                let elsewhere = GroupNames::from_iter(&decision.desired.ensure);
                let also = GroupNames::from_iter(&decision.desired.may_remove);
                prop_assert!(
                    also.contains(group) || elsewhere.contains(group),
                    "the door decides about removing `{group}`"
                );
            }
            if rules.portal.is_some() && door != Some("/") {
                for group in other.desired.ensure.iter().filter(|group| !held.contains(group)) {
                    prop_assert!(managed.contains(group), "`{group}` is given without a door");
                }
            }
        }
    }
}

fn moving_to(organization: &str) -> DesiredState {
    let customer = CustomerAccess {
        organizations: names(&[organization]),
        linked_service_desks: names(&["1"]),
        direct_service_desks: BTreeSet::new(),
    };
    DesiredState {
        is_customer: true,
        marker: Some(MarkerUpdate {
            signed_in_at: Some(UnixTime::from_secs(9)),
            customer: Some(customer),
            ..MarkerUpdate::default()
        }),
        ..desired(&[], &[])
    }
}

#[test]
fn a_customer_who_is_moved_ends_in_one_place_wherever_the_moves_break_off() {
    let settings = Settings {
        capabilities: Capabilities { organizations: true, ..Capabilities::default() },
        ..Settings::default()
    };
    // The application as it is, and what is read of it.
    let carry_out =
        |remote: &mut RemoteState, members: &mut BTreeSet<String>, wanted: &DesiredState, most: usize| {
            let planned = plan(wanted, remote, &settings).unwrap();
            for operation in planned.operations().iter().take(most) {
                match operation {
                    Operation::AddToOrganization { organization, .. } => {
                        members.insert(organization.clone());
                    }
                    Operation::RemoveFromOrganization { organization, .. } => {
                        members.remove(organization);
                    }
                    _ => {}
                }
                remote.apply(operation);
            }
            planned.operations().len()
        };
    for first in 0..8 {
        for second in 0..8 {
            let mut remote = remote(&[]);
            let mut members = BTreeSet::new();
            carry_out(&mut remote, &mut members, &moving_to("Acme"), usize::MAX);
            assert_eq!(members, names(&["Acme"]));
            carry_out(&mut remote, &mut members, &moving_to("Other"), first);
            carry_out(&mut remote, &mut members, &moving_to("Third"), second);
            carry_out(&mut remote, &mut members, &moving_to("Third"), usize::MAX);
            assert_eq!(members, names(&["Third"]), "{first} {second}");
            assert_eq!(
                carry_out(&mut remote, &mut members, &moving_to("Third"), usize::MAX),
                0,
                "nothing is left"
            );
        }
    }
}

#[test]
fn organizations_count_for_the_guardrail_and_only_where_there_are_any() {
    let able = Settings {
        capabilities: Capabilities { organizations: true, ..Capabilities::default() },
        max_group_removals: 0,
        ..Settings::default()
    };
    let marker = Marker { organizations: names(&["Acme"]), ..Marker::default() };
    let have = RemoteState { marker: RemoteMarker::Present(marker), ..remote(&[]) };
    let planned = plan(&moving_to("Other"), &have, &able).unwrap();
    assert_eq!((planned.removals(), planned.creations()), (1, 1));
    assert!(Guardrail::new(&able).approve(planned).is_err());
    // What cannot be done is not remembered as done either.
    let unable = plan(&moving_to("Other"), &remote(&[]), &Settings::default()).unwrap();
    let kinds: Vec<OperationKind> = unable.operations().iter().map(Operation::kind).collect();
    assert_eq!(kinds, [OperationKind::WriteMarker]);
    let Operation::WriteMarker { marker, .. } = &unable.operations()[0] else { panic!() };
    assert!(marker.organizations.is_empty() && !marker.moving);
}

#[test]
fn j19_an_address_that_cannot_be_changed_is_a_conflict_and_not_sent() {
    let fixed = Settings {
        capabilities: Capabilities { email_immutable: true, ..Capabilities::default() },
        ..Settings::default()
    };
    let mut wanted = DesiredState { account: AccountDecision::Update, ..desired(&[], &[]) };
    wanted.email = Some(pii("new@example.test"));
    let planned = plan(&wanted, &remote(&[]), &fixed).unwrap();
    assert!(planned.has_email_conflict() && planned.is_empty());
    wanted.display_name = Some(pii("A. Archer"));
    assert_eq!(kinds(&wanted, &remote(&[]), &fixed), ["update_account (display name differs)"]);
    assert!(!plan(&wanted, &remote(&[]), &Settings::default()).unwrap().has_email_conflict());
}
