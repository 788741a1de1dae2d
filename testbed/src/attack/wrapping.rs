//! Signature wrapping: the signature stays good for the genuine element while another one is to be read.
//!
//! Somorovsky and others, "On Breaking SAML: Be Whoever You Want to Be" (2012), found that eleven of fourteen products
//! fell for one position or another, so every position is tried.

use samlgate::base::Code;

use super::place::{
    Place, advice, assertion_end, assertion_start, attribute_value, audience, authn_context, conditions,
    confirmation, confirmation_data, digest_value, extensions, foreign_extension, issuer, key_info, name_id,
    object, reference, response_issuer, response_start, sibling_before, sibling_behind, signature,
    signature_start, signature_value, signed_info, status, status_code, status_detail, status_message,
    subject, transform, wrapped_sibling,
};
use super::text::{
    ASSERTION, about_the_victim, at_issuer, attribute, evil, split, swap, unsigned, with_assertion,
    with_attribute,
};
use super::{Attack, Class, Threat};
use crate::idp::Signed;

static GENUINE_MOVED: Threat = Threat {
    class: Class::Wrapping,
    attack: "the signed assertion moves to another place, with or without its signature, and an evil one stands in its place",
    source: "\"On Breaking SAML\" (2012): XSW3-8 in OpenSAML, OneLogin, Salesforce and eight others; \
             CVE-2011-1411 Shibboleth and OpenSAML; CVE-2020-5407 Spring Security SAML; CVE-2024-6800 GitHub Enterprise",
    answer: "`xmlsec::verify`: the signature is a child of the element that it covers and refers to that element's ID; \
             `saml::schema::Sequence` walks child by child; identity is read from `SignedElement` only",
};

static EVIL_ADDED: Threat = Threat {
    class: Class::Wrapping,
    attack: "an evil assertion is added somewhere; the signed one stays where it was",
    source: "CVE-2016-5697 ruby-saml; CVE-2016-1000253 php-saml; CVE-2022-41912 crewjam/saml; CVE-2021-28091 Lasso; \
             CVE-2025-47949 samlify; CVE-2026-25922 and CVE-2026-47201 authentik; CVE-2025-46572 passport-wsfed-saml2; CVE-2021-21238 pysaml2",
    answer: "exactly one assertion; extension points hold no SAML element (`schema::foreign_only`); what is not in the \
             digested octets is never read",
};

static RESPONSE_MOVED: Threat = Threat {
    class: Class::Wrapping,
    attack: "the signed response moves into an evil one, or something else is laid around it",
    source: "\"On Breaking SAML\" (2012): XSW1 and XSW2",
    answer: "the root element is the `Response`; its signature must refer to its own ID",
};

/// What an evil element carries for an ID.
#[derive(Clone, Copy)]
enum Id {
    Other,
    Same,
    None,
}

/// The evil assertion with an ID of that kind; the signed one's is `id`.
fn evil_with(genuine: &str, id: Id) -> Option<String> {
    let hostile = evil(genuine)?;
    match id {
        Id::Other => Some(hostile),
        Id::Same => with_attribute(&hostile, "ID", attribute(genuine, "ID")?),
        Id::None => swap(&hostile, " ID=\"_evil\"", ""),
    }
}

/// The evil assertion in the genuine one's stead, which goes to `place` with its signature.
fn moved(xml: &str, place: Place, id: Id) -> Option<String> {
    let (front, genuine, back) = split(xml, ASSERTION)?;
    place(&format!("{front}{}{back}", evil_with(genuine, id)?), genuine)
}

/// The same, but the signature goes to the evil assertion.
fn moved_bare(xml: &str, place: Place, id: Id) -> Option<String> {
    let (front, genuine, back) = split(xml, ASSERTION)?;
    let (bare, signature) = unsigned(genuine)?;
    let (head, rest) = at_issuer(&evil_with(genuine, id)?)?;
    place(&format!("{front}{head}{signature}{rest}{back}"), &bare)
}

/// The genuine assertion stays, the evil one goes to `place`.
fn added(xml: &str, place: Place, id: Id) -> Option<String> {
    let (_, genuine, _) = split(xml, ASSERTION)?;
    place(xml, &evil_with(genuine, id)?)
}

/// An evil response, the genuine one without its signature, and that.
fn responses(xml: &str) -> Option<(String, String, String)> {
    let (genuine, signature) = unsigned(xml)?;
    let (_, assertion, _) = split(&genuine, ASSERTION)?;
    let within = attribute(assertion, "ID")?;
    let hostile = with_attribute(&genuine, "ID", "_evil")?;
    let hostile = about_the_victim(&swap(&hostile, within, "_evil-too")?)?;
    Some((hostile, genuine, signature))
}

