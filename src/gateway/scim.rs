//! The SCIM service: before sessions, without cookies, never forwarded.

use crate::base::UnixTime;
use crate::effect::{Step, Verdict};
use crate::flow::scim_push::{self, Arrived, ScimFlow};

use super::{Exchange, Gateway, Host, Request, Settings, reader};

/// Requests of one second that show no token of ours: who guesses, or whose token was taken out, uses up nobody else's.
const MAX_STRANGERS: u32 = 10;

/// Requests of the current second at this worker.
#[derive(Debug)]
pub(super) struct Rate {
    second: UnixTime,
    taken: u32,
}

impl Default for Rate {
    fn default() -> Self {
        Self { second: UnixTime::from_secs(0), taken: 0 }
    }
}

impl Rate {
    /// Takes one more, if there is room for it.
    const fn take(&mut self, now: UnixTime, most: u32) -> bool {
        if self.second.as_secs() != now.as_secs() {
            *self = Self { second: now, taken: 0 };
        }
        if self.taken >= most {
            return false;
        }
        self.taken = self.taken.saturating_add(1);
        true
    }
}

/// Does `path` belong to the SCIM service?
pub(super) fn is_scim(path: &str, settings: &Settings) -> bool {
    let rest = settings.flow.scim_gateway.as_ref().and_then(|scim| path.strip_prefix(&scim.path_prefix));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Gateway {
    pub(super) fn scim(&mut self, request: &Request<'_>, host: &Host<'_>) -> Step<Exchange> {
        let text = |name| request.head.text(name).map(str::to_owned);
        let (prefix, most) = match &self.settings.flow.scim_gateway {
            Some(scim) => (scim.path_prefix.clone(), scim.max_requests_per_second),
            None => (String::new(), 0),
        };
        let authorization = text("authorization");
        let gateway = self.settings.flow.scim_gateway.as_deref();
        let known = gateway.is_some_and(|scim| scim.caller(authorization.as_deref()).is_some());
        let taken = if known {
            self.scim_rate.take(host.now, most)
        } else {
            self.scim_strangers.take(host.now, most.min(MAX_STRANGERS))
        };
        if !taken {
            let (reply, tells) = scim_push::too_many_requests(request.head.text("accept"));
            return Step::End { verdict: Verdict::Reply(reply), tells };
        }
        let whole = request.path.path_and_query();
        let query = whole.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let arrived = Arrived {
            method: request.head.method().to_owned(),
            path: request.path.path().strip_prefix(prefix.as_str()).unwrap_or_default().to_owned(),
            query: query.to_owned(),
            authorization,
            content_type: text("content-type"),
            content_length: text("content-length").and_then(|length| length.parse().ok()),
            accept: text("accept"),
            if_match: text("if-match"),
            if_none_match: text("if-none-match"),
            request_id: reader::of(request.head, &self.settings.flow.look).request_id,
        };
        scim_step(ScimFlow::start(arrived, self.scim_table.clone(), &self.env(host)))
    }
}

pub(super) fn scim_step(step: Step<ScimFlow>) -> Step<Exchange> {
    match step {
        Step::Wait { state, asks, tells } => {
            Step::Wait { state: Exchange::Scim(Box::new(state)), asks, tells }
        }
        Step::End { verdict, tells } => Step::End { verdict, tells },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_room_for_so_many_and_the_next_one_again() {
        let mut rate = Rate::default();
        let at = UnixTime::from_secs;
        assert_eq!((0..4).map(|_| rate.take(at(7), 3)).collect::<Vec<_>>(), [true, true, true, false]);
        assert!(rate.take(at(8), 3));
        assert!(!Rate::default().take(at(7), 0));
    }
}
