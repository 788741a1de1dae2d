//! Hostile responses: each takes what an honest identity provider sent and returns what an attacker makes of it.
//!
//! The attacker wants to be [`VICTIM`] and has a good answer of their own. They hold no key of the identity provider
//! but the public ones. Every function works on the text, so that nothing is tidied up on the way; `None` means that
//! the given response lacks the part that the attack needs.

mod forge;
mod wrap;

use crate::idp::Signed;

/// Whom the attacker wants to be.
pub const VICTIM: &str = "admin";

/// One attack.
#[derive(Clone, Copy, Debug)]
pub struct Attack {
    /// What it is called.
    pub name: &'static str,
    /// How the response that it starts from must be signed.
    pub on: Signed,
    /// Makes the hostile response.
    pub make: fn(&str) -> Option<String>,
}

/// Every attack.
pub const ALL: &[Attack] = &[
    // The eight permutations of "On Breaking SAML: Be Whoever You Want to Be" (2012), and one by Advice.
    Attack { name: "xsw1", on: Signed::Response, make: wrap::response_in_its_signature },
    Attack { name: "xsw2", on: Signed::Response, make: wrap::response_before_its_signature },
    Attack { name: "xsw3", on: Signed::Assertion, make: wrap::evil_before },
    Attack { name: "xsw4", on: Signed::Assertion, make: wrap::genuine_inside_evil },
    Attack { name: "xsw5", on: Signed::Assertion, make: wrap::signature_on_evil_genuine_behind },
    Attack { name: "xsw6", on: Signed::Assertion, make: wrap::genuine_inside_signature },
    Attack { name: "xsw7", on: Signed::Assertion, make: wrap::evil_in_extensions },
    Attack { name: "xsw8", on: Signed::Assertion, make: wrap::genuine_in_object },
    Attack { name: "xsw9", on: Signed::Assertion, make: wrap::genuine_in_advice },
    Attack { name: "unsigned assertion behind", on: Signed::Assertion, make: wrap::evil_behind },
    Attack { name: "same id", on: Signed::Assertion, make: wrap::evil_with_the_same_id },
    Attack { name: "name changed", on: Signed::Assertion, make: forge::name_changed },
    Attack { name: "name changed, response signed", on: Signed::Response, make: forge::name_changed },
    Attack { name: "comment in name", on: Signed::Assertion, make: forge::comment_in_name },
    Attack { name: "signature stripped", on: Signed::Assertion, make: forge::signature_stripped },
    Attack { name: "hmac with the public key", on: Signed::Assertion, make: forge::hmac_with_public_key },
    Attack { name: "rsa named ecdsa", on: Signed::Assertion, make: forge::rsa_named_ecdsa },
    Attack { name: "sha1 signature", on: Signed::Assertion, make: forge::sha1_signature },
    Attack { name: "sha1 digest", on: Signed::Assertion, make: forge::sha1_digest },
    Attack { name: "key in KeyInfo", on: Signed::Assertion, make: forge::own_key },
    Attack { name: "doctype", on: Signed::Assertion, make: forge::doctype },
    Attack { name: "entity", on: Signed::Assertion, make: forge::entity },
    Attack { name: "deep nesting", on: Signed::Assertion, make: forge::deep },
    Attack { name: "cut off", on: Signed::Assertion, make: forge::cut_off },
];

/// `xml` in three parts: before the first element called `name` (as it is written), the element, and behind it.
///
/// Elements of that name inside the element are not expected.
#[must_use]
pub fn split<'a>(xml: &'a str, name: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let start = xml.find(&format!("<{name}"))?;
    let close = format!("</{name}>");
    let (before, rest) = xml.split_at_checked(start)?;
    let end = rest.find(&close)?.checked_add(close.len())?;
    let (element, behind) = rest.split_at_checked(end)?;
    Some((before, element, behind))
}

/// The content of the first `name` attribute.
fn attribute<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    xml.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

/// The text of the first element called `name`.
fn text<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, element, _) = split(xml, name)?;
    element.split_once('>')?.1.split_once('<').map(|(text, _)| text)
}

/// `xml` without its first signature, and that signature.
fn unsigned(xml: &str) -> Option<(String, String)> {
    let (before, signature, behind) =
        split(xml, "ds:Signature").filter(|(_, element, _)| element.starts_with("<ds:Signature "))?;
    Some((format!("{before}{behind}"), signature.to_owned()))
}

/// `xml` about [`VICTIM`].
fn about_the_victim(xml: &str) -> Option<String> {
    let name = text(xml, "saml:NameID")?;
    Some(xml.replacen(&format!(">{name}</saml:NameID>"), &format!(">{VICTIM}</saml:NameID>"), 1))
}

/// The assertion without signature, about [`VICTIM`], with another ID.
fn evil(assertion: &str) -> Option<String> {
    let (bare, _) = unsigned(assertion)?;
    let id = attribute(&bare, "ID")?.to_owned();
    about_the_victim(&bare.replacen(&id, "_evil", 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idp::{IssueOptions, User, issue};

    #[test]
    fn every_attack_is_made_and_most_speak_of_the_victim() {
        for attack in ALL {
            let mut options = IssueOptions::new(User::agent(), "urn:idp", "http://sp/acs", "urn:sp");
            options.signed = attack.on;
            let good = issue(&options).unwrap();
            let hostile = (attack.make)(&good).unwrap_or_else(|| panic!("{}", attack.name));
            assert_ne!(hostile, good, "{}", attack.name);
            let wraps = attack.name.starts_with("xsw") || attack.name.contains("name changed");
            assert!(hostile.contains(">admin</saml:NameID>") || !wraps, "{}", attack.name);
            assert!((attack.make)("<a/>").is_none() || attack.name == "doctype", "{}", attack.name);
        }
    }
}
