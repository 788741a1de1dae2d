//! A signed element comes from `xmlsec::verify`.

fn believes(source: samlgate::xml::Source) {
    let _ = samlgate::xmlsec::SignedElement { source };
}

fn main() {}
