//! A response always answers something: there is no value for "any", and a text is no request.

use samlgate::saml::profiles::web_sso::RequestBinding;

fn main() {
    let _ = RequestBinding::None;
    let _ = RequestBinding::Solicited(&String::from("_0123456789abcdef0123456789abcdef"));
}
