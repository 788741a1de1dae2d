//! scim2-tester asks our protocol what a service must do. `e2e_scim_tester.rs` has it ask the gateway.

use testbed::scim_keeper::ScimKeeper;
use testbed::scim_tester::checked;

#[test]
fn scim2_tester_finds_nothing_wrong_with_the_protocol() {
    let keeper = ScimKeeper::start().unwrap();
    let report = checked(&keeper.base(), "any").unwrap();
    assert!(report.failed.is_empty(), "{report}");
    assert!(report.passed >= 120, "only {} checks: does the service describe itself?", report.passed);
}
