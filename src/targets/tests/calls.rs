//! Which call each application gets.

use crate::provision::{Capabilities, Directory, OperationKind};
use crate::targets::TargetError;

use super::*;

/// What is sent for `operation`, or why nothing is.
fn shown(application: &dyn Application, operation: &Operation, remote: &RemoteState) -> String {
    match prepare(application, operation, remote) {
        Prepared::Call(call) => {
            let body = String::from_utf8(call.body).unwrap();
            format!("{} {} {body}", call.method, call.path).trim_end().to_owned()
        }
        Prepared::Ask(question) => format!("ask {}", question.as_str()),
        Prepared::AlreadySo => String::from("so already"),
        Prepared::PassOver => String::from("passed over"),
        Prepared::Refuse(TargetError::Missing { what, .. }) => format!("no {what}"),
        Prepared::Refuse(fault) => fault.to_string(),
    }
}

fn all(name: &str) -> Vec<String> {
    let application = application(name);
    operations().iter().map(|operation| shown(&*application, operation, &known())).collect()
}

const NO: &str = "no way to do it";

#[test]
fn jira_is_told_by_name_and_forgets_by_key() {
    let user = "/ctx/rest/api/2/user?username=Al%20ice";
    let mut expected = vec![
        format!("PUT {user} {{\"active\":false}}"),
        String::from("POST /ctx/rest/api/2/user/anonymization {\"userKey\":\"JIRAUSER1\"}"),
        format!("DELETE {user}"),
        format!("PUT {user} {{\"name\":\"bo&b\"}}"),
        NO.to_owned(),
        String::from("DELETE /ctx/rest/api/2/group?groupname=a%2Fb"),
        NO.to_owned(),
        NO.to_owned(),
    ];
    assert_eq!(all("jira_dc"), expected);
    expected[7] = String::from("DELETE /ctx/rest/servicedeskapi/organization/7");
    assert_eq!(all("jsm_dc"), expected);
}

#[test]
fn a_cloud_site_ends_what_is_its_own() {
    let expected = [
        NO,
        NO,
        "DELETE /ctx/rest/api/3/user?accountId=a%2F1",
        NO,
        NO,
        "DELETE /ctx/rest/api/3/group?groupId=g%2F1",
        NO,
        "DELETE /ctx/rest/servicedeskapi/organization/7",
    ];
    assert_eq!(all("jira_cloud"), expected);
}

#[test]
fn crowd_gets_accounts_back_whole() {
    let put = "PUT /ctx/rest/usermanagement/1/user?username=Al%20ice {\"active\":false,\
               \"display-name\":\"Alice Archer\",\"email\":\"a@b.test\",\"key\":\"JIRAUSER1\",\"mail-alias\":\"kept\",\
               \"name\":\"Al ice\"}";
    let expected = [
        put,
        NO,
        "DELETE /ctx/rest/usermanagement/1/user?username=Al%20ice",
        "POST /ctx/rest/usermanagement/1/user/rename?username=Al%20ice {\"new-name\":\"bo&b\"}",
        NO,
        "DELETE /ctx/rest/usermanagement/1/group?groupname=a%2Fb",
        NO,
        NO,
    ];
    assert_eq!(all("crowd"), expected);
}

#[test]
fn confluence_and_bitbucket_do_what_they_can() {
    let expected = [
        "PUT /ctx/rest/api/admin/user/al%20ice/disable",
        NO,
        "DELETE /ctx/rest/api/admin/user/al%20ice",
        NO,
        NO,
        "DELETE /ctx/rest/api/admin/group/a%2Fb",
        NO,
        NO,
    ];
    assert_eq!(all("confluence_dc"), expected);
    let expected = [
        NO,
        NO,
        "DELETE /ctx/rest/api/latest/admin/users?name=Al%20ice",
        "POST /ctx/rest/api/latest/admin/users/rename {\"name\":\"Al ice\",\"newName\":\"bo&b\"}",
        NO,
        "DELETE /ctx/rest/api/latest/admin/groups?name=a%2Fb",
        NO,
        NO,
    ];
    assert_eq!(all("bitbucket_dc"), expected);
}