/// The genuine response at `place` in an evil one, which has no signature.
fn response_moved(xml: &str, place: Place) -> Option<String> {
    let (hostile, _, _) = responses(xml)?;
    place(&hostile, xml)
}

/// The same, but the signature goes to the evil response.
fn response_moved_bare(xml: &str, place: Place) -> Option<String> {
    let (hostile, genuine, signature) = responses(xml)?;
    let (head, rest) = at_issuer(&hostile)?;
    place(&format!("{head}{signature}{rest}"), &genuine)
}

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = by_number();
    attacks.extend(assertions_moved());
    attacks.extend(assertions_added());
    attacks.extend(responses_moved());
    attacks.extend(roots());
    attacks
}

/// The eight permutations that tools know by number, and one by Advice.
fn by_number() -> Vec<Attack> {
    let moved = |name: &str, code, place: Place| {
        GENUINE_MOVED.text(name, code, move |xml| moved_bare(xml, place, Id::Other))
    };
    let (structure, repeated) = (Code::SignatureStructure, Code::AssertionRepeated);
    vec![
        RESPONSE_MOVED
            .text("xsw1", structure, |xml| response_moved_bare(xml, signature))
            .on(Signed::Response),
        RESPONSE_MOVED
            .text("xsw2", Code::SchemaViolation, |xml| {
                let (hostile, genuine, signature) = responses(xml)?;
                let (head, rest) = at_issuer(&hostile)?;
                Some(format!("{head}{genuine}{signature}{rest}"))
            })
            .on(Signed::Response),
        EVIL_ADDED.text("xsw3", repeated, |xml| added(xml, sibling_before, Id::Other)),
        GENUINE_MOVED.text("xsw4", Code::SignatureMissing, |xml| self::moved(xml, assertion_end, Id::Other)),
        moved("xsw5", repeated, sibling_behind),
        moved("xsw6", structure, signature),
        EVIL_ADDED.text("xsw7", Code::XmlIdRepeated, |xml| added(xml, extensions, Id::Same)),
        moved("xsw8", structure, object),
        moved("xsw9", Code::ReferenceRefused, advice),
    ]
}

/// The signed assertion in every position.
fn assertions_moved() -> Vec<Attack> {
    let schema = Code::SchemaViolation;
    // Where it goes; the code when its signature goes with it, and when it does not.
    let places: &[(&str, Place, Code, Code)] = &[
        ("response-start", response_start, schema, schema),
        ("response-issuer", response_issuer, Code::XmlValueSplit, Code::XmlValueSplit),
        ("extensions", extensions, schema, schema),
        ("foreign-extension", foreign_extension, schema, schema),
        ("status", status, schema, schema),
        ("status-code", status_code, schema, schema),
        ("status-message", status_message, Code::XmlValueSplit, Code::XmlValueSplit),
        ("status-detail", status_detail, schema, schema),
        ("sibling-before", sibling_before, Code::AssertionRepeated, Code::AssertionRepeated),
        ("wrapped-sibling", wrapped_sibling, schema, schema),
        ("assertion-start", assertion_start, Code::SignatureMissing, Code::ReferenceRefused),
        ("issuer", issuer, Code::SignatureMissing, Code::ReferenceRefused),
        ("subject", subject, Code::SignatureMissing, Code::ReferenceRefused),
        ("name-id", name_id, Code::SignatureMissing, Code::ReferenceRefused),
        ("confirmation", confirmation, Code::SignatureMissing, Code::ReferenceRefused),
        ("confirmation-data", confirmation_data, Code::SignatureMissing, Code::ReferenceRefused),
        ("conditions", conditions, Code::SignatureMissing, Code::ReferenceRefused),
        ("audience", audience, Code::SignatureMissing, Code::ReferenceRefused),
        ("authn-context", authn_context, Code::SignatureMissing, Code::ReferenceRefused),
        ("attribute-value", attribute_value, Code::SignatureMissing, Code::ReferenceRefused),
    ];
    let mut attacks = Vec::new();
    for (name, place, with, without) in places {
        let place = *place;
        attacks.push(
            GENUINE_MOVED.text(format!("moved-to-{name}"), *with, move |xml| moved(xml, place, Id::Other)),
        );
        attacks.push(GENUINE_MOVED.text(format!("moved-to-{name}-signature-left"), *without, move |xml| {
            moved_bare(xml, place, Id::Other)
        }));
    }
    // The signature is left behind and holds the assertion that it is of.
    let places: &[(&str, Place, Code)] = &[
        ("signature-start", signature_start, Code::SignatureStructure),
        ("key-info", key_info, Code::ReferenceRefused),
        ("signed-info", signed_info, Code::SignatureStructure),
        ("reference", reference, Code::SignatureStructure),
        ("transform", transform, Code::SignatureStructure),
        ("digest-value", digest_value, Code::XmlValueSplit),
        ("signature-value", signature_value, Code::ReferenceRefused),
    ];
    for (name, place, code) in places {
        let place = *place;
        attacks.push(
            GENUINE_MOVED
                .text(format!("moved-into-its-{name}"), *code, move |xml| moved_bare(xml, place, Id::Other)),
        );
    }
    // The evil one has the same ID, or none.
    let places: &[(&str, Place)] =
        &[("advice", advice), ("object", object), ("key-info", key_info), ("sibling-behind", sibling_behind)];
    for (name, place) in places {
        let place = *place;
        attacks.push(GENUINE_MOVED.text(
            format!("moved-to-{name}-same-id"),
            Code::XmlIdRepeated,
            move |xml| moved_bare(xml, place, Id::Same),
        ));
    }
    attacks.extend([
        GENUINE_MOVED
            .text("moved-to-advice-no-id", Code::ReferenceRefused, |xml| moved_bare(xml, advice, Id::None)),
        GENUINE_MOVED.text("moved-to-key-info-no-id", Code::ReferenceRefused, |xml| {
            moved_bare(xml, key_info, Id::None)
        }),
        // The IDs change places: the reference finds the evil one.
        GENUINE_MOVED.text("moved-to-advice-ids-exchanged", Code::DigestMismatch, |xml| {
            let (_, genuine, _) = split(xml, ASSERTION)?;
            let id = attribute(genuine, "ID")?.to_owned();
            let exchanged = moved_bare(xml, advice, Id::Other)?;
            let exchanged = exchanged.replacen(&format!(" ID=\"{id}\""), " ID=\"_x\"", 1);
            swap(&exchanged, " ID=\"_evil\"", &format!(" ID=\"{id}\""))
        }),
    ]);
    attacks
}

