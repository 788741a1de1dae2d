//! One instance per request: performs the asks of its exchange and feeds the answers one at a time.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::SystemTime;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, LogLevel, MapType};
use samlgate::base::Code;
use samlgate::effect::{Answer, Ask, AskId, Event, Step, Tell, Verdict};
use samlgate::gateway::Exchange;
use samlgate::http::{HeaderEdits, RequestHead};
use samlgate::page::{self, Reader};

use crate::host;
use crate::outside;
use crate::root::Worker;

/// Answers of one callback; far more than any flow asks for. A flow that asks for ever ends here instead of hanging.
const MAX_TURNS: u32 = 256;

/// A request in hand.
pub(crate) struct Driver {
    context_id: u32,
    worker: Rc<Worker>,
    exchange: Option<Exchange>,
    body: Option<(AskId, usize)>,
    /// Envoy's tokens of calls that are under way; a flow has two at most.
    calls: Vec<(u32, AskId)>,
    response_headers: Vec<(String, String)>,
    began: Option<SystemTime>,
    paused: bool,
}

impl Driver {
    pub(crate) fn new(context_id: u32, worker: Rc<Worker>) -> Self {
        Self {
            context_id,
            worker,
            exchange: None,
            body: None,
            calls: Vec::new(),
            response_headers: Vec::new(),
            began: None,
            paused: false,
        }
    }

    /// Answers requests that Envoy will never show the body of, because the plugin option is missing.
    pub(crate) fn answer_bodies_that_never_came(worker: &Worker) {
        let overdue = worker.waiting.borrow_mut().take_overdue(host::system_time());
        for context_id in overdue {
            if hostcalls::set_effective_context(context_id).is_err() {
                continue;
            }
            let code = Code::BodyNeverArrived;
            refuse(worker, code, code.remedy());
        }
    }

    /// Performs a step and all that follow from answers that are there at once.
    fn run(&mut self, step: Step<Exchange>) -> Action {
        let worker = Rc::clone(&self.worker);
        let mut answers: VecDeque<(AskId, Answer)> = VecDeque::new();
        let mut step = step;
        for _ in 0..MAX_TURNS {
            match step {
                Step::End { verdict, tells } => {
                    self.tell(tells);
                    return self.end(verdict);
                }
                Step::Wait { state, asks, tells } => {
                    self.tell(tells);
                    self.exchange = Some(state);
                    for (id, ask) in asks {
                        if let Some(answer) = self.perform(id, ask) {
                            answers.push_back((id, answer));
                        }
                    }
                }
            }
            let Some((id, answer)) = answers.pop_front() else {
                self.paused = true;
                return Action::Pause;
            };
            let Some(exchange) = self.exchange.take() else { break };
            step = worker.gateway.borrow().answer(exchange, id, answer, &worker.host());
        }
        self.fail("the flow does not end")
    }

    /// Feeds one answer that came from outside.
    fn feed(&mut self, id: AskId, answer: Answer) -> Action {
        let Some(exchange) = self.exchange.take() else {
            return Action::Pause;
        };
        let worker = Rc::clone(&self.worker);
        let step = worker.gateway.borrow().answer(exchange, id, answer, &worker.host());
        self.run(step)
    }

    /// Does what is asked; `Some` when the answer is there at once.
    fn perform(&mut self, id: AskId, ask: Ask) -> Option<Answer> {
        match ask {
            Ask::RequestBody { limit } => {
                self.body = Some((id, limit));
                None
            }
            Ask::HttpCall(call) => outside::send(&call, &outside::trace(), id, &mut self.calls),
            other => Some(outside::at_once(other, &self.worker)),
        }
    }

    fn end(&mut self, verdict: Verdict) -> Action {
        self.exchange = None;
        if let Some(began) = self.began.take()
            && let Ok(took) = host::system_time().duration_since(began)
            && self.paused
        {
            let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            self.worker.metrics.borrow().exchange_took(milliseconds);
        }
        match verdict {
            Verdict::Reply(reply) => {
                // From here on nothing of this request goes upstream, whatever else arrives of it.
                self.paused = true;
                host::send(&reply);
                Action::Pause
            }
            Verdict::Forward(edits) => self.forward(edits),
        }
    }

    fn forward(&mut self, mut edits: HeaderEdits) -> Action {
        let removed = edits
            .removals()
            .iter()
            .try_for_each(|name| hostcalls::remove_map_value(MapType::HttpRequestHeaders, name));
        let set = removed.and_then(|()| {
            edits.sets().try_for_each(|(name, value)| {
                hostcalls::set_map_value_bytes(MapType::HttpRequestHeaders, name, Some(value))
            })
        });
        // A header that could not be taken out must not travel on.
        if set.is_err() {
            return self.fail("a request header could not be edited");
        }
        // Envoy keeps them as filter state `wasm.NAME`; a rule of its RBAC may refuse by what is there.
        let mut properties = edits.properties();
        if !properties.all(|(name, text)| host::set_property(name, text)) {
            return self.fail("a property of the request could not be set");
        }
        drop(properties);
        // Envoy chose a route by the path as it came; what is forwarded must be routed by what is forwarded.
        if edits.sets().any(|(name, _)| name.starts_with(':'))
            && hostcalls::call_foreign_function("clear_route_cache", None).is_err()
        {
            return self.fail("the route could not be chosen again");
        }
        self.response_headers = edits.take_response_headers();
        if self.paused {
            self.paused = false;
            self.resume_http_request();
        }
        Action::Continue
    }

