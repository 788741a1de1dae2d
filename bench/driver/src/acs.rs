//! CPU per accepted response at the assertion consumer service.
//!
//! Every response is another one, bound to a login redirect of its own, and used once; redirects and signatures are
//! made before the measured time. Beside it the same requests to an Envoy without a filter, which passes them on.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use crate::peers::{self, Peer, Places};
use crate::process::{Envoy, MEASURED_CORE};
use crate::sign_in::Begun;
use crate::statistics::Spread;
use crate::wrk;

/// Keep-alive connections.
const CONNECTIONS: u32 = 4;
/// Responses before the measured ones, so that V8 has compiled what it will.
const WARM_UP: u32 = 300;

/// What came out.
pub(crate) struct Acs {
    /// CPU per accepted response in microseconds.
    pub(crate) accepted: Spread,
    /// CPU for the same request without a filter.
    pub(crate) passed: Spread,
    /// The one as a multiple of the other, round by round.
    pub(crate) ratio: Spread,
    /// Resident memory after a round, in MiB.
    pub(crate) resident: f64,
    /// Responses in each round.
    pub(crate) count: u32,
    /// Bytes of one request.
    pub(crate) bytes: usize,
}

/// Runs all rounds.
pub(crate) fn measure(
    places: &Places,
    upstream: &Envoy,
    filter: &Peer,
    rounds: u32,
    count: u32,
) -> Result<Acs, Box<dyn Error>> {
    let (mut accepted, mut passed, mut resident) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = 0;
    for round in 0..rounds {
        let with = places.start(MEASURED_CORE, "acs", &filter.filters, upstream)?;
        let without = places.start(MEASURED_CORE, "acs_none", &peers::none().filters, upstream)?;
        let warm_up = prepare(places, &with, "warm_up", WARM_UP)?;
        let measured = prepare(places, &with, "measured", count)?;
        bytes = measured.bytes;
        let run = |envoy: &Envoy, wanted: u16| -> Result<f64, Box<dyn Error>> {
            post(places, envoy, &warm_up.file, wanted, WARM_UP)?;
            let before = envoy.cpu_micros()?;
            post(places, envoy, &measured.file, wanted, count)?;
            Ok((envoy.cpu_micros()? - before) / f64::from(count))
        };
        let cpu = run(&with, 303)?;
        let cpu_none = run(&without, 200)?;
        crate::note(&format!(
            "round {}: {cpu:.0} us an accepted response, {cpu_none:.0} us without a filter",
            round + 1
        ));
        accepted.push(cpu);
        passed.push(cpu_none);
        resident.push(with.resident_mib()?);
    }
    Ok(Acs {
        accepted: Spread::of(&accepted),
        passed: Spread::of(&passed),
        ratio: Spread::of(
            &accepted.iter().zip(&passed).map(|(with, without)| with / without).collect::<Vec<_>>(),
        ),
        resident: Spread::of(&resident).median,
        count,
        bytes,
    })
}

struct Prepared {
    file: PathBuf,
    bytes: usize,
}

fn prepare(places: &Places, envoy: &Envoy, name: &str, count: u32) -> Result<Prepared, Box<dyn Error>> {
    let file = places.scratch.join(name);
    let mut all = Vec::new();
    let mut bytes = 0;
    for _ in 0..count {
        let request = Begun::at(envoy.port())?.post()?;
        bytes = request.len();
        all.extend_from_slice(format!("{bytes}\n").as_bytes());
        all.extend_from_slice(&request);
    }
    fs::write(&file, all)?;
    Ok(Prepared { file, bytes })
}

/// Sends what is prepared; every answer must have the status `wanted`.
fn post(places: &Places, envoy: &Envoy, file: &Path, wanted: u16, count: u32) -> Result<(), Box<dyn Error>> {
    let good = wrk::posts(envoy.port(), &places.scripts(), CONNECTIONS, file, wanted)?.finish()?;
    if good < f64::from(count) {
        return Err(format!("only {good} of {count} were answered with {wanted}").into());
    }
    Ok(())
}
