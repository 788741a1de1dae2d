//! `directory_sync.source`.

use core::time::Duration;
use std::sync::Arc;

use super::origin::is_authority;
use super::target::{basic, endpoint, token};
use super::{Checker, optional, quoted};
use crate::config::path::Path;
use crate::config::raw::{
    ClientCredentials as RawClient, DirectorySource, DirectorySync, Endpoint as RawEndpoint, GraphSource,
    KeycloakSource, OktaSource, ScimSource, SourceCredentials, SourceGroupNames, SourceGroups,
};
use crate::sources::graph::{Graph, GraphOptions};
use crate::sources::keycloak::{Keycloak, KeycloakGroupNames, KeycloakOptions};
use crate::sources::okta::{self, Okta, OktaOptions};
use crate::sources::scim::{Scim, ScimGroups, ScimOptions};
use crate::sources::{ClientCredentials, Credentials, Endpoint, Source};

/// Bytes of a filter: it travels in the address of each call, and Envoy takes 60 KiB of headers.
const MAX_FILTER_BYTES: usize = 2 * 1024;

/// Bytes of the name of an attribute, as directories bound it.
const MAX_ATTRIBUTE_BYTES: usize = 64;

/// Properties that are read besides the usual ones: all of them together stay below 4 KiB of an address.
const MAX_ATTRIBUTES: usize = 32;

pub(super) fn directory_source(
    sync: &DirectorySync,
    at: &Path,
    checker: &mut Checker<'_>,
) -> Option<Arc<dyn Source>> {
    let expected = "a directory, such as `scim`";
    // Its bounds are checked elsewhere.
    let page_size = u32::try_from(sync.page_size.0).unwrap_or(u32::MAX);
    match checker.required(sync.source.as_ref(), at, expected)? {
        DirectorySource::Scim(raw) => scim(raw, page_size, &at.field("scim"), checker),
        DirectorySource::Graph(raw) => graph(raw, page_size, &at.field("graph"), checker),
        DirectorySource::Okta(raw) => okta(raw, page_size, &at.field("okta"), checker),
        DirectorySource::Keycloak(raw) => keycloak(raw, page_size, &at.field("keycloak"), checker),
    }
}

fn scim(raw: &ScimSource, page_size: u32, at: &Path, checker: &mut Checker<'_>) -> Option<Arc<dyn Source>> {
    let endpoint = place(&raw.endpoint(), raw.credentials.as_ref(), at, checker);
    refuse_ssws(raw.credentials.as_ref(), at, checker);
    filter(raw.filter.as_deref(), &at.field("filter"), checker);
    let options = ScimOptions {
        page_size,
        filter: raw.filter.clone(),
        groups: match raw.groups {
            SourceGroups::Automatic => ScimGroups::Automatic,
            SourceGroups::User => ScimGroups::User,
            SourceGroups::MemberFilter => ScimGroups::MemberFilter,
        },
        delta: raw.delta,
    };
    Some(Arc::new(Scim::new(endpoint?, options)))
}

fn graph(raw: &GraphSource, page_size: u32, at: &Path, checker: &mut Checker<'_>) -> Option<Arc<dyn Source>> {
    let endpoint = place(&raw.endpoint(), raw.credentials.as_ref(), at, checker);
    refuse_ssws(raw.credentials.as_ref(), at, checker);
    if let Some(SourceCredentials::ClientCredentials(client)) = &raw.credentials {
        let path = at.field("credentials").field("client_credentials").field("scope");
        checker.required(client.scope.as_ref(), &path, "`https://graph.microsoft.com/.default`");
    }
    filter(raw.filter.as_deref(), &at.field("filter"), checker);
    attribute(&raw.username_attribute, &at.field("username_attribute"), checker);
    checker.at_most(raw.attributes.len(), MAX_ATTRIBUTES, "attributes", &at.field("attributes"));
    for (index, name) in raw.attributes.iter().enumerate().take(MAX_ATTRIBUTES) {
        attribute(name, &at.field("attributes").index(index), checker);
    }
    let options = GraphOptions {
        page_size,
        filter: raw.filter.clone(),
        username: raw.username_attribute.clone(),
        attributes: raw.attributes.clone(),
        nested_groups: raw.nested_groups,
    };
    Some(Arc::new(Graph::new(endpoint?, options)))
}

fn okta(raw: &OktaSource, page_size: u32, at: &Path, checker: &mut Checker<'_>) -> Option<Arc<dyn Source>> {
    let endpoint = place(&raw.endpoint(), raw.credentials.as_ref(), at, checker);
    filter(raw.search.as_deref(), &at.field("search"), checker);
    attribute(&raw.username_attribute, &at.field("username_attribute"), checker);
    let options = OktaOptions {
        page_size: page_size.min(okta::MAX_PAGE_SIZE),
        search: raw.search.clone(),
        username: raw.username_attribute.clone(),
    };
    Some(Arc::new(Okta::new(endpoint?, options)))
}

