//! SCIM in front of a service that speaks it: what a directory pushes goes on under other names, and only where the rules lead.
//!
//! Nothing is kept here. People pass without what gives power; groups pass when a rule of `policy` leads to them, under the name
//! that it gives. A request that addresses a group by its id waits for a look at that group, so that nobody touches one that
//! no rule leads to.
//!
//! Where an application is provisioned besides, what the service accepted is brought there too, person by person: to the
//! groups that SCIM cannot write (A4). The directory's repetition is what makes that last. So whoever leaves a group is brought
//! on before the service hears of it, since afterwards nobody knows who was in; and whoever comes into one after the service
//! took them, since nobody is to get what the service refused. Until both are done the directory is told to come again.

mod answered;
mod change;
mod names;
mod passage;
mod people;
mod settling;
mod visit;

pub use names::{Names, OneWay};

use serde_json::Value;

use crate::base::{Code, Rejection};
use crate::effect::{Answer, Ask, AskId, CallFailure, Event, Tell};
use crate::http::{HttpCall, HttpResponse, Reply};
use crate::scim::Error;
use crate::scim::message::{self, Media};
use crate::scim::passing::{self, Rename};
use crate::scim::router::{Incoming, Request};
use crate::targets::{Endpoint, Resource};

use super::Env;
use answered::Asked;
use change::{Arrival, Concern};
use passage::{Journey, Look, Passage};
use settling::{MAX_PEOPLE, Seat, Settled, Settling, SettlingTurn, Trouble};

/// The checked settings of the way through.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The service, and what proves who we are.
    pub endpoint: Endpoint,
    /// What groups are called.
    pub names: Names,
    /// The base address that clients know, without a slash at its end.
    pub base_uri: String,
    /// Roles and entitlements of people go on.
    pub forward_roles: bool,
    /// People are brought to the application of `provisioning` when a change concerns them.
    pub brings_people: bool,
}

impl Settings {
    /// One person at the service.
    fn person(&self, id: &str) -> HttpCall {
        let user = Resource::new(&self.endpoint.path_prefix, "/Users").segment(id);
        self.endpoint.forwarded("GET", user, Vec::new(), Vec::new())
    }

    /// One group at the service, with its members.
    fn group(&self, id: &str) -> HttpCall {
        let group = Resource::new(&self.endpoint.path_prefix, "/Groups").segment(id);
        self.endpoint.forwarded("GET", group, Vec::new(), Vec::new())
    }
}

/// What is the same at each turn of one request.
#[derive(Clone, Copy)]
pub(in crate::flow) struct Gate<'a> {
    pub(in crate::flow) settings: &'a Settings,
    /// Whose token it was.
    pub(in crate::flow) client: &'a str,
    pub(in crate::flow) request_id: &'a str,
    pub(in crate::flow) env: &'a Env<'a>,
}

impl Gate<'_> {
    /// Are people brought to an application?
    const fn brings(&self) -> bool {
        self.settings.brings_people && self.env.settings.provisioning.is_some()
    }

    /// `concern` where people are brought to an application.
    fn about(&self, concern: Concern) -> Concern {
        if self.brings() { concern } else { Concern::Nobody }
    }

    fn told(&self, name: &'static str, code: Option<Code>, field: (&'static str, String)) -> Tell {
        let mut fields = vec![field];
        fields.push(("client", self.client.to_owned()));
        fields.push(("request_id", self.request_id.to_owned()));
        fields.extend(code.map(|code| ("remedy", code.remedy().to_owned())));
        Tell::Event(Event { name, code, fields })
    }
}

/// A request on its way through.
#[derive(Debug)]
pub(in crate::flow) struct PassFlow {
    media: Media,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// What is addressed is looked at; then the call goes out.
    ExpectLook(Look, Box<Journey>),
    /// Who is in the group now.
    ExpectMembers(Box<Journey>),
    /// Whoever leaves is brought on.
    Leaving(Box<Settling>, Box<Journey>),
    ExpectAnswer(Box<Journey>),
    /// Whoever comes is brought on, or whoever was to leave is brought back; then this is shown.
    Arriving(Box<Settling>, Box<Arrived>),
}

