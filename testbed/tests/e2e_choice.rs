//! Two identity providers, sign-ins in a circle, and the emergency access, in a real Envoy.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

use serde_json::json;
use testbed::browser::{Browser, Page, Visit, unescape};
use testbed::idp::{Idp, IdpOptions, TestKey};
use testbed::{Scene, SceneOptions, SharedScene};

const SECRET: &str = "correct horse battery staple";

fn refusal(page: &Page) -> (u16, &str) {
    (page.status(), page.header("x-samlgate-code").unwrap_or("no code"))
}

/// Another identity provider with a key of its own.
fn partner() -> Idp {
    let idp = Idp::start(&IdpOptions::default()).unwrap();
    idp.change(|answer| answer.key = TestKey::OtherIdp);
    idp
}

fn metadata(idp: &Idp) -> String {
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{}/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>"#,
        idp.entity_id(),
        TestKey::OtherIdp.certificate_base64(),
        idp.origin()
    )
}

/// The demo with a second identity provider, and its rules.
fn scene(partner: &Idp) -> Scene {
    let options = SceneOptions::new().patch(json!({
        "idp": null,
        "idps": [
            { "id": "staff", "display_name": "Employees", "metadata": { "environment_variable": "IDP_METADATA" } },
            { "id": "partner", "display_name": "Partner & Co", "metadata": { "inline_string": metadata(partner) } },
        ],
        "discovery": {
            "rules": [
                { "by": { "query_parameter": "idp" } },
                { "match": { "path": { "path_separated_prefix": "/mail" } }, "by": { "email_domain": {} } },
                { "match": { "path": { "path_separated_prefix": "/again" } }, "by": { "last": {} } },
            ],
            "email_domains": [{ "idp": "partner", "domains": ["partner.example"] }],
            "remember_for": "3600s",
        },
        "provisioning": null,
    }));
    Scene::start(options).unwrap()
}

/// The address of the link with this text.
fn link(page: &Page, text: &str) -> String {
    let html = page.text();
    let (before, _) = html.split_once(&format!(">{text}</a>")).unwrap_or_else(|| panic!("{text} in {html}"));
    let href = before.rsplit_once("href=\"").unwrap().1.split('"').next().unwrap();
    page.url.join(&unescape(href)).unwrap().to_string()
}

fn sign_in(browser: &mut Browser, page: &Page) -> Page {
    browser.submit(page, &page.form().with("user", "agent").with("password", "agent")).unwrap()
}

/// A browser that shows the forms which others post by themselves, with the answer of `idp` in it.
fn answer_of(scene: &Scene, browser: &mut Browser, idp: &str) -> Page {
    let login = browser.open(&scene.app_url(&format!("/x?idp={idp}"))).unwrap();
    let page = if login.form().field("password").is_some() { sign_in(browser, &login) } else { login };
    assert!(page.form().field("SAMLResponse").is_some(), "{}", page.text());
    page
}

