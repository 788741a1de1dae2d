//! What is ended here is left for other replicas too.

use crate::session::outbox::Announcement;
use crate::session::revocation::{Recording, RecordingTurn, Revocation};

use super::super::Env;

/// Puts `revocations` into the ledger, and into the outbox where there is a store that replicas share.
pub(in crate::flow) fn recording(revocations: Vec<Revocation>, env: &Env<'_>) -> RecordingTurn {
    if env.settings.shared_store.is_none() {
        return Recording::start(revocations);
    }
    let sealed: Result<Vec<Announcement>, _> = revocations
        .iter()
        .map(|revocation| Announcement::new(revocation, &env.settings.session, env.entropy))
        .collect();
    match sealed {
        Ok(announcements) => Recording::announced(revocations, announcements),
        Err(_) => RecordingTurn::Failed,
    }
}