#[test]
fn scim_names_what_changes_or_sends_everything_back() {
    let schemas = "\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"]";
    let patch = |resource: &str, path: &str, value: &str| {
        format!(
            "PATCH /ctx/{resource} {{\"Operations\":[{{\"op\":\"replace\",\"path\":\"{path}\",\"value\":{value}}}],{schemas}}}"
        )
    };
    let no = || NO.to_owned();
    let by_patch = vec![
        patch("Users/a%2F1", "active", "false"),
        no(),
        String::from("DELETE /ctx/Users/a%2F1"),
        patch("Users/a%2F1", "userName", "\"bo&b\""),
        patch("Groups/g%2F1", "displayName", "\"c\\\"d\""),
        String::from("DELETE /ctx/Groups/g%2F1"),
        no(),
        no(),
    ];
    assert_eq!(all("scim"), by_patch);
    let mut customers = by_patch.clone();
    customers[3] = no();
    assert_eq!(all("customers"), customers, "names of users are not ours to change");
    customers[4] = no();
    assert_eq!(all("managed"), customers, "and names of groups only where organizations follow them");
    let mut by_put = by_patch;
    by_put[0] = String::from(r#"PUT /ctx/Users/a%2F1 {"active":false,"id":"a/1","userName":"Al ice","x":1}"#);
    by_put[3] = String::from(r#"PUT /ctx/Users/a%2F1 {"active":true,"id":"a/1","userName":"bo&b","x":1}"#);
    by_put[4] = String::from(
        r#"PUT /ctx/Groups/g%2F1 {"displayName":"c\"d","id":"g/1","members":[{"value":"a/1"}]}"#,
    );
    assert_eq!(all("scim put"), by_put);
}

#[test]
fn what_is_announced_is_what_can_be_sent() {
    for (name, application) in applications() {
        let can = application.capabilities();
        let Capabilities {
            deactivates,
            anonymizes,
            deletes_accounts,
            renames_accounts,
            renames_groups,
            deletes_groups,
            renames_organizations,
            deletes_organizations,
            ..
        } = can;
        let announced = [
            deactivates,
            anonymizes,
            deletes_accounts,
            renames_accounts,
            renames_groups,
            deletes_groups,
            renames_organizations,
            deletes_organizations,
        ];
        for (operation, announced) in operations().iter().zip(announced) {
            let sent = shown(&*application, operation, &known());
            assert_eq!(sent != NO, announced, "{name} {operation}: {sent}");
        }
        let first = crate::provision::Page::FIRST;
        assert_eq!(application.list_accounts(&first).is_some(), can.lists_accounts, "{name}");
        assert_eq!(application.list_organizations(&first).is_some(), can.lists_organizations, "{name}");
    }
}

#[test]
fn what_is_not_known_is_asked_for_and_what_is_gone_is_done() {
    for (name, application) in applications() {
        let mut unknown = known();
        unknown.directory = Directory::default();
        unknown.documents.clear();
        unknown.pieces.shown = None;
        let mut gone = known();
        gone.directory.learn_no_group("a/b");
        gone.directory.learn_no_organization("Acme");
        for operation in &operations() {
            let sent = shown(&*application, operation, &unknown);
            let announced = shown(&*application, operation, &known()) != NO;
            // Whether something is asked or just done, nothing is refused for want of knowledge.
            assert!(!announced || !sent.starts_with("no "), "{name} {operation}: {sent}");
            let sent = shown(&*application, operation, &gone);
            match operation.kind() {
                OperationKind::DeleteOrganization if announced => assert_eq!(sent, "so already", "{name}"),
                OperationKind::RenameGroup if announced => assert_eq!(sent, "no group", "{name}"),
                OperationKind::DeleteGroup => {
                    assert!(sent == "so already" || sent.starts_with("DELETE "), "{name}: {sent}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn j24_a_name_that_another_group_has_is_not_sent() {
    for name in ["scim", "scim put", "customers"] {
        let application = application(name);
        let mut remote = known();
        remote.directory.learn_group("c\"d", Some("g/2"));
        let sent = shown(&*application, &operations()[4], &remote);
        assert!(sent.ends_with("because the name belongs to somebody else"), "{name}: {sent}");
        // Its own name in another spelling is no other group.
        let spelled = Operation::RenameGroup { group: group("a/b"), name: group("A/B") };
        let sent = shown(&*application, &spelled, &remote);
        assert!(sent.starts_with("PATCH ") || sent.starts_with("PUT "), "{name}: {sent}");
        // Without its id nothing tells it from another of the name.
        let mut nameless = known();
        nameless.directory.forget_group("a/b");
        nameless.directory.learn_group("a/b", None);
        assert_eq!(shown(&*application, &operations()[4], &nameless), "ask read_group", "{name}");
    }
}

#[test]
fn nobody_else_is_anonymized() {
    let jira = application("jira_dc");
    let anonymize = &operations()[1];
    let shown_as = |shown: serde_json::Value| {
        let serde_json::Value::Object(shown) = shown else { panic!() };
        let mut remote = known();
        remote.pieces.shown = Some(Pii::new(shown));
        self::shown(&*jira, anonymize, &remote)
    };
    for other in [
        serde_json::json!({ "name": "somebody else", "key": "JIRAUSER2" }),
        serde_json::json!({ "key": "JIRAUSER2" }),
        serde_json::json!({ "name": "Al ice" }),
        serde_json::json!({ "name": "Al ice", "key": "" }),
        serde_json::json!({ "name": "Al ice", "key": 7 }),
    ] {
        assert_eq!(shown_as(other), "no key of the user");
    }
    let unread = RemoteState { pieces: crate::provision::Pieces::default(), ..known() };
    assert_eq!(shown(&*jira, anonymize, &unread), "ask read_account");
    let nobody = RemoteState { account: None, ..known() };
    assert_eq!(shown(&*jira, anonymize, &nobody), "so already");
}

#[test]
fn bitbucket_does_not_try_what_the_directory_forbids() {
    let bitbucket = application("bitbucket_dc");
    let serde_json::Value::Object(frozen) = serde_json::json!({ "mutableDetails": false }) else { panic!() };
    let mut remote = known();
    remote.pieces.shown = Some(Pii::new(frozen));
    for operation in [&operations()[2], &operations()[3]] {
        let sent = shown(&*bitbucket, operation, &remote);
        assert!(sent.contains("only be read"), "{sent}");
    }
}
