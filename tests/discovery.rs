//! Which of two identity providers a sign-in goes to, and that nobody else can answer it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

#[path = "support/two_idps.rs"]
mod two_idps;

use samlgate::base::Code;
use samlgate::encoding::percent;
use serde_json::{Value, json};
use two_idps::{A, B, Idp, Site, value};

/// Rules, with domains and memory.
fn rules(rules: Value) -> Value {
    json!({ "discovery": {
        "rules": rules,
        "email_domains": [
            { "idp": "a", "domains": ["a.example"] },
            { "idp": "b", "domains": ["*.b.example", "b.example"] },
        ],
        "remember_for": "3600s",
    }})
}

fn text(reply: &samlgate::http::Reply) -> String {
    String::from_utf8(reply.body.clone()).unwrap()
}

#[test]
fn without_rules_people_choose() {
    let mut site = Site::new(json!({}));
    let (reply, code) = site.get("/browse?x=1&y=a%26b", "");
    assert_eq!((reply.status, code), (200, None));
    let page = text(&reply);
    let target = percent::query_component("/browse?x=1&y=a%26b");
    for (id, name) in [("a", "Alpha"), ("b", "B &lt;beta&gt;")] {
        let link =
            format!("<a class=\"choice\" href=\"/saml/discovery?idp={id}&amp;target={target}\">{name}</a>");
        assert!(page.contains(&link), "{link}\n{page}");
    }
    // Nothing is pending before somebody has chosen.
    assert!(reply.headers.iter().all(|(name, _)| name != "set-cookie"));
    let started = site.started(&format!("/saml/discovery?idp=b&target={target}"), "");
    assert_eq!(started.destination, B.sso);
    let (reply, _) = site.answered(&started, &B.response(&started));
    assert_eq!((reply.status, value(&reply, "location")), (303, "/browse?x=1&y=a%26b"));
}

#[test]
fn the_first_rule_that_matches_and_decides() {
    let mut site = Site::new(rules(json!([
        { "match": { "hosts": ["partner.example.com"] }, "by": { "idp": "b" } },
        { "by": { "query_parameter": "idp" } },
        { "match": { "path": { "path_separated_prefix": "/partner" } }, "by": { "idp": "b" } },
        { "match": { "path": { "path_separated_prefix": "/some" } }, "by": { "chooser": { "idps": ["b"] } } },
        { "match": { "path": { "path_separated_prefix": "/mail" } }, "by": { "email_domain": {} } },
        { "by": { "idp": "a" } },
    ])));
    for (path, destination) in [
        ("/browse", A.sso),
        ("/partner", B.sso),
        ("/partner/x", B.sso),
        ("/partners", A.sso),
        ("/browse?idp=b", B.sso),
        ("/browse?x=1&idp=b", B.sso),
        ("/partner?idp=a", A.sso),
        // Neither the name of nobody nor the entityID is a short name.
        ("/browse?idp=c", A.sso),
        ("/browse?idp=", A.sso),
        ("/browse?idp=https%3A%2F%2Fb.example%2Fmetadata", A.sso),
        ("/browse?idp=B", A.sso),
        ("/browse?notidp=b", A.sso),
        ("/browse?idp=%zz", A.sso),
    ] {
        assert_eq!(site.started(path, "").destination, destination, "{path}");
    }
    assert_eq!(site.at("partner.example.com").started("/browse", "").destination, B.sso);
    site.at("jira.example.com");
    let (chooser, _) = site.get("/some", "");
    assert!(text(&chooser).contains("idp=b") && !text(&chooser).contains("idp=a"));
    let (mail, _) = site.get("/mail/box?x=\"><script>", "");
    assert!(text(&mail).contains("name=\"email\"") && !text(&mail).contains("<script>"), "{}", text(&mail));
}

