//! IDs that several elements claim, or in several spellings.

use samlgate::base::Code;

use super::text::{
    ASSERTION, about_the_victim, attribute, evil, split, swap, with_assertion, with_attribute,
};
use super::{Attack, Class, Threat};
use crate::idp::Signed;

static REPEATED: Threat = Threat {
    class: Class::Identifier,
    attack: "another element has the ID of the signed one, as ID, Id, id or xml:id",
    source: "XML-DSig core 4.3.3.2; \"On Breaking SAML\" (2012); CVE-2024-45409 ruby-saml; CVE-2025-29774 xml-crypto",
    answer: "`xml::document::unique_ids`: no two of them are equal in one document; nothing is looked up by ID anyway",
};

static SPELLED: Threat = Threat {
    class: Class::Identifier,
    attack: "an ID that is spelled so that two readers compare it differently",
    source: "XML 1.0 section 3.3.3; SAML core 1.3.4 and 5.4.2",
    answer: "`xmlsec::verify::is_id`: letters, digits, `_`, `-` and `.`; compared byte for byte after the parser resolved it",
};

/// The signed assertion's ID.
fn id(xml: &str) -> Option<&str> {
    split(xml, ASSERTION).and_then(|(_, assertion, _)| attribute(assertion, "ID"))
}

/// A foreign element with `name="ID"` in Extensions.
fn extension(xml: &str, name: &str) -> Option<String> {
    let id = id(xml)?;
    swap(
        xml,
        "<samlp:Status>",
        &format!(
            "<samlp:Extensions><x:a xmlns:x=\"urn:x\" {name}=\"{id}\"/></samlp:Extensions><samlp:Status>"
        ),
    )
}

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = repeated();
    attacks.extend(spelled());
    attacks
}

fn repeated() -> Vec<Attack> {
    let refused = Code::XmlIdRepeated;
    let mut attacks: Vec<Attack> =
        [("id-upper", "ID"), ("id-mixed", "Id"), ("id-lower", "id"), ("xml-id", "xml:id")]
            .into_iter()
            .map(|(name, spelling)| {
                REPEATED.text(format!("shadowed-by-{name}"), refused, move |xml| extension(xml, spelling))
            })
            .collect();
    attacks.extend([
        REPEATED.text("id-of-response-and-assertion", refused, |xml| {
            let id = id(xml)?.to_owned();
            with_attribute(xml, "ID", &id)
        }),
        REPEATED.text("id-on-the-signature", refused, |xml| {
            swap(xml, "<ds:Signature ", &format!("<ds:Signature Id=\"{}\" ", id(xml)?))
        }),
        REPEATED.text("id-on-key-info", refused, |xml| {
            swap(xml, "<ds:KeyInfo>", &format!("<ds:KeyInfo Id=\"{}\">", id(xml)?))
        }),
        REPEATED.text("id-on-the-name", refused, |xml| {
            swap(xml, "<saml:NameID ", &format!("<saml:NameID xml:id=\"{}\" ", id(xml)?))
        }),
        REPEATED.text("id-twice-on-the-assertion", refused, |xml| {
            swap(xml, "<saml:Assertion ", &format!("<saml:Assertion xml:id=\"{}\" ", id(xml)?))
        }),
        REPEATED.text("id-by-a-reference", refused, |xml| {
            let id = id(xml)?.replacen('_', "&#95;", 1);
            swap(xml, "<ds:KeyInfo>", &format!("<ds:KeyInfo Id=\"{id}\">"))
        }),
        REPEATED.text("id-of-evil-in-lower-case-attribute", refused, |xml| {
            with_assertion(xml, |assertion| {
                let id = attribute(assertion, "ID")?;
                let hostile = swap(&evil(assertion)?, " ID=\"_evil\"", &format!(" id=\"{id}\""))?;
                Some(format!("{hostile}{assertion}"))
            })
        }),
        REPEATED
            .text("shadowed-response-id", refused, |xml| {
                let id = attribute(xml, "ID")?;
                swap(xml, "<ds:KeyInfo>", &format!("<ds:KeyInfo Id=\"{id}\">"))
            })
            .on(Signed::Response),
        // Other attributes are no IDs to anybody.
        REPEATED.harmless("id-in-another-attribute", |xml| extension(xml, "href")),
        REPEATED.text("id-of-evil-in-another-case", Code::AssertionRepeated, |xml| {
            with_assertion(xml, |assertion| {
                let id = attribute(assertion, "ID")?;
                let hostile = with_attribute(&evil(assertion)?, "ID", &id.to_uppercase())?;
                Some(format!("{hostile}{assertion}"))
            })
        }),
    ]);
    attacks
}

fn spelled() -> Vec<Attack> {
    let both = |name: &str, code, change: fn(&str) -> String| {
        SPELLED.text(name, code, move |xml| {
            let id = id(xml)?;
            about_the_victim(&xml.replace(id, &change(id)))
        })
    };
    let assertion = |name: &str, code, value: fn(&str) -> String| {
        SPELLED.text(name, code, move |xml| {
            with_assertion(xml, |assertion| {
                let id = attribute(assertion, "ID")?.to_owned();
                with_attribute(assertion, "ID", &value(&id))
            })
        })
    };
    vec![
        assertion("id-empty", Code::ReferenceRefused, |_| String::new()),
        assertion("id-with-a-space-behind", Code::ReferenceRefused, |id| format!("{id} ")),
        assertion("id-with-a-space-before", Code::ReferenceRefused, |id| format!(" {id}")),
        assertion("id-with-a-line-end", Code::ReferenceRefused, |id| format!("{id}&#10;")),
        assertion("id-in-upper-case", Code::ReferenceRefused, str::to_uppercase),
        assertion("id-with-a-zero-width-space", Code::ReferenceRefused, |id| format!("{id}\u{200B}")),
        both("id-with-a-full-width-letter", Code::ReferenceRefused, |id| id.replace('a', "\u{FF41}")),
        both("id-with-a-bracket", Code::ReferenceRefused, |id| format!("{id}')")),
        both("id-with-a-percent-sign", Code::ReferenceRefused, |id| id.replacen('_', "%5F", 1)),
        both("id-that-is-an-xpath", Code::ReferenceRefused, |id| format!("{id}' or @ID='_evil")),
        both("id-that-begins-with-a-digit", Code::SignatureInvalid, |id| format!("1{id}")),
        // A character reference in the value is the same value.
        SPELLED.harmless("id-with-a-reference", |xml| {
            let id = id(xml)?;
            swap(xml, &format!("ID=\"{id}\""), &format!("ID=\"{}\"", id.replacen('_', "&#x5F;", 1)))
        }),
        SPELLED.text("id-left-out", Code::ReferenceRefused, |xml| {
            let id = id(xml)?;
            about_the_victim(&swap(xml, &format!(" ID=\"{id}\""), "")?)
        }),
        SPELLED.text("response-id-left-out", Code::SchemaViolation, |xml| {
            let id = attribute(xml, "ID")?;
            swap(xml, &format!(" ID=\"{id}\""), "")
        }),
        SPELLED.text("response-id-is-no-name", Code::SchemaViolation, |xml| with_attribute(xml, "ID", "1 2")),
    ]
}
