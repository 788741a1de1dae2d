//! A dead application costs one timeout, not one per sign-in.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::UnixTime;

/// Failures in a row that open the circuit: one may be a connection that the application had closed, two an unlucky pair.
const TOLERATED_FAILURES: u32 = 3;

/// Failures after which the pause does not grow any more: 2^5 times the first, about a quarter of an hour by default.
const MAX_DOUBLINGS: u32 = 5;

/// No pause is longer: 32 times the longest that can be configured, an hour.
const LONGEST: Duration = Duration::from_secs(32 * 3600);

/// Whether the application is left alone for a while, after it failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circuit {
    /// Seconds since 1970; before that nobody calls.
    until: u64,
    /// Failures in a row.
    failures: u32,
}

/// What a circuit says to a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passage {
    /// Call.
    Closed,
    /// Do not call before this time.
    Open(UnixTime),
    /// The pause is over. Whoever swaps this in may try; everybody else waits for the outcome.
    Probe(Circuit),
}

impl Circuit {
    /// What is stored; whatever cannot be read counts as no failure.
    #[must_use]
    pub fn decode(stored: Option<&[u8]>) -> Self {
        stored.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
    }

    /// What to store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// May somebody call at `now`? A probe has `patience` before others may try.
    #[must_use]
    pub fn passage(&self, now: UnixTime, patience: Duration) -> Passage {
        let until = UnixTime::from_secs(self.until);
        // A clock that was ahead when it was written must not keep everybody out.
        if self.until == 0 || self.until > now.saturating_add(LONGEST).as_secs() {
            Passage::Closed
        } else if now < until {
            Passage::Open(until)
        } else {
            let until = now.saturating_add(patience).as_secs().saturating_add(1);
            Passage::Probe(Self { until, failures: self.failures })
        }
    }

    /// After a failure at `now` that others would meet too. It takes a few in a row to leave the application alone, and
    /// the pause doubles with each more.
    #[must_use]
    pub fn failed(&self, now: UnixTime, pause: Duration) -> Self {
        let failures = self.failures.saturating_add(1);
        let Some(more) = failures.checked_sub(TOLERATED_FAILURES) else { return Self { until: 0, failures } };
        let pause = pause.saturating_mul(1 << more.min(MAX_DOUBLINGS));
        Self { until: now.saturating_add(pause).as_secs(), failures }
    }

    /// After an answer that says at once that nobody should call: for as long as the application asks for (429), or for a
    /// pause, because the credentials are not accepted any more and trying them again makes it worse.
    #[must_use]
    pub fn refused(&self, now: UnixTime, pause: Duration) -> Self {
        let failures = self.failures.saturating_add(1).max(TOLERATED_FAILURES);
        Self { until: now.saturating_add(pause).as_secs(), failures }
    }

    /// True when nothing is wrong.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.failures == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_secs(seconds)
    }

    fn open(now: u64) -> Circuit {
        (0..TOLERATED_FAILURES).fold(Circuit::default(), |circuit, _| circuit.failed(at(now), PAUSE))
    }

    #[test]
    fn one_may_try_when_the_pause_is_over() {
        let once = Circuit::default().failed(at(100), PAUSE);
        assert_eq!((once.passage(at(100), PAUSE), once.is_closed()), (Passage::Closed, false));
        let open = open(100);
        assert_eq!(open.passage(at(129), PAUSE), Passage::Open(at(130)));
        let Passage::Probe(probing) = open.passage(at(130), Duration::from_secs(5)) else { panic!() };
        assert_eq!(probing.passage(at(135), PAUSE), Passage::Open(at(136)), "others wait");
        assert!(matches!(probing.passage(at(136), PAUSE), Passage::Probe(_)), "the probe never came back");
        assert_eq!(Circuit::decode(Some(&open.encode())), open);
        assert_eq!(Circuit::default().refused(at(10), PAUSE).passage(at(39), PAUSE), Passage::Open(at(40)));
    }

    #[test]
    fn the_pause_grows_and_has_an_end() {
        let mut circuit = Circuit::default();
        let mut pauses = Vec::new();
        for _ in 0..10 {
            circuit = circuit.failed(at(0), PAUSE);
            pauses.push(circuit.until);
        }
        assert_eq!(pauses, [0, 0, 30, 60, 120, 240, 480, 960, 960, 960]);
        let for_ever = Circuit { until: u64::MAX, failures: u32::MAX }.failed(at(u64::MAX), PAUSE);
        assert_eq!(for_ever.failures, u32::MAX);
    }

    #[test]
    fn what_others_wrote_is_no_failure() {
        for stored in
            [None, Some(&b""[..]), Some(b"{}"), Some(b"\xff"), Some(br#"{"until":9,"failures":-1}"#)]
        {
            assert!(Circuit::decode(stored).is_closed());
        }
    }
}
