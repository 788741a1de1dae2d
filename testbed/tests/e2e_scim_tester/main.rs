//! scim2-tester, which somebody else wrote, asks the SCIM gateway in a real Envoy what a service must do, for every kind of
//! application behind it; and what groups that become organizations do there.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod organizations;
mod stage;
mod targets;

use serde_json::json;
use stage::Stage;
use testbed::jira::Store;
use testbed::scim_server::{Program, ScimServer, TOKEN as THEIRS};
use testbed::scim_tester::Report;

/// Green, and by as many checks as this application should be asked: a report that checks nothing finds nothing wrong.
fn is_green(report: &Report, checks: usize, stage: &Stage) {
    if !report.failed.is_empty() {
        stage.scene.show_logs();
        panic!("{report}");
    }
    assert_eq!(report.passed, checks, "what is asked has changed: {:#?}", report.titles);
}

#[test]
fn scim2_tester_finds_nothing_wrong_with_people_and_groups_of_jira() {
    let groups = json!({ "scim_gateway": { "groups_become": "GROUPS" } });
    let stage = Stage::keeping("groups", Store::demo(), &[&groups]);
    is_green(&stage.judged(), 127, &stage);
    stage.until("nothing is left to do", || stage.nothing_left());
    assert!(stage.scene.jira_calls().iter().any(|call| call.starts_with("POST /rest/api/2/user 201")));
}

#[test]
fn scim2_tester_finds_nothing_wrong_with_what_passes_to_another_service() {
    let service = ScimServer::start(Program::Scim2Server).unwrap();
    let stage = Stage::passing("pass", service.address(), THEIRS);
    is_green(&stage.judged(), 131, &stage);
}
