//! Confluence Data Center: what it says it has.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::base::Pii;
use crate::http::HttpResponse;
use crate::policy::FoldedName;
use crate::provision::{
    AccountKey, AccountRef, Listed, ListedAccount, Page, Profile, Question, RemoteAccount, RemoteState,
};
use crate::targets::answer::{documented_absence, read_json};
use crate::targets::error::{Request, TargetError};
use crate::targets::listing::{after, answered, offset};

use super::WITH_GROUPS;
use super::answer::refusal;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserAnswer {
    username: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

#[derive(Deserialize)]
struct GroupsAnswer {
    results: Vec<Named>,
    #[serde(default, rename = "_links")]
    links: Links,
}

#[derive(Deserialize)]
struct ListAnswer {
    start: u64,
    results: Vec<ShownUser>,
    #[serde(default, rename = "_links")]
    links: Links,
}

#[derive(Deserialize)]
struct ShownUser {
    /// Missing for people whom Confluence does not know any more.
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

#[derive(Default, Deserialize)]
struct Links {
    #[serde(default)]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

pub(super) fn first_memberships(username: &Pii<String>) -> Question {
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
            let found = account(username, response)?;
            let alone = found.is_some() && page.as_str() == Some(WITH_GROUPS);
            remote.account = found.map(|account| RemoteAccount {
                groups: remote.pieces.groups.clone().unwrap_or_default(),
                ..account
            });
            return Ok(if alone { vec![first_memberships(username)] } else { Vec::new() });
        }
        Question::Memberships { account, page } => return memberships(account, page, response, remote),
        Question::Group { name, .. } => {
            if group_exists(name, response)? {
                remote.directory.learn_group(name, None);
            } else {
                remote.directory.learn_no_group(name);
            }
        }
        Question::Organization { name, .. } => remote.directory.learn_no_organization(name),
        Question::Account { by: AccountKey::Email(_), .. } | Question::Marker { .. } | Question::Seats => {}
    }
    Ok(Vec::new())
}

/// Old versions do not say; Confluence itself lets nobody in who is deactivated. Who has no licence is no less active.
fn is_usable(status: &str) -> bool {
    ["current", "unlicensed"].iter().any(|word| status.eq_ignore_ascii_case(word))
}

fn account(username: &Pii<String>, response: &HttpResponse) -> Result<Option<RemoteAccount>, TargetError> {
    let request = Request::ReadAccount;
    if documented_absence(request, response, &["statusCode"])? {
        return Ok(None);
    }
    // Somebody anonymous or unknown is shown without a user name.
    let user: UserAnswer = read_json(request, response, "a known user")?;
    if !FoldedName::same(&user.username, username.expose()) {
        let expected = "the account that was asked for";
        return Err(TargetError::Malformed { request, status: response.status, expected });
    }
    Ok(Some(RemoteAccount {
        id: None,
        display_name: Pii::new(user.display_name.unwrap_or_default()),
        email: None,
        active: user.status.as_deref().is_none_or(is_usable),
        groups: BTreeSet::new(),
        username: Pii::new(user.username),
        profile: Profile::new(),
    }))
}

/// Learns a page of groups and asks for the next, which begins where this one ends: Confluence gives fewer results than
/// asked for when it likes, and its link names a host that need not be the one that we know.
fn memberships(
    account: &AccountRef,
    page: &Page,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<Vec<Question>, TargetError> {
    let request = Request::ReadMemberships;
    if documented_absence(request, response, &["statusCode"])? {
        remote.pieces.groups = None;
        return Ok(Vec::new());
    }
    let answer: GroupsAnswer = read_json(request, response, "a page of groups")?;
    let count = answer.results.len();
    let mut groups = match page.as_str() {
        Some(_) => remote.pieces.groups.clone().unwrap_or_default(),
        None => BTreeSet::new(),
    };
    let before = groups.len();
    groups.extend(answer.results.into_iter().map(|group| group.name));
    if answer.links.next.is_some() && groups.len() == before {
        return Err(TargetError::Endless { request });
    }
    if let Some(have) = &mut remote.account {
        have.groups.clone_from(&groups);
    }
    remote.pieces.groups = Some(groups);
    if answer.links.next.is_none() {
        return Ok(Vec::new());
    }
    let start: usize = page.as_str().and_then(|start| start.parse().ok()).unwrap_or(0);
    let page = Page::at(start.saturating_add(count).to_string());
    Ok(vec![Question::Memberships { account: account.clone(), page }])
}

fn group_exists(name: &str, response: &HttpResponse) -> Result<bool, TargetError> {
    let request = Request::ReadGroup;
    if documented_absence(request, response, &["statusCode"])? {
        return Ok(false);
    }
    let group: Named = read_json(request, response, "a group")?;
    if !FoldedName::same(&group.name, name) {
        let expected = "the group that was asked for";
        return Err(TargetError::Malformed { request, status: response.status, expected });
    }
    Ok(true)
}

/// The accounts on a page of all; the list shows no addresses.
pub(super) fn listed(page: &Page, response: &HttpResponse) -> Result<Listed, TargetError> {
    let request = Request::ListAccounts;
    refusal(request, response)?;
    answered(request, response)?;
    let answer: ListAnswer = read_json(request, response, "a page of accounts")?;
    let count = answer.results.len();
    if answer.start != offset(page) || (count == 0 && answer.links.next.is_some()) {
        let expected = "the page that was asked for";
        return Err(TargetError::Malformed { request, status: response.status, expected });
    }
    let next = if answer.links.next.is_some() { after(request, page, count)? } else { None };
    let accounts = answer.results.into_iter().filter_map(|user| {
        Some(ListedAccount {
            account: AccountRef::named(Pii::new(user.username?)),
            email: None,
            active: user.status.as_deref().is_none_or(is_usable),
        })
    });
    Ok(Listed { accounts: accounts.collect(), next })
}
