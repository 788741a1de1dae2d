//! Directories that other people wrote are pulled: SCIMMY and scim2-server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use samlgate::base::{Code, Secret, UnixTime};
use samlgate::directory::{Membership, Person};
use samlgate::http::HttpResponse;
use samlgate::sources::scim::{Scim, ScimGroups, ScimOptions};
use samlgate::sources::{
    Access, Credentials, Cursor, End, Endpoint, Key, Next, Pull, Sending, Source, SourceError,
};
use serde_json::{Value, json};
use testbed::client::Request;
use testbed::scim_server::{Program, Relay, ScimServer, TOKEN};

const NOW: UnixTime = UnixTime::from_secs(1_767_225_600);

/// How many people `program` can be pulled with. SCIMMY's routers hand `startIndex` and `count` on as text, which SCIMMY passes
/// over: it shows the first twenty, whatever page is asked for.
const fn most(program: Program) -> usize {
    match program {
        Program::Scim2Server => 23,
        _ => 18,
    }
}

fn source(groups: ScimGroups) -> Scim {
    let endpoint = Endpoint {
        cluster: String::from("scim"),
        authority: String::from("scim.example.test"),
        path_prefix: String::from("/v2"),
        timeout: Duration::from_secs(5),
        credentials: Credentials::Bearer(Secret::new(TOKEN.to_owned())),
    };
    Scim::new(endpoint, ScimOptions { page_size: 10, filter: None, groups, delta: false })
}

fn ask(server: &ScimServer, source: &Scim, call: samlgate::http::HttpCall) -> HttpResponse {
    let Sending::Call(call) = Access::default().send(source.endpoint(), call, NOW) else {
        panic!("a token?")
    };
    let mut request = Request::new(call.method, &call.authority, &call.path);
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    let answer = request.send(server.address()).unwrap();
    HttpResponse { status: answer.status, headers: answer.headers, body: answer.body }
}

/// Names of the groups of whoever is listed at `cursor`.
fn groups(server: &ScimServer, source: &Scim, mut next: Option<Cursor>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    while let Some(cursor) = next {
        let answer = ask(server, source, source.page(&cursor));
        let read = source.read_groups(&cursor, &answer, NOW).unwrap();
        found.extend(read.groups.into_iter().map(|group| group.name));
        next = read.next;
    }
    found
}

/// People by user name, and the end.
fn pull(server: &ScimServer, source: &Scim) -> Result<(BTreeMap<String, Person>, End), SourceError> {
    let mut cursor = source.start(&Pull::Full { then_delta: false }, NOW)?;
    let mut people = BTreeMap::new();
    loop {
        let read = source.read(&cursor, &ask(server, source, source.page(&cursor)), NOW)?;
        people.extend(read.people.into_iter().map(|person| (person.username.expose().clone(), person)));
        match read.next {
            Next::Page(next) => cursor = next,
            Next::End(end) => return Ok((people, end)),
        }
    }
}

#[test]
fn everybody_is_pulled_from_services_that_other_people_wrote() {
    for (program, way) in [
        (Program::Scimmy, ScimGroups::Automatic),
        (Program::Scimmy, ScimGroups::User),
        (Program::ScimmyWithoutUserGroups, ScimGroups::Automatic),
        (Program::Scim2Server, ScimGroups::Automatic),
        (Program::Scim2Server, ScimGroups::MemberFilter),
    ] {
        let what = format!("{} {way:?}", program.as_str());
        let server = ScimServer::start(program).unwrap();
        let post = |target: &str, body: &Value| {
            let answer = Relay::new(&server).call("POST", target, body).unwrap();
            assert_eq!(answer.status, 201, "{what}: {}", answer.text());
            answer.json()["id"].as_str().unwrap().to_owned()
        };
        let ids: Vec<String> = (0..most(program))
            .map(|number| {
                let user = json!({
                    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                    "userName": format!("user{number:02}"), "displayName": "Ada", "active": number != 3,
                    "title": "Engineer",
                    "emails": [{ "value": format!("user{number:02}@example.test"), "type": "work", "primary": true }],
                });
                post("/v2/Users", &user)
            })
            .collect();
        for (name, members) in [("staff", 0..most(program)), ("leads", 0..1)] {
            let members: Vec<Value> = ids[members].iter().map(|id| json!({ "value": id })).collect();
            let group = json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name, "members": members,
            });
            post("/v2/Groups", &group);
        }

        let source = source(way);
        let (people, end) =
            pull(&server, &source).unwrap_or_else(|fault| panic!("{what}: {fault}\n{}", server.said()));
        assert_eq!(
            (people.len(), end.whole.unwrap().entries()),
            (most(program), most(program) as u64),
            "{what}"
        );
        assert!(people.iter().all(|(name, person)| person.active == (name != "user03")), "{what}");
        for (name, expected) in [("user00", &["leads", "staff"][..]), ("user17", &["staff"][..])] {
            let person = &people[name];
            let found = match &person.groups {
                Membership::Known(known) => known.iter().map(|group| group.name.clone()).collect(),
                Membership::Unknown => groups(&server, &source, source.groups_of(person)),
            };
            assert_eq!(found, expected.iter().map(|name| (*name).to_owned()).collect(), "{what} {name}");
        }
        let look_up = |key: Key| {
            let answer = ask(&server, &source, source.look_up(&key));
            let found = source.looked_up(&key, &answer, NOW);
            found.unwrap_or_else(|fault| panic!("{what}: {fault} {}", String::from_utf8_lossy(&answer.body)))
        };
        let found = look_up(Key::Username("user07".to_owned())).unwrap();
        assert_eq!(look_up(Key::Id(found.id.clone())).unwrap().username.expose(), "user07", "{what}");
        assert_eq!(look_up(Key::Username("nobody & o'neil".to_owned())), None, "{what}");
        assert_eq!(look_up(Key::Id("00000000-0000-0000-0000-000000000000".to_owned())), None, "{what}");
        if program != Program::Scim2Server {
            for number in 50..60 {
                post("/v2/Users", &json!({ "userName": format!("user{number}"), "active": true }));
            }
            let fault = pull(&server, &source).unwrap_err();
            assert_eq!(
                fault.code(),
                Code::SourceIncomplete,
                "{what}: it does not page, and says that there are more"
            );
        }
    }
}
