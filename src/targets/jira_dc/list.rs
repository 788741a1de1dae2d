//! Jira Data Center: all its accounts.
//!
//! Jira 10 streams them (`/user/list`). Older versions do not know the resource, and are asked by the search, which takes `.`
//! for everybody and gives at most 1,000 at a time.

use serde::Deserialize;

use crate::base::Pii;
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{AccountRef, Listed, ListedAccount, Page};
use crate::targets::answer::read_json;
use crate::targets::error::{Request, TargetError};
use crate::targets::listing::{advanced, answered};

use super::JiraDc;
use super::answer::refusal;

/// Accounts of a page: the most that the search gives. A thousand take about 700 KiB.
const PAGE_SIZE: &str = "1000";

/// The longest cursor that is remembered; Jira's are the ids of users.
const MAX_CURSOR: usize = 256;

const REQUEST: Request = Request::ListAccounts;

/// Where a list stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cursor {
    /// In the stream, after so many accounts, at Jira's own cursor.
    Stream(u64, Option<String>),
    /// In the search, after so many accounts.
    Search(u64),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StreamAnswer {
    is_last: bool,
    #[serde(default)]
    next_cursor: Option<NextCursor>,
    values: Vec<UserAnswer>,
}

/// Text, as the documentation says; a number would be no less clear.
#[derive(Deserialize)]
#[serde(untagged)]
enum NextCursor {
    Text(String),
    Number(i64),
}

impl NextCursor {
    /// Where to go on, unless that is nowhere or `here`.
    fn after(self, here: Option<&str>) -> Option<String> {
        let next = match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        };
        let plausible = (1..=MAX_CURSOR).contains(&next.len()) && here != Some(next.as_str());
        plausible.then_some(next)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserAnswer {
    name: String,
    #[serde(default)]
    email_address: Option<String>,
    active: bool,
    #[serde(default)]
    deleted: bool,
}

impl Cursor {
    fn of(page: &Page) -> Self {
        let number = |word: &str| word.parse().unwrap_or(0);
        match page.as_str().map(|cursor| (cursor.strip_prefix('.'), cursor.split_once(' '))) {
            Some((Some(count), _)) => Self::Search(number(count)),
            Some((None, Some((count, cursor)))) => Self::Stream(number(count), Some(cursor.to_owned())),
            Some((None, None)) | None => Self::Stream(0, None),
        }
    }

    fn page(&self) -> Page {
        match self {
            Self::Stream(_, None) => Page::FIRST,
            Self::Stream(count, Some(cursor)) => Page::at(format!("{count} {cursor}")),
            Self::Search(count) => Page::at(format!(".{count}")),
        }
    }
}

impl JiraDc {
    pub(super) fn list(&self, page: &Page) -> HttpCall {
        let resource = match Cursor::of(page) {
            Cursor::Stream(_, cursor) => {
                let resource = self.resource("/rest/api/2/user/list").query("maxResults", PAGE_SIZE);
                match cursor {
                    Some(cursor) => resource.query("cursor", &cursor),
                    None => resource,
                }
            }
            Cursor::Search(start) => self
                .resource("/rest/api/2/user/search")
                .query("username", ".")
                .query("includeActive", "true")
                .query("includeInactive", "true")
                .query("startAt", &start.to_string())
                .query("maxResults", PAGE_SIZE),
        };
        self.call("GET", resource, None)
    }
}

pub(super) fn listed(page: &Page, response: &HttpResponse) -> Result<Listed, TargetError> {
    refusal(REQUEST, response)?;
    let cursor = Cursor::of(page);
    // A Jira that does not have the resource says so in many ways; what is no Jira at all does not have the search either.
    if cursor == Cursor::Stream(0, None) && matches!(response.status, 404 | 405) {
        return Ok(Listed { accounts: Vec::new(), next: Some(Cursor::Search(0).page()) });
    }
    answered(REQUEST, response)?;
    let (users, next) = match cursor {
        Cursor::Stream(count, at) => {
            let answer: StreamAnswer = read_json(REQUEST, response, "a page of accounts")?;
            let count = advanced(REQUEST, count, answer.values.len())?;
            let next = match answer.next_cursor.and_then(|next| next.after(at.as_deref())) {
                _ if answer.is_last => None,
                Some(next) if !answer.values.is_empty() => Some(Cursor::Stream(count, Some(next))),
                Some(_) | None => return Err(TargetError::Endless { request: REQUEST }),
            };
            (answer.values, next)
        }
        Cursor::Search(start) => {
            let users: Vec<UserAnswer> = read_json(REQUEST, response, "a list of accounts")?;
            let next = advanced(REQUEST, start, users.len())?;
            let more = (!users.is_empty()).then_some(Cursor::Search(next));
            (users, more)
        }
    };
    let accounts = users.into_iter().filter(|user| !user.deleted).map(|user| ListedAccount {
        account: AccountRef::named(Pii::new(user.name)),
        email: user.email_address.filter(|email| !email.is_empty()).map(Pii::new),
        active: user.active,
    });
    Ok(Listed { accounts: accounts.collect(), next: next.map(|next| next.page()) })
}
