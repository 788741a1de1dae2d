//! `samlgate sync` between a stand-in Keycloak and a stand-in Jira, as an operator runs it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

mod support;

use std::fs;

use serde_json::Value;
use support::{Folder, Run, samlgate};
use testbed::jira::{self, JiraState};
use testbed::server::Server;
use testbed::sources::{CLIENT_ID, CLIENT_SECRET, Happening, Keycloak, People};
use testbed::stand_in::{Effect, Fault, StandIn};

/// A directory, an application, and the command's files.
struct Scene {
    directory: StandIn<Keycloak>,
    jira: JiraState,
    folder: Folder,
    servers: [Server; 2],
}

impl Scene {
    fn new(name: &str, people: usize) -> Self {
        let (directory, jira) = (StandIn::new(Keycloak(People::of(people))), JiraState::default());
        let servers =
            [directory.router(), jira::router(jira.clone())].map(|router| Server::start(0, router).unwrap());
        let folder = Folder::new(name);
        let configuration = format!(
            "sp: {{entity_id: 'https://jira.example.com/saml', base_uri: 'https://jira.example.com'}}
session: {{keys: [{{inline_string: 'C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI='}}]}}
provisioning:
  jira_dc: {{cluster: jira, authority: jira.example.test, credentials: {{bearer: {{inline_string: {jira_token}}}}}}}
  create_missing_groups: true
policy:
  group_mapping: [{{idp_group: admins, groups: [team-leads]}}]
  cleanup: {{mode: DISABLE}}
directory_sync:
  first_run: ACT
  page_size: 10
  source:
    keycloak:
      cluster: directory
      authority: keycloak.example.test
      realm: staff
      credentials:
        client_credentials:
          path: /realms/staff/protocol/openid-connect/token
          client_id: {CLIENT_ID}
          client_secret: {{environment_variable: CLIENT_SECRET}}
",
            jira_token = jira::TOKEN,
        );
        fs::write(folder.path("samlgate.yaml"), configuration).unwrap();
        fs::write(folder.path("secrets.env"), format!("CLIENT_SECRET={CLIENT_SECRET}\n")).unwrap();
        Self { directory, jira, folder, servers }
    }

    fn sync(&self, further: &[&str]) -> Run {
        let [directory, jira] = &self.servers;
        let upstreams =
            [format!("directory=http://{}", directory.address()), format!("jira=http://{}", jira.address())];
        let (configuration, environment) =
            (self.folder.path("samlgate.yaml"), self.folder.path("secrets.env"));
        let state = self.folder.path("state.json");
        let mut arguments =
            vec!["sync", "--config", &configuration, "--env-file", &environment, "--state", &state];
        for upstream in &upstreams {
            arguments.extend(["--upstream", upstream]);
        }
        arguments.extend(["--format", "json"]);
        arguments.extend_from_slice(further);
        let run = samlgate(&arguments);
        for secret in [CLIENT_SECRET, jira::TOKEN, "user00001", "@example.com"] {
            assert!(!run.all().contains(secret), "{secret}: {}", run.all());
        }
        run
    }

    /// What is asked of Jira to change while `further` runs, with how it ended.
    fn changes(&self, further: &[&str]) -> (i32, Value, usize) {
        self.jira.clear_calls();
        let run = self.sync(further);
        let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.all()));
        (run.code, report, self.jira.writes().len())
    }

    fn is_active(&self, number: usize) -> Option<bool> {
        self.jira.store().is_active(&format!("user{number:05}"))
    }
}

#[test]
fn r16_people_are_brought_and_who_left_is_found_by_a_whole_pull_only() {
    let scene = Scene::new("sync-runs", 24);
    let admin = scene.jira.store().is_active("admin");
    let (code, report, writes) = scene.changes(&[]);
    assert_eq!((code, report["outcome"].as_str()), (0, Some("done")), "{report:#}");
    assert_eq!(report["progress"]["counts"]["people"], 24, "{report:#}");
    assert!(writes >= 24 && (0..24).all(|number| scene.is_active(number) == Some(true)));
    assert!(scene.jira.store().groups_of("user00010").contains(&"team-leads".to_owned()));

    let (code, report, writes) = scene.changes(&["--full"]);
    assert_eq!((code, writes), (0, 0), "nothing changed, nothing is written: {report:#}");

    // Accounts remember the second in which they were last touched, and one in which the pull began counts as touched by it.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    scene.directory.change(|keycloak| keycloak.0.happen(Happening::Leave("id-00007".to_owned())));
    let (code, report, writes) = scene.changes(&["--full", "--dry-run"]);
    assert_eq!((code, writes, scene.is_active(7)), (0, 0, Some(true)), "{report:#}");
    assert_eq!(report["progress"]["dry_run"].as_bool(), Some(true), "{report:#}");

    // Somebody is gone, and the directory stops half-way: nobody is to lose anything by that.
    scene
        .directory
        .fault(Fault::new("GET", "/admin/realms/staff/users?", Effect::Status(403)).skip(1).times(99));
    let (code, report, _) = scene.changes(&["--full"]);
    assert_eq!((code, report["outcome"].as_str()), (1, Some("failed")), "{report:#}");
    assert_eq!(report["code"], "SG7073");
    assert!((0..24).all(|number| scene.is_active(number) == Some(true)));
    scene.directory.clear_faults();

    let (code, report, writes) = scene.changes(&["--full"]);
    assert_eq!((code, report["outcome"].as_str()), (0, Some("done")), "{report:#}");
    let cleaned = report["progress"]["counts"]["cleaned"].as_u64();
    assert_eq!((scene.is_active(7), cleaned), (Some(false), Some(1)), "{report:#}");
    assert!(writes >= 1);
    let others = (0..24).filter(|number| *number != 7);
    assert!(others.into_iter().all(|number| scene.is_active(number) == Some(true)));
    assert_eq!(scene.jira.store().is_active("admin"), admin, "who was never the directory's stays");
}

#[test]
fn a_directory_that_cannot_be_reached_is_a_failure_and_changes_nothing() {
    let scene = Scene::new("sync-unreached", 5);
    let configuration = scene.folder.path("samlgate.yaml");
    let text = fs::read_to_string(&configuration).unwrap();
    fs::write(&configuration, text.replace("realm: staff", "realm: staf")).unwrap();
    let (code, report, writes) = scene.changes(&[]);
    assert_eq!((code, writes), (1, 0), "{report:#}");
    assert_eq!(report["code"], "SG7073", "{report:#}");
    fs::write(&configuration, text).unwrap();
    fs::write(scene.folder.path("secrets.env"), "CLIENT_SECRET=expired\n").unwrap();
    let (code, report, writes) = scene.changes(&[]);
    assert_eq!((code, writes), (1, 0), "{report:#}");
    assert_eq!(report["code"], "SG7072", "{report:#}");
}
