//! The test sign-in page: who sees it, what it shows, and that it changes nothing.

use serde_json::json;
use testbed::browser::{Browser, Page, unescape};
use testbed::idp::{Groups, TestKey};
use testbed::jira::{Effect, Fault, UserSeed};
use testbed::{Scene, SceneOptions, SharedScene, Turn};

use crate::page_refusal;

const SECRET: &str = "correct horse battery staple";

fn options() -> SceneOptions {
    let secret = json!({ "inline_string": SECRET });
    SceneOptions::new().patch(json!({ "test_page": { "people": ["Agent"], "secret": secret } }))
}

static SCENE: SharedScene = SharedScene::new(options);

fn scene() -> Turn<'static> {
    SCENE.turn().unwrap()
}

/// Starts a test as `user`; the page is where that leads.
fn test(scene: &Scene, browser: &mut Browser, user: &str, fields: &[(&str, &str)]) -> Page {
    let front = browser.open(&scene.app_url("/saml/test")).unwrap();
    assert_eq!(front.status(), 200);
    let form = fields.iter().fold(front.form(), |form, (name, value)| form.with(name, value));
    let sent = browser.submit(&front, &form).unwrap();
    let text = sent.text();
    let Some((_, link)) = text.split_once("<a href=\"") else { return sent };
    let link = unescape(link.split_once('"').unwrap().0);
    if !link.contains("SAMLRequest=") {
        return sent;
    }
    assert_eq!(sent.header("refresh"), Some(format!("0;url={link}").as_str()));
    let page = browser.follow_link(&sent, &link).unwrap();
    if page.form().field("password").is_none() {
        return page;
    }
    browser.submit(&page, &page.form().with("user", user).with("password", user)).unwrap()
}

/// M19: names and values as they arrive, and what would follow; nothing is changed and nobody is signed in.
#[test]
fn m19_the_page_shows_what_a_sign_in_would_do_and_does_nothing() {
    let scene = scene();
    let before = scene.app_requests().len();
    let mut browser = scene.browser();
    let page = test(&scene, &mut browser, "agent", &[]);
    let text = page.text();
    assert_eq!(page.status(), 200, "{text}");
    for shown in [
        "A sign-in would be accepted.",
        "<td>displayName</td>",
        "agent@example.com",
        "idp-agents",
        "jira-software-users",
        "group_mapping[0]",
        "create_account",
        "/rest/api/2/user",
        "x-remote-user",
        "s against ours",
        "you are not signed in",
    ] {
        assert!(text.contains(shown), "the page lacks `{shown}`:\n{text}");
    }
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let calls = scene.jira_calls();
    assert!(!calls.is_empty() && calls.iter().all(|call| call.starts_with("GET ")), "{calls:?}");
    assert!(scene.jira_groups("agent").is_empty());
    assert!(browser.cookie("__Host-samlgate").is_none(), "no session");
    assert_eq!(scene.app_requests().len(), before, "the application heard of it");
}

#[test]
fn the_page_shows_the_account_as_it_is_and_the_door_that_was_asked_for() {
    let scene = scene();
    scene.jira.change(|store| {
        store.add_group("service-desk-agents");
        store.add_user(UserSeed::new("agent", &["service-desk-agents"]));
    });
    let portal = [("started_at", "/servicedesk/customer/portal/1")];
    let text = test(&scene, &mut scene.browser(), "agent", &portal).text();
    assert!(text.contains("customerLogin agent"), "{text}");
    assert!(text.contains("<td>service-desk-agents</td><td>keep</td>"), "{text}");
    assert!(!text.contains("create_account"), "{text}");
    scene.jira.fault(Fault::new("GET", "/rest/", Effect::Status(500)).times(10));
    let text = test(&scene, &mut scene.browser(), "agent", &[]).text();
    assert!(text.contains("could not be read (SG8001"), "{text}");
}

#[test]
fn only_configured_people_see_it() {
    let scene = scene();
    for user in ["customer", "leaver"] {
        let page = test(&scene, &mut scene.browser(), user, &[]);
        assert_eq!(page_refusal(&page), (403, "SG6005"), "{user}");
        assert!(!page.text().contains("idp-"), "{user}: {}", page.text());
    }
    // Nobody vouches for this agent.
    scene.idp.change(|options| options.key = TestKey::Stranger);
    let page = test(&scene, &mut scene.browser(), "agent", &[]);
    assert_eq!(page_refusal(&page), (403, "SG6005"));
    assert!(scene.envoy_log().contains("SG3005"), "the operator learns why");
    assert!(scene.jira_calls().is_empty());
}

#[test]
fn a_secret_is_good_for_one_sign_in_of_anybody() {
    let scene = Scene::start(options()).unwrap();
    let wrong = ["correct horse battery stapl", "", "Correct horse battery staple", "x"];
    for wrong in wrong {
        // Without a secret it is a test of the listed people, and customer is none.
        let page = test(&scene, &mut scene.browser(), "customer", &[("secret", wrong)]);
        assert_eq!(page_refusal(&page), (403, "SG6005"), "`{wrong}`");
    }
    // It shows failures too: that is what it is for.
    scene.idp.change(|options| {
        options.key = TestKey::Stranger;
        options.groups = Groups::Omitted;
    });
    let mut browser = scene.browser();
    let page = test(&scene, &mut browser, "customer", &[("secret", SECRET)]);
    let text = page.text();
    assert_eq!(page.status(), 200, "{text}");
    assert!(text.contains("SG3005") && text.contains("not reached"), "{text}");
    assert!(browser.cookie("__Host-samlgate").is_none());
    let page = test(&scene, &mut scene.browser(), "customer", &[("secret", SECRET)]);
    assert_eq!(page_refusal(&page), (403, "SG6005"), "used");
    assert!(!scene.envoy_log().contains(SECRET));
}

#[test]
fn an_answer_to_a_test_begins_no_session_and_one_to_a_sign_in_shows_no_page() {
    let scene = scene();
    let mut browser = scene.browser();
    let page = test(&scene, &mut browser, "agent", &[]);
    assert_eq!(page.status(), 200);
    let posted = browser.hops().iter().rev().find(|hop| hop.url.path() == "/saml/acs").unwrap();
    assert!(
        posted.cookies_set.iter().all(|(_, set)| !set),
        "only the pending request, and it goes: {posted}"
    );
    assert_eq!(posted.cookies_set.len(), 1);
    let (browser, page) = scene.sign_in("agent", "/saml/testing").unwrap();
    assert_eq!(page.status(), 200);
    assert!(browser.cookie("__Host-samlgate").is_some());
}

#[test]
fn without_the_page_its_path_belongs_to_the_application() {
    let scene = crate::demo();
    let (_, page) = scene.sign_in("agent", "/saml/test").unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(scene.app.last_request().unwrap().target, "/saml/test");
}
