//! What the values mean: every one is judged here, once, and becomes the rooms' settings.
//!
//! A function per section reports all its faults to the [`Checker`] and gives back settings only if they can be used.

mod application;
mod artifact_resolution;
mod authentication;
mod condition;
mod contradictions;
mod directory_source;
mod directory_sync;
mod discovery;
mod emergency_access;
mod identity;
mod identity_token;
mod idp;
mod matcher;
mod origin;
mod own_path;
mod pages;
mod policy;
mod portals;
mod remote_metadata;
mod request;
mod saved_forms;
mod scim;
mod scim_gateway;
mod session;
mod shared_store;
mod sp;
mod sp_description;
mod target;
mod test_page;
mod webhook;

use core::fmt;

use super::environment::Environment;
use super::errors::{ConfigError, Finding, Warning};
use super::path::Path;
use super::raw::{self, DataSource};
use super::structure::Cuts;
use crate::base::{Code, Limits, Secret, UnixTime};
use crate::http::NormalizedPath;
use crate::{flow, gateway};

/// Faults that are kept: a table that a script wrote wrongly has one in each of its 50,000 rows, and each is a line of the
/// log.
const MAX_FAULTS: usize = 1000;

/// Collects what the sections find.
pub(super) struct Checker<'e> {
    environment: &'e dyn Environment,
    now: UnixTime,
    faults: Vec<ConfigError>,
    warnings: Vec<Warning>,
    /// Expressions that were found.
    expressions: usize,
}

impl<'e> Checker<'e> {
    pub(super) fn new(environment: &'e dyn Environment, now: UnixTime) -> Self {
        Self { environment, now, faults: Vec::new(), warnings: Vec::new(), expressions: 0 }
    }

    /// The findings with their places as the file counts them. What is said to be missing, or to contradict something,
    /// where something was cut out is left out: its fault was reported.
    pub(super) fn finish(self, cuts: &Cuts) -> (Vec<ConfigError>, Vec<Warning>) {
        let faults = self.faults.into_iter().filter_map(|fault| {
            let path = cuts.original(&fault.path);
            let finding = match fault.finding {
                Finding::Missing { .. } if cuts.touch(&path) => return None,
                Finding::Conflict { other, detail } => {
                    let other = cuts.original(&other);
                    if cuts.touch(&path) || cuts.touch(&other) {
                        return None;
                    }
                    Finding::Conflict { other, detail }
                }
                finding => finding,
            };
            Some(ConfigError::new(path, finding))
        });
        let warnings = self.warnings.into_iter();
        let warnings = warnings.map(|warning| Warning { path: cuts.original(&warning.path), ..warning });
        (faults.collect(), warnings.collect())
    }

    fn push(&mut self, path: &Path, finding: Finding) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(ConfigError::new(path.clone(), finding));
        }
    }

    /// `found` is what the file says, in backticks if it is text; empty where it must not be shown.
    fn invalid(&mut self, path: &Path, found: impl fmt::Display, expected: impl fmt::Display) {
        self.push(path, Finding::Invalid { found: found.to_string(), expected: expected.to_string() });
    }

    fn missing(&mut self, path: &Path, expected: &'static str) {
        self.push(path, Finding::Missing { expected });
    }

    fn conflict(&mut self, path: &Path, other: Path, detail: impl fmt::Display) {
        self.push(path, Finding::Conflict { other, detail: detail.to_string() });
    }

    fn room(&mut self, path: &Path, code: Code, detail: impl fmt::Display) {
        self.push(path, Finding::Room { code, detail: detail.to_string() });
    }

    fn warn(&mut self, path: &Path, detail: impl fmt::Display) {
        self.warnings.push(Warning { path: path.clone(), detail: detail.to_string() });
    }

    /// The value, or a note that it is missing.
    fn required<T>(&mut self, value: Option<T>, path: &Path, expected: &'static str) -> Option<T> {
        if value.is_none() {
            self.missing(path, expected);
        }
        value
    }

    /// Notes that a list has more than `most` entries.
    fn at_most(&mut self, number: usize, most: usize, entries: &str, path: &Path) {
        if number > most {
            self.invalid(path, format_args!("{number} {entries}"), format_args!("at most {most}"));
        }
    }

    /// The text that a source delivers, without white space around it.
    fn text(&mut self, source: &DataSource, path: &Path) -> Option<Secret<String>> {
        match source {
            DataSource::InlineString(text) => {
                let text = text.0.expose().trim();
                if text.is_empty() {
                    self.invalid(&path.field("inline_string"), "no text", "the text itself");
                    return None;
                }
                Some(Secret::new(text.to_owned()))
            }
            DataSource::EnvironmentVariable(name) => {
                let text = self.environment.variable(name).map(Secret::new);
                let text = text.map(|text| Secret::new(text.expose().trim().to_owned()));
                let text = text.filter(|text| !text.expose().is_empty());
                if text.is_none() {
                    let path = path.field("environment_variable");
                    self.push(&path, Finding::Unavailable { variable: name.clone() });
                }
                text
            }
        }
    }

    /// The text that a required source delivers.
    fn required_text(
        &mut self,
        source: Option<&DataSource>,
        path: &Path,
        expected: &'static str,
    ) -> Option<Secret<String>> {
        let source = self.required(source, path, expected)?;
        self.text(source, path)
    }

    /// A path in normal form without a query.
    fn path(&mut self, text: &str, path: &Path) -> Option<String> {
        const EXPECTED: &str = "a path that begins with `/`, without a query";
        match NormalizedPath::parse(text) {
            Ok(normal) if normal.path() != normal.path_and_query() => {
                self.invalid(path, quoted(text), EXPECTED);
                None
            }
            Ok(normal) if normal.changed() => {
                self.invalid(path, quoted(text), format_args!("its normal form `{}`", normal.path()));
                None
            }
            Ok(_) => Some(text.to_owned()),
            Err(why) => {
                self.invalid(path, quoted(text), format_args!("{EXPECTED} ({why})"));
                None
            }
        }
    }
}

