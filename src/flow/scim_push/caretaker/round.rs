//! Looks at everybody again, because an operator says so: the rules are others now.
//!
//! Page by page each person gets a row `todo/ID`, as if they had been pushed. Which word that was done for, and how far it is,
//! lies in one row, so that whoever goes on after a crash goes on there. A word is done once, whatever replicas with an older
//! configuration say meanwhile: they know an older word, and that one was there before.

use serde::{Deserialize, Serialize};

use crate::effect::{Event, Tell};
use crate::scim::ResourceKind;
use crate::store::table::{Action, Done, List, Outcome, RowSize, RowVersion, Transaction};

use super::super::super::{Env, Turn};
use super::super::pen::Pen;
use super::super::rows::{self, Todo};
use super::super::table::{TableCall, TableFault};
use super::{Caretaker, LOOK_EVERY, Stage};
use core::time::Duration;

/// People of one page: each is a condition and a row of one transaction ([`crate::store::table::MAX_ACTIONS`]).
const PAGE: u32 = 100;

/// Words that are remembered: replicas that are so many changes behind are not running any more.
const MAX_WORDS: usize = 16;

/// For which word, and how far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Round {
    word: String,
    /// The last person who was seen to.
    after: Option<String>,
    done: bool,
    /// Words of before, the last one last.
    before: Vec<String>,
}

impl Round {
    /// The round for `word` after `known`; `None` where nothing is to be done.
    fn of(word: &str, known: Option<Self>) -> Option<Self> {
        let begun = |before| Self { word: word.to_owned(), after: None, done: false, before };
        let Some(known) = known else { return Some(begun(Vec::new())) };
        if known.word == word {
            return (!known.done).then_some(known);
        }
        if known.before.iter().any(|before| before == word) {
            return None;
        }
        let Self { word: last, mut before, .. } = known;
        before.push(last);
        let forgotten = before.len().saturating_sub(MAX_WORDS);
        before.drain(..forgotten);
        Some(begun(before))
    }
}

/// What a caretaker knows of the round.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// The one under way, as it is in the table.
    now: Option<(Round, RowVersion)>,
    /// The word for which nothing is left.
    done_for: Option<String>,
}

impl Caretaker {
    /// Goes on with the round, if there is one and nothing else waits. Then it is looked what is left to do.
    pub(super) fn go_round(&mut self, turn: &mut Turn, env: &Env<'_>) {
        let word = env.settings.scim_gateway.as_ref().and_then(|gateway| gateway.look_again.as_deref());
        let wanted = word.filter(|word| self.rounds.done_for.as_deref() != Some(*word));
        // Nobody is added to those who wait for an application that is away.
        let (Some(table), Some(_), 0, Some(key)) = (self.known.known(), wanted, self.failures, rows::round())
        else {
            return self.pause(LOOK_EVERY, env);
        };
        if let Some((round, _)) =
            self.rounds.now.as_ref().filter(|(round, _)| Some(round.word.as_str()) == word)
        {
            let Some(folder) = rows::resources(ResourceKind::User) else { return };
            let after = round.after.as_deref().and_then(|id| rows::resource(ResourceKind::User, id));
            let list = List { folder, after, limit: PAGE, size: RowSize::Unread };
            let transaction = Transaction { then: vec![Action::List(list)], ..Transaction::default() };
            return self.called(
                TableCall::start(&table, transaction, env),
                Stage::Round,
                Self::round_listed,
                turn,
                env,
            );
        }
        let transaction = Transaction { then: vec![Action::Read(key)], ..Transaction::default() };
        self.called(
            TableCall::start(&table, transaction, env),
            Stage::RoundKnown,
            Self::round_known,
            turn,
            env,
        );
    }

    pub(super) fn round_known(&mut self, _: Transaction, outcome: Outcome, turn: &mut Turn, env: &Env<'_>) {
        let (Some(table), Some(word)) = (
            self.known.known(),
            env.settings.scim_gateway.as_ref().and_then(|gateway| gateway.look_again.as_deref()),
        ) else {
            return self.pause(LOOK_EVERY, env);
        };
        let (known, version) = match outcome.done.into_iter().next() {
            Some(Done::Read(Some(row))) => match table.key.open::<Round>(&row) {
                Ok(round) => (Some(round), row.version),
                Err(_) => return self.failed(&TableFault::Unreadable, turn, env),
            },
            _ => (None, RowVersion::ABSENT),
        };
        match Round::of(word, known) {
            None => {
                self.rounds.done_for = Some(word.to_owned());
                self.pause(LOOK_EVERY, env);
            }
            Some(round) => {
                turn.tells.push(told("begun", &round));
                self.rounds.now = Some((round, version));
                self.go_round(turn, env);
            }
        }
    }

