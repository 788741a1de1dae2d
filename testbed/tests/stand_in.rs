//! What every stand-in has: faults, recorded calls, the testbed's own addresses.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::time::{Duration, Instant};

use serde_json::json;
use testbed::client::{Request, Response};
use testbed::server::Server;
use testbed::stand_in::{Answer, Api, Effect, Fault, Incoming, StandIn};

/// Counts what it is told to count; reads by `POST /ask`.
#[derive(Clone, Debug, Default)]
struct Counter {
    count: u32,
}

impl Api for Counter {
    fn answer(&mut self, request: &Incoming) -> Answer {
        if Self::is_write(request) {
            self.count += 1;
        }
        Answer::json(200, &json!({ "count": self.count }))
    }

    fn error(&self, status: u16) -> Answer {
        Answer::text(status, "in the words of the counter")
    }

    fn is_write(request: &Incoming) -> bool {
        request.method == "POST" && request.path != "/ask"
    }
}

struct World {
    counter: StandIn<Counter>,
    server: Server,
}

impl World {
    fn new() -> Self {
        let counter = StandIn::below("/here", Counter::default());
        let server = Server::start(0, counter.router()).unwrap();
        Self { counter, server }
    }

    fn send(&self, method: &str, path: &str) -> std::io::Result<Response> {
        let mut request = Request::new(method, "counter.example.test", path).header("X-Request-Id", "7");
        request.timeout = Duration::from_secs(2);
        request.send(self.server.address())
    }

    fn status(&self, method: &str, path: &str) -> u16 {
        self.send(method, path).map_or(0, |answer| answer.status)
    }
}

#[test]
fn faults_are_counted_and_let_others_pass() {
    let world = World::new();
    world.counter.fault(Fault::new("POST", "/here/a", Effect::Status(503)).skip(1).times(2));
    assert_eq!(world.status("POST", "/here/b"), 200, "another path");
    assert_eq!(world.status("GET", "/here/a"), 200, "another method");
    let statuses: Vec<u16> = (0..4).map(|_| world.status("POST", "/here/a")).collect();
    assert_eq!(statuses, [200, 503, 503, 200]);
    assert_eq!(world.counter.state().count, 3, "what failed was not carried out");
}

#[test]
fn two_faults_for_one_call_come_one_after_the_other() {
    let world = World::new();
    world.counter.fault(Fault::new("", "", Effect::Status(500)).skip(1));
    world.counter.fault(Fault::new("", "", Effect::Status(400)));
    let statuses: Vec<u16> = (0..3).map(|_| world.status("GET", "/here/a")).collect();
    assert_eq!(statuses, [400, 500, 200]);
}

#[test]
fn an_answer_can_be_lost_after_the_call_was_carried_out() {
    let world = World::new();
    for effect in [Effect::Reset, Effect::Status(502), Effect::Truncated, Effect::Html] {
        let before = world.counter.state().count;
        world.counter.fault(Fault::new("POST", "/here/", effect.clone()).after());
        let answer = world.send("POST", "/here/a");
        assert!(!answer.is_ok_and(|answer| answer.body.starts_with(b"{")), "{effect:?}");
        assert_eq!(world.counter.state().count, before + 1, "{effect:?}");
    }
}

#[test]
fn a_delayed_answer_is_the_right_one() {
    let world = World::new();
    world.counter.fault(Fault::new("POST", "/here/", Effect::Delay(300)));
    let start = Instant::now();
    let answer = world.send("POST", "/here/a").unwrap();
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert_eq!((answer.status, answer.json()["count"].clone()), (200, json!(1)));
}

#[test]
fn a_failure_is_worded_by_the_application() {
    let world = World::new();
    for (effect, status) in [(Effect::Status(418), 418), (Effect::RateLimit(7), 429)] {
        world.counter.fault(Fault::new("", "", effect));
        let answer = world.send("GET", "/here/a").unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (status, &b"in the words of the counter"[..]));
        assert_eq!(answer.header("retry-after"), (status == 429).then_some("7"));
    }
}

#[test]
fn calls_are_recorded_with_what_was_sent_and_answered() {
    let world = World::new();
    world.counter.fault(Fault::new("POST", "/here/b", Effect::Reset));
    for (method, path) in
        [("GET", "/here/a?x=1"), ("POST", "/here/a"), ("POST", "/here/b"), ("POST", "/here/ask")]
    {
        world.status(method, path);
    }
    world.status("GET", "/here/__testbed/calls");
    let lines: Vec<String> = world.counter.calls().iter().map(testbed::stand_in::Call::line).collect();
    assert_eq!(lines, ["GET /here/a?x=1 200", "POST /here/a 200", "POST /here/b 0", "POST /here/ask 200"]);
    let writes: Vec<String> = world.counter.writes().iter().map(testbed::stand_in::Call::line).collect();
    assert_eq!(
        writes,
        ["POST /here/a 200", "POST /here/b 0"],
        "a write that failed was one; a question never is"
    );
    assert!(world.counter.calls().iter().all(|call| call.header("x-request-id") == Some("7")));
    world.counter.reset();
    assert_eq!((world.counter.calls().len(), world.counter.state().count), (0, 0));
}

#[test]
fn the_state_is_replaced_only_where_the_application_can() {
    let world = World::new();
    assert_eq!(world.status("PUT", "/here/__testbed/state"), 400);
    assert_eq!(world.status("GET", "/here/__testbed/state"), 200);
    assert_eq!(world.status("PATCH", "/here/__testbed/state"), 405);
    assert_eq!(world.status("GET", "/here/__testbed/nothing"), 404);
}

#[test]
fn names_are_read_by_segment() {
    let request = Incoming::new("GET", "/user/a%2Fb%20c/group/%C3%A4?x=%26&x=2&empty");
    assert_eq!(request.segments, ["user", "a/b c", "group", "ä"]);
    assert_eq!((request.query("x"), request.query("empty"), request.query("y")), (Some("&"), Some(""), None));
}

#[test]
fn credentials_are_read_strictly() {
    let basic = |value: &str| Incoming::new("GET", "/").with("authorization", value).basic();
    assert_eq!(basic("Basic YTpiOmM="), Some(("a".to_owned(), "b:c".to_owned())));
    for wrong in ["basic YTpi", "Basic YWI=", "Basic ?", "Bearer YTpi", ""] {
        assert_eq!(basic(wrong), None, "{wrong}");
    }
    let token = Incoming::new("GET", "/").with("authorization", "Bearer abc");
    assert_eq!(token.bearer(), Some("abc"));
}

#[test]
fn a_browser_is_recognised() {
    let request = Incoming::new("GET", "/");
    assert!(!request.clone().with("user-agent", "samlgate/1").is_from_a_browser());
    for (name, value) in
        [("cookie", "a=b"), ("origin", "null"), ("referer", "/"), ("user-agent", "Mozilla/5.0")]
    {
        assert!(request.clone().with(name, value).is_from_a_browser(), "{name}");
    }
}
