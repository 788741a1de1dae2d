//! Directories are pulled to their end, whatever happens meanwhile, and a pull that is not whole never says that it is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use samlgate::base::{Code, Secret, UnixTime};
use samlgate::directory::{Membership, Person};
use samlgate::http::{HttpCall, HttpResponse};
use samlgate::sources::graph::{Graph, GraphOptions};
use samlgate::sources::keycloak::{Keycloak, KeycloakGroupNames, KeycloakOptions};
use samlgate::sources::okta::{Okta, OktaOptions};
use samlgate::sources::{
    Access, ClientCredentials, Credentials, End, Endpoint, Key, Next, Pull, Sending, Source, SourceError,
};
use testbed::sources::{self, CLIENT_ID, CLIENT_SECRET, Entry, Happening, OKTA_TOKEN, People};
use testbed::stand_in::{Api, Incoming};

const NOW: UnixTime = UnixTime::from_secs(1_767_225_600);

const FULL: Pull = Pull::Full { then_delta: true };

fn endpoint(authority: &str, path_prefix: &str, credentials: Credentials) -> Endpoint {
    Endpoint {
        cluster: "directory".to_owned(),
        authority: authority.to_owned(),
        path_prefix: path_prefix.to_owned(),
        timeout: Duration::from_secs(5),
        credentials,
    }
}

fn client(path: &str, scope: Option<&str>) -> Credentials {
    Credentials::ClientCredentials(ClientCredentials {
        cluster: "login".to_owned(),
        authority: "login.example.test".to_owned(),
        path: path.to_owned(),
        timeout: Duration::from_secs(5),
        client_id: CLIENT_ID.to_owned(),
        client_secret: Secret::new(CLIENT_SECRET.to_owned()),
        scope: scope.map(str::to_owned),
    })
}

fn graph() -> Graph {
    let credentials = client("/tenant/oauth2/v2.0/token", Some("https://graph.example.test/.default"));
    let options = GraphOptions {
        page_size: 25,
        filter: None,
        username: "userPrincipalName".to_owned(),
        attributes: Vec::new(),
        nested_groups: true,
    };
    Graph::new(endpoint("graph.example.test", "/v1.0", credentials), options)
}

fn okta() -> Okta {
    let credentials = Credentials::Ssws(Secret::new(OKTA_TOKEN.to_owned()));
    let options = OktaOptions { page_size: 25, search: None, username: "login".to_owned() };
    Okta::new(endpoint("example.okta.test", "", credentials), options)
}

fn keycloak() -> Keycloak {
    let credentials = client("/realms/staff/protocol/openid-connect/token", None);
    let options = KeycloakOptions {
        realm: "staff".to_owned(),
        page_size: 25,
        username: "username".to_owned(),
        group_names: KeycloakGroupNames::Path,
    };
    Keycloak::new(endpoint("keycloak.example.test", "", credentials), options)
}

/// People by id, the ids of those who are gone, and how it ended.
type Pulled = (BTreeMap<String, Person>, BTreeSet<String>, End);

/// A directory and how to ask it.
struct Line<'a> {
    source: &'a dyn Source,
    api: &'a mut dyn FnMut(&Incoming) -> HttpResponse,
    access: Access,
    tokens: usize,
}

