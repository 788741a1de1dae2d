//! CPU per request of somebody who is signed in.
//!
//! A filter's Envoy and one without a filter run at the same time on the same core, each under its own wrk, so that
//! whatever disturbs one disturbs the other. What is compared is their ratio.

use std::error::Error;

use crate::peers::{self, Peer, Places};
use crate::process::{Envoy, MEASURED_CORE};
use crate::statistics::Spread;
use crate::wrk;

/// Keep-alive connections of each wrk.
const CONNECTIONS: u32 = 16;

/// One row of the table.
pub(crate) struct Row {
    /// The peer's name.
    pub(crate) name: &'static str,
    /// CPU beside an Envoy without a filter.
    pub(crate) ratio: Spread,
    /// CPU per request of the Envoy beside it, in microseconds.
    pub(crate) micros_none: f64,
    /// Resident memory in MiB.
    pub(crate) resident: f64,
    /// Bytes of the cookie.
    pub(crate) cookie: usize,
}

/// Runs all rounds.
pub(crate) fn measure(
    places: &Places,
    upstream: &Envoy,
    peers: &[Peer],
    rounds: u32,
    seconds: u32,
) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut samples: Vec<Vec<Sample>> = peers.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        let first = usize::try_from(round)? % peers.len().max(1);
        let order = peers.iter().zip(samples.iter_mut()).collect::<Vec<_>>();
        let (before, after): (Vec<_>, Vec<_>) =
            order.into_iter().enumerate().partition(|(place, _)| *place < first);
        for (_, (peer, kept)) in after.into_iter().chain(before) {
            let sample = pair(places, upstream, peer, seconds, round % 2 == 0)?;
            crate::note(&format!("round {} {}: {:.2} x none", round + 1, peer.slug, sample.ratio()));
            kept.push(sample);
        }
    }
    Ok(peers.iter().zip(&samples).map(|(peer, kept)| row(peer, kept)).collect())
}

struct Sample {
    peer: f64,
    none: f64,
    resident: f64,
}

impl Sample {
    fn ratio(&self) -> f64 {
        self.peer / self.none
    }
}

fn pair(
    places: &Places,
    upstream: &Envoy,
    peer: &Peer,
    seconds: u32,
    peer_first: bool,
) -> Result<Sample, Box<dyn Error>> {
    let start_peer = || places.start(MEASURED_CORE, peer.slug, &peer.filters, upstream);
    let start_none = || places.start(MEASURED_CORE, "beside", &peers::none().filters, upstream);
    let (with, without) = if peer_first {
        let with = start_peer()?;
        (with, start_none()?)
    } else {
        let without = start_none()?;
        (start_peer()?, without)
    };
    peer.check(&with)?;
    let scripts = places.scripts();
    let both = |seconds: u32| -> Result<_, Box<dyn Error>> {
        let one = wrk::get(with.port(), &scripts, CONNECTIONS, seconds, &peer.headers)?;
        let other = wrk::get(without.port(), &scripts, CONNECTIONS, seconds, &peer.headers)?;
        Ok((one.finish()?, other.finish()?))
    };
    both(1)?;
    let (with_before, without_before) = (with.cpu_micros()?, without.cpu_micros()?);
    let (with_load, without_load) = both(seconds)?;
    Ok(Sample {
        peer: (with.cpu_micros()? - with_before) / with_load,
        none: (without.cpu_micros()? - without_before) / without_load,
        resident: with.resident_mib()?,
    })
}

fn row(peer: &Peer, samples: &[Sample]) -> Row {
    let spread = |of: fn(&Sample) -> f64| Spread::of(&samples.iter().map(of).collect::<Vec<_>>());
    Row {
        name: peer.name,
        ratio: spread(Sample::ratio),
        micros_none: spread(|sample| sample.none).median,
        resident: spread(|sample| sample.resident).median,
        cookie: peer.headers.last().map_or(0, |(_, cookie)| cookie.len()),
    }
}
