//! Each limit in time, on both sides, to the second.

use samlgate::base::Code;

use super::corpus::Delivery;
use super::{Attack, Class, Expect, Threat};
use crate::idp::{Signed, Tamper};

/// `idp.clock_skew` unless it is configured.
const SKEW: i64 = 60;
/// `web_sso::MAX_AGE`.
const MAX_AGE: i64 = 3600;
/// `session.pending_request_timeout` unless it is configured.
const PENDING: u64 = 600;

static WINDOW: Threat = Threat {
    class: Class::Clock,
    attack: "an answer before or after its time",
    source: "CVE-2026-41577 authentik; SAML core 2.5.1.2; profiles 4.1.4.2 and 4.1.4.3",
    answer: "`ClockSkew::has_begun` and `has_ended` are the only comparisons; both ends of every window are demanded or checked",
};

static AGE: Threat = Threat {
    class: Class::Clock,
    attack: "an answer that was issued long ago, or will be",
    source: "SAML core 2.3.3 and 3.2.2; CVE-2026-41577 authentik",
    answer: "`web_sso::check_issue_instant`: at most an hour old, whatever the identity provider allows",
};

static SPELLING: Threat = Threat {
    class: Class::Clock,
    attack: "an instant that two readers read differently",
    source: "SAML core 1.3.3; CVE-2018-6519 simplesamlphp/saml2 (a regular expression for instants)",
    answer: "`UnixTime::parse_xs_date_time`: UTC with `Z`, RFC 3339, nothing else",
};

static PENDING_LIFE: Threat = Threat {
    class: Class::Clock,
    attack: "an answer to a sign-in that was begun long ago",
    source: "RFC 6265 leaves the life of a cookie to the browser",
    answer: "`session::pending_request::open`: the sealed record has an end of its own",
};

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = windows();
    attacks.extend(ages());
    attacks.extend(spellings());
    attacks
}

fn windows() -> Vec<Attack> {
    let in_time = Expect::SameIdentity;
    let conditions = |name: &str, expect: Expect, begin: i64, end: i64| {
        WINDOW.issue(name, expect, move |o| {
            o.not_before = begin;
            o.not_on_or_after = end;
            o.confirmation_not_on_or_after = Some(300);
        })
    };
    let confirmed = |name: &str, expect: Expect, end: i64| {
        WINDOW.issue(name, expect, move |o| o.confirmation_not_on_or_after = Some(end))
    };
    let session = |name: &str, expect: Expect, end: i64| {
        WINDOW.issue(name, expect, move |o| o.session_not_on_or_after = Some(end))
    };
    let late = Expect::Refused(Code::AssertionExpired);
    vec![
        conditions("not-before-at-the-skew", in_time, SKEW, 300),
        conditions(
            "not-before-a-second-beyond-the-skew",
            Expect::Refused(Code::AssertionNotYetValid),
            SKEW + 1,
            300,
        ),
        conditions("not-before-an-hour", Expect::Refused(Code::AssertionNotYetValid), 3600, 7200).any_clock(),
        conditions("end-now", in_time, -300, 0),
        conditions("end-a-second-within-the-skew", in_time, -300, 1 - SKEW),
        conditions("end-at-the-skew", late, -300, -SKEW),
        conditions("end-a-second-beyond-the-skew", late, -300, -SKEW - 1),
        conditions("end-an-hour-ago", late, -7200, -3600).any_clock(),
        conditions("end-at-the-skew-response-signed", late, -300, -SKEW).on(Signed::Response),
        confirmed("confirmation-end-a-second-within-the-skew", in_time, 1 - SKEW),
        confirmed("confirmation-end-at-the-skew", Expect::Refused(Code::ConfirmationExpired), -SKEW),
        confirmed("confirmation-end-an-hour-ago", Expect::Refused(Code::ConfirmationExpired), -3600)
            .any_clock(),
        session("session-end-in-a-second", in_time, 1),
        // No session of ours can begin behind its own end, whatever the skew.
        session("session-end-now", Expect::Refused(Code::IdpSessionExpired), 0),
        session("session-end-a-second-within-the-skew", Expect::Refused(Code::IdpSessionExpired), 1 - SKEW),
        session("session-end-at-the-skew", Expect::Refused(Code::IdpSessionExpired), -SKEW),
        session("session-end-an-hour-ago", Expect::Refused(Code::IdpSessionExpired), -3600).any_clock(),
        WINDOW.deliver(
            "posted-a-second-before-the-pending-request-ends",
            in_time,
            Delivery::Late(PENDING - 1),
        ),
        PENDING_LIFE.deliver(
            "posted-when-the-pending-request-ends",
            Code::PendingRequestExpired,
            Delivery::Late(PENDING),
        ),
        PENDING_LIFE.deliver(
            "posted-a-second-after-the-pending-request",
            Code::PendingRequestExpired,
            Delivery::Late(PENDING + 1),
        ),
        PENDING_LIFE.deliver("posted-a-day-late", Code::PendingRequestExpired, Delivery::Late(86_400)),
    ]
}

fn ages() -> Vec<Attack> {
    let implausible = Expect::Refused(Code::IssueInstantImplausible);
    // The clock of the identity provider, with a window that suits us all the same.
    let issued = |name: &str, expect: Expect, offset: i64| {
        AGE.issue(name, expect, move |o| {
            o.now = o.now.saturating_add_signed(offset);
            o.not_before = -offset - 5;
            o.not_on_or_after = 300 - offset;
        })
    };
    vec![
        issued("issued-at-the-skew", Expect::SameIdentity, SKEW),
        issued("issued-a-second-beyond-the-skew", implausible, SKEW + 1),
        issued("issued-tomorrow", implausible, 86_400).any_clock(),
        issued("issued-a-second-within-the-hour", Expect::SameIdentity, 1 - MAX_AGE - SKEW),
        issued("issued-an-hour-and-the-skew-ago", implausible, -MAX_AGE - SKEW),
        issued("issued-yesterday", implausible, -86_400).any_clock(),
        issued("issued-an-hour-and-the-skew-ago-response-signed", implausible, -MAX_AGE - SKEW)
            .on(Signed::Response),
    ]
}

fn spellings() -> Vec<Attack> {
    let end = |name: &str, instant: &'static str| {
        SPELLING
            .issue(name, Code::InstantMalformed, move |o| {
                o.compose.push(Tamper::new(
                    "<saml:Conditions ",
                    &format!("<saml:Conditions NotOnOrAfter=\"{instant}\" x"),
                ));
                o.compose.push(Tamper::new("xNotBefore=", "X="));
                o.compose.push(Tamper::new("\" NotOnOrAfter=\"", "\" Y=\""));
            })
            .any_clock()
    };
    vec![
        end("instant-with-an-offset", "2099-01-01T00:00:00+01:00"),
        end("instant-without-a-zone", "2099-01-01T00:00:00"),
        end("instant-without-a-time", "2099-01-01"),
        end("instant-with-a-space", "2099-01-01 00:00:00"),
        end("instant-padded", " 2099-01-01T00:00:00Z"),
        end("instant-with-five-digits", "12099-01-01T00:00:00Z"),
        end("instant-before-christ", "-2099-01-01T00:00:00Z"),
        end("instant-in-month-13", "2099-13-01T00:00:00Z"),
        end("instant-in-hour-24", "2099-01-01T24:00:01Z"),
        end("instant-a-number", "4070908800"),
        end("instant-in-words", "tomorrow"),
        end("instant-empty", ""),
    ]
}
