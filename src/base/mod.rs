//! Time, entropy, limits, secrets and the code catalogue: what every room needs and nothing more.
//!
//! Never reads a clock or the system's randomness; both arrive as values or capabilities.

pub mod code;
mod entropy;
mod limits;
mod pii;
mod secret;
mod time;

pub use code::{Code, Rejection, Severity};
pub use entropy::{EntropyFailure, EntropySource, random};
pub use limits::{Budget, BudgetExceeded, Limits};
pub use pii::{Pii, PiiKey};
pub use secret::Secret;
pub use time::{ClockSkew, UnixTime, parse_xs_duration};
