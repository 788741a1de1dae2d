//! Requests before, without and with a session, through a real Envoy: headers, paths, hosts, origins, API clients, logout.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::io;
use std::sync::OnceLock;

use serde_json::json;
use testbed::app::AppRequest;
use testbed::browser::{Browser, Page, Visit};
use testbed::client::{Request, Response};
use testbed::scene::{Scene, SceneOptions};

/// One Envoy for the file, without Envoy's own locks, so that what holds here holds by the filter alone.
fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let options = SceneOptions::new().without_envoys_own_locks().patch(json!({
            "provisioning": null,
            "rules": [
                { "match": { "path": { "prefix": "/public/" } }, "access": "BYPASS" },
                { "match": { "path": { "exact": "/status" } }, "access": "BYPASS" },
                { "match": { "path": { "suffix": ".css" }, "methods": ["GET"] }, "access": "BYPASS" },
                { "match": { "path": { "safe_regex": { "regex": "/plugins/[a-z]+/open" } } }, "access": "BYPASS" },
                { "match": { "headers": [{ "name": "x-probe", "string_match": { "exact": "yes" } }] }, "access": "BYPASS" },
                { "match": { "path": { "prefix": "/maybe/" } }, "access": "OPTIONAL" }
            ],
            "requests_with_credentials": { "basic": "PASS" },
            "cors_preflight": "PASS",
            "headers": { "session_id": "x-session-id", "name_id": "x-name-id" }
        }));
        Scene::start(options).unwrap()
    })
}

fn signed_in(user: &str) -> (Browser, Page) {
    let mut browser = scene().browser();
    let login = browser.open(&scene().app_url("/start?next=1&x=%2Fy")).unwrap();
    let form = login.form().with("user", user).with("password", user);
    let page = browser.submit(&login, &form).unwrap();
    assert_eq!(page.status(), 200, "{}", page.text());
    (browser, page)
}

fn get(target: &str) -> Request {
    scene().request("GET", target).header("Accept", "text/html")
}

fn send(request: &Request) -> Response {
    scene().send(request).unwrap()
}

/// The request that the application received with this `marker` in its query.
fn received(marker: &str) -> Option<AppRequest> {
    scene().app_requests().into_iter().rev().find(|request| request.target.contains(marker))
}

fn code(response: &Response) -> &str {
    response.header("x-samlgate-code").unwrap_or("none")
}

#[test]
fn no_spoofed_identity_header_reaches_the_application_on_any_route() {
    let (browser, _) = signed_in("agent");
    let cookie = browser.cookie("__Host-samlgate").unwrap().to_owned();
    let spoofs = [
        ("x-remote-user", "admin"),
        ("X-Remote-User", "admin"),
        ("X_Remote_User", "admin"),
        ("x-remote_user", "admin"),
        ("x.remote.user", "admin"),
        ("x!remote+user", "admin"),
        ("x_remote-groups", "[\"jira-administrators\"]"),
        ("X-REMOTE-EMAIL", "admin@example.com"),
        ("x-session-id", "forged-admin"),
        ("X-Name-Id", "admin"),
    ];
    let routes: &[(&str, bool)] = &[
        ("/public/a?m=spoof-public", false),
        ("/maybe/a?m=spoof-maybe", false),
        ("/maybe/b?m=spoof-maybe-in", true),
        ("/in?m=spoof-in", true),
    ];
    for (target, with_session) in routes {
        let mut request = get(target);
        for (name, value) in spoofs {
            request = request.header(name, value);
        }
        if *with_session {
            request = request.header("Cookie", &format!("__Host-samlgate={cookie}; app=1"));
        }
        assert_eq!(send(&request).status, 200, "{target}");
        let marker = target.split("m=").nth(1).unwrap();
        let seen = received(marker).unwrap_or_else(|| panic!("{target} did not arrive"));
        for (name, value) in &seen.headers {
            assert!(!value.contains("admin"), "{target}: {name}: {value} arrived");
        }
        assert_eq!(seen.header("x-remote-user"), with_session.then_some("agent"), "{target}");
        assert_eq!(seen.all("x-remote-user").count(), usize::from(*with_session));
    }
    // Without a session the protected path is not reached at all.
    let refused = send(&get("/in?m=spoof-out").header("X-Remote-User", "admin"));
    assert_eq!(refused.status, 302);
    assert!(received("spoof-out").is_none());
}

