//! Jira Data Center: what it says it has.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::base::Pii;
use crate::http::HttpResponse;
use crate::policy::FoldedName;
use crate::provision::{
    AccountKey, AccountRef, Page, Profile, Question, RemoteAccount, RemoteMarker, RemoteState, Seats,
};
use crate::targets::answer::{read_json, same_address};
use crate::targets::error::{Request, TargetError};

use super::answer::documented_absence;
use super::{JiraDc, MAX_SAME_ADDRESS, marker};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserAnswer {
    name: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    email_address: Option<String>,
    #[serde(default)]
    display_name: Option<String>,
    active: bool,
    #[serde(default)]
    deleted: bool,
    groups: GroupsAnswer,
}

#[derive(Deserialize)]
struct GroupsAnswer {
    size: u64,
    items: Vec<GroupAnswer>,
}

#[derive(Deserialize)]
struct GroupAnswer {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundUser {
    name: String,
    #[serde(default)]
    email_address: Option<String>,
    #[serde(default)]
    deleted: bool,
}

#[derive(Deserialize)]
struct PropertyAnswer {
    value: Value,
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

impl JiraDc {
    /// Puts the answer to `question` into `remote`; see [`crate::targets::Application::learn`].
    pub(in crate::targets) fn read(
        &self,
        question: &Question,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Result<Vec<Question>, TargetError> {
        match question {
            Question::Account { by: AccountKey::Username(username), .. } => {
                account(username.expose(), response)?.learn(remote);
            }
            Question::Memberships { account: whose, .. } => {
                account(whose.username.expose(), response)?.learn(remote);
            }
            Question::Account { by: AccountKey::Email(email), .. } => {
                return found(email, response, remote);
            }
            Question::Marker { .. } => remote.marker = read_marker(response)?,
            Question::Group { name, .. } => {
                if group_exists(response)? {
                    remote.directory.learn_group(name, None);
                } else {
                    remote.directory.learn_no_group(name);
                }
            }
            Question::Seats => remote.seats = seats(response)?,
            Question::Organization { name, .. } => remote.directory.learn_no_organization(name),
        }
        Ok(Vec::new())
    }
}

/// An account and what names it for good, if there is one.
struct ReadAccount(Option<(RemoteAccount, Map<String, Value>)>);

/// The account of `username` in the answer; `None` when there is none. An answer that shows another account, or only some
/// of the groups, is no answer.
fn account(username: &str, response: &HttpResponse) -> Result<ReadAccount, TargetError> {
    let request = Request::ReadAccount;
    if documented_absence(request, response)? {
        return Ok(ReadAccount(None));
    }
    let user: UserAnswer = read_json(request, response, "an account and its groups")?;
    let malformed = |expected| Err(TargetError::Malformed { request, status: response.status, expected });
    if !FoldedName::same(&user.name, username) {
        return malformed("the account that was asked for");
    }
    // An unexpanded list has a size and no items; taken at face value it would look like an account without groups.
    if usize::try_from(user.groups.size) != Ok(user.groups.items.len()) {
        return malformed("all groups of the account");
    }
    let mut shown = Map::new();
    shown.insert(String::from("name"), json!(user.name));
    shown.insert(String::from("key"), json!(user.key));
    let account = RemoteAccount {
        id: None,
        display_name: Pii::new(user.display_name.unwrap_or_default()),
        email: user.email_address.filter(|email| !email.is_empty()).map(Pii::new),
        active: user.active && !user.deleted,
        groups: user.groups.items.into_iter().map(|group| group.name).collect(),
        username: Pii::new(user.name),
        profile: Profile::new(),
    };
    Ok(ReadAccount(Some((account, shown))))
}

impl ReadAccount {
    fn learn(self, remote: &mut RemoteState) {
        let (account, shown) = self.0.unzip();
        remote.account = account;
        remote.pieces.shown = shown.map(Pii::new);
    }
}

/// The one account with this address, whose groups and marker are then asked for.
fn found(
    email: &Pii<String>,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<Vec<Question>, TargetError> {
    let request = Request::FindByEmail;
    super::answer::refusal(request, response)?;
    if response.status != 200 {
        return Err(match response.status {
            status @ 400..=499 => TargetError::Refused { request, status },
            status => TargetError::Malformed { request, status, expected: "a documented status" },
        });
    }
    let users: Vec<FoundUser> = read_json(request, response, "a list of accounts")?;
    // Jira matches parts: what is left out of a full page could have the address too.
    let full = users.len() >= MAX_SAME_ADDRESS;
    let same = |user: &FoundUser| {
        let address = user.email_address.as_deref();
        !user.deleted && address.is_some_and(|have| same_address(have, email.expose()))
    };
    let names: BTreeSet<FoldedName> =
        users.iter().filter(|user| same(user)).map(|user| FoldedName::of(&user.name)).collect();
    remote.ambiguous = names.len() > 1 || full;
    let Some(user) = users.into_iter().find(same).filter(|_| names.len() == 1 && !full) else {
        return Ok(Vec::new());
    };
    let username = Pii::new(user.name);
    Ok(vec![
        Question::Account { by: AccountKey::Username(username.clone()), page: Page::FIRST },
        Question::Marker { account: AccountRef::named(username) },
    ])
}

fn read_marker(response: &HttpResponse) -> Result<RemoteMarker, TargetError> {
    let request = Request::ReadMarker;
    if documented_absence(request, response)? {
        return Ok(RemoteMarker::Absent);
    }
    let property: PropertyAnswer = read_json(request, response, "a user property")?;
    Ok(marker::decode(&property.value))
}

fn group_exists(response: &HttpResponse) -> Result<bool, TargetError> {
    let request = Request::ReadGroup;
    if documented_absence(request, response)? {
        return Ok(false);
    }
    read_json::<Map<String, Value>>(request, response, "a page of members")?;
    Ok(true)
}

fn seats(response: &HttpResponse) -> Result<Vec<Seats>, TargetError> {
    let request = Request::ReadSeats;
    if documented_absence(request, response)? {
        return Ok(Vec::new());
    }
    let roles: Vec<RoleAnswer> = read_json(request, response, "a list of application roles")?;
    let seats = roles.into_iter().map(|role| Seats {
        product: role.key,
        groups: role.groups,
        // Jira writes -1 where there is no limit.
        remaining: role
            .remaining_seats
            .filter(|_| !role.has_unlimited_seats)
            .and_then(|remaining| u64::try_from(remaining).ok()),
    });
    Ok(seats.collect())
}
