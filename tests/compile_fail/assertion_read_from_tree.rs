//! The reader of assertions is given octets that were digested, never an element of the message that arrived.

use samlgate::saml::assertion::Assertion;

fn main() {}
