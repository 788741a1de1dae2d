//! What was only verified was not accepted: another audience, another time, another browser.

use samlgate::base::{EntropySource, UnixTime};
use samlgate::identity::Identity;
use samlgate::saml::Verified;
use samlgate::session::replay::ReplayClaim;
use samlgate::session::{Forwarded, Session, Settings};

fn begin(
    verified: &Verified,
    identity: &Identity,
    claim: ReplayClaim,
    forwarded: Forwarded,
    settings: &Settings,
    entropy: &dyn EntropySource,
) -> Option<Session> {
    let now = UnixTime::from_secs(0);
    Session::begin(verified, identity, claim, forwarded, now, settings, entropy).ok()
}

fn main() {}
