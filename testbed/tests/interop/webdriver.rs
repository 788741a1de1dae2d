//! Chromium, driven over the WebDriver protocol (W3C, <https://www.w3.org/TR/webdriver2/>): plain JSON over HTTP.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testbed::client::Request;

use crate::support::{Program, free_port, tool};

/// The name under which an element's reference travels (WebDriver 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A real browser without a screen.
pub struct Chromium {
    driver: Program,
    session: String,
}

impl Chromium {
    /// Starts chromedriver and one browser with an empty profile below `scratch`.
    pub fn start(scratch: &Path) -> Self {
        let port = free_port();
        let mut command = Command::new(tool("CHROMEDRIVER", &["/usr/bin/chromedriver"]));
        command.arg(format!("--port={port}"));
        let driver = Program::start(command, port, &scratch.join("chromedriver.log"));
        let profile = scratch.join("profile");
        fs::create_dir_all(&profile).unwrap();
        let arguments = [
            "--headless=new",
            // Root, as in containers, cannot have Chromium's sandbox; all pages are ours.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--no-proxy-server",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1000,700",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let mut browser = Self { driver, session: String::new() };
        let answer = browser.command(
            "POST",
            "",
            &json!({ "capabilities": { "alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": { "binary": tool("CHROMIUM", &["/usr/bin/chromium"]), "args": arguments },
            }}}),
        );
        browser.session = format!("/{}", answer["sessionId"].as_str().unwrap());
        browser
    }

    /// Types an address and waits for the page.
    pub fn open(&self, url: &str) {
        self.command("POST", "/url", &json!({ "url": url }));
    }

    /// The address in the address bar.
    pub fn url(&self) -> String {
        self.command("GET", "/url", &Value::Null).as_str().unwrap().to_owned()
    }

    /// The text a person sees.
    pub fn text(&self) -> String {
        let body = self.find("body");
        self.command("GET", &format!("/element/{body}/text"), &Value::Null).as_str().unwrap().to_owned()
    }

    /// Types `text` into the element of the selector.
    pub fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.command("POST", &format!("/element/{element}/value"), &json!({ "text": text }));
    }

    /// Clicks the element of the selector.
    pub fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.command("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// The cookies that go with the page that is open, as WebDriver describes them.
    pub fn cookies(&self) -> Vec<Value> {
        self.command("GET", "/cookie", &Value::Null).as_array().unwrap().clone()
    }

    /// Waits until the address bar shows `url`.
    pub fn wait_for_url(&self, url: &str) {
        let start = Instant::now();
        while self.url() != url {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "the browser is at {} and not at {url}; the page says:\n{}",
                self.url(),
                self.text()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Takes a picture of the page.
    pub fn screenshot(&self, file: &Path) {
        let picture = self.command("GET", "/screenshot", &Value::Null);
        fs::write(file, STANDARD.decode(picture.as_str().unwrap()).unwrap()).unwrap();
    }

    /// Runs a script in the page and takes what it returns.
    pub fn run(&self, script: &str) -> Value {
        self.command("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// A command of the Chrome DevTools protocol.
    pub fn devtools(&self, command: &str, parameters: &Value) {
        self.command("POST", "/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }));
    }

    /// Role and name of the element of the selector, as a screen reader says them (WebDriver 12.4.10, 12.4.11).
    pub fn said(&self, selector: &str) -> (String, String) {
        let element = self.find(selector);
        let computed = |what: &str| {
            let value = self.command("GET", &format!("/element/{element}/computed{what}"), &Value::Null);
            value.as_str().unwrap().to_owned()
        };
        (computed("role"), computed("label"))
    }

    fn find(&self, selector: &str) -> String {
        let start = Instant::now();
        loop {
            let answer =
                self.try_command("POST", "/element", &json!({ "using": "css selector", "value": selector }));
            match answer {
                Ok(found) => return found[ELEMENT].as_str().unwrap().to_owned(),
                Err(problem) => assert!(
                    start.elapsed() < Duration::from_secs(20),
                    "no element `{selector}` at {}: {problem}",
                    self.url()
                ),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_command(method, path, body).unwrap_or_else(|problem| panic!("{method} {path}: {problem}"))
    }

    fn try_command(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let target = format!("/session{}{path}", self.session);
        let mut request = Request::new(method, &self.driver.address.to_string(), &target);
        request.timeout = Duration::from_secs(60);
        if method == "POST" {
            request = request.body("application/json", body.to_string());
        }
        let response = request.send(self.driver.address).unwrap();
        let value = response.json()["value"].clone();
        if response.status == 200 { Ok(value) } else { Err(value.to_string()) }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Without this the browser would outlive its driver.
        let _ = self.try_command("DELETE", "", &Value::Null);
    }
}
