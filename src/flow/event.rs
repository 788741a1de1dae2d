//! The structured events of flows, in one place so that their fields stay the same words.

use crate::base::Rejection;
use crate::effect::{Event, Tell};

/// Something was refused.
pub(super) fn refused(rejection: &Rejection, request_id: &str) -> Tell {
    Tell::Event(Event {
        name: "refused",
        code: Some(rejection.code),
        fields: vec![
            ("slug", rejection.code.slug().to_owned()),
            ("detail", rejection.detail.clone()),
            ("remedy", rejection.code.remedy().to_owned()),
            ("request_id", request_id.to_owned()),
        ],
    })
}
