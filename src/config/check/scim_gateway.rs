//! `scim_gateway`.

use core::ops::RangeInclusive;

use super::application::organizations_of_directory;
use super::own_path::own_path;
use super::target::endpoint;
use super::{Checker, optional, quoted};
use crate::config::path::Path;
use crate::config::raw::{self, Whole};
use crate::directory::{GroupNaming, GroupsBecome};
use crate::flow::Provisioning;
use crate::flow::scim_pass::{self, Names};
use crate::flow::scim_push::{Memberships, OnDelete, OnNameConflict, Settings, Token};
use crate::http::network::Network;
use crate::policy;

/// Characters of a token: Entra ID and Okta take any length, and 32 random ones from 64 make 192 bits.
const MIN_TOKEN_CHARACTERS: usize = 32;

/// Tokens at a time: two while one takes the place of another, for a few clients.
const MAX_TOKENS: usize = 8;

/// Networks that are compared with an address.
const MAX_NETWORKS: usize = 64;

/// Below, no user fits; above, one request would fill the memory of a worker (a document takes some ten times its size).
const BODY_BYTES: RangeInclusive<u64> = 16_384..=16_777_216;

const REQUESTS_PER_SECOND: RangeInclusive<u64> = 1..=1_000;

/// What the product that is replaced takes (J5).
const USERS_PER_GROUP: RangeInclusive<u64> = 1..=150_000;

/// What the product that is replaced takes (J6).
const GROUPS: RangeInclusive<u64> = 1..=20_000;

/// Above, nobody is left whom it would save: as many as a group may have.
const DEACTIVATIONS: RangeInclusive<u64> = 1..=150_000;

const WORD: &str = "1 to 64 letters, digits, `-`, `_` and `.`";

pub(super) fn scim_gateway(
    raw: &raw::ScimGateway,
    whole: &raw::Configuration,
    base_uri: Option<&str>,
    policy: &policy::Settings,
    checker: &mut Checker<'_>,
) -> Option<Settings> {
    let root = Path::default();
    let at = root.field("scim_gateway");
    let faults = checker.faults.len();
    own_path(&raw.path_prefix, &at.field("path_prefix"), whole, checker);
    if raw.path_prefix.ends_with('/') {
        let expected = "a path without a slash at its end";
        checker.invalid(&at.field("path_prefix"), quoted(&raw.path_prefix), expected);
    }
    let keeps = raw.pass_through.is_none();
    if keeps && whole.provisioning.is_none() {
        checker.missing(&root.field("provisioning"), "the application that people are brought to");
    }
    if keeps && whole.shared_store.is_none() {
        checker.missing(&root.field("shared_store"), "where what is pushed is kept");
    }
    if keeps && matches!(raw.groups_become, raw::ScimGroupsBecome::Organizations) {
        organizations_of_directory(whole, &at.field("groups_become"), checker);
    }
    let tokens = tokens(&raw.tokens, &at.field("tokens"), checker);
    let networks = networks(&raw.allowed_client_networks, &at.field("allowed_client_networks"), checker);
    let max_body_bytes = within(raw.max_body_bytes, BODY_BYTES, &at.field("max_body_bytes"), checker);
    let rate_at = at.field("max_requests_per_second");
    let rate = within(raw.max_requests_per_second, REQUESTS_PER_SECOND, &rate_at, checker);
    let users = within(raw.max_users_per_group, USERS_PER_GROUP, &at.field("max_users_per_group"), checker);
    let groups = within(raw.max_groups, GROUPS, &at.field("max_groups"), checker);
    let endings_at = at.field("max_deactivations_per_hour");
    let endings = within(raw.max_deactivations_per_hour, DEACTIVATIONS, &endings_at, checker);
    if let Some(word) = raw.look_again.as_ref().filter(|word| !is_word(word)) {
        checker.invalid(&at.field("look_again"), quoted(word), WORD);
    }
    let base_uri = format!("{}{}", base_uri?, raw.path_prefix);
    let pass_through = raw.pass_through.as_ref().map(|raw| {
        let endpoint = endpoint(&raw.endpoint(), &at.field("pass_through"), checker);
        let names = Names::new(policy).map_err(|one_way| {
            let detail = format_args!("names of groups must be readable in both directions: {one_way}");
            checker.conflict(&at.field("pass_through"), root.field("policy.group_mapping"), detail);
        });
        Some(scim_pass::Settings {
            endpoint: endpoint?,
            names: names.ok()?,
            base_uri: base_uri.clone(),
            forward_roles: raw.forward_roles,
            brings_people: !is_the_service(whole.provisioning.as_ref(), raw),
        })
    });
    let settings = Settings {
        pass_through: optional(pass_through)?,
        path_prefix: raw.path_prefix.clone(),
        base_uri,
        tokens,
        networks,
        groups_become: match raw.groups_become {
            raw::ScimGroupsBecome::Groups => GroupsBecome::Groups,
            raw::ScimGroupsBecome::Organizations => GroupsBecome::Organizations,
        },
        naming: match raw.groups_known_by {
            raw::ScimGroupsKnownBy::DisplayName => GroupNaming::Name,
            raw::ScimGroupsKnownBy::ExternalId => GroupNaming::Id,
        },
        on_name_conflict: match raw.on_name_conflict {
            raw::OnNameConflict::Sync => OnNameConflict::Sync,
            raw::OnNameConflict::DoNotSync => OnNameConflict::DoNotSync,
        },
        memberships: match raw.memberships {
            raw::ScimMembershipsBy::Directory => Memberships::Directory,
            raw::ScimMembershipsBy::Both => Memberships::Both,
        },
        on_delete: match raw.on_delete {
            raw::OnDelete::Deactivate => OnDelete::Deactivate,
            raw::OnDelete::Delete => OnDelete::Delete,
        },
        max_body_bytes: usize::try_from(max_body_bytes?).ok()?,
        max_requests_per_second: u32::try_from(rate?).ok()?,
        max_users_per_group: users?,
        max_groups: groups?,
        max_endings_per_hour: endings?,
        begins_anew: matches!(raw.table, raw::ScimTable::BeginAnew),
        look_again: raw.look_again.clone(),
    };
    (checker.faults.len() == faults).then_some(settings)
}

