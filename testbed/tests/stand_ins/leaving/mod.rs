//! What becomes of accounts, groups and organizations that end, whichever application keeps them, and whatever fails.

mod world;

use std::cell::Cell;
use std::collections::BTreeSet;

use samlgate::base::{Code, Pii};
use samlgate::http::HttpResponse;
use samlgate::policy::{AccountDecision, DesiredGroups};
use samlgate::provision::{
    Absence, AccountRef, Capabilities, DesiredState, Done, Operation, OperationKind, Page, Profile,
    RemoteState, Settings,
};
use samlgate::targets::TargetError;
use testbed::provisioner::Provisioner;

use world::{AnyWorld, all, crowd, jira, service_desk};

const ADA: &str = "ada@example.test";
const BOB: &str = "bob@example.test";

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn staff() -> BTreeSet<String> {
    set(&["STAFF", "not there"])
}

fn settle(world: &dyn AnyWorld) {
    world.reset();
    world.seed(ADA, &["staff", "chess-club"]);
    world.seed(BOB, &["staff"]);
}

fn kinds(done: &[(OperationKind, Done)]) -> Vec<OperationKind> {
    done.iter().map(|(kind, _)| *kind).collect()
}

/// Which absences an application can be asked for.
fn possible(capabilities: &Capabilities) -> Vec<Absence> {
    let absences = [Absence::Deactivate, Absence::RemoveGroups, Absence::Anonymize, Absence::Delete];
    absences.into_iter().filter(|absence| absence.is_possible(capabilities)).collect()
}

/// Is `absence` true of Ada, and of nobody else?
fn has_left(world: &dyn AnyWorld, absence: Absence) -> bool {
    assert_eq!(world.known(BOB), Some((true, set(&["staff"]))), "{}: Bob stays", world.name());
    match absence {
        Absence::Deactivate => world.known(ADA) == Some((false, set(&["chess-club", "staff"]))),
        Absence::RemoveGroups => world.known(ADA) == Some((true, set(&["chess-club"]))),
        Absence::Anonymize | Absence::Delete => world.known(ADA).is_none(),
    }
}

#[test]
fn r13_every_application_ends_what_it_can_once_and_nobody_elses() {
    for world in all() {
        for absence in possible(&world.target().capabilities()) {
            settle(&*world);
            let mut provisioner = world.provisioner();
            let done = provisioner.leave(ADA, absence, &staff()).unwrap();
            assert!(has_left(&*world, absence), "{} {absence:?}: {:?}", world.name(), world.known(ADA));
            assert!(done.iter().all(|(_, done)| *done == Done::Applied), "{} {done:?}", world.name());
            let writes = provisioner.writes().len();
            assert_eq!(provisioner.leave(ADA, absence, &staff()), Ok(Vec::new()), "{}", world.name());
            assert_eq!(provisioner.writes().len(), writes, "{} {absence:?}: twice is once", world.name());
        }
        for absence in [Absence::Deactivate, Absence::Anonymize, Absence::Delete] {
            if absence.is_possible(&world.target().capabilities()) {
                continue;
            }
            settle(&*world);
            let before = world.known(ADA);
            let mut provisioner = world.provisioner();
            let refused = provisioner.leave(ADA, absence, &staff()).unwrap_err();
            assert!(refused.contains("no way to do"), "{refused}");
            assert!(provisioner.writes().is_empty() && world.known(ADA) == before, "{}", world.name());
        }
    }
}

#[test]
fn j21_memberships_are_there_again_when_the_person_is() {
    for world in all() {
        let capabilities = world.target().capabilities();
        if !capabilities.deactivates || !capabilities.reactivates {
            continue;
        }
        settle(&*world);
        let mut provisioner = world.provisioner();
        let done = provisioner.leave(ADA, Absence::Deactivate, &staff()).unwrap();
        assert_eq!(kinds(&done), [OperationKind::DeactivateAccount], "{}", world.name());
        let back = DesiredState {
            username: Pii::new(ADA.to_owned()),
            email: None,
            display_name: None,
            profile: Profile::new(),
            is_customer: false,
            account: AccountDecision::Reactivate { update: false },
            groups: DesiredGroups::default(),
            marker: None,
        };
        let settings = Settings { capabilities, ..Settings::default() };
        let done = provisioner.sign_in(&back, &settings).unwrap();
        assert_eq!(kinds(&done), [OperationKind::ReactivateAccount], "{}", world.name());
        let everything = Some((true, set(&["chess-club", "staff"])));
        assert_eq!(world.known(ADA), everything, "{}", world.name());
    }
}

