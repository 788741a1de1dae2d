//! A signed element comes from `xmlsec::verify`.

fn believes(source: samlgate::xml::Source, facts: samlgate::xmlsec::SignatureFacts) {
    let _ = samlgate::xmlsec::SignedElement {
        source,
        namespace: None,
        local_name: String::from("Assertion"),
        id: String::from("_1"),
        facts,
    };
}

fn main() {}
