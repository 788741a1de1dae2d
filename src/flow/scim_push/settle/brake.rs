//! The budget of endings: how many accounts and organizations may end in one hour.
//!
//! It lies in one row of the table, so that all replicas together keep to it, whoever pushes what.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::{Code, Rejection, UnixTime};
use crate::effect::{Event, Tell};
use crate::store::table::{Action, Done, Outcome, RowVersion, Transaction};

use super::super::super::Env;
use super::super::pen::Pen;
use super::super::rows;
use super::super::table::TableFault;
use super::{Means, Settle, SettleEnd, SettleTurn, Stage};

const WINDOW: Duration = Duration::from_secs(3_600);

/// How often it is taken from the budget while others do too.
const MAX_TAKES: u32 = 8;

/// What ended since `began`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Budget {
    began: u64,
    taken: u64,
}

impl Budget {
    /// The budget at `now`. One that began in the future was begun by another clock.
    fn at(known: Option<Self>, now: UnixTime) -> Self {
        let now = now.as_secs();
        known
            .filter(|known| known.began <= now && now < known.began.saturating_add(WINDOW.as_secs()))
            .unwrap_or(Self { began: now, taken: 0 })
    }

    /// With one more; how long to wait where there is no room for it.
    fn take(self, most: u64, now: UnixTime) -> Result<Self, Duration> {
        if self.taken < most {
            return Ok(Self { taken: self.taken.saturating_add(1), ..self });
        }
        let end = UnixTime::from_secs(self.began).saturating_add(WINDOW);
        Err(end.saturating_since(now).max(Duration::from_secs(1)))
    }
}

impl Settle {
    /// Takes one from the budget, and goes on with what is to end.
    pub(super) fn pay(mut self, env: &Env<'_>) -> SettleTurn {
        self.ports.close();
        let then = rows::endings().into_iter().map(Action::Read).collect();
        self.call(Transaction { then, ..Transaction::default() }, Stage::Budget, Self::budget_read, env)
    }

    pub(super) fn budget_read(self, _: Transaction, outcome: Outcome, env: &Env<'_>) -> SettleTurn {
        let (Some(key), Some(means)) = (rows::endings(), Means::of(env)) else {
            return self.give_up(SettleEnd::Busy, env);
        };
        let table = std::rc::Rc::clone(&self.table);
        let (known, version) = match outcome.done.into_iter().next() {
            Some(Done::Read(Some(row))) => match table.key.open::<Budget>(&row) {
                Ok(budget) => (Some(budget), row.version),
                Err(_) => return self.give_up(SettleEnd::Table(TableFault::Unreadable), env),
            },
            _ => (None, RowVersion::ABSENT),
        };
        let budget = match Budget::at(known, env.now).take(means.settings.max_endings_per_hour, env.now) {
            Ok(budget) => budget,
            Err(wait) => return self.brake(wait, env),
        };
        let mut pen = Pen::new(&table.key, env.entropy);
        pen.unchanged(&key, version);
        if let Err(stop) = pen.put(key, &budget) {
            return self.stopped(stop, env);
        }
        let transaction =
            Transaction { conditions: pen.conditions, then: pen.actions, otherwise: Vec::new() };
        self.call(transaction, Stage::Pay, Self::budget_taken, env)
    }

    pub(super) fn budget_taken(mut self, _: Transaction, outcome: Outcome, env: &Env<'_>) -> SettleTurn {
        let Some(means) = Means::of(env) else { return self.give_up(SettleEnd::Busy, env) };
        if !outcome.carried_out {
            self.takes = self.takes.saturating_add(1);
            return if self.takes < MAX_TAKES { self.pay(env) } else { self.give_up(SettleEnd::Busy, env) };
        }
        self.paid = true;
        self.begin(means, env)
    }

    fn brake(mut self, wait: Duration, env: &Env<'_>) -> SettleTurn {
        let code = Code::GuardrailExceeded;
        let remedy = "find out who pushes so many endings; raise scim_gateway.max_deactivations_per_hour if they are meant";
        let fields = vec![("id", self.id.clone()), ("remedy", remedy.to_owned())];
        self.tells.push(Tell::Event(Event { name: "scim_brake", code: Some(code), fields }));
        self.tells.push(Tell::Count { outcome: "scim_brake", code: Some(code) });
        let rejection =
            Rejection::new(code, "more end in one hour than scim_gateway.max_deactivations_per_hour");
        self.give_up(SettleEnd::Failed { rejection, retry_after: Some(wait) }, env)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_room_for_so_many_endings_and_the_next_one_again() {
        let at = |seconds: u64| UnixTime::from_secs(1_800_000_000 + seconds);
        let mut budget = Budget::at(None, at(0));
        for _ in 0..3 {
            budget = Budget::at(Some(budget), at(10)).take(3, at(10)).unwrap();
        }
        assert_eq!(Budget::at(Some(budget), at(60)).take(3, at(60)), Err(Duration::from_secs(3_540)));
        assert_eq!(Budget::at(Some(budget), at(3_599)).take(3, at(3_599)), Err(Duration::from_secs(1)));
        assert!(Budget::at(Some(budget), at(3_600)).take(3, at(3_600)).is_ok());
        // A clock that ran ahead does not hold everything for ever.
        let ahead = Budget { began: at(9_999).as_secs(), taken: 3 };
        assert!(Budget::at(Some(ahead), at(0)).take(3, at(0)).is_ok());
    }
}
