//! A value is cut in two: canonicalization drops the cut, so that the signature stays good, and a careless reader takes
//! the first or the last part for the whole.

use samlgate::base::Code;

use super::text::{halves, swap, text, with_assertion, with_text};
use super::{Attack, Class, Expect, Threat, VICTIM};
use crate::idp::{Signed, Tamper};

static COMMENT: Threat = Threat {
    class: Class::Splitting,
    attack: "a comment inside a value: the text before it, or behind it, is taken for the whole",
    source: "CVE-2017-11427 python-saml, CVE-2017-11428 ruby-saml, CVE-2017-11429 saml2-js, CVE-2017-11430 \
             OmniAuth-SAML, CVE-2018-0489 Shibboleth XMLTooling, CVE-2018-5387 Wizkunde, CVE-2018-7340 Duo Network Gateway",
    answer: "`xml::Element::value` refuses a value that is not one text; `saml::response::whole_values` refuses the \
             message before any signature is looked at; what is read is canonical and free of comments",
};

static INSTRUCTION: Threat = Threat {
    class: Class::Splitting,
    attack: "a processing instruction inside a value",
    source: "XML 1.0 section 2.6; seen against sign-ins built on node xml-crypto",
    answer: "`xml::lexer` refuses every processing instruction",
};

static SPELLING: Threat = Threat {
    class: Class::Splitting,
    attack: "the same characters in another spelling: CDATA sections, character references",
    source: "XML 1.0 sections 2.7 and 4.1; Canonical XML 1.0 section 2.3",
    answer: "one text node with everything resolved; what is read is the canonical spelling",
};

static ELEMENT: Threat = Threat {
    class: Class::Splitting,
    attack: "an element inside a value",
    source: "SAML core 2.2.2; the text of the first child, or of all, differs between libraries",
    answer: "`xml::Element::value` refuses a value that is not one text",
};

/// `cut` between the halves of the first text of `name`.
fn cut(xml: &str, name: &str, cut: &str) -> Option<String> {
    with_text(xml, name, |text| {
        let (first, last) = halves(text);
        format!("{first}{cut}{last}")
    })
}

fn in_assertion(xml: &str, name: &str, what: &str) -> Option<String> {
    with_assertion(xml, |assertion| cut(assertion, name, what))
}

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = comments();
    attacks.extend(instructions_and_elements());
    attacks.extend(spellings());
    attacks
}

fn comments() -> Vec<Attack> {
    let split = Code::XmlValueSplit;
    let mut attacks = Vec::new();
    for (name, element) in [
        ("name-id", "saml:NameID"),
        ("assertion-issuer", "saml:Issuer"),
        ("audience", "saml:Audience"),
        ("attribute-value", "saml:AttributeValue"),
        ("authn-context", "saml:AuthnContextClassRef"),
        ("digest-value", "ds:DigestValue"),
        ("signature-value", "ds:SignatureValue"),
        ("certificate", "ds:X509Certificate"),
    ] {
        attacks
            .push(COMMENT.text(format!("comment-in-{name}"), split, move |xml| {
                in_assertion(xml, element, "<!-- -->")
            }));
    }
    let name_id = |name: &str, what: fn(&str) -> String| {
        COMMENT.text(name, split, move |xml| with_text(xml, "saml:NameID", what))
    };
    attacks.extend([
        COMMENT.text("comment-in-response-issuer", split, |xml| cut(xml, "saml:Issuer", "<!---->")),
        COMMENT
            .text("comment-in-name-id-response-signed", split, |xml| cut(xml, "saml:NameID", "<!-- -->"))
            .on(Signed::Response),
        name_id("comment-before-name", |text| format!("<!-- -->{text}")),
        name_id("comment-behind-name", |text| format!("{text}<!-- -->")),
        name_id("comment-that-holds-the-name", |text| format!("<!--{VICTIM}-->{text}")),
        name_id("comment-for-html", |text| format!("{text}<!--->{VICTIM}-->")),
        name_id("several-comments", |text| {
            let (first, last) = halves(text);
            format!("{first}<!--a--><!--b-->{last}<!--c-->")
        }),
        COMMENT.text("comment-in-every-group", split, |xml| {
            xml.contains("<saml:AttributeValue ")
                .then(|| xml.replace("</saml:AttributeValue>", "<!-- --></saml:AttributeValue>"))
        }),
        COMMENT.text("comment-makes-two-texts-of-an-empty-value", split, |xml| {
            swap(xml, "<saml:Audience>", "<saml:Audience><!--x-->")
        }),
        // Between elements there is no value to cut.
        COMMENT.harmless("comment-between-elements", |xml| {
            swap(xml, "<saml:Conditions ", "<!-- admin --><saml:Conditions ")
        }),
        COMMENT.harmless("comment-around-the-root", |xml| {
            xml.contains("<samlp:Response ").then(|| format!("<!--a-->{xml}<!--b-->"))
        }),
    ]);
    attacks
}

