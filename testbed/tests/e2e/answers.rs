//! Wrong answers of the identity provider, each refused for its own reason, and answers that come where they do not
//! belong. The vectors have many more; these show that nothing is lost between Envoy and the core.

use testbed::Turn;
use testbed::browser::{Browser, Page, Visit};
use testbed::idp::{IssueOptions, Signed, Tamper, TestKey};

use crate::{demo, page_refusal};

type Change = fn(&mut IssueOptions);

const WRONG: &[(&str, u16, Change)] = &[
    ("SG3001", 403, |o| o.signed = Signed::Nothing),
    ("SG3005", 403, |o| o.key = TestKey::Stranger),
    ("SG3004", 403, |o| {
        o.tamper = vec![Tamper { find: ">agent<".to_owned(), replace: ">admin<".to_owned() }];
    }),
    ("SG3006", 403, |o| o.scheme = Some(samlgate::effect::SignatureScheme::RsaSha1)),
    ("SG4016", 403, |o| o.audience = Some("https://other.example".to_owned())),
    ("SG4017", 403, |o| o.audience = None),
    ("SG4006", 403, |o| o.destination = Some("http://elsewhere.example/acs".to_owned())),
    ("SG4011", 403, |o| {
        o.destination = Some(o.recipient.clone());
        o.recipient = "http://elsewhere.example/acs".to_owned();
    }),
    ("SG4014", 403, |o| o.in_response_to = Some("_another".to_owned())),
    ("SG4015", 403, |o| o.in_response_to = None),
    ("SG4019", 403, |o| {
        o.not_before = -600;
        o.not_on_or_after = -120;
        o.confirmation_not_on_or_after = Some(300);
    }),
    ("SG4012", 403, |o| o.confirmation_not_on_or_after = Some(-120)),
    ("SG4018", 403, |o| o.not_before = 120),
    ("SG4005", 403, |o| o.assertion_issuer = Some("https://evil.example".to_owned())),
    ("SG4021", 403, |o| o.omit_authn_statement = true),
    ("SG4003", 403, |o| o.failure = Some("urn:oasis:names:tc:SAML:2.0:status:AuthnFailed".to_owned())),
    ("SG2004", 400, |o| {
        o.tamper = vec![Tamper {
            find: "<samlp:Response".to_owned(),
            replace: "<!DOCTYPE r [<!ENTITY a \"b\">]><samlp:Response".to_owned(),
        }];
    }),
    ("SG2013", 400, |o| {
        o.tamper = vec![Tamper { find: "</samlp:Response>".to_owned(), replace: String::new() }];
    }),
];

#[test]
fn each_is_refused_for_its_own_reason_and_says_no_more_than_that() {
    let scene = demo();
    for (code, status, change) in WRONG {
        scene.idp.change(*change);
        let before = scene.app_requests().len();
        let (browser, page) = scene.sign_in("agent", "/secret/place").unwrap();
        assert_eq!(page_refusal(&page), (*status, *code), "{}", page.text());
        assert_eq!(scene.app_requests().len(), before, "{code}: something reached the application");
        assert!(browser.cookie("__Host-samlgate").is_none(), "{code}: a session began");
        let text = page.text();
        assert!(text.contains(code), "{code} is not on the page");
        assert!(
            !text.contains("agent") && !text.contains("elsewhere.example"),
            "{code}: details on the page"
        );
        assert!(scene.jira_groups("agent").is_empty(), "{code}: an account was made");
    }
    let log = scene.envoy_log();
    for (code, _, _) in WRONG {
        assert!(log.contains(code), "{code} is not in the log");
    }
    for secret in ["agent@example.com", "Ada Agent"] {
        assert!(!log.contains(secret), "`{secret}` is in the log");
    }
    let stats = scene.envoy_stats().unwrap();
    let counted = |name: &str| stats.iter().any(|(stat, count)| stat.ends_with(name) && *count > 0);
    assert!(counted("refused.digest_mismatch"), "{stats:?}");
    assert!(scene.envoy.access_log().contains("SG3004"), "the access log lacks the code");
}

/// A browser with the answer in hand, not posted yet.
fn answered(scene: &Turn<'_>, browser: &mut Browser, path: &str) -> Page {
    browser.scripts = false;
    let page = scene.sign_in_with(browser, "agent", path).unwrap();
    assert!(page.form().field("SAMLResponse").is_some(), "{}", page.text());
    page
}

