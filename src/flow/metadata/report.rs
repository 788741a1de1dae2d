//! What is told about fetching, and what will end when.

use core::time::Duration;

use super::record::Record;
use super::refresher::MetadataTurn;
use crate::base::{Code, Rejection, UnixTime};
use crate::effect::{Event, Tell};
use crate::flow::settings::{IdentityProvider, Settings};
use crate::saml::metadata::MetadataCopy;
use crate::saml::metadata::idp::IdpMetadata;
use crate::xmlsec::decrypt::DecryptionKey;
use crate::xmlsec::key::{Certificate, KeyFingerprint};

/// How long before its end a certificate is warned of: what `config::check` takes too.
const NOTICE: Duration = Duration::from_secs(30 * 24 * 3600);

/// Warnings about the same thing are this far apart.
pub(super) const WARNING_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// A fetch failed, and why.
pub(super) fn failed(idp: &IdentityProvider, rejection: &Rejection, record: &Record, out: &mut MetadataTurn) {
    let in_use = match &record.copy {
        None => String::from("none"),
        Some(copy) => match copy.metadata.valid_until() {
            None => format!("the copy of {}", copy.confirmed_at),
            Some(end) => format!("the copy of {}, valid until {end}", copy.confirmed_at),
        },
    };
    out.turn.tells.push(Tell::Event(Event {
        name: "metadata_refresh_failed",
        code: Some(rejection.code),
        fields: vec![
            ("slug", rejection.code.slug().to_owned()),
            ("idp", idp.id.clone()),
            ("detail", rejection.detail.clone()),
            ("remedy", rejection.code.remedy().to_owned()),
            ("in_use", in_use),
            ("failures", record.failures.to_string()),
            ("next_at", record.next_at.to_string()),
        ],
    }));
    out.turn.tells.push(Tell::Count { outcome: "metadata_refresh_failed", code: Some(rejection.code) });
}

/// What is trusted is another than before. Whoever looks for how somebody got in looks for this line.
pub(super) fn changed(
    idp: &IdentityProvider,
    before: Option<&MetadataCopy>,
    metadata: &IdpMetadata,
    out: &mut MetadataTurn,
) {
    let had = before.map(MetadataCopy::keys).unwrap_or_default();
    let has = MetadataCopy::of(metadata).keys();
    let list = |keys: &[KeyFingerprint], others: &[KeyFingerprint]| {
        let only = keys.iter().filter(|key| !others.contains(key));
        only.map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let refused: Vec<_> = metadata.refused_keys.iter().map(ToString::to_string).collect();
    out.turn.tells.push(Tell::Event(Event {
        name: "metadata_changed",
        code: None,
        fields: vec![
            ("idp", idp.id.clone()),
            ("entity_id", idp.entity_id.clone()),
            ("keys", has.len().to_string()),
            ("keys_added", list(&has, &had)),
            ("keys_removed", list(&had, &has)),
            ("keys_refused", refused.join("; ")),
            ("valid_until", metadata.valid_until.map(|end| end.to_string()).unwrap_or_default()),
        ],
    }));
    out.turn.tells.push(Tell::Count { outcome: "metadata_changed", code: None });
}

/// The certificates that end soon, or have ended: trust is in the key, so nothing else comes of it here, but an identity
/// provider that changes its key is about to.
pub(super) fn ends(idp: &IdentityProvider, record: &Record, out: &mut MetadataTurn) {
    let ends = record.copy.iter().flat_map(|copy| copy.metadata.ends());
    for end in ends.filter(|end| *end <= record.warned_at.saturating_add(NOTICE)) {
        out.turn.tells.push(Tell::Event(Event {
            name: "certificate_expiring",
            code: Some(Code::CertificateExpiring),
            fields: vec![
                ("slug", Code::CertificateExpiring.slug().to_owned()),
                ("idp", idp.id.clone()),
                ("not_after", end.to_string()),
                ("remedy", Code::CertificateExpiring.remedy().to_owned()),
            ],
        }));
    }
}

/// What is known now, as gauges.
pub(super) fn gauges(idp: &IdentityProvider, record: &Record, out: &mut MetadataTurn) {
    let confirmed_at = record.copy.as_ref().map_or(0, |copy| copy.confirmed_at.as_secs());
    out.turn.tells.push(of_idp(idp, "metadata_confirmed_at", confirmed_at));
    out.turn.tells.push(of_idp(idp, "metadata_refresh_failures", u64::from(record.failures)));
}

/// When `metadata` and its first certificate end, as gauges; 0 for never.
pub(super) fn ends_of(idp: &IdentityProvider, metadata: &IdpMetadata) -> [Tell; 2] {
    let valid_until = metadata.valid_until.map_or(0, UnixTime::as_secs);
    [
        of_idp(idp, "metadata_expires_at", valid_until),
        of_idp(idp, "certificate_expires_at", earliest(metadata.certificates.iter())),
    ]
}

/// When our own first certificate ends, and everything about identity providers whose metadata is configured, as gauges.
#[must_use]
pub fn expiries(settings: &Settings) -> Vec<Tell> {
    let signing = settings.sp.signer.iter().map(|signer| &signer.certificate);
    let own = signing.chain(settings.sp.decryption_keys.iter().map(DecryptionKey::certificate));
    let mut tells =
        vec![Tell::Gauge { name: String::from("sp.certificate_expires_at"), value: earliest(own) }];
    for idp in &settings.idps {
        if let Some(metadata) = idp.source.document() {
            tells.extend(ends_of(idp, metadata));
        }
    }
    tells
}

fn of_idp(idp: &IdentityProvider, what: &str, value: u64) -> Tell {
    Tell::Gauge { name: format!("idp.{}.{what}", idp.id), value }
}

fn earliest<'a>(certificates: impl Iterator<Item = &'a Certificate>) -> u64 {
    certificates.map(|certificate| certificate.not_after().as_secs()).min().unwrap_or_default()
}