impl Line<'_> {
    /// Sends `call` with what proves who we are; a token is replaced once.
    fn send(&mut self, call: &HttpCall) -> HttpResponse {
        for _ in 0..5 {
            let sent = self.access.held();
            let (call, is_token) = match self.access.send(self.source.endpoint(), call.clone(), NOW) {
                Sending::Call(call) => (call, false),
                Sending::Token(call) => (call, true),
            };
            let mut incoming = Incoming::new(call.method, &call.path).with("host", &call.authority);
            incoming.body = call.body;
            for (name, value) in &call.headers {
                incoming = incoming.with(name, value);
            }
            let response = (self.api)(&incoming);
            if is_token {
                self.tokens += 1;
                self.access.learn(&response, NOW).unwrap();
                continue;
            }
            if response.status == 401 && self.access.refused(self.source.endpoint(), sent) {
                continue;
            }
            self.access.accepted(sent);
            return response;
        }
        panic!("tokens without end");
    }

    /// Everybody with their groups, and the end.
    fn pull(&mut self, pull: &Pull) -> Result<Pulled, SourceError> {
        let mut cursor = self.source.start(pull, NOW)?;
        let (mut people, mut gone) = (BTreeMap::new(), BTreeSet::new());
        loop {
            let response = self.send(&self.source.page(&cursor));
            let read = self.source.read(&cursor, &response, NOW)?;
            let mut found = read.people;
            for id in read.changed {
                found.extend(self.look_up(&Key::Id(id))?);
            }
            gone.extend(read.gone);
            for mut person in found {
                match self.groups(&person) {
                    Ok(groups) => person.groups = groups,
                    Err(SourceError::Vanished) => continue,
                    Err(error) => return Err(error),
                }
                people.insert(person.id.clone(), person);
            }
            match read.next {
                Next::Page(next) => cursor = next,
                Next::End(end) => return Ok((people, gone, end)),
            }
        }
    }

    fn groups(&mut self, person: &Person) -> Result<Membership, SourceError> {
        let mut next = self.source.groups_of(person);
        let mut groups = Vec::new();
        while let Some(cursor) = next {
            let response = self.send(&self.source.page(&cursor));
            let read = self.source.read_groups(&cursor, &response, NOW)?;
            groups.extend(read.groups);
            next = read.next;
        }
        Ok(Membership::Known(groups))
    }

    fn look_up(&mut self, key: &Key) -> Result<Option<Person>, SourceError> {
        let response = self.send(&self.source.look_up(key));
        self.source.looked_up(key, &response, NOW)
    }
}

