//! What replication does at the store: write a record, read records.

use crate::base::UnixTime;
use crate::http::{HttpCall, HttpResponse};
use crate::session::outbox::Announcement;
use crate::store::{Changes, Etcd, Lease, Name, Revision, Settings, StoreError, Token};

use super::errand::Operation;

/// Writes an announcement as a record.
#[derive(Debug)]
pub(super) struct Publish {
    pub(super) announcement: Announcement,
    name: Name,
    lease: Lease,
}

impl Publish {
    pub(super) fn new(announcement: Announcement, settings: &Settings, now: UnixTime) -> Self {
        // The same revocation is one record, whoever announces it and however often.
        let name = Name::of("record", &[announcement.name()]);
        let lease = Lease::until(announcement.until(), now, &settings.etcd.key_prefix);
        Self { announcement, name, lease }
    }
}

impl Operation for Publish {
    type Fact = ();

    fn call(&self, etcd: &Etcd, token: Option<&Token>) -> HttpCall {
        etcd.publish(&self.name, self.announcement.sealed(), self.lease, token)
    }

    fn read(&self, _: &Etcd, response: &HttpResponse) -> Result<(), StoreError> {
        Etcd::published(response)
    }

    fn lease(&self) -> Option<Lease> {
        Some(self.lease)
    }
}

/// Reads what was written.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) since: Revision,
}

impl Operation for Read {
    type Fact = Changes;

    fn call(&self, etcd: &Etcd, token: Option<&Token>) -> HttpCall {
        etcd.changes(self.since, token)
    }

    fn read(&self, _: &Etcd, response: &HttpResponse) -> Result<Changes, StoreError> {
        Etcd::changed(self.since, response)
    }

    fn lease(&self) -> Option<Lease> {
        None
    }
}
