//! Turns shapes up and down and keeps what is slower.

use core::time::Duration;
use std::time::Instant;

use crate::families::{Family, measure};
use crate::message::Keys;
use crate::shape::{CONTENTS, Content, Shape};

/// xorshift64*: the same walk each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).unwrap() % end.max(1)
    }

    /// Small numbers as often as large ones.
    fn size(&mut self, most: usize) -> usize {
        let bits = most.ilog2() as usize + 1;
        let top = 1_usize << self.below(bits + 1);
        self.below(top + 1).min(most)
    }

    fn chance(&mut self) -> bool {
        self.below(2) == 0
    }
}

fn random(dice: &mut Dice) -> Shape {
    let mut shape = Shape::default();
    for _ in 0..6 {
        change(&mut shape, dice);
    }
    shape
}

fn change(shape: &mut Shape, dice: &mut Dice) {
    match dice.below(15) {
        0 => shape.prefixes = dice.size(38),
        1 => shape.prefix_length = dice.size(300).max(1),
        2 => shape.namespace_length = dice.size(60_000).max(5),
        3 => shape.depth = dice.size(44),
        4 => shape.declared_by_depth = dice.size(20),
        5 => shape.prefixed = dice.chance(),
        6 => shape.attributes = dice.size(40),
        7 => shape.prefixed_attributes = dice.size(40),
        8 => shape.name_length = dice.size(300).max(1),
        9 => shape.value_length = dice.size(5_000),
        10 => shape.id = dice.chance(),
        11 => {
            shape.declarations = dice.size(38);
            shape.own_namespaces = dice.chance();
        }
        12 => shape.content = CONTENTS[dice.below(CONTENTS.len())],
        13 => {
            shape.content_length = dice.size(50_000).max(1);
            if shape.content == Content::Nothing {
                shape.content = Content::Characters;
            }
        }
        _ => shape.list = dice.size(20),
    }
}

/// Climbs from random shapes, starting anew when nothing gets slower; prints every summit.
pub(crate) fn run(seconds: u64) {
    let keys = Keys::read();
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut dice = Dice(0x5AD1_1E55_0C0F_FEE5);
    let cost = |shape: &Shape| measure(&Family::Advice(shape.clone()), &keys, Duration::from_millis(15));
    let (mut documents, mut worst) = (0_u32, 0.0_f64);
    while Instant::now() < end {
        let mut best = random(&mut dice);
        let mut slowest = cost(&best);
        let mut idle = 0;
        while idle < 25 && Instant::now() < end {
            let mut next = best.clone();
            for _ in 0..=dice.below(2) {
                change(&mut next, &mut dice);
            }
            let found = cost(&next);
            documents += 1;
            if found.worst() > slowest.worst() * 1.02 {
                (best, slowest, idle) = (next, found, 0);
            } else {
                idle += 1;
            }
        }
        let mark = if slowest.worst() > worst { "slowest so far" } else { "" };
        worst = worst.max(slowest.worst());
        println!(
            "{:.2}\t{:.2} {}\t{:?}\t{:.2} {}\t{best:?}\t{mark}",
            slowest.worst(),
            slowest.forged.0,
            slowest.forged.1,
            slowest.signed,
            slowest.full.0,
            slowest.full.1
        );
    }
    println!("{documents} documents, the slowest {worst:.2} ms");
}
