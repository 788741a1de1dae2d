//! Runs against a directory, an application and a store in memory. Most of these try to make a run take something away
//! that it must not.

mod application;
mod bounds;
mod cleanup;
mod pull;
mod records;
mod schedule;

use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{FirstRun, MembershipsManagedBy, Outcome, RemovalBounds, Run, Settings, Wish};
use crate::base::{EntropyFailure, EntropySource, UnixTime};
use crate::config;
use crate::directory::{GroupNaming, GroupsBecome};
use crate::effect::{Answer, Ask, CallFailure, SharedData, StoreFailure, Version};
use crate::flow::{Env, Trust, Turn, settings};
use crate::http::{HttpCall, HttpResponse};
use crate::provision::RunGuardrail;
use crate::sources::scim::{Scim, ScimGroups, ScimOptions};
use crate::sources::{Credentials, Endpoint};
use crate::targets::Target;
use crate::xmlsec::RustCrypto;

use application::{Account, Fake};

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600;

/// Asks of one run, and ticks without any: what takes more hangs.
const MAX_ASKS: u32 = 100_000;
const MAX_IDLE_TICKS: u32 = 1_000;

struct Counter(Cell<u64>);

impl EntropySource for Counter {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        for byte in out {
            self.0.set(self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            *byte = (self.0.get() >> 33) as u8;
        }
        Ok(())
    }
}

/// What goes wrong.
#[derive(Default)]
struct Faults {
    /// The directory answers so many calls, and then this status; 0 not at all.
    directory_dies_after: Option<(u32, u16)>,
    /// The application refuses what is about these people.
    application_refuses: Vec<String>,
    /// So many asks are answered, and then the process is killed.
    killed_after: Option<u32>,
    /// Writes to the store fail.
    store_fails: bool,
    /// Every filter of groups finds this.
    every_filter_finds: Option<Value>,
    /// The list of accounts cannot be read.
    no_list: bool,
}

/// Everything outside.
struct World {
    people: RefCell<Vec<Value>>,
    accounts: RefCell<BTreeMap<String, Account>>,
    data: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    writes: Cell<u32>,
    /// What was changed at the application, in order.
    changes: RefCell<Vec<String>>,
    directory_calls: Cell<u32>,
    /// People whom no page shows.
    hidden: RefCell<Vec<Value>>,
    /// A filter that is not about a name chooses everybody.
    answers_filters: Cell<bool>,
    now: Cell<u64>,
    uptime: Cell<Duration>,
    faults: RefCell<Faults>,
    entropy: Counter,
    settings: settings::Settings,
    trust: Trust,
}

/// What a directory that is not the directory's says of a person.
fn person(number: u32) -> Value {
    json!({
        "id": format!("id-{number:05}"),
        "userName": format!("user-{number:05}"),
        "active": true,
        "emails": [{ "value": format!("user-{number:05}@example.com"), "primary": true }],
        "groups": [{ "value": "g-1", "display": "staff" }],
    })
}

impl World {
    fn new(people: u32, patch: impl FnOnce(&mut Settings)) -> Self {
        Self::with(people, &json!({ "cleanup": { "mode": "DISABLE" } }), patch)
    }

    fn with(people: u32, policy: &Value, patch: impl FnOnce(&mut Settings)) -> Self {
        let whole = json!({
            "sp": { "entity_id": "https://jira.example.com/saml/metadata", "base_uri": "https://jira.example.com" },
            "session": { "keys": [{ "inline_string": "C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=" }] },
            "policy": policy,
            "provisioning": {
                "create_accounts": true,
                "circuit_open_for": "0s",
                "jira_dc": { "cluster": "jira", "authority": "jira.example.com", "credentials": { "bearer": {
                    "inline_string": "token" } } },
            },
        });
        let loaded = config::load(whole.to_string().as_bytes(), &BTreeMap::new(), UnixTime::from_secs(NOW));
        let (gateway, _) = loaded.unwrap_or_else(|faults| panic!("{faults:?}"));
        let mut settings = gateway.flow;
        if let Some(provisioning) = &mut settings.provisioning {
            provisioning.target = Target::new(Fake);
            provisioning.rules.capabilities = application::CAPABILITIES;
        }
        let mut sync = sync_settings();
        patch(&mut sync);
        settings.directory_sync = Some(Rc::new(sync));
        let trust = Trust::new(&settings);
        Self {
            people: RefCell::new((0..people).map(person).collect()),
            accounts: RefCell::default(),
            data: RefCell::default(),
            writes: Cell::new(0),
            changes: RefCell::default(),
            directory_calls: Cell::new(0),
            hidden: RefCell::default(),
            answers_filters: Cell::new(false),
            now: Cell::new(NOW),
            uptime: Cell::new(Duration::ZERO),
            faults: RefCell::default(),
            entropy: Counter(Cell::new(1)),
            settings,
            trust,
        }
    }

