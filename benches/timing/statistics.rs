//! What series of times have in common.
//!
//! Whatever interrupts a measurement makes it longer, never shorter. So the fast end of each distribution is compared:
//! its mean in each block of rounds, and the differences between two kinds within the blocks.

use core::fmt;

/// Blocks that a series is cut into.
pub const BLOCKS: usize = 100;

/// The share of a block, from its fast end, that is looked at; the very first are left out.
const FAST: (f64, f64) = (0.02, 0.25);

/// The share of blocks at either end that are left out: something else went on there.
const OUTER: f64 = 0.2;

/// A difference counts when it is so many standard errors from nothing: by chance once in 25,000 comparisons (Student,
/// 59 degrees of freedom).
const FOUND: f64 = 4.5;

/// So many standard errors more, and it would have been found nine times out of ten.
const POWER: f64 = 1.3;

/// The mean of the fast end of each block.
pub fn fast_ends(times: &[f64]) -> Vec<f64> {
    let length = (times.len() / BLOCKS).max(1);
    let part = |share: f64| (length as f64 * share).round() as usize;
    times
        .chunks_exact(length)
        .map(|block| {
            let fast = &sorted(block)[part(FAST.0)..part(FAST.1).max(1)];
            fast.iter().sum::<f64>() / fast.len() as f64
        })
        .collect()
}

/// A difference of two kinds, in nanoseconds.
#[derive(Clone, Copy)]
pub struct Difference {
    pub mean: f64,
    standard_error: f64,
}

impl Difference {
    /// `one` less `other`, each as [`fast_ends`] gives them: the mean without the outer fifths, and its standard error
    /// from the winsorized variance (Tukey and McLaughlin).
    pub fn between(one: &[f64], other: &[f64]) -> Self {
        let differences: Vec<f64> = one.iter().zip(other).map(|(one, other)| one - other).collect();
        let differences = sorted(&differences);
        let count = differences.len();
        let cut = (count as f64 * OUTER) as usize;
        let kept = &differences[cut..count - cut];
        let mean = kept.iter().sum::<f64>() / kept.len() as f64;
        let (lowest, highest) = (kept[0], kept[kept.len() - 1]);
        let winsorized: Vec<f64> = differences.iter().map(|value| value.clamp(lowest, highest)).collect();
        let center = winsorized.iter().sum::<f64>() / count as f64;
        let squares: f64 = winsorized.iter().map(|value| (value - center).powi(2)).sum();
        let deviation = (squares / (count as f64 - 1.0)).sqrt();
        Self { mean, standard_error: deviation / ((1.0 - 2.0 * OUTER) * (count as f64).sqrt()) }
    }

    /// Is it there, beyond chance?
    pub fn is_found(self) -> bool {
        self.mean.abs() > FOUND * self.standard_error
    }

    /// The smallest difference that would have been found nine times out of ten.
    pub fn resolution(self) -> f64 {
        (FOUND + POWER) * self.standard_error
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.is_found() { " (found)" } else { "" };
        write!(f, "{:+.0} ± {:.0}{mark}", self.mean, FOUND * self.standard_error)
    }
}

/// The largest distance between the two empirical distributions, and the one that chance exceeds once in 25,000
/// comparisons.
pub fn kolmogorov_smirnov(one: &[f64], other: &[f64]) -> (f64, f64) {
    let (one, other) = (sorted(one), sorted(other));
    let below = |series: &[f64], limit: f64| series.partition_point(|value| *value <= limit) as f64;
    let (m, n) = (one.len() as f64, other.len() as f64);
    let distance = one
        .iter()
        .chain(&other)
        .map(|&limit| (below(&one, limit) / m - below(&other, limit) / n).abs())
        .fold(0.0, f64::max);
    let chance: f64 = 1.0 / 25_000.0;
    let critical = (-0.5 * (chance / 2.0).ln()).sqrt() * ((m + n) / (m * n)).sqrt();
    (distance, critical)
}

pub fn median(times: &[f64]) -> f64 {
    sorted(times)[times.len() / 2]
}

fn sorted(times: &[f64]) -> Vec<f64> {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}
