//! What the answers to questions say.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::base::Pii;
use crate::http::HttpResponse;
use crate::policy::FoldedName;
use crate::provision::{
    AccountId, AccountKey, AccountRef, Listed, ListedAccount, Page, Profile, ProfileField, Question,
    RemoteAccount, RemoteState,
};
use crate::targets::answer::{read_json, refusal, same_address};
use crate::targets::error::{Request, TargetError};
use crate::targets::listing::advanced;

use super::edit::{chosen_email, name};
use super::wire::{ENTERPRISE, Kind, attribute, boolean, keep, page, text, values};
use super::{BY_ID, Memberships, Scim, WITH_MEMBERS};

/// A user with what the service says about its memberships.
pub(super) struct ReadUser {
    pub(super) account: RemoteAccount,
    /// Names and ids of its groups; `None` when the service does not say, or not by name.
    pub(super) groups: Option<Vec<(String, String)>>,
}

impl Scim {
    pub(super) fn read(
        &self,
        question: &Question,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Result<Vec<Question>, TargetError> {
        let request = Request::of(question);
        refusal(request, response)?;
        if let Question::Group { name, page } = question
            && let Some(id) = page.as_str().and_then(|cursor| cursor.strip_prefix(BY_ID))
        {
            read_whole_group(name, id, response, remote)?;
            return Ok(Vec::new());
        }
        found(request, response)?;
        match question {
            Question::Account { by, .. } => self.read_account(by, request, response, remote),
            Question::Memberships { account, page } => {
                read_memberships(account, page, request, response, remote)
            }
            Question::Group { name, page } => {
                let with_members = page.as_str() == Some(WITH_MEMBERS);
                self.read_group(name, with_members, request, response, remote)?;
                Ok(Vec::new())
            }
            Question::Marker { .. } | Question::Organization { .. } | Question::Seats => Ok(Vec::new()),
        }
    }

    fn read_account(
        &self,
        by: &AccountKey,
        request: Request,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Result<Vec<Question>, TargetError> {
        let malformed = |expected| TargetError::Malformed { request, status: response.status, expected };
        let found = page(request, response, 1)?;
        let mut hits = Vec::new();
        for resource in &found.resources {
            let user = self.user(resource).map_err(malformed)?;
            let is_meant = match by {
                AccountKey::Username(name) => FoldedName::same(user.account.username.expose(), name.expose()),
                AccountKey::Email(email) => {
                    let have = user.account.email.as_ref();
                    have.is_some_and(|have| same_address(have.expose(), email.expose()))
                }
            };
            // A service that ignores filters shows everybody, and the person may be on a page that was not read.
            if !is_meant && matches!(by, AccountKey::Username(_)) {
                return Err(malformed("the account that was asked for"));
            }
            if is_meant {
                hits.push((user, resource));
            }
        }
        let unseen = usize::try_from(found.total) != Ok(found.resources.len());
        if hits.len() > 1 || unseen {
            if matches!(by, AccountKey::Username(_)) {
                return Err(malformed("one account of this name"));
            }
            (remote.account, remote.ambiguous) = (None, true);
            return Ok(Vec::new());
        }
        let Some((user, resource)) = hits.pop() else {
            remote.account = None;
            return Ok(Vec::new());
        };
        keep(remote, Kind::User, resource);
        self.settle(user, remote).map_err(malformed)
    }

    /// Takes over the account, and asks for its groups where it came without them.
    fn settle(&self, user: ReadUser, remote: &mut RemoteState) -> Result<Vec<Question>, &'static str> {
        let account = user.account.reference();
        let by_filter = Question::Memberships { account, page: Page::FIRST };
        let raised = match (&self.dialect.memberships, &user.groups) {
            (Memberships::Automatic, None) | (Memberships::MemberFilter, _) => vec![by_filter],
            (Memberships::User, None) => return Err("the names of the account's groups"),
            (Memberships::Automatic | Memberships::User, Some(_)) => Vec::new(),
            (Memberships::Groups(names), _) => names
                .iter()
                .map(|name| Question::Group {
                    name: name.clone(),
                    page: Page::at(String::from(WITH_MEMBERS)),
                })
                .collect(),
        };
        let mut account = user.account;
        if raised.is_empty() {
            for (name, id) in user.groups.unwrap_or_default() {
                remote.directory.learn_group(&name, Some(&id));
                account.groups.insert(name);
            }
        }
        remote.account = Some(account);
        Ok(raised)
    }

    fn read_group(
        &self,
        name: &str,
        with_members: bool,
        request: Request,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Result<(), TargetError> {
        let malformed = |expected| TargetError::Malformed { request, status: response.status, expected };
        let found = page(request, response, 1)?;
        let mut groups = Vec::new();
        for resource in &found.resources {
            let (have, id) = group(resource).ok_or_else(|| malformed("groups with id and name"))?;
            if !FoldedName::same(have, name) {
                return Err(malformed("the group that was asked for"));
            }
            groups.push((have, id, resource));
        }
        // Names need not be unique (RFC 7643 4.2); of several only the same spelling is clear.
        if groups.len() > 1 {
            groups.retain(|(have, ..)| *have == name);
        }
        let unseen = usize::try_from(found.total) != Ok(found.resources.len());
        let (have, id, resource) = match (groups.as_slice(), found.total) {
            (_, 0) => {
                remote.directory.learn_no_group(name);
                return Ok(());
            }
            ([one], _) if !unseen => *one,
            _ => return Err(malformed("one group of this name")),
        };
        remote.directory.learn_group(have, Some(id));
        if !with_members {
            return Ok(());
        }
        if let Some(account) = &mut remote.account
            && let Some(member) = &account.id
        {
            let members = values(resource, "members").unwrap_or_default();
            if members.iter().any(|value| text(value, "value") == Some(member.as_str())) {
                account.groups.insert(have.to_owned());
            }
        }
        Ok(())
    }

    /// The users on a page of all.
    ///
    /// The cursor remembers how many the service promised: one that promises fewer later has lost some, or shows another
    /// list, and whoever is on a page that moved would be missed.
    pub(super) fn listed(&self, at: &Page, response: &HttpResponse) -> Result<Listed, TargetError> {
        let request = Request::ListAccounts;
        refusal(request, response)?;
        found(request, response)?;
        let malformed = |expected| TargetError::Malformed { request, status: response.status, expected };
        let start = list_start(at);
        let found = page(request, response, start)?;
        let promised = at.as_str().and_then(|cursor| cursor.split_once(' ')?.1.parse::<u64>().ok());
        if promised.is_some_and(|promised| found.total < promised) {
            return Err(malformed("as many accounts as were promised"));
        }
        let users = found.resources.iter().map(|resource| {
            let account = self.user(resource).map_err(malformed)?.account;
            Ok(ListedAccount { account: account.reference(), email: account.email, active: account.active })
        });
        let accounts = users.collect::<Result<Vec<_>, TargetError>>()?;
        let next = advanced(request, start, accounts.len())?;
        let more = next <= found.total;
        Ok(Listed { accounts, next: more.then(|| Page::at(format!("{next} {}", found.total))) })
    }

    /// The user that `resource` is; otherwise what is missing in it.
    pub(super) fn user(&self, resource: &Value) -> Result<ReadUser, &'static str> {
        let id = text(resource, "id").ok_or("an account with an id")?;
        let username = text(resource, "userName").ok_or("an account with a user name")?;
        // RFC 7643 4.1.1 leaves it to the service to show `active`; one that has no deactivated users does not.
        let active =
            boolean(resource, "active").map_err(|()| "whether the account is active")?.unwrap_or(true);
        let emails = values(resource, "emails").unwrap_or_default();
        let email = chosen_email(emails).and_then(|at| text(emails.get(at)?, "value"));
        Ok(ReadUser {
            groups: memberships(resource, &self.dialect.memberships),
            account: RemoteAccount {
                id: Some(AccountId::new(id.to_owned())),
                username: Pii::new(username.to_owned()),
                email: email.map(|email| Pii::new(email.to_owned())),
                display_name: Pii::new(display_name(resource).unwrap_or_default()),
                active,
                groups: BTreeSet::new(),
                profile: self.profile(resource),
            },
        })
    }

    fn profile(&self, resource: &Value) -> Profile {
        let extension = attribute(resource, ENTERPRISE);
        let fields = super::PROFILE_FIELDS.iter().filter_map(|field| {
            let in_extension = matches!(field, ProfileField::Department | ProfileField::Organization);
            let holder = if in_extension && !self.dialect.flat_profile { extension? } else { resource };
            Some((*field, Pii::new(text(holder, name(*field))?.to_owned())))
        });
        fields.collect()
    }
}

/// Where a page of all users begins; SCIM counts from 1 (RFC 7644 3.4.2.4).
pub(super) fn list_start(page: &Page) -> u64 {
    page.as_str().and_then(|cursor| cursor.split(' ').next()?.parse().ok()).unwrap_or(1)
}

fn read_memberships(
    account: &AccountRef,
    at: &Page,
    request: Request,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<Vec<Question>, TargetError> {
    let malformed = |expected| TargetError::Malformed { request, status: response.status, expected };
    let start = at.as_str().and_then(|start| start.parse().ok()).unwrap_or(1_u64);
    let found = page(request, response, start)?;
    let groups: Option<Vec<(&str, &str)>> = found.resources.iter().map(group).collect();
    let groups = groups.ok_or_else(|| malformed("groups with id and name"))?;
    for (name, id) in &groups {
        remote.directory.learn_group(name, Some(id));
        if let Some(account) = &mut remote.account {
            account.groups.insert((*name).to_owned());
        }
    }
    let next = start.saturating_add(u64::try_from(groups.len()).unwrap_or(u64::MAX));
    let more = next <= found.total;
    let page = Page::at(next.to_string());
    Ok(more.then(|| Question::Memberships { account: account.clone(), page }).into_iter().collect())
}

/// Lists are answered 200 also when they are empty (RFC 7644 3.4.2): a 404 is about the address, and believing it would
/// make every person look new.
const fn found(request: Request, response: &HttpResponse) -> Result<(), TargetError> {
    match response.status {
        200 => Ok(()),
        status @ 400..=499 => Err(TargetError::Refused { request, status }),
        status => Err(TargetError::Malformed { request, status, expected: "a documented status" }),
    }
}

/// Name and id of a group.
fn group(resource: &Value) -> Option<(&str, &str)> {
    Some((text(resource, "displayName")?, text(resource, "id")?))
}

/// Names and ids of the groups that a user is in by itself; memberships through other groups are not for us to change.
fn memberships(resource: &Value, source: &Memberships) -> Option<Vec<(String, String)>> {
    let Some(groups) = values(resource, "groups") else {
        return (*source == Memberships::User).then(Vec::new);
    };
    let direct = groups
        .iter()
        .filter(|group| text(group, "type").is_none_or(|kind| !kind.eq_ignore_ascii_case("indirect")));
    direct.map(|group| Some((text(group, "display")?.to_owned(), text(group, "value")?.to_owned()))).collect()
}

fn display_name(resource: &Value) -> Option<String> {
    if let Some(name) = text(resource, "displayName") {
        return Some(name.to_owned());
    }
    let name = attribute(resource, "name")?;
    if let Some(formatted) = text(name, "formatted") {
        return Some(formatted.to_owned());
    }
    let parts: Vec<&str> = ["givenName", "familyName"].iter().filter_map(|part| text(name, part)).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The group `id` with everything that the service keeps of it. One that is gone has to be looked for by name again.
fn read_whole_group(
    name: &str,
    id: &str,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Result<(), TargetError> {
    let request = Request::ReadGroup;
    if response.status == 404 {
        remote.directory.forget_group(name);
        return Ok(());
    }
    found(request, response)?;
    let expected = "the group that was asked for";
    let resource: Value = read_json(request, response, expected)?;
    let is_meant = |(have, its): (&str, &str)| FoldedName::same(have, name) && its == id;
    if !group(&resource).is_some_and(is_meant) {
        return Err(TargetError::Malformed { request, status: response.status, expected });
    }
    keep(remote, Kind::Group, &resource);
    Ok(())
}
