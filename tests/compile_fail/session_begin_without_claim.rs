//! An accepted assertion alone begins no session: it may have been used before.

use samlgate::base::{EntropySource, UnixTime};
use samlgate::identity::Identity;
use samlgate::saml::profiles::web_sso::AcceptedAssertion;
use samlgate::session::replay::PendingClaim;
use samlgate::session::{Forwarded, Session, Settings};

fn begin(
    assertion: &AcceptedAssertion,
    identity: &Identity,
    pending: PendingClaim,
    forwarded: Forwarded,
    settings: &Settings,
    entropy: &dyn EntropySource,
) -> Option<Session> {
    let now = UnixTime::from_secs(0);
    Session::begin(assertion, identity, pending, forwarded, now, settings, entropy).ok()
}

fn main() {}
