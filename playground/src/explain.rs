//! What would become of a sign-in.

use std::collections::BTreeMap;

use samlgate::base::{EntropyFailure, EntropySource, UnixTime};
use samlgate::flow::{self, Env, Trust};
use samlgate::gateway::Settings;
use samlgate::provision::RecordedAccount;
use samlgate::report::Report;
use samlgate::xmlsec::RustCrypto;
use serde::Deserialize;

/// What a person fills in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) configuration: String,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// XML, base64 or a form.
    response: String,
    request_id: Option<String>,
    started_at: Option<String>,
    account: Option<RecordedAccount>,
    /// Seconds since 1970.
    pub(crate) now: u64,
}

/// Nothing that is made here lives on, so nothing has to be unpredictable.
struct Zeros;

impl EntropySource for Zeros {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        out.fill(0);
        Ok(())
    }
}

/// The core's report.
pub(crate) fn report(input: &Input, settings: &Settings) -> Report {
    let now = UnixTime::from_secs(input.now);
    let env = Env {
        now,
        uptime: core::time::Duration::ZERO,
        entropy: &Zeros,
        crypto: &RustCrypto,
        settings: &settings.flow,
        trust: &Trust::new(&settings.flow),
    };
    let recorded = flow::explain::Input {
        response: input.response.as_bytes(),
        request_id: input.request_id.as_deref(),
        idp_entity_id: None,
        started_at: input.started_at.as_deref(),
        account: input.account.as_ref().map(flow::explain::KnownAccount::Recorded),
    };
    flow::explain(&recorded, &env)
}