/// Profiles 4.1.4.3: whatever is chosen is sealed into the pending request.
#[test]
fn only_the_identity_provider_that_was_asked_can_answer() {
    let mut site = Site::new(json!({}));
    let at_a = site.started("/saml/discovery?idp=a&target=/x", "");
    let (b_as_a, a_as_b) = (Idp { entity_id: A.entity_id, ..B }, Idp { entity_id: B.entity_id, ..A });
    for (what, response, expected) in [
        ("B answers as itself", B.response(&at_a), Code::SignatureInvalid),
        ("B signs as A", b_as_a.response(&at_a), Code::SignatureInvalid),
        ("A signs as B", a_as_b.response(&at_a), Code::IssuerMismatch),
        (
            "A signs a response around an assertion of B",
            A.response(&at_a).replacen(A.entity_id, B.entity_id, 1),
            Code::DigestMismatch,
        ),
    ] {
        let (reply, code) = site.answered(&at_a, &response);
        assert_eq!(code, Some(expected), "{what}");
        assert_eq!(reply.status, 403, "{what}");
        assert!(!value(&reply, "set-cookie").starts_with("__Host-samlgate="), "{what}");
    }
    // The answer to a request at B, brought to the pending request at A, and the other way round.
    let at_b = site.started("/saml/discovery?idp=b&target=/x", "");
    for (answer, pending, expected) in [
        (B.response(&at_b), &at_a, Code::SignatureInvalid),
        (A.response(&at_a), &at_b, Code::SignatureInvalid),
        (A.response(&at_b), &at_a, Code::InResponseToMismatch),
    ] {
        assert_eq!(site.answered(pending, &answer).1, Some(expected));
    }
    assert_eq!(site.answered(&at_a, &A.response(&at_a)).0.status, 303);
    assert_eq!(site.answered(&at_b, &B.response(&at_b)).0.status, 303);
}

#[test]
fn an_identity_provider_vouches_for_its_own_people_only() {
    for (limits, expected) in [
        (json!({ "allowed_usernames": [{ "suffix": "@nowhere.example", "ignore_case": true }] }), false),
        (json!({ "allowed_email_domains": ["nowhere.example"] }), false),
        (json!({ "allowed_usernames": [{ "safe_regex": { "regex": ".*" } }] }), true),
    ] {
        let mut site = Site::limited(&limits);
        let pending = site.started("/saml/discovery?idp=a&target=/x", "");
        let (reply, code) = site.answered(&pending, &A.response(&pending));
        assert_eq!(code, (!expected).then_some(Code::PersonOfAnotherIdp), "{limits}");
        assert_eq!(reply.status, if expected { 303 } else { 403 }, "{limits}");
    }
}

#[test]
fn a_choice_leads_nowhere_else() {
    let mut site = Site::new(json!({}));
    for target in [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\/evil.example",
        "/%2fevil.example",
        "/.//evil.example",
        "javascript:alert(1)",
        "/a\r\nset-cookie: x=y",
        "browse",
    ] {
        let path = format!("/saml/discovery?idp=a&target={}", percent::query_component(target));
        let (reply, code) = site.get(&path, "");
        assert_eq!(code, Some(Code::RedirectTargetRefused), "{target}");
        assert!(reply.headers.iter().all(|(name, _)| name != "location" && name != "refresh"), "{target}");
        let form = format!("email=x%40a.example&target={}", percent::query_component(target));
        assert_eq!(site.post("/saml/discovery", &form).1, Some(Code::RedirectTargetRefused), "{target}");
    }
    for query in [
        "idp=c",
        "idp=",
        "entityID=https%3A%2F%2Fc.example",
        "entityID=a",
        "idp=a&idp=b",
        "idp=a&entityID=https%3A%2F%2Fb.example%2Fmetadata",
        "idp=a&target=/x&target=/y",
    ] {
        let (reply, code) = site.get(&format!("/saml/discovery?{query}"), "");
        assert_eq!((reply.status, code), (400, Some(Code::DiscoveryRefused)), "{query}");
        assert!(reply.headers.iter().all(|(name, _)| name != "location"), "{query}");
    }
    // Our own addresses are none to come back to: a link would sign people in and out in a circle.
    let started = site.started("/saml/discovery?idp=a&target=/saml/logout", "");
    let (reply, _) = site.answered(&started, &A.response(&started));
    assert_eq!(value(&reply, "location"), "/");
}

#[test]
fn a_link_changes_nobody_who_is_signed_in() {
    let mut site = Site::new(json!({}));
    let started = site.started("/saml/discovery?idp=a&target=/x", "");
    let (reply, _) = site.answered(&started, &A.response(&started));
    let session = two_idps::cookie(&reply, "__Host-samlgate");
    let (reply, _) = site.get("/saml/discovery?idp=b&target=/y", &session);
    assert_eq!((reply.status, value(&reply, "location")), (303, "/y"));
    assert!(reply.headers.iter().all(|(name, _)| name != "set-cookie"));
}

