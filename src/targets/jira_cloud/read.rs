//! Jira Cloud: what it says it has.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::base::Pii;
use crate::http::HttpResponse;
use crate::policy::FoldedName;
use crate::provision::{
    AccountId, AccountKey, AccountRef, Listed, ListedAccount, Page, Profile, Question, RemoteAccount,
    RemoteMarker, RemoteState, Seats,
};
use crate::targets::answer::{documented_absence, read_json, refusal, same_address};
use crate::targets::error::{Request, TargetError};
use crate::targets::jira_dc::decode_marker;
use crate::targets::listing::{after, answered};
use crate::targets::service_desk::ServiceDeskApi;

use super::SEARCH_PAGE;
use super::answer::GroupAnswer;

/// The longest account id; the documentation promises 128 characters.
const MAX_ACCOUNT_ID: usize = 128;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserAnswer {
    account_id: String,
    #[serde(default)]
    account_type: String,
    /// Missing where the person hides it.
    #[serde(default)]
    email_address: Option<String>,
    #[serde(default)]
    display_name: Option<String>,
    pub(super) active: bool,
}

impl UserAnswer {
    /// Is this its address?
    pub(super) fn has_address(&self, address: &str) -> bool {
        self.email_address.as_deref().is_some_and(|have| same_address(have, address))
    }

    /// A person with an account of Atlassian's, not a portal-only customer or an app.
    fn is_atlassian(&self) -> bool {
        self.account_type == "atlassian"
    }