#[test]
fn an_answer_is_good_for_one_use_in_one_browser() {
    let scene = demo();
    let mut victim = scene.browser();
    let form = answered(&scene, &mut victim, "/");

    // Somebody else's browser, without and with a pending request of its own.
    let mut thief = scene.browser().without_scripts();
    assert_eq!(page_refusal(&thief.submit(&form, &form.form()).unwrap()), (403, "SG5001"));
    let own = answered(&scene, &mut thief, "/");
    assert_eq!(page_refusal(&thief.submit(&form, &form.form()).unwrap()), (403, "SG5001"));
    let swapped = form.form().with("RelayState", own.form().field("RelayState").unwrap());
    assert_eq!(page_refusal(&thief.submit(&form, &swapped).unwrap()), (403, "SG4014"));

    // The victim's own browser, which kept its pending cookie: once and not twice.
    let mut twin = victim.clone();
    assert_eq!(victim.submit(&form, &form.form()).unwrap().status(), 200);
    assert_eq!(page_refusal(&twin.submit(&form, &form.form()).unwrap()), (403, "SG5004"));
    assert!(twin.cookie("__Host-samlgate").is_none());
}

#[test]
fn an_answer_that_nobody_asked_for_is_refused() {
    let scene = demo();
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("user", "agent")
        .append_pair("acs", &scene.app_url("/saml/acs"))
        .append_pair("audience", &scene.app_url("/saml/metadata"))
        .append_pair("relay_state", "https://evil.example/")
        .finish();
    let page = scene.browser().open(&format!("{}/unsolicited?{query}", scene.idp.origin())).unwrap();
    assert_eq!(page_refusal(&page), (403, "SG5001"));
}

#[test]
fn forms_that_are_none() {
    let scene = demo();
    let mut browser = scene.browser();
    let form = answered(&scene, &mut browser, "/");
    let good = form.form();
    let acs = scene.app_url("/saml/acs");
    let encoded = |pairs: &[(&str, &str)]| {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs.iter().copied()).finish()
    };
    let (response, state) = (good.field("SAMLResponse").unwrap(), good.field("RelayState").unwrap());
    let twice = encoded(&[("SAMLResponse", response), ("RelayState", state), ("SAMLResponse", response)]);
    let form_type = "application/x-www-form-urlencoded";
    for (content_type, body, expected) in [
        ("application/json", "{}".to_owned(), (415, "SG1005")),
        (form_type, encoded(&[("RelayState", state)]), (400, "SG1003")),
        (form_type, encoded(&[("SAMLResponse", "!!!"), ("RelayState", state)]), (400, "SG1001")),
        (form_type, encoded(&[("SAMLResponse", response)]), (400, "SG1007")),
        (form_type, twice, (400, "SG1009")),
        (form_type, "SAMLResponse=%zz".to_owned(), (400, "SG1002")),
    ] {
        let visit = Visit::navigation("POST", &acs, &form.url).body(content_type, body.clone());
        let page = browser.once(&visit).unwrap();
        assert_eq!(page_refusal(&page), expected, "{body:.60}");
    }
    // All that did not use the answer up.
    assert_eq!(browser.submit(&form, &good).unwrap().status(), 200);
}

#[test]
fn a_large_answer_passes_and_a_huge_one_is_refused() {
    let scene = demo();
    scene.idp.set_groups("agent", &[]);
    let many: Vec<String> = (0..900).map(|number| format!("idp-group-with-a-long-name-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    scene.idp.set_groups("agent", &many);
    let (_, page) = scene.sign_in("agent", "/").unwrap();
    assert_eq!(page.status(), 200, "{:?}", page_refusal(&page));

    // The first is above `limits.max_xml_bytes`, the second above `limits.max_body_bytes`.
    for (bytes, expected) in [(600_000, (413, "SG2001")), (1_500_000, (413, "SG1004"))] {
        scene.idp.change(move |options| {
            let replace = format!("{}</saml:Assertion>", "<x/>".repeat(bytes / 4));
            options.tamper = vec![Tamper { find: "</saml:Assertion>".to_owned(), replace }];
        });
        let (_, page) = scene.sign_in("agent", "/").unwrap();
        assert_eq!(page_refusal(&page), expected);
    }
}
