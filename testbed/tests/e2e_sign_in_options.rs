//! How people sign in: demands of rules and of the identity provider, a better sign-in for a page that wants one, questions
//! that show nothing, and sign-ins that the identity provider begins.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

use serde_json::{Value, json};
use testbed::browser::{Browser, Page, Visit};
use testbed::{SceneOptions, SharedScene, Turn};

const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
const MFA: &str = "https://refeds.org/profile/mfa";
const TOKEN: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken";

static SCENE: SharedScene = SharedScene::new(|| {
    SceneOptions::new().patch(json!({
        "provisioning": null,
        "rules": [
            rule("/strong", json!({ "requested_authn_context": { "class_refs": [MFA] } })),
            rule("/stronger", json!({ "requested_authn_context": {
                "comparison": "MINIMUM", "class_refs": [TOKEN], "accepted_class_refs": [TOKEN, MFA],
            } })),
            rule("/fresh", json!({ "max_authn_age": "300s" })),
            rule("/anew", json!({ "force_authn": true })),
            { "match": { "path": { "path_separated_prefix": "/maybe" } }, "access": "OPTIONAL",
              "authentication": { "is_passive": true } },
        ],
        "idp": { "unsolicited": {
            "default_target": "/welcome",
            "target_paths": [{ "path_separated_prefix": "/browse" }],
        } },
    }))
});

fn rule(path: &str, authentication: Value) -> Value {
    json!({ "match": { "path": { "path_separated_prefix": path } }, "access": "PROTECT", "authentication": authentication })
}

fn turn() -> Turn<'static> {
    SCENE.turn().unwrap()
}

/// Fills in the identity provider's form, if that is what `page` is.
fn authenticate(browser: &mut Browser, page: Page, user: &str) -> Page {
    if page.url.host_str() != Some("idp.localhost") {
        return page;
    }
    browser.submit(&page, &page.form().with("user", user).with("password", user)).unwrap()
}

/// Requests for `path` that reached the application.
fn served(scene: &Turn<'_>, path: &str) -> usize {
    scene.app_requests().iter().filter(|request| request.target.starts_with(path)).count()
}

fn code(page: &Page) -> Option<&str> {
    page.header("x-samlgate-code")
}

#[test]
fn a_page_that_wants_more_leads_to_a_better_sign_in_and_no_further_than_that() {
    let scene = turn();
    let (mut browser, _) = scene.sign_in("agent", "/").unwrap();
    // Signed in with a password; the page wants two factors.
    scene.idp.change(|options| options.authn_context_class = MFA.to_owned());
    let page = browser.open(&scene.app_url("/strong/door?a=1")).unwrap();
    assert_eq!((page.status(), page.url.path()), (200, "/strong/door"));
    let request = scene.idp.requests().pop().unwrap();
    assert_eq!(request.authn_context_classes, [MFA]);
    assert!(request.xml.contains("Comparison=\"exact\"") && !request.force_authn, "{}", request.xml);
    assert_eq!(scene.idp.requests().len(), 2);
    // Once is enough, for this page and for the one that takes the same class.
    for path in ["/strong/door", "/stronger", "/elsewhere"] {
        assert_eq!(browser.open(&scene.app_url(path)).unwrap().status(), 200, "{path}");
    }
    assert_eq!(scene.idp.requests().len(), 2);
}

#[test]
fn an_identity_provider_that_overlooks_what_was_asked_lets_nobody_in() {
    let scene = turn();
    let mut browser = scene.browser();
    let page = browser.open(&scene.app_url("/strong/overlooked")).unwrap();
    let refused = authenticate(&mut browser, page, "agent");
    assert_eq!((refused.status(), code(&refused)), (403, Some("SG4043")), "{}", refused.text());
    // Nor does a better sign-in for another page help, and the first session is as good as it was.
    let (mut browser, _) = scene.sign_in("agent", "/").unwrap();
    let refused = browser.open(&scene.app_url("/strong/overlooked")).unwrap();
    assert_eq!(code(&refused), Some("SG4043"));
    assert_eq!(browser.open(&scene.app_url("/plain")).unwrap().status(), 200);
    assert_eq!(served(&scene, "/strong/overlooked"), 0);
}

#[test]
fn a_minimum_is_what_the_configuration_says_it_is() {
    let scene = turn();
    for (class, expected) in
        [(TOKEN, None), (MFA, None), (PASSWORD, Some("SG4043")), ("urn:elsewhere", Some("SG4043"))]
    {
        scene.idp.change(move |options| options.authn_context_class = class.to_owned());
        let mut browser = scene.browser();
        let page = browser.open(&scene.app_url("/stronger")).unwrap();
        let page = authenticate(&mut browser, page, "agent");
        assert_eq!(code(&page), expected, "{class}");
    }
    let request = scene.idp.requests().pop().unwrap();
    assert!(request.xml.contains("Comparison=\"minimum\""), "{}", request.xml);
    assert_eq!(request.authn_context_classes, [TOKEN]);
}

