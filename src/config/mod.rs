//! Reads the configuration, checks everything, and lists all faults at once.
//!
//! The only room that knows the file's field names. Never defaults silently, never panics, and is never read at
//! request time: its result is the rooms' own settings.

mod check;
mod defaults;
mod environment;
mod errors;
mod json;
mod locate;
mod path;
mod presets;
mod protobuf;
mod raw;
#[cfg(feature = "schema")]
pub mod schema;
mod structure;

pub use environment::Environment;
pub use errors::{ConfigError, Warning};
pub use locate::locate;
pub use path::Path;

use serde_json::Value;

use crate::base::UnixTime;
use crate::gateway::Settings;

/// Reads and checks the configuration in `bytes`: JSON, or an encoded `google.protobuf.Struct`, as Envoy hands over
/// what it was given. `now` is for expiry dates.
///
/// # Errors
/// All faults at once, in the order of their places. Nothing of a faulty configuration is used.
pub fn load(
    bytes: &[u8],
    environment: &dyn Environment,
    now: UnixTime,
) -> Result<(Settings, Vec<Warning>), Vec<ConfigError>> {
    let (mut value, mut faults) = json::parse(bytes).map_err(|fault| vec![fault])?;
    let presets::Expansion { faults: contradictions, origins } = presets::expand(&mut value);
    faults.extend(contradictions);
    let structure::Structure { configuration, faults: shape, cuts } = structure::read(value);
    faults.extend(shape);
    let mut checker = check::Checker::new(environment, now);
    let settings = check::all(&configuration, &mut checker);
    let (meaning, warnings) = checker.finish(&cuts);
    faults.extend(meaning);
    let mut faults: Vec<_> = faults.into_iter().map(|fault| fault.remarked(&origins)).collect();
    let warnings: Vec<_> = warnings.into_iter().map(|warning| warning.remarked(&origins)).collect();
    match settings {
        Some(settings) if faults.is_empty() => Ok((settings, warnings)),
        Some(_) => Err(sorted(faults)),
        None => {
            if faults.is_empty() {
                // Cannot happen while every section says why it gives nothing back; never load half of a file.
                let finding = errors::Finding::Malformed(String::from("a section could not be used"));
                faults.push(ConfigError::new(Path::default(), finding));
            }
            Err(sorted(faults))
        }
    }
}

/// The configuration in `bytes` with the fields of its presets in their places, and without `presets`: what
/// [`load`] reads.
///
/// # Errors
/// Faults of its shape, and presets that contradict each other. What the values mean is not looked at.
pub fn expand(bytes: &[u8]) -> Result<Value, Vec<ConfigError>> {
    let (mut value, mut faults) = json::parse(bytes).map_err(|fault| vec![fault])?;
    let presets::Expansion { faults: contradictions, origins } = presets::expand(&mut value);
    faults.extend(contradictions);
    faults.extend(structure::read(value.clone()).faults);
    if !faults.is_empty() {
        return Err(sorted(faults.into_iter().map(|fault| fault.remarked(&origins)).collect()));
    }
    if let Value::Object(map) = &mut value {
        map.remove("presets");
    }
    Ok(value)
}

fn sorted(mut faults: Vec<ConfigError>) -> Vec<ConfigError> {
    faults.sort_by(|a, b| a.path.cmp(&b.path));
    faults
}
