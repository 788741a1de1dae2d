//! Logouts without Envoy: what is not signed by the identity provider, for us, now, ends nobody's session; what is, does.

use samlgate::effect::{Answer, Ask, CallFailure, Step, Tell, Verdict};
use samlgate::http::{HttpResponse, RequestHead};
use serde_json::json;
use testbed::idp::{LogoutMessage, TestKey, User};

use crate::host::{Ended, IDP, IDP_LOGOUT, Script, ScriptedHost, honest, metadata};

const HERE: &str = "http://app.localhost:8080/saml/slo";
const SOAP: &str = "http://app.localhost:8080/saml/slo/soap";
const AUTHORITY: &str = "app.localhost:8080";

/// A host with a back channel.
fn host() -> ScriptedHost {
    ScriptedHost::with(&json!({
        "sp": { "single_logout_soap_path": "/saml/slo/soap" },
        "provisioning": { "create_missing_groups": false, "circuit_open_for": "0s" },
    }))
}

/// The cookies of somebody who signed in.
fn signed_in(host: &ScriptedHost, user: User) -> String {
    // Instants have whole seconds, and a logout ends what was begun in its own.
    host.now.set(host.now.get() + 1);
    let ended = host.sign_in(user, "/", &mut honest);
    assert!(ended.has_session(), "{}", ended.code());
    cookies(&ended)
}

/// What a browser keeps of an answer.
fn cookies(ended: &Ended) -> String {
    let kept = ended
        .reply
        .headers
        .iter()
        .filter(|(name, value)| name == "set-cookie" && !value.contains("Max-Age=0"));
    kept.filter_map(|(_, value)| value.split(';').next()).collect::<Vec<_>>().join("; ")
}

/// Does a request with `cookies` reach the application as somebody?
fn is_in(host: &ScriptedHost, cookies: &str) -> bool {
    let head = [
        (":method", "GET"),
        (":path", "/"),
        (":authority", AUTHORITY),
        (":scheme", "http"),
        ("accept", "text/html"),
        ("cookie", cookies),
    ];
    let head = head.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    match host.gateway.borrow_mut().start(RequestHead::new(head.into()), &host.host()) {
        Step::End { verdict: Verdict::Forward(edits), .. } => {
            edits.sets().any(|(name, _)| name == "x-remote-user")
        }
        _ => false,
    }
}

fn message(host: &ScriptedHost, name: &str) -> LogoutMessage {
    LogoutMessage { issue_instant: host.now.get(), ..LogoutMessage::request(IDP, HERE, name) }
}

fn redirected(host: &ScriptedHost, message: &LogoutMessage, cookies: &str, script: Script<'_>) -> Ended {
    let url = message.url("/saml/slo", "state").unwrap();
    host.request(
        "GET",
        &url,
        &[("accept", "text/html"), ("cookie", cookies), ("sec-fetch-site", "cross-site")],
        b"",
        script,
    )
}

fn posted(host: &ScriptedHost, message: &LogoutMessage, cookies: &str) -> Ended {
    let head = [
        ("accept", "text/html"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "http://idp.localhost:8081"),
        ("cookie", cookies),
    ];
    host.request("POST", "/saml/slo", &head, message.form("state").unwrap().as_bytes(), &mut honest)
}

fn enveloped(host: &ScriptedHost, message: &LogoutMessage, script: Script<'_>) -> Ended {
    let message = LogoutMessage {
        destination: message.destination.as_ref().map(|_| SOAP.to_owned()),
        ..message.clone()
    };
    let head =
        [("content-type", "text/xml"), ("soapaction", "http://www.oasis-open.org/committees/security")];
    host.request("POST", "/saml/slo/soap", &head, message.envelope().unwrap().as_bytes(), script)
}

fn leave(host: &ScriptedHost, cookies: &str, script: Script<'_>) -> Ended {
    let head = [("accept", "text/html"), ("sec-fetch-site", "same-origin"), ("cookie", cookies)];
    host.request("GET", "/saml/logout", &head, b"", script)
}