    /// The account, without its groups, under the name that we know the person by.
    pub(super) fn into_account(self, username: &str) -> Option<RemoteAccount> {
        let plausible = (1..=MAX_ACCOUNT_ID).contains(&self.account_id.len());
        plausible.then(|| RemoteAccount {
            id: Some(AccountId::new(self.account_id)),
            username: Pii::new(username.to_owned()),
            email: self.email_address.map(Pii::new),
            display_name: Pii::new(self.display_name.unwrap_or_default()),
            active: self.active,
            groups: BTreeSet::new(),
            profile: Profile::new(),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupsAnswer {
    is_last: bool,
    values: Vec<GroupAnswer>,
}

#[derive(Deserialize)]
struct PropertyAnswer {
    value: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoleAnswer {
    key: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    has_unlimited_seats: bool,
    #[serde(default)]
    remaining_seats: Option<i64>,
}

/// Puts the answer to `question` into `remote`; see [`crate::targets::Application::learn`].
pub(super) fn learn(
    question: &Question,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<Vec<Question>, TargetError> {
    let request = Request::of(question);
    if let Question::Organization { name, page } = question {
        return ServiceDeskApi::learn(name, page, response, refusal, remote);
    }
    refusal(request, response)?;
    match question {
        Question::Account { by, page } => return accounts(by, page, response, remote),
        Question::Memberships { account, .. } => memberships(account, response, remote)?,
        Question::Marker { .. } => {
            remote.marker = if documented_absence(request, response, &["errorMessages", "errors"])? {
                RemoteMarker::Absent
            } else {
                let property: PropertyAnswer = read_json(request, response, "a user property")?;
                decode_marker(&property.value)
            };
        }
        Question::Group { name, .. } => group(name, response, remote)?,
        Question::Seats => remote.seats = seats(response)?,
        Question::Organization { .. } => {}
    }
    Ok(Vec::new())
}

/// The account with this address, whose groups and marker are then asked for. An account of Atlassian's goes before a
/// portal-only one of the same address, which is left over from the time before.
fn accounts(
    by: &AccountKey,
    page: &Page,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<Vec<Question>, TargetError> {
    let request = Request::FindByEmail;
    answered(request, response)?;
    let users: Vec<UserAnswer> = read_json(request, response, "a list of accounts")?;
    let malformed = |expected| TargetError::Malformed { request, status: response.status, expected };
    let start: usize =
        page.as_str().map_or(Ok(0), str::parse).map_err(|_| malformed("a list of accounts"))?;
    let found = users.len();
    if found > SEARCH_PAGE {
        return Err(malformed("the page that was asked for"));
    }
    let address = by.value().expose();
    let same = users.into_iter().filter(|user| user.has_address(address) && user.account_type != "app");
    let (atlassian, others): (Vec<UserAnswer>, Vec<UserAnswer>) = same.partition(UserAnswer::is_atlassian);
    let mut candidates = if atlassian.is_empty() { others } else { atlassian };
    let Some(user) = candidates.pop() else {
        if found < SEARCH_PAGE {
            // Where there is no account there is no marker either, so one may be written.
            remote.marker = RemoteMarker::Absent;
            return Ok(Vec::new());
        }
        let next = Page::at(start.saturating_add(found).to_string());
        return Ok(vec![Question::Account { by: by.clone(), page: next }]);
    };
    // What is on the next page could have the address too.
    if !candidates.is_empty() || found == SEARCH_PAGE {
        remote.ambiguous = true;
        return Ok(Vec::new());
    }
    // A portal-only account is in no group, and cannot be.
    let has_groups = user.is_atlassian();
    let account = user.into_account(address).ok_or_else(|| malformed("the id of an account"))?;
    let reference = account.reference();
    remote.account = Some(account);
    let mut questions = vec![Question::Marker { account: reference.clone() }];
    if has_groups {
        questions.push(Question::Memberships { account: reference, page: Page::FIRST });
    }
    Ok(questions)
}

/// The account's groups. Asked for by id without having looked for the account, they are all that is known of it.
fn memberships(
    whose: &AccountRef,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<(), TargetError> {
    let request = Request::ReadMemberships;
    if documented_absence(request, response, &["errorMessages", "errors"])? {
        remote.account = None;
        return Ok(());
    }
    let groups: Vec<GroupAnswer> = read_json(request, response, "the groups of the account")?;
    let account = remote.account.get_or_insert_with(|| RemoteAccount {
        id: whose.id.clone(),
        username: whose.username.clone(),
        email: None,
        display_name: whose.username.clone(),
        active: true,
        groups: BTreeSet::new(),
        profile: Profile::new(),
    });
    account.groups = groups.iter().map(|group| group.name.clone()).collect();
    for group in groups {
        remote.directory.learn_group(&group.name, Some(&group.group_id));
    }
    Ok(())
}

/// The look-up is by exact name, so there is one group or none.
fn group(name: &str, response: &HttpResponse, remote: &mut RemoteState) -> Result<(), TargetError> {
    let request = Request::ReadGroup;
    answered(request, response)?;
    let found: GroupsAnswer = read_json(request, response, "a page of groups")?;
    match found.values.iter().find(|group| FoldedName::same(&group.name, name)) {
        Some(group) => remote.directory.learn_group(&group.name, Some(&group.group_id)),
        None if found.is_last => remote.directory.learn_no_group(name),
        None => {
            let expected = "the group that was asked for";
            return Err(TargetError::Malformed { request, status: response.status, expected });
        }
    }
    Ok(())
}

fn seats(response: &HttpResponse) -> Result<Vec<Seats>, TargetError> {
    let request = Request::ReadSeats;
    answered(request, response)?;
    let roles: Vec<RoleAnswer> = read_json(request, response, "a list of application roles")?;
    let seats = roles.into_iter().map(|role| Seats {
        product: role.key,
        groups: role.groups,
        remaining: role
            .remaining_seats
            .filter(|_| !role.has_unlimited_seats)
            .and_then(|remaining| u64::try_from(remaining).ok()),
    });
    Ok(seats.collect())
}

/// People on a page of the list. Apps are nobody, and who hides the address can only be told by the id.
pub(super) fn listed_accounts(page: &Page, response: &HttpResponse) -> Result<Listed, TargetError> {
    let request = Request::ListAccounts;
    refusal(request, response)?;
    answered(request, response)?;
    let users: Vec<UserAnswer> = read_json(request, response, "a list of accounts")?;
    let next = after(request, page, users.len())?;
    let people =
        users.into_iter().filter(|user| ["atlassian", "customer"].contains(&user.account_type.as_str()));
    let accounts = people.map(|user| {
        let account = user.into_account("").ok_or(TargetError::Malformed {
            request,
            status: response.status,
            expected: "the id of an account",
        })?;
        let username = account.email.clone().unwrap_or_else(|| Pii::new(String::new()));
        let reference = AccountRef { username, id: account.id };
        Ok(ListedAccount { account: reference, email: account.email, active: account.active })
    });
    Ok(Listed { accounts: accounts.collect::<Result<_, _>>()?, next })
}
