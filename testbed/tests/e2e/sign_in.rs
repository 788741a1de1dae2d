//! The sign-in itself.

use testbed::browser::{Browser, Visit};
use testbed::idp::{Binding, IdpOptions, SignatureCheck, Signed, TestKey};
use testbed::{Scene, SceneOptions};

use crate::{demo, page_refusal};

#[test]
fn the_request_is_signed_and_asks_for_nothing_else_than_our_address() {
    let scene = demo();
    scene.sign_in("agent", "/").unwrap();
    let request = scene.idp.requests().remove(0);
    assert_eq!(request.binding, Binding::Redirect);
    assert_eq!(request.signature, SignatureCheck::Good);
    assert_eq!(request.acs, scene.app_url("/saml/acs"));
    assert_eq!(request.issuer, scene.app_url("/saml/metadata"));
    assert_eq!(request.destination, Some(format!("{}/sso", scene.idp.origin())));
    let relay_state = request.relay_state.unwrap();
    assert!(relay_state.len() <= 80 && !relay_state.contains('/'), "{relay_state}");
    assert!(!request.force_authn);
}

#[test]
fn abandoned_sign_ins_do_not_pile_up_in_the_browser() {
    let scene = demo();
    let mut browser = scene.browser();
    for tab in 0..20 {
        browser.open(&scene.app_url(&format!("/tab/{tab}"))).unwrap();
    }
    let pending = browser.jar.cookies().filter(|cookie| cookie.name.contains("samlgate-p-")).count();
    assert!(pending <= 8, "{pending} pending requests in one browser");
    assert_eq!(scene.sign_in_with(&mut browser, "agent", "/last").unwrap().url.path(), "/last");
}

#[test]
fn without_scripts_two_buttons_do_it() {
    let scene = demo();
    let mut browser = scene.browser().without_scripts();
    let form = scene.sign_in_with(&mut browser, "customer", "/servicedesk/customer/portal/1").unwrap();
    assert!(form.form().field("SAMLResponse").is_some());
    let page = browser.submit(&form, &form.form()).unwrap();
    assert_eq!((page.status(), page.url.path()), (200, "/servicedesk/customer/portal/1"));
}

#[test]
fn a_sign_in_by_http_post_carries_a_signed_request() {
    let idp = IdpOptions { post_only: true, wants_signed_requests: true, ..IdpOptions::default() };
    let scene = Scene::start(SceneOptions::new().idp(idp)).unwrap();
    let mut browser = scene.browser();
    let page = scene.sign_in_with(&mut browser, "agent", "/by/post").unwrap();
    assert_eq!((page.status(), page.url.path()), (200, "/by/post"));
    let request = scene.idp.requests().remove(0);
    assert_eq!(request.binding, Binding::Post);
    assert!(request.xml.contains("SignatureValue"));
    // Our own page posts by itself, and by a button where scripts are off.
    let ours = scene.browser().without_scripts().open(&scene.app_url("/")).unwrap();
    assert_eq!(ours.form().action, format!("{}/sso", scene.idp.origin()));
    assert!(ours.text().contains("<button"));
    assert!(!ours.header("content-security-policy").unwrap().contains("unsafe-inline"));
}

#[test]
fn every_key_and_every_signed_part_is_verified_by_envoys_own_functions() {
    let scene = demo();
    assert!(scene.envoy_log().contains("signatures by Envoy's native functions"));
    for key in TestKey::IDP {
        for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
            scene.idp.change(move |options| {
                options.key = key;
                options.signed = signed;
            });
            let (_, page) = scene.sign_in("agent", "/").unwrap();
            assert_eq!(page.status(), 200, "{key:?} {signed:?}: {:?}", page_refusal(&page));
        }
    }
}

#[test]
fn our_metadata_says_what_the_identity_provider_needs() {
    let scene = demo();
    let page = Browser::new().open(&scene.app_url("/saml/metadata")).unwrap();
    assert_eq!(page.header("content-type"), Some("application/samlmetadata+xml"));
    let text = page.text();
    for needed in [
        format!("entityID=\"{}\"", scene.app_url("/saml/metadata")),
        format!("Location=\"{}\"", scene.app_url("/saml/acs")),
        TestKey::Stranger.certificate_base64(),
    ] {
        assert!(text.contains(&needed), "{needed} is not in {text}");
    }
    assert!(!text.contains("PRIVATE"));
}

/// With a session that browsers keep back from another site's POST (Lax, the default) the person sees a page with a
/// link that works; with one that they send, not even that.
#[test]
fn the_back_button_leads_into_the_site_again() {
    let scene = demo();
    let mut browser = scene.browser().without_scripts();
    let form = scene.sign_in_with(&mut browser, "agent", "/").unwrap();
    browser.submit(&form, &form.form()).unwrap();
    let again = browser.submit(&form, &form.form()).unwrap();
    assert_eq!(page_refusal(&again), (403, "SG5001"));
    assert!(again.text().contains("<a href=\"/\">"), "{}", again.text());
    assert_eq!(browser.follow_link(&again, "/").unwrap().status(), 200);

    let patch = serde_json::json!({ "session": { "cookie": { "same_site": "NONE" } } });
    let scene = Scene::start(SceneOptions::new().patch(patch)).unwrap();
    let mut browser = scene.browser().without_scripts();
    let form = scene.sign_in_with(&mut browser, "agent", "/").unwrap();
    browser.submit(&form, &form.form()).unwrap();
    let again = browser.submit(&form, &form.form()).unwrap();
    assert_eq!((again.status(), again.url.path()), (200, "/"));
}

#[test]
fn signing_in_again_reuses_the_session_of_the_identity_provider() {
    let scene = demo();
    let (mut browser, _) = scene.sign_in("agent", "/").unwrap();
    browser.jar.forget(|cookie| cookie.name.starts_with("__Host-samlgate"));
    let page = browser.visit(Visit::typed(&scene.app_url("/second"))).unwrap();
    assert_eq!((page.status(), page.url.path()), (200, "/second"));
}

#[test]
fn values_that_could_break_a_header_are_escaped() {
    let scene = demo();
    scene.idp.add_user(testbed::idp::User {
        display_name: "Jörg, \"the\" Müller % ✓".to_owned(),
        ..testbed::idp::User::new("joerg", "", &["idp-agents"])
    });
    let (_, page) = scene.sign_in("joerg", "/").unwrap();
    assert_eq!(page.status(), 200);
    let received = scene.app.last_request().unwrap();
    let name = received.header("x-remote-name").unwrap();
    assert_eq!(name, "J%C3%B6rg, \"the\" M%C3%BCller %25 %E2%9C%93");
}
