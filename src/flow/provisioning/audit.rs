//! One event for each change: who, what, why, by which rule, with which result, how long it took.

use core::time::Duration;

use crate::base::{Code, Pii};
use crate::effect::{Event, Tell};
use crate::policy::{Decision, FoldedName};
use crate::provision::Operation;

use super::super::Env;
use super::SignIn;
use super::inquiry::Caller;

/// How people appear in the audit events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Identifiers {
    /// By user name.
    Plain,
    /// By the keyed hash that all other events use.
    #[default]
    Hashed,
    /// Not at all.
    Off,
}

impl Identifiers {
    /// Whoever or whatever `username` names, as configured.
    pub(in crate::flow) fn show(self, username: &Pii<String>, env: &Env<'_>) -> String {
        match self {
            Self::Plain => username.expose().clone(),
            Self::Hashed => username.keyed(&env.settings.pii_key),
            Self::Off => String::from("-"),
        }
    }
}

/// `operation` ended as `result` says.
pub(super) fn change(
    operation: &Operation,
    result: (&'static str, Option<Code>),
    took: Duration,
    decision: &Decision,
    sign_in: SignIn<'_>,
    env: &Env<'_>,
) -> Tell {
    let about = operation.about().unwrap_or_default();
    let rule = decision.explanation.groups().iter().find(|verdict| FoldedName::same(&verdict.group, about));
    let rule = rule.map(|verdict| verdict.reason.to_string()).unwrap_or_default();
    let user = env.settings.audit.show(&sign_in.identity.username, env);
    changed(operation, result, took, user, rule, sign_in.caller())
}

/// The same for whoever `user` stands for; empty for nobody.
pub(in crate::flow) fn changed(
    operation: &Operation,
    (result, code): (&'static str, Option<Code>),
    took: Duration,
    user: String,
    rule: String,
    caller: Caller<'_>,
) -> Tell {
    Tell::Audit(Event {
        name: "provisioning",
        code,
        fields: vec![
            ("user", user),
            ("target", caller.provisioning.target.name().to_owned()),
            ("operation", operation.kind().as_str().to_owned()),
            ("about", operation.about().unwrap_or_default().to_owned()),
            ("reason", operation.reason().to_string()),
            ("rule", rule),
            ("result", result.to_owned()),
            ("milliseconds", took.as_millis().to_string()),
            ("request_id", caller.request_id.to_owned()),
        ],
    })
}

/// The account of somebody was found by the e-mail address.
pub(super) fn linked(sign_in: SignIn<'_>, env: &Env<'_>) -> Tell {
    Tell::Audit(Event {
        name: "account_linked",
        code: None,
        fields: vec![
            ("user", env.settings.audit.show(&sign_in.identity.username, env)),
            ("target", sign_in.provisioning.target.name().to_owned()),
            ("reason", String::from("same e-mail address")),
            ("request_id", sign_in.request_id.to_owned()),
        ],
    })
}

/// Something about the application that an operator should know, and that stops nobody.
pub(super) fn notice(
    code: Code,
    detail: impl core::fmt::Display,
    sign_in: SignIn<'_>,
    env: &Env<'_>,
) -> [Tell; 2] {
    let event = Event {
        name: "provisioning_notice",
        code: Some(code),
        fields: vec![
            ("slug", code.slug().to_owned()),
            ("user", sign_in.identity.username.keyed(&env.settings.pii_key)),
            ("target", sign_in.provisioning.target.name().to_owned()),
            ("detail", detail.to_string()),
            ("remedy", code.remedy().to_owned()),
            ("request_id", sign_in.request_id.to_owned()),
        ],
    };
    [Tell::Event(event), Tell::Count { outcome: "provisioning_notice", code: Some(code) }]
}