/// The message of a redirect, and its parameters.
fn sent(ended: &Ended, parameter: &str) -> (String, Vec<(String, String)>) {
    use base64::Engine as _;
    let location =
        url::Url::parse(ended.header("location").unwrap_or_else(|| panic!("{}", ended.code()))).unwrap();
    let pairs: Vec<(String, String)> = location.query_pairs().into_owned().collect();
    let value = &pairs.iter().find(|(name, _)| name == parameter).unwrap().1;
    let deflated = base64::engine::general_purpose::STANDARD.decode(value).unwrap();
    let xml = samlgate::encoding::inflate::inflate_raw(&deflated, 10_000).unwrap();
    (String::from_utf8(xml).unwrap(), pairs)
}

/// Nothing is asked of the application.
fn no_calls(_: usize, ask: &Ask, _: &ScriptedHost) -> Option<Answer> {
    assert!(!matches!(ask, Ask::HttpCall(_)), "{ask:?}");
    None
}

/// What the ledger says, without the count of its changes.
fn ledger(host: &ScriptedHost) -> Vec<(String, (Vec<u8>, u32))> {
    let data = host.shared_data.borrow();
    let slots = data.iter().filter(|(key, _)| key.contains(".revocation.") && !key.ends_with("epoch"));
    let mut slots: Vec<_> = slots.map(|(key, value)| (key.clone(), value.clone())).collect();
    slots.sort();
    slots
}

/// The next page that only asks whether somebody is signed in does not sign them in again.
fn asks_no_more(ended: &Ended) -> bool {
    ended.reply.headers.iter().any(|(name, value)| {
        name == "set-cookie"
            && value.starts_with("__Host-samlgate-passive=1;")
            && value.contains("Max-Age=600")
    })
}

fn clears_session(ended: &Ended) -> bool {
    ended.reply.headers.iter().any(|(name, value)| {
        name == "set-cookie" && value.starts_with("__Host-samlgate=;") && value.contains("Max-Age=0")
    })
}

fn events(ended: &Ended) -> Vec<&str> {
    ended
        .tells
        .iter()
        .filter_map(|tell| match tell {
            Tell::Event(event) => Some(event.code.map_or(event.name, |code| code.id())),
            _ => None,
        })
        .collect()
}

