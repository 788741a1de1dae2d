//! Every expectation is demanded; there is no default for the request that must be answered.

use samlgate::saml::profiles::web_sso::Expectations;

fn forgets_the_request(all_but_one: fn() -> (samlgate::base::UnixTime, samlgate::base::ClockSkew)) {
    let (now, skew) = all_but_one();
    let _ = Expectations { now, skew, idp_entity_id: "", audience: "", recipient: "", destination: "" };
}

fn main() {}