    fn fail(&mut self, what: &str) -> Action {
        self.exchange = None;
        self.paused = true;
        refuse(&self.worker, Code::HostCallFailed, what);
        Action::Pause
    }

    fn tell(&self, tells: Vec<Tell>) {
        // A property of the request in hand; the background has none.
        for tell in &tells {
            if let Tell::Event(Event { code: Some(code), .. }) = tell {
                host::set_code(code.id());
            }
        }
        outside::tell(tells, &self.worker);
    }
}

impl Context for Driver {
    fn on_http_call_response(&mut self, token_id: u32, headers: usize, body_size: usize, _trailers: usize) {
        let Some(at) = self.calls.iter().position(|(token, _)| *token == token_id) else {
            return;
        };
        let (_, id) = self.calls.swap_remove(at);
        self.feed(id, outside::call_answer(headers, body_size));
    }
}

impl HttpContext for Driver {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let Some(headers) = host::request_headers() else {
            return self.fail("the request headers could not be read");
        };
        #[cfg(feature = "provoked_failure")]
        if headers.iter().any(|(name, _)| name == "x-samlgate-provoke") {
            host::log(LogLevel::Critical, "samlgate: a failure was provoked");
            core::arch::wasm32::unreachable();
        }
        let worker = Rc::clone(&self.worker);
        let step = worker.gateway.borrow_mut().start(RequestHead::new(headers), &worker.host());
        if matches!(step, Step::Wait { .. }) {
            self.began = Some(host::system_time());
        }
        let action = self.run(step);
        if let Some((id, _)) = self.body {
            if end_of_stream {
                self.body = None;
                return self.feed(id, Answer::RequestBody(Vec::new()));
            }
            worker.waiting.borrow_mut().begin(self.context_id, host::system_time());
        }
        action
    }

    fn on_http_request_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        let Some((id, limit)) = self.body else {
            return if self.paused { Action::Pause } else { Action::Continue };
        };
        self.worker.waiting.borrow_mut().end(self.context_id);
        if body_size > limit {
            self.body = None;
            return self.feed(id, Answer::RequestBodyTooLarge);
        }
        if !end_of_stream {
            return Action::Pause;
        }
        self.body = None;
        let body = self.get_http_request_body(0, body_size).unwrap_or_default();
        self.feed(id, Answer::RequestBody(body))
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        let names: Vec<String> = hostcalls::get_map_bytes(MapType::HttpRequestTrailers)
            .unwrap_or_default()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        {
            let gateway = self.worker.gateway.borrow();
            for name in names.iter().filter(|name| gateway.owned_headers().contains(name)) {
                if hostcalls::remove_map_value(MapType::HttpRequestTrailers, name).is_err() {
                    drop(gateway);
                    return self.fail("a request trailer could not be removed");
                }
            }
        }
        // A body that ended in trailers is complete without a body callback that says so.
        if let Some((id, limit)) = self.body.take() {
            self.worker.waiting.borrow_mut().end(self.context_id);
            let body = self.get_http_request_body(0, limit.saturating_add(1)).unwrap_or_default();
            let answer =
                if body.len() > limit { Answer::RequestBodyTooLarge } else { Answer::RequestBody(body) };
            return self.feed(id, answer);
        }
        if self.paused { Action::Pause } else { Action::Continue }
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        for (name, value) in core::mem::take(&mut self.response_headers) {
            self.add_http_response_header(&name, &value);
        }
        Action::Continue
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.body.is_some() {
            self.worker.waiting.borrow_mut().end(self.context_id);
        }
        // The browser went away before its request was answered.
        let Some(exchange) = self.exchange.take() else { return };
        let worker = Rc::clone(&self.worker);
        let Ok(gateway) = worker.gateway.try_borrow() else { return };
        if let Some(ask) = gateway.abandoned(exchange, &worker.host()) {
            outside::at_once(ask, &worker);
        }
    }
}

/// Answers the request in hand with a page of our own where no flow could.
fn refuse(worker: &Worker, code: Code, detail: &str) {
    host::set_code(code.id());
    host::log(LogLevel::Error, &format!("samlgate: {code}: {detail}"));
    worker.metrics.borrow_mut().count("refused", Some(code));
    let request_id = hostcalls::get_map_value_bytes(MapType::HttpRequestHeaders, "x-request-id");
    let request_id = request_id.ok().flatten().and_then(|id| String::from_utf8(id).ok());
    let reader = Reader {
        wants_html: true,
        request_id: request_id.unwrap_or_default(),
        look: worker.gateway.borrow().look(),
    };
    host::send(&page::refusal(code, &reader, None));
}
