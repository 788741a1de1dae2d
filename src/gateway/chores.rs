//! What the gateway of a worker does without a request: on ticks, and when what it asked for is answered.

use crate::effect::{Answer, AskId};
use crate::flow::Turn;

use super::{Gateway, Host};

impl Gateway {
    /// Time has passed. Called every second or two, and right after the start.
    pub fn tick(&mut self, _host: &Host<'_>) -> Turn {
        Turn::default()
    }

    /// An ask of a [`Turn`] was answered.
    pub fn chore_answer(&mut self, _id: AskId, _answer: Answer, _host: &Host<'_>) -> Turn {
        Turn::default()
    }
}