#[test]
fn the_domain_of_an_address_decides_and_tells_nothing() {
    let mut site = Site::new(rules(json!([{ "by": { "email_domain": {} } }])));
    for (email, destination) in [
        ("anna@a.example", A.sso),
        (" Anna@A.EXAMPLE ", A.sso),
        ("bert@b.example", B.sso),
        ("bert@x.y.b.example", B.sso),
        ("nobody-has-this-account@b.example", B.sso),
    ] {
        let (reply, code) = site.email(email);
        assert_eq!((reply.status, code), (200, None), "{email}");
        let refresh = value(&reply, "refresh").to_owned();
        assert!(refresh.starts_with(&format!("0;url={destination}?")), "{email}: {refresh}");
        assert!(value(&reply, "set-cookie").starts_with("__Host-samlgate-p-"), "{email}");
        assert!(!text(&reply).to_lowercase().contains(email.trim()), "{email}");
    }
    for email in ["", "anna", "@a.example", "anna@", "a@b@a.example", "anna@a.example.", "a nna@a.example"] {
        let (reply, code) = site.email(email);
        assert_eq!((reply.status, code), (200, None), "{email}");
        let page = text(&reply);
        assert!(page.contains("role=\"alert\"") && page.contains("aria-invalid=\"true\""), "{page}");
        assert!(reply.headers.iter().all(|(name, _)| name != "refresh" && name != "set-cookie"));
    }
    let long = format!("{}@a.example", "x".repeat(300));
    assert!(text(&site.email(&long).0).contains("role=\"alert\""));
    let mut answers = Vec::new();
    for email in ["x@elsewhere.example", "x@notb.example", "x@a.example.elsewhere.example", "x@sub.a.example"]
    {
        let (reply, code) = site.email(email);
        assert_eq!((reply.status, code), (403, Some(Code::EmailDomainUnlisted)), "{email}");
        answers.push(reply.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "every unlisted domain looks the same");
    // Nothing of it goes into the log.
    assert!(!site.told.contains("elsewhere") && !site.told.contains("notb"), "{}", site.told);
}

#[test]
fn other_domains_have_a_place_when_one_is_named() {
    let mut configuration = rules(json!([{ "by": { "email_domain": {} } }]));
    configuration["discovery"]["other_email_domains"] = json!("b");
    let mut site = Site::new(configuration);
    let (reply, _) = site.email("x@elsewhere.example");
    assert!(value(&reply, "refresh").starts_with(&format!("0;url={}?", B.sso)));
}

#[test]
fn an_address_from_another_site_is_not_taken() {
    let mut site = Site::new(rules(json!([{ "by": { "email_domain": {} } }])));
    for header in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")] {
        let (reply, code) = site.post_with("/saml/discovery", "email=x%40a.example", header);
        assert_eq!((reply.status, code), (403, Some(Code::CrossSiteRefused)), "{header:?}");
    }
    let large = format!("email={}", "x".repeat(20_000));
    assert_eq!(site.post("/saml/discovery", &large).1, Some(Code::BodyTooLarge));
    assert_eq!(site.post("/saml/discovery", "email=%zz").1, Some(Code::FormMalformed));
}

