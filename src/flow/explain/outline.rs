//! The values of other rooms as a report shows them.

use crate::base::UnixTime;
use crate::http::HeaderValue;
use crate::identity::{self, AssertedGroups};
use crate::report::{Attribute, Groups, Header, Identity, NameId, Response, Signature};
use crate::saml::profiles::web_sso::AcceptedAssertion;
use crate::saml::{self, Unverified, Verified};

pub(super) fn response(unverified: &Unverified<saml::Response<'_>>) -> Response {
    Response {
        issuer: unverified.issuer_hint().map(str::to_owned),
        in_response_to: unverified.in_response_to_hint().map(str::to_owned),
        issue_instant: unverified.issue_instant_hint().to_xs_date_time(),
        destination: unverified.destination_hint().map(str::to_owned),
        encrypted: unverified.is_encrypted(),
        signatures: Vec::new(),
        clock_skew_seconds: None,
    }
}

pub(super) fn signatures(verified: &Verified) -> Vec<Signature> {
    let signatures = verified.signatures().iter();
    signatures
        .map(|signature| Signature {
            element: signature.element.clone(),
            algorithm: signature.facts.scheme.uri(),
            digest: signature.facts.digest.uri(),
            key: signature.facts.key.to_string(),
        })
        .collect()
}

/// How far `theirs` is ahead of `ours`.
pub(super) fn clock_skew(theirs: UnixTime, ours: UnixTime) -> i64 {
    let seconds = |instant: UnixTime| i64::try_from(instant.as_secs()).unwrap_or(i64::MAX);
    seconds(theirs).saturating_sub(seconds(ours))
}

/// What an accepted assertion holds, before a user name was found in it.
pub(super) fn unread_identity(assertion: &AcceptedAssertion) -> Identity {
    let attributes = assertion.attributes().iter();
    Identity {
        name_id: assertion.name_id().map(|name_id| NameId {
            value: name_id.value().expose().clone(),
            format: name_id.format().map(str::to_owned),
        }),
        username: None,
        email: None,
        display_name: None,
        groups: None,
        attributes: attributes
            .map(|attribute| Attribute {
                name: attribute.name.clone(),
                friendly_name: attribute.friendly_name.clone(),
                values: attribute.values.clone(),
            })
            .collect(),
    }
}

/// Adds what was found.
pub(super) fn read_identity(report: &mut Identity, identity: &identity::Identity) {
    report.username = Some(identity.username.expose().clone());
    report.email = identity.email.as_ref().map(|email| email.expose().clone());
    report.display_name = identity.display_name.as_ref().map(|name| name.expose().clone());
    report.groups = Some(match &identity.groups {
        AssertedGroups::Known(groups) => Groups::Known(groups.iter().cloned().collect()),
        AssertedGroups::Unknown(why) => Groups::Unknown(why.to_string()),
    });
}

pub(super) fn headers(headers: Vec<HeaderValue>) -> Vec<Header> {
    let headers = headers.into_iter();
    headers
        .map(|(name, value)| Header { name, value: String::from_utf8_lossy(&value).into_owned() })
        .collect()
}
