//! Jira Data Center, platform REST API version 2 (Jira 8.14 and later): what to send.
//!
//! A user is named by `username`, which Jira compares without case. One call reads an account with all its groups
//! (`expand=groups` is not paged). Accounts are created with `applicationKeys: []`: left out, Jira gives the default
//! applications and uses up a licence for each; agents get their access from the groups of the plan. No mail is sent
//! and no password is set (Jira makes a random one).

mod answer;

use core::fmt;
use core::time::Duration;

use serde_json::{Map, Value, json};

use crate::base::{Pii, Secret};
use crate::http::HttpCall;
use crate::provision::{AccountChanges, Marker, Operation, Subject};

use super::resource::Resource;

/// The key of the user property that holds our marker.
///
/// An entity property of the user, limited to 32,768 bytes by Jira, visible by REST only. Its value is
/// `{"v":1,"customerLogin":"..","lastLogin":"2026-01-02T03:04:05Z","unfinished":true}`; the fields after `v` are
/// optional.
pub const MARKER_KEY: &str = "samlgate";

/// The header that marks a call as ours; it must not begin with `Mozilla`, or Jira applies its browser checks.
const USER_AGENT: &str = concat!("samlgate/", env!("CARGO_PKG_VERSION"));

/// Where Jira is and how to speak to it.
#[derive(Clone)]
pub struct Settings {
    /// The cluster's name in Envoy's configuration.
    pub cluster: String,
    /// The host name to send; Jira compares it with nothing here, but proxies before it route by it.
    pub authority: String,
    /// Jira's context path, such as `/jira`; empty for none.
    pub path_prefix: String,
    /// When to give up on one call.
    pub timeout: Duration,
    /// A personal access token of an account with the global permission *Administer Jira*; `None` when Envoy's
    /// `credential_injector` adds it, so that the filter never sees it.
    pub token: Option<Secret<String>>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("cluster", &self.cluster)
            .field("authority", &self.authority)
            .field("path_prefix", &self.path_prefix)
            .field("timeout", &self.timeout)
            .field("token", &self.token.as_ref().map(|_| "secret"))
            .finish()
    }
}

/// One Jira.
#[derive(Clone, Debug)]
pub struct JiraDc {
    settings: Settings,
}

impl JiraDc {
    /// The Jira that `settings` describe.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Asks for the account of `username` with all its groups; see [`JiraDc::account`].
    #[must_use]
    pub fn read_account(&self, username: &str) -> HttpCall {
        let resource =
            self.resource("/rest/api/2/user").query("username", username).query("expand", "groups");
        self.call_without_body("GET", resource)
    }

    /// Asks for our marker at the account of `username`; independent of [`JiraDc::read_account`], so both can be asked
    /// at once. See [`JiraDc::marker`].
    #[must_use]
    pub fn read_marker(&self, username: &str) -> HttpCall {
        self.call_without_body("GET", self.marker_resource(username))
    }

    /// Asks whether `group` exists; see [`JiraDc::group_exists`].
    #[must_use]
    pub fn read_group(&self, group: &str) -> HttpCall {
        let resource =
            self.resource("/rest/api/2/group/member").query("groupname", group).query("maxResults", "1");
        self.call_without_body("GET", resource)
    }

    /// Asks for what shows whether `operation` is done; see [`JiraDc::observe`].
    #[must_use]
    pub fn reread(&self, operation: &Operation) -> HttpCall {
        match operation.subject() {
            Subject::Account(username) => self.read_account(username.expose()),
            Subject::Group(group) => self.read_group(group),
            Subject::Marker(username) => self.read_marker(username.expose()),
        }
    }

