//! What is ended here is left for other replicas too.

use crate::session::outbox::{Announcement, Posting};
use crate::session::revocation::{Recording, RecordingTurn, Revocation};
use crate::session::sealed_for_store;

use super::super::Env;
use super::OUTBOX;

/// Puts `revocations` into the ledger, and into the outbox where there is a store that replicas share.
pub(in crate::flow) fn recording(revocations: Vec<Revocation>, env: &Env<'_>) -> RecordingTurn {
    let session = &env.settings.session;
    let Some(settings) = &env.settings.shared_store else {
        return Recording::start(revocations);
    };
    let sealed: Result<Vec<Announcement>, _> = revocations
        .iter()
        .map(|revocation| Announcement::new(revocation, session, env.now, env.entropy))
        .collect();
    match sealed {
        Ok(announcements) => {
            let outbox = sealed_for_store::key(OUTBOX, &settings.etcd, session);
            Recording::announced(revocations, Posting { outbox, announcements })
        }
        Err(_) => RecordingTurn::Failed,
    }
}