#[test]
fn an_upgrade_does_not_have_the_identity_dropped_by_the_next_hop() {
    let (browser, _) = signed_in("agent");
    let request = get("/socket?m=hop")
        .header("Cookie", &format!("__Host-samlgate={}", browser.cookie("__Host-samlgate").unwrap()))
        .header("Origin", &scene().origin())
        .header("Connection", "Upgrade, X-Remote-User, x_remote-groups")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==");
    send(&request);
    let seen = received("m=hop").unwrap();
    // The testbed's client adds `close` itself.
    let arrived = (seen.header("connection"), seen.header("x-remote-user"));
    assert_eq!(arrived, (Some("Upgrade, close"), Some("agent")));
}

#[test]
fn a_spoofed_trailer_does_not_reach_the_application() {
    let bytes = format!(
        "POST /public/t?m=trailer HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\nTrailer: x-remote-user\r\nConnection: close\r\n\r\n\
         3\r\nabc\r\n0\r\nX-Remote-User: admin\r\nX_Remote_Groups: admin\r\n\r\n",
        scene().origin().trim_start_matches("http://"),
    );
    let response = testbed::client::send_bytes(
        scene().address(),
        bytes.as_bytes(),
        false,
        std::time::Duration::from_secs(10),
    )
    .unwrap();
    assert_eq!(response.status, 200);
    let seen = received("m=trailer").unwrap();
    assert!(!format!("{:?}", seen.headers).contains("admin"), "{:?}", seen.headers);
}

#[test]
fn our_cookies_stay_here_and_the_others_travel_on() {
    let (browser, _) = signed_in("agent");
    let cookie = browser.cookie("__Host-samlgate").unwrap();
    let request = get("/in?m=cookies").header(
        "Cookie",
        &format!("a=1; __Host-samlgate={cookie}; JSESSIONID=x; __Host-samlgate-p-AAAAAAAAAAAAAAAAAAAAAA=zz; b=\"2\""),
    );
    assert_eq!(send(&request).status, 200);
    assert_eq!(received("m=cookies").unwrap().header("cookie"), Some("a=1; JSESSIONID=x; b=\"2\""));
}

#[test]
fn the_original_address_comes_back_with_its_query() {
    let (_, page) = signed_in("agent");
    assert_eq!(page.url.as_str(), scene().app_url("/start?next=1&x=%2Fy"));
    assert_eq!(page.header("x-samlgate-code"), None);
}

#[test]
fn ambiguous_paths_are_refused_and_others_are_forwarded_as_matched() {
    for path in [
        "/public/%2e%2e%2fadmin",
        "/public/..;/admin",
        "/public/%2e%2e;/admin",
        "/public/..%5cadmin",
        "/public\\..\\admin",
        "/public/%252e%252e/admin",
        "/public/%00",
        "/public/%0d%0aSet-Cookie:a",
        "/public/%",
        "/public/%zz",
        "/../admin",
    ] {
        let response = send(&get(path));
        assert!(
            response.status == 400 && matches!(code(&response), "SG1011" | "none"),
            "{path}: {} {}",
            response.status,
            code(&response)
        );
    }
    for (sent, forwarded) in [
        ("/public/a//b?m=norm1", "/public/a/b?m=norm1"),
        ("/public/./a?m=norm2", "/public/a?m=norm2"),
        ("/public/%61?m=norm3", "/public/a?m=norm3"),
        ("/public/a;jsessionid=1/b;x?m=norm4", "/public/a/b?m=norm4"),
        ("/public/%c3%a9?m=norm5&q=%2f..%2f", "/public/%C3%A9?m=norm5&q=%2f..%2f"),
    ] {
        assert_eq!(send(&get(sent)).status, 200, "{sent}");
        let marker = sent.split("m=").nth(1).unwrap().split('&').next().unwrap();
        assert_eq!(received(marker).unwrap().target, forwarded);
    }
    // What only looks bypassed is protected: the rule sees what the application would see.
    for (path, marker) in [
        ("/public/../admin?m=esc1", "esc1"),
        ("/public/%2e%2e/admin?m=esc2", "esc2"),
        ("/admin;/public/?m=esc3", "esc3"),
        ("//public/../admin.css/../x?m=esc4", "esc4"),
    ] {
        let response = send(&get(path));
        assert_ne!(response.status, 200, "{path}");
        assert!(received(marker).is_none(), "{path}");
    }
}