/// The evil assertion in every position that the signature does not cover, and in some that it does.
fn assertions_added() -> Vec<Attack> {
    let schema = Code::SchemaViolation;
    let changed = Code::DigestMismatch;
    let places: &[(&str, Place, Code)] = &[
        ("response-start", response_start, schema),
        ("response-issuer", response_issuer, Code::XmlValueSplit),
        ("extensions", extensions, schema),
        ("foreign-extension", foreign_extension, schema),
        ("status", status, schema),
        ("status-code", status_code, schema),
        ("status-message", status_message, Code::XmlValueSplit),
        ("status-detail", status_detail, schema),
        ("sibling-behind", sibling_behind, Code::AssertionRepeated),
        ("wrapped-sibling", wrapped_sibling, schema),
        ("signature", signature, Code::SignatureStructure),
        ("signature-start", signature_start, Code::SignatureStructure),
        ("object", object, Code::SignatureStructure),
        ("signed-info", signed_info, Code::SignatureStructure),
        ("reference", reference, Code::SignatureStructure),
        ("transform", transform, Code::SignatureStructure),
        ("digest-value", digest_value, Code::XmlValueSplit),
        ("signature-value", signature_value, Code::XmlValueSplit),
        ("assertion-start", assertion_start, changed),
        ("issuer", issuer, changed),
        ("subject", subject, changed),
        ("name-id", name_id, changed),
        ("confirmation-data", confirmation_data, changed),
        ("conditions", conditions, changed),
        ("advice", advice, changed),
        ("attribute-value", attribute_value, changed),
        ("assertion-end", assertion_end, changed),
    ];
    let mut attacks: Vec<Attack> = places
        .iter()
        .map(|(name, place, code)| {
            let place = *place;
            EVIL_ADDED.text(format!("evil-in-{name}"), *code, move |xml| added(xml, place, Id::Other))
        })
        .collect();
    attacks.extend([
        // KeyInfo is not signed and not read, so what is in it means nothing.
        EVIL_ADDED.harmless("evil-in-key-info", |xml| added(xml, key_info, Id::Other)),
        EVIL_ADDED
            .text("evil-in-key-info-same-id", Code::XmlIdRepeated, |xml| added(xml, key_info, Id::Same)),
        EVIL_ADDED.text("evil-in-sibling-before-same-id", Code::XmlIdRepeated, |xml| {
            added(xml, sibling_before, Id::Same)
        }),
        EVIL_ADDED.text("evil-in-sibling-before-no-id", Code::AssertionRepeated, |xml| {
            added(xml, sibling_before, Id::None)
        }),
        EVIL_ADDED.text("evil-twice", Code::AssertionRepeated, |xml| {
            let (front, genuine, back) = split(xml, ASSERTION)?;
            let (first, last) = (evil(genuine)?, with_attribute(&evil(genuine)?, "ID", "_evil2")?);
            Some(format!("{front}{first}{genuine}{last}{back}"))
        }),
        EVIL_ADDED
            .text("evil-in-sibling-before-response-signed", Code::AssertionRepeated, |xml| {
                added(xml, sibling_before, Id::Other)
            })
            .on(Signed::Response),
        EVIL_ADDED
            .text("evil-instead-response-signed", Code::DigestMismatch, |xml| with_assertion(xml, evil))
            .on(Signed::Response),
        EVIL_ADDED
            .text("evil-in-response-signature", Code::SignatureStructure, |xml| added(xml, object, Id::Other))
            .on(Signed::Response),
        EVIL_ADDED
            .harmless("evil-in-response-key-info", |xml| added(xml, key_info, Id::Other))
            .on(Signed::Response),
    ]);
    attacks
}

