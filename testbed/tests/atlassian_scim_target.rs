//! The target for Atlassian's SCIM directories against the stand-in: what becomes of people, groups and organizations.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use samlgate::base::{Code, Pii};
use samlgate::policy::{AccountDecision, DesiredGroups};
use samlgate::provision::{
    Absence, AccountId, AccountKey, DesiredState, Done, Operation, OperationKind, Profile, ProfileField,
    RemoteState, Settings, plan,
};
use samlgate::targets::atlassian_scim::{AtlassianScim as Target, DirectoryKind, Limits};
use samlgate::targets::{Application, Credentials, Endpoint};
use testbed::atlassian_scim::{AtlassianScim, Conflict, DIRECTORY, KEY, Profile as Kind};
use testbed::provisioner::{Provisioner, call};
use testbed::stand_in::{Api, Incoming, StandIn};

use OperationKind::{
    AddToGroup, CreateAccount, CreateGroup, DeactivateAccount, DeleteAccount, ReactivateAccount,
    RemoveFromGroup, UpdateAccount,
};

const ADA: &str = "ada@example.test";

fn target(kind: DirectoryKind) -> Target {
    let endpoint = Endpoint {
        cluster: String::from("atlassian"),
        authority: String::from("api.atlassian.com"),
        path_prefix: format!("/scim/directory/{DIRECTORY}"),
        timeout: Duration::from_secs(5),
        credentials: Credentials::Injected,
    };
    Target::new(endpoint, kind)
}

fn customers() -> (Target, StandIn<AtlassianScim>) {
    (target(DirectoryKind::JsmCustomers), StandIn::new(AtlassianScim::new(Kind::JsmCustomers)))
}

