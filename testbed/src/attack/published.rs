//! Breaks of other products that were published, and the attacks that have their shape.

/// What somebody fell for.
#[derive(Debug, PartialEq, Eq)]
pub struct Break {
    /// The CVE, or the paper or advisory where there is none.
    pub name: &'static str,
    /// Who fell for it.
    pub product: &'static str,
    /// What it was.
    pub what: &'static str,
    /// Names of attacks; one that ends in `*` stands for all that begin so.
    pub attacks: &'static [&'static str],
}

const fn broken(
    name: &'static str,
    product: &'static str,
    what: &'static str,
    attacks: &'static [&'static str],
) -> Break {
    Break { name, product, what, attacks }
}

const COMMENT: &str = "text behind a comment in NameID was cut off";
const COMMENTS: &[&str] = &["comment-in-name-id", "comment-before-name", "several-comments"];

/// Every one.
pub const PUBLISHED: &[Break] = &[
    broken(
        "CVE-2006-4339",
        "OpenSSL",
        "rubbish behind the digest of a PKCS#1 v1.5 block",
        &["pkcs1-cube-root", "pkcs1-rubbish-behind"],
    ),
    broken(
        "CVE-2009-0217",
        "xmlsec1, Mono, Java, .NET, Santuario",
        "HMACOutputLength of the attacker's choice",
        &["hmac-of-*", "output-length-on-rsa"],
    ),
    broken("CVE-2011-1411", "Shibboleth, OpenSAML", "signature wrapping", &["xsw3", "xsw4", "xsw6", "xsw8"]),
    broken(
        "CVE-2013-2172",
        "Santuario",
        "any algorithm as canonicalization method",
        &["method-xslt", "method-minimal", "method-empty"],
    ),
    broken("CVE-2013-4517", "Santuario", "document types in transforms", &["doctype*"]),
    broken(
        "CVE-2014-1568",
        "NSS",
        "lengths in DigestInfo were not checked (BERserk)",
        &["pkcs1-long-lengths"],
    ),
    broken("CVE-2016-1000253", "php-saml", "signature wrapping", &["xsw3", "evil-in-sibling-behind"]),
    broken("CVE-2016-2146", "mod_auth_mellon", "a body of any length was held", &["body-too-large"]),
    broken("CVE-2016-5697", "ruby-saml", "signature wrapping", &["xsw3", "xsw5", "xsw7"]),
    broken(
        "CVE-2016-9814",
        "simplesamlphp/saml2",
        "results of the signature check were read as booleans",
        &["rsa-cut", "ecdsa-largest", "empty-signature-value"],
    ),
    broken("CVE-2017-11427", "python-saml", COMMENT, COMMENTS),
    broken("CVE-2017-11428", "ruby-saml", COMMENT, COMMENTS),
    broken("CVE-2017-11429", "saml2-js", COMMENT, COMMENTS),
    broken("CVE-2017-11430", "OmniAuth-SAML", COMMENT, COMMENTS),
    broken(
        "CVE-2017-6807",
        "mod_auth_mellon",
        "a session for one site was good for another",
        &["audience-other", "recipient-other", "other-browser"],
    ),
    broken(
        "CVE-2018-0486",
        "Shibboleth XMLTooling",
        "values from a document type",
        &["doctype-default-attributes", "entity-not-declared"],
    ),
    broken("CVE-2018-0489", "Shibboleth XMLTooling", COMMENT, COMMENTS),
    broken(
        "CVE-2018-15836",
        "Openswan",
        "padding of a PKCS#1 v1.5 block was not checked",
        &["pkcs1-padding-of-zeros", "pkcs1-padding-with-a-hole"],
    ),
    broken(
        "CVE-2018-16151",
        "strongSwan",
        "rubbish in the parameters of DigestInfo",
        &["pkcs1-rubbish-in-parameters"],
    ),
    broken("CVE-2018-5387", "Wizkunde SAMLBase", COMMENT, COMMENTS),
    broken(
        "CVE-2018-6519",
        "simplesamlphp/saml2",
        "a regular expression for instants took for ever",
        &["instant-*"],
    ),
    broken("CVE-2018-7340", "Duo Network Gateway", COMMENT, COMMENTS),
    broken(
        "CVE-2018-7644",
        "xmlseclibs, simplesamlphp/saml2",
        "key confusion",
        &["hmac-with-*", "rsa-named-ecdsa"],
    ),
    broken(
        "CVE-2018-7711",
        "simplesamlphp/saml2",
        "an error of the signature check counted as success",
        &["rsa-zero-in-front", "ecdsa-der", "rsa-modulus-and-one"],
    ),
    broken(
        "SSPSA 201809-01",
        "xmlseclibs",
        "digests were compared as numbers where they looked like some",
        &["digest-value-like-a-number"],
    ),
    broken(
        "CVE-2019-13038",
        "mod_auth_mellon",
        "the address to return to was the sender's",
        &["relay-state-an-address"],
    ),
    broken("CVE-2019-19844", "Django", "letters that fold into others", &["signed-kelvin-sign"]),
    broken(
        "CVE-2019-3465",
        "xmlseclibs",
        "what was injected into the signature was taken for signed",
        &["two-signed-infos-*", "signed-info-in-*"],
    ),
    broken(
        "CVE-2020-15216",
        "goxmldsig, gosaml2, crewjam/saml",
        "a document made for it passed as signed",
        &["two-signed-infos-*", "evil-in-signature*", "same-signature-twice"],
    ),
    broken(
        "CVE-2020-2021",
        "PAN-OS",
        "the key was that of the message",
        &["key-info-x509", "key-info-left-out"],
    ),
    broken(
        "CVE-2020-26290",
        "dex",
        "names changed when XML was written again",
        &["name-that-begins-with-a-colon", "element-with-two-colons"],
    ),
    broken(
        "CVE-2020-27846",
        "crewjam/saml",
        "names changed when XML was written again",
        &["name-that-begins-with-a-colon", "element-with-two-colons"],
    ),
    broken(
        "CVE-2020-29509",
        "Go encoding/xml",
        "prefixes of attributes",
        &["name-that-begins-with-a-colon", "prefix-without-a-name"],
    ),
    broken(
        "CVE-2020-29510",
        "Go encoding/xml",
        "directives",
        &["doctype-holds-an-assertion", "doctype-behind-a-comment"],
    ),
    broken(
        "CVE-2020-29511",
        "Go encoding/xml",
        "prefixes of elements",
        &["element-that-begins-with-a-colon", "element-with-two-colons"],
    ),
    broken("CVE-2020-5407", "Spring Security SAML", "signature wrapping", &["moved-to-*", "evil-in-*"]),
    broken("CVE-2021-21238", "pysaml2", "signature wrapping", &["moved-to-*", "evil-in-*"]),
    broken(
        "CVE-2021-21239",
        "pysaml2",
        "any kind of key in KeyInfo was believed",
        &["key-info-rsa-key-value", "key-info-der-encoded", "key-info-retrieval-method"],
    ),
    broken(
        "CVE-2021-28091",
        "Lasso, and so mod_auth_mellon",
        "only the first of several assertions was verified",
        &["xsw3", "evil-in-sibling-behind", "evil-twice"],
    ),
    broken(
        "CVE-2021-3639",
        "mod_auth_mellon",
        "the address to return to was the sender's",
        &["relay-state-an-address"],
    ),
    broken(
        "CVE-2022-21449",
        "Java",
        "an ECDSA signature of zeros was good for everything",
        &["ecdsa-zero", "ecdsa-p384-zero", "ecdsa-p521-zero", "ecdsa-both-are-the-order"],
    ),
    broken("CVE-2022-39299", "node-saml, passport-saml", "a second root element was read", &["two-roots-*"]),
    broken("CVE-2022-39353", "xmldom", "several root elements", &["two-roots-*"]),
    broken(
        "CVE-2022-41912",
        "crewjam/saml",
        "only one of several assertions was verified",
        &["xsw3", "evil-in-sibling-behind", "evil-twice"],
    ),
    broken(
        "CVE-2022-47966",
        "Zoho ManageEngine",
        "XSLT ran before the signature was checked",
        &["transform-xslt*"],
    ),
    broken("CVE-2023-26483", "gosaml2", "inflated without limit", &["deflated*"]),
    broken("CVE-2023-28119", "crewjam/saml", "inflated without limit", &["deflated*"]),
    broken(
        "CVE-2024-45409",
        "ruby-saml, GitLab",
        "the digest was searched in the whole document",
        &["digest-in-*", "digest-before-the-issuer", "two-digest-values*"],
    ),
    broken(
        "CVE-2024-4985",
        "GitHub Enterprise Server",
        "an encrypted assertion needed no signature that held",
        &["sealed-evil*"],
    ),
    broken(
        "CVE-2024-52806",
        "simplesamlphp/saml2",
        "external entities",
        &["doctype-external-entity", "declared-utf-16", "declared-utf-7"],
    ),
    broken(
        "CVE-2024-6800",
        "GitHub Enterprise Server",
        "signature wrapping",
        &["moved-to-*", "response-moved-*"],
    ),
    broken(
        "CVE-2024-9487",
        "GitHub Enterprise Server",
        "an encrypted assertion needed no signature that held, again",
        &["sealed-evil*", "sealed-changed*"],
    ),
    broken(
        "CVE-2025-25291",
        "ruby-saml",
        "two parsers read a document type differently",
        &["doctype-holds-an-assertion", "doctype-inside"],
    ),
    broken(
        "CVE-2025-25292",
        "ruby-saml",
        "two parsers read namespaces differently",
        &["xmlns-behind-*", "signature-in-foreign-namespace", "namespace-declared-twice"],
    ),
    broken("CVE-2025-25293", "ruby-saml", "inflated without limit", &["deflated*"]),
    broken(
        "CVE-2025-27773",
        "simplesamlphp/saml2",
        "a signature by HTTP-Redirect was checked for another parameter",
        &["redirect-signature-*"],
    ),
    broken(
        "CVE-2025-29774",
        "xml-crypto",
        "one of several SignedInfo was verified, another used",
        &["two-signed-infos-*", "two-references*"],
    ),
    broken(
        "CVE-2025-29775",
        "xml-crypto",
        "a comment in DigestValue",
        &["comment-in-digest-value", "digest-value-with-evil-*"],
    ),
    broken("CVE-2025-46572", "passport-wsfed-saml2", "signature wrapping", &["xsw3", "moved-to-*"]),
    broken(
        "CVE-2025-47949",
        "samlify",
        "an assertion beside the signed one was read",
        &["xsw3", "xsw4", "evil-in-*"],
    ),
    broken(
        "CVE-2025-54369",
        "node-saml",
        "the assertion was read from the message as it arrived",
        &["comment-in-name-id", "assertion-signed-and-changed", "evil-in-*"],
    ),
    broken(
        "CVE-2025-54419",
        "node-saml",
        "the assertion was read from the message as it arrived",
        &["comment-in-name-id", "envelope-*", "evil-in-*"],
    ),
    broken(
        "CVE-2025-66567",
        "ruby-saml",
        "two parsers read namespaces differently, again",
        &["xmlns-behind-*", "polluted-*"],
    ),
    broken("CVE-2025-66568", "ruby-saml", "the canonical form of nothing was digested", &["void-*"]),
    broken(
        "CVE-2026-25922",
        "authentik",
        "an unsigned assertion before the signed one was read",
        &["xsw3", "evil-in-response-start"],
    ),
    broken(
        "CVE-2026-33487",
        "goxmldsig",
        "the last of several references was used",
        &["two-references*", "references-a-hundred"],
    ),
    broken(
        "CVE-2026-41577",
        "authentik",
        "Conditions were not checked",
        &["audience-other*", "not-before-an-hour", "end-an-hour-ago"],
    ),
    broken("CVE-2026-47201", "authentik", "signature wrapping", &["moved-to-*", "evil-in-*"]),
    broken(
        "CVE-2026-49283",
        "simplesamlphp/saml2",
        "one identity provider answered for another",
        &["other-provider-*", "artifact-*"],
    ),
    broken(
        "\"How to Break XML Encryption\"",
        "Axis2, JBoss and others",
        "AES-CBC told by its errors what was inside (2011)",
        &["cipher-aes128-cbc*", "cipher-aes256-cbc*"],
    ),
    broken(
        "\"Bleichenbacher's Attack Strikes Again\"",
        "Axis2, JBoss and others",
        "RSA PKCS#1 v1.5 told by its errors what was inside (2012)",
        &["transport-rsa-1-5*"],
    ),
    broken(
        "XSW1 to XSW8",
        "eleven of fourteen products of 2012",
        "signature wrapping, \"On Breaking SAML\"",
        &["xsw*"],
    ),
    broken(
        "\"The Fragile Lock\"",
        "ruby-saml, php-saml, xmlsec libraries",
        "void canonicalization, attribute pollution, namespace confusion (2025)",
        &["void-*", "polluted-*", "xmlns-behind-*"],
    ),
];