#[test]
fn a_page_that_wants_a_fresh_sign_in_has_the_person_authenticate_anew() {
    let scene = turn();
    scene.idp.change(|options| options.authn_instant = -3_000);
    let (mut browser, _) = scene.sign_in("agent", "/").unwrap();
    // An identity provider that only says so: the instant is too old.
    let page = browser.open(&scene.app_url("/fresh")).unwrap();
    assert!(scene.idp.requests().pop().unwrap().force_authn);
    let refused = authenticate(&mut browser, page, "agent");
    assert_eq!((refused.status(), code(&refused)), (403, Some("SG4045")));
    scene.idp.honest();
    let page = browser.open(&scene.app_url("/fresh")).unwrap();
    assert_eq!(page.url.host_str(), Some("idp.localhost"), "the person is asked");
    let page = authenticate(&mut browser, page, "agent");
    assert_eq!((page.status(), page.url.path()), (200, "/fresh"));
    let before = scene.idp.requests().len();
    assert_eq!(browser.open(&scene.app_url("/fresh")).unwrap().status(), 200);
    assert_eq!(scene.idp.requests().len(), before);
}

#[test]
fn a_clock_that_is_behind_causes_no_circle() {
    let scene = turn();
    // Within the tolerance, so the answer counts as given after the question.
    scene.idp.change(|options| options.authn_instant = -50);
    let mut browser = scene.browser();
    let page = browser.open(&scene.app_url("/anew")).unwrap();
    let request = scene.idp.requests().pop().unwrap();
    assert!(request.force_authn);
    let page = authenticate(&mut browser, page, "agent");
    assert_eq!((page.status(), page.url.path()), (200, "/anew"));
    assert_eq!(browser.open(&scene.app_url("/fresh")).unwrap().status(), 200);
}

#[test]
fn whoever_cannot_be_led_to_a_sign_in_is_told_so() {
    let scene = turn();
    let (mut browser, page) = scene.sign_in("agent", "/").unwrap();
    for method in ["GET", "POST", "DELETE"] {
        let answer = browser.fetch(&page, method, &scene.app_url("/strong/rest")).unwrap();
        assert_eq!((answer.status(), code(&answer)), (401, Some("SG5016")), "{method}");
        assert!(answer.header("content-type").unwrap().starts_with("application/problem+json"));
    }
    assert_eq!(served(&scene, "/strong/rest"), 0);
}

#[test]
fn people_are_asked_once_without_being_shown_anything() {
    let scene = turn();
    let mut browser = scene.browser();
    let page = browser.open(&scene.app_url("/maybe/here?x=1")).unwrap();
    assert_eq!((page.status(), page.url.path()), (200, "/maybe/here"), "{}", page.url);
    assert_eq!(page.url.query(), Some("x=1"));
    assert!(scene.idp.requests().pop().unwrap().is_passive);
    assert_eq!(scene.app_requests().pop().unwrap().header("x-remote-user"), None);
    assert!(!scene.app_requests().pop().unwrap().header("cookie").unwrap_or_default().contains("samlgate"));
    // Not again, and never for what does not navigate.
    browser.open(&scene.app_url("/maybe/there")).unwrap();
    assert_eq!(scene.idp.requests().len(), 1);
    let mut other = scene.browser();
    other.once(&Visit::typed(&scene.app_url("/maybe/rest")).header("Accept", "application/json")).unwrap();
    assert_eq!(scene.idp.requests().len(), 1);
    // Whoever is signed in there is known here.
    let (mut browser, _) = scene.sign_in("agent", "/").unwrap();
    browser.jar.forget(|cookie| cookie.domain == "app.localhost");
    let page = browser.open(&scene.app_url("/maybe/known")).unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(scene.app_requests().pop().unwrap().header("x-remote-user"), Some("agent"));
}

#[test]
fn nobody_passive_gets_into_a_protected_page() {
    let scene = turn();
    let mut browser = scene.browser();
    browser.open(&scene.app_url("/maybe")).unwrap();
    let page = browser.open(&scene.app_url("/protected")).unwrap();
    assert_eq!(page.url.host_str(), Some("idp.localhost"));
    // A failure that nobody asked for passively is a failure.
    scene
        .idp
        .change(|options| options.failure = Some("urn:oasis:names:tc:SAML:2.0:status:NoPassive".to_owned()));
    let refused = authenticate(&mut browser, page, "agent");
    assert_eq!((refused.status(), code(&refused)), (403, Some("SG4044")));
}

