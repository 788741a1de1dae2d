//! Many workers, sources and accidents at random: what holds whatever happens.

use serde_json::json;

use crate::der;
use crate::world::{EVIL, FIRST, NO_ANSWER, SECOND, World, good, response, served};

/// Xorshift (Marsaglia): the same seed gives the same accidents.
struct Chance(u64);

impl Chance {
    fn below(&mut self, number: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % number
    }

    fn at(&mut self, number: usize) -> usize {
        self.below(number as u64) as usize
    }
}

#[test]
fn whatever_happens_only_what_was_served_is_believed_and_the_newest_wins_in_the_end() {
    for seed in 1..=40_u64 {
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let mut world = World::new(3, &json!({}));
        let mut served_keys = Vec::new();
        for _ in 0..150 {
            world.pass(chance.below(400));
            let at = chance.at(3);
            match chance.below(12) {
                0 => world.restart(at),
                1 if !world.store.is_empty() => world.write(world.key(), vec![chance.below(256) as u8; 40]),
                2 => world.unknown_key(at),
                _ => world.tick(at),
            }
            let at = chance.at(3);
            if !world.workers[at].calls.is_empty() && chance.below(3) > 0 {
                let pem = if chance.below(2) == 0 { FIRST } else { SECOND };
                match chance.below(6) {
                    0 => drop(world.deliver(at, NO_ANSWER)),
                    1 => drop(world.deliver(at, response(304, &[], ""))),
                    2 => drop(world.deliver(at, served(&good(&[EVIL]).replace("SSO", "SSo")))),
                    3 => drop(world.deliver(at, response(500, &[], &good(&[EVIL])))),
                    _ => {
                        drop(world.deliver(at, response(200, &[("etag", "\"e\"")], &good(&[pem]))));
                        served_keys.push(der(pem));
                    }
                }
            }
            for worker in &world.workers {
                assert!(worker.keys().iter().all(|key| served_keys.contains(key)), "seed {seed}");
            }
        }
        // Once it is quiet all agree.
        world.pass(100_000);
        for worker in &mut world.workers {
            worker.calls.clear();
        }
        world.rounds(10);
        for _ in 0..3 {
            if let Some((at, _)) = world.until_call(20) {
                world.deliver(at, served(&good(&[FIRST, SECOND])));
            }
        }
        world.round();
        world.round();
        let all = [der(FIRST), der(SECOND)];
        assert!(world.workers.iter().all(|worker| worker.keys() == all), "seed {seed}");
    }
}
