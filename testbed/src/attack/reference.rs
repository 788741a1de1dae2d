//! What the signature says that it signs.

use samlgate::base::Code;

use super::text::{about_the_victim, attribute, swap, with_attribute, with_signature};
use super::{Attack, Class, Threat};
use crate::idp::Signed;

static ELSEWHERE: Threat = Threat {
    class: Class::Reference,
    attack: "the reference is to something else: the whole document, another element, another file, another host",
    source: "XML-DSig core 4.3.3; SAML core 5.4.2; xmlsec1 and Santuario fetch http, file and cid when they may",
    answer: "`xmlsec::verify`: the URI is `#` and the ID of the signature's own parent, byte for byte; nothing is ever fetched",
};

/// Another URI in the first reference; `{id}` is the ID that it had.
fn to(name: &str, code: Code, uri: &'static str) -> Attack {
    ELSEWHERE.text(name, code, move |xml| {
        let have = attribute(super::text::signed_info(xml)?, "URI")?.strip_prefix('#')?;
        let uri = uri.replace("{id}", have);
        about_the_victim(&with_signature(xml, |signature| with_attribute(signature, "URI", &uri))?)
    })
}

pub(super) fn attacks() -> Vec<Attack> {
    let refused = Code::ReferenceRefused;
    vec![
        to("uri-empty", refused, ""),
        to("uri-empty-fragment", refused, "#"),
        to("uri-of-an-evil-element", refused, "#_evil"),
        to("uri-without-the-hash", refused, "{id}"),
        to("uri-http", refused, "http://evil.example/assertion.xml"),
        to("uri-https-with-fragment", refused, "https://evil.example/a.xml#{id}"),
        to("uri-file", refused, "file:///etc/passwd"),
        to("uri-cid", refused, "cid:assertion@evil.example"),
        to("uri-relative-file", refused, "assertion.xml"),
        to("uri-this-file", refused, "./#{id}"),
        to("uri-query", refused, "?#{id}"),
        to("uri-xpointer-root", refused, "#xpointer(/)"),
        to("uri-xpointer-id", refused, "#xpointer(id('{id}'))"),
        to("uri-xpointer-path", refused, "#xpointer(//*[@ID='{id}'])"),
        to("uri-element-scheme", refused, "#element({id})"),
        to("uri-percent-encoded", refused, "#%5F{id}"),
        to("uri-with-a-space", refused, "#{id} "),
        to("uri-with-a-space-before", refused, " #{id}"),
        to("uri-with-two-hashes", refused, "##{id}"),
        to("uri-with-a-null", Code::XmlReferenceRefused, "#{id}&#0;"),
        to("uri-javascript", refused, "javascript:alert(1)#{id}"),
        ELSEWHERE.text("uri-left-out", Code::SignatureStructure, |xml| {
            let uri = attribute(super::text::signed_info(xml)?, "URI")?;
            about_the_victim(&swap(xml, &format!(" URI=\"{uri}\""), "")?)
        }),
        ELSEWHERE.text("uri-of-the-response", refused, |xml| {
            let uri = format!("#{}", attribute(xml, "ID")?);
            about_the_victim(&with_attribute(xml, "URI", &uri)?)
        }),
        ELSEWHERE
            .text("uri-of-the-assertion", refused, |xml| {
                let assertion = super::text::split(xml, super::text::ASSERTION)?.1;
                let uri = format!("#{}", attribute(assertion, "ID")?);
                about_the_victim(&with_attribute(xml, "URI", &uri)?)
            })
            .on(Signed::Response),
        ELSEWHERE
            .text("uri-empty-on-the-response", refused, |xml| {
                about_the_victim(&with_attribute(xml, "URI", "")?)
            })
            .on(Signed::Response),
        ELSEWHERE.text("uri-of-the-signature", refused, |xml| {
            let xml = swap(xml, "<ds:Signature ", "<ds:Signature Id=\"_s1\" ")?;
            about_the_victim(&with_attribute(&xml, "URI", "#_s1")?)
        }),
        ELSEWHERE.text("uri-of-an-object", Code::SignatureStructure, |xml| {
            let xml = swap(xml, "</ds:Signature>", "<ds:Object Id=\"_o\">x</ds:Object></ds:Signature>")?;
            about_the_victim(&with_attribute(&xml, "URI", "#_o")?)
        }),
        ELSEWHERE.text("uri-of-key-info", refused, |xml| {
            let xml = swap(xml, "<ds:KeyInfo>", "<ds:KeyInfo Id=\"_k\">")?;
            about_the_victim(&with_attribute(&xml, "URI", "#_k")?)
        }),
        // The same characters, spelled as a reference.
        ELSEWHERE.harmless("uri-with-a-reference", |xml| {
            let uri = attribute(super::text::signed_info(xml)?, "URI")?.to_owned();
            with_attribute(xml, "URI", &uri.replacen('#', "&#35;", 1))
        }),
    ]
}
