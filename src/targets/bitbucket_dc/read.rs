//! Bitbucket Data Center: what it says it has.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::base::Pii;
use crate::http::HttpResponse;
use crate::policy::FoldedName;
use crate::provision::{
    AccountKey, AccountRef, Listed, ListedAccount, Page, Profile, Question, RemoteAccount, RemoteState,
};
use crate::targets::answer::{self};
use crate::targets::answer::{read_json, refusal};
use crate::targets::error::{Request, TargetError};

use super::WITH_GROUPS;

/// A page of Bitbucket's. The next one begins where it says: pages are cut in a list that is longer than what is shown.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageAnswer<T> {
    values: Vec<T>,
    is_last_page: bool,
    #[serde(default)]
    next_page_start: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserAnswer {
    name: String,
    #[serde(default)]
    email_address: Option<String>,
    #[serde(default)]
    display_name: Option<String>,
    active: bool,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

pub(super) fn first_memberships(username: &Pii<String>) -> Question {
    Question::Memberships { account: AccountRef::named(username.clone()), page: Page::FIRST }
}

/// Does the account itself say that `what` of it cannot be changed in its directory?
pub(super) fn forbids(remote: &RemoteState, what: &str) -> bool {
    let shown = remote.pieces.shown.as_ref();
    shown.and_then(|shown| shown.expose().get(what)).and_then(Value::as_bool) == Some(false)
}

/// Puts the answer to `question` into `remote`; see [`crate::targets::Application::learn`].
pub(super) fn learn(
    question: &Question,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<Vec<Question>, TargetError> {
    let request = Request::of(question);
    refusal(request, response)?;
    match question {
        Question::Account { by: AccountKey::Username(username), page } => {
            account(username, page, response, remote)
        }
        Question::Account { by: AccountKey::Email(email), page } => {
            same_address(email, page, response, remote)
        }
        Question::Memberships { account, page } => memberships(account, page, response, remote),
        Question::Group { name, page } => group(name, page, response, remote),
        Question::Organization { name, .. } => {
            remote.directory.learn_no_organization(name);
            Ok(Vec::new())
        }
        Question::Marker { .. } | Question::Seats => Ok(Vec::new()),
    }
}

fn read_page<T: DeserializeOwned>(
    request: Request,
    response: &HttpResponse,
) -> Result<PageAnswer<T>, TargetError> {
    match response.status {
        200 => read_json(request, response, "a page of Bitbucket's"),
        status @ 400..=499 => Err(TargetError::Refused { request, status }),
        status => Err(TargetError::Malformed { request, status, expected: "a documented status" }),
    }
}

impl<T> PageAnswer<T> {
    /// Where the next page begins, if there is one: after `page`, or the pages never end.
    fn next(&self, request: Request, page: &Page) -> Result<Option<String>, TargetError> {
        if self.is_last_page {
            return Ok(None);
        }
        let start = page.as_str().unwrap_or_default();
        let start: u64 = start.strip_prefix(WITH_GROUPS).unwrap_or(start).parse().unwrap_or(0);
        let next = self.next_page_start.filter(|next| *next > start);
        next.map(|next| Some(next.to_string())).ok_or(TargetError::Endless { request })
    }
}

/// The account whose name is `username`, not one of which that is a part. Whoever is found is shown on one page only, so
/// the rest is not read.
fn account(
    username: &Pii<String>,
    page: &Page,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<Vec<Question>, TargetError> {
    let request = Request::ReadAccount;
    let answer: PageAnswer<Map<String, Value>> = read_page(request, response)?;
    let mut found = None;
    for shown in &answer.values {
        let user = user(request, response, shown)?;
        if FoldedName::same(&user.name, username.expose()) {
            found = Some((user, shown.clone()));
        }
    }
    let alone = page.as_str().is_some_and(|page| page.starts_with(WITH_GROUPS));
    if let Some((user, shown)) = found {
        take(user, shown, remote);
        return Ok(if alone { vec![first_memberships(username)] } else { Vec::new() });
    }
    let next = answer.next(request, page)?;
    remote.account = None;
    remote.pieces.shown = None;
    let by = AccountKey::Username(username.clone());
    let next = next.map(|next| if alone { format!("{WITH_GROUPS}{next}") } else { next });
    Ok(next.map(|next| Question::Account { by, page: Page::at(next) }).into_iter().collect())
}

fn user(
    request: Request,
    response: &HttpResponse,
    shown: &Map<String, Value>,
) -> Result<UserAnswer, TargetError> {
    let malformed = TargetError::Malformed { request, status: response.status, expected: "accounts" };
    serde_json::from_value(Value::Object(shown.clone())).map_err(|_| malformed)
}

fn take(user: UserAnswer, shown: Map<String, Value>, remote: &mut RemoteState) {
    remote.pieces.shown = Some(Pii::new(shown));
    remote.account = Some(RemoteAccount {
        id: None,
        display_name: Pii::new(user.display_name.unwrap_or_default()),
        email: user.email_address.filter(|email| !email.is_empty()).map(Pii::new),
        active: user.active,
        groups: remote.pieces.groups.clone().unwrap_or_default(),
        username: Pii::new(user.name),
        profile: Profile::new(),
    });
}

/// The one account with this address on all pages.
fn same_address(
    email: &Pii<String>,
    page: &Page,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<Vec<Question>, TargetError> {
    let request = Request::FindByEmail;
    let answer: PageAnswer<Map<String, Value>> = read_page(request, response)?;
    let mut found = Vec::new();
    for shown in &answer.values {
        let user = user(request, response, shown)?;
        if user.email_address.as_deref().is_some_and(|have| answer::same_address(have, email.expose())) {
            found.push((user, shown.clone()));
        }
    }
    let next = answer.next(request, page)?;
    for (user, shown) in found {
        let have = remote.account.as_ref().map(|account| account.username.expose());
        if have.is_some_and(|have| !FoldedName::same(have, &user.name)) {
            remote.ambiguous = true;
        }
        // Groups that were read belong to whoever had the user name, if anybody.
        remote.pieces.groups = None;
        take(user, shown, remote);
    }
    if let Some(next) = next {
        return Ok(vec![Question::Account { by: AccountKey::Email(email.clone()), page: Page::at(next) }]);
    }
    if remote.ambiguous {
        remote.account = None;
        remote.pieces.shown = None;
    }
    Ok(remote.account.iter().map(|account| first_memberships(&account.username)).collect())
}

fn memberships(
    account: &AccountRef,
    page: &Page,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<Vec<Question>, TargetError> {
    let request = Request::ReadMemberships;
    let answer: PageAnswer<Named> = read_page(request, response)?;
    let next = answer.next(request, page)?;
    let mut groups = match page.as_str() {
        Some(_) => remote.pieces.groups.clone().unwrap_or_default(),
        None => BTreeSet::new(),
    };
    groups.extend(answer.values.into_iter().map(|group| group.name));
    if let Some(have) = &mut remote.account {
        have.groups.clone_from(&groups);
    }
    remote.pieces.groups = Some(groups);
    let question = |next| Question::Memberships { account: account.clone(), page: Page::at(next) };
    Ok(next.map(question).into_iter().collect())
}

fn group(
    name: &str,
    page: &Page,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<Vec<Question>, TargetError> {
    let request = Request::ReadGroup;
    let answer: PageAnswer<Named> = read_page(request, response)?;
    if answer.values.iter().any(|group| FoldedName::same(&group.name, name)) {
        remote.directory.learn_group(name, None);
        return Ok(Vec::new());
    }
    let next = answer.next(request, page)?;
    if next.is_none() {
        remote.directory.learn_no_group(name);
    }
    let question = |next| Question::Group { name: name.to_owned(), page: Page::at(next) };
    Ok(next.map(question).into_iter().collect())
}

/// The accounts on a page of all.
pub(super) fn listed(page: &Page, response: &HttpResponse) -> Result<Listed, TargetError> {
    let request = Request::ListAccounts;
    refusal(request, response)?;
    let answer: PageAnswer<UserAnswer> = read_page(request, response)?;
    let next = answer.next(request, page)?.map(Page::at);
    let accounts = answer.values.into_iter().map(|user| ListedAccount {
        account: AccountRef::named(Pii::new(user.name)),
        email: user.email_address.filter(|email| !email.is_empty()).map(Pii::new),
        active: user.active,
    });
    Ok(Listed { accounts: accounts.collect(), next })
}