fn instructions_and_elements() -> Vec<Attack> {
    let refused = Code::XmlProcessingInstructionRefused;
    let mut attacks = Vec::new();
    for (name, element) in [
        ("name-id", "saml:NameID"),
        ("attribute-value", "saml:AttributeValue"),
        ("audience", "saml:Audience"),
        ("digest-value", "ds:DigestValue"),
    ] {
        attacks.push(INSTRUCTION.text(format!("instruction-in-{name}"), refused, move |xml| {
            in_assertion(xml, element, "<?x y?>")
        }));
    }
    attacks.extend([
        INSTRUCTION.text("instruction-that-holds-an-assertion", refused, |xml| {
            swap(xml, "<samlp:Status>", "<?x <saml:Assertion/> ?><samlp:Status>")
        }),
        ELEMENT
            .text("element-in-name-id", Code::DigestMismatch, |xml| in_assertion(xml, "saml:NameID", "<x/>")),
        ELEMENT
            .text("element-in-response-issuer", Code::XmlValueSplit, |xml| cut(xml, "saml:Issuer", "<x/>")),
        ELEMENT.issue("signed-element-in-name-id", Code::XmlValueSplit, |o| {
            o.name_id_xml = Some(format!("{VICTIM}<x/>.attacker"));
        }),
        ELEMENT.issue("signed-element-in-audience", Code::XmlValueSplit, |o| {
            o.compose.push(Tamper::new("</saml:Audience>", "<x/>.evil</saml:Audience>"));
        }),
        ELEMENT.issue("signed-name-id-in-name-id", Code::XmlValueSplit, |o| {
            o.name_id_xml = Some(format!("<saml:NameID>{VICTIM}</saml:NameID>"));
        }),
        COMMENT.issue("signed-comment-in-group", Code::XmlValueSplit, |o| {
            o.compose.push(Tamper::new(">idp-agents<", ">idp-admins<!-- -->x<"));
        }),
    ]);
    attacks
}

fn spellings() -> Vec<Attack> {
    let harmless = |name: &str, change: fn(&str) -> String| {
        SPELLING.harmless(name, move |xml| with_text(xml, "saml:NameID", change))
    };
    let changed = |name: &str, change: fn(&str) -> String| {
        SPELLING.text(name, Code::DigestMismatch, move |xml| with_text(xml, "saml:NameID", change))
    };
    vec![
        harmless("cdata-in-name-id", |text| format!("<![CDATA[{text}]]>")),
        harmless("cdata-splits-name-id", |text| {
            let (first, last) = halves(text);
            format!("{first}<![CDATA[{last}]]>")
        }),
        harmless("empty-cdata-in-name-id", |text| format!("<![CDATA[]]>{text}<![CDATA[]]>")),
        harmless("references-in-name-id", |text| text.bytes().map(|byte| format!("&#x{byte:X};")).collect()),
        SPELLING.harmless("cdata-splits-group", |xml| swap(xml, ">idp-agents<", ">idp<![CDATA[-]]>agents<")),
        SPELLING.harmless("cdata-in-signature-value", |xml| {
            with_text(xml, "ds:SignatureValue", |value| format!("<![CDATA[{value}]]>"))
        }),
        changed("cdata-with-a-closing-tag", |text| format!("<![CDATA[{VICTIM}</saml:NameID>]]>{text}")),
        changed("cdata-with-a-comment", |text| format!("{text}<![CDATA[<!--]]>")),
        changed("space-before-name", |text| format!(" {text}")),
        changed("line-end-behind-name", |text| format!("{text}\n")),
        changed("zero-width-space-in-name", |text| format!("{text}\u{200B}")),
        changed("two-texts-exchanged", |text| {
            let (first, last) = halves(text);
            format!("{last}{first}")
        }),
        SPELLING.text("cdata-not-ended", Code::XmlNotWellFormed, |xml| {
            with_text(xml, "saml:NameID", |text| format!("<![CDATA[{text}"))
        }),
        SPELLING.text("cdata-end-alone", Code::XmlNotWellFormed, |xml| {
            with_text(xml, "saml:NameID", |text| format!("{text}]]>"))
        }),
        SPELLING.text("cdata-outside", Code::XmlDoctypeRefused, |xml| {
            text(xml, "saml:NameID").map(|_| format!("<![CDATA[{VICTIM}]]>{xml}"))
        }),
        // What the identity provider signs is what counts, in whatever spelling.
        SPELLING.issue("signed-cdata-name", Expect::SameIdentity, |o| {
            o.name_id_xml = Some(String::from("<![CDATA[age]]>nt"));
        }),
    ]
}
