//! Groups that become organizations of customers.

use serde_json::{Value, json};
use testbed::jira::Store;
use testbed::jira_cloud::{Site, TOKEN};
use testbed::scene::SceneOptions;
use testbed::stand_in::StandIn;

use super::is_green;
use super::stage::Stage;

/// Jira Service Management with a service desk, and the organization `Taken` that somebody made by hand.
fn data_center() -> Stage {
    let mut store = Store::demo();
    store.add_organization("Taken");
    store.add_service_desk("HELP", "Help");
    let patch = json!({
        "scim_gateway": {
            "groups_become": "ORGANIZATIONS", "on_name_conflict": "SYNC", "on_delete": "DELETE",
        },
        "provisioning": {
            "jira_dc": null,
            "jsm_dc": { "cluster": "jira_api", "authority": "jira.internal", "timeout": "5s" },
            "customers": { "service_desks": ["1"] },
        },
    });
    Stage::keeping("organizations", store, &[&patch])
}

#[test]
fn j10_j13_j22_j23_j24_j25_j26_j27_groups_are_organizations_and_scim2_tester_finds_nothing_wrong() {
    let stage = data_center();
    let jira = || stage.scene.jira.store();
    let (ann, bob) = (stage.user("ann"), stage.user("bob"));

    // J23, J10: an organization of that name with its people, who reach the service desk by it, and have no licence.
    let acme = stage.group("Acme", &[&ann, &bob]);
    assert_eq!(
        (jira().organizations_of("ann"), jira().organizations_of("bob")),
        (vec!["Acme".to_owned()], vec!["Acme".to_owned()])
    );
    assert_eq!(jira().organizations_at("HELP"), ["Acme"]);
    assert!(jira().groups_of("ann").is_empty(), "{:?}", jira().groups_of("ann"));
    let refused = stage.expect(&stage.post("/Groups", &json!({ "displayName": "ACME" })), 409);
    assert_eq!(refused["scimType"], "uniqueness");

    // J27: who lost and who gained access is in the audit trail, with ids only.
    let remove = json!([{ "op": "remove", "path": "members", "value": [{ "value": bob }] }]);
    stage.expect(&stage.patch(&format!("/Groups/{acme}"), &remove), 204);
    assert!(jira().organizations_of("bob").is_empty());
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": bob }] }]);
    stage.expect(&stage.patch(&format!("/Groups/{acme}"), &add), 204);
    assert_eq!(jira().organizations_of("bob"), ["Acme"]);
    stage.until("the log is written", || stage.audit("access_changed").len() >= 3);
    let told: Vec<Value> = stage.audit("access_changed");
    for (event, gained, lost) in [(&told[0], "2", "0"), (&told[1], "0", "1"), (&told[2], "1", "0")] {
        assert_eq!((&event["gained"], &event["lost"]), (&json!(gained), &json!(lost)), "{told:?}");
        assert_eq!((&event["group"], &event["service_desks"]), (&json!(acme), &json!("1")));
    }

    // J24: Data Center cannot rename organizations, and says so before anything is written; nor onto a name that is taken.
    let other = stage.group("Other", &[]);
    for (name, status, kind) in [("Acme Inc.", 400, "mutability"), ("Other", 409, "uniqueness")] {
        let rename = json!([{ "op": "replace", "path": "displayName", "value": name }]);
        let refused = stage.expect(&stage.patch(&format!("/Groups/{acme}"), &rename), status);
        assert_eq!(refused["scimType"], kind);
    }
    let shown = stage.expect(&stage.get(&format!("/Groups/{acme}")), 200);
    assert_eq!((&shown["displayName"], shown["members"].as_array().map(Vec::len)), (&json!("Acme"), Some(2)));
    let schema = stage.expect(&stage.get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group"), 200);
    assert_eq!(
        (&schema["attributes"][0]["name"], &schema["attributes"][0]["mutability"]),
        (&json!("displayName"), &json!("immutable"))
    );

    // J13, J26: an organization that is there already is taken over, and linked.
    let taken = stage.group("Taken", &[&ann]);
    assert_eq!(jira().organizations(), ["Taken", "Acme", "Other"]);
    assert_eq!(jira().organizations_of("ann"), ["Taken", "Acme"]);

    // J25: the organization goes with its group, and its people stay customers.
    stage.expect(&stage.delete(&format!("/Groups/{acme}")), 204);
    stage.until("the organization is gone", || jira().organizations() == ["Taken", "Other"]);
    assert_eq!((jira().is_active("bob"), jira().organizations_of("bob").len()), (Some(true), 0));

    // J22: out of the organizations first, then deleted.
    stage.expect(&stage.delete(&format!("/Users/{ann}")), 204);
    stage.until("the account is gone", || !jira().has_user("ann"));
    let calls = stage.scene.jira_calls();
    let at = |text: &str| calls.iter().rposition(|call| call.starts_with("DELETE ") && call.contains(text));
    assert!(at("/organization/") < at("/rest/api/2/user?"), "{calls:?}");
    assert_eq!(stage.get(&format!("/Users/{ann}")).status, 404);
    let shown = stage.expect(&stage.get(&format!("/Groups/{taken}")), 200);
    assert_eq!(shown.get("members"), None, "{shown}");

    // Whoever has no e-mail address could not become a customer; asking again would change nothing.
    let nameless = stage.expect(&stage.post("/Users", &json!({ "userName": "carl" })), 400);
    assert_eq!(nameless["scimType"], "invalidValue");
    stage.expect(&stage.delete(&format!("/Groups/{other}")), 204);

    is_green(&stage.judged(), 126, &stage);
    stage.until("nothing is left to do", || stage.nothing_left());
    assert_eq!(jira().organizations(), ["Taken"]);
}

#[test]
fn j13_j19_j23_j26_an_organization_of_somebody_else_and_an_address_of_the_persons_own_are_left_alone() {
    let site = StandIn::new(Site::demo());
    site.change(|site| {
        site.add_organization("Taken");
    });
    let patch = json!({
        "scim_gateway": {
            "groups_become": "ORGANIZATIONS", "on_name_conflict": "DO_NOT_SYNC", "on_delete": "DELETE",
        },
        "provisioning": {
            "jira_dc": null,
            "jira_cloud": { "cluster": "jira_api", "authority": "site.atlassian.net", "timeout": "5s" },
            "customers": { "service_desks": ["1"] },
        },
    });
    let options =
        SceneOptions::new().api(site.router()).environment("JIRA_AUTHORIZATION", &format!("Bearer {TOKEN}"));
    let stage = Stage::keeping_for("cloud", options, &[&patch]);
    let of = |name: &str| {
        let site = site.state();
        let id = site.accounts_of(&format!("{name}@example.test")).pop();
        id.map(|id| site.organizations_of(&id)).unwrap_or_default()
    };
    let ann = stage.user("ann");
    stage.group("Acme", &[&ann]);
    assert_eq!(
        (of("ann"), site.state().organizations_at("HELP")),
        (vec!["Acme".to_owned()], vec!["Acme".to_owned()])
    );

    // J13, J23, J26: the group is kept here, and nobody is put there.
    let taken = stage.group("Taken", &[&ann]);
    stage.until("nothing is left to do", || stage.nothing_left());
    let shown = stage.expect(&stage.get(&format!("/Groups/{taken}")), 200);
    assert_eq!(shown["members"][0]["value"], json!(ann));
    assert_eq!(of("ann"), ["Acme"]);
    stage.expect(&stage.delete(&format!("/Groups/{taken}")), 204);
    stage.until("nothing is left to do", || stage.nothing_left());
    assert!(site.state().organization_names().contains(&"Taken".to_owned()), "it was somebody else's");

    // J19: refused before the application is asked for anything.
    drop(site.take_calls());
    let schema = stage.expect(&stage.get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:User"), 200);
    let emails = schema["attributes"].as_array().unwrap().iter().find(|one| one["name"] == "emails");
    assert_eq!(emails.unwrap()["mutability"], "immutable");
    for operation in [
        json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "new@example.test" }),
        json!({ "op": "remove", "path": "emails" }),
    ] {
        let refused = stage.expect(&stage.patch(&format!("/Users/{ann}"), &json!([operation])), 400);
        assert_eq!(refused["scimType"], "mutability");
    }
    assert!(site.calls().is_empty(), "{:?}", site.calls());
    let shown = stage.expect(&stage.get(&format!("/Users/{ann}")), 200);
    assert_eq!(shown["emails"][0]["value"], "ann@example.test");
}