/// An answer that waits for people.
#[derive(Debug)]
struct Arrived {
    response: HttpResponse,
    asked: Asked,
    /// The service would refuse the same request as a duplicate.
    made: bool,
    /// Whoever is left over is told.
    counts: bool,
}

/// One turn.
#[derive(Debug)]
pub(in crate::flow) enum PassTurn {
    Wait {
        inner: PassFlow,
        asks: Vec<(AskId, Ask)>,
        tells: Vec<Tell>,
    },
    End {
        reply: Reply,
        /// What was refused here, and what is wrong with the service behind us, for the log.
        fault: Option<(Error, Option<Rejection>)>,
        tells: Vec<Tell>,
    },
}

/// A call of the request itself; people have other numbers.
const CALL: AskId = AskId(u32::MAX);

/// Where the numbers of those begin who come after others left.
const FIRST_COMER: u32 = 1_000;

impl PassFlow {
    /// Begins with a request whose client was let in; `request` is what the router made of `incoming`.
    pub(in crate::flow) fn start(
        request: &Request,
        incoming: &Incoming<'_>,
        media: Media,
        gate: Gate<'_>,
    ) -> PassTurn {
        match Passage::of(request, incoming, gate) {
            Err(error) => refused(error, media),
            Ok(Passage::Empty(page)) => PassTurn::reply(message::list(0, page, Vec::new(), media)),
            Ok(Passage::Go(mut journey)) => {
                let left_out: Vec<&str> = core::mem::take(&mut journey.left_out).into_iter().collect();
                let told = (!left_out.is_empty())
                    .then(|| gate.told("scim_attributes_left_out", None, ("attributes", left_out.join(" "))));
                let turn = match journey.look.take() {
                    Some((look, call)) => Self::call(media, Stage::ExpectLook(look, journey), call),
                    None => Self::go(media, journey, gate),
                };
                turn.after(told.into_iter().collect())
            }
        }
    }

    /// Takes the answer to `id`.
    pub(in crate::flow) fn answer(self, id: AskId, answer: Answer, gate: Gate<'_>) -> PassTurn {
        let Self { media, stage } = self;
        let stage = match stage {
            Stage::Leaving(settling, journey) => {
                let turn = settling.answer(id, answer, gate);
                return Self::left(media, turn, journey, gate);
            }
            Stage::Arriving(settling, arrived) => {
                let turn = settling.answer(id, answer, gate);
                return Self::arrived(media, turn, arrived, gate);
            }
            stage => stage,
        };
        if id != CALL {
            // Of somebody who is done.
            return PassTurn::Wait { inner: Self { media, stage }, asks: Vec::new(), tells: Vec::new() };
        }
        let response = match answer {
            Answer::HttpResponse(response) => response,
            Answer::HttpFailed(failure) => return unreachable_service(failure, media),
            _ => {
                let rejection = Rejection::new(Code::HostCallFailed, "an answer that nobody asked for");
                return unavailable(rejection, None, media);
            }
        };
        if !matches!(stage, Stage::ExpectAnswer(_)) && response.status != 200 {
            return unseen(&response, media, gate);
        }
        match stage {
            Stage::ExpectLook(Look::Person, journey) => match people::met(&response, gate) {
                Some(Ok(())) => Self::go(media, journey, gate),
                Some(Err(error)) => refused(error, media),
                None => {
                    let rejection = Rejection::new(Code::ScimServiceMalformed, "a user without a user name");
                    unavailable(rejection, None, media)
                }
            },
            Stage::ExpectLook(Look::Group, mut journey) => {
                let Some(name) = looked_at(&response, gate.settings) else {
                    return refused(passing::unmapped(), media);
                };
                match journey.concern.meets(&name, &gate.settings.names) {
                    Ok(()) => Self::go(media, journey, gate),
                    Err(error) => refused(error, media),
                }
            }
            Stage::ExpectMembers(mut journey) => {
                let group: Option<Value> = serde_json::from_slice(&response.body).ok();
                // What speaks of another resource, or of an error, says nothing about this one.
                let group = group.filter(|group| passing::id_of(group) == journey.concern.asks_members());
                let members = group.as_ref().and_then(passing::members_of);
                let unknown = members.is_none();
                journey.concern.learn(members.as_ref());
                let tells = unknown.then(|| {
                    gate.told(
                        "scim_people_left",
                        Some(Code::ScimPeopleLeft),
                        ("people", "unknown".to_owned()),
                    )
                });
                Self::go(media, journey, gate).after(tells.into_iter().collect())
            }
            Stage::ExpectAnswer(journey) => Self::answered(media, response, *journey, gate),
            Stage::Leaving(..) | Stage::Arriving(..) => {
                let rejection = Rejection::new(Code::HostCallFailed, "an answer that nobody asked for");
                unavailable(rejection, None, media)
            }
        }
    }

