//! Medians and quartiles.

/// Median and quartiles of a few numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    /// Lower quartile.
    pub(crate) low: f64,
    /// Median.
    pub(crate) median: f64,
    /// Upper quartile.
    pub(crate) high: f64,
}

impl Spread {
    /// Of `values`; zeros when there are none. Quartiles are interpolated.
    pub(crate) fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = share * (sorted.len().saturating_sub(1)) as f64;
            let below = sorted.get(place.floor() as usize).copied().unwrap_or_default();
            let above = sorted.get(place.ceil() as usize).copied().unwrap_or(below);
            below + (above - below) * place.fract()
        };
        Self { low: at(0.25), median: at(0.5), high: at(0.75) }
    }
}