#[test]
fn rules_match_by_path_method_and_header() {
    for (target, marker) in [
        ("/status?m=rule-exact", "rule-exact"),
        ("/theme/a.css?m=rule-suffix", "rule-suffix"),
        ("/plugins/abc/open?m=rule-regex", "rule-regex"),
    ] {
        assert_eq!(send(&get(target)).status, 200, "{target}");
        assert_eq!(received(marker).unwrap().header("x-remote-user"), None);
    }
    for target in ["/status/x", "/statusx", "/plugins/abc/open/x", "/plugins/ABC/open", "/a.cssx"] {
        assert_eq!(send(&get(target)).status, 302, "{target}");
    }
    assert_eq!(send(&get("/x?m=probe").header("X-Probe", "yes")).status, 200);
    assert_eq!(send(&get("/x").header("X-Probe", "no")).status, 302);
    let post = scene().request("POST", "/theme/a.css").header("Accept", "text/html");
    assert_eq!(code(&send(&post)), "SG5010");
}

#[test]
fn clients_that_do_not_navigate_get_a_problem_document() {
    let plain = scene().request("GET", "/rest/api").header("Accept", "application/json");
    let cases = [
        plain,
        scene().request("GET", "/x").header("Accept", "*/*"),
        get("/x").header("X-Requested-With", "XMLHttpRequest"),
        get("/x").header("Sec-Fetch-Mode", "cors"),
        scene().request("POST", "/x").header("Accept", "text/html"),
        scene().request("HEAD", "/x").header("Accept", "text/html"),
        get("/x")
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
        // Credentials of a scheme that is not let through, and of none at all.
        scene().request("GET", "/x").header("Authorization", "Bearer token"),
        scene().request("GET", "/x").header("Authorization", "Basic "),
    ];
    for request in cases {
        let response = send(&request);
        assert_eq!((response.status, code(&response)), (401, "SG5010"), "{request:?}");
        if request.method != "HEAD" {
            assert_eq!(response.header("content-type"), Some("application/problem+json"));
            assert_eq!(response.json().get("code").unwrap(), "SG5010");
        }
        assert_eq!(response.all("set-cookie").count(), 0);
    }
}

#[test]
fn own_credentials_and_preflights_pass_where_configured_without_an_identity() {
    let basic = scene()
        .request("GET", "/rest?m=basic")
        .header("Authorization", "Basic YTpi")
        .header("X-Remote-User", "admin");
    assert_eq!(send(&basic).status, 200);
    let seen = received("m=basic").unwrap();
    assert_eq!((seen.header("x-remote-user"), seen.header("authorization")), (None, Some("Basic YTpi")));
    let preflight = scene()
        .request("OPTIONS", "/rest?m=preflight")
        .header("Origin", "https://elsewhere.example")
        .header("Access-Control-Request-Method", "PUT");
    assert_eq!(send(&preflight).status, 200);
    assert!(received("m=preflight").is_some());
    let not_one = scene().request("OPTIONS", "/rest").header("Origin", "https://elsewhere.example");
    assert_eq!(send(&not_one).status, 401);
}

#[test]
fn another_host_is_refused_but_on_bypassed_paths() {
    for host in ["evil.example", "app.localhost", "app.localhost:1", "app.localhost.evil.example"] {
        let request = Request::new("GET", host, "/x").header("Accept", "text/html");
        let response = send(&request);
        assert_eq!((response.status, code(&response)), (421, "SG1013"), "{host}");
        assert!(response.text().contains("not served here"));
    }
    assert_eq!(send(&Request::new("GET", "evil.example", "/status")).status, 200);
    let metadata = send(&Request::new("GET", "evil.example", "/saml/metadata"));
    assert_eq!(metadata.status, 421);
}