    fn call(media: Media, stage: Stage, call: HttpCall) -> PassTurn {
        let asks = vec![(CALL, Ask::HttpCall(call))];
        PassTurn::Wait { inner: Self { media, stage }, asks, tells: Vec::new() }
    }

    /// What is addressed may be changed: whoever leaves is brought on, then the call goes out.
    fn go(media: Media, journey: Box<Journey>, gate: Gate<'_>) -> PassTurn {
        if let Some(id) = journey.concern.asks_members() {
            let call = gate.settings.group(id);
            return Self::call(media, Stage::ExpectMembers(journey), call);
        }
        match journey.concern.departure() {
            Some((people, group)) => {
                let turn = Settling::start(people, MAX_PEOPLE, Seat::Out(group), 0, gate);
                Self::left(media, turn, journey, gate)
            }
            None => Self::send(media, journey),
        }
    }

    fn send(media: Media, journey: Box<Journey>) -> PassTurn {
        let call = journey.call.clone();
        Self::call(media, Stage::ExpectAnswer(journey), call)
    }

    fn left(media: Media, turn: SettlingTurn, journey: Box<Journey>, gate: Gate<'_>) -> PassTurn {
        match turn {
            SettlingTurn::Wait(settling, asks, tells) => PassTurn::Wait {
                inner: Self { media, stage: Stage::Leaving(settling, journey) },
                asks,
                tells,
            },
            SettlingTurn::End(Settled { trouble: Some(trouble), .. }, tells) => {
                // The service has not heard of it, so that it still knows who is to leave when the directory comes again.
                unsettled(trouble, media).after(tells)
            }
            SettlingTurn::End(settled, tells) => {
                let told = people_left(settled.left, true, gate);
                Self::send(media, journey).after(tells.into_iter().chain(told).collect())
            }
        }
    }

    fn answered(media: Media, response: HttpResponse, journey: Journey, gate: Gate<'_>) -> PassTurn {
        let Journey { asked, concern, .. } = journey;
        let made = matches!(concern, Concern::Made | Concern::NewGroup { .. });
        match concern.arrival(&response) {
            Some(Arrival { people, room, seat, counts }) => {
                let turn = Settling::start(people, room, seat, FIRST_COMER, gate);
                let arrived = Box::new(Arrived { response, asked, made, counts });
                Self::arrived(media, turn, arrived, gate)
            }
            None => answered::shown(&response, asked, media, gate.settings),
        }
    }

