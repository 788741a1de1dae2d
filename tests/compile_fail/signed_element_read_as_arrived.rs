//! A signed element hands out what was digested and nothing of the tree around it.

use samlgate::xml::Element;
use samlgate::xmlsec::SignedElement;

fn takes_the_original(signed: &SignedElement, arrived: Element<'_>) -> SignedElement {
    let _ = signed.source;
    arrived.into()
}

fn main() {}