    /// The call that carries out `operation`; see [`JiraDc::outcome`].
    #[must_use]
    pub fn call(&self, operation: &Operation) -> HttpCall {
        match operation {
            Operation::CreateAccount { username, email, display_name } => self.call_with_body(
                "POST",
                self.resource("/rest/api/2/user"),
                &new_account(username, email.as_ref(), display_name),
            ),
            Operation::ReactivateAccount { username } => self.call_with_body(
                "PUT",
                self.resource("/rest/api/2/user").query("username", username.expose()),
                &json!({ "active": true }),
            ),
            Operation::UpdateAccount { username, changes } => self.call_with_body(
                "PUT",
                self.resource("/rest/api/2/user").query("username", username.expose()),
                &changed_fields(changes),
            ),
            Operation::CreateGroup { group } => {
                self.call_with_body("POST", self.resource("/rest/api/2/group"), &json!({ "name": group }))
            }
            Operation::AddToGroup { username, group, .. } => self.call_with_body(
                "POST",
                self.resource("/rest/api/2/group/user").query("groupname", group),
                &json!({ "name": username.expose() }),
            ),
            Operation::RemoveFromGroup { username, group } => self.call_without_body(
                "DELETE",
                self.resource("/rest/api/2/group/user")
                    .query("groupname", group)
                    .query("username", username.expose()),
            ),
            Operation::WriteMarker { username, marker } => {
                self.call_with_body("PUT", self.marker_resource(username.expose()), &marker_value(marker))
            }
        }
    }

    fn resource(&self, path: &'static str) -> Resource {
        Resource::new(&self.settings.path_prefix, path)
    }

    fn marker_resource(&self, username: &str) -> Resource {
        self.resource("/rest/api/2/user/properties/samlgate").query("username", username)
    }

    fn call_with_body(&self, method: &'static str, resource: Resource, body: &Value) -> HttpCall {
        let mut call = self.call_without_body(method, resource);
        call.body = body.to_string().into_bytes();
        call
    }

    /// No `cookie`, `origin` or `referer` is ever sent: they would turn the call into a browser's, with other checks and
    /// other limits.
    fn call_without_body(&self, method: &'static str, resource: Resource) -> HttpCall {
        let mut headers: Vec<(String, String)> = [
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("x-atlassian-token", "no-check"),
            ("user-agent", USER_AGENT),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        if let Some(token) = &self.settings.token {
            headers.push((String::from("authorization"), format!("Bearer {}", token.expose())));
        }
        HttpCall {
            cluster: self.settings.cluster.clone(),
            authority: self.settings.authority.clone(),
            method,
            path: resource.into_path(),
            headers,
            body: Vec::new(),
            timeout: self.settings.timeout,
        }
    }
}

fn new_account(username: &Pii<String>, email: Option<&Pii<String>>, display_name: &Pii<String>) -> Value {
    let mut account = Map::new();
    account.insert(String::from("name"), json!(username.expose()));
    if let Some(email) = email {
        account.insert(String::from("emailAddress"), json!(email.expose()));
    }
    account.insert(String::from("displayName"), json!(display_name.expose()));
    account.insert(String::from("applicationKeys"), json!([]));
    Value::Object(account)
}

fn changed_fields(changes: &AccountChanges) -> Value {
    let mut fields = Map::new();
    if let Some(email) = &changes.email {
        fields.insert(String::from("emailAddress"), json!(email.expose()));
    }
    if let Some(display_name) = &changes.display_name {
        fields.insert(String::from("displayName"), json!(display_name.expose()));
    }
    Value::Object(fields)
}

fn marker_value(marker: &Marker) -> Value {
    let mut value = Map::new();
    value.insert(String::from("v"), json!(answer::MARKER_VERSION));
    if let Some(customer_login) = &marker.customer_login {
        value.insert(String::from("customerLogin"), json!(customer_login.expose()));
    }
    if let Some(last_login) = marker.last_login {
        value.insert(String::from("lastLogin"), json!(last_login.to_xs_date_time()));
    }
    if marker.unfinished {
        value.insert(String::from("unfinished"), json!(true));
    }
    Value::Object(value)
}

#[cfg(test)]
mod tests;
