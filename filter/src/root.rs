//! One instance per worker: loads the configuration, chooses the cryptography, watches for bodies that never arrive.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{ContextType, LogLevel};
use samlgate::config::{self, Environment};
use samlgate::effect::CryptoProvider;
use samlgate::flow::Turn;
use samlgate::gateway::{Gateway, Host};
use samlgate::xmlsec::{self, RustCrypto};

use crate::background::{self, Background};
use crate::crypto::EnvoyCrypto;
use crate::driver::Driver;
use crate::errand::Errand;
use crate::host::{self, HostEntropy, SharedMemory};
use crate::metrics::Metrics;
use crate::outside;
use crate::waiting::Waiting;

/// How often requests whose body never came are looked for, and the chores of the gateway are done.
const TICK: Duration = Duration::from_secs(1);

/// The first look is sooner: until it has metadata nobody can sign in.
const FIRST_TICK: Duration = Duration::from_millis(50);

/// How often the background looks whether something is due.
const BACKGROUND_TICK: Duration = Duration::from_secs(1);

/// What every request of this worker shares.
pub(crate) struct Worker {
    pub(crate) gateway: RefCell<Gateway>,
    pub(crate) crypto: Box<dyn CryptoProvider>,
    pub(crate) metrics: RefCell<Metrics>,
    pub(crate) waiting: RefCell<Waiting>,
    /// Names the queue of the background.
    pub(crate) vm_id: String,
}

impl Worker {
    /// What answers at once.
    pub(crate) fn host(&self) -> Host<'_> {
        Host {
            now: host::now(),
            uptime: host::uptime(),
            entropy: &HostEntropy,
            crypto: self.crypto.as_ref(),
            shared: &SharedMemory,
        }
    }
}

/// The root context: of the filter on each worker, or of the background service.
#[derive(Default)]
pub(crate) struct Root {
    worker: Option<Rc<Worker>>,
    background: Option<Background>,
    /// What the gateway does without a request.
    chores: Errand,
    has_ticked: bool,
}

impl Root {
    fn perform(worker: &Worker, chores: &mut Errand, turn: Turn) {
        chores.run(worker, turn, |id, answer| {
            worker.gateway.borrow_mut().chore_answer(id, answer, &worker.host())
        });
    }
}

struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

impl Context for Root {
    fn on_http_call_response(&mut self, token_id: u32, headers: usize, body_size: usize, _trailers: usize) {
        if let Some(background) = &mut self.background {
            background.answered(token_id, headers, body_size);
        } else if let Some(worker) = &self.worker
            && let Some((id, answer)) = self.chores.answered(token_id, headers, body_size)
        {
            let turn = worker.gateway.borrow_mut().chore_answer(id, answer, &worker.host());
            Self::perform(worker, &mut self.chores, turn);
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let bytes = self.get_plugin_configuration().unwrap_or_default();
        let (settings, warnings) = match config::load(&bytes, &ProcessEnvironment, host::now()) {
            Ok(loaded) => loaded,
            Err(faults) => {
                for fault in faults {
                    host::log(
                        LogLevel::Error,
                        &format!("samlgate: configuration refused: {} {fault}", fault.code().id()),
                    );
                }
                return false;
            }
        };
        for warning in warnings {
            host::log(LogLevel::Warn, &format!("samlgate: {warning}"));
        }
        let crypto: Box<dyn CryptoProvider> = if xmlsec::self_test(&EnvoyCrypto) {
            host::log(LogLevel::Info, "samlgate: signatures by Envoy's native functions");
            Box::new(EnvoyCrypto)
        } else {
            host::log(
                LogLevel::Warn,
                "samlgate: Envoy's signature functions failed their self-test, using RustCrypto",
            );
            Box::new(RustCrypto)
        };
        let gateway = Gateway::new(Rc::new(settings));
        let metrics = Metrics::new(gateway.stat_prefix());
        let worker = Rc::new(Worker {
            gateway: RefCell::new(gateway),
            crypto,
            metrics: RefCell::new(metrics),
            waiting: RefCell::new(Waiting::default()),
            vm_id: host::property("plugin_vm_id"),
        });
        if host::property("plugin_root_id") == background::ROOT_ID {
            self.background = Background::new(worker);
            self.set_tick_period(BACKGROUND_TICK);
            return self.background.is_some();
        }
        let known = worker.gateway.borrow_mut().recall(&worker.host());
        outside::tell(known.tells, &worker);
        self.worker = Some(worker);
        self.set_tick_period(FIRST_TICK);
        true
    }

    fn on_queue_ready(&mut self, _queue_id: u32) {
        if let Some(background) = &mut self.background {
            background.drain();
        }
    }

    fn on_tick(&mut self) {
        if let Some(worker) = &self.worker {
            if !mem::replace(&mut self.has_ticked, true) {
                self.set_tick_period(TICK);
            }
            Driver::answer_bodies_that_never_came(worker);
            let turn = worker.gateway.borrow_mut().tick(&worker.host());
            Self::perform(worker, &mut self.chores, turn);
        }
        if let Some(background) = &mut self.background {
            background.tick();
        }
    }

    fn create_http_context(&self, context_id: u32) -> Option<Box<dyn HttpContext>> {
        let worker = self.worker.as_ref()?;
        Some(Box::new(Driver::new(context_id, Rc::clone(worker))))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