#[test]
fn people_choose_and_nobody_answers_for_another() {
    let partner = partner();
    let scene = scene(&partner);
    // Without JavaScript: by the chooser, to the partner, back to where it began.
    let mut browser = scene.browser();
    let chooser = browser.open(&scene.app_url("/browse/A-1?x=1&y=2")).unwrap();
    assert_eq!(chooser.status(), 200);
    let login = browser.follow_link(&chooser, &link(&chooser, "Partner &amp; Co")).unwrap();
    assert!(login.url.as_str().starts_with(&partner.origin()), "{}", login.url);
    let page = sign_in(&mut browser, &login);
    assert_eq!((page.status(), page.url.as_str()), (200, scene.app_url("/browse/A-1?x=1&y=2").as_str()));
    assert_eq!(scene.app.last_request().unwrap().header("x-remote-user"), Some("agent"));
    assert!(scene.idp.requests().is_empty() && partner.requests().len() == 1);
    // The browser remembers, where a rule asks for that, once its session is gone.
    browser.jar.forget(|cookie| cookie.name == "__Host-samlgate");
    let page = browser.open(&scene.app_url("/again")).unwrap();
    assert_eq!((page.status(), page.url.path()), (200, "/again"));
    assert_eq!((scene.idp.requests().len(), partner.requests().len()), (0, 2));

    // One browser with a sign-in at each: neither can end the other's.
    let mut browser = scene.browser().without_scripts();
    let at_staff = answer_of(&scene, &mut browser, "staff");
    let at_partner = answer_of(&scene, &mut browser, "partner");
    let response = |page: &Page| page.form().field("SAMLResponse").unwrap().to_owned();
    let seen = scene.app_requests().len();
    for (what, page, other, code) in [
        ("the partner's answer for staff", &at_staff, &at_partner, "SG3005"),
        ("the answer of staff for the partner", &at_partner, &at_staff, "SG3010"),
    ] {
        let swapped = page.form().with("SAMLResponse", &response(other));
        let refused = browser.submit(page, &swapped).unwrap();
        let (status, found) = refusal(&refused);
        assert!(status == 403 && ["SG3005", "SG3010", code].contains(&found), "{what}: {status} {found}");
    }
    assert_eq!(browser.cookie("__Host-samlgate"), None);
    // The partner says that it is staff.
    let staff = scene.idp.entity_id();
    partner.change(move |answer| {
        answer.key = TestKey::OtherIdp;
        answer.issuer.clone_from(&staff);
    });
    let claimed = answer_of(&scene, &mut browser, "partner");
    let refused = browser.submit(&at_staff, &at_staff.form().with("SAMLResponse", &response(&claimed)));
    assert_eq!(refusal(&refused.unwrap()), (403, "SG3005"));
    let refused = browser.submit(&claimed, &claimed.form()).unwrap();
    assert_eq!(refusal(&refused), (403, "SG4005"));
    // And the partner's key under the name of staff, for a request that staff was asked.
    let key = TestKey::OtherIdp;
    scene.idp.change(move |answer| answer.key = key);
    let forged = answer_of(&scene, &mut browser, "staff");
    assert_eq!(refusal(&browser.submit(&forged, &forged.form()).unwrap()), (403, "SG3005"));
    assert_eq!(scene.app_requests().len(), seen, "the application heard of it");
    // The honest answer is still good.
    scene.idp.honest();
    let page = browser.submit(&at_staff, &at_staff.form()).unwrap();
    assert_eq!((page.status(), page.url.path()), (200, "/x"), "{:?}", refusal(&page));
}

#[test]
fn an_address_leads_to_its_identity_provider() {
    let partner = partner();
    let scene = scene(&partner);
    let mut browser = scene.browser();
    let question = browser.open(&scene.app_url("/mail/box?x=1")).unwrap();
    let send = |browser: &mut Browser, email: &str| {
        browser.submit(&question, &question.form().with("email", email)).unwrap()
    };
    let refused = send(&mut browser, "somebody@elsewhere.example");
    assert_eq!(refusal(&refused), (403, "SG6009"));
    assert!(send(&mut browser, "nobody").text().contains("This is not an e-mail address."));
    let leaving = send(&mut browser, "Agent@Partner.Example");
    assert_eq!(leaving.status(), 200);
    let login = browser.follow_link(&leaving, &link(&leaving, "Continue")).unwrap();
    assert!(login.url.as_str().starts_with(&partner.origin()), "{}", login.url);
    let page = sign_in(&mut browser, &login);
    assert_eq!((page.status(), page.url.as_str()), (200, scene.app_url("/mail/box?x=1").as_str()));
    // The address is nowhere in the log.
    let log = scene.envoy_log();
    assert!(!log.to_lowercase().contains("partner.example") && !log.contains("elsewhere.example"));
    // A page of another site cannot ask.
    let foreign = url::Url::parse("http://evil.localhost/").unwrap();
    let visit = Visit::navigation("POST", &scene.app_url("/saml/discovery"), &foreign)
        .body("application/x-www-form-urlencoded", "email=a%40partner.example");
    assert_eq!(refusal(&browser.visit(visit).unwrap()), (403, "SG5011"));
    for target in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        let path = format!("/saml/discovery?idp=partner&target={target}");
        let page = scene.browser().open(&scene.app_url(&path)).unwrap();
        assert_eq!(refusal(&page), (400, "SG1012"), "{target}");
    }
}

static ALONE: SharedScene = SharedScene::new(|| {
    let access = json!({
        "secret": { "inline_string": SECRET }, "max_attempts": 3, "landing_path": "/login.jsp",
        "allowed_client_networks": ["127.0.0.0/8"],
    });
    SceneOptions::new().patch(json!({ "emergency_access": access, "provisioning": null }))
});

