//! Only a verified response vouches for a cipher without integrity; the element that arrived does not.

use samlgate::base::{Budget, Limits};
use samlgate::xml::Element;
use samlgate::xmlsec::decrypt::{Recipient, decrypt};

fn vouches_for_itself(container: Element<'_>, response: Element<'_>, recipient: &Recipient<'_>) {
    let _ = decrypt(container, recipient, Some(&response), &Limits::DEFAULT, &mut Budget::new(1));
}

fn main() {}
