//! Runs `tests/vectors/scim/*/case.yaml`: a request and what was there; what is there afterwards, or why not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use samlgate::base::UnixTime;
use samlgate::scim::router::{self, Incoming, Request};
use samlgate::scim::{Document, Error, Group, GroupReference, Limits, Member, Meta, ResourceKind, User};
use serde::Deserialize;
use serde_json::{Value, json};

const BASE: &str = "https://gate.example/scim/v2";

/// The id of the resource that is addressed.
const ID: &str = "42";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// `accept`, or the id of the code.
    expect: String,
    comment: String,
    /// The behaviours that the case proves; docs/coverage.md lists them.
    #[serde(default)]
    covers: Vec<String>,
    #[serde(default)]
    section: String,
    /// `POST /Users?attributes=userName`; the body is `request.json`, if there is one.
    request: String,
    #[serde(default)]
    content_type: Option<String>,
    /// The resource, for what addresses one: id 42.
    #[serde(default)]
    present: Option<Value>,
    /// Who is in it, for a group.
    #[serde(default)]
    members: BTreeSet<String>,
    /// The resources that are asked for, by their ids.
    #[serde(default)]
    among: Vec<Among>,
    /// The ids of those that match.
    #[serde(default)]
    matches: Option<Vec<String>>,
    /// Who is in the group afterwards.
    #[serde(default)]
    members_afterwards: Option<BTreeSet<String>>,
    /// What a client is told, in words of RFC 7644 3.12.
    #[serde(default)]
    scim_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Among {
    id: String,
    resource: Value,
    #[serde(default)]
    members: Vec<String>,
}

fn document(value: &Value) -> Document {
    Document::parse(value.to_string().as_bytes()).unwrap()
}

fn meta(id: &str) -> Meta {
    Meta {
        id: id.to_owned(),
        created: UnixTime::from_secs(1_767_225_600),
        last_modified: UnixTime::from_secs(1_767_312_000),
        version: String::from("7"),
    }
}

/// What is there afterwards: the resource as it is kept, or as it is shown.
struct After {
    resource: Value,
    members: Option<BTreeSet<String>>,
}

fn run(case: &Case, body: &[u8], limits: &Limits) -> Result<Option<After>, Error> {
    let (method, target) = case.request.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let content_type = case.content_type.as_deref();
    let incoming = Incoming { method, path, query, content_type, body, ..Incoming::default() };
    let request = router::parse(&incoming, limits)?;
    let user = || User::from_post(&document(case.present.as_ref().unwrap()), limits).unwrap();
    let group = || Group::from_post(&document(case.present.as_ref().unwrap()), limits).unwrap().0;
    let of_user = |user: User| After { resource: serde_json::to_value(user).unwrap(), members: None };
    let of_group = |group: Group, members: BTreeSet<String>| After {
        resource: serde_json::to_value(group).unwrap(),
        members: Some(members),
    };
    Ok(Some(match request {
        Request::Create { kind: ResourceKind::User, body, .. } => of_user(User::from_post(&body, limits)?),
        Request::Create { kind: ResourceKind::Group, body, .. } => {
            let (group, members) = Group::from_post(&body, limits)?;
            of_group(group, members)
        }
        Request::Replace { kind: ResourceKind::User, body, .. } => of_user(user().apply_put(&body, limits)?),
        Request::Replace { kind: ResourceKind::Group, body, .. } => {
            let (group, change) = group().apply_put(&body, limits)?;
            of_group(group, change.applied_to(&case.members))
        }
        Request::Patch { kind: ResourceKind::User, patch, .. } => {
            of_user(user().apply_patch(ID, &patch, limits)?)
        }
        Request::Patch { kind: ResourceKind::Group, patch, .. } => {
            let (group, change) = group().apply_patch(ID, &patch, limits)?;
            of_group(group, change.applied_to(&case.members))
        }
        Request::Read { kind, projection, .. } => {
            let resource = match kind {
                ResourceKind::User => {
                    let groups = case
                        .members
                        .iter()
                        .map(|id| GroupReference { id: id.clone(), display: format!("group {id}") });
                    user().render(&meta(ID), &groups.collect::<Vec<_>>(), BASE)
                }
                ResourceKind::Group => {
                    let members = case.members.iter().map(|id| Member { id: id.clone(), display: None });
                    let members = projection.shows(kind, "members").then(|| members.collect::<Vec<_>>());
                    group().render(&meta(ID), members.as_deref(), BASE)
                }
            };
            After { resource: projection.apply(kind, resource), members: None }
        }
        Request::List(query) => {
            let filter = query.filter.as_ref();
            let asked: BTreeSet<&str> =
                filter.map(|filter| filter.memberships()).unwrap_or_default().into_iter().collect();
            let found = case.among.iter().filter(|one| {
                let rendered =
                    match query.kind {
                        ResourceKind::User => User::from_post(&document(&one.resource), limits)
                            .unwrap()
                            .render(&meta(&one.id), &[], BASE),
                        ResourceKind::Group => {
                            let known = one.members.iter().filter(|id| asked.contains(id.as_str()));
                            let known: Vec<_> =
                                known.map(|id| Member { id: id.clone(), display: None }).collect();
                            let group = Group::from_post(&document(&one.resource), limits).unwrap().0;
                            group.render(&meta(&one.id), Some(&known), BASE)
                        }
                    };
                filter.is_none_or(|filter| filter.matches(&rendered))
            });
            let found: Vec<&String> = found.map(|one| &one.id).collect();
            assert_eq!(json!(found), json!(case.matches.as_ref().unwrap()), "{}", case.comment);
            return Ok(None);
        }
        Request::Delete { .. } | Request::Discover(_) | Request::Bulk(_) => return Ok(None),
    }))
}

#[test]
fn every_case_comes_out_as_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/scim");
    let mut folders: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let (mut hostile, mut good, mut faults) = (0, 0, Vec::new());
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let case: Case = serde_norway::from_str(&fs::read_to_string(folder.join("case.yaml")).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!case.comment.is_empty(), "{name}");
        assert!(!case.section.is_empty() || !case.covers.is_empty(), "{name}: which rule?");
        let body = fs::read(folder.join("request.json")).unwrap_or_default();
        let expected: Option<Value> =
            fs::read(folder.join("expected.json")).ok().map(|json| serde_json::from_slice(&json).unwrap());
        let outcome = run(&case, &body, &Limits::DEFAULT);
        if case.expect == "accept" {
            good += 1;
        } else {
            hostile += 1;
        }
        match (case.expect.as_str(), outcome) {
            ("accept", Ok(after)) => {
                let Some(after) = after else {
                    assert!(expected.is_none(), "{name}");
                    continue;
                };
                let expected = expected.unwrap_or_else(|| panic!("{name}: no expected.json"));
                if after.resource != expected {
                    faults.push(format!("{name}: {}", after.resource));
                }
                if case.members_afterwards.is_some() && after.members != case.members_afterwards {
                    faults.push(format!("{name}: members {:?}", after.members));
                }
            }
            ("accept", Err(error)) => faults.push(format!("{name}: {error:?}")),
            (code, Err(error)) => {
                if error.code().id() != code {
                    faults.push(format!("{name}: {error:?}"));
                }
                let word = error.scim_type().map(|word| word.as_str().to_owned());
                if word != case.scim_type {
                    faults.push(format!("{name}: scimType {word:?}"));
                }
            }
            (code, Ok(after)) => {
                faults.push(format!("{name}: {code} expected, got {:?}", after.map(|after| after.resource)));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(hostile > good, "{hostile} hostile cases, {good} good ones");
}
