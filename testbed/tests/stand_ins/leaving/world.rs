//! Every application that can end an account, with its stand-in, in this process.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use samlgate::http::{HttpCall, HttpResponse};
use samlgate::targets::bitbucket_dc::BitbucketDc;
use samlgate::targets::confluence_dc::ConfluenceDc;
use samlgate::targets::crowd::Crowd as CrowdTarget;
use samlgate::targets::jira_cloud::JiraCloud;
use samlgate::targets::jira_dc::JiraDc;
use samlgate::targets::jsm_dc::JsmDc;
use samlgate::targets::{Application, Credentials, Endpoint};
use testbed::bitbucket::Bitbucket;
use testbed::confluence::Confluence;
use testbed::crowd::{APPLICATION, Crowd, PASSWORD};
use testbed::jira::{Store, UserSeed};
use testbed::jira_cloud::Site;
use testbed::provisioner::{Provisioner, call};
use testbed::stand_in::{Api, StandIn};

/// What is known of one account: whether it may be used, and its groups.
pub(crate) type Known = Option<(bool, BTreeSet<String>)>;

/// An application and its stand-in. User names are addresses, because some applications know nothing else.
pub(crate) struct World<A> {
    pub(crate) name: &'static str,
    pub(crate) target: Box<dyn Application>,
    pub(crate) api: StandIn<A>,
    authorization: String,
    seed: fn(&mut A, &str, &[&str]),
    known: fn(&A, &str) -> Known,
}

/// A world of any application.
pub(crate) trait AnyWorld {
    fn name(&self) -> &'static str;
    fn target(&self) -> &dyn Application;
    fn send(&self, call: &HttpCall) -> HttpResponse;
    fn seed(&self, user: &str, groups: &[&str]);
    fn reset(&self);
    fn known(&self, user: &str) -> Known;

    /// Somebody who does something there.
    fn provisioner(&self) -> Provisioner<'_> {
        Provisioner::new(self.target(), |sent| Some(self.send(sent)))
    }
}

impl<A: Api> AnyWorld for World<A> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn target(&self) -> &dyn Application {
        &*self.target
    }

    fn send(&self, sent: &HttpCall) -> HttpResponse {
        let mut answer = None;
        self.api.change(|api| answer = Some(call(api, sent, &self.authorization)));
        answer.unwrap()
    }

    fn seed(&self, user: &str, groups: &[&str]) {
        self.api.change(|api| (self.seed)(api, user, groups));
    }

    fn reset(&self) {
        self.api.reset();
    }

    fn known(&self, user: &str) -> Known {
        (self.known)(&self.api.state(), user)
    }
}

fn endpoint(path_prefix: &str) -> Endpoint {
    Endpoint {
        cluster: String::from("application"),
        authority: String::from("application.test"),
        path_prefix: path_prefix.to_owned(),
        timeout: Duration::from_secs(5),
        credentials: Credentials::Injected,
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn seed_jira(store: &mut Store, user: &str, groups: &[&str]) {
    store.add_user(UserSeed { email: user.to_owned(), ..UserSeed::new(user, groups) });
}

fn known_to_jira(store: &Store, user: &str) -> Known {
    let active = store.is_active(user)?;
    Some((active, store.groups_of(user).into_iter().collect()))
}

pub(crate) fn jira() -> World<Store> {
    World {
        name: "jira_dc",
        target: Box::new(JiraDc::new(endpoint(""))),
        api: StandIn::new(Store::demo()),
        authorization: bearer(testbed::jira::TOKEN),
        seed: seed_jira,
        known: known_to_jira,
    }
}

pub(crate) fn service_desk() -> World<Store> {
    World { name: "jsm_dc", target: Box::new(JsmDc::new(endpoint(""))), ..jira() }
}

pub(crate) fn cloud() -> World<Site> {
    World {
        name: "jira_cloud",
        target: Box::new(JiraCloud::new(endpoint(""))),
        api: StandIn::new(Site::demo()),
        authorization: bearer(testbed::jira_cloud::TOKEN),
        seed: |site, user, groups| {
            site.add_user(user, user, groups);
        },
        known: |site, user| {
            let id = site.accounts_of(user).pop()?;
            Some((site.is_active(&id)?, site.groups_of(&id).into_iter().collect()))
        },
    }
}

pub(crate) fn crowd() -> World<Crowd> {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{APPLICATION}:{PASSWORD}"));
    World {
        name: "crowd",
        target: Box::new(CrowdTarget::new(endpoint(""))),
        api: StandIn::new(Crowd::demo()),
        authorization: format!("Basic {pair}"),
        seed: |crowd, user, groups| crowd.add_user(user, user, groups),
        known: |crowd, user| Some((crowd.user(user)?.active, crowd.groups_of(user).into_iter().collect())),
    }
}

pub(crate) fn confluence() -> World<Confluence> {
    let mut confluence = Confluence::demo();
    confluence.set_page_cap(100);
    confluence.set_shows_status(true);
    World {
        name: "confluence_dc",
        target: Box::new(ConfluenceDc::new(endpoint(""), None)),
        api: StandIn::new(confluence),
        authorization: bearer(testbed::confluence::TOKEN),
        seed: |confluence, user, groups| confluence.add_user(user, user, groups),
        known: |confluence, user| {
            Some((confluence.user(user)?.active, confluence.groups_of(user).into_iter().collect()))
        },
    }
}

pub(crate) fn bitbucket() -> World<Bitbucket> {
    let mut bitbucket = Bitbucket::demo();
    bitbucket.set_page_cap(100);
    World {
        name: "bitbucket_dc",
        target: Box::new(BitbucketDc::new(endpoint(""))),
        api: StandIn::new(bitbucket),
        authorization: bearer(testbed::bitbucket::TOKEN),
        seed: |bitbucket, user, groups| bitbucket.add_user(user, user, groups),
        known: |bitbucket, user| {
            Some((bitbucket.user(user)?.active, bitbucket.groups_of(user).into_iter().collect()))
        },
    }
}

pub(crate) fn all() -> Vec<Box<dyn AnyWorld>> {
    vec![
        Box::new(jira()),
        Box::new(service_desk()),
        Box::new(cloud()),
        Box::new(crowd()),
        Box::new(confluence()),
        Box::new(bitbucket()),
    ]
}
