//! What the end-to-end tests of sign-ins share: a sign-in that is half done, and what every refusal must look like.
#![allow(dead_code, reason = "each test target that includes this file uses a part of it")]

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samlgate::base::Code;
use testbed::browser::{Browser, Page, Visit};
use testbed::idp::{AuthnRequest, Binding, IssueOptions, SignatureCheck, User, issue};
use testbed::scene::Scene;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const SESSION: &str = "__Host-samlgate";

/// Counters are compared before and after, so that one test at a time may count.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A browser that was sent to the identity provider and has not come back.
#[derive(Clone)]
pub(crate) struct SignIn {
    pub(crate) browser: Browser,
    pub(crate) request: AuthnRequest,
    pub(crate) relay_state: String,
    page: Page,
    marker: String,
}

/// A new browser opens `path`, which must be unique among the tests of a scene.
pub(crate) fn begin(scene: &Scene, path: &str) -> SignIn {
    begin_in(scene, scene.browser(), path)
}

/// `browser` opens `path`.
pub(crate) fn begin_in(scene: &Scene, mut browser: Browser, path: &str) -> SignIn {
    let page = browser.open(&scene.app_url(path)).unwrap();
    let value = |name: &str| {
        page.url.query_pairs().find(|(have, _)| have == name).map(|(_, value)| value.into_owned())
    };
    let relay_state = value("RelayState").unwrap_or_else(|| panic!("{} {}", page.url, page.text()));
    let request = AuthnRequest::read(
        &value("SAMLRequest").unwrap(),
        Some(relay_state.clone()),
        Binding::Redirect,
        SignatureCheck::Unchecked,
    )
    .unwrap();
    SignIn { browser, request, relay_state, page, marker: path.to_owned() }
}

impl SignIn {
    /// What the honest identity provider would say about `agent`.
    pub(crate) fn options(&self, scene: &Scene) -> IssueOptions {
        let mut options =
            IssueOptions::new(User::agent(), &scene.idp.entity_id(), &self.request.acs, &self.request.issuer);
        options.in_response_to = Some(self.request.id.clone());
        options
    }

    /// The response with a change.
    pub(crate) fn response(&self, scene: &Scene, change: impl FnOnce(&mut IssueOptions)) -> String {
        let mut options = self.options(scene);
        change(&mut options);
        issue(&options).unwrap()
    }

    /// Posts `xml` with this browser's RelayState, as the identity provider's page would.
    pub(crate) fn post(&mut self, xml: &str) -> Page {
        let encoded = STANDARD.encode(xml);
        let relay_state = self.relay_state.clone();
        self.post_form(&[("SAMLResponse", &encoded), ("RelayState", &relay_state)])
    }

    /// Posts these fields.
    pub(crate) fn post_form(&mut self, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.post_body(FORM, body)
    }

    /// Posts this body.
    pub(crate) fn post_body(&mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Page {
        let visit =
            Visit::navigation("POST", &self.request.acs, &self.page.url).body(content_type, body.into());
        self.browser.once(&visit).unwrap()
    }

    /// Posts, and follows to where the sign-in wanted to go.
    pub(crate) fn complete(&mut self, scene: &Scene, xml: &str) -> Page {
        let page = self.post(xml);
        assert_eq!(page.status(), 303, "{:?} {}", page.header("x-samlgate-code"), page.text());
        let target = scene.app_url(page.header("location").unwrap());
        self.browser.open(&target).unwrap()
    }

    pub(crate) fn must_not_have_arrived(&self, scene: &Scene, what: &str) {
        let seen = scene.app_requests();
        assert!(
            !seen.iter().any(|seen| seen.target == self.marker || seen.target.contains("/saml/acs")),
            "{what}: reached the application"
        );
    }
}

/// How often `code` was counted so far.
pub(crate) fn counted(scene: &Scene, code: Code) -> u64 {
    let name = format!("wasmcustom.samlgate.refused.{}", code.slug());
    scene.envoy_stats().unwrap().get(&name).copied().unwrap_or_default()
}

/// What is wrong with `page` as a refusal by `code`; empty when nothing is.
pub(crate) fn faults_of_refusal(page: &Page, code: Code) -> Vec<String> {
    let mut faults = Vec::new();
    let mut must = |holds: bool, what: String| {
        if !holds {
            faults.push(what);
        }
    };
    let found = page.header("x-samlgate-code").unwrap_or("none");
    must(found == code.id(), format!("{found} instead of {}", code.id()));
    must(page.status() == code.status(), format!("status {} instead of {}", page.status(), code.status()));
    must(page.header("content-type") == Some("text/html; charset=utf-8"), "not HTML".to_owned());
    must(page.header("cache-control") == Some("no-store"), "may be stored".to_owned());
    let text = page.text();
    must(text.contains(code.public_reason()), "no reason".to_owned());
    must(text.contains(&format!("Code: {}", code.id())), "no code".to_owned());
    let request = text.split("Request: ").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
    must(request.len() == 36, format!("request id `{request}`"));
    for detail in ["agent", "admin", "_evil", "Assertion", "idp.localhost", "expected", "/saml/"] {
        must(!text.contains(detail), format!("the page says `{detail}`"));
    }
    let session = page.response.all("set-cookie").find(|cookie| cookie.starts_with(SESSION)).is_some();
    must(!session, "a cookie was set".to_owned());
    faults
}

/// Runs `act`, whose answer must be a refusal by `code` that was counted once. Returns what is wrong.
pub(crate) fn refusal(
    scene: &Scene,
    sign_in: &mut SignIn,
    code: Code,
    act: impl FnOnce(&mut SignIn) -> Page,
) -> Vec<String> {
    let before = counted(scene, code);
    let page = act(sign_in);
    let mut faults = faults_of_refusal(&page, code);
    let after = counted(scene, code);
    if faults.is_empty() && after != before + 1 {
        faults.push(format!("counted {before} before and {after} after"));
    }
    if sign_in.browser.cookie(SESSION).is_some() {
        faults.push("there is a session".to_owned());
    }
    sign_in.must_not_have_arrived(scene, code.id());
    faults
}

/// As [`refusal`], for one case.
pub(crate) fn must_refuse(
    scene: &Scene,
    sign_in: &mut SignIn,
    code: Code,
    act: impl FnOnce(&mut SignIn) -> Page,
) {
    let faults = refusal(scene, sign_in, code, act);
    assert!(faults.is_empty(), "{faults:#?}");
}