    fn arrived(media: Media, turn: SettlingTurn, arrived: Box<Arrived>, gate: Gate<'_>) -> PassTurn {
        match turn {
            SettlingTurn::Wait(settling, asks, tells) => PassTurn::Wait {
                inner: Self { media, stage: Stage::Arriving(settling, arrived) },
                asks,
                tells,
            },
            SettlingTurn::End(Settled { trouble: Some(trouble), .. }, tells) if !arrived.made => {
                unsettled(trouble, media).after(tells)
            }
            SettlingTurn::End(Settled { left, trouble }, mut tells) => {
                tells.extend(trouble.map(|trouble| {
                    let slug = trouble.rejection.code.slug().to_owned();
                    gate.told("scim_people_unsettled", Some(Code::ScimPeopleUnsettled), ("slug", slug))
                }));
                tells.extend(people_left(left, arrived.counts, gate));
                answered::shown(&arrived.response, arrived.asked, media, gate.settings).after(tells)
            }
        }
    }
}

impl PassTurn {
    const fn reply(reply: Reply) -> Self {
        Self::End { reply, fault: None, tells: Vec::new() }
    }

    /// The same turn with `told` before it.
    fn after(mut self, told: Vec<Tell>) -> Self {
        let (Self::Wait { tells, .. } | Self::End { tells, .. }) = &mut self;
        tells.splice(0..0, told);
        self
    }
}

/// What the directory calls the group that was looked at; `None` for one that no rule leads to.
fn looked_at(response: &HttpResponse, settings: &Settings) -> Option<String> {
    let group: Value = serde_json::from_slice(&response.body).ok()?;
    // What has no name that can be read is none of ours.
    settings.names.back().rename(passing::name_of_group(&group)?)
}

/// There was nothing to look at. Only a refusal is handed on: the request itself did not go out.
fn unseen(response: &HttpResponse, media: Media, gate: Gate<'_>) -> PassTurn {
    if response.status < 400 {
        let detail = format_args!("the service answered `{}` to a look", response.status);
        return unavailable(Rejection::new(Code::ScimServiceMalformed, detail), None, media);
    }
    answered::shown(response, Asked::default(), media, gate.settings)
}

/// How many people a sign-in or a sync has to bring.
fn people_left(left: usize, counts: bool, gate: Gate<'_>) -> Option<Tell> {
    (counts && left > 0)
        .then(|| gate.told("scim_people_left", Some(Code::ScimPeopleLeft), ("people", left.to_string())))
}

fn unreachable_service(failure: CallFailure, media: Media) -> PassTurn {
    let detail = match failure {
        CallFailure::NotSent => "the call could not be sent; is the cluster configured?",
        CallFailure::NoAnswer => "no answer",
    };
    unavailable(Rejection::new(Code::ScimServiceUnavailable, detail), None, media)
}

/// The client comes again: an empty list would make it create people twice, and a 404 forget them.
fn unavailable(rejection: Rejection, retry_after: Option<core::time::Duration>, media: Media) -> PassTurn {
    let retry_after = Some(retry_after.unwrap_or(RETRY_AFTER));
    let error = Error::Refused { status: 503, scim_type: None, code: rejection.code, retry_after };
    PassTurn::End {
        reply: message::error(&error, media),
        fault: Some((error, Some(rejection))),
        tells: Vec::new(),
    }
}

/// Somebody could not be brought on; the directory comes again, and finds those done who are.
fn unsettled(trouble: Trouble, media: Media) -> PassTurn {
    let Trouble { code, rejection, retry_after } = trouble;
    let retry_after = Some(retry_after.unwrap_or(RETRY_AFTER));
    let error = Error::Refused { status: 503, scim_type: None, code, retry_after };
    PassTurn::End {
        reply: message::error(&error, media),
        fault: Some((error, Some(rejection))),
        tells: Vec::new(),
    }
}

/// A refusal of ours.
fn refused(error: Error, media: Media) -> PassTurn {
    PassTurn::End { reply: message::error(&error, media), fault: Some((error, None)), tells: Vec::new() }
}

/// When to come again where the service does not say; a restart takes about as long.
const RETRY_AFTER: core::time::Duration = core::time::Duration::from_secs(30);

#[cfg(test)]
mod tests;