/// What becomes of a change.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// It never arrives, and no answer comes.
    Lost,
    /// It is made, and no answer comes.
    Unanswered,
    /// Something else answers.
    Answered(u16, &'static str),
}

/// Leaves once, with one of the changes meeting `fate`.
fn leave_through(
    world: &dyn AnyWorld,
    absence: Absence,
    fate: Fate,
    meets: usize,
) -> Result<Vec<(OperationKind, Done)>, String> {
    let changes = Cell::new(0);
    let mut provisioner = Provisioner::new(world.target(), |sent| {
        let is_met = sent.method != "GET" && {
            changes.set(changes.get() + 1);
            changes.get() == meets
        };
        match fate {
            _ if !is_met => Some(world.send(sent)),
            Fate::Lost => None,
            Fate::Unanswered => {
                world.send(sent);
                None
            }
            Fate::Answered(status, body) => {
                Some(HttpResponse { status, headers: Vec::new(), body: body.as_bytes().to_vec() })
            }
        }
    });
    provisioner.leave(ADA, absence, &staff())
}

#[test]
fn a_change_that_fails_is_told_and_made_the_next_time() {
    const PAGE: &str = "<!DOCTYPE html><title>log in</title>";
    for world in all() {
        for absence in possible(&world.target().capabilities()) {
            for fate in [
                Fate::Lost,
                Fate::Answered(302, ""),
                Fate::Answered(400, "{}"),
                Fate::Answered(401, "{}"),
                Fate::Answered(403, PAGE),
                Fate::Answered(404, PAGE),
                Fate::Answered(429, ""),
                Fate::Answered(500, PAGE),
                Fate::Answered(503, ""),
                Fate::Answered(200, PAGE),
            ] {
                for meets in 1..=2 {
                    settle(&*world);
                    let what = format!("{} {absence:?} {fate:?} {meets}", world.name());
                    let first = leave_through(&*world, absence, fate, meets);
                    assert_eq!(first.is_ok(), has_left(&*world, absence), "{what}: {first:?}");
                    world.provisioner().leave(ADA, absence, &staff()).unwrap();
                    assert!(has_left(&*world, absence), "{what}: not healed");
                }
            }
        }
    }
}

#[test]
fn a_change_whose_answer_was_lost_counts_as_made() {
    for world in all() {
        for absence in possible(&world.target().capabilities()) {
            for meets in 1..=2 {
                settle(&*world);
                let done = leave_through(&*world, absence, Fate::Unanswered, meets);
                let what = format!("{} {absence:?} {meets}: {done:?}", world.name());
                assert!(done.is_ok() && has_left(&*world, absence), "{what}");
            }
        }
    }
}

#[test]
fn r15_everybody_is_listed_whatever_the_size_of_the_pages() {
    for world in all() {
        settle(&*world);
        let mut expected: BTreeSet<String> =
            (0..230).map(|number| format!("u{number}@example.test")).collect();
        for user in &expected {
            world.seed(user, &[]);
        }
        expected.extend([ADA, BOB].map(str::to_owned));
        let deactivated = world.target().capabilities().deactivates;
        if deactivated {
            world.provisioner().leave(ADA, Absence::Deactivate, &staff()).unwrap();
        }
        let (accounts, pages) = world.provisioner().list_accounts().unwrap();
        let names: Vec<&str> = accounts.iter().map(|one| one.account.username.expose().as_str()).collect();
        let found: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert!(found.is_superset(&expected), "{}: {found:?}", world.name());
        assert_eq!(found.len(), names.len(), "{}: nobody twice", world.name());
        let ada = accounts.iter().find(|one| one.account.username.expose() == ADA).unwrap();
        assert_eq!(ada.active, !deactivated, "{}", world.name());
        assert!(pages < 10, "{}: {pages}", world.name());
    }
}

