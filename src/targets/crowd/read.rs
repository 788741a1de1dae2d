//! Crowd: what it says it has.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::base::Pii;
use crate::http::HttpResponse;
use crate::policy::{FoldedName, GroupNames};
use crate::provision::{
    AccountKey, AccountRef, Listed, ListedAccount, Page, Profile, Question, RemoteAccount, RemoteMarker,
    RemoteState,
};
use crate::targets::answer::{self, documented_absence, read_json, refusal};
use crate::targets::error::{Request, TargetError};
use crate::targets::listing::{after, answered};

use super::{MAX_SAME_ADDRESS, PAGE_SIZE, WITH_GROUPS, marker};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct UserAnswer {
    name: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    active: bool,
}

#[derive(Deserialize)]
struct GroupsAnswer {
    groups: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct FoundAnswer {
    users: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    name: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    active: Option<bool>,
}

/// The account with its marker, and its groups: at once.
pub(super) fn both(username: &Pii<String>) -> Vec<Question> {
    vec![
        Question::Account { by: AccountKey::Username(username.clone()), page: Page::FIRST },
        first_memberships(username),
    ]
}

fn first_memberships(username: &Pii<String>) -> Question {
    Question::Memberships { account: AccountRef::named(username.clone()), page: Page::FIRST }
}

/// Puts the answer to `question` into `remote`; see [`crate::targets::Application::learn`].
pub(super) fn learn(
    question: &Question,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<Vec<Question>, TargetError> {
    refusal(Request::of(question), response)?;
    match question {
        Question::Account { by: AccountKey::Username(username), page } => {
            let found = account(username, response, remote)?;
            let alone = found && page.as_str() == Some(WITH_GROUPS);
            return Ok(if alone { vec![first_memberships(username)] } else { Vec::new() });
        }
        Question::Account { by: AccountKey::Email(email), .. } => {
            return same_address(email, response, remote);
        }
        Question::Memberships { account, page } => return memberships(account, page, response, remote),
        Question::Marker { .. } => remote.marker = attributes(response)?,
        Question::Group { name, .. } => {
            if group_exists(name, response)? {
                remote.directory.learn_group(name, None);
            } else {
                remote.directory.learn_no_group(name);
            }
        }
        Question::Organization { name, .. } => remote.directory.learn_no_organization(name),
        Question::Seats => {}
    }
    Ok(Vec::new())
}

/// Learns the account and its marker; false when there is none.
fn account(
    username: &Pii<String>,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<bool, TargetError> {
    let request = Request::ReadAccount;
    if documented_absence(request, response, &["reason"])? {
        remote.account = None;
        remote.marker = RemoteMarker::Absent;
        remote.pieces.shown = None;
        return Ok(false);
    }
    let malformed = |expected| TargetError::Malformed { request, status: response.status, expected };
    let user: UserAnswer = read_json(request, response, "an account")?;
    if !FoldedName::same(&user.name, username.expose()) {
        return Err(malformed("the account that was asked for"));
    }
    let shown: Map<String, Value> = read_json(request, response, "an account")?;
    let marker = shown.get("attributes").and_then(marker::decode);
    remote.marker = marker.ok_or_else(|| malformed("the account's attributes"))?;
    remote.pieces.shown = Some(Pii::new(shown));
    remote.account = Some(RemoteAccount {
        id: None,
        display_name: Pii::new(user.display_name.unwrap_or_default()),
        email: user.email.filter(|email| !email.is_empty()).map(Pii::new),
        active: user.active,
        groups: remote.pieces.groups.clone().unwrap_or_default(),
        username: Pii::new(user.name),
        profile: Profile::new(),
    });
    Ok(true)
}

/// Learns a page of groups and asks for the next. Crowd says no total: a page that is full may not be the last.
fn memberships(
    account: &AccountRef,
    page: &Page,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<Vec<Question>, TargetError> {
    let request = Request::ReadMemberships;
    if documented_absence(request, response, &["reason"])? {
        remote.pieces.groups = None;
        return Ok(Vec::new());
    }
    let answer: GroupsAnswer = read_json(request, response, "a page of groups")?;
    let count = answer.groups.len();
    let first = page.as_str().is_none();
    let before = if first { BTreeSet::new() } else { remote.pieces.groups.clone().unwrap_or_default() };
    let mut groups = before.clone();
    groups.extend(answer.groups.into_iter().map(|group| group.name));
    if count > PAGE_SIZE {
        let expected = "at most the page that was asked for";
        return Err(TargetError::Malformed { request, status: response.status, expected });
    }
    if count == PAGE_SIZE && groups.len() == before.len() {
        return Err(TargetError::Endless { request });
    }
    if let Some(have) = &mut remote.account {
        have.groups.clone_from(&groups);
    }
    remote.pieces.groups = Some(groups);
    if count < PAGE_SIZE {
        return Ok(Vec::new());
    }
    let start: usize = page.as_str().and_then(|start| start.parse().ok()).unwrap_or(0);
    let page = Page::at(start.saturating_add(count).to_string());
    Ok(vec![Question::Memberships { account: account.clone(), page }])
}

/// The one account with this address.
fn same_address(
    email: &Pii<String>,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<Vec<Question>, TargetError> {
    let request = Request::FindByEmail;
    if documented_absence(request, response, &["reason"])? {
        return Ok(Vec::new());
    }
    let found: FoundAnswer = read_json(request, response, "a list of accounts")?;
    let full = found.users.len() >= MAX_SAME_ADDRESS;
    let same =
        |user: &Found| user.email.as_deref().is_some_and(|have| answer::same_address(have, email.expose()));
    let names = GroupNames::from_iter(found.users.into_iter().filter(same).map(|user| user.name));
    let mut names = names.into_set().into_iter();
    let name = names.next();
    remote.ambiguous = names.next().is_some() || full;
    Ok(name.filter(|_| !remote.ambiguous).map(|name| both(&Pii::new(name))).unwrap_or_default())
}

fn attributes(response: &HttpResponse) -> Result<RemoteMarker, TargetError> {
    let request = Request::ReadMarker;
    if documented_absence(request, response, &["reason"])? {
        return Ok(RemoteMarker::Absent);
    }
    let expected = "the account's attributes";
    let answer: Value = read_json(request, response, expected)?;
    let malformed = TargetError::Malformed { request, status: response.status, expected };
    marker::decode(&answer).ok_or(malformed)
}

fn group_exists(name: &str, response: &HttpResponse) -> Result<bool, TargetError> {
    let request = Request::ReadGroup;
    if documented_absence(request, response, &["reason"])? {
        return Ok(false);
    }
    let group: Named = read_json(request, response, "a group")?;
    if !FoldedName::same(&group.name, name) {
        let expected = "the group that was asked for";
        return Err(TargetError::Malformed { request, status: response.status, expected });
    }
    Ok(true)
}

/// The accounts on a page of all. A list that was not expanded shows names only, and is not the one that was asked for.
pub(super) fn listed(page: &Page, response: &HttpResponse) -> Result<Listed, TargetError> {
    let request = Request::ListAccounts;
    refusal(request, response)?;
    answered(request, response)?;
    let found: FoundAnswer = read_json(request, response, "a list of accounts")?;
    let next = after(request, page, found.users.len())?;
    let accounts = found.users.into_iter().map(|user| {
        let expected = "whether the accounts may be used";
        let malformed = TargetError::Malformed { request, status: response.status, expected };
        Ok(ListedAccount {
            account: AccountRef::named(Pii::new(user.name)),
            email: user.email.filter(|email| !email.is_empty()).map(Pii::new),
            active: user.active.ok_or(malformed)?,
        })
    });
    Ok(Listed { accounts: accounts.collect::<Result<_, _>>()?, next })
}
