//! An accepted assertion comes from `accept`.

use samlgate::base::UnixTime;
use samlgate::saml::profiles::web_sso::AcceptedAssertion;

fn main() {
    let _ = AcceptedAssertion { acceptable_until: UnixTime::from_secs(0) };
}
