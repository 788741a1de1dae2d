//! `samlgate sync`: what is refused before anything is called.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

mod support;

use std::fs;

use support::{Folder, samlgate};

/// A configuration that pulls from nowhere, and `further` fields.
fn configuration(folder: &Folder, further: &str) -> String {
    let path = folder.path("samlgate.yaml");
    let text = format!(
        "sp: {{entity_id: 'https://jira.example.com/saml', base_uri: 'https://jira.example.com'}}\n\
         session: {{keys: [{{inline_string: 'C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI='}}]}}\n\
         provisioning: {{jira_dc: {{cluster: jira, authority: 'jira.example.com'}}}}\n{further}\n"
    );
    fs::write(&path, text).unwrap();
    path
}

const SCIM: &str =
    "directory_sync: {source: {scim: {cluster: directory, authority: 'id.example.com', timeout: '0.5s'}}}";

#[test]
fn a_mistake_is_said_before_anything_is_called() {
    let folder = Folder::new("sync-usage");
    let without = configuration(&folder, "");
    let run = samlgate(&["sync", "--config", &without]);
    assert!(run.code == 2 && run.err.contains("has no `directory_sync`"), "{}", run.all());

    let with = configuration(&folder, SCIM);
    let (nothing, folder_itself) = (folder.path("nothing.pem"), folder.path("."));
    fs::write(&nothing, "no certificate").unwrap();
    for (arguments, said) in [
        (&["--upstream", "jira"][..], "expected CLUSTER=URL"),
        (&["--upstream", "jira=https://jira.example.com/jira"], "without a path"),
        (&["--upstream", "jira=https://me:pw@jira.example.com"], "expected CLUSTER=URL"),
        (&["--upstream", "a=https://a", "--upstream", "a=https://b"], "is there twice"),
        (&["--ca-file", &nothing], "holds no certificate"),
        (&["--ca-file", "/nowhere/ca.pem"], "/nowhere/ca.pem"),
        (&["--state", &folder_itself], "directory"),
        (&["--state", "/nowhere/state.json"], "/nowhere/state.json"),
        (&["--full", "--if-due"], "cannot be used with"),
        (&["--format", "xml"], "invalid value"),
    ] {
        let mut all = vec!["sync", "--config", &with];
        all.extend_from_slice(arguments);
        let run = samlgate(&all);
        assert!(run.code == 2 && run.err.contains(said), "{arguments:?}: {}", run.all());
        assert!(run.out.is_empty());
    }
}

#[test]
fn a_state_that_no_run_left_is_not_written_over() {
    let folder = Folder::new("sync-state");
    let with = configuration(&folder, SCIM);
    let state = folder.path("state.json");
    fs::write(&state, "important notes").unwrap();
    let run = samlgate(&["sync", "--config", &with, "--state", &state]);
    assert!(run.code == 2 && run.err.contains("is not what an earlier run left there"), "{}", run.all());
    assert_eq!(fs::read_to_string(&state).unwrap(), "important notes");
}
