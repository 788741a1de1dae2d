//! Can the ways in which decryption fails be told apart by how long they take?
//!
//! `cargo xtask timing` runs this natively and in wasm and writes `docs/timing.md`. Each round judges one response of
//! every kind, in random order, so that whatever else the machine does meets all kinds alike; the differences within
//! the rounds are what is compared.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a measurement fails by panicking and prints its table"
)]

#[path = "timing/message.rs"]
mod message;
#[path = "timing/statistics.rs"]
mod statistics;

use std::hint::black_box;
use std::time::Instant;

use message::{Forge, Group, Kind, Responder};
use statistics::{Difference, fast_ends, kolmogorov_smirnov, median};

/// Responses of each kind; each is judged in turn.
const POOL: usize = 32;

/// Rounds before those that count.
const WARM_UP: usize = 30;

/// One kind's measurements, in nanoseconds, by round.
struct Series {
    kind: Kind,
    times: Vec<f64>,
}

fn main() {
    let number = |name: &str, otherwise: usize| {
        let mut arguments = std::env::args().skip_while(|argument| argument != name);
        arguments.nth(1).map_or(otherwise, |text| text.parse().unwrap())
    };
    report(&measure(number("--rounds", 2000)));
}

fn measure(rounds: usize) -> Vec<Series> {
    let responder = Responder::new();
    let mut forge = Forge::new();
    let pools: Vec<Vec<String>> = Kind::ALL
        .iter()
        .map(|kind| (0..POOL).map(|_| responder.checked(*kind, forge.make(*kind))).collect())
        .collect();
    let mut series: Vec<Series> = Kind::ALL.iter().map(|&kind| Series { kind, times: Vec::new() }).collect();
    let mut order: Vec<usize> = (0..series.len()).collect();
    for round in 0..WARM_UP.saturating_add(rounds) {
        forge.shuffle(&mut order);
        for &place in &order {
            let (Some(one), Some(pool)) = (series.get_mut(place), pools.get(place)) else { continue };
            let Some(response) = pool.get(round % POOL) else { continue };
            let start = Instant::now();
            let _ = black_box(responder.judge(black_box(response)));
            if one.kind == Kind::ControlWithMoreWork {
                black_box(message::a_little_work(black_box(response)));
            }
            let nanoseconds = start.elapsed().as_nanos() as f64;
            if round >= WARM_UP {
                one.times.push(nanoseconds);
            }
        }
    }
    series
}

fn report(series: &[Series]) {
    let ends: Vec<Vec<f64>> = series.iter().map(|one| fast_ends(&one.times)).collect();
    let place = |kind: Kind| series.iter().position(|one| one.kind == kind).unwrap();
    let reference = place(Kind::REFERENCE);
    println!("| kind | median, µs | difference to the first kind, ns | distance |");
    println!("|---|---|---|---|");
    for (one, fast) in series.iter().zip(&ends) {
        let difference = Difference::between(fast, &ends[reference]);
        let (distance, critical) = kolmogorov_smirnov(&one.times, &series[reference].times);
        println!(
            "| {} {} | {:.1} | {difference} | {distance:.3}{} |",
            one.kind.group().mark(),
            one.kind.name(),
            median(&one.times) / 1e3,
            if distance > critical { " (found)" } else { "" },
        );
    }

    let alike: Vec<usize> =
        (0..series.len()).filter(|&index| series[index].kind.group() == Group::Alike).collect();
    let (mut pairs, mut apart, mut resolution, mut largest) = (0, Vec::new(), 0.0_f64, 0.0_f64);
    for &one in &alike {
        for &other in alike.iter().filter(|&&other| other > one) {
            let difference = Difference::between(&ends[one], &ends[other]);
            let (distance, critical) = kolmogorov_smirnov(&series[one].times, &series[other].times);
            pairs += 1;
            resolution = resolution.max(difference.resolution());
            largest = largest.max(difference.mean.abs());
            if difference.is_found() || distance > critical {
                let names = (series[one].kind.name(), series[other].kind.name());
                apart.push(format!("\"{}\" and \"{}\" ({difference} ns, {distance:.3})", names.0, names.1));
            }
        }
    }
    let whole = median(&series[reference].times);
    println!(
        "\n{} rounds, {pairs} pairs of kinds marked =. The largest difference is {largest:.0} ns; the smallest that \
         this run would have found, nine times out of ten, in every pair is **{resolution:.0} ns**, {:.3} % of the \
         whole.",
        series[reference].times.len(),
        100.0 * resolution / whole,
    );
    if apart.is_empty() {
        println!("No pair can be told apart.");
    } else {
        println!("TOLD APART: {}.", apart.join("; "));
    }
    let control = |kind: Kind| Difference::between(&ends[place(kind)], &ends[reference]);
    let (more, same) = (control(Kind::ControlWithMoreWork), control(Kind::ControlSame));
    println!(
        "Controls: four SHA-256 of the message more {} ({more} ns), a second series of the same kind {} ({same} ns).",
        if more.is_found() { "are found" } else { "ARE NOT FOUND" },
        if same.is_found() { "IS TOLD APART" } else { "is not told apart" },
    );
}