fn pii(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

fn desired(email: &str, groups: &[&str], not_groups: &[&str]) -> DesiredState {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    DesiredState {
        username: pii(email),
        email: Some(pii(email)),
        display_name: Some(pii("Ada")),
        profile: Profile::new(),
        is_customer: true,
        account: AccountDecision::Create,
        groups: DesiredGroups {
            ensure: names(groups),
            if_it_exists: BTreeSet::new(),
            may_remove: names(not_groups),
        },
        marker: None,
    }
}

type Outcome = Result<Vec<(OperationKind, Done)>, String>;

/// One sign-in; what was done, and which calls wrote.
fn sign_in(
    target: &Target,
    directory: &StandIn<AtlassianScim>,
    desired: &DesiredState,
) -> (Outcome, Vec<String>) {
    let settings =
        Settings { create_missing_groups: true, capabilities: target.capabilities(), ..Settings::default() };
    let authorization = format!("Bearer {KEY}");
    let mut provisioner = Provisioner::new(target, |sent| {
        let mut answer = None;
        directory.change(|state| answer = Some(call(state, sent, &authorization)));
        answer
    });
    let done = provisioner.sign_in(desired, &settings);
    let writes = provisioner.writes().into_iter().map(str::to_owned).collect();
    (done, writes)
}

fn applied(kinds: &[OperationKind]) -> Outcome {
    Ok(kinds.iter().map(|kind| (*kind, Done::Applied)).collect())
}

#[test]
fn j3_j14_people_become_customers_and_groups_their_organizations() {
    let (target, directory) = customers();
    let (done, writes) = sign_in(&target, &directory, &desired(ADA, &["Acme", "Beta"], &[]));
    assert_eq!(done, applied(&[CreateAccount, CreateGroup, CreateGroup, AddToGroup, AddToGroup]));
    assert_eq!(writes.len(), 5);
    let site = directory.state().site;
    assert!(site.person(ADA).unwrap().active);
    assert_eq!(site.organizations_of(ADA), ["Acme".to_owned(), "Beta".to_owned()].into());
    assert_eq!(
        sign_in(&target, &directory, &desired(ADA, &["Acme", "Beta"], &[])),
        (Ok(Vec::new()), Vec::new())
    );
}

#[test]
fn j23_an_organization_is_read_only_and_no_second_one_of_its_name_is_pushed() {
    let (target, directory) = customers();
    sign_in(&target, &directory, &desired(ADA, &["Acme"], &[])).0.unwrap();
    let mut edited = true;
    directory.change(|state| edited = state.site.edit("acme", |organization| organization.members.clear()));
    assert!(!edited, "agents cannot change it");
    let (done, writes) = sign_in(&target, &directory, &desired("bob@example.test", &["ACME"], &[]));
    let expected =
        [(CreateAccount, Done::Applied), (CreateGroup, Done::AlreadySo), (AddToGroup, Done::Applied)];
    assert_eq!(done.unwrap(), expected);
    assert!(!writes.iter().any(|call| call.starts_with("POST") && call.contains("/Groups")), "{writes:?}");
    assert_eq!(directory.state().groups().count(), 1);
}

#[test]
fn j4_j8_j15_somebody_known_by_address_is_linked_and_reported() {
    for known in [ADA, "Ada@Example.TEST"] {
        let (target, directory) = customers();
        directory.change(|state| state.site.add_customer(known));
        let (done, _) = sign_in(&target, &directory, &desired(ADA, &[], &[]));
        assert_eq!(done.unwrap(), [(CreateAccount, Done::AlreadySo)], "{known}");
        let site = directory.state().site;
        assert_eq!(site.people.len(), 1, "{known}");
        assert!(site.people[0].synced);
    }
    let (target, directory) = customers();
    let (done, _) = sign_in(&target, &directory, &desired(ADA, &[], &[]));
    assert_eq!(done, applied(&[CreateAccount]), "nobody was there before");
}

#[test]
fn j9_customers_whom_the_identity_provider_does_not_know_stay_as_they_are() {
    let (target, directory) = customers();
    directory.change(|state| {
        for email in ["eve@example.test", "ada@example.test.evil.test", "ada@example.tes"] {
            state.site.add_customer(email);
        }
        state.site.add_organization("Local", &["eve@example.test"]);
    });
    let before = directory.state().site;
    let mut writes = Vec::new();
    for groups in [&["Acme"][..], &[]] {
        let wanted = desired(ADA, groups, &["Acme", "Local"]);
        let (done, wrote) = sign_in(&target, &directory, &wanted);
        done.unwrap();
        writes.extend(wrote);
    }
    let after = directory.state().site;
    assert_eq!(after.people[..3], before.people[..]);
    assert_eq!(after.organizations[0], before.organizations[0]);
    assert!(!writes.iter().any(|call| call.starts_with("DELETE")), "{writes:?}");
}

#[test]
fn j11_what_was_edited_locally_is_as_the_identity_provider_has_it_after_the_next_sign_in() {
    let (target, directory) = customers();
    let mut wanted = desired(ADA, &["Acme"], &[]);
    sign_in(&target, &directory, &wanted).0.unwrap();
    let id = directory.state().user(ADA).unwrap().id.clone();
    let edit = |body: serde_json::Value| {
        let request = Incoming::new("PATCH", &format!("/scim/directory/{DIRECTORY}/Users/{id}"));
        directory.change(|state| {
            state.answer(&request.with("authorization", &format!("Bearer {KEY}")).with_json(&body));
        });
    };
    edit(serde_json::json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": "Local" }] }));
    assert_eq!(directory.state().site.person(ADA).unwrap().display_name, "Local");
    wanted.account = AccountDecision::Update;
    assert_eq!(sign_in(&target, &directory, &wanted).0, applied(&[UpdateAccount]));
    assert_eq!(directory.state().site.person(ADA).unwrap().display_name, "Ada");
}

#[test]
fn j13_j26_what_becomes_of_a_name_in_use_follows_the_policy_of_the_site() {
    for (conflict, read_only, members) in [
        (Conflict::Sync, true, BTreeSet::from([ADA.to_owned()])),
        (Conflict::LeaveAlone, false, BTreeSet::from(["eve@example.test".to_owned()])),
    ] {
        let (target, directory) = customers();
        directory.change(|state| {
            state.conflict = conflict;
            state.site.add_organization("Acme", &["eve@example.test"]);
        });
        let (done, _) = sign_in(&target, &directory, &desired(ADA, &["acme"], &[]));
        assert_eq!(done, applied(&[CreateAccount, CreateGroup, AddToGroup]));
        let organization = directory.state().site.organization("Acme").cloned().unwrap();
        assert_eq!(
            (organization.group.is_some(), organization.members),
            (read_only, members),
            "{conflict:?}"
        );
        // Changed later, it holds for groups that come then.
        directory.change(|state| state.conflict = Conflict::Sync);
        assert_eq!(sign_in(&target, &directory, &desired(ADA, &["acme"], &[])), (Ok(Vec::new()), Vec::new()));
        let later = directory.state().site.organization("Acme").cloned().unwrap();
        assert_eq!(later.group.is_some(), read_only, "{conflict:?}");
    }
}

#[test]
fn j16_an_update_names_what_differs_and_nothing_else() {
    let (target, directory) = customers();
    let mut wanted = desired(ADA, &[], &[]);
    wanted.profile = Profile::from([
        (ProfileField::Title, pii("Engineer")),
        (ProfileField::Department, pii("R & D")),
        (ProfileField::Organization, pii("Acme")),
        (ProfileField::TimeZone, pii("Europe/Berlin")),
    ]);
    sign_in(&target, &directory, &wanted).0.unwrap();
    let before = directory.state().user(ADA).unwrap().attributes.clone();
    wanted.profile.insert(ProfileField::Department, pii("Sales"));
    assert_eq!(sign_in(&target, &directory, &wanted).0, applied(&[UpdateAccount]));
    let mut after = directory.state().user(ADA).unwrap().attributes.clone();
    assert_eq!(after.insert("department".to_owned(), "R & D".into()), Some("Sales".into()));
    assert_eq!(after, before);
    assert_eq!(sign_in(&target, &directory, &wanted), (Ok(Vec::new()), Vec::new()));
}

#[test]
fn j17_a_new_account_does_not_depend_on_what_a_missing_status_means() {
    for kind in [Kind::ManagedUsers, Kind::JsmCustomers] {
        let directory = StandIn::new(AtlassianScim::new(kind));
        directory.change(|state| state.default_active = false);
        let target = target(DirectoryKind::JsmCustomers);
        sign_in(&target, &directory, &desired(ADA, &[], &[])).0.unwrap();
        assert!(directory.state().site.person(ADA).unwrap().active);
    }
}

#[test]
fn j18_a_locale_that_portals_do_not_have_is_mapped_and_settles() {
    let (target, directory) = customers();
    let mut wanted = desired(ADA, &[], &[]);
    for (sent, shown, changes) in
        [("de-AT", "de_DE", true), ("de-CH", "de_DE", false), ("tlh", "en_US", true)]
    {
        wanted.profile = Profile::from([(ProfileField::PreferredLanguage, pii(sent))]);
        let (done, writes) = sign_in(&target, &directory, &wanted);
        done.unwrap();
        assert_eq!(writes.is_empty(), !changes, "{sent}: {writes:?}");
        assert_eq!(directory.state().site.person(ADA).unwrap().locale, shown, "{sent}");
        assert_eq!(sign_in(&target, &directory, &wanted).1, Vec::<String>::new(), "{sent}");
    }
}

#[test]
fn j19_the_address_of_a_synced_customer_is_a_conflict_and_is_never_sent() {
    let (target, directory) = customers();
    let mut wanted = desired(ADA, &["Acme"], &[]);
    sign_in(&target, &directory, &wanted).0.unwrap();
    wanted.email = Some(pii("ada@new.example.test"));
    assert_eq!(sign_in(&target, &directory, &wanted), (Ok(Vec::new()), Vec::new()));
    assert!(directory.state().site.person(ADA).is_some());
    wanted.display_name = Some(pii("Ada Agent"));
    let (done, writes) = sign_in(&target, &directory, &wanted);
    assert_eq!((done, writes.len()), (applied(&[UpdateAccount]), 1), "what may change does");
    let state = directory.state();
    let user = state.user(ADA).unwrap();
    assert_eq!((user.email(), user.display_name()), (ADA, "Ada Agent"));

    let settings = Settings { capabilities: target.capabilities(), ..Settings::default() };
    let remote = look_up(&target, &directory);
    assert!(plan(&wanted, &remote, &settings).unwrap().has_email_conflict(), "and it is told");
    wanted.email = Some(pii("ADA@example.TEST"));
    assert!(!plan(&wanted, &remote, &settings).unwrap().has_email_conflict(), "the same address");
}

#[test]
fn managed_users_may_change_their_address() {
    let target = target(DirectoryKind::ManagedUsers);
    let directory = StandIn::new(AtlassianScim::new(Kind::ManagedUsers));
    let mut wanted = desired(ADA, &[], &[]);
    sign_in(&target, &directory, &wanted).0.unwrap();
    wanted.email = Some(pii("ada@new.example.test"));
    assert_eq!(sign_in(&target, &directory, &wanted).0, applied(&[UpdateAccount]));
    assert_eq!(directory.state().user(ADA).unwrap().email(), "ada@new.example.test");
}

#[test]
fn j6_a_group_too_many_is_refused_before_it_is_sent() {
    let directory = StandIn::new(AtlassianScim::new(Kind::JsmCustomers));
    let limits = Limits { groups_per_directory: 2, ..Limits::VENDOR };
    let target = target(DirectoryKind::JsmCustomers).with_limits(limits);
    let (done, writes) = sign_in(&target, &directory, &desired(ADA, &["a", "b", "c"], &[]));
    let fault = done.unwrap_err();
    assert!(fault.contains("limit of 2 groups per directory"), "{fault}");
    let posts = writes.iter().filter(|call| call.contains("/Groups")).count();
    assert_eq!((posts, directory.state().groups().count()), (2, 2), "{writes:?}");
    let (done, _) = sign_in(&target, &directory, &desired(ADA, &["a", "b"], &[]));
    let there = [CreateGroup, CreateGroup].map(|kind| (kind, Done::AlreadySo));
    assert_eq!(done.unwrap()[..2], there, "what there is can be used");
    assert_eq!(directory.state().groups_of(ADA).len(), 2);
}

#[test]
fn j5_members_come_in_calls_of_a_size_or_not_at_all() {
    let directory = StandIn::new(AtlassianScim::new(Kind::JsmCustomers));
    let limits = Limits { users_per_group: 5, members_per_call: 2, ..Limits::VENDOR };
    let target = target(DirectoryKind::JsmCustomers).with_limits(limits);
    directory.change(|state| state.max_members = 5);
    for number in 0..6 {
        let groups: &[&str] = if number == 0 { &["Acme"] } else { &[] };
        sign_in(&target, &directory, &desired(&format!("u{number}@example.test"), groups, &[])).0.unwrap();
    }
    let state = directory.state();
    let group = state.group("acme").unwrap().id.clone();
    let members: Vec<AccountId> = state.users().skip(1).map(|user| AccountId::new(user.id.clone())).collect();
    let fault = target.add_members(&group, 1, &members).unwrap_err();
    assert!(fault.to_string().contains("limit of 5 users per group"), "{fault}");
    let calls = target.add_members(&group, 1, &members[..4]).unwrap();
    assert_eq!(calls.len(), 2);
    for sent in calls {
        directory.change(|state| assert_eq!(call(state, &sent, &format!("Bearer {KEY}")).status, 200));
    }
    assert_eq!(directory.state().group("acme").unwrap().members.len(), 5);
    // One that the directory refuses is no success either.
    let (done, _) = sign_in(&target, &directory, &desired("u5@example.test", &["Acme"], &[]));
    assert!(done.unwrap_err().contains("not the wanted one"));
    let vendor = Limits::VENDOR;
    let many: Vec<AccountId> = (0..2_001).map(|number| AccountId::new(number.to_string())).collect();
    assert_eq!(vendor.batches(0, &many).unwrap().count(), 3);
    assert!(vendor.batches(147_999, &many).is_ok() && vendor.batches(148_000, &many).is_err());
    assert!(vendor.batches(u64::MAX, &many).is_err());
}

#[test]
fn j7_a_directory_of_many_groups_that_answers_too_late_has_not_failed() {
    let (target, directory) = customers();
    directory.change(|state| {
        for number in 0..600 {
            let body = serde_json::json!({ "displayName": format!("g{number}") });
            let request = Incoming::new("POST", &format!("/scim/directory/{DIRECTORY}/Groups"));
            state.answer(&request.with("authorization", &format!("Bearer {KEY}")).with_json(&body));
        }
    });
    let settings =
        Settings { create_missing_groups: true, capabilities: target.capabilities(), ..Settings::default() };
    // Every change is made, and no answer to one comes in time.
    let mut provisioner = Provisioner::new(&target, |sent| {
        let mut answer = None;
        directory.change(|state| answer = Some(call(state, sent, &format!("Bearer {KEY}"))));
        answer.filter(|_| sent.method == "GET")
    });
    let done = provisioner.sign_in(&desired(ADA, &["new", "g599"], &[]), &settings).unwrap();
    assert!(done.iter().all(|(_, done)| *done == Done::AlreadySo), "{done:?}");
    let state = directory.state();
    assert_eq!((state.groups().count(), state.groups_of(ADA).len()), (601, 2));
    assert_eq!(
        provisioner.calls.iter().filter(|call| call.starts_with("POST")).count(),
        2,
        "none was sent twice"
    );
}

fn look_up(target: &Target, directory: &StandIn<AtlassianScim>) -> RemoteState {
    let authorization = format!("Bearer {KEY}");
    let mut provisioner = Provisioner::new(target, |sent| {
        let mut answer = None;
        directory.change(|state| answer = Some(call(state, sent, &authorization)));
        answer
    });
    provisioner.look_up(&AccountKey::Username(pii(ADA))).unwrap()
}

/// Makes `absences` true, one after the other, each until nothing is left to do; `fails` says for each change whether it
/// arrives and whether its answer does.
fn leave(
    target: &Target,
    directory: &StandIn<AtlassianScim>,
    absences: &[Absence],
    mut fails: impl FnMut() -> (bool, bool),
) -> Vec<OperationKind> {
    let removable = ["Acme", "Beta", "g0", "g1", "g2", "g3", "g4"].map(str::to_owned).into();
    let mut steps = Vec::new();
    for absence in absences {
        let ends = *absence == Absence::Delete || absences.len() > 1;
        for attempt in 0.. {
            assert!(attempt < 1_000, "it does not end: {steps:?}");
            let mut provisioner = Provisioner::new(target, |sent| {
                let (arrives, answered) = if sent.method == "GET" { (true, true) } else { fails() };
                let mut answer = None;
                directory.change(|state| {
                    let user = sent.path.contains("/Users/") && sent.method != "GET";
                    assert!(!(ends && user) || state.groups_of(ADA).is_empty(), "memberships left");
                    answer = arrives.then(|| call(state, sent, &format!("Bearer {KEY}")));
                });
                answer.filter(|_| answered)
            });
            match provisioner.leave(ADA, *absence, &removable) {
                Ok(done) if done.is_empty() => break,
                Ok(done) => steps.extend(done.into_iter().map(|(kind, _)| kind)),
                Err(_) => {}
            }
        }
    }
    steps
}

/// Out of everything, and then no sign-in.
const DROP_AND_DEACTIVATE: [Absence; 2] = [Absence::RemoveGroups, Absence::Deactivate];

#[test]
fn j21_memberships_outlive_deactivation_unless_they_are_dropped_first() {
    let (target, directory) = customers();
    let wanted = desired(ADA, &["Acme", "Beta"], &[]);
    sign_in(&target, &directory, &wanted).0.unwrap();
    directory.change(|state| state.site.attach("Acme", "HELP"));
    assert_eq!(leave(&target, &directory, &[Absence::Deactivate], || (true, true)), [DeactivateAccount]);
    assert!(directory.state().site.projects_of(ADA).is_empty());
    let refused = sign_in(&target, &directory, &wanted);
    assert!(refused.0.unwrap_err().contains("deactivated") && refused.1.is_empty());
    let mut back = desired(ADA, &["Acme", "Beta"], &[]);
    back.account = AccountDecision::Reactivate { update: true };
    assert_eq!(sign_in(&target, &directory, &back).0, applied(&[ReactivateAccount]), "they are back with it");
    assert_eq!(directory.state().site.projects_of(ADA), ["HELP".to_owned()].into());

    let steps = leave(&target, &directory, &DROP_AND_DEACTIVATE, || (true, true));
    assert_eq!(steps, [RemoveFromGroup, RemoveFromGroup, DeactivateAccount]);
    let mut bare = desired(ADA, &[], &[]);
    bare.account = AccountDecision::Reactivate { update: false };
    assert_eq!(sign_in(&target, &directory, &bare).0, applied(&[ReactivateAccount]));
    assert!(directory.state().site.projects_of(ADA).is_empty(), "nothing comes back");
}

#[test]
fn j20_activation_is_a_change_of_its_own() {
    let (target, directory) = customers();
    sign_in(&target, &directory, &desired(ADA, &["Acme"], &[])).0.unwrap();
    leave(&target, &directory, &[Absence::Deactivate], || (true, true));
    let mut back = desired(ADA, &["Acme"], &[]);
    back.account = AccountDecision::Reactivate { update: false };
    let (done, writes) = sign_in(&target, &directory, &back);
    assert_eq!((done, writes.len()), (applied(&[ReactivateAccount]), 1));
    assert!(directory.state().site.person(ADA).unwrap().active);
}

#[test]
fn j21_nobody_is_deactivated_with_memberships_left_whatever_fails() {
    let mut seed = 7_u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for run in 0..200 {
        let (target, directory) = customers();
        let names: Vec<String> = (0..random(5)).map(|number| format!("g{number}")).collect();
        let groups: Vec<&str> = names.iter().map(String::as_str).collect();
        sign_in(&target, &directory, &desired(ADA, &groups, &[])).0.unwrap();
        let deletes = run % 4 == 0;
        let absences = if deletes { &[Absence::Delete][..] } else { &DROP_AND_DEACTIVATE };
        leave(&target, &directory, absences, || (random(3) > 0, random(3) > 0));
        let state = directory.state();
        assert!(state.groups_of(ADA).is_empty() && state.site.projects_of(ADA).is_empty());
        assert_eq!(state.user(ADA).is_none(), deletes);
        assert!(!state.site.person(ADA).is_some_and(|person| person.active));
    }
}

#[test]
fn j22_deletion_is_another_thing_than_deactivation_and_never_what_happens_by_itself() {
    assert_eq!(Absence::default(), Absence::Deactivate);
    let (target, directory) = customers();
    sign_in(&target, &directory, &desired(ADA, &["Acme", "Elsewhere"], &[])).0.unwrap();
    let steps = leave(&target, &directory, &[Absence::Delete], || (true, true));
    // Also out of what the rules do not give: it goes for good.
    assert_eq!(steps, [RemoveFromGroup, RemoveFromGroup, DeactivateAccount, DeleteAccount]);
    let site = directory.state().site;
    assert!(site.person(ADA).is_none() && site.organizations_of(ADA).is_empty());
    assert_eq!(site.organizations.len(), 2, "the organizations stay");
    // Whoever comes back is somebody new.
    assert_eq!(sign_in(&target, &directory, &desired(ADA, &[], &[])).0, applied(&[CreateAccount]));
}

#[test]
fn j27_what_a_change_of_groups_gives_and_takes_is_named() {
    let (target, directory) = customers();
    sign_in(&target, &directory, &desired(ADA, &["Acme", "Beta"], &[])).0.unwrap();
    directory.change(|state| {
        state.site.attach("Acme", "HELP");
        state.site.attach("Beta", "SHOP");
        state.site.attach("Beta", "HELP");
    });
    assert_eq!(directory.state().site.projects_of(ADA), ["HELP".to_owned(), "SHOP".to_owned()].into());
    let moved = desired(ADA, &["Acme", "Gamma"], &["Beta"]);
    let settings =
        Settings { create_missing_groups: true, capabilities: target.capabilities(), ..Settings::default() };
    let plan = plan(&moved, &look_up(&target, &directory), &settings).unwrap();
    let named: Vec<String> = plan.operations().iter().map(ToString::to_string).collect();
    assert_eq!(
        named,
        [
            "create_group `Gamma` (group not known to exist)",
            "add_to_group `Gamma` (granted, not a member)",
            "remove_from_group `Beta` (no longer granted)",
        ]
    );
    let (done, _) = sign_in(&target, &directory, &moved);
    assert_eq!(done, applied(&[CreateGroup, AddToGroup, RemoveFromGroup]));
    assert_eq!(
        directory.state().site.projects_of(ADA),
        ["HELP".to_owned()].into(),
        "SHOP came by Beta alone"
    );
}

#[test]
fn a_token_that_may_only_read_or_nothing_is_told_at_the_first_call() {
    for (key, calls) in [("unknown", 1), (testbed::atlassian_scim::READING_KEY, 2)] {
        let (target, directory) = customers();
        let authorization = format!("Bearer {key}");
        let mut provisioner = Provisioner::new(&target, |sent| {
            let mut answer = None;
            directory.change(|state| answer = Some(call(state, sent, &authorization)));
            answer
        });
        let settings = Settings { capabilities: target.capabilities(), ..Settings::default() };
        assert!(provisioner.sign_in(&desired(ADA, &["Acme"], &[]), &settings).is_err());
        assert_eq!(provisioner.calls.len(), calls, "{:?}", provisioner.calls);
        assert_eq!(directory.state().users().count(), 0);
    }
}

#[test]
fn nobody_is_made_without_an_address() {
    let (target, directory) = customers();
    let mut wanted = desired("ada", &[], &[]);
    wanted.email = None;
    let (done, writes) = sign_in(&target, &directory, &wanted);
    assert!(done.unwrap_err().contains("e-mail address") && writes.is_empty());
    wanted.username = pii(ADA);
    assert_eq!(sign_in(&target, &directory, &wanted).0, applied(&[CreateAccount]), "a user name that is one");
}

/// Carries out one operation that is nobody's sign-in, and what was known before.
fn change(target: &Target, directory: &StandIn<AtlassianScim>, operation: &Operation) -> Result<Done, Code> {
    change_knowing(target, directory, operation, &mut RemoteState::default())
}

fn change_knowing(
    target: &Target,
    directory: &StandIn<AtlassianScim>,
    operation: &Operation,
    remote: &mut RemoteState,
) -> Result<Done, Code> {
    let mut provisioner = Provisioner::new(target, |sent| {
        let mut answer = None;
        directory.change(|state| answer = Some(call(state, sent, &format!("Bearer {KEY}"))));
        answer
    });
    provisioner.carry_out(operation, remote).map_err(|fault| fault.code())
}

fn rename(from: &str, to: &str) -> Operation {
    Operation::RenameGroup { group: from.to_owned(), name: to.to_owned() }
}

#[test]
fn j12_an_organization_follows_the_new_name_of_its_group_with_members_and_projects() {
    let (target, directory) = customers();
    sign_in(&target, &directory, &desired(ADA, &["Acme"], &[])).0.unwrap();
    directory.change(|state| state.site.attach("Acme", "HELP"));
    assert_eq!(change(&target, &directory, &rename("Acme", "Acme Europe")), Ok(Done::Applied));
    let site = directory.state().site;
    assert!(site.organization("Acme").is_none());
    assert_eq!(site.organizations_of(ADA), ["Acme Europe".to_owned()].into());
    assert_eq!(site.projects_of(ADA), ["HELP".to_owned()].into());
    // Under the new name nothing is left to do, and its own name in another spelling is no conflict.
    assert_eq!(
        sign_in(&target, &directory, &desired(ADA, &["Acme Europe"], &[])),
        (Ok(Vec::new()), Vec::new())
    );
    assert_eq!(change(&target, &directory, &rename("Acme Europe", "ACME Europe")), Ok(Done::Applied));
}

#[test]
fn j24_a_name_that_is_taken_is_not_given_a_second_time() {
    let (target, directory) = customers();
    sign_in(&target, &directory, &desired(ADA, &["Acme", "Beta"], &[])).0.unwrap();
    let before = directory.state().site.organizations_of(ADA);
    assert_eq!(change(&target, &directory, &rename("Acme", "Beta")), Err(Code::NameTaken));
    // Somebody took it after the look: the directory refuses, and nothing has changed.
    let id = directory.state().group("acme").unwrap().id.clone();
    let mut free = RemoteState::default();
    free.directory.learn_group("Acme", Some(&id));
    free.directory.learn_no_group("Gamma");
    sign_in(&target, &directory, &desired("bob@example.test", &["Gamma"], &[])).0.unwrap();
    let refused = change_knowing(&target, &directory, &rename("Acme", "Gamma"), &mut free);
    assert_eq!(refused, Err(Code::NameTaken));
    assert_eq!(directory.state().site.organizations_of(ADA), before);
    // A group that is not there has no new name, and managed users have groups that keep theirs.
    assert_eq!(change(&target, &directory, &rename("Nobody", "Delta")), Err(Code::TargetRefused));
    let managed = self::target(DirectoryKind::ManagedUsers);
    assert!(!managed.capabilities().renames_groups);
    assert_eq!(change(&managed, &directory, &rename("Acme", "Delta")), Err(Code::TargetRefused));
    assert_eq!(directory.state().site.organizations_of(ADA), before);
}

#[test]
fn j25_customers_stay_when_their_organization_goes() {
    let (target, directory) = customers();
    sign_in(&target, &directory, &desired(ADA, &["Acme", "Beta"], &[])).0.unwrap();
    directory.change(|state| state.site.attach("Acme", "HELP"));
    let delete = Operation::DeleteGroup { group: String::from("Acme") };
    let id = directory.state().group("acme").unwrap().id.clone();
    assert_eq!(change(&target, &directory, &delete), Ok(Done::Applied));
    let site = directory.state().site;
    assert!(site.organization("Acme").is_none() && site.person(ADA).unwrap().active);
    assert_eq!(site.organizations_of(ADA), ["Beta".to_owned()].into());
    assert!(site.projects_of(ADA).is_empty());
    assert_eq!(change(&target, &directory, &delete), Ok(Done::AlreadySo), "gone already");
    let mut remembered = RemoteState::default();
    remembered.directory.learn_group("Acme", Some(&id));
    assert_eq!(change_knowing(&target, &directory, &delete, &mut remembered), Ok(Done::AlreadySo));
}

#[test]
fn everybody_is_listed_page_by_page() {
    let (target, directory) = customers();
    let mut wanted: Vec<String> = (0..250).map(|number| format!("u{number:03}@example.test")).collect();
    for name in &wanted {
        sign_in(&target, &directory, &desired(name, &[], &[])).0.unwrap();
    }
    let mut provisioner = Provisioner::new(&target, |sent| {
        let mut answer = None;
        directory.change(|state| answer = Some(call(state, sent, &format!("Bearer {KEY}"))));
        answer
    });
    let (accounts, pages) = provisioner.list_accounts().unwrap();
    let mut found: Vec<String> =
        accounts.iter().map(|account| account.account.username.expose().clone()).collect();
    found.sort();
    wanted.sort();
    assert_eq!((found, pages), (wanted, 3));
    assert!(accounts.iter().all(|account| account.active && account.account.id.is_some()));
}
