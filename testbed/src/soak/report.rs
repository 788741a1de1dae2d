//! What a run came to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::browser::Page;

/// Counts of one run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What chance began with.
    pub seed: u64,
    /// People whose account is as it should be.
    pub people: usize,
    /// How sign-ins ended: `entered`, or a code.
    pub pages: BTreeMap<String, u32>,
    /// Browsers that went away.
    pub abandoned: u32,
    /// Faults that were set.
    pub faults: u32,
    /// Calls that the application got.
    pub calls: usize,
    /// Those that asked for a change; each was asked for by the rules.
    pub writes: usize,
    /// Those of them that were under way in the background when a newer sign-in began.
    pub late: usize,
    /// What the filter counted about the background, and what it refused or overlooked.
    pub counted: BTreeMap<String, u64>,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    pub(super) fn page(&mut self, page: &Page) {
        let code = page.header("x-samlgate-code").map_or_else(
            || if page.status() == 200 { "entered".to_owned() } else { format!("status {}", page.status()) },
            str::to_owned,
        );
        let count = self.pages.entry(code).or_default();
        *count = count.saturating_add(1);
    }

    pub(super) fn background(&mut self, stats: &BTreeMap<String, u64>) {
        let ours = stats.iter().filter_map(|(name, count)| {
            let name = name.strip_prefix("wasmcustom.samlgate.")?;
            let counts = name.starts_with("background_") || name.starts_with("refused.");
            counts.then(|| (name.to_owned(), *count))
        });
        self.counted = ours.collect();
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, {:.0} s", self.seed, self.took.as_secs_f64())?;
        for (end, count) in &self.pages {
            writeln!(f, "{count:>7}  {end}")?;
        }
        writeln!(f, "{:>7}  browsers went away", self.abandoned)?;
        writeln!(f, "{:>7}  faults were set", self.faults)?;
        for (name, count) in &self.counted {
            writeln!(f, "{count:>7}  {name}")?;
        }
        write!(
            f,
            "{} calls, {} writes, all asked for ({} under way when a newer sign-in began); {} of {} people are as they \
             should be",
            self.calls, self.writes, self.late, self.people, self.people
        )
    }
}
