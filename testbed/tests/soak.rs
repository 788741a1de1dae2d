//! A small soak run; `cargo xtask soak` makes a long one.

use testbed::soak::{Options, run};

#[test]
fn whatever_happens_nothing_is_written_that_nobody_asked_for_and_a_clean_pass_heals() {
    let options = Options { sign_ins: 150, people: 20, seed: 20_260_101 };
    let report = run(options, &mut |_, _| {}).unwrap();
    assert_eq!(report.people, 20);
    // It would prove nothing if nothing had gone wrong.
    assert!(report.faults > 20 && report.writes > 100 && report.abandoned > 0, "{report}");
    let counted = |name: &str| report.counted.get(name).copied().unwrap_or_default();
    assert!(counted("refused.target_unreachable") > 0 && counted("background_done") > 0, "{report}");
    // The queue was read until the end.
    assert!(counted("background_dropped.job_dropped") < counted("background_done"), "{report}");
}