/// Text from the file as a message shows it.
fn quoted(text: &str) -> String {
    format!("`{}`", super::path::Quoted(text))
}

/// Checks all sections. `None` only with a fault reported.
pub(super) fn all(
    configuration: &raw::Configuration,
    checker: &mut Checker<'_>,
) -> Option<gateway::Settings> {
    let root = Path::default();
    let sp = checker.required(configuration.sp.as_ref(), &root.field("sp"), "a map");
    let sp = sp.and_then(|sp| sp::sp(sp, checker));
    let limits = session::limits(&configuration.limits, checker);
    let ours = idp::Ours {
        signing: configuration.sp.as_ref().is_some_and(|sp| sp.signing.is_some()),
        entity_id: sp.as_ref().map(|sp| sp.entity_id.as_str()),
        limits: limits.unwrap_or(Limits::DEFAULT),
    };
    let idps = idp::idps(configuration, &ours, checker);
    let identity = identity::identity(&configuration.identity, limits.unwrap_or(Limits::DEFAULT), checker);
    let headers = identity::headers(&configuration.headers, checker);
    let token = configuration.identity_token.as_ref();
    let token = token.map(|raw| {
        identity_token::identity_token(raw, configuration, sp.as_ref(), headers.as_ref(), checker)
    });
    let headers = headers.map(|headers| identity_token::with_token(headers, token.as_ref()));
    let health_path = identity_token::health_check(configuration, checker);
    let session = checker.required(configuration.session.as_ref(), &root.field("session"), "a map");
    let session = session.and_then(|session| session::session(session, sp.as_ref(), checker));
    let discovery =
        discovery::discovery(configuration, idps.as_deref().unwrap_or_default(), headers.as_ref(), checker);
    let shared_store =
        configuration.shared_store.as_ref().map(|raw| shared_store::shared_store(raw, checker));
    let request = request::request(configuration, headers.as_ref(), checker);
    let policy = policy::policy(configuration, checker);
    let provisioning =
        configuration.provisioning.as_ref().map(|raw| application::provisioning(raw, configuration, checker));
    let test_page = configuration.test_page.as_ref();
    let test_page = test_page.map(|raw| test_page::test_page(raw, sp.as_ref(), checker));
    let emergency_access = configuration.emergency_access.as_ref();
    let emergency_access =
        emergency_access.map(|raw| emergency_access::emergency_access(raw, configuration, checker));
    let saved_forms = configuration.saved_forms.as_ref();
    let saved_forms = saved_forms.map(|raw| saved_forms::saved_forms(raw, sp.as_ref(), checker));
    let scim_gateway = configuration.scim_gateway.as_ref();
    let base_uri = sp.as_ref().map(|sp| sp.base_uri.as_str());
    let scim_gateway =
        scim_gateway.map(|raw| scim_gateway::scim_gateway(raw, configuration, base_uri, &policy, checker));
    if let (Some(raw), Some(Some(provisioning))) = (&configuration.scim_gateway, &provisioning) {
        scim_gateway::application(raw, provisioning, checker);
    }
    let directory_sync = configuration.directory_sync.as_ref();
    let directory_sync =
        directory_sync.map(|raw| directory_sync::directory_sync(raw, configuration, checker));
    if let (Some(Some(_)), Some(Some(provisioning))) = (&directory_sync, &provisioning) {
        directory_sync::cleanup(policy.cleanup.mode, provisioning, checker);
    }
    let look = pages::look(&configuration.pages, checker);
    application::audience(configuration, checker);
    let session = session?;
    let flow = flow::Settings {
        sp: sp?,
        idps: idps?,
        discovery: discovery?,
        identity: identity?,
        headers: headers?,
        identity_token: optional(token)?,
        filter_state: identity_token::filter_state(&configuration.filter_state),
        pii_key: session.keys.pii_key().clone(),
        session,
        shared_store: optional(shared_store)?,
        policy,
        provisioning: optional(provisioning)?,
        audit: application::audit(&configuration.audit),
        test_page: optional(test_page)?,
        emergency_access: optional(emergency_access)?,
        saved_forms: optional(saved_forms)?,
        directory_sync: optional(directory_sync)?.map(Into::into),
        scim_gateway: optional(scim_gateway)?.map(Into::into),
        look: look?.into(),
        limits: limits?,
    };
    Some(gateway::Settings {
        flow,
        rules: request.rules,
        pass_authorization_schemes: request.pass_authorization_schemes,
        pass_cors_preflight: request.pass_cors_preflight,
        allowed_hosts: request.allowed_hosts,
        allowed_origins: request.allowed_origins,
        health_path,
        stat_prefix: configuration.stat_prefix.clone(),
    })
}

/// What was left out stays out; what was found unusable makes the whole unusable.
fn optional<T>(section: Option<Option<T>>) -> Option<Option<T>> {
    match section {
        None => Some(None),
        Some(section) => section.map(Some),
    }
}
