//! What ends, renames and lists, for all applications alike: which calls, and what is believed of the answers.

mod calls;
mod lists;
mod outcomes;

use core::time::Duration;

use crate::base::{Pii, UnixTime};
use crate::http::HttpResponse;
use crate::provision::{
    AccountId, AccountRef, KnownOrganization, Operation, Profile, RemoteAccount, RemoteState,
};

use super::atlassian_scim::{AtlassianScim, DirectoryKind};
use super::bitbucket_dc::BitbucketDc;
use super::confluence_dc::ConfluenceDc;
use super::crowd::Crowd;
use super::jira_cloud::JiraCloud;
use super::jira_dc::JiraDc;
use super::jsm_dc::JsmDc;
use super::scim::{Changes, Memberships, Scim};
use super::{Application, Credentials, Endpoint, Prepared};

const PAGE: &str = "<!DOCTYPE html><html><body>log in</body></html>";

fn endpoint() -> Endpoint {
    Endpoint {
        cluster: String::from("application"),
        authority: String::from("application.test"),
        path_prefix: String::from("/ctx"),
        timeout: Duration::from_secs(5),
        credentials: Credentials::Injected,
    }
}

fn pii(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

/// Every application that can be read.
fn applications() -> Vec<(&'static str, Box<dyn Application>)> {
    vec![
        ("jira_dc", Box::new(JiraDc::new(endpoint()))),
        ("jsm_dc", Box::new(JsmDc::new(endpoint()))),
        ("jira_cloud", Box::new(JiraCloud::new(endpoint()))),
        ("crowd", Box::new(Crowd::new(endpoint()))),
        ("confluence_dc", Box::new(ConfluenceDc::new(endpoint(), None))),
        ("bitbucket_dc", Box::new(BitbucketDc::new(endpoint()))),
        ("scim", Box::new(Scim::new(endpoint(), Changes::Patch, Memberships::User))),
        ("scim put", Box::new(Scim::new(endpoint(), Changes::Put, Memberships::User))),
        ("customers", Box::new(AtlassianScim::new(endpoint(), DirectoryKind::JsmCustomers))),
        ("managed", Box::new(AtlassianScim::new(endpoint(), DirectoryKind::ManagedUsers))),
    ]
}

fn application(name: &str) -> Box<dyn Application> {
    applications().into_iter().find(|(have, _)| *have == name).unwrap().1
}

fn alice() -> AccountRef {
    AccountRef { username: pii("Al ice"), id: Some(AccountId::new(String::from("a/1"))) }
}

fn group(name: &str) -> String {
    name.to_owned()
}

/// Every operation that no sign-in makes.
fn operations() -> [Operation; 8] {
    let account = alice();
    [
        Operation::DeactivateAccount { account: account.clone() },
        Operation::AnonymizeAccount { account: account.clone() },
        Operation::DeleteAccount { account: account.clone() },
        Operation::RenameAccount { account, username: pii("bo&b") },
        Operation::RenameGroup { group: group("a/b"), name: group("c\"d") },
        Operation::DeleteGroup { group: group("a/b") },
        Operation::RenameOrganization { organization: group("Acme"), name: group("Bolt") },
        Operation::DeleteOrganization { organization: group("Acme") },
    ]
}

/// The account was read, group and organization were found, and nobody has the new names.
fn known() -> RemoteState {
    let account = RemoteAccount {
        id: alice().id,
        username: alice().username,
        email: Some(pii("a@b.test")),
        display_name: pii("Alice Archer"),
        active: true,
        groups: [group("a/b")].into(),
        profile: Profile::new(),
    };
    let mut remote = RemoteState { account: Some(account), ..RemoteState::default() };
    remote.directory.learn_group("a/b", Some("g/1"));
    remote.directory.learn_no_group("c\"d");
    let KnownOrganization { name, id, .. } =
        KnownOrganization { name: group("Acme"), id: group("7"), service_desks: [].into() };
    remote.directory.learn_organization(&name, &id);
    remote.directory.learn_no_organization("Bolt");
    let shown =
        serde_json::json!({ "name": "Al ice", "key": "JIRAUSER1", "mail-alias": "kept", "expand": "x" });
    let serde_json::Value::Object(shown) = shown else { panic!() };
    remote.pieces.shown = Some(Pii::new(shown));
    let documents = [
        ("Users/a/1", r#"{"id":"a/1","userName":"Al ice","active":true,"x":1,"meta":{"version":"W/\"3\""}}"#),
        ("Groups/g/1", r#"{"id":"g/1","displayName":"a/b","members":[{"value":"a/1"}]}"#),
    ];
    remote.documents = documents.into_iter().map(|(key, text)| (key.to_owned(), pii(text))).collect();
    remote
}

fn prepare(application: &dyn Application, operation: &Operation, remote: &RemoteState) -> Prepared {
    application.prepare(operation, remote, UnixTime::from_secs(0))
}

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}
