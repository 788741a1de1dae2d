//! Every application that the gateway can bring people to. Where a product cannot do something, `/Schemas` says so, and the
//! tester does not ask for it: hence the numbers of checks, which differ.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testbed::atlassian_scim::{AtlassianScim, DIRECTORY, KEY, Profile};
use testbed::bitbucket::{self, Bitbucket};
use testbed::confluence::{self, Confluence};
use testbed::crowd::{self, Crowd};
use testbed::jira_cloud::{self, Site};
use testbed::scene::SceneOptions;
use testbed::scim_server::{Program, Relay, ScimServer, TOKEN};
use testbed::stand_in::{Api, StandIn};

use super::is_green;
use super::stage::Stage;

/// An application, and what to expect of it.
struct Case<'a> {
    name: &'static str,
    authorization: &'a str,
    /// Merged into the whole configuration.
    patch: Value,
    checks: usize,
    /// How calls begin that make an account, and that end one.
    makes: &'static str,
    ends: &'static str,
}

fn judge<A: Api>(application: &StandIn<A>, case: &Case<'_>) {
    let options = SceneOptions::new()
        .concurrency(1)
        .api(application.router())
        .environment("JIRA_AUTHORIZATION", case.authorization)
        .patch(json!({ "provisioning": { "jira_dc": null } }));
    let stage = Stage::keeping_for(case.name, options, &[&case.patch]);
    is_green(&stage.judged(), case.checks, &stage);
    stage.until("nothing is left to do", || stage.nothing_left());
    let calls = application.calls();
    let done = |begins: &str| {
        let is = |call: &&testbed::stand_in::Call| {
            matches!(call.status, 200 | 201 | 202 | 204) && call.line().starts_with(begins)
        };
        calls.iter().filter(is).count()
    };
    let (made, ended) = (done(case.makes), done(case.ends));
    let shown = || calls.iter().map(testbed::stand_in::Call::line).collect::<Vec<_>>().join("\n");
    // The tester makes people for each of its questions, and takes all of them away again.
    assert!(made >= 10, "{made} made\n{}", shown());
    assert!(ended >= made, "{made} made, {ended} ended\n{}", shown());
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[test]
fn scim2_tester_finds_nothing_wrong_with_crowd() {
    let crowd = StandIn::below(crowd::CONTEXT_PATH, Crowd::demo());
    let pair = STANDARD.encode(format!("{}:{}", crowd::APPLICATION, crowd::PASSWORD));
    judge(
        &crowd,
        &Case {
            name: "crowd",
            authorization: &format!("Basic {pair}"),
            patch: json!({
                "scim_gateway": { "on_delete": "DELETE" },
                "provisioning": { "crowd": {
                    "cluster": "jira_api", "authority": "crowd.internal", "path_prefix": crowd::CONTEXT_PATH, "timeout": "5s",
                } },
            }),
            checks: 129,
            makes: "POST /crowd/rest/usermanagement/1/user 201",
            ends: "DELETE /crowd/rest/usermanagement/1/user?",
        },
    );
}

#[test]
fn scim2_tester_finds_nothing_wrong_with_confluence() {
    judge(
        &StandIn::new(Confluence::demo()),
        &Case {
            name: "confluence",
            authorization: &bearer(confluence::TOKEN),
            patch: json!({ "provisioning": { "confluence_dc": {
            "cluster": "jira_api", "authority": "confluence.internal", "timeout": "5s",
        } } }),
            checks: 126,
            makes: "POST /rest/api/admin/user",
            ends: "PUT /rest/api/admin/user/",
        },
    );
}

#[test]
fn scim2_tester_finds_nothing_wrong_with_bitbucket() {
    judge(
        &StandIn::new(Bitbucket::demo()),
        &Case {
            name: "bitbucket",
            authorization: &bearer(bitbucket::TOKEN),
            patch: json!({
                "scim_gateway": { "on_delete": "DELETE" },
                "provisioning": { "bitbucket_dc": {
                    "cluster": "jira_api", "authority": "bitbucket.internal", "timeout": "5s",
                } },
            }),
            checks: 127,
            makes: "POST /rest/api/latest/admin/users?name=",
            ends: "DELETE /rest/api/latest/admin/users?name=",
        },
    );
}

#[test]
fn scim2_tester_finds_nothing_wrong_with_jira_cloud() {
    judge(
        &StandIn::new(Site::demo()),
        &Case {
            name: "jira-cloud",
            authorization: &bearer(jira_cloud::TOKEN),
            patch: json!({
                "scim_gateway": { "on_delete": "DELETE" },
                "provisioning": { "jira_cloud": {
                    "cluster": "jira_api", "authority": "site.atlassian.net", "timeout": "5s",
                } },
            }),
            checks: 126,
            makes: "POST /rest/api/3/user",
            ends: "DELETE /rest/api/3/user?",
        },
    );
}

#[test]
fn scim2_tester_finds_nothing_wrong_with_organizations_of_jira_cloud() {
    judge(
        &StandIn::new(Site::demo()),
        &Case {
            name: "jira-cloud-organizations",
            authorization: &bearer(jira_cloud::TOKEN),
            patch: json!({
                "scim_gateway": { "groups_become": "ORGANIZATIONS", "on_delete": "DELETE" },
                "provisioning": {
                    "jira_cloud": { "cluster": "jira_api", "authority": "site.atlassian.net", "timeout": "5s" },
                    "customers": { "service_desks": ["1"] },
                },
            }),
            checks: 125,
            makes: "POST /rest/servicedeskapi/customer",
            ends: "DELETE /rest/api/3/user?",
        },
    );
}

#[test]
fn scim2_tester_finds_nothing_wrong_with_people_of_another_scim_service() {
    let server = ScimServer::start(Program::Scim2Server).unwrap();
    judge(
        &StandIn::new(Relay::new(&server)),
        &Case {
            name: "scim",
            authorization: &bearer(TOKEN),
            patch: json!({
                "scim_gateway": { "on_delete": "DELETE" },
                "provisioning": { "scim": {
                    "cluster": "jira_api", "authority": "scim.example.com", "path_prefix": "/v2", "timeout": "5s",
                } },
            }),
            checks: 129,
            makes: "POST /v2/Users",
            ends: "DELETE /v2/Users/",
        },
    );
}

fn atlassian(name: &'static str, profile: Profile, directory: &str, checks: usize) {
    judge(
        &StandIn::new(AtlassianScim::new(profile)),
        &Case {
            name,
            authorization: &bearer(KEY),
            patch: json!({ "provisioning": { "atlassian_scim": {
            "cluster": "jira_api", "authority": "api.atlassian.com", "timeout": "5s",
            "path_prefix": format!("/scim/directory/{DIRECTORY}"), "directory": directory,
        } } }),
            checks,
            makes: "POST /scim/directory/4f2d/Users",
            ends: "PATCH /scim/directory/4f2d/Users/",
        },
    );
}

#[test]
fn scim2_tester_finds_nothing_wrong_with_managed_users_of_atlassian() {
    atlassian("atlassian-managed", Profile::ManagedUsers, "MANAGED_USERS", 126);
}

#[test]
fn scim2_tester_finds_nothing_wrong_with_customers_in_a_directory_of_atlassian() {
    atlassian("atlassian-customers", Profile::JsmCustomers, "JSM_CUSTOMERS", 125);
}
