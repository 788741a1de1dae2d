//! `cargo xtask demo --check`: the two sign-ins of the README by script, each step printed.

use std::io;
use std::process::ExitCode;

use testbed::Scene;
use testbed::browser::{Browser, Page};

/// What one sign-in must come to.
struct Expected {
    user: &'static str,
    path: &'static str,
    /// Groups that the application must be told.
    groups: &'static [&'static str],
    /// Does the account get the group that costs a licence?
    licensed: bool,
}

const SIGN_INS: [Expected; 2] = [
    Expected {
        user: "agent",
        path: "/",
        groups: &["service-desk-agents", "staff", "jira-software-users"],
        licensed: true,
    },
    Expected {
        user: "customer",
        path: "/servicedesk/customer/portal/1",
        groups: &["portal-customers"],
        licensed: false,
    },
];

pub(crate) fn run(scene: &Scene) -> ExitCode {
    let mut faults = Vec::new();
    for expected in &SIGN_INS {
        println!("\n== {} opens {}", expected.user, scene.app_url(expected.path));
        match sign_in(scene, expected) {
            Ok(found) => faults.extend(found),
            Err(error) => faults.push(error.to_string()),
        }
    }
    println!("\n== somebody without a session claims to be admin");
    match forge(scene) {
        Ok(found) => faults.extend(found),
        Err(error) => faults.push(error.to_string()),
    }
    if faults.is_empty() {
        println!("\nThe demo works.");
        return ExitCode::SUCCESS;
    }
    println!("\nThe demo does not work:");
    for fault in &faults {
        println!("  {fault}");
    }
    println!("Logs: {}\n{}", scene.envoy.directory().display(), scene.envoy.last_words());
    ExitCode::FAILURE
}

fn print_hops(browser: &mut Browser) {
    for hop in browser.take_hops() {
        println!("{hop}");
    }
}

fn sign_in(scene: &Scene, expected: &Expected) -> io::Result<Vec<String>> {
    let user = expected.user;
    let mut browser = scene.browser();
    let opened = browser.open(&scene.app_url(expected.path));
    print_hops(&mut browser);
    let page = opened?;
    println!("-- {user} types user name and password");
    let calls_before = scene.jira_calls().len();
    let landed = browser.submit(&page, &page.form().with("user", user).with("password", user));
    for hop in browser.take_hops() {
        println!("{hop}");
        if hop.url.path() == "/saml/acs" {
            for call in scene.jira_calls().iter().skip(calls_before) {
                println!("       call to Jira: {call}");
            }
        }
    }
    Ok(verify(scene, expected, &landed?))
}

fn verify(scene: &Scene, expected: &Expected, landed: &Page) -> Vec<String> {
    let user = expected.user;
    let mut faults = Vec::new();
    if landed.status() != 200 || landed.url.as_str() != scene.app_url(expected.path) {
        faults.push(format!("{user} landed on {} with {}", landed.url, landed.status()));
    }
    let Some(received) = scene.app.last_request() else {
        faults.push(format!("nothing of {user} reached the application"));
        return faults;
    };
    println!("-- what the application was told");
    for (name, value) in received.headers.iter().filter(|(name, _)| name.starts_with("x-remote-")) {
        println!("       {name}: {value}");
    }
    if received.header("x-remote-user") != Some(user) {
        faults.push(format!("the application was told {:?}", received.header("x-remote-user")));
    }
    if received.header("cookie").is_some_and(|cookies| cookies.contains("samlgate")) {
        faults.push("our own cookies reached the application".to_owned());
    }
    let groups = received.header("x-remote-groups").unwrap_or_default();
    for group in expected.groups {
        if !groups.contains(group) {
            faults.push(format!("the application was not told that {user} is in {group}"));
        }
    }
    let account = scene.jira_groups(user);
    println!("-- groups of the account in Jira: {}", account.join(", "));
    if account.iter().any(|group| group == "jira-software-users") != expected.licensed {
        faults.push(format!("{user} has the wrong licence: {account:?}"));
    }
    faults
}

fn forge(scene: &Scene) -> io::Result<Vec<String>> {
    let before = scene.app_requests().len();
    let answer = scene.send(&scene.request("GET", "/").header("X-Remote-User", "admin"))?;
    println!("GET  / with X-Remote-User: admin\n    -> {}", answer.status);
    let passed = scene.send(&scene.request("GET", "/status").header("X-Remote-User", "admin"))?;
    let told =
        scene.app.last_request().and_then(|request| request.header("x-remote-user").map(str::to_owned));
    println!("GET  /status, which needs no sign-in, with X-Remote-User: admin\n    -> {}", passed.status);
    let mut faults = Vec::new();
    if !matches!(answer.status, 302 | 303 | 401) || scene.app_requests().len() > before.saturating_add(1) {
        faults.push("a request without a session reached the application".to_owned());
    }
    if let Some(told) = told {
        faults.push(format!("the application was told {told:?} without a session"));
    }
    Ok(faults)
}