/// The address at which the identity provider begins a sign-in of `user`.
fn begin_there(scene: &Turn<'_>, user: &str, relay_state: &str) -> String {
    let mut url = url::Url::parse(&format!("{}/unsolicited", scene.idp.origin())).unwrap();
    url.query_pairs_mut()
        .append_pair("user", user)
        .append_pair("acs", &scene.app_url("/saml/acs"))
        .append_pair("audience", &scene.app_url("/saml/metadata"))
        .append_pair("relay_state", relay_state);
    url.to_string()
}

#[test]
fn a_sign_in_begun_by_the_identity_provider_asks_its_person_first() {
    let scene = turn();
    for (relay_state, expected) in [
        ("", "/welcome".to_owned()),
        ("/browse/KEY-1", "/browse/KEY-1".to_owned()),
        (scene.app_url("/browse").as_str(), "/browse".to_owned()),
    ] {
        let mut browser = scene.browser();
        let asked = browser.open(&begin_there(&scene, "agent", relay_state)).unwrap();
        assert_eq!((asked.status(), asked.url.path()), (200, "/saml/acs"), "{}", asked.text());
        assert!(asked.text().contains("agent"), "{}", asked.text());
        assert!(!asked.submits_itself(), "nothing goes on by itself");
        assert_eq!(browser.cookie("__Host-samlgate"), None, "no session before the person says so");
        let before = scene.app_requests().len();
        let page = browser.submit(&asked, &asked.form()).unwrap();
        assert_eq!((page.status(), page.url.path()), (200, expected.as_str()));
        assert_eq!(scene.app_requests().pop().unwrap().header("x-remote-user"), Some("agent"));
        assert_eq!(scene.app_requests().len(), before + 1, "nothing was served before");
        // The same form once more: the answer was used.
        let again = browser.submit(&asked, &asked.form()).unwrap();
        assert!(again.status() != 200 || again.url.path() == "/", "{} {}", again.status(), again.url);
    }
}

#[test]
fn what_another_site_can_do_with_a_response_of_its_own_begins_no_session() {
    let scene = turn();
    // The attacker's own question, answered in the attacker's browser.
    let mut attacker = scene.browser();
    let question = attacker.open(&begin_there(&scene, "customer", "")).unwrap();
    let confirmation = question.form();
    // Posted into a victim's browser, with the attacker's token and all.
    let mut victim = scene.browser();
    let refused = victim.submit(&question, &confirmation).unwrap();
    assert_eq!(code(&refused), Some("SG4046"), "{}", refused.text());
    assert_eq!(victim.cookie("__Host-samlgate"), None);
    // Another response with the victim's own token.
    let asked = victim.open(&begin_there(&scene, "agent", "")).unwrap();
    let swapped = asked.form().with("SAMLResponse", confirmation.field("SAMLResponse").unwrap());
    let refused = victim.submit(&asked, &swapped).unwrap();
    assert_eq!(code(&refused), Some("SG5001"), "{}", refused.text());
    assert_eq!(victim.cookie("__Host-samlgate"), None);
}

#[test]
fn an_unsolicited_response_obeys_every_other_rule() {
    let scene = turn();
    let attempt = |relay_state: &str| {
        let mut browser = scene.browser();
        let page = browser.open(&begin_there(&scene, "agent", relay_state)).unwrap();
        assert_eq!(browser.cookie("__Host-samlgate"), None);
        code(&page).map(str::to_owned)
    };
    for elsewhere in
        ["/admin", "https://evil.example/", "//evil.example", "/browse/../admin", "javascript:alert(1)"]
    {
        assert_eq!(attempt(elsewhere).as_deref(), Some("SG4046"), "{elsewhere}");
    }
    for (what, change, expected) in [
        (
            "it answers a request",
            (|o| o.in_response_to = Some("_x".to_owned())) as fn(&mut testbed::idp::IssueOptions),
            "SG4014",
        ),
        ("it is for another", |o| o.audience = Some("https://other.example".to_owned()), "SG4016"),
        ("it ran out", |o| (o.not_before, o.not_on_or_after) = (-500, -400), "SG4012"),
        ("nobody signed it", |o| o.signed = testbed::idp::Signed::Nothing, "SG3001"),
        ("a stranger made it", |o| o.issuer = "https://stranger.example".to_owned(), "SG1007"),
        ("a foreign key", |o| o.key = testbed::idp::TestKey::Stranger, "SG3005"),
    ] {
        scene.idp.change(change);
        assert_eq!(attempt("").as_deref(), Some(expected), "{what}");
    }
}

#[test]
fn used_once_in_one_browser_it_is_used_in_all() {
    let scene = turn();
    scene.idp.change(|options| options.assertion_id = "_the_same".to_owned() + &options.user.name);
    for expected in [200, 403] {
        let mut browser = scene.browser();
        let asked = browser.open(&begin_there(&scene, "agent", "")).unwrap();
        let page = browser.submit(&asked, &asked.form()).unwrap();
        assert_eq!(page.status(), expected, "{}", page.text());
        assert_eq!(code(&page), (expected == 403).then_some("SG5004"));
    }
}