    fn env(&self) -> Env<'_> {
        Env {
            now: UnixTime::from_secs(self.now.get()),
            uptime: self.uptime.get(),
            entropy: &self.entropy,
            crypto: &RustCrypto,
            settings: &self.settings,
            trust: &self.trust,
        }
    }

    fn sync(&self) -> &Settings {
        self.settings.directory_sync.as_deref().unwrap()
    }

    fn pass(&self, seconds: u64) {
        self.now.set(self.now.get() + seconds);
        self.uptime.set(self.uptime.get() + Duration::from_secs(seconds));
    }

    /// Runs to the end; `None` when the process was killed.
    fn run(&self, wish: Wish) -> Option<Outcome> {
        self.run_to_end(Run::new(self.sync(), wish, false)).map(|run| run.finished().unwrap().clone())
    }

    /// The same without the end.
    fn run_to_end(&self, mut run: Run) -> Option<Run> {
        let mut open = VecDeque::new();
        let mut answered = 0;
        for _ in 0..MAX_IDLE_TICKS {
            let turn = run.tick(&self.env());
            self.take(turn, &mut open);
            while let Some((id, ask)) = open.pop_front() {
                if self.faults.borrow().killed_after == Some(answered) {
                    return None;
                }
                answered += 1;
                assert!(answered < MAX_ASKS, "the run does not end");
                let answer = self.perform(ask);
                let turn = run.answer(id, answer, &self.env());
                self.take(turn, &mut open);
            }
            if run.finished().is_some() {
                return Some(run);
            }
            self.pass(1);
        }
        panic!("the run hangs: {run:?}");
    }

    fn take(&self, turn: Turn, open: &mut VecDeque<(crate::effect::AskId, Ask)>) {
        let text = format!("{:?}", turn.tells);
        assert!(!text.contains("user-0"), "somebody's name is told: {text}");
        open.extend(turn.asks);
    }

    fn perform(&self, ask: Ask) -> Answer {
        match ask {
            Ask::Load { key } => match self.data.borrow().get(&key) {
                Some((value, token)) => {
                    Answer::Loaded { value: Some(value.clone()), version: Version::Token(*token) }
                }
                None => Answer::Loaded { value: None, version: Version::Absent },
            },
            Ask::CompareAndSwap { .. } if self.faults.borrow().store_fails => Answer::StoreFailed,
            Ask::CompareAndSwap { key, expected, value } => {
                let mut data = self.data.borrow_mut();
                let have = data.get(&key).map_or(Version::Absent, |(_, token)| Version::Token(*token));
                if have != expected {
                    return Answer::Conflict;
                }
                self.writes.set(self.writes.get() + 1);
                data.insert(key, (value, self.writes.get()));
                Answer::Swapped
            }
            Ask::HttpCall(call) if call.cluster == "directory" => {
                let calls = self.directory_calls.get();
                self.directory_calls.set(calls + 1);
                match self.faults.borrow().directory_dies_after {
                    Some((after, 0)) if calls >= after => Answer::HttpFailed(CallFailure::NoAnswer),
                    Some((after, status)) if calls >= after => answered(status, &json!({})),
                    _ => self.directory(&call),
                }
            }
            Ask::HttpCall(call) => self.application(&call),
            other => panic!("{other:?}"),
        }
    }

    /// RFC 7644 3.4.2, as much of it as is asked for.
    fn directory(&self, call: &HttpCall) -> Answer {
        let query: BTreeMap<String, String> = call
            .path
            .split_once('?')
            .map(|(_, query)| {
                crate::encoding::form::parse(query.as_bytes(), 16).unwrap().into_iter().collect()
            })
            .unwrap_or_default();
        if let (true, Some(group)) = (call.path.contains("/Groups"), &self.faults.borrow().every_filter_finds)
        {
            return answered(200, &json!({ "totalResults": 1, "Resources": [group] }));
        }
        let people = self.people.borrow();
        if let Some(filter) = query.get("filter").filter(|filter| {
            filter.contains("userName") || filter.contains("emails.value") || !self.answers_filters.get()
        }) {
            let name = filter.split('"').nth(1).unwrap_or_default();
            let hidden = self.hidden.borrow();
            // What changed is asked for by time: everybody who is there.
            let all = filter.contains("lastModified");
            let found = people
                .iter()
                .chain(hidden.iter())
                .filter(|one| all || one["userName"] == name || one["emails"][0]["value"] == name);
            let found: Vec<_> = found.cloned().collect();
            return answered(200, &json!({ "totalResults": found.len(), "Resources": found }));
        }
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or(1);
        let page: Vec<_> =
            people.iter().skip(number("startIndex") - 1).take(number("count")).cloned().collect();
        answered(200, &json!({ "totalResults": people.len(), "Resources": page }))
    }

    fn active(&self) -> usize {
        self.accounts.borrow().values().filter(|account| account.active).count()
    }

    fn deactivations(&self) -> usize {
        self.changes.borrow().iter().filter(|change| change.starts_with("deactivate")).count()
    }

    /// The directory loses everybody from this number on.
    fn loses_from(&self, number: usize) {
        self.people.borrow_mut().truncate(number);
    }
}

impl SharedData for World {
    fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        Ok(self.data.borrow().get(key).map(|(value, _)| value.clone()))
    }
}

fn answered(status: u16, body: &Value) -> Answer {
    Answer::HttpResponse(HttpResponse { status, headers: Vec::new(), body: body.to_string().into_bytes() })
}

fn sync_settings() -> Settings {
    let endpoint = Endpoint {
        cluster: "directory".to_owned(),
        authority: "id.example.com".to_owned(),
        path_prefix: "/scim/v2".to_owned(),
        timeout: Duration::from_secs(5),
        credentials: Credentials::Injected,
    };
    let options = ScimOptions { page_size: 20, filter: None, groups: ScimGroups::Automatic, delta: true };
    Settings {
        source: Arc::new(Scim::new(endpoint, options)),
        full_interval: Duration::from_secs(86_400),
        delta_interval: None,
        page_size: 20,
        parallel_people: 4,
        groups_become: GroupsBecome::Groups,
        group_naming: GroupNaming::Name,
        memberships_managed_by: MembershipsManagedBy::Directory,
        guardrail: RunGuardrail { max_deactivations: 50, max_deactivation_percent: 10 },
        removal_bounds: RemovalBounds { max_group_removals: 200, max_group_removal_percent: 10 },
        max_failed_people: 10,
        first_run: FirstRun::ReportOnly,
        dry_run: false,
        status: None,
    }
}