/// Is the service behind us what is provisioned? What a rule gave there would be read as what the directory says.
fn is_the_service(provisioning: Option<&raw::Provisioning>, service: &raw::ScimPassThrough) -> bool {
    let Some(provisioning) = provisioning else { return false };
    let scim = provisioning.scim.as_ref().map(raw::Scim::endpoint);
    let atlassian = provisioning.atlassian_scim.as_ref().map(raw::AtlassianScim::endpoint);
    let service = service.endpoint();
    [scim, atlassian].into_iter().flatten().any(|one| {
        (one.cluster, one.authority, one.path_prefix)
            == (service.cluster, service.authority, service.path_prefix)
    })
}

/// Can the application have what is pushed?
pub(super) fn application(raw: &raw::ScimGateway, provisioning: &Provisioning, checker: &mut Checker<'_>) {
    if raw.pass_through.is_some() {
        return;
    }
    let root = Path::default();
    let at = root.field("scim_gateway");
    let target = root.field("provisioning").field(provisioning.target.name());
    let capabilities = provisioning.target.capabilities();
    if !capabilities.reads {
        let detail = "the application cannot be asked what it has, so nobody could be ended there";
        checker.conflict(&at, target, detail);
    } else if matches!(raw.groups_become, raw::ScimGroupsBecome::Organizations) && !capabilities.organizations
    {
        checker.conflict(&at.field("groups_become"), target, "the application has no organizations");
    }
}

fn tokens(raw: &[raw::ScimToken], at: &Path, checker: &mut Checker<'_>) -> Vec<Token> {
    if raw.is_empty() {
        checker.missing(at, "a token that clients show");
    }
    checker.at_most(raw.len(), MAX_TOKENS, "tokens", at);
    let mut tokens: Vec<Token> = Vec::new();
    for (index, raw) in raw.iter().enumerate().take(MAX_TOKENS) {
        let at = at.index(index);
        if !is_word(&raw.name) {
            checker.invalid(&at.field("name"), quoted(&raw.name), WORD);
        }
        let token_at = at.field("token");
        let Some(text) = checker.required_text(raw.token.as_ref(), &token_at, "a text of random characters")
        else {
            continue;
        };
        // RFC 6750 2.1: what can stand behind `Bearer`.
        let visible = text.expose().bytes().all(|byte| byte.is_ascii_graphic());
        if text.expose().chars().count() < MIN_TOKEN_CHARACTERS || !visible {
            let expected =
                format_args!("at least {MIN_TOKEN_CHARACTERS} letters, digits and signs without white space");
            checker.invalid(&token_at, "", expected);
        }
        let token = Token::new(raw.name.clone(), &text);
        if tokens.iter().any(|other| other.is_same(&token)) {
            checker.conflict(&token_at, at.clone(), "the same token stands there twice");
        }
        tokens.push(token);
    }
    tokens
}

fn networks(raw: &[String], at: &Path, checker: &mut Checker<'_>) -> Vec<Network> {
    checker.at_most(raw.len(), MAX_NETWORKS, "networks", at);
    let mut networks = Vec::new();
    for (index, text) in raw.iter().enumerate().take(MAX_NETWORKS) {
        match Network::parse(text) {
            Some(network) => networks.push(network),
            None => checker.invalid(
                &at.index(index),
                quoted(text),
                "a network such as `10.0.0.0/8` or `2001:db8::/32`, with zeros behind the prefix",
            ),
        }
    }
    networks
}

/// What events can show as it is.
fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

fn within(raw: Whole, range: RangeInclusive<u64>, at: &Path, checker: &mut Checker<'_>) -> Option<u64> {
    if !range.contains(&raw.0) {
        checker.invalid(at, raw.0, format_args!("{} to {}", range.start(), range.end()));
        return None;
    }
    Some(raw.0)
}
