//! A form that is accepted reads the same to another implementation of forms and base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samlgate::base::Limits;
use samlgate::saml::bindings::post;

const FORM: &str = "application/x-www-form-urlencoded";

pub fn check(input: &[u8]) {
    let limits = Limits::DEFAULT;
    // What does not say that it is a form is none.
    assert!(post::decode(None, input, &limits).is_err());
    let Ok(message) = post::decode(Some(FORM), input, &limits) else { return };
    assert!(input.len() <= limits.max_body_bytes);
    let pairs: Vec<_> = form_urlencoded::parse(input).collect();
    let values = |name: &str| -> Vec<&str> {
        pairs.iter().filter(|(have, _)| have == name).map(|(_, value)| value.as_ref()).collect()
    };
    let [response] = values("SAMLResponse")[..] else { panic!("not one SAMLResponse was accepted") };
    let compact: String = response.split([' ', '\t', '\r', '\n']).collect();
    assert_eq!(STANDARD.decode(compact).ok(), Some(message.saml_response));
    match values("RelayState")[..] {
        [] | [""] => assert_eq!(message.relay_state, None),
        [only] => {
            assert!(only.len() <= 80);
            assert_eq!(message.relay_state.as_deref(), Some(only));
        }
        _ => panic!("several values of RelayState were accepted"),
    }
}
