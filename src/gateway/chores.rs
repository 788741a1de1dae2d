//! What the gateway of a worker does without a request: on ticks, and when what it asked for is answered.

use core::mem;

use crate::effect::{Answer, AskId};
use crate::flow::scim_push::Caretaker;
use crate::flow::{Env, Replication, Turn, metadata};

use super::{Gateway, Host};

/// The asks of a chore have its number above these bits.
const NUMBER_SHIFT: u32 = 16;

/// Keeps the metadata of identity providers.
const METADATA: u32 = 1;

/// Tells other replicas what was ended here, and hears what was there.
const REPLICATION: u32 = 2;

/// Brings to the application what SCIM clients left to do.
const CARETAKER: u32 = 3;

impl Gateway {
    /// Takes over what is known already, so that a new configuration lets people sign in from its first request on. Asks
    /// nothing.
    pub fn recall(&mut self, host: &Host<'_>) -> Turn {
        let mut turn = Turn::default();
        self.metadata_turn(&mut turn, host, |refresher, env| refresher.recall(host.shared, env));
        turn
    }

    /// Time has passed. Called every second or two, and right after the start.
    pub fn tick(&mut self, host: &Host<'_>) -> Turn {
        let mut turn = Turn::default();
        if !mem::replace(&mut self.has_ticked, true) {
            turn.tells.extend(metadata::expiries(&self.settings.flow));
        }
        for (index, at) in self.trust.take_unknown_keys() {
            self.refresher.unknown_key(index, at);
        }
        self.metadata_turn(&mut turn, host, |refresher, env| refresher.tick(env));
        self.replication_turn(&mut turn, host, |replication, env| replication.tick(env));
        self.caretaker_turn(&mut turn, host, Caretaker::tick);
        turn
    }

    /// An ask of a [`Turn`] was answered.
    pub fn chore_answer(&mut self, id: AskId, answer: Answer, host: &Host<'_>) -> Turn {
        let mut turn = Turn::default();
        let own = AskId(id.0 & ((1 << NUMBER_SHIFT) - 1));
        match id.0 >> NUMBER_SHIFT {
            METADATA => {
                self.metadata_turn(&mut turn, host, |refresher, env| refresher.answer(own, answer, env));
            }
            REPLICATION => {
                self.replication_turn(&mut turn, host, |replication, env| {
                    replication.answer(own, answer, env)
                });
            }
            CARETAKER => {
                self.caretaker_turn(&mut turn, host, |caretaker, env| caretaker.answer(own, answer, env));
            }
            _ => {}
        }
        turn
    }

    fn metadata_turn(
        &mut self,
        turn: &mut Turn,
        host: &Host<'_>,
        act: impl FnOnce(&mut metadata::Refresher, &crate::flow::Env<'_>) -> metadata::MetadataTurn,
    ) {
        let mut refresher = mem::take(&mut self.refresher);
        let done = act(&mut refresher, &self.env(host));
        self.refresher = refresher;
        for (index, metadata) in done.learned {
            self.trust.learn(index, metadata);
        }
        turn.tells.extend(done.turn.tells);
        turn.asks.extend(numbered(METADATA, done.turn.asks));
    }
}

impl Gateway {
    fn replication_turn(
        &mut self,
        turn: &mut Turn,
        host: &Host<'_>,
        act: impl FnOnce(&mut Replication, &Env<'_>) -> Turn,
    ) {
        let mut replication = mem::take(&mut self.replication);
        let done = act(&mut replication, &self.env(host));
        self.replication = replication;
        turn.tells.extend(done.tells);
        turn.asks.extend(numbered(REPLICATION, done.asks));
    }
}

impl Gateway {
    fn caretaker_turn(
        &mut self,
        turn: &mut Turn,
        host: &Host<'_>,
        act: impl FnOnce(&mut Caretaker, &Env<'_>) -> Turn,
    ) {
        let mut caretaker = mem::take(&mut self.caretaker);
        let done = act(&mut caretaker, &self.env(host));
        self.caretaker = caretaker;
        turn.tells.extend(done.tells);
        turn.asks.extend(numbered(CARETAKER, done.asks));
    }
}

fn numbered<T>(chore: u32, asks: Vec<(AskId, T)>) -> impl Iterator<Item = (AskId, T)> {
    asks.into_iter().map(move |(id, ask)| (AskId(chore << NUMBER_SHIFT | id.0), ask))
}