#[test]
fn r15_an_old_jira_lists_everybody_by_its_search() {
    let jira = jira();
    settle(&jira);
    jira.api.change(|store| {
        store.answer_as_before_10();
        for number in 0..2_300 {
            store.add_user(testbed::jira::UserSeed::new(&format!("u{number}"), &[]));
        }
    });
    let mut provisioner = jira.provisioner();
    let (accounts, pages) = provisioner.list_accounts().unwrap();
    // Two who were settled, the administrator, and the rest.
    assert_eq!((accounts.len(), pages), (2_303, 5), "{:?}", provisioner.calls);
}

fn rename(from: &str, to: &str) -> Operation {
    let account = AccountRef::named(Pii::new(from.to_owned()));
    Operation::RenameAccount { account, username: Pii::new(to.to_owned()) }
}

fn carry_out(world: &dyn AnyWorld, operation: &Operation) -> Result<Done, TargetError> {
    let mut provisioner = world.provisioner();
    let mut remote = match operation.account() {
        Some(account) => {
            let key = samlgate::provision::AccountKey::Username(account.username.clone());
            provisioner.look_up(&key)?
        }
        None => RemoteState::default(),
    };
    provisioner.carry_out(operation, &mut remote)
}

#[test]
fn an_account_follows_the_new_name_of_its_person_unless_somebody_has_it() {
    for world in all().iter().filter(|world| world.target().capabilities().renames_accounts) {
        settle(&**world);
        let refused = carry_out(&**world, &rename(ADA, BOB)).unwrap_err();
        assert!(matches!(refused.code(), Code::TargetRefused | Code::DirectoryReadOnly), "{refused}");
        let ada = Some((true, set(&["chess-club", "staff"])));
        assert_eq!(world.known(ADA), ada, "{}", world.name());
        assert_eq!(world.known(BOB), Some((true, set(&["staff"]))), "{}", world.name());
        assert_eq!(carry_out(&**world, &rename(ADA, "eve@example.test")), Ok(Done::Applied));
        assert_eq!((world.known(ADA), world.known("eve@example.test")), (None, ada), "{}", world.name());
    }
}

#[test]
fn j25_members_stay_when_their_group_goes() {
    for world in all() {
        settle(&*world);
        let delete = Operation::DeleteGroup { group: String::from("staff") };
        assert_eq!(carry_out(&*world, &delete), Ok(Done::Applied), "{}", world.name());
        assert_eq!(world.known(ADA), Some((true, set(&["chess-club"]))), "{}", world.name());
        assert_eq!(world.known(BOB), Some((true, set(&[]))), "{}", world.name());
        assert_eq!(carry_out(&*world, &delete), Ok(Done::AlreadySo), "{}: gone already", world.name());
    }
}

#[test]
fn jira_keeps_those_who_own_something_and_says_so() {
    for absence in [Absence::Deactivate, Absence::Delete] {
        let jira = jira();
        settle(&jira);
        jira.api.change(|store| store.make_owner(ADA));
        let before = jira.known(ADA);
        let refused = jira.provisioner().leave(ADA, absence, &staff()).unwrap_err();
        assert!(refused.contains("not the wanted one"), "{refused}");
        assert_eq!(jira.known(ADA), before, "{absence:?}");
    }
    // A directory that may only be read keeps everybody.
    let jira = jira();
    settle(&jira);
    jira.api.change(|store| store.set_read_only(true));
    for absence in [Absence::Deactivate, Absence::RemoveGroups, Absence::Delete] {
        let before = jira.known(ADA);
        assert!(jira.provisioner().leave(ADA, absence, &staff()).is_err());
        assert_eq!(jira.known(ADA), before, "{absence:?}");
    }
}

#[test]
fn jira_anonymizes_one_after_the_other() {
    let jira = jira();
    settle(&jira);
    jira.api.change(|store| store.keep_anonymizing(1));
    let throttled = jira.provisioner().leave(ADA, Absence::Anonymize, &staff()).unwrap_err();
    assert!(throttled.contains("throttled, to be repeated after 60 s"), "{throttled}");
    // Nobody gets in meanwhile.
    assert_eq!(jira.known(ADA), Some((false, set(&["chess-club", "staff"]))));
    let done = jira.provisioner().leave(ADA, Absence::Anonymize, &staff()).unwrap();
    assert_eq!(kinds(&done), [OperationKind::AnonymizeAccount]);
    let shown = jira.api.state().to_json().to_string();
    assert!(!shown.contains("ada"), "{shown}");
}

