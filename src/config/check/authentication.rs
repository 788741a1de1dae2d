//! How people sign in: `rules[].authentication`, `idp.requested_authn_context`, `idp.unsolicited`.

use core::time::Duration;

use super::matcher::path_match;
use super::{Checker, quoted};
use crate::config::path::Path;
use crate::config::raw::{
    Access, Authentication, AuthnContextComparison as RawComparison, RequestedAuthnContext as RawContext,
    Unsolicited as RawUnsolicited,
};
use crate::flow::{AuthnDemand, Unsolicited};
use crate::http::RedirectTarget;
use crate::saml::protocol::{AuthnContextComparison, RequestedAuthnContext};

/// Classes of one request: they are kept in the cookie of the pending sign-in, of which 3,800 bytes are sent.
const MAX_CLASSES: usize = 8;

/// Bytes of one class: those in use have fewer than 100.
const MAX_CLASS_BYTES: usize = 256;

/// Bounds of `max_authn_age`. Below a minute people would be asked again before they have answered.
const AUTHN_AGE: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(2_592_000)];

/// The `authentication` of the rule at `rule`.
pub(super) fn authentication(
    raw: &Authentication,
    access: Option<Access>,
    rule: &Path,
    checker: &mut Checker<'_>,
) -> Option<AuthnDemand> {
    let (at, access_path) = (rule.field("authentication"), rule.field("access"));
    let is_passive = at.field("is_passive");
    match access {
        Some(Access::Bypass) => {
            checker.conflict(&at, access_path, "`BYPASS` asks nobody to sign in");
        }
        Some(Access::Optional) => {
            if raw.force_authn || raw.max_authn_age.is_some() || raw.requested_authn_context.is_some() {
                let detail = "with `OPTIONAL` nobody has to sign in; only `is_passive` has a meaning";
                checker.conflict(&at, access_path, detail);
            }
        }
        Some(Access::Protect) if raw.is_passive => {
            let detail = "would keep out everybody who is not signed in at the identity provider already";
            checker.conflict(&is_passive, access_path, detail);
        }
        Some(Access::Protect) | None => {}
    }
    let max_authn_age = raw.max_authn_age.as_ref().map(|span| span.0);
    if let Some(span) = &raw.max_authn_age
        && !(AUTHN_AGE[0]..=AUTHN_AGE[1]).contains(&span.0)
    {
        checker.invalid(&at.field("max_authn_age"), quoted(&span.to_string()), "`60s` to `2592000s`");
    }
    let context = raw.requested_authn_context.as_ref();
    let (requested_authn_context, authn_context_classes) =
        requested_context(context, &at.field("requested_authn_context"), checker)?;
    Some(AuthnDemand {
        force_authn: raw.force_authn,
        is_passive: raw.is_passive,
        requested_authn_context,
        authn_context_classes,
        max_authn_age,
    })
}

/// The request, and the classes that an answer may name.
pub(super) fn requested_context(
    raw: Option<&RawContext>,
    at: &Path,
    checker: &mut Checker<'_>,
) -> Option<(Option<RequestedAuthnContext>, Vec<String>)> {
    let Some(raw) = raw else { return Some((None, Vec::new())) };
    let asked = classes(&raw.class_refs, &at.field("class_refs"), checker);
    let accepted_path = at.field("accepted_class_refs");
    let accepted = classes(&raw.accepted_class_refs, &accepted_path, checker);
    if raw.class_refs.is_empty() {
        checker.missing(&at.field("class_refs"), "at least one class");
    }
    let comparison = match raw.comparison {
        RawComparison::Exact => AuthnContextComparison::Exact,
        RawComparison::Minimum => AuthnContextComparison::Minimum,
        RawComparison::Maximum => AuthnContextComparison::Maximum,
        RawComparison::Better => AuthnContextComparison::Better,
    };
    let (asked, mut accepted) = (asked?, accepted?);
    if accepted.is_empty() {
        if comparison != AuthnContextComparison::Exact {
            checker.missing(&accepted_path, "the classes that an answer may name");
            return None;
        }
        accepted.clone_from(&asked);
    }
    Some((Some(RequestedAuthnContext { comparison, class_refs: asked }), accepted))
}

fn classes(list: &[String], at: &Path, checker: &mut Checker<'_>) -> Option<Vec<String>> {
    checker.at_most(list.len(), MAX_CLASSES, "classes", at);
    let mut sound = list.len() <= MAX_CLASSES;
    for (index, class) in list.iter().enumerate().take(MAX_CLASSES) {
        if !(1..=MAX_CLASS_BYTES).contains(&class.len()) || !class.bytes().all(|byte| byte.is_ascii_graphic())
        {
            checker.invalid(
                &at.index(index),
                quoted(class),
                "a URI of at most 256 bytes without white space",
            );
            sound = false;
        }
    }
    sound.then(|| list.to_vec())
}

/// `idp.unsolicited`.
pub(super) fn unsolicited(raw: &RawUnsolicited, at: &Path, checker: &mut Checker<'_>) -> Option<Unsolicited> {
    let target_path = at.field("default_target");
    let default_target = RedirectTarget::parse(&raw.default_target).ok();
    if default_target.is_none() {
        checker.invalid(&target_path, quoted(&raw.default_target), "a path of this site, such as `/`");
    }
    let paths = at.field("target_paths");
    let target_paths: Vec<_> = raw
        .target_paths
        .iter()
        .enumerate()
        .map(|(index, raw)| path_match(raw, &paths.index(index), checker))
        .collect();
    if raw.danger_skip_confirmation {
        checker.warn(
            &at.field("danger_skip_confirmation"),
            "another site can sign people's browsers in under its own name",
        );
    }
    Some(Unsolicited {
        default_target: default_target?,
        target_paths: target_paths.into_iter().collect::<Option<_>>()?,
        danger_skip_confirmation: raw.danger_skip_confirmation,
    })
}
