//! Envoy statistics, defined when they are first used.

use std::collections::HashMap;
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::MetricType;
use samlgate::base::Code;

/// Counters by outcome and code, and the histogram of exchanges that waited.
pub(crate) struct Metrics {
    prefix: String,
    counters: HashMap<(&'static str, Option<Code>), u32>,
    calls: HashMap<(&'static str, &'static str, &'static str), (u32, u32)>,
    gauges: HashMap<String, u32>,
    exchange_ms: Option<u32>,
}

impl Metrics {
    pub(crate) fn new(prefix: &str) -> Self {
        let exchange_ms =
            hostcalls::define_metric(MetricType::Histogram, &format!("{prefix}.exchange_duration_ms")).ok();
        let (counters, calls, gauges) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { prefix: prefix.to_owned(), counters, calls, gauges, exchange_ms }
    }

    /// Adds one to `PREFIX.OUTCOME` or `PREFIX.OUTCOME.SLUG`.
    pub(crate) fn count(&mut self, outcome: &'static str, code: Option<Code>) {
        let prefix = &self.prefix;
        let id = self.counters.entry((outcome, code)).or_insert_with(|| {
            let name = match code {
                Some(code) => format!("{prefix}.{outcome}.{}", code.slug()),
                None => format!("{prefix}.{outcome}"),
            };
            // Envoy gives 0 to no metric of ours that could not be defined; counting it is refused and harmless.
            hostcalls::define_metric(MetricType::Counter, &name).unwrap_or_default()
        });
        let _ = hostcalls::increment_metric(*id, 1);
    }

    /// Adds one to `PREFIX.provisioning.TARGET.REQUEST.RESULT`, and the time to `PREFIX.provisioning.TARGET.REQUEST_ms`.
    pub(crate) fn called(
        &mut self,
        target: &'static str,
        request: &'static str,
        result: &'static str,
        took: Duration,
    ) {
        let name = format!("{}.provisioning.{target}.{request}", self.prefix);
        let (count, time) = *self.calls.entry((target, request, result)).or_insert_with(|| {
            let count = hostcalls::define_metric(MetricType::Counter, &format!("{name}.{result}"));
            let time = hostcalls::define_metric(MetricType::Histogram, &format!("{name}_ms"));
            (count.unwrap_or_default(), time.unwrap_or_default())
        });
        let _ = hostcalls::increment_metric(count, 1);
        let _ = hostcalls::record_metric(time, u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    }

    /// Sets `PREFIX.NAME`.
    pub(crate) fn set(&mut self, name: String, value: u64) {
        let id = self.gauges.entry(name).or_insert_with_key(|name| {
            let name = format!("{}.{name}", self.prefix);
            hostcalls::define_metric(MetricType::Gauge, &name).unwrap_or_default()
        });
        let _ = hostcalls::record_metric(*id, value);
    }

    /// How long an exchange took from its headers to its end, in milliseconds.
    pub(crate) fn exchange_took(&self, milliseconds: u64) {
        if let Some(id) = self.exchange_ms {
            let _ = hostcalls::record_metric(id, milliseconds);
        }
    }
}