#[test]
fn unsafe_requests_from_elsewhere_do_not_use_the_session() {
    let (browser, _) = signed_in("agent");
    let cookie = format!("__Host-samlgate={}", browser.cookie("__Host-samlgate").unwrap());
    let post = |marker: &str| scene().request("POST", &format!("/do?m={marker}")).header("Cookie", &cookie);
    for (marker, request) in [
        ("csrf1", post("csrf1").header("Origin", "https://evil.example")),
        ("csrf2", post("csrf2").header("Origin", "null")),
        ("csrf3", post("csrf3").header("Sec-Fetch-Site", "cross-site")),
        ("csrf4", post("csrf4").header("Sec-Fetch-Site", "same-site")),
        (
            "csrf5",
            get("/socket?m=csrf5")
                .header("Cookie", &cookie)
                .header("Origin", "https://evil.example")
                .header("Connection", "Upgrade")
                .header("Upgrade", "websocket")
                .header("Sec-WebSocket-Version", "13")
                .header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ),
    ] {
        let response = send(&request);
        assert_eq!((response.status, code(&response)), (403, "SG5011"), "{marker}");
        assert!(received(marker).is_none(), "{marker} arrived");
    }
    let own = post("own1").header("Origin", &scene().origin()).header("Sec-Fetch-Site", "same-origin");
    assert_eq!(send(&own).status, 200);
    assert_eq!(received("own1").unwrap().header("x-remote-user"), Some("agent"));
    // A link on another site is a navigation, and those are what people follow.
    let link = get("/page?m=link").header("Cookie", &cookie).header("Sec-Fetch-Site", "cross-site");
    assert_eq!(send(&link).status, 200);
    // On an optional path the request goes on without the identity.
    let optional = scene()
        .request("POST", "/maybe/do?m=optional-csrf")
        .header("Cookie", &cookie)
        .header("Origin", "https://evil.example");
    assert_eq!(send(&optional).status, 200);
    assert_eq!(received("optional-csrf").unwrap().header("x-remote-user"), None);
}

#[test]
fn tampered_foreign_and_mixed_cookies_open_nothing() {
    let (one, _) = signed_in("agent");
    let good = one.cookie("__Host-samlgate").unwrap().to_owned();
    let mut flipped = good.clone().into_bytes();
    let middle = flipped.len() / 2;
    let byte = flipped.get_mut(middle).unwrap();
    *byte = if *byte == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let short: String = good.chars().take(good.len() - 1).collect();
    for value in [flipped.as_str(), short.as_str(), "", "x", "AAAA", &"A".repeat(3_000)] {
        let request = get("/in?m=tampered").header("Cookie", &format!("__Host-samlgate={value}"));
        assert_eq!(send(&request).status, 302, "{value}");
    }
    assert!(received("m=tampered").is_none());
    // A good cookie under another of our names is as good as none.
    for name in
        ["__Host-samlgate.1", "__Host-samlgate-p-AAAAAAAAAAAAAAAAAAAAAA", "__host-samlgate", "samlgate"]
    {
        assert_eq!(send(&get("/in").header("Cookie", &format!("{name}={good}"))).status, 302, "{name}");
    }
}

#[test]
fn metadata_is_served_and_other_methods_are_not() {
    let metadata = send(&get("/saml/metadata"));
    assert_eq!(metadata.status, 200);
    assert_eq!(metadata.header("content-type"), Some("application/samlmetadata+xml"));
    assert!(metadata.text().contains("/saml/acs"));
    for (method, path) in
        [("POST", "/saml/metadata"), ("GET", "/saml/acs"), ("PUT", "/saml/acs"), ("DELETE", "/saml/logout")]
    {
        let response = send(&scene().request(method, path).header("Accept", "text/html"));
        assert_eq!((response.status, code(&response)), (405, "SG1010"), "{method} {path}");
    }
    // A response in the query is not taken.
    let response = send(&get("/saml/acs?SAMLResponse=PHg%2F&RelayState=x"));
    assert_eq!(code(&response), "SG1010");
}

