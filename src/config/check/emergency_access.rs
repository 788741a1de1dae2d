//! `emergency_access`.

use super::own_path::own_path;
use super::session::{count, span};
use super::{Checker, quoted};
use crate::config::path::Path;
use crate::config::raw::{Configuration, EmergencyAccess as RawAccess};
use crate::flow::EmergencyAccess;
use crate::http::RedirectTarget;
use crate::http::network::Network;

/// Characters of the secret: as many random ones from 64 make 144 bits.
const MIN_SECRET_CHARACTERS: usize = 24;
/// Networks that are compared with an address.
const MAX_NETWORKS: usize = 64;

pub(super) fn emergency_access(
    raw: &RawAccess,
    whole: &Configuration,
    checker: &mut Checker<'_>,
) -> Option<EmergencyAccess> {
    let at = Path::default().field("emergency_access");
    let faults = checker.faults.len();
    own_path(&raw.path, &at.field("path"), whole, checker);
    let secret_at = at.field("secret");
    let secret = checker.required_text(raw.secret.as_ref(), &secret_at, "a text of random characters");
    if let Some(secret) = &secret
        && secret.expose().chars().count() < MIN_SECRET_CHARACTERS
    {
        checker.invalid(
            &secret_at,
            "",
            format_args!("a text of at least {MIN_SECRET_CHARACTERS} characters"),
        );
    }
    let duration = span(raw.duration, 60..=14_400, &at.field("duration"), checker);
    let landing_at = at.field("landing_path");
    let landing = RedirectTarget::parse(&raw.landing_path);
    if let Err(fault) = &landing {
        checker.invalid(
            &landing_at,
            quoted(&raw.landing_path),
            format_args!("a path of this site ({fault})"),
        );
    }
    let networks_at = at.field("allowed_client_networks");
    checker.at_most(raw.allowed_client_networks.len(), MAX_NETWORKS, "networks", &networks_at);
    let mut networks = Vec::new();
    for (index, text) in raw.allowed_client_networks.iter().enumerate().take(MAX_NETWORKS) {
        match Network::parse(text) {
            Some(network) => networks.push(network),
            None => checker.invalid(
                &networks_at.index(index),
                quoted(text),
                "a network such as `10.0.0.0/8` or `2001:db8::/32`, with zeros behind the prefix",
            ),
        }
    }
    let max_attempts = count(raw.max_attempts, 1..=100, &at.field("max_attempts"), checker);
    let attempt_window = span(raw.attempt_window, 60..=86_400, &at.field("attempt_window"), checker);
    let detail = if networks.is_empty() {
        "whoever knows the secret reaches the application without single sign-on, from anywhere"
    } else {
        "whoever knows the secret reaches the application without single sign-on"
    };
    checker.warn(&at, detail);
    let access = EmergencyAccess {
        path: raw.path.clone(),
        secret: secret?,
        duration: duration?,
        landing: landing.ok()?,
        networks,
        max_attempts: max_attempts?,
        attempt_window: attempt_window?,
    };
    (checker.faults.len() == faults).then_some(access)
}
