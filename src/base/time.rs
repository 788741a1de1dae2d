//! Points in time and the tolerance between two clocks.

use core::fmt;
use core::time::Duration;

/// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// SAML instants have a resolution of seconds or finer (core 1.3.3); fractions are dropped, which is below any
/// skew that an operator can configure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct UnixTime(u64);

impl UnixTime {
    /// The instant `seconds` after the epoch.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Whole seconds since the epoch.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// This instant moved later; stays at the end of time instead of wrapping.
    #[must_use]
    pub const fn saturating_add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(by.as_secs()))
    }

    /// This instant moved earlier; stays at the epoch instead of wrapping.
    #[must_use]
    pub const fn saturating_sub(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(by.as_secs()))
    }

    /// The time from `earlier` to this instant, zero when `earlier` is later.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }

    /// Parses an `xs:dateTime` in UTC as SAML demands it (core 1.3.3): `2026-01-02T03:04:05Z`, fraction allowed.
    ///
    /// `None` for any other shape, an offset other than `Z`, or an instant before the epoch.
    #[must_use]
    pub fn parse_xs_date_time(text: &str) -> Option<Self> {
        // RFC 3339 takes `t` and `z` too, XML Schema 2 3.2.7 does not.
        if !text.ends_with('Z') || text.as_bytes().get(10) != Some(&b'T') {
            return None;
        }
        let parsed =
            ::time::OffsetDateTime::parse(text, &::time::format_description::well_known::Rfc3339).ok()?;
        u64::try_from(parsed.unix_timestamp()).ok().map(Self)
    }

    /// Renders as `2026-01-02T03:04:05Z`, the form of every instant we send.
    #[must_use]
    pub fn to_xs_date_time(self) -> String {
        i64::try_from(self.0)
            .ok()
            .and_then(|seconds| ::time::OffsetDateTime::from_unix_timestamp(seconds).ok())
            .and_then(|at| at.format(&::time::format_description::well_known::Rfc3339).ok())
            .unwrap_or_else(|| String::from("9999-12-31T23:59:59Z"))
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_xs_date_time())
    }
}

/// How far the IdP's clock and ours may disagree, applied to both ends of every window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSkew(Duration);

impl ClockSkew {
    /// The most that can be configured: Entra documents differences of up to five minutes.
    pub const MAX: Duration = Duration::from_secs(300);

    /// A tolerance of `skew`, or `None` above [`ClockSkew::MAX`].
    #[must_use]
    pub fn new(skew: Duration) -> Option<Self> {
        (skew <= Self::MAX).then_some(Self(skew))
    }

    /// The tolerance as a duration.
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        self.0
    }

    /// `NotBefore` (core 2.5.1): has `instant` come, given the tolerance?
    #[must_use]
    pub fn has_begun(self, instant: UnixTime, now: UnixTime) -> bool {
        instant <= now.saturating_add(self.0)
    }

    /// `NotOnOrAfter` (core 2.5.1): has `instant` passed, given the tolerance?
    #[must_use]
    pub fn has_ended(self, instant: UnixTime, now: UnixTime) -> bool {
        now >= instant.saturating_add(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xs_date_time_is_utc_or_refused() {
        let at = UnixTime::parse_xs_date_time("2026-01-02T03:04:05Z").unwrap();
        assert_eq!(at.to_xs_date_time(), "2026-01-02T03:04:05Z");
        assert_eq!(UnixTime::parse_xs_date_time("2026-01-02T03:04:05.987Z"), Some(at));
        for wrong in [
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05+00:00",
            "2026-01-02t03:04:05Z",
            "2026-01-02T03:04:05z",
            "2026-13-02T03:04:05Z",
            "1969-12-31T23:59:59Z",
            "Z",
            "",
        ] {
            assert_eq!(UnixTime::parse_xs_date_time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn skew_moves_both_edges_by_the_same_second() {
        let skew = ClockSkew::new(Duration::from_secs(60)).unwrap();
        let edge = UnixTime::from_secs(1_000);
        assert!(!skew.has_begun(edge, UnixTime::from_secs(939)));
        assert!(skew.has_begun(edge, UnixTime::from_secs(940)));
        assert!(!skew.has_ended(edge, UnixTime::from_secs(1_059)));
        assert!(skew.has_ended(edge, UnixTime::from_secs(1_060)));
        assert_eq!(ClockSkew::new(Duration::from_secs(301)), None);
    }
}