fn keycloak(
    raw: &KeycloakSource,
    page_size: u32,
    at: &Path,
    checker: &mut Checker<'_>,
) -> Option<Arc<dyn Source>> {
    let endpoint = place(&raw.endpoint(), raw.credentials.as_ref(), at, checker);
    refuse_ssws(raw.credentials.as_ref(), at, checker);
    let realm_path = at.field("realm");
    let realm = checker.required(raw.realm.as_ref(), &realm_path, "the name of a realm");
    if let Some(realm) = realm
        && (realm.trim().is_empty()
            || realm.chars().any(char::is_control)
            || [".", ".."].contains(&realm.as_str()))
    {
        checker.invalid(&realm_path, quoted(realm), "the name of a realm");
    }
    attribute(&raw.username_attribute, &at.field("username_attribute"), checker);
    let options = KeycloakOptions {
        realm: realm?.clone(),
        page_size,
        username: raw.username_attribute.clone(),
        group_names: match raw.group_names {
            SourceGroupNames::Name => KeycloakGroupNames::Name,
            SourceGroupNames::Path => KeycloakGroupNames::Path,
        },
    };
    Some(Arc::new(Keycloak::new(endpoint?, options)))
}

/// Where the directory is, and what proves who we are.
fn place(
    raw: &RawEndpoint<'_>,
    credentials: Option<&SourceCredentials>,
    at: &Path,
    checker: &mut Checker<'_>,
) -> Option<Endpoint> {
    let found = endpoint(raw, at, checker);
    let path = at.field("credentials");
    let credentials = credentials.map(|credentials| match credentials {
        SourceCredentials::Bearer(source) => {
            token(source, &path.field("bearer"), checker).map(Credentials::Bearer)
        }
        SourceCredentials::Ssws(source) => token(source, &path.field("ssws"), checker).map(Credentials::Ssws),
        SourceCredentials::Basic(raw) => basic(raw, &path.field("basic"), checker)
            .map(|(username, password)| Credentials::Basic { username, password }),
        SourceCredentials::ClientCredentials(client) => {
            let path = path.field("client_credentials");
            let client = client_credentials(client, raw, &path, checker);
            client.map(Credentials::ClientCredentials)
        }
    });
    let credentials = optional(credentials);
    let found = found?;
    Some(Endpoint {
        cluster: found.cluster,
        authority: found.authority,
        path_prefix: found.path_prefix,
        timeout: found.timeout,
        credentials: credentials?.unwrap_or(Credentials::Injected),
    })
}

fn client_credentials(
    raw: &RawClient,
    directory: &RawEndpoint<'_>,
    at: &Path,
    checker: &mut Checker<'_>,
) -> Option<ClientCredentials> {
    if let Some(cluster) = &raw.cluster
        && (cluster.is_empty() || !cluster.bytes().all(|byte| byte.is_ascii_graphic()))
    {
        checker.invalid(&at.field("cluster"), quoted(cluster), "the name of a cluster");
    }
    if let Some(authority) = &raw.authority
        && !is_authority(authority)
    {
        let expected = "a host such as `login.microsoftonline.com`";
        checker.invalid(&at.field("authority"), quoted(authority), expected);
    }
    let path_at = at.field("path");
    let path = checker.required(raw.path.as_ref(), &path_at, "the path of the token endpoint");
    let path = path.and_then(|path| checker.path(path, &path_at));
    let id_at = at.field("client_id");
    let id = checker.required(raw.client_id.as_ref(), &id_at, "the name of the client");
    let plain = |text: &str| !text.trim().is_empty() && !text.chars().any(char::is_control);
    if let Some(id) = id.filter(|id| !plain(id)) {
        checker.invalid(&id_at, quoted(id), "the name of the client");
    }
    let secret_at = at.field("client_secret");
    let secret = checker.required_text(raw.client_secret.as_ref(), &secret_at, "the secret of the client");
    if secret.as_ref().is_some_and(|secret| !plain(secret.expose())) {
        checker.invalid(&secret_at, "", "a secret without control characters");
    }
    if let Some(scope) = raw.scope.as_deref().filter(|scope| !plain(scope)) {
        checker.invalid(&at.field("scope"), quoted(scope), "a scope (RFC 6749 3.3)");
    }
    Some(ClientCredentials {
        cluster: raw.cluster.as_ref().or(directory.cluster)?.clone(),
        authority: raw.authority.as_ref().or(directory.authority)?.clone(),
        path: path?,
        timeout: directory.timeout.0.max(Duration::from_millis(100)),
        client_id: id?.clone(),
        client_secret: secret?,
        scope: raw.scope.clone(),
    })
}

/// Only Okta knows the scheme.
fn refuse_ssws(credentials: Option<&SourceCredentials>, at: &Path, checker: &mut Checker<'_>) {
    if let Some(SourceCredentials::Ssws(_)) = credentials {
        let path = at.field("credentials").field("ssws");
        checker.invalid(&path, "`ssws`", "`bearer`: only Okta knows the scheme `SSWS`");
    }
}

/// Whether it is an expression only the directory knows; that it is one line of some length is seen here.
fn filter(text: Option<&str>, at: &Path, checker: &mut Checker<'_>) {
    let Some(text) = text else { return };
    if text.trim().is_empty() || text.len() > MAX_FILTER_BYTES || text.chars().any(char::is_control) {
        let expected =
            format_args!("an expression of at most {MAX_FILTER_BYTES} bytes without control characters");
        checker.invalid(at, quoted(text), expected);
    }
}

/// It goes into filters as it is.
fn attribute(name: &str, at: &Path, checker: &mut Checker<'_>) {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if !begins || name.len() > MAX_ATTRIBUTE_BYTES || !name.chars().all(plain) {
        checker.invalid(at, quoted(name), "the name of an attribute: letters, digits and `_-.`");
    }
}
