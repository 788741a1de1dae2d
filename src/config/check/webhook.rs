//! `provisioning.webhook.secrets`.

use super::Checker;
use crate::config::path::Path;
use crate::config::raw::DataSource;
use crate::targets::webhook::WebhookSecret;

/// Two are needed while one is replaced, and each makes every message longer.
const MAX_SECRETS: usize = 4;

pub(super) fn secrets(
    raw: &[DataSource],
    at: &Path,
    checker: &mut Checker<'_>,
) -> Option<Vec<WebhookSecret>> {
    if raw.is_empty() || raw.len() > MAX_SECRETS {
        checker.invalid(at, format!("{} secrets", raw.len()), "1 to 4 secrets");
    }
    let secrets: Vec<Option<WebhookSecret>> = raw
        .iter()
        .enumerate()
        .map(|(index, source)| {
            let path = at.index(index);
            let text = checker.text(source, &path)?;
            let secret = WebhookSecret::parse(text.expose());
            let expected = "`whsec_` and 24 to 64 bytes in base64";
            secret.map_err(|fault| checker.invalid(&path, fault, expected)).ok()
        })
        .collect();
    secrets.into_iter().collect::<Option<Vec<_>>>().filter(|secrets| !secrets.is_empty())
}