    pub(super) fn round_listed(&mut self, _: Transaction, outcome: Outcome, turn: &mut Turn, env: &Env<'_>) {
        let (Some(table), Some((round, version)), Some(key)) =
            (self.known.known(), self.rounds.now.take(), rows::round())
        else {
            return self.pause(LOOK_EVERY, env);
        };
        let Some(Done::Listed(listed)) = outcome.done.into_iter().next() else {
            return self.pause(LOOK_EVERY, env);
        };
        let mut pen = Pen::new(&table.key, env.entropy);
        pen.unchanged(&key, version);
        let after = listed.rows.last().map(|row| row.key.last().to_owned());
        for row in &listed.rows {
            // Somebody who was deleted meanwhile has something else left to do, which must not be written over.
            pen.unchanged(&row.key, row.version);
            let todo = Todo::again(env.now.as_secs());
            let put = rows::about("todo", row.key.last()).map(|key| pen.put(key, &todo));
            if !matches!(put, Some(Ok(()))) {
                return self.pause(LOOK_EVERY, env);
            }
        }
        let round = Round { after: after.or(round.after), done: !listed.more, ..round };
        if pen.put(key, &round).is_err() {
            return self.pause(LOOK_EVERY, env);
        }
        let left = listed.count.saturating_sub(u64::try_from(listed.rows.len()).unwrap_or(u64::MAX));
        turn.tells.push(Tell::Gauge { name: String::from("scim_look_again"), value: left });
        let transaction =
            Transaction { conditions: pen.conditions, then: pen.actions, otherwise: Vec::new() };
        self.rounds.now = Some((round, version));
        self.called(
            TableCall::start(&table, transaction, env),
            Stage::RoundWritten,
            Self::round_written,
            turn,
            env,
        );
    }

    pub(super) fn round_written(&mut self, _: Transaction, outcome: Outcome, turn: &mut Turn, env: &Env<'_>) {
        let round = self.rounds.now.take();
        match round {
            // Somebody was pushed or deleted meanwhile, or another caretaker goes round: it is read how far that is.
            _ if !outcome.carried_out => return self.pause(LOOK_EVERY, env),
            Some((round, _)) if round.done => {
                turn.tells.push(told("done", &round));
                self.rounds.done_for = Some(round.word);
            }
            round => self.rounds.now = round.map(|(round, _)| (round, outcome.version)),
        }
        self.pause(Duration::ZERO, env);
    }
}

fn told(state: &'static str, round: &Round) -> Tell {
    let fields = vec![("state", state.to_owned()), ("word", round.word.clone())];
    Tell::Event(Event { name: "scim_look_again", code: None, fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(word: &str, known: Option<Round>) -> Option<Round> {
        Round::of(word, known).map(|round| Round { done: true, ..round })
    }

    #[test]
    fn a_word_is_done_once_whoever_says_it_again() {
        let one = done("one", None);
        assert_eq!(Round::of("one", one.clone()), None);
        let two = done("two", one).unwrap();
        // Replicas with the configuration of before, and one that is switched back.
        for word in ["one", "two"] {
            assert_eq!(Round::of(word, Some(two.clone())), None, "{word}");
        }
        assert!(done("three", Some(two)).is_some());
    }

    #[test]
    fn what_was_begun_goes_on_where_it_was_and_gives_way_to_another_word() {
        let half = Round { after: Some("u-7".to_owned()), ..Round::of("one", None).unwrap() };
        assert_eq!(Round::of("one", Some(half.clone())), Some(half.clone()));
        let other = Round::of("two", Some(half)).unwrap();
        assert_eq!((other.after, other.done), (None, false));
    }

    #[test]
    fn words_are_forgotten_at_last() {
        let mut round = None;
        for number in 0..100 {
            round = done(&format!("w{number}"), round);
        }
        let round = round.unwrap();
        assert_eq!(round.before.len(), MAX_WORDS);
        assert_eq!(Round::of("w98", Some(round.clone())), None);
        assert!(serde_json::to_string(&round).unwrap().len() < 4_096);
    }
}
