//! Sign-ins through a running scene, and what page, log, counters and application say about each.

use std::time::{Duration, Instant};

use samlgate::base::Code;
use testbed::browser::{Browser, Page};
use testbed::scene::Scene;

/// Signs `user` in with a fresh browser that starts at `path`.
pub(crate) fn sign_in(scene: &Scene, user: &str, path: &str) -> (Browser, Page) {
    scene.sign_in(user, path).unwrap()
}

/// Signs in and expects the application's page.
pub(crate) fn enter(scene: &Scene, user: &str, path: &str) -> Browser {
    let (browser, page) = sign_in(scene, user, path);
    assert_eq!((page.status(), page.header("x-samlgate-code")), (200, None), "{}", page.text());
    assert_eq!(page.url.as_str(), scene.app_url(path));
    assert!(browser.cookie("__Host-samlgate").is_some());
    browser
}

/// One of the filter's counters.
pub(crate) fn counter(scene: &Scene, name: &str) -> u64 {
    let stats = scene.envoy_stats().unwrap();
    stats.get(&format!("wasmcustom.samlgate.{name}")).copied().unwrap_or_default()
}

/// Signs in and expects the page of `code`: page, header, counter, event, and no session.
pub(crate) fn refused(scene: &Scene, user: &str, path: &str, code: Code) -> Browser {
    let name = format!("refused.{}", code.slug());
    let (before, accepted) = (counter(scene, &name), counter(scene, "sign_in_accepted"));
    let logged = scene.envoy_log().len();
    let arrived = scene.app_requests().len();
    let (browser, page) = sign_in(scene, user, path);
    assert_eq!(page.header("x-samlgate-code"), Some(code.id()), "{}", page.text());
    assert_eq!(page.status(), code.status());
    assert!(page.url.path() == "/saml/acs", "{}", page.url);
    let text = page.text();
    assert!(text.contains(code.id()) && text.contains(code.public_reason()), "{text}");
    assert!(browser.cookie("__Host-samlgate").is_none(), "a session began");
    assert_eq!(counter(scene, &name), before + 1, "{name}");
    assert_eq!(counter(scene, "sign_in_accepted"), accepted);
    assert_eq!(scene.app_requests().len(), arrived, "the application was reached");
    logged_since(scene, logged, &[r#""event":"refused""#, code.id()]);
    browser
}

/// Waits for one line with all `words` in what Envoy logged since it had logged `from` bytes.
pub(crate) fn logged_since(scene: &Scene, from: usize, words: &[&str]) -> String {
    let deadline = Instant::now() + Duration::from_secs(3);
    loop {
        let log = scene.envoy_log();
        let new = log.get(from..).unwrap_or_default();
        if let Some(line) = new.lines().find(|line| words.iter().all(|word| line.contains(word))) {
            return line.to_owned();
        }
        assert!(Instant::now() < deadline, "no line with {words:?} in {new}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