/// Identity Provider Discovery Service Protocol 2.4.
#[test]
fn a_discovery_service_is_asked_and_may_name_ours_only() {
    let by = json!({ "discovery_service": { "uri": "https://ds.example/WAYF?lang=de" } });
    let mut site = Site::new(rules(json!([{ "by": by }])));
    let (reply, _) = site.get("/browse?x=1", "");
    assert_eq!(reply.status, 302);
    let location = value(&reply, "location").to_owned();
    let query = location.strip_prefix("https://ds.example/WAYF?").unwrap();
    let parameters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let back = "https://jira.example.com/saml/discovery?target=%2Fbrowse%3Fx%3D1";
    let expected = [
        ("lang", "de"),
        ("entityID", "https://jira.example.com/saml/metadata"),
        ("return", back),
        ("returnIDParam", "entityID"),
    ];
    assert_eq!(parameters, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // What comes back: one of ours, none, and a stranger.
    let path = "/saml/discovery?target=%2Fbrowse%3Fx%3D1";
    let b = percent::query_component(B.entity_id);
    assert_eq!(site.started(&format!("{path}&entityID={b}"), "").destination, B.sso);
    let (nobody, _) = site.get(path, "");
    assert!(text(&nobody).contains("idp=a") && text(&nobody).contains("idp=b"), "everybody is shown");
    let stranger = format!("{path}&entityID=https%3A%2F%2Fevil.example");
    assert_eq!(site.get(&stranger, "").1, Some(Code::DiscoveryRefused));
    // A target that would make the address too long is given up, not cut.
    let (reply, _) = site.get(&format!("/browse?{}", "x=%3D&".repeat(200)), "");
    assert!(value(&reply, "location").contains("%2Fsaml%2Fdiscovery%3Ftarget%3D%252F&"), "{reply:?}");
    // Our metadata says where it may return to, and only here.
    let (metadata, _) = site.get("/saml/metadata", "");
    let listed = "Location=\"https://jira.example.com/saml/discovery\"";
    assert!(text(&metadata).contains("idpdisc:DiscoveryResponse") && text(&metadata).contains(listed));
    let (metadata, _) = Site::new(json!({})).get("/saml/metadata", "");
    assert!(!text(&metadata).contains("DiscoveryResponse"));
}

#[test]
fn the_last_identity_provider_is_remembered_after_a_sign_in_only() {
    let mut site = Site::new(rules(json!([{ "by": { "last": {} } }, { "by": { "idp": "a" } }])));
    assert_eq!(site.started("/x", "").destination, A.sso);
    let started = site.started("/saml/discovery?idp=b&target=/x", "");
    assert!(!started.cookie.contains("-i="), "a choice alone is not remembered");
    let (reply, _) = site.answered(&started, &B.response(&started));
    let last = two_idps::cookie(&reply, "__Host-samlgate-i");
    assert_eq!(site.started("/x", &last).destination, B.sso);
    assert_eq!(site.started("/x", "__Host-samlgate-i=b").destination, A.sso, "made up");
    // Where nothing is to be remembered, nothing is.
    let mut site = Site::new(json!({}));
    let started = site.started("/saml/discovery?idp=b&target=/x", "");
    let (reply, _) = site.answered(&started, &B.response(&started));
    assert!(reply.headers.iter().all(|(_, value)| !value.starts_with("__Host-samlgate-i=")));
}

#[test]
fn one_identity_provider_needs_no_choice() {
    let mut site = Site::with_one();
    assert_eq!(site.started("/x?idp=b", "").destination, A.sso);
    let (reply, code) = site.get("/saml/discovery?idp=a", "");
    assert_eq!((reply.status, code), (302, None), "the path belongs to the application");
    assert!(value(&reply, "location").starts_with(A.sso));
}

#[test]
fn a_browser_that_keeps_no_session_is_stopped() {
    let mut site = Site::with_one();
    let mut rounds = String::new();
    for round in 0..5 {
        let started = site.started("/x", &rounds);
        let (reply, _) = site.answered_with(&started, &rounds, &A.response(&started));
        assert_eq!(reply.status, 303, "{round}");
        rounds = two_idps::cookie(&reply, "__Host-samlgate-r");
    }
    let (reply, code) = site.get("/x", &rounds);
    assert_eq!((reply.status, code), (403, Some(Code::SignInLoop)));
    assert!(text(&reply).contains("<a href=\"/x\">Try again</a>"), "{}", text(&reply));
    assert_eq!(value(&reply, "set-cookie").split(';').next(), Some("__Host-samlgate-r="));
    // The person was told; the next try is a try.
    assert_eq!(site.started("/x", "").destination, A.sso);
    // A moment later nothing of it is left.
    site.later(30);
    assert_eq!(site.started("/x", &rounds).destination, A.sso);
}

#[test]
fn a_wrong_clock_is_named_with_its_way_and_how_far() {
    for (shift, expected) in [
        (600_i64, "the clock of the identity provider is at least 600 s ahead of ours"),
        (-600, "the clock of the identity provider is 600 s behind ours"),
    ] {
        let mut site = Site::with_one();
        let started = site.started("/x", "");
        let (reply, code) = site.answered(&started, &A.response_at(&started, shift));
        assert!(matches!(code, Some(Code::IssueInstantImplausible | Code::ConfirmationExpired)), "{code:?}");
        assert!(site.told.contains(expected), "{}", site.told);
        if code == Some(Code::IssueInstantImplausible) {
            assert!(text(&reply).contains("The clock of the identity provider"), "{}", text(&reply));
        }
        // How far is for the operator.
        assert!(!text(&reply).contains("600"));
    }
}
