//! How often and for how long something is tried.

use core::time::Duration;

use crate::base::{Code, UnixTime};

/// The wait after the first failure: longer than a connection that was reset, shorter than a person's coffee.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// The longest wait between two tries: an application that is restarted is back within five minutes of being ready.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Tries of one job. With the waits above they are spread over 20 minutes.
const MAX_TRIES: u32 = 10;

/// A job that is older rests on an assertion that says too little about today. A working person signs in again sooner.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// What a failure means for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Try again then.
    At(UnixTime),
    /// Never.
    GiveUp(&'static str),
}

/// Says what becomes of a job that signed in at `since` and failed with `code` at its try number `tries`, from 1.
pub(super) fn next(code: Code, tries: u32, since: UnixTime, now: UnixTime) -> Next {
    if !is_worth_a_retry(code) {
        return Next::GiveUp("trying again does not help");
    }
    if tries >= MAX_TRIES {
        return Next::GiveUp("it was tried often enough");
    }
    let at = now.saturating_add(wait_after(tries));
    if is_too_old(since, at) {
        return Next::GiveUp("it is too old");
    }
    Next::At(at)
}

/// Is a job that signed in at `since` too old to be started?
pub(super) fn is_too_old(since: UnixTime, now: UnixTime) -> bool {
    now.saturating_since(since) > MAX_AGE
}

/// Only what can pass by itself. Who was refused by a rule, a guardrail or a read-only directory will be refused again,
/// and a credential that is refused must not be tried until it is locked out.
pub(in crate::flow) const fn is_worth_a_retry(code: Code) -> bool {
    matches!(
        code,
        Code::TargetUnreachable
            | Code::TargetRefused
            | Code::TargetThrottled
            | Code::TargetAnswerMalformed
            | Code::CircuitOpen
    )
}

fn wait_after(tries: u32) -> Duration {
    let doublings = tries.saturating_sub(1).min(16);
    FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(1_000_000);

    fn wait(code: Code, tries: u32) -> Option<u64> {
        match next(code, tries, NOW, NOW) {
            Next::At(at) => Some(at.saturating_since(NOW).as_secs()),
            Next::GiveUp(_) => None,
        }
    }

    #[test]
    fn waits_double_up_to_five_minutes_and_end() {
        let waits: Vec<_> = (1..=11).map(|tries| wait(Code::TargetUnreachable, tries)).collect();
        let seconds = [5, 10, 20, 40, 80, 160, 300, 300, 300].map(Some);
        assert_eq!(waits.get(..9), Some(&seconds[..]));
        assert_eq!(waits.get(9..), Some(&[None, None][..]));
        // Whatever the count says.
        assert_eq!(wait(Code::TargetUnreachable, u32::MAX), None);
        assert_eq!(wait_after(u32::MAX), LONGEST_WAIT);
        assert_eq!(wait_after(0), FIRST_WAIT);
    }

    #[test]
    fn what_does_not_pass_by_itself_is_not_tried_again() {
        let retried: Vec<_> = Code::ALL.iter().filter(|code| wait(**code, 1).is_some()).collect();
        let expected = [
            Code::TargetUnreachable,
            Code::TargetRefused,
            Code::TargetThrottled,
            Code::TargetAnswerMalformed,
            Code::CircuitOpen,
        ];
        assert_eq!(retried, expected.iter().collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_tried_after_an_hour() {
        let then =
            |seconds| next(Code::TargetUnreachable, 7, NOW, NOW.saturating_add(Duration::from_secs(seconds)));
        assert!(matches!(then(3_300), Next::At(_)));
        assert_eq!(then(3_301), Next::GiveUp("it is too old"));
        // A clock that went back makes nothing older.
        assert!(matches!(next(Code::TargetUnreachable, 1, NOW, UnixTime::from_secs(5)), Next::At(_)));
    }
}
