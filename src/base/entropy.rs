//! Randomness as a capability that the shell provides.

use core::fmt;

/// The source could not deliver; whatever needed randomness must be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntropyFailure;

impl fmt::Display for EntropyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host gave no randomness")
    }
}

/// Unpredictable bytes: the host's generator in the filter, a seeded one in tests and recorded traces.
pub trait EntropySource {
    /// Fills all of `out`.
    ///
    /// # Errors
    /// [`EntropyFailure`] when the source cannot deliver; `out` is then unspecified.
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure>;
}

/// `N` bytes from `source`.
///
/// # Errors
/// [`EntropyFailure`] when the source cannot deliver.
pub fn random<const N: usize>(source: &dyn EntropySource) -> Result<[u8; N], EntropyFailure> {
    let mut out = [0; N];
    source.fill(&mut out)?;
    Ok(out)
}
