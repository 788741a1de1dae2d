//! Emergency access: off unless configured, by the secret alone, and never with an identity.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

#[path = "support/two_idps.rs"]
mod two_idps;

use samlgate::base::Code;
use samlgate::effect::Verdict;
use samlgate::http::Reply;
use serde_json::{Value, json};
use two_idps::{A, Site, cookie, value};

const SECRET: &str = "secret=correct+horse+battery+staple";
const PATH: &str = "/saml/emergency";

fn configured(more: Value) -> Site {
    let mut access =
        json!({ "secret": { "environment_variable": "SECRET" }, "landing_path": "/login.jsp?x=1" });
    for (name, field) in more.as_object().unwrap() {
        access[name] = field.clone();
    }
    Site::new(json!({ "emergency_access": access }))
}

fn granted(site: &mut Site) -> String {
    let (reply, code) = site.post(PATH, SECRET);
    assert_eq!((reply.status, code), (303, None));
    assert_eq!(value(&reply, "location"), "/login.jsp?x=1");
    let set = value(&reply, "set-cookie");
    for attribute in ["HttpOnly", "Secure", "SameSite=Strict", "Max-Age=900", "Path=/"] {
        assert!(set.contains(attribute), "{set}");
    }
    cookie(&reply, "__Host-samlgate-e")
}

/// The names of the headers that are set on a request that passes; `None` when it does not.
fn passes(site: &mut Site, method: &str, path: &str, headers: &[(&str, &str)]) -> Option<Vec<String>> {
    match site.request(method, path, headers).0 {
        Verdict::Forward(edits) => Some(edits.sets().map(|(name, _)| name.clone()).collect()),
        Verdict::Reply(_) => None,
    }
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.clone()).unwrap()
}

#[test]
fn without_the_section_there_is_none() {
    let mut site = Site::with_one();
    assert_eq!(site.get(PATH, "").0.status, 302, "a path of the application, behind single sign-on");
    // And a cookie of somebody who configured it elsewhere is nothing.
    let held = granted(&mut configured(json!({})));
    assert_eq!(passes(&mut site, "GET", "/x", &[("cookie", &held)]), None);
}

#[test]
fn what_passes_carries_no_identity() {
    let mut site = configured(json!({}));
    let held = granted(&mut site);
    let forged = [("cookie", held.as_str()), ("x-remote-user", "admin"), ("x_remote_user", "admin")];
    let Verdict::Forward(edits) = site.request("GET", "/x", &forged).0 else { panic!("refused") };
    assert_eq!(edits.sets().count(), 0);
    for name in ["x-remote-user", "x_remote_user", "cookie"] {
        assert!(edits.removals().iter().any(|removed| removed == name), "{name}");
    }
    // A session beside it: the emergency access wins, and nothing of the session goes upstream.
    let started = site.started("/saml/discovery?idp=a&target=/x", "");
    let (reply, _) = site.answered(&started, &A.response(&started));
    let session = cookie(&reply, "__Host-samlgate");
    let own = passes(&mut site, "GET", "/x", &[("cookie", &session)]).unwrap();
    assert_eq!(own, ["x-remote-user"]);
    let both = format!("{session}; {held}");
    assert_eq!(passes(&mut site, "GET", "/x", &[("cookie", &both)]), Some(Vec::new()));
}

#[test]
fn it_ends_by_itself_by_the_button_and_by_another_secret() {
    let mut site = configured(json!({}));
    let held = granted(&mut site);
    assert!(passes(&mut site, "POST", "/x", &[("cookie", &held)]).is_some());
    let page = site.get(PATH, &held).0;
    assert!(text(&page).contains("End it"));
    let end = site.post_as(PATH, "end=1", &held);
    assert_eq!((end.0.status, value(&end.0, "location")), (303, PATH));
    assert!(value(&end.0, "set-cookie").starts_with("__Host-samlgate-e=;"));
    site.later(899);
    assert!(passes(&mut site, "GET", "/x", &[("cookie", &held)]).is_some());
    site.later(1);
    assert_eq!(passes(&mut site, "GET", "/x", &[("cookie", &held)]), None);
    // The configuration holds another secret now: what was granted for the old one is over.
    let mut other = configured(json!({ "secret": { "environment_variable": "OTHER_SECRET" } }));
    assert_eq!(passes(&mut other, "GET", "/x", &[("cookie", &held)]), None);
    // Made up, altered, and that of the session.
    for forged in ["__Host-samlgate-e=1", "__Host-samlgate-e=", &held.replace("-e=", "-e=A")] {
        assert_eq!(passes(&mut site, "GET", "/x", &[("cookie", forged)]), None, "{forged}");
    }
}