/// The signed response in every position.
fn responses_moved() -> Vec<Attack> {
    let schema = Code::SchemaViolation;
    let places: &[(&str, Place, Code, Code)] = &[
        ("response-start", response_start, schema, schema),
        ("extensions", extensions, schema, schema),
        ("foreign-extension", foreign_extension, schema, schema),
        ("status-detail", status_detail, schema, schema),
        ("sibling-before", sibling_before, schema, schema),
        ("sibling-behind", sibling_behind, schema, schema),
        ("subject", subject, Code::SignatureMissing, Code::ReferenceRefused),
        ("confirmation-data", confirmation_data, Code::SignatureMissing, Code::ReferenceRefused),
        ("advice", advice, Code::SignatureMissing, Code::ReferenceRefused),
        ("attribute-value", attribute_value, Code::SignatureMissing, Code::ReferenceRefused),
    ];
    let mut attacks = Vec::new();
    for (name, place, with, without) in places {
        let place = *place;
        attacks.push(
            RESPONSE_MOVED
                .text(format!("response-moved-to-{name}"), *with, move |xml| response_moved(xml, place))
                .on(Signed::Response),
        );
        attacks.push(
            RESPONSE_MOVED
                .text(format!("response-moved-to-{name}-signature-left"), *without, move |xml| {
                    response_moved_bare(xml, place)
                })
                .on(Signed::Response),
        );
    }
    for (name, place, code) in [
        ("object", object as Place, Code::SignatureStructure),
        ("key-info", key_info, Code::ReferenceRefused),
        ("signed-info", signed_info, Code::SignatureStructure),
        ("signature-value", signature_value, Code::ReferenceRefused),
    ] {
        attacks.push(
            RESPONSE_MOVED
                .text(format!("response-moved-into-its-{name}"), code, move |xml| {
                    response_moved_bare(xml, place)
                })
                .on(Signed::Response),
        );
    }
    attacks
}

/// Something else around the response, or in its stead.
fn roots() -> Vec<Attack> {
    let around = |name: &str, code, open: &'static str, close: &'static str| {
        RESPONSE_MOVED.text(name, code, move |xml| {
            xml.contains("<samlp:Response ").then(|| format!("{open}{xml}{close}"))
        })
    };
    let unexpected = Code::MessageUnexpected;
    vec![
        around(
            "soap-envelope",
            unexpected,
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>",
            "</s:Body></s:Envelope>",
        )
        .on(Signed::Response),
        around("response-in-foreign-root", unexpected, "<x:Response xmlns:x=\"urn:x\">", "</x:Response>"),
        around(
            "artifact-response",
            unexpected,
            "<samlp:ArtifactResponse xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">",
            "</samlp:ArtifactResponse>",
        )
        .on(Signed::Response),
        around(
            "response-in-response",
            Code::VersionUnsupported,
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_evil\">",
            "</samlp:Response>",
        )
        .on(Signed::Both),
        RESPONSE_MOVED.text("assertion-alone", unexpected, |xml| {
            split(xml, ASSERTION).map(|(_, assertion, _)| assertion.to_owned())
        }),
        RESPONSE_MOVED.text("logout-response", unexpected, |xml| {
            swap(xml, "<samlp:Response ", "<samlp:LogoutResponse ")
                .map(|xml| xml.replace("</samlp:Response>", "</samlp:LogoutResponse>"))
        }),
        RESPONSE_MOVED.text("saml-1-response", unexpected, |xml| {
            swap(xml, "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.0:protocol")
        }),
    ]
}