#[test]
fn whoever_signs_out_is_out_here_then_in_the_application_then_at_the_identity_provider() {
    let host = host();
    let browser = signed_in(&host, User::agent());
    let elsewhere = signed_in(&host, User::agent());
    assert!(is_in(&host, &browser));
    let mut calls = Vec::new();
    let ended = leave(&host, &browser, &mut |_, ask, host| {
        if let Ask::HttpCall(call) = ask {
            assert!(!is_in(host, &browser), "the session ended before the application was asked");
            calls.push(format!("{} {}", call.method, call.path));
        }
        None
    });
    assert_eq!(calls, ["DELETE /rest/api/2/user/session/agent"]);
    assert_eq!(ended.reply.status, 302);
    let location = ended.header("location").unwrap();
    assert!(location.starts_with(&format!("{IDP_LOGOUT}?SAMLRequest=")), "{location}");
    assert!(location.contains("&SigAlg=") && location.contains("&Signature="));
    let (xml, _) = sent(&ended, "SAMLRequest");
    assert!(xml.contains(">agent</saml:NameID><samlp:SessionIndex>_s</samlp:SessionIndex>"), "{xml}");
    assert!(clears_session(&ended) && asks_no_more(&ended));
    // A copy of the cookie is worth nothing; another browser of the same person goes on until the identity provider
    // says otherwise.
    assert!(!is_in(&host, &browser) && is_in(&host, &elsewhere));
    assert_eq!(events(&ended), ["logout"]);

    // The identity provider answers, and only this browser waits for that.
    let id = xml.split_once(" ID=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let pending = cookies(&ended);
    let answer = |nested_status| LogoutMessage {
        nested_status,
        issue_instant: host.now.get(),
        ..LogoutMessage::response(IDP, HERE, &id)
    };
    for (nested, says) in [
        (None, "at your identity provider."),
        (Some("urn:oasis:names:tc:SAML:2.0:status:PartialLogout"), "could not sign you out everywhere"),
    ] {
        for ended in [
            redirected(&host, &answer(nested), &pending, &mut honest),
            posted(&host, &answer(nested), &pending),
        ] {
            assert_eq!(ended.reply.status, 200, "{}", ended.code());
            let page = String::from_utf8_lossy(&ended.reply.body).into_owned();
            assert!(page.contains(says), "{page}");
            assert!(events(&ended).contains(&"SG4054") == nested.is_some());
        }
    }
    let forged = LogoutMessage { key: Some(TestKey::Stranger), ..answer(None) };
    let other =
        LogoutMessage { in_response_to: Some("_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff".into()), ..answer(None) };
    for (cookies, message, code) in [
        ("", answer(None), "SG4053"),
        ("__Host-samlgate-l=AQ", answer(None), "SG4053"),
        (pending.as_str(), forged, "SG3005"),
        (pending.as_str(), other, "SG4014"),
        (pending.as_str(), LogoutMessage { key: None, ..answer(None) }, "SG3001"),
    ] {
        assert_eq!(redirected(&host, &message, cookies, &mut honest).code(), code);
    }
    host.now.set(host.now.get() + 600);
    assert_eq!(redirected(&host, &answer(None), &pending, &mut honest).code(), "SG4053");
}

#[test]
fn another_site_signs_nobody_out() {
    let host = host();
    let browser = signed_in(&host, User::agent());
    for (method, head) in [
        ("GET", ("sec-fetch-site", "cross-site")),
        ("GET", ("sec-fetch-site", "same-site")),
        ("GET", ("accept-language", "en")),
        ("POST", ("origin", "https://evil.example")),
        ("POST", ("origin", "null")),
        ("POST", ("sec-fetch-site", "cross-site")),
    ] {
        let head = [("accept", "text/html"), ("cookie", browser.as_str()), head];
        let ended = host.request(method, "/saml/logout", &head, b"", &mut honest);
        assert_eq!(ended.reply.status, 200);
        assert!(String::from_utf8_lossy(&ended.reply.body).contains("Do you want to sign out"));
        assert!(!clears_session(&ended) && is_in(&host, &browser));
    }
    // The addresses for messages do nothing without one.
    for (method, path) in [
        ("GET", "/saml/slo"),
        ("POST", "/saml/slo"),
        ("POST", "/saml/slo/soap"),
        ("GET", "/saml/slo/soap"),
        ("PUT", "/saml/slo"),
    ] {
        let head = [("accept", "text/html"), ("cookie", browser.as_str()), ("sec-fetch-site", "same-origin")];
        let ended = host.request(method, path, &head, b"", &mut honest);
        assert!(ended.reply.status >= 400 && !clears_session(&ended), "{method} {path}");
        assert!(is_in(&host, &browser));
    }
}

#[test]
fn a_forged_logout_ends_nobodys_session() {
    let host = host();
    let browser = signed_in(&host, User::agent());
    let good = message(&host, "agent");
    let now = host.now.get();
    for (what, forged, code) in [
        ("unsigned", LogoutMessage { key: None, ..good.clone() }, "SG3001"),
        ("a stranger's key", LogoutMessage { key: Some(TestKey::Stranger), ..good.clone() }, "SG3005"),
        ("another kind of key", LogoutMessage { key: Some(TestKey::P256), ..good.clone() }, "SG3010"),
        (
            "an unknown identity provider",
            LogoutMessage { issuer: "https://evil.example".into(), ..good.clone() },
            "SG4004",
        ),
        ("for nobody", LogoutMessage { destination: None, ..good.clone() }, "SG4006"),
        ("old", LogoutMessage { issue_instant: now - 661, ..good.clone() }, "SG4025"),
        ("from the future", LogoutMessage { issue_instant: now + 61, ..good.clone() }, "SG4025"),
        ("ended", LogoutMessage { not_on_or_after: Some(now - 60), ..good.clone() }, "SG4052"),
        ("of nobody", LogoutMessage { name: String::new(), ..good.clone() }, "SG4024"),
    ] {
        for (by, ended) in [
            ("redirect", redirected(&host, &forged, &browser, &mut honest)),
            ("post", posted(&host, &forged, &browser)),
            ("soap", enveloped(&host, &forged, &mut honest)),
        ] {
            assert_eq!(ended.code(), code, "{what} by {by}");
            assert!(is_in(&host, &browser) && !clears_session(&ended), "{what} by {by}");
            assert!(ended.header("location").is_none(), "a refusal is not answered: {what} by {by}");
        }
    }
    let elsewhere =
        LogoutMessage { destination: Some("https://other.example/saml/slo".into()), ..good.clone() };
    assert_eq!(redirected(&host, &elsewhere, &browser, &mut honest).code(), "SG4006");
    assert_eq!(posted(&host, &elsewhere, &browser).code(), "SG4006");
    // What was signed for one address is nothing at another.
    let head = [("content-type", "text/xml")];
    let ended =
        host.request("POST", "/saml/slo/soap", &head, good.envelope().unwrap().as_bytes(), &mut honest);
    assert_eq!(ended.code(), "SG4006");
    let envelope = good.envelope().unwrap().replace("soap:Body", "soap:Bodies");
    assert_eq!(
        host.request("POST", "/saml/slo/soap", &head, envelope.as_bytes(), &mut honest).code(),
        "SG4055"
    );
    // An honest one of somebody else, from the same identity provider.
    let ended = redirected(&host, &message(&host, "customer"), &browser, &mut honest);
    assert_eq!((ended.reply.status, clears_session(&ended)), (302, false));
    let other_index = LogoutMessage { session_indexes: vec!["_other".into()], ..good };
    assert!(!clears_session(&redirected(&host, &other_index, &browser, &mut honest)));
    assert!(is_in(&host, &browser));
}

#[test]
fn the_identity_provider_signs_people_out_by_each_binding() {
    for (by, indexes) in [
        ("redirect", vec![]),
        ("post", vec!["_s".to_owned()]),
        ("soap", vec!["_t".to_owned(), "_s".to_owned()]),
    ] {
        let host = host();
        let (browser, elsewhere) = (signed_in(&host, User::agent()), signed_in(&host, User::agent()));
        let somebody_else = signed_in(&host, User::customer());
        let message = LogoutMessage { session_indexes: indexes, ..message(&host, "agent") };
        let mut calls = Vec::new();
        let mut note = |_: usize, ask: &Ask, _: &ScriptedHost| {
            if let Ask::HttpCall(call) = ask {
                calls.push(call.path.clone());
            }
            None
        };
        let ended = match by {
            "redirect" => redirected(&host, &message, &browser, &mut note),
            "post" => posted(&host, &message, &browser),
            _ => enveloped(&host, &message, &mut note),
        };
        if by == "soap" {
            let body = String::from_utf8(ended.reply.body.clone()).unwrap();
            assert_eq!(
                (ended.reply.status, ended.header("content-type")),
                (200, Some("text/xml; charset=utf-8"))
            );
            assert!(body.contains("status:Success") && body.contains("<ds:Signature"), "{body}");
            assert!(body.contains(&format!("InResponseTo=\"{}\"", message.id)), "{body}");
        } else {
            let (xml, pairs) = sent(&ended, "SAMLResponse");
            assert!(
                xml.contains("status:Success") && xml.contains(&format!("InResponseTo=\"{}\"", message.id))
            );
            assert!(xml.contains(&format!("Destination=\"{IDP_LOGOUT}\"")), "{xml}");
            assert!(pairs.contains(&("RelayState".into(), "state".into())), "{pairs:?}");
            assert!(pairs.iter().any(|(name, _)| name == "Signature"));
            assert!(clears_session(&ended) && asks_no_more(&ended));
        }
        if by != "post" {
            assert_eq!(calls, ["/rest/api/2/user/session/agent"], "{by}");
        }
        assert!(!is_in(&host, &browser) && !is_in(&host, &elsewhere), "{by}");
        assert!(is_in(&host, &somebody_else), "{by}");
        // Whoever signs in again is in, and the message that is sent again does not change that.
        let again = signed_in(&host, User::agent());
        assert!(is_in(&host, &again), "{by}");
        let before = ledger(&host);
        let replay = LogoutMessage { destination: Some(HERE.into()), ..message };
        for _ in 0..3 {
            host.now.set(host.now.get() + 100);
            let ended = redirected(&host, &replay, &again, &mut no_calls);
            assert!(sent(&ended, "SAMLResponse").0.contains("status:Success"), "{by}");
            assert!(!clears_session(&ended));
        }
        enveloped(&host, &replay, &mut no_calls);
        assert!(is_in(&host, &again), "a replayed message ends no newer session: {by}");
        assert!(ledger(&host) == before, "and leaves nothing behind: {by}");
    }
}

#[test]
fn a_ledger_that_cannot_be_written_signs_nobody_out_quietly() {
    let host = host();
    let browser = signed_in(&host, User::agent());
    for answer in [Answer::StoreFailed, Answer::HttpFailed(CallFailure::NoAnswer)] {
        for at_load in [true, false] {
            let mut fail = |_: usize, ask: &Ask, _: &ScriptedHost| match ask {
                Ask::Load { .. } if at_load => Some(answer.clone()),
                Ask::CompareAndSwap { .. } if !at_load => Some(answer.clone()),
                Ask::HttpCall(_) => panic!("nothing was ended"),
                _ => None,
            };
            let ended = leave(&host, &browser, &mut fail);
            assert_eq!((ended.reply.status, ended.code(), clears_session(&ended)), (503, "SG5018", true));
            let ended = redirected(&host, &message(&host, "agent"), &browser, &mut fail);
            assert!(sent(&ended, "SAMLResponse").0.contains("status:Responder"));
            let ended = enveloped(&host, &message(&host, "agent"), &mut fail);
            assert!(String::from_utf8_lossy(&ended.reply.body).contains("status:Responder"));
        }
    }
    // A ledger that cannot be read lets nobody in, and says why.
    host.unreadable.set(true);
    assert!(!is_in(&host, &browser));
    let head = [("accept", "text/html"), ("cookie", browser.as_str())];
    let ended = host.request("GET", "/", &head, b"", &mut honest);
    assert_eq!((ended.reply.status, ended.code()), (503, "SG5018"));
    assert_eq!(leave(&host, &browser, &mut honest).code(), "SG5018");
    host.unreadable.set(false);
    assert!(is_in(&host, &browser));
}

#[test]
fn an_application_that_fails_keeps_nobody_in() {
    let html = HttpResponse {
        status: 200,
        headers: vec![("content-type".into(), "text/html".into())],
        body: b"<html>".to_vec(),
    };
    let status =
        |status| Answer::HttpResponse(HttpResponse { status, headers: Vec::new(), body: Vec::new() });
    for (answer, kept) in [
        (status(204), false),
        (status(401), true),
        (status(404), true),
        (status(500), true),
        (Answer::HttpResponse(html), true),
        (Answer::HttpFailed(CallFailure::NoAnswer), true),
        (Answer::Conflict, true),
    ] {
        let host = host();
        let browser = signed_in(&host, User::agent());
        let ended =
            leave(&host, &browser, &mut |_, ask, _| matches!(ask, Ask::HttpCall(_)).then(|| answer.clone()));
        assert_eq!(ended.reply.status, 302);
        assert_eq!(events(&ended).contains(&"SG4056"), kept, "{answer:?}");
        assert!(!is_in(&host, &browser));
    }
    // Switched off, nothing is asked of it.
    let host = ScriptedHost::with(&json!({ "provisioning": { "end_sessions_on_logout": false } }));
    let browser = signed_in(&host, User::agent());
    let ended = leave(&host, &browser, &mut |_, ask, _| match ask {
        Ask::HttpCall(call) => panic!("{call:?}"),
        _ => None,
    });
    assert_eq!(ended.reply.status, 302);
}

#[test]
fn single_logout_can_be_off() {
    for patch in [json!({ "idp": { "single_logout": "OFF" } }), json!({ "sp": { "signing": null } })] {
        let host = ScriptedHost::with(&patch);
        let browser = signed_in(&host, User::agent());
        let ended = redirected(&host, &message(&host, "agent"), &browser, &mut honest);
        assert_eq!((ended.code(), is_in(&host, &browser)), ("SG4051", true));
        let ended = leave(&host, &browser, &mut honest);
        assert_eq!((ended.reply.status, ended.header("location")), (303, Some("/saml/logged-out")));
        assert!(clears_session(&ended) && !is_in(&host, &browser));
        let metadata = host.request("GET", "/saml/metadata", &[], b"", &mut honest);
        assert!(!String::from_utf8_lossy(&metadata.reply.body).contains("SingleLogoutService"));
    }
    let host = host();
    let metadata = host.request("GET", "/saml/metadata", &[], b"", &mut honest);
    let metadata = String::from_utf8_lossy(&metadata.reply.body).into_owned();
    for address in [HERE, SOAP] {
        assert!(metadata.contains(&format!("Location=\"{address}\"")), "{metadata}");
    }
}

#[test]
fn who_signs_out_leaves_no_earlier_session_behind() {
    let host = host();
    // The same browser: its session, and one after a step-up.
    let (before, after) = (signed_in(&host, User::agent()), signed_in(&host, User::agent()));
    assert!(is_in(&host, &before) && is_in(&host, &after));
    leave(&host, &after, &mut honest);
    assert!(!is_in(&host, &after) && !is_in(&host, &before));
    let again = signed_in(&host, User::agent());
    assert!(is_in(&host, &again));
    // Also where there was no session any more.
    assert!(asks_no_more(&leave(&host, "", &mut honest)));
    assert!(asks_no_more(&leave(&host, &after, &mut honest)));
}

#[test]
fn sessions_in_the_application_end_only_for_whom_the_message_means_for_certain() {
    let calls = |ask: &Ask| matches!(ask, Ask::HttpCall(call) if call.path.contains("/user/session/"));
    let several = json!({
        "sp": { "single_logout_soap_path": "/saml/slo/soap" },
        "idp": null,
        "idps": [
            { "id": "one", "metadata": { "environment_variable": "IDP_METADATA" } },
            { "id": "two", "metadata": { "inline_string": metadata().replace(IDP, "http://partner.example") } },
        ],
        "discovery": { "rules": [{ "by": { "query_parameter": "idp" } }] },
        "provisioning": { "create_missing_groups": false, "circuit_open_for": "0s" },
    });
    let protected = json!({
        "sp": { "single_logout_soap_path": "/saml/slo/soap" },
        "provisioning": { "protected_usernames": [{ "exact": "agent" }], "circuit_open_for": "0s" },
    });
    let others = json!({
        "sp": { "single_logout_soap_path": "/saml/slo/soap" },
        "idp": { "allowed_usernames": [{ "exact": "customer" }] },
        "provisioning": { "create_missing_groups": false, "circuit_open_for": "0s" },
    });
    for (what, patch) in [
        ("several identity providers", &several),
        ("a protected name", &protected),
        ("a name that it may not vouch for", &others),
    ] {
        let host = ScriptedHost::with(patch);
        for name in ["agent", "Agent"] {
            let ended = enveloped(&host, &message(&host, name), &mut no_calls);
            assert!(String::from_utf8_lossy(&ended.reply.body).contains("status:Success"), "{what}");
            let ended = redirected(&host, &message(&host, name), "", &mut no_calls);
            assert!(sent(&ended, "SAMLResponse").0.contains("status:Success"), "{what}");
        }
    }
    let mut called = 0;
    let host = ScriptedHost::with(&others);
    enveloped(&host, &message(&host, "customer"), &mut |_, ask, _| {
        called += usize::from(calls(ask));
        None
    });
    assert_eq!(called, 1);
    // With the browser's own session it is certain who that is; of whomever another one speaks.
    let host = ScriptedHost::with(&several);
    host.now.set(host.now.get() + 1);
    let browser = cookies(&host.sign_in(User::agent(), "/?idp=one", &mut honest));
    assert!(is_in(&host, &browser));
    let partners = LogoutMessage { issuer: "http://partner.example".into(), ..message(&host, "agent") };
    redirected(&host, &partners, &browser, &mut no_calls);
    assert!(is_in(&host, &browser));
    let mut called = 0;
    redirected(&host, &message(&host, "agent"), &browser, &mut |_, ask, _| {
        called += usize::from(calls(ask));
        None
    });
    assert_eq!((called, is_in(&host, &browser)), (1, false));
}