#[test]
fn another_site_can_neither_use_nor_ask_for_it() {
    let mut site = configured(json!({}));
    let held = granted(&mut site);
    for header in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")] {
        let (verdict, code) = site.request("POST", "/x", &[("cookie", &held), header]);
        assert!(matches!(verdict, Verdict::Reply(_)), "{header:?}");
        assert_eq!(code, Some(Code::CrossSiteRefused), "{header:?}");
        let (reply, code) = site.post_with(PATH, SECRET, header);
        assert_eq!((reply.status, code), (403, Some(Code::CrossSiteRefused)), "{header:?}");
    }
}

#[test]
fn a_wrong_secret_is_refused_and_counted() {
    let mut site = configured(json!({ "max_attempts": 4 }));
    for wrong in ["", "secret=", "secret=correct", "secret=correct+horse+battery+staplf"] {
        let (reply, code) = site.post(PATH, wrong);
        assert_eq!((reply.status, code), (403, Some(Code::EmergencySecretRefused)), "{wrong}");
        assert!(reply.headers.iter().all(|(name, _)| name != "set-cookie"), "{wrong}");
    }
    // From here on not even the right one is looked at.
    let (reply, code) = site.post(PATH, SECRET);
    assert_eq!((reply.status, code), (429, Some(Code::EmergencyAttemptsExceeded)));
    assert_eq!(value(&reply, "retry-after"), "900");
    // Others are not locked out by that, whatever their port.
    site.client = Some("192.0.2.7:1");
    granted(&mut site);
    site.client = Some("192.0.2.1:2222");
    assert_eq!(site.post(PATH, SECRET).1, Some(Code::EmergencyAttemptsExceeded));
    site.later(900);
    granted(&mut site);
    // Neither the secrets that were tried nor the right one nor any address is told.
    for word in ["correct", "horse", "staple", "192.0.2"] {
        assert!(!site.told.contains(word), "{word} in {}", site.told);
    }
    assert_eq!(site.told.matches("Audit(Event { name: \"emergency_access\"").count(), 8, "{}", site.told);
}

#[test]
fn only_the_networks_that_are_named_see_the_page() {
    let mut site = configured(json!({ "allowed_client_networks": ["10.0.0.0/8", "2001:db8::/32"] }));
    for client in [None, Some("192.0.2.1:1"), Some("11.0.0.1:1"), Some("[2001:db9::1]:1"), Some("garbage")] {
        site.client = client;
        for (reply, code) in [site.get(PATH, ""), site.post(PATH, SECRET), site.post(PATH, "secret=wrong")] {
            assert_eq!((reply.status, code), (403, Some(Code::EmergencyNetworkRefused)), "{client:?}");
            assert!(!text(&reply).contains("<form"));
        }
    }
    for client in ["10.1.2.3:1", "[2001:db8::1]:1", "[::ffff:10.1.2.3]:1"] {
        site.client = Some(client);
        assert!(text(&site.get(PATH, "").0).contains("type=\"password\""), "{client}");
        granted(&mut site);
    }
    // A header is nobody's address.
    site.client = Some("192.0.2.1:1");
    let headers = [("x-forwarded-for", "10.0.0.1"), ("x-real-ip", "10.0.0.1")];
    assert_eq!(site.request("GET", PATH, &headers).1, Some(Code::EmergencyNetworkRefused));
}

#[test]
fn without_the_store_nobody_is_let_through() {
    let mut site = configured(json!({}));
    site.store_fails = true;
    let (reply, code) = site.post(PATH, SECRET);
    assert_eq!((reply.status, code), (503, Some(Code::ReplayStoreUnavailable)));
    assert!(reply.headers.iter().all(|(name, _)| name != "set-cookie"));
}

#[test]
fn logout_ends_it_too() {
    let mut site = configured(json!({}));
    let held = granted(&mut site);
    let (verdict, _) =
        site.request("POST", "/saml/logout", &[("cookie", &held), ("origin", "https://jira.example.com")]);
    let Verdict::Reply(reply) = verdict else { panic!("forwarded") };
    let ended = |(name, value): &(String, String)| {
        name == "set-cookie" && value.starts_with("__Host-samlgate-e=;") && value.contains("Max-Age=0")
    };
    assert!(reply.headers.iter().any(ended), "{reply:?}");
}
