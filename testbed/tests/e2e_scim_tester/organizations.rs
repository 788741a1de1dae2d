//! Groups that become organizations of customers.

use serde_json::{Value, json};
use testbed::jira::Store;

use super::stage::Stage;

/// Jira Service Management with a service desk, and the organization `Taken` that somebody made by hand.
pub fn stage(test: &str, patch: &Value) -> Stage {
    let mut store = Store::demo();
    store.add_organization("Taken");
    store.add_service_desk("HELP", "Help");
    let all = json!({
        "scim_gateway": { "groups_become": "ORGANIZATIONS" },
        "provisioning": {
            "jira_dc": null,
            "jsm_dc": { "cluster": "jira_api", "authority": "jira.internal", "timeout": "5s" },
            "customers": { "service_desks": ["1"] },
        },
    });
    Stage::keeping(test, store, &[&all, patch])
}
