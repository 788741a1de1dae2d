//! Bringing people to where a directory says they should be, with nobody signing in.
//!
//! One person at a time, by the engine of sign-ins: [`PersonFlow`]. What belongs to no person, and people who leave, go by
//! [`ChangesFlow`]. Who is brought when is decided by whoever starts these: a SCIM push, a sync, a cleanup.

mod changes;
mod leaving;
mod person;
mod standing;

pub(in crate::flow) use changes::{Changes, ChangesEnd, ChangesFlow, ChangesTurn};
pub(in crate::flow) use leaving::may_go;
pub(in crate::flow) use person::{Errand, Intent, PersonEnd, PersonFlow, PersonTurn};
pub(in crate::flow) use standing::{is_kept_out, refuses_by_rule};
