//! One person: what the service says of them, brought to the application.

use core::time::Duration;

use crate::base::{Code, Rejection};
use crate::directory::{Group, GroupNaming, GroupsBecome, Membership, Person};
use crate::effect::{Answer, Ask, AskId, Tell};
use crate::scim::passing::Rename;
use crate::sources::scim::{Scim, ScimGroups, ScimOptions};
use crate::sources::{Credentials, Endpoint, Key, Source, SourceError};

use super::super::directory::{Errand, Intent, PersonEnd, PersonFlow, PersonTurn};
use super::settling::{Seat, Trouble};
use super::{Gate, Names, Settings};

/// The call to the service.
const READ: AskId = AskId(0);

/// Somebody on the way.
#[derive(Debug)]
pub(super) struct Visit {
    id: String,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The service says who it is.
    Read,
    /// The application follows.
    Flow(Box<PersonFlow>, Box<Person>),
}

/// One turn.
#[derive(Debug)]
pub(super) enum VisitTurn {
    Wait(Visit, Vec<(AskId, Ask)>, Vec<Tell>),
    /// It is over; with trouble that is everybody's.
    End(Option<Trouble>, Vec<Tell>),
}

impl Visit {
    pub(super) fn start(id: String, gate: Gate<'_>) -> (Self, AskId, Ask) {
        let call = gate.settings.person(&id);
        (Self { id, stage: Stage::Read }, READ, Ask::HttpCall(call))
    }

    /// Takes the answer to `id`.
    pub(super) fn answer(self, id: AskId, answer: Answer, seat: &Seat, gate: Gate<'_>) -> VisitTurn {
        match self.stage {
            Stage::Read => {
                let key = Key::Id(self.id.clone());
                let read = match answer {
                    // A person of whom nobody knows is nobody's.
                    Answer::HttpResponse(response) if response.status == 404 => Ok(None),
                    Answer::HttpResponse(response) => {
                        source(gate.settings).looked_up(&key, &response, gate.env.now)
                    }
                    Answer::HttpFailed(failure) => Err(SourceError::NotReached(failure)),
                    _ => Err(SourceError::Shifted),
                };
                match read {
                    // Whoever may not use the application keeps what they have for the day on which they may (J21).
                    Ok(None) => VisitTurn::End(None, Vec::new()),
                    Ok(Some(person)) if !person.active => VisitTurn::End(None, Vec::new()),
                    Ok(Some(person)) => {
                        let person = Box::new(seated(person, seat, &gate.settings.names));
                        let Some(errand) = errand(&person, gate) else {
                            return VisitTurn::End(None, Vec::new());
                        };
                        let turn = PersonFlow::start(errand, gate.env);
                        Self::went(self.id, person, turn, gate)
                    }
                    Err(fault) => unread(&self.id, fault, gate),
                }
            }
            Stage::Flow(flow, person) => {
                let Some(errand) = errand(&person, gate) else { return VisitTurn::End(None, Vec::new()) };
                let turn = flow.answer(id, answer, errand, gate.env);
                Self::went(self.id, person, turn, gate)
            }
        }
    }

    fn went(id: String, person: Box<Person>, turn: PersonTurn, gate: Gate<'_>) -> VisitTurn {
        match turn {
            PersonTurn::Wait { inner, asks, tells } => {
                VisitTurn::Wait(Self { id, stage: Stage::Flow(inner, person) }, asks, tells)
            }
            PersonTurn::End { end, mut tells } => {
                let trouble = match *end {
                    PersonEnd::Unchanged { .. } | PersonEnd::Changed { .. } | PersonEnd::Planned => None,
                    PersonEnd::Failed { rejection, retry_after }
                        if concerns_everybody(rejection.code) || retry_after.is_some() =>
                    {
                        Some(Trouble { code: Code::ScimPeopleUnsettled, rejection, retry_after })
                    }
                    // Coming again would not help, and must not keep the directory from everything else.
                    PersonEnd::Skipped(rejection) | PersonEnd::Failed { rejection, .. } => {
                        tells.push(gate.told("scim_person_skipped", Some(rejection.code), ("id", id)));
                        None
                    }
                };
                VisitTurn::End(trouble, tells)
            }
        }
    }
}

/// Only what can pass, and what an operator can repair without the directory: the application is away, or does not let us in.
const fn concerns_everybody(code: Code) -> bool {
    matches!(
        code,
        Code::TargetUnreachable
            | Code::TargetThrottled
            | Code::TargetUnauthorized
            | Code::TargetAnswerMalformed
            | Code::CircuitOpen
    )
}

/// The service did not say who it is.
fn unread(id: &str, fault: SourceError, gate: Gate<'_>) -> VisitTurn {
    let retry_after = fault.retry_after();
    let rejection = Rejection::new(fault.code(), fault);
    if let Some(wait) = retry_after {
        let retry_after = Some(wait).filter(|wait| *wait > SHORT);
        let code = Code::ScimServiceUnavailable;
        return VisitTurn::End(Some(Trouble { code, rejection, retry_after }), Vec::new());
    }
    let told = gate.told("scim_person_skipped", Some(rejection.code), ("id", id.to_owned()));
    VisitTurn::End(None, vec![told])
}

/// A shorter wait is nobody's wish.
const SHORT: Duration = Duration::from_secs(5);

/// The person as the directory sees them: its own names of the groups that concern it, and no others.
fn seated(person: Person, seat: &Seat, names: &Names) -> Person {
    let Membership::Known(groups) = person.groups else { return person };
    let known = groups.into_iter().filter_map(|Group { id, name }| {
        let name = names.back().rename(&name)?;
        Some(Group { id, name })
    });
    let mut groups: Vec<Group> = match seat {
        Seat::AsItIs => known.collect(),
        Seat::Out(out) => known.filter(|group| group.id != *out).collect(),
        Seat::In(group) => known.filter(|known| known.id != group.id).collect(),
    };
    if let Seat::In(group) = seat {
        groups.push(group.clone());
    }
    Person { groups: Membership::Known(groups), ..person }
}

fn errand<'a>(person: &'a Person, gate: Gate<'a>) -> Option<Errand<'a>> {
    Some(Errand {
        person,
        // It is the service that deactivates and reactivates.
        intent: Intent::Present { reactivate: false },
        account: None,
        provisioning: gate.env.settings.provisioning.as_ref()?,
        groups_become: GroupsBecome::Groups,
        naming: GroupNaming::Name,
        request_id: gate.request_id,
        dry_run: false,
        leaves_groups: false,
        budget: None,
        kept: Some(&gate.settings.names),
    })
}

/// The reader of people; calls go by our own endpoint, with its credentials.
fn source(settings: &Settings) -> Scim {
    let endpoint = Endpoint {
        cluster: settings.endpoint.cluster.clone(),
        authority: settings.endpoint.authority.clone(),
        path_prefix: settings.endpoint.path_prefix.clone(),
        timeout: settings.endpoint.timeout,
        credentials: Credentials::Injected,
    };
    let options = ScimOptions { page_size: 1, filter: None, groups: ScimGroups::Automatic, delta: false };
    Scim::new(endpoint, options)
}
