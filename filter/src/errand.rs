//! What goes on without a request: performs the asks of turns, and keeps whose answers are awaited.

use std::collections::VecDeque;

use samlgate::effect::{Answer, Ask, AskId};
use samlgate::flow::Turn;

use crate::outside;
use crate::root::Worker;

/// The calls that are under way: Envoy's token and our number of each.
#[derive(Default)]
pub(crate) struct Errand {
    calls: Vec<(u32, AskId)>,
}

impl Errand {
    /// Performs `turn`, and all that follow from answers that are there at once.
    pub(crate) fn run(
        &mut self,
        worker: &Worker,
        mut turn: Turn,
        mut answer: impl FnMut(AskId, Answer) -> Turn,
    ) {
        let mut answers: VecDeque<(AskId, Answer)> = VecDeque::new();
        loop {
            outside::tell(turn.tells, worker);
            for (id, ask) in turn.asks {
                let answer = match ask {
                    Ask::HttpCall(call) => outside::send(&call, &[], id, &mut self.calls),
                    other => Some(outside::at_once(other, worker)),
                };
                answers.extend(answer.map(|answer| (id, answer)));
            }
            let Some((id, there)) = answers.pop_front() else { return };
            turn = answer(id, there);
        }
    }

    /// The answer that Envoy holds for the call `token`, if it is one of these.
    pub(crate) fn answered(
        &mut self,
        token: u32,
        headers: usize,
        body_size: usize,
    ) -> Option<(AskId, Answer)> {
        let at = self.calls.iter().position(|(have, _)| *have == token)?;
        let (_, id) = self.calls.swap_remove(at);
        Some((id, outside::call_answer(headers, body_size)))
    }
}
