//! Instants, skews and durations are no numbers.

use samlgate::base::{ClockSkew, UnixTime};

fn expires(now: UnixTime, skew: ClockSkew) -> bool {
    let _ = skew.has_ended(1_767_323_045, now);
    let _ = now.saturating_add(300);
    let _ = ClockSkew::new(60);
    now > 1_767_323_045
}

fn main() {}