/// Runs `test` with each directory, which holds `people`.
fn each(people: &People, test: impl Fn(&mut Line<'_>, &dyn Source)) {
    fn run(source: &dyn Source, mut api: impl Api, test: impl Fn(&mut Line<'_>, &dyn Source)) {
        let mut answer = |incoming: &Incoming| {
            let answer = api.answer(incoming);
            let headers = answer.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
            HttpResponse { status: answer.status, headers: headers.collect(), body: answer.body }
        };
        let mut line = Line { source, api: &mut answer, access: Access::default(), tokens: 0 };
        test(&mut line, source);
    }
    run(&graph(), sources::Graph(people.clone()), &test);
    run(&okta(), sources::Okta(people.clone()), &test);
    run(&keycloak(), sources::Keycloak(people.clone()), &test);
}

fn id(number: usize) -> String {
    format!("id-{number:05}")
}

#[test]
fn everybody_is_pulled_with_all_their_groups() {
    each(&People::of(260), |line, source| {
        let (people, _, end) = line.pull(&FULL).unwrap();
        assert_eq!(people.len(), 260, "{}", source.name());
        assert_eq!(end.whole.unwrap().entries(), 260);
        assert_eq!(end.delta.is_some(), source.has_delta());
        let alice = &people[&id(10)];
        assert_eq!(alice.username.expose(), "user00010");
        assert_eq!(alice.email.as_ref().unwrap().expose(), "user00010@example.com");
        assert_eq!(alice.display_name.as_ref().unwrap().expose(), "The user00010");
        assert_eq!(alice.attributes["department"], ["IT"]);
        let Membership::Known(groups) = &alice.groups else { panic!() };
        let names: Vec<&str> = groups.iter().map(|group| group.name.trim_start_matches('/')).collect();
        assert_eq!(names, ["staff", "admins"], "{}: roles are no groups", source.name());
    });
}

#[test]
fn tokens_that_end_in_the_middle_are_replaced() {
    let people = People::of(100).then(2, Happening::TokensEnd).then(3, Happening::TokensEnd);
    each(&people, |line, source| {
        assert_eq!(line.pull(&FULL).unwrap().0.len(), 100, "{}", source.name());
        assert_eq!(line.tokens, if source.name() == "okta" { 0 } else { 3 });
    });
}

#[test]
fn people_who_come_and_go_meanwhile_hide_nobody_else() {
    let somebody = Entry {
        id: "id-99999".to_owned(),
        username: "user00000a".to_owned(),
        enabled: true,
        groups: Vec::new(),
        changed_at: 0,
    };
    let people = People::of(200)
        .then(1, Happening::Leave(id(3)))
        .then(1, Happening::Leave(id(20)))
        .then(2, Happening::Join(somebody))
        .then(3, Happening::Leave(id(150)))
        .then(4, Happening::Leave(id(99)));
    each(&people, |line, source| {
        let (people, _, end) = line.pull(&FULL).unwrap();
        assert!(end.whole.is_some());
        let stayed = (0..200).filter(|number| ![3, 20, 99, 150].contains(number));
        for number in stayed {
            assert!(people.contains_key(&id(number)), "{}: {number} is missing", source.name());
        }
    });
}

/// Where pages are counted, somebody whose new name sorts before what was read is on no page. That is found out, and nothing is
/// claimed about anybody.
#[test]
fn somebody_who_moves_to_a_page_that_was_read_is_not_taken_for_gone() {
    let people = People::of(200).then(4, Happening::Rename(id(180), "aaa".to_owned()));
    each(&people, |line, source| match line.pull(&FULL) {
        Ok((people, _, end)) => assert!(people.contains_key(&id(180)) && end.whole.is_some()),
        Err(error) => {
            assert_eq!((source.name(), error.code()), ("keycloak", Code::SourceIncomplete), "{error}");
            let found = line.look_up(&Key::Username("aaa".to_owned())).unwrap();
            assert_eq!(found.map(|person| person.id), Some(id(180)), "the directory knows, when asked");
        }
    });
    let people = People::of(200).then(4, Happening::Rename(id(1), "zzz".to_owned()));
    each(&people, |line, source| {
        assert_eq!(
            line.pull(&FULL).unwrap().0.len(),
            200,
            "{}: twice on pages, once a person",
            source.name()
        );
    });
}

#[test]
fn r16_a_directory_that_loses_people_half_way_is_not_whole() {
    let people = People::of(200).then(3, Happening::Lose(75));
    each(&people, |line, source| match line.pull(&FULL) {
        // With keys instead of numbers a page cannot tell that the rest is gone: asking for each can.
        Ok((people, ..)) => {
            assert!(source.name() != "keycloak" && people.len() == 75);
            assert_eq!(line.look_up(&Key::Username("user00180".to_owned())), Ok(None));
        }
        Err(error) => assert_eq!((source.name(), error.code()), ("keycloak", Code::SourceIncomplete)),
    });
    each(&People::of(0), |line, source| {
        let error = line.pull(&FULL).unwrap_err();
        assert_eq!(error.code(), Code::SourceIncomplete, "{}", source.name());
    });
}

#[test]
fn changes_are_told_and_what_was_forgotten_is_pulled_anew() {
    let people = People::of(60).then(1, Happening::Disable(id(40))).then(3, Happening::Leave(id(50)));
    each(&people, |line, source| {
        let (_, _, end) = line.pull(&FULL).unwrap();
        let Some(token) = end.delta else { return assert_eq!(source.name(), "keycloak") };
        let (people, gone, end) = line.pull(&Pull::Delta(token)).unwrap();
        assert_eq!(end.whole, None, "{}", source.name());
        assert!(end.delta.is_some());
        assert!(!people[&id(40)].active, "{}: what happened while everybody was pulled", source.name());
        if source.name() == "graph" {
            assert_eq!(gone, BTreeSet::from([id(50)]));
        }
    });
    let mut forgetful = People::of(60);
    forgetful.forgotten_before = 10;
    let mut api = sources::Graph(forgetful);
    let source = graph();
    let mut answer = |incoming: &Incoming| {
        let answer = api.answer(incoming);
        HttpResponse { status: answer.status, headers: Vec::new(), body: answer.body }
    };
    let mut line = Line { source: &source, api: &mut answer, access: Access::default(), tokens: 0 };
    let token = line.pull(&FULL).unwrap().2.delta.unwrap();
    assert_eq!(line.pull(&Pull::Delta(token)).unwrap_err(), SourceError::DeltaExpired);
}

#[test]
fn one_person_is_found_or_certainly_not_there() {
    each(&People::of(30), |line, source| {
        let found = line.look_up(&Key::Username("user00007".to_owned())).unwrap();
        assert_eq!(found.map(|person| person.id), Some(id(7)), "{}", source.name());
        assert_eq!(line.look_up(&Key::Id(id(7))).unwrap().map(|person| person.id), Some(id(7)));
        for name in ["user0000", "nobody", "o'neil", "a\"b", "user00007' or '1' eq '1"] {
            assert_eq!(line.look_up(&Key::Username(name.to_owned())), Ok(None), "{} {name}", source.name());
        }
        assert_eq!(line.look_up(&Key::Id("id-77777".to_owned())), Ok(None), "{}", source.name());
    });
}