#[test]
fn logout_ends_the_session_and_is_not_triggered_by_an_image() {
    let (mut browser, page) = signed_in("agent");
    // An image or link on another site is asked back.
    let elsewhere = url::Url::parse("http://evil.localhost:1/").unwrap();
    let doubtful =
        browser.once(&Visit::navigation("GET", &scene().app_url("/saml/logout"), &elsewhere)).unwrap();
    assert_eq!(doubtful.status(), 200);
    assert!(doubtful.text().contains("Do you want to sign out"));
    assert!(browser.cookie("__Host-samlgate").is_some());
    let bare = send(&get("/saml/logout"));
    assert_eq!((bare.status, bare.all("set-cookie").count()), (200, 0));
    // A link of the application is enough.
    let out = browser.follow_link(&page, "/saml/logout").unwrap();
    assert!(out.text().contains("signed out"), "{}", out.text());
    assert!(browser.cookie("__Host-samlgate").is_none());
    browser.follow = false;
    assert_eq!(browser.open(&scene().app_url("/in")).unwrap().status(), 302);
    // And so is the button of the confirmation page.
    let (mut browser, _) = signed_in("agent");
    let confirm =
        browser.once(&Visit::navigation("GET", &scene().app_url("/saml/logout"), &elsewhere)).unwrap();
    browser.submit(&confirm, &confirm.form()).unwrap();
    assert!(browser.cookie("__Host-samlgate").is_none());
}

#[test]
fn hostile_return_addresses_never_leave_the_site() {
    for target in [
        "//evil.example/",
        "///evil.example/",
        "/.//evil.example/",
        "/x/..//evil.example/",
        "/;/evil.example/",
        "/@evil.example/",
        "/http:evil.example",
        "/%09//evil.example",
        "/\\evil.example",
        "/%5cevil.example",
        "/%2f%2fevil.example",
        "/?next=//evil.example",
    ] {
        let mut browser = scene().browser();
        let visit = Visit::typed(&scene().app_url("/")).raw_target(target);
        let landed = drive(&mut browser, visit);
        let page = match landed {
            Ok(page) => page,
            Err(fault) => panic!("{target}: {fault}"),
        };
        assert_eq!(page.url.origin().ascii_serialization(), scene().origin(), "{target} led to {}", page.url);
        for hop in browser.hops() {
            if let Some(location) = &hop.location {
                let next = hop.url.join(location).unwrap();
                let host = next.host_str().unwrap_or_default();
                assert!(matches!(host, "app.localhost" | "idp.localhost"), "{target}: {location}");
            }
        }
    }
}

/// Signs in as agent if the visit asks for it, and goes wherever that leads.
fn drive(browser: &mut Browser, visit: Visit) -> io::Result<Page> {
    let page = browser.visit(visit)?;
    if page.url.host_str() != Some("idp.localhost") {
        return Ok(page);
    }
    let form = page.form().with("user", "agent").with("password", "agent");
    browser.submit(&page, &form)
}

#[test]
fn parallel_tabs_each_come_back_to_their_own_page() {
    let mut browser = scene().browser();
    let first = browser.open(&scene().app_url("/tab/1?a=b")).unwrap();
    let second = browser.open(&scene().app_url("/tab/2")).unwrap();
    let one = browser.submit(&first, &first.form().with("user", "agent").with("password", "agent")).unwrap();
    assert_eq!(one.url.as_str(), scene().app_url("/tab/1?a=b"));
    let two =
        browser.submit(&second, &second.form().with("user", "agent").with("password", "agent")).unwrap();
    assert_eq!(two.url.as_str(), scene().app_url("/tab/2"));
    // Pending sign-ins that are abandoned stay bounded.
    let mut browser = scene().browser();
    for tab in 0..20 {
        browser.open(&scene().app_url(&format!("/tab/{tab}"))).unwrap();
    }
    let pending = browser.jar.cookies().filter(|cookie| cookie.name.contains("-p-")).count();
    assert!((1..=8).contains(&pending), "{pending}");
}
