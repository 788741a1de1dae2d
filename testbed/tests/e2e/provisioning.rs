//! The account in Jira before the sign-in ends, and the portal rule.

use serde_json::json;
use testbed::idp::Groups;
use testbed::jira::{Effect, Fault, Store, UserSeed};
use testbed::{Scene, SceneOptions};

use crate::{demo, page_refusal};

/// R7, R8, R20: the portal withholds the licence, the front door gives it.
#[test]
fn r7_r8_r20_the_licence_depends_on_the_door() {
    let scene = demo();
    scene.sign_in("customer", "/servicedesk/customer/portal/1").unwrap();
    assert_eq!(scene.jira_groups("customer"), ["portal-customers"]);
    scene.sign_in("agent", "/").unwrap();
    assert_eq!(scene.jira_groups("agent"), ["jira-software-users", "service-desk-agents", "staff"]);
}

/// R10: an agent who enters by the portal keeps the licence.
#[test]
fn r10_an_agent_keeps_the_licence_when_entering_by_the_portal() {
    let scene = demo();
    scene.sign_in("agent", "/").unwrap();
    let before = scene.jira_groups("agent");
    let (_, page) = scene.sign_in("agent", "/servicedesk/customer/portal/1").unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(scene.jira_groups("agent"), before);
}

/// M3, E15: who left a group of the identity provider loses the mapped one at the next sign-in.
#[test]
fn m3_e15_a_leaver_loses_mapped_groups_and_only_those() {
    let scene = demo();
    scene.jira.change(|store| {
        for group in ["service-desk-agents", "staff", "chess-club"] {
            store.add_group(group);
        }
        store.add_user(UserSeed {
            email: "leaver@example.com".to_owned(),
            ..UserSeed::new("leaver", &["service-desk-agents", "staff", "chess-club"])
        });
    });
    let (_, page) = scene.sign_in("leaver", "/").unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(scene.jira_groups("leaver"), ["chess-club"]);
}

/// An assertion that says nothing about groups takes none away.
#[test]
fn unknown_groups_never_remove_anything() {
    let scene = demo();
    scene.sign_in("agent", "/").unwrap();
    let before = scene.jira_groups("agent");
    for groups in [Groups::Omitted, Groups::Overage] {
        scene.idp.change(move |options| options.groups = groups.clone());
        assert_eq!(scene.sign_in("agent", "/").unwrap().1.status(), 200);
        assert_eq!(scene.jira_groups("agent"), before);
    }
}

/// E17: nothing is written when nothing changed.
#[test]
fn e17_a_second_sign_in_writes_nothing() {
    let scene = demo();
    scene.sign_in("agent", "/").unwrap();
    scene.jira.clear_calls();
    scene.sign_in("agent", "/").unwrap();
    let calls = scene.jira_calls();
    assert!(!calls.is_empty() && calls.iter().all(|call| call.starts_with("GET ")), "{calls:?}");
}

#[test]
fn the_credential_is_envoys_and_a_wrong_one_is_reported() {
    let scene = Scene::start(SceneOptions::new().environment("JIRA_AUTHORIZATION", "Bearer wrong")).unwrap();
    let (_, page) = scene.sign_in("agent", "/").unwrap();
    assert_eq!(page_refusal(&page), (503, "SG8002"));
    assert!(!scene.envoy_log().contains("Bearer wrong"));
}

#[test]
fn when_jira_fails_nobody_enters_unless_the_operator_said_so() {
    let scene = demo();
    for (effect, code) in [
        (Effect::Status(500), "SG8001"),
        (Effect::Reset, "SG8001"),
        (Effect::Html, "SG8005"),
        (Effect::RateLimit(3600), "SG8004"),
    ] {
        scene.jira.clear_faults();
        scene.jira.fault(Fault::new("", "/rest/", effect.clone()).times(1_000));
        let (browser, page) = scene.sign_in("agent", "/").unwrap();
        assert_eq!(page.status(), 503, "{effect:?}: {:?}", page_refusal(&page));
        assert!(browser.cookie("__Host-samlgate").is_none(), "{effect:?} {code}");
    }
    scene.jira.clear_faults();
    assert_eq!(scene.sign_in("agent", "/").unwrap().1.status(), 200);

    let lenient =
        Scene::start(SceneOptions::new().patch(json!({ "provisioning": { "on_failure": "CONTINUE" } })))
            .unwrap();
    lenient.jira.fault(Fault::new("", "/rest/", Effect::Status(500)).times(1_000));
    let (_, page) = lenient.sign_in("agent", "/").unwrap();
    assert_eq!(page.status(), 200, "{:?}", page_refusal(&page));
    assert_eq!(lenient.app.last_request().unwrap().header("x-remote-user"), Some("agent"));
}

/// An answer that was lost after Jira carried the call out must not leave the person outside for good.
#[test]
fn a_lost_answer_is_found_out_by_reading_again() {
    let scene = demo();
    for (method, path) in [
        ("POST", "/rest/api/2/user"),
        ("POST", "/rest/api/2/group/user"),
        ("POST", "/rest/api/2/group"),
        ("PUT", "/rest/api/2/user/properties"),
    ] {
        scene.jira.reset();
        scene.jira.fault(Fault::new(method, path, Effect::Reset).after());
        scene.sign_in("agent", "/").unwrap();
        scene.jira.clear_faults();
        let (_, page) = scene.sign_in("agent", "/").unwrap();
        assert_eq!(page.status(), 200, "{method} {path}: {:?}", page_refusal(&page));
        assert_eq!(
            scene.jira_groups("agent"),
            ["jira-software-users", "service-desk-agents", "staff"],
            "{method} {path}"
        );
    }
}

#[test]
fn an_inactive_account_stays_outside() {
    let scene = demo();
    scene.jira.change(|store| {
        store.add_user(UserSeed { active: false, ..UserSeed::new("agent", &[]) });
    });
    let (_, page) = scene.sign_in("agent", "/").unwrap();
    assert_eq!(page_refusal(&page), (403, "SG8007"));
}

#[test]
fn without_creation_strangers_stay_outside() {
    let scene = Scene::start(
        SceneOptions::new()
            .jira(Store::demo())
            .patch(json!({ "provisioning": { "create_accounts": false } })),
    )
    .unwrap();
    let (_, page) = scene.sign_in("agent", "/").unwrap();
    assert_eq!(page_refusal(&page), (403, "SG8008"));
    assert!(scene.jira_groups("agent").is_empty());
}