#[test]
fn crowd_keeps_what_it_may_not_change() {
    let crowd = crowd();
    settle(&crowd);
    crowd.api.change(|crowd| crowd.deny(&testbed::crowd::Permission::ALL));
    let before = crowd.known(ADA);
    for absence in possible(&crowd.target().capabilities()) {
        let refused = crowd.provisioner().leave(ADA, absence, &staff()).unwrap_err();
        assert!(refused.contains("can only be read"), "{refused}");
        assert_eq!(crowd.known(ADA), before, "{absence:?}");
    }
}

#[test]
fn j22_a_customer_leaves_organizations_before_the_account_goes() {
    let world = service_desk();
    settle(&world);
    let marker = serde_json::json!({ "v": 1, "organizations": ["Acme", "Gone GmbH"] });
    world.api.change(|store| {
        for organization in ["Acme", "Bolt"] {
            store.add_organization(organization);
            store.join_organization(ADA, organization);
        }
        store.set_property(ADA, "samlgate", marker);
    });
    // An organization that somebody deleted by hand is no reason to stop, and one that somebody else gave is not ours.
    let mut provisioner = world.provisioner();
    let done = provisioner.leave(ADA, Absence::RemoveGroups, &staff()).unwrap();
    let applied = |kind| (kind, Done::Applied);
    assert_eq!(
        done,
        [
            applied(OperationKind::RemoveFromGroup),
            applied(OperationKind::RemoveFromOrganization),
            (OperationKind::RemoveFromOrganization, Done::AlreadySo),
            applied(OperationKind::WriteMarker),
        ]
    );
    let store = world.api.state();
    assert_eq!(store.organizations_of(ADA), ["Bolt"]);
    assert_eq!(store.property(ADA, "samlgate"), Some(&serde_json::json!({ "v": 1 })));
    assert_eq!(provisioner.leave(ADA, Absence::RemoveGroups, &staff()), Ok(Vec::new()));

    world.api.change(|store| {
        store.join_organization(ADA, "Acme");
        store.set_property(ADA, "samlgate", serde_json::json!({ "v": 1, "organizations": ["Acme"] }));
    });
    let done = provisioner.leave(ADA, Absence::Delete, &staff()).unwrap();
    assert_eq!(
        kinds(&done),
        [
            OperationKind::RemoveFromOrganization,
            OperationKind::DeactivateAccount,
            OperationKind::DeleteAccount
        ]
    );
}

#[test]
fn j25_an_organization_is_found_and_deleted_among_many() {
    let world = service_desk();
    settle(&world);
    world.api.change(|store| {
        for number in 0..120 {
            store.add_organization(&format!("Organization {number:03}"));
        }
        store.join_organization(ADA, "Organization 119");
    });
    let delete = Operation::DeleteOrganization { organization: String::from("Organization 119") };
    assert_eq!(carry_out(&world, &delete), Ok(Done::Applied));
    assert!(world.known(ADA).is_some_and(|(active, _)| active), "customers stay");
    assert_eq!(carry_out(&world, &delete), Ok(Done::AlreadySo));
    // An id that was remembered belongs to nobody now.
    let mut remembered = RemoteState::default();
    remembered.directory.learn_organization("Organization 119", "9999");
    let done = world.provisioner().carry_out(&delete, &mut remembered);
    assert_eq!(done, Ok(Done::AlreadySo));
    // What cannot be renamed is not renamed.
    let rename = Operation::RenameOrganization {
        organization: String::from("Organization 001"),
        name: String::from("Acme"),
    };
    assert_eq!(carry_out(&world, &rename).unwrap_err().code(), Code::TargetRefused);

    let (mut page, mut names, mut pages) = (Page::FIRST, Vec::new(), 0);
    loop {
        pages += 1;
        let call = world.target().list_organizations(&page).unwrap();
        let listed = world.target().listed_organizations(&page, &world.send(&call)).unwrap();
        names.extend(listed.organizations.into_iter().map(|one| one.name));
        match listed.next {
            Some(next) => page = next,
            None => break,
        }
    }
    assert_eq!((names.len(), pages), (119, 3));
}
