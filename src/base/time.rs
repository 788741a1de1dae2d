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

/// Parses an `xs:duration` (XML Schema 2 3.2.6) that is not negative: `PT1H30M`, `P1DT12H`. A year counts 365 days and a
/// month 30, fractions of a second are dropped.
///
/// `None` for any other shape.
#[must_use]
pub fn parse_xs_duration(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        // A `T` with nothing behind it is none.
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None if rest.is_empty() => return None,
        None => (rest, ""),
    };
    let days = sum_of(date, &[('Y', 365 * 86_400), ('M', 30 * 86_400), ('D', 86_400)])?;
    let seconds = sum_of(time, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    Some(Duration::from_secs(days.saturating_add(seconds)))
}

/// The seconds of numbers that are followed by one of `units`, each at most once and in this order.
fn sum_of(mut text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut sum = 0_u64;
    for (unit, seconds) in units {
        let Some((number, rest)) = text.split_once(*unit) else { continue };
        let whole = match number.split_once('.') {
            Some((whole, fraction)) if *unit == 'S' && is_number(fraction) => whole,
            _ => number,
        };
        if !is_number(whole) {
            return None;
        }
        // More digits than fit are a very long time.
        let count: u64 = whole.parse().unwrap_or(u64::MAX);
        sum = sum.saturating_add(count.saturating_mul(*seconds));
        text = rest;
    }
    text.is_empty().then_some(sum)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
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
    fn xs_duration_is_read_as_the_schema_says_or_not_at_all() {
        for (text, seconds) in [
            ("PT0S", 0),
            ("PT6H", 21_600),
            ("PT1M", 60),
            ("P1M", 30 * 86_400),
            ("P1D", 86_400),
            ("P1DT12H", 129_600),
            ("PT1H30M", 5_400),
            ("PT1.5S", 1),
            ("P1Y2M3DT4H5M6S", 365 * 86_400 + 60 * 86_400 + 3 * 86_400 + 4 * 3_600 + 5 * 60 + 6),
            ("PT99999999999999999999999H", u64::MAX),
        ] {
            assert_eq!(parse_xs_duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "P",
            "PT",
            "P1",
            "1D",
            "P1DT",
            "-P1D",
            "P-1D",
            "P+1D",
            "P1H",
            "PT1D",
            "PT1M1H",
            "P1D1D",
            "PT1.5H",
            "PT1.S",
            "PT.5S",
            "PT1S ",
            " PT1S",
            "PT1s",
            "pt1S",
            "PTS",
            "P1D2",
            "PT1H2",
            "PT1S2",
            "P1TT1H",
            "P\u{663}D",
        ] {
            assert_eq!(parse_xs_duration(text), None, "{text}");
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