#[test]
fn a_browser_that_loses_its_session_is_stopped() {
    let scene = ALONE.turn().unwrap();
    let (mut browser, page) = scene.sign_in("agent", "/x").unwrap();
    assert_eq!(page.status(), 200);
    for round in 1..5 {
        browser.jar.forget(|cookie| cookie.name == "__Host-samlgate");
        let page = browser.open(&scene.app_url("/x")).unwrap();
        assert_eq!((page.status(), page.url.path()), (200, "/x"), "{round}");
    }
    browser.jar.forget(|cookie| cookie.name == "__Host-samlgate");
    let page = browser.open(&scene.app_url("/x")).unwrap();
    assert_eq!(refusal(&page), (403, "SG5015"));
    // A try by hand is a try.
    let page = browser.follow_link(&page, &link(&page, "Try again")).unwrap();
    assert_eq!((page.status(), page.url.path()), (200, "/x"));
}

#[test]
fn emergency_access_passes_without_identity_and_counts_attempts_on_all_workers() {
    let scene = ALONE.turn().unwrap();
    // A session of an ordinary person in the same browser: it counts less.
    let (mut browser, _) = scene.sign_in("agent", "/x").unwrap();
    let front = browser.open(&scene.app_url("/saml/emergency")).unwrap();
    let page = browser.submit(&front, &front.form().with("secret", SECRET)).unwrap();
    assert_eq!((page.status(), page.url.path()), (200, "/login.jsp"));
    let visit = Visit::typed(&scene.app_url("/admin?m=emergency")).header("X-Remote-User", "admin");
    let page = browser.visit(visit).unwrap();
    assert_eq!(page.status(), 200);
    let seen = scene.app.last_request().unwrap();
    assert!(seen.headers.iter().all(|(name, _)| !name.starts_with("x-remote")), "{:?}", seen.headers);
    assert!(seen.header("cookie").is_none_or(|cookies| !cookies.contains("samlgate")));
    let foreign = url::Url::parse("http://evil.localhost/").unwrap();
    let visit = Visit::navigation("POST", &scene.app_url("/x"), &foreign);
    // SameSite=Strict: the cookie of the emergency access is not even sent.
    assert!(browser.visit(visit).unwrap().status() != 200);
    let front = browser.open(&scene.app_url("/saml/emergency")).unwrap();
    let ended = browser.submit(&front, &front.form()).unwrap();
    assert!(ended.form().field("secret").is_some());
    let page = browser.open(&scene.app_url("/y")).unwrap();
    assert_eq!(
        (page.status(), scene.app.last_request().unwrap().header("x-remote-user")),
        (200, Some("agent"))
    );

    // One attempt is used; two more, and then none, whichever worker takes the connection.
    let mut stranger = scene.browser();
    let front = stranger.open(&scene.app_url("/saml/emergency")).unwrap();
    let mut found = Vec::new();
    for _ in 0..6 {
        let refused = stranger.submit(&front, &front.form().with("secret", "wrong")).unwrap();
        found.push(refusal(&refused).1.to_owned());
    }
    assert_eq!(found, ["SG6006", "SG6006", "SG6008", "SG6008", "SG6008", "SG6008"]);
    let late = stranger.submit(&front, &front.form().with("secret", SECRET)).unwrap();
    assert_eq!(refusal(&late), (429, "SG6008"));
    assert!(late.header("retry-after").is_some());
    let log = scene.envoy_log();
    let audited = log.matches("samlgate-audit: {\"event\":\"emergency_access\"").count()
        + log
            .lines()
            .filter(|line| line.contains("samlgate-audit") && line.contains("emergency_access"))
            .count();
    assert!(audited >= 8, "{audited}");
    assert!(!log.contains(SECRET) && !log.contains("127.0.0.1\""), "secret or address in the log");
    let stats = scene.envoy_stats().unwrap();
    let counted = |word: &str| stats.iter().any(|(name, value)| name.contains(word) && *value > 0);
    assert!(counted("emergency_request_forwarded") && counted("emergency_access"), "{stats:?}");
}

#[test]
fn who_comes_from_elsewhere_sees_no_form() {
    let access = json!({
        "secret": { "inline_string": SECRET }, "allowed_client_networks": ["10.0.0.0/8", "::1"],
    });
    let scene = Scene::start(SceneOptions::new().patch(json!({ "emergency_access": access }))).unwrap();
    let mut browser = scene.browser();
    for forwarded in ["", "10.0.0.1", "10.0.0.1, 127.0.0.1"] {
        let visit = Visit::typed(&scene.app_url("/saml/emergency")).header("X-Forwarded-For", forwarded);
        let page = browser.visit(visit).unwrap();
        assert_eq!(refusal(&page), (403, "SG6007"), "{forwarded}");
        assert!(!page.text().contains("<form"));
    }
}
