//! A form that meets an ended session, in a real Envoy: kept on one worker, given back by another.

use std::time::Duration;

use serde_json::json;
use testbed::browser::{Browser, Form, Page};
use testbed::{Scene, SceneOptions};

use crate::page_refusal;

fn form() -> Form {
    Form {
        method: "POST".to_owned(),
        action: "/secure/CommentAssignIssue.jspa?id=10000".to_owned(),
        fields: vec![
            ("comment".to_owned(), "one <b>\r\n\ttwo & \"three\" \u{e4}\u{1f511}".to_owned()),
            ("assignee".to_owned(), String::new()),
            ("comment".to_owned(), "again".to_owned()),
        ],
    }
}

/// Signs in; the session ends a moment later, at the identity provider's word.
fn with_ended_session(scene: &Scene) -> (Browser, Page) {
    scene.idp.change(|options| options.session_not_on_or_after = Some(6));
    let (browser, page) = scene.sign_in("agent", "/browse/DEMO-1").unwrap();
    assert_eq!(page.status(), 200, "{:?}", page_refusal(&page));
    scene.idp.honest();
    std::thread::sleep(Duration::from_secs(7));
    (browser, page)
}

/// Goes on from the page that the form led to.
fn go_on(browser: &mut Browser, page: &Page, user: &str) -> Page {
    assert_eq!(page.status(), 200, "{:?}", page_refusal(page));
    let address = page.header("refresh").unwrap().strip_prefix("0;url=").unwrap();
    assert!(address.starts_with("/saml/form/"), "{address}");
    let page = browser.follow_link(page, address).unwrap();
    if page.url.host_str() != Some("idp.localhost") {
        return page;
    }
    let login = page.form().with("user", user).with("password", user);
    browser.submit(&page, &login).unwrap()
}

#[test]
fn a_form_survives_the_end_of_its_session_and_is_sent_when_the_person_says_so() {
    let scene =
        Scene::start(SceneOptions::new().patch(json!({ "saved_forms": {}, "provisioning": null }))).unwrap();
    let (mut browser, page) = with_ended_session(&scene);
    let arrived = scene.app_requests().len();
    let kept = browser.submit(&page, &form()).unwrap();
    let back = go_on(&mut browser, &kept, "agent");
    assert_eq!((back.status(), back.url.path().starts_with("/saml/form/")), (200, true), "{}", back.text());
    assert_eq!(scene.app_requests().len(), arrived, "nothing has been sent to the application");
    assert!(!back.submits_itself());
    assert_eq!(back.form(), form(), "the fields are as they were");
    let sent = browser.submit(&back, &back.form()).unwrap();
    assert!(sent.status() != 401 && sent.header("x-samlgate-code").is_none(), "{:?}", page_refusal(&sent));
    let request = scene.app_requests().into_iter().find(|request| request.method == "POST").unwrap();
    assert_eq!(request.target, "/secure/CommentAssignIssue.jspa?id=10000");
    assert_eq!(request.header("x-remote-user"), Some("agent"));
    assert_eq!(request.header("origin"), Some(scene.app_url("").trim_end_matches('/')));
    let fields: Vec<(String, String)> = form_urlencoded::parse(&request.body).into_owned().collect();
    assert_eq!(fields, form().fields);
    assert!(
        !request.header("cookie").unwrap_or_default().contains("samlgate"),
        "{:?}",
        request.header("cookie")
    );
    // Once: the address shows nothing more, on whichever worker.
    for _ in 0..4 {
        let again = browser.open(back.url.as_str()).unwrap();
        assert_eq!(page_refusal(&again), (410, "SG5020"));
    }
}

#[test]
fn a_form_is_kept_for_its_sender_only_and_only_from_this_site() {
    let options = json!({ "saved_forms": { "max_bytes": 1024 }, "provisioning": null });
    let scene = Scene::start(SceneOptions::new().patch(options)).unwrap();
    let (mut browser, page) = with_ended_session(&scene);
    // Another site.
    let elsewhere = Page { url: url::Url::parse("http://evil.localhost:7000/").unwrap(), ..page.clone() };
    let target = Form { action: scene.app_url("/secure/x"), ..form() };
    let foreign = browser.submit(&elsewhere, &target).unwrap();
    assert_eq!(page_refusal(&foreign), (401, "SG5010"));
    // Too large: a page says so, and nothing is kept.
    let large = Form { fields: vec![("a".to_owned(), "x".repeat(2_000))], ..form() };
    let refused = browser.submit(&page, &large).unwrap();
    assert_eq!(page_refusal(&refused), (401, "SG5019"));
    assert!(refused.text().contains("could not be kept"), "{}", refused.text());
    assert!(browser.jar.cookies().all(|cookie| !cookie.name.contains("-f-")));
    // Another person signs in and sees nothing of it.
    let kept = browser.submit(&page, &form()).unwrap();
    assert_eq!(browser.jar.cookies().filter(|cookie| cookie.name.contains("-f-")).count(), 1);
    browser.jar.forget(|cookie| cookie.name == "__Host-idp");
    let back = go_on(&mut browser, &kept, "customer");
    assert_eq!(page_refusal(&back), (403, "SG5021"));
    assert!(!back.text().contains("three"), "{}", back.text());
    assert!(scene.app_requests().iter().all(|request| request.method != "POST"));
    let log = scene.envoy_log();
    assert!(!log.contains("two &") && !log.contains("two+%26"), "what people write is in no log");
}
