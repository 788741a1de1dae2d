//! The cases of `tests/vectors/response`: one well-formed response, bent in one way at a time.

use samlgate::effect::SignatureScheme;

use crate::saml_response::*;

/// One folder below `tests/vectors/response`.
pub struct Case {
    pub name: &'static str,
    /// `accept` or the code that must be raised.
    pub expect: &'static str,
    /// The section or CVE that demands it.
    pub section: &'static str,
    pub comment: &'static str,
    /// Further lines of case.yaml: key and value as YAML.
    pub fields: Vec<(&'static str, String)>,
    pub xml: String,
}

impl Case {
    /// Runs `seconds` after the issue instant instead of at it.
    fn at(self, seconds: i64) -> Self {
        let now = NOW.checked_add_signed(seconds).unwrap();
        self.field("now", &now.to_string())
    }

    pub fn has(&self, key: &str) -> bool {
        self.fields.iter().any(|(have, _)| *have == key)
    }

    pub fn field(mut self, key: &'static str, value: &str) -> Self {
        self.fields.push((key, value.to_owned()));
        self
    }
}

fn case(
    name: &'static str,
    expect: &'static str,
    section: &'static str,
    comment: &'static str,
    xml: String,
) -> Case {
    Case { name, expect, section, comment, fields: Vec::new(), xml }
}

/// Every case, in the order of the specification's chapters.
pub fn all() -> Vec<Case> {
    [
        good(),
        signatures(),
        algorithms(),
        wrapping(),
        values(),
        envelope(),
        assertion(),
        subject(),
        conditions_of(),
        statements(),
        clock(),
        structure(),
    ]
    .into_iter()
    .flatten()
    .chain(crate::idp_cases::all())
    .chain(crate::encrypted_cases::all())
    .chain(crate::review_cases::all())
    .collect()
}

fn good() -> Vec<Case> {
    let nothing = |_: &mut Message| {};
    let good = |name, comment, xml| case(name, "accept", "profiles 4.1.4.2", comment, xml);
    let unsigned = Message::default().render();
    vec![
        good("good_assertion_signed", "the assertion is signed", by_assertion(nothing))
            .field("groups", "[jira-admins, jira-users]")
            .field("username", "alice")
            .field("covers", "[E3, E4]"),
        good("good_response_signed", "the response is signed", by_response(nothing)).field("username", "alice"),
        good("good_both_signed", "both are signed", by_both(nothing)).field("demand", "BOTH"),
        good("good_demand_response", "a signed response is demanded and there", by_response(nothing)).field("demand", "RESPONSE"),
        good("good_demand_assertion", "a signed assertion is demanded and there", by_assertion(nothing)).field("demand", "ASSERTION"),
        good("good_second_key", "signed with the second of two configured keys",
            signed(&unsigned, ASSERTION_ID, "rsa2048_second", SignatureScheme::RsaSha256, &[]))
            .field("keys", "[rsa2048, rsa2048_second]"),
        good("good_rsa_sha384", "RSA with SHA-384", signed(&unsigned, ASSERTION_ID, "rsa2048", SignatureScheme::RsaSha384, &[])),
        good("good_rsa_sha512", "RSA with SHA-512", signed(&unsigned, RESPONSE_ID, "rsa2048", SignatureScheme::RsaSha512, &[])),
        good("good_ecdsa_p256", "ECDSA over P-256", signed(&unsigned, ASSERTION_ID, "p256", SignatureScheme::EcdsaSha256, &[]))
            .field("keys", "[rsa2048, p256]"),
        good("good_ecdsa_p384", "ECDSA over P-384", signed(&unsigned, ASSERTION_ID, "p384", SignatureScheme::EcdsaSha384, &[]))
            .field("keys", "[p384]"),
        good("good_ecdsa_p521", "ECDSA over P-521", signed(&unsigned, ASSERTION_ID, "p521", SignatureScheme::EcdsaSha512, &[]))
            .field("keys", "[p521]"),
        good("good_sha1_allowed", "SHA-1 where danger_allow_sha1 is set",
            signed(&unsigned, ASSERTION_ID, "rsa2048", SignatureScheme::RsaSha1, &[]))
            .field("danger_allow_sha1", "true"),
        good("good_inclusive_prefixes", "the canonical form keeps xs for xsi:type",
            signed(&swap(&unsigned, "<samlp:Response ", "<samlp:Response xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" ")
                .replace("<saml:AttributeValue>", "<saml:AttributeValue xsi:type=\"xs:string\">"),
                ASSERTION_ID, "rsa2048", SignatureScheme::RsaSha256, &["xs"]))
            .field("groups", "[jira-admins, jira-users]"),
        good("good_both_signed_inclusive_prefixes", "prefixes of the inner signature survive the outer one", {
            let xml = swap(&unsigned, "<samlp:Response ", "<samlp:Response xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" ")
                .replace("<saml:AttributeValue>", "<saml:AttributeValue xsi:type=\"xs:string\">");
            sign_response(&signed(&xml, ASSERTION_ID, "rsa2048", SignatureScheme::RsaSha256, &["xs"]))
        }),
        good("good_issuer_padded", "white space around URIs does not count", by_assertion(|m| {
            m.assertion_issuer = format!("<saml:Issuer>\n  {IDP}\n </saml:Issuer>");
            m.conditions = conditions(-60, 300, &audience(&format!(" {SP} ")));
        })),
        good("good_issuer_format_entity", "Format of Issuer may be entity", by_assertion(|m| {
            let format = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
            m.assertion_issuer = format!("<saml:Issuer Format=\"{format}\">{IDP}</saml:Issuer>");
            m.response_issuer = m.assertion_issuer.clone();
        })),
        good("good_no_response_issuer", "Issuer of the response is optional", by_assertion(|m| m.response_issuer.clear())),
        good("good_unsigned_without_destination", "an unsigned response needs no Destination", by_assertion(|m| m.destination = None)),
        good("good_several_audiences", "any audience of a restriction will do", by_assertion(|m| {
            m.conditions = conditions(-60, 300, &format!(
                "<saml:AudienceRestriction><saml:Audience>https://other.example</saml:Audience><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction>"));
        })),
        good("good_two_audience_restrictions", "both restrictions name us", by_assertion(|m| {
            m.conditions = conditions(-60, 300, &audience(SP).repeat(2));
        })),
        good("good_one_time_use_and_proxy_restriction", "two conditions that we understand", by_assertion(|m| {
            m.conditions = conditions(-60, 300, &format!("<saml:OneTimeUse/><saml:ProxyRestriction Count=\"0\"/>{}", audience(SP)));
        })),
        good("good_conditions_without_window", "the window of Conditions is optional; that of the confirmation is not", by_assertion(|m| {
            m.conditions = format!("<saml:Conditions>{}</saml:Conditions>", audience(SP));
        })),
        good("good_second_confirmation", "one acceptable bearer confirmation suffices", by_assertion(|m| {
            m.confirmations = [
                "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:sender-vouches\"/>",
                &bearer(&swap(&good_confirmation(), ACS, "https://other.example/acs")),
                &bearer(&good_confirmation()),
            ].concat();
        })),
        good("good_no_name_id", "AD FS without a rule sends no NameID", by_assertion(|m| m.name_id.clear()))
            .field("username_attribute", "mail").field("username", "alice@example.com").field("covers", "[E8]"),
        good("good_repeated_attribute", "Keycloak with Single Group Attribute off: one Attribute for each value", by_assertion(|m| {
            m.attribute_statement = attributes(&["a", "b", "c"].map(|group| attribute("groups", &[group])).concat());
        })).field("groups", "[a, b, c]").field("covers", "[E5]"),
        good("good_two_attribute_statements", "several statements are merged", by_assertion(|m| {
            m.attribute_statement = ["a", "b"].map(|group| attributes(&attribute("groups", &[group]))).concat();
        })).field("groups", "[a, b]"),
        good("good_attributes_before_authn", "statements come in any order", by_assertion(|m| core::mem::swap(&mut m.authn_statement, &mut m.attribute_statement))),
        good("good_no_attributes", "no attribute means that groups are unknown", by_assertion(|m| m.attribute_statement.clear())).field("groups", "UNKNOWN"),
        good("good_empty_and_nil_values", "empty and null values are dropped", by_assertion(|m| {
            m.attribute_statement = attributes(&format!("<saml:Attribute Name=\"groups\"><saml:AttributeValue/>\
                <saml:AttributeValue xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/>\
                <saml:AttributeValue>a</saml:AttributeValue></saml:Attribute>{}", attribute("mail", &[""])));
        })).field("groups", "[a]"),
        good("good_targeted_id", "eduPersonTargetedID holds a NameID", by_assertion(|m| {
            m.attribute_statement = attributes(&attribute("urn:oid:1.3.6.1.4.1.5923.1.1.1.10", &["<saml:NameID>opaque</saml:NameID>"]));
        })).field("username_attribute", "urn:oid:1.3.6.1.4.1.5923.1.1.1.10").field("username", "opaque"),
        good("good_structured_value", "a group that is no text makes the groups unknown: what is left may not be all", by_assertion(|m| {
            m.attribute_statement = attributes(&attribute("groups", &["a", "<x:y xmlns:x=\"urn:x\">z</x:y>"]));
        })).field("groups", "UNKNOWN"),
        good("good_foreign_extensions_and_advice", "extension points may hold foreign elements", by_response(|m| {
            m.extensions = String::from("<samlp:Extensions><x:y xmlns:x=\"urn:x\">z</x:y></samlp:Extensions>");
            m.advice = String::from("<saml:Advice><x:y xmlns:x=\"urn:x\">z</x:y></saml:Advice>");
        })),
        good("good_comment_between_elements", "a comment that splits no value changes nothing", swap(&by_assertion(nothing), "<saml:Subject>", "<!-- x --><saml:Subject>")),
        good("good_cdata_and_references", "other spellings of the same characters have the same canonical form",
            swap(&swap(&by_assertion(nothing), ">alice<", "><![CDATA[al]]>ic&#x65;<"), ">jira-users<", ">jira&#45;users<"))
            .field("username", "alice").field("groups", "[jira-admins, jira-users]"),
        good(
            "good_windows_line_ends",
            "line ends are normalised before anything is hashed",
            by_assertion(nothing).replace('\n', "\r\n"),
        ),
        good(
            "good_authn_context_in_full",
            "a declaration and authorities may follow the class",
            by_assertion(|m| {
                m.authn_statement = swap(
                    &m.authn_statement,
                    "</saml:AuthnContext>",
                    "<saml:AuthnContextDeclRef>urn:x</saml:AuthnContextDeclRef>\
                     <saml:AuthenticatingAuthority>https://a.example</saml:AuthenticatingAuthority>\
                     <saml:AuthenticatingAuthority>https://b.example</saml:AuthenticatingAuthority></saml:AuthnContext>",
                );
            }),
        ),
        good(
            "good_confirmation_with_name",
            "a confirmation may name the entity that confirms",
            by_assertion(|m| {
                m.confirmations = swap(
                    &m.confirmations,
                    "<saml:SubjectConfirmationData",
                    "<saml:NameID>admin</saml:NameID><saml:SubjectConfirmationData",
                );
            }),
        )
        .field("username", "alice"),
        good("good_fraction_of_a_second", "instants may have fractions", by_assertion(|m| {
            m.assertion_issued = Some(swap(&at(0), "Z", ".1234567Z"));
            m.response_issued = Some(swap(&at(0), "Z", ".987Z"));
        })),
        good("good_group_that_looks_like_a_list", "values are never split", by_assertion(|m| {
            m.attribute_statement = attributes(&attribute("memberOf", &["CN=Jira Users,OU=Groups,DC=example,DC=org"]));
        })).field("groups", "[\"CN=Jira Users,OU=Groups,DC=example,DC=org\"]").field("covers", "[E4]"),
    ]
}

fn signatures() -> Vec<Case> {
    let nothing = |_: &mut Message| {};
    let missing = |name, comment, xml| case(name, "SG3001", "profiles 4.1.4.5", comment, xml);
    let structure = |name, comment, xml| case(name, "SG3002", "core 5.4.1", comment, xml);
    let reference = |name, comment, xml| case(name, "SG3003", "core 5.4.2", comment, xml);
    let digest = |name, comment, xml| case(name, "SG3004", "XML-DSig 3.2.1", comment, xml);
    let one = by_assertion(nothing);
    let whole = by_response(nothing);
    let both = by_both(nothing);
    let reference_to = |uri: &str| swap(&one, &format!("URI=\"#{ASSERTION_ID}\""), &format!("URI=\"{uri}\""));
    let first_signature = signature_of(&both).to_owned();
    vec![
        missing("unsigned", "nobody signed anything", Message::default().render()),
        missing("signature_stripped", "the signature was taken out", without_signature(&one)),
        missing("signature_stripped_from_response", "the signature was taken out", without_signature(&whole)),
        missing("demand_assertion_has_response", "a signed assertion is demanded", by_response(nothing))
            .field("demand", "ASSERTION"),
        missing("demand_response_has_assertion", "a signed response is demanded", by_assertion(nothing))
            .field("demand", "RESPONSE"),
        missing("demand_both_has_response", "both signatures are demanded", by_response(nothing))
            .field("demand", "BOTH"),
        missing("demand_both_has_assertion", "both signatures are demanded", by_assertion(nothing))
            .field("demand", "BOTH"),
        digest("name_id_changed", "the name was changed after signing", swap(&one, ">alice<", ">admin<")),
        digest(
            "name_id_changed_response_signed",
            "the name was changed after signing",
            swap(&whole, ">alice<", ">admin<"),
        ),
        digest(
            "group_added",
            "a group was added after signing",
            swap(
                &one,
                "<saml:AttributeValue>jira-users",
                "<saml:AttributeValue>root</saml:AttributeValue><saml:AttributeValue>jira-users",
            ),
        ),
        digest(
            "audience_changed",
            "the audience was changed after signing",
            swap(&one, SP, "https://sp.example/SAML"),
        ),
        digest(
            "white_space_added",
            "even white space is signed",
            swap(&one, "<saml:Subject>", " <saml:Subject>"),
        ),
        digest(
            "destination_changed_response_signed",
            "the destination was changed after signing",
            swap(&whole, &format!("Destination=\"{ACS}\""), "Destination=\"https://jira.example/\""),
        ),
        digest(
            "response_signature_broken_assertion_good",
            "a present signature must hold even if another one would do",
            swap(&both, &format!("Destination=\"{ACS}\""), "Destination=\"https://jira.example/saml/acs2\""),
        ),
        digest(
            "assertion_signature_broken_response_good",
            "a present signature must hold even if another one would do",
            sign_response(&swap(&one, ">alice<", ">admin<")),
        ),
        digest(
            "assertion_exchanged_in_signed_response",
            "another assertion in a signed response",
            swap(&whole, assertion_of(&whole), &swap(assertion_of(&whole), ">alice<", ">admin<")),
        ),
        case(
            "signature_value_of_another_key",
            "SG3005",
            "profiles 4.1.4.3",
            "signed with a key that is not configured; its certificate is in KeyInfo",
            signed(
                &Message::default().render(),
                ASSERTION_ID,
                "rsa2048_second",
                SignatureScheme::RsaSha256,
                &[],
            ),
        ),
        case(
            "response_signed_by_another_key",
            "SG3005",
            "profiles 4.1.4.3",
            "the assertion is genuine, the response around it is signed by somebody else",
            signed(&one, RESPONSE_ID, "rsa2048_second", SignatureScheme::RsaSha256, &[]),
        ),
        case(
            "signature_value_bent",
            "SG3005",
            "XML-DSig 3.2.2",
            "one character of the signature value is another",
            swap_first(&one, "<ds:SignatureValue>", "<ds:SignatureValue>AAAA").replacen(
                &between(&one, "<ds:SignatureValue>", "</ds:SignatureValue>")[19..23],
                "",
                1,
            ),
        ),
        case(
            "signature_value_not_base64",
            "SG3012",
            "XML-DSig 4.2",
            "a value that is no base64",
            swap_first(&one, "<ds:SignatureValue>", "<ds:SignatureValue>*"),
        ),
        structure(
            "two_signatures_on_assertion",
            "the same signature twice",
            swap_first(&one, "</ds:Signature>", &format!("</ds:Signature>{}", signature_of(&one))),
        ),
        case(
            "two_signatures_on_response",
            "SG4024",
            "core 3.2.2",
            "the same signature twice",
            swap_first(&both, &first_signature, &first_signature.repeat(2)),
        ),
        case(
            "response_signature_behind_status",
            "SG4024",
            "core 3.2.2",
            "a signature that is not where the schema puts it",
            swap(
                &without_signature(&whole),
                "</samlp:Status>",
                &format!("</samlp:Status>{}", signature_of(&whole)),
            ),
        ),
        case(
            "assertion_signature_beside_assertion",
            "SG4024",
            "core 3.2.2",
            "the signature of the assertion as its sibling",
            swap(
                &without_signature(&one),
                "<saml:Assertion",
                &format!("{}<saml:Assertion", signature_of(&one)),
            ),
        ),
        case(
            "assertion_signature_inside_subject",
            "SG3001",
            "core 2.3.3",
            "the signature of the assertion deeper inside",
            swap(
                &without_signature(&one),
                "<saml:Subject>",
                &format!("<saml:Subject>{}", signature_of(&one)),
            ),
        ),
        case(
            "foreign_signature_in_signed_subject",
            "SG4024",
            "core 2.4.1",
            "a signature that nobody verified inside signed octets",
            by_assertion(|m| {
                m.confirmations.push_str("<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>")
            }),
        ),
        structure(
            "two_references",
            "CVE-2025-29774",
            swap(
                &one,
                "</ds:Reference>",
                &format!("</ds:Reference>{}", between(&one, "<ds:Reference", "</ds:Reference>")),
            ),
        ),
        structure(
            "two_signed_infos",
            "CVE-2025-29774",
            swap(
                &one,
                "</ds:SignedInfo>",
                &format!("</ds:SignedInfo>{}", between(&one, "<ds:SignedInfo", "</ds:SignedInfo>")),
            ),
        ),
        structure(
            "signature_with_object",
            "ds:Object could carry anything",
            swap(&one, "</ds:Signature>", "<ds:Object>x</ds:Object></ds:Signature>"),
        ),
        reference(
            "reference_to_the_document",
            "URI=\"\" signs whatever the root happens to be",
            reference_to(""),
        ),
        reference(
            "reference_to_the_response",
            "the assertion's signature must refer to the assertion",
            reference_to(&format!("#{RESPONSE_ID}")),
        ),
        reference("reference_to_nothing", "no element has that ID", reference_to("#_nothing")),
        reference(
            "reference_by_xpointer",
            "an XPointer could select anything",
            reference_to(&format!("#xpointer(id('{ASSERTION_ID}'))")),
        ),
        reference(
            "reference_outside",
            "nothing is ever fetched",
            reference_to("https://idp.example/assertion.xml"),
        ),
        case(
            "digest_value_with_comment",
            "SG2015",
            "CVE-2025-29775",
            "two readers could see two digests",
            swap(&one, "<ds:DigestValue>", "<ds:DigestValue>AAAA<!-- -->"),
        ),
        case(
            "signature_value_with_comment",
            "SG2015",
            "CVE-2025-29775",
            "two readers could see two values",
            swap(&one, "<ds:SignatureValue>", "<ds:SignatureValue><!-- -->"),
        ),
    ]
}

fn algorithms() -> Vec<Case> {
    let one = by_assertion(|_| {});
    let unsigned = Message::default().render();
    let scheme = |name, comment, uri: &str| {
        case(
            name,
            "SG3006",
            "XML-DSig 6.4",
            comment,
            swap(&one, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", uri),
        )
    };
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let method = format!("<ds:CanonicalizationMethod Algorithm=\"{exclusive}\">");
    let transform = format!("<ds:Transform Algorithm=\"{exclusive}\">");
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    vec![
        scheme(
            "hmac_sha1",
            "the public key as an HMAC secret",
            "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        ),
        scheme(
            "hmac_sha256",
            "the public key as an HMAC secret",
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        ),
        scheme("dsa_sha1", "an algorithm that we do not have", "http://www.w3.org/2000/09/xmldsig#dsa-sha1"),
        scheme(
            "rsa_md5",
            "an algorithm that nobody should have",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        ),
        scheme("algorithm_unknown", "an algorithm that nobody has", "urn:x"),
        case(
            "rsa_sha1",
            "SG3006",
            "RFC 9231 2.3.1",
            "a genuine SHA-1 signature, which is off by default",
            signed(&unsigned, ASSERTION_ID, "rsa2048", SignatureScheme::RsaSha1, &[]),
        ),
        case(
            "rsa_named_as_ecdsa",
            "SG3010",
            "XML-DSig 6.4",
            "the configured key does not fit the algorithm that the message names",
            swap(&one, "#rsa-sha256", "#ecdsa-sha256"),
        ),
        case(
            "rsa_named_as_ecdsa_with_both_keys",
            "SG3012",
            "XML-DSig 6.4",
            "an RSA value of 256 bytes is no P-256 signature",
            swap(&one, "#rsa-sha256", "#ecdsa-sha256"),
        )
        .field("keys", "[rsa2048, p256]"),
        case(
            "ecdsa_named_as_rsa",
            "SG3005",
            "XML-DSig 6.4",
            "an ECDSA value is no RSA signature",
            swap(
                &signed(&unsigned, ASSERTION_ID, "p256", SignatureScheme::EcdsaSha256, &[]),
                "#ecdsa-sha256",
                "#rsa-sha256",
            ),
        )
        .field("keys", "[rsa2048, p256]"),
        case(
            "ecdsa_key_not_configured",
            "SG3010",
            "XML-DSig 6.4",
            "only an RSA key is configured",
            signed(&unsigned, ASSERTION_ID, "p256", SignatureScheme::EcdsaSha256, &[]),
        ),
        case(
            "digest_sha1",
            "SG3009",
            "XML-DSig 6.2",
            "a SHA-1 digest under a SHA-256 signature",
            swap(&one, "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"),
        ),
        case(
            "digest_md5",
            "SG3009",
            "XML-DSig 6.2",
            "a digest that nobody should have",
            swap(
                &one,
                "http://www.w3.org/2001/04/xmlenc#sha256",
                "http://www.w3.org/2001/04/xmldsig-more#md5",
            ),
        ),
        case(
            "signed_info_inclusive",
            "SG3007",
            "core 5.4.3",
            "inclusive canonical XML depends on the context",
            swap(&one, &method, &swap(&method, exclusive, inclusive)),
        ),
        case(
            "signed_info_canonicalized_by_nobody",
            "SG3007",
            "CVE-2025-66568",
            "an unknown canonicalization must not become an empty text",
            swap(&one, &method, &swap(&method, exclusive, "urn:x")),
        ),
        case(
            "transform_inclusive",
            "SG3008",
            "core 5.4.4",
            "inclusive canonical XML depends on the context",
            swap(&one, &transform, &swap(&transform, exclusive, inclusive)),
        ),
        case(
            "transform_xslt",
            "SG3008",
            "core 5.4.4",
            "a transform could turn anything into anything",
            swap(
                &one,
                &transform,
                &swap(&transform, exclusive, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
            ),
        ),
        case(
            "transform_xpath",
            "SG3008",
            "core 5.4.4",
            "a transform could leave out the name",
            swap(
                &one,
                &transform,
                &swap(&transform, exclusive, "http://www.w3.org/TR/1999/REC-xpath-19991116"),
            ),
        ),
        case(
            "transform_added",
            "SG3008",
            "core 5.4.4",
            "base64 as a third transform",
            swap(
                &one,
                "</ds:Transforms>",
                "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#base64\"/></ds:Transforms>",
            ),
        ),
    ]
}

/// Signature wrapping, numbered as SAML Raider numbers it, and its relatives.
fn wrapping() -> Vec<Case> {
    let xsw = |name, expect, comment, xml| case(name, expect, "XSW", comment, xml);
    let one = by_assertion(|_| {});
    let whole = by_response(|_| {});
    let genuine = assertion_of(&one).to_owned();
    let signature = signature_of(&one).to_owned();
    let bare = without_signature(&genuine);
    let evil = swap(&swap(&bare, ASSERTION_ID, "_evil"), ">alice<", ">admin<");
    let evil_signed = swap(&evil, "</saml:Issuer>", &format!("</saml:Issuer>{signature}"));
    let instead = |assertion: &str| swap(&one, &genuine, assertion);
    let inside_evil = |text: &str| swap(&evil, "</saml:Assertion>", &format!("{text}</saml:Assertion>"));

    let whole_signature = signature_of(&whole).to_owned();
    let whole_bare = without_signature(&whole);
    let evil_response = swap(&swap(&whole_bare, RESPONSE_ID, "_evil-response"), ASSERTION_ID, "_evil")
        .replace(">alice<", ">admin<");
    let into_evil_response =
        |text: &str| swap_first(&evil_response, "</saml:Issuer>", &format!("</saml:Issuer>{text}"));
    let extensions = |text: &str| format!("<samlp:Extensions>{text}</samlp:Extensions>");
    let advice = |text: &str| format!("<saml:Advice>{text}</saml:Advice>");
    vec![
        xsw(
            "xsw1_response_in_its_own_signature",
            "SG3002",
            "evil response; the signed one is inside the signature",
            into_evil_response(&swap(
                &whole_signature,
                "</ds:Signature>",
                &format!("{whole_bare}</ds:Signature>"),
            )),
        ),
        xsw(
            "xsw1_response_in_object",
            "SG3002",
            "evil response; the signed one is in ds:Object",
            into_evil_response(&swap(
                &whole_signature,
                "</ds:Signature>",
                &format!("<ds:Object>{whole_bare}</ds:Object></ds:Signature>"),
            )),
        ),
        xsw(
            "xsw2_response_before_signature",
            "SG4024",
            "evil response; the signed one stands before the signature",
            into_evil_response(&format!("{whole_bare}{whole_signature}")),
        ),
        xsw(
            "xsw2_response_in_extensions",
            "SG4024",
            "evil response; the signed one is in Extensions",
            into_evil_response(&format!("{whole_signature}{}", extensions(&whole_bare))),
        ),
        xsw(
            "xsw2_signed_response_as_last_child",
            "SG4024",
            "evil response with a complete signed one behind its assertion",
            swap(&evil_response, "</samlp:Response>", &format!("{whole}</samlp:Response>")),
        ),
        xsw(
            "xsw2_reference_to_another_response",
            "SG3003",
            "evil response with the signature of another one",
            into_evil_response(&whole_signature),
        ),
        xsw(
            "xsw3_evil_before",
            "SG4008",
            "evil assertion before the signed one",
            instead(&format!("{evil}{genuine}")),
        ),
        xsw(
            "xsw3_evil_after",
            "SG4008",
            "evil assertion behind the signed one",
            instead(&format!("{genuine}{evil}")),
        ),
        xsw(
            "xsw3_evil_beside_in_signed_response",
            "SG4008",
            "evil assertion added to a signed response",
            swap(&whole, "</saml:Assertion>", &format!("</saml:Assertion>{evil}")),
        ),
        xsw(
            "xsw4_genuine_inside_evil",
            "SG3001",
            "evil assertion around the signed one",
            instead(&inside_evil(&genuine)),
        ),
        xsw(
            "xsw4_genuine_inside_evil_with_signature",
            "SG3003",
            "evil assertion around the signed one, carrying its signature",
            instead(&swap(&evil_signed, "</saml:Assertion>", &format!("{bare}</saml:Assertion>"))),
        ),
        xsw(
            "xsw5_signature_on_evil_genuine_after",
            "SG4008",
            "the signature moved to the evil assertion, the signed one follows",
            instead(&format!("{evil_signed}{bare}")),
        ),
        xsw(
            "xsw6_genuine_inside_signature",
            "SG3002",
            "the signed assertion inside the signature of the evil one",
            instead(&swap(&evil_signed, "</ds:Signature>", &format!("{bare}</ds:Signature>"))),
        ),
        xsw(
            "xsw7_evil_in_extensions",
            "SG4024",
            "evil assertion in Extensions, where a search would find it first",
            swap(&one, "<samlp:Status>", &format!("{}<samlp:Status>", extensions(&evil))),
        ),
        xsw(
            "xsw7_genuine_in_extensions",
            "SG4024",
            "the signed assertion in Extensions, the evil one in its place",
            swap(&instead(&evil), "<samlp:Status>", &format!("{}<samlp:Status>", extensions(&genuine))),
        ),
        xsw(
            "xsw7_genuine_deep_in_extensions",
            "SG4024",
            "the same, hidden below a foreign element",
            swap(
                &instead(&evil_signed),
                "<samlp:Status>",
                &format!("{}<samlp:Status>", extensions(&format!("<x:y xmlns:x=\"urn:x\">{bare}</x:y>"))),
            ),
        ),
        xsw(
            "xsw8_genuine_in_object",
            "SG3002",
            "the signed assertion in ds:Object of the evil one's signature",
            instead(&swap(
                &evil_signed,
                "</ds:Signature>",
                &format!("<ds:Object>{bare}</ds:Object></ds:Signature>"),
            )),
        ),
        xsw(
            "xsw8_genuine_in_key_info",
            "SG3003",
            "the signed assertion in KeyInfo of the evil one's signature",
            instead(&swap(&evil_signed, "</ds:KeyInfo>", &format!("{bare}</ds:KeyInfo>"))),
        ),
        xsw(
            "xsw9_genuine_in_advice",
            "SG3003",
            "the signed assertion in Advice of the evil one, which carries the signature",
            instead(&swap(
                &evil_signed,
                "</saml:Conditions>",
                &format!("</saml:Conditions>{}", advice(&bare)),
            )),
        ),
        xsw(
            "xsw9_signed_genuine_in_advice",
            "SG3001",
            "the signed assertion with its signature in Advice of the evil one",
            instead(&swap(&evil, "</saml:Conditions>", &format!("</saml:Conditions>{}", advice(&genuine)))),
        ),
        xsw(
            "xsw_genuine_in_status_detail",
            "SG4024",
            "the signed assertion in StatusDetail, the evil one in its place",
            swap(
                &instead(&evil_signed),
                "</samlp:Status>",
                &format!("<samlp:StatusDetail>{bare}</samlp:StatusDetail></samlp:Status>"),
            ),
        ),
        xsw(
            "xsw_genuine_in_attribute_value",
            "SG3003",
            "the signed assertion in an attribute of the evil one",
            instead(&swap(
                &evil_signed,
                "<saml:AttributeValue>jira-users",
                &format!("<saml:AttributeValue>{bare}</saml:AttributeValue><saml:AttributeValue>jira-users"),
            )),
        ),
        xsw(
            "xsw_genuine_in_subject_confirmation",
            "SG3003",
            "the signed assertion in SubjectConfirmationData of the evil one",
            instead(&swap(
                &evil_signed,
                "<saml:SubjectConfirmationData",
                &format!(
                    "<saml:SubjectConfirmationData>{bare}</saml:SubjectConfirmationData><saml:SubjectConfirmationData"
                ),
            )),
        ),
        xsw(
            "xsw_same_id",
            "SG2014",
            "evil assertion with the ID of the signed one",
            instead(&format!("{}{genuine}", swap(&evil, "_evil", ASSERTION_ID))),
        ),
        xsw(
            "xsw_same_id_in_extensions",
            "SG2014",
            "the same in Extensions",
            swap(
                &one,
                "<samlp:Status>",
                &format!("{}<samlp:Status>", extensions(&swap(&evil, "_evil", ASSERTION_ID))),
            ),
        ),
        xsw(
            "xsw_same_id_by_xml_id",
            "SG2014",
            "xml:id is an ID too",
            swap(&one, "<samlp:Status>", &format!("<samlp:Status xml:id=\"{ASSERTION_ID}\">")),
        ),
        xsw(
            "xsw_same_id_in_lower_case",
            "SG2014",
            "some software takes any id attribute for an ID",
            swap(&one, "<samlp:Status>", &format!("<samlp:Status id=\"{ASSERTION_ID}\">")),
        ),
        xsw(
            "xsw_evil_takes_the_id",
            "SG3004",
            "evil assertion with ID and signature of the signed one, which is gone",
            instead(&swap(&evil_signed, "_evil", ASSERTION_ID)),
        ),
        xsw(
            "xsw_wrapped_in_foreign_element",
            "SG4024",
            "the signed assertion below a foreign element",
            instead(&format!("<x:y xmlns:x=\"urn:x\">{genuine}</x:y>")),
        ),
        xsw(
            "xsw_evil_namespace",
            "SG4024",
            "an assertion in a look-alike namespace beside the signed one",
            instead(&format!(
                "{}{genuine}",
                evil.replace(
                    "urn:oasis:names:tc:SAML:2.0:assertion",
                    "urn:oasis:names:tc:SAML:2.0:assertion#"
                )
            )),
        ),
        xsw(
            "xsw_encrypted_beside_signed",
            "SG4008",
            "an encrypted assertion beside the signed one",
            instead(&format!("{genuine}<saml:EncryptedAssertion/>")),
        ),
        xsw(
            "xsw_advice_inside_signed_octets",
            "SG4024",
            "an assertion in Advice that the identity provider itself signed",
            by_assertion(|m| m.advice = advice(&evil)),
        ),
        xsw(
            "xsw_attribute_inside_signed_octets",
            "SG4024",
            "an assertion in an attribute that the identity provider itself signed",
            by_assertion(|m| m.attribute_statement = attributes(&attribute("x", &[&evil]))),
        ),
    ]
}

fn values() -> Vec<Case> {
    let one = by_assertion(|_| {});
    let comment = |name, from: &str, to: &str| {
        case(
            name,
            "SG2015",
            "CVE-2017-11427",
            "a comment splits a value; software has cut names there",
            swap(&one, from, to),
        )
    };
    vec![
        comment("comment_in_name_id", ">alice<", ">al<!-- -->ice<"),
        comment("comment_at_end_of_name_id", ">alice<", ">alice<!---->.evil.example<"),
        comment("comment_in_attribute_value", ">jira-admins<", ">jira-<!-- -->admins<"),
        comment("comment_in_issuer", &format!("<saml:Issuer>{IDP}"), &format!("<saml:Issuer><!-- -->{IDP}")),
        comment(
            "comment_in_audience",
            &format!("<saml:Audience>{SP}"),
            &format!("<saml:Audience>{SP}<!-- -->"),
        ),
        case(
            "comment_in_response_signed_name_id",
            "SG2015",
            "CVE-2017-11428",
            "the same under a signed response",
            swap(&by_response(|_| {}), ">alice<", ">alice<!-- -->@evil.example<"),
        ),
        case(
            "comment_signed_with_comments",
            "SG2015",
            "CVE-2017-11427",
            "a comment that the canonical form drops, written before signing",
            by_assertion(|m| {
                m.name_id = String::from("<saml:NameID>admin<!-- -->@evil.example</saml:NameID>")
            }),
        ),
        case(
            "element_in_name_id",
            "SG2015",
            "core 2.2.3",
            "an element inside a name",
            by_assertion(|m| {
                m.name_id = String::from("<saml:NameID>admin<x:y xmlns:x=\"urn:x\"/></saml:NameID>")
            }),
        ),
        case(
            "element_in_audience",
            "SG2015",
            "core 2.5.1.4",
            "an element inside an audience",
            by_assertion(|m| {
                m.conditions = conditions(-60, 300, &audience(&format!("{SP}<x:y xmlns:x=\"urn:x\"/>")))
            }),
        ),
        case(
            "processing_instruction_in_name_id",
            "SG2005",
            "XML 2.6",
            "a processing instruction splits a value",
            swap(&one, ">alice<", ">al<?x?>ice<"),
        ),
        case(
            "doctype",
            "SG2004",
            "XML 2.8",
            "a document type declaration",
            format!("<!DOCTYPE x [<!ENTITY a \"admin\">]>{one}"),
        ),
        case(
            "entity_in_name_id",
            "SG2012",
            "XML 4.1",
            "an entity that nobody declared",
            swap(&one, ">alice<", ">&admin;<"),
        ),
        case(
            "text_behind_the_document",
            "SG2013",
            "XML 2.1",
            "a second document follows",
            format!("{one}{one}"),
        ),
        case(
            "namespace_declared_twice",
            "SG2010",
            "CVE-2025-25291",
            "two parsers would choose differently",
            swap_first(&one, "<saml:Assertion ", "<saml:Assertion xmlns:saml=\"urn:x\" "),
        ),
        case(
            "name_id_missing",
            "SG4026",
            "core 2.4.1",
            "no NameID, and the user name is to be the NameID",
            by_assertion(|m| m.name_id.clear()),
        ),
        case(
            "username_attribute_missing",
            "SG4040",
            "E8",
            "no fall-back to the NameID",
            by_assertion(|_| {}),
        )
        .field("username_attribute", "uid")
        .field("covers", "[E8]"),
        case(
            "username_with_line_break",
            "SG4041",
            "E9",
            "a name that would break a header",
            by_assertion(|m| {
                m.name_id = String::from("<saml:NameID>alice&#10;X-Remote-User: admin</saml:NameID>")
            }),
        )
        .field("covers", "[E9]"),
        case(
            "username_empty",
            "SG4041",
            "E9",
            "an empty name",
            by_assertion(|m| m.name_id = String::from("<saml:NameID/>")),
        )
        .field("covers", "[E9]"),
        case(
            "username_padded",
            "SG4041",
            "E9",
            "alice with a space is not alice",
            by_assertion(|m| m.name_id = String::from("<saml:NameID>alice </saml:NameID>")),
        )
        .field("covers", "[E9]"),
        case("username_pattern_mismatch", "SG4041", "E9", "no match, no name", by_assertion(|_| {}))
            .field("username_pattern", "\"[a-z]+@example\\\\.com\"")
            .field("covers", "[E9]"),
    ]
}

fn envelope() -> Vec<Case> {
    let one = by_assertion(|_| {});
    let root = |name, comment, from: &str, to: &str| {
        case(name, "SG4001", "profiles 4.1.4.2", comment, swap(&one, from, to))
    };
    let version = |name, comment, xml| case(name, "SG4002", "core 3.2.2", comment, xml);
    let issuer = |name, comment, xml| case(name, "SG4005", "profiles 4.1.4.2", comment, xml);
    let failed = |name, comment, xml| case(name, "SG4003", "core 3.2.2.2", comment, xml);
    let destination = |name, comment, xml| case(name, "SG4006", "bindings 3.5.5.2", comment, xml);
    let schema = |name, comment, xml| case(name, "SG4024", "core 3.2.2", comment, xml);
    let response_issuer = |text: &str| format!("<saml:Issuer>{text}</saml:Issuer>");
    let with_status = |text: &str| Message::with(|m| m.status = text.to_owned());
    let mut alone = with_status(&status("Requester", "RequestDenied"));
    alone.no_assertion = true;
    let nested_success = status("Responder", "Success");
    vec![
        root(
            "root_logout_response",
            "a LogoutResponse is not a Response",
            "samlp:Response",
            "samlp:LogoutResponse",
        ),
        root(
            "root_artifact_response",
            "an ArtifactResponse is not a Response",
            "samlp:Response",
            "samlp:ArtifactResponse",
        ),
        root("root_authn_request", "our own kind of message", "samlp:Response", "samlp:AuthnRequest"),
        root(
            "root_saml11",
            "a Response of SAML 1.1",
            "urn:oasis:names:tc:SAML:2.0:protocol",
            "urn:oasis:names:tc:SAML:1.0:protocol",
        ),
        case(
            "root_assertion",
            "SG4001",
            "profiles 4.1.4.2",
            "an assertion without a response around it",
            assertion_of(&one).to_owned(),
        ),
        case(
            "root_soap",
            "SG4001",
            "profiles 4.1.4.2",
            "a response inside an envelope",
            format!(
                "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{one}</s:Body></s:Envelope>"
            ),
        ),
        version(
            "response_version_11",
            "Version of the response",
            by_assertion(|m| m.response_version = Some(String::from("1.1"))),
        ),
        version(
            "response_version_missing",
            "Version of the response is missing",
            by_assertion(|m| m.response_version = None),
        ),
        version(
            "response_version_padded",
            "Version is compared exactly",
            by_assertion(|m| m.response_version = Some(String::from(" 2.0"))),
        ),
        schema(
            "response_id_missing",
            "ID of the response is missing",
            by_assertion(|m| m.response_id = None),
        ),
        schema(
            "response_id_digit",
            "an ID does not begin with a digit",
            by_assertion(|m| m.response_id = Some(String::from("1abc"))),
        ),
        schema(
            "response_id_empty",
            "an ID is not empty",
            by_assertion(|m| m.response_id = Some(String::new())),
        ),
        schema(
            "response_issue_instant_missing",
            "IssueInstant of the response is missing",
            by_assertion(|m| m.response_issued = None),
        ),
        case(
            "response_issue_instant_malformed",
            "SG4023",
            "core 1.3.3",
            "an instant with an offset",
            by_assertion(|m| m.response_issued = Some(String::from("2026-01-02T03:04:05+00:00"))),
        ),
        issuer(
            "response_issuer_other",
            "the response comes from somebody else",
            by_assertion(|m| m.response_issuer = response_issuer("https://evil.example")),
        ),
        issuer(
            "response_issuer_other_signed",
            "the same, signed with a good key",
            by_response(|m| m.response_issuer = response_issuer("https://evil.example")),
        ),
        issuer(
            "response_issuer_case",
            "entity ids are compared exactly",
            by_assertion(|m| m.response_issuer = response_issuer("https://IDP.example/metadata")),
        ),
        issuer(
            "response_issuer_format",
            "Format other than entity",
            by_assertion(|m| {
                m.response_issuer = format!(
                    "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">{IDP}</saml:Issuer>"
                )
            }),
        ),
        schema(
            "response_issuer_empty",
            "Issuer of the response is empty",
            by_assertion(|m| m.response_issuer = response_issuer(" ")),
        ),
        failed(
            "status_requester",
            "the identity provider refuses",
            with_status(&status("Requester", "InvalidNameIDPolicy")).render(),
        ),
        failed(
            "status_without_assertion",
            "the usual shape of a failure: unsigned, no assertion",
            alone.render(),
        ),
        failed("status_signed", "a signed failure", sign_response(&alone.render())),
        failed(
            "status_success_only_nested",
            "only the top-level code counts",
            sign_assertion(&with_status(&nested_success).render()),
        ),
        failed(
            "status_success_beside_signed_assertion",
            "a failure with a good assertion is a failure",
            sign_assertion(&with_status(&status("Responder", "AuthnFailed")).render()),
        ),
        failed(
            "status_case",
            "codes are compared exactly",
            sign_assertion(&with_status(&status("success", "")).render()),
        ),
        schema("status_missing", "Status is missing", by_assertion(|m| m.status.clear())),
        schema(
            "status_code_missing",
            "StatusCode is missing",
            by_assertion(|m| m.status = String::from("<samlp:Status/>")),
        ),
        schema(
            "status_value_missing",
            "Value of StatusCode is missing",
            by_assertion(|m| m.status = String::from("<samlp:Status><samlp:StatusCode/></samlp:Status>")),
        ),
        schema(
            "status_twice",
            "two Status elements",
            by_assertion(|m| m.status = status("Success", "").repeat(2)),
        ),
        destination(
            "destination_missing_response_signed",
            "a signed response must name its destination",
            by_response(|m| m.destination = None),
        ),
        destination(
            "destination_missing_both_signed",
            "a signed response must name its destination",
            by_both(|m| m.destination = None),
        ),
        destination(
            "destination_empty",
            "an empty destination is one",
            by_assertion(|m| m.destination = Some(String::new())),
        ),
        destination(
            "destination_other",
            "posted to another address",
            by_assertion(|m| m.destination = Some(String::from("https://evil.example/saml/acs"))),
        ),
        destination(
            "destination_other_response_signed",
            "signed for another address",
            by_response(|m| m.destination = Some(String::from("https://wiki.example/saml/acs"))),
        ),
        destination(
            "destination_trailing_slash",
            "addresses are compared exactly",
            by_response(|m| m.destination = Some(format!("{ACS}/"))),
        ),
        destination(
            "destination_prefix",
            "a longer address that begins like ours",
            by_response(|m| m.destination = Some(format!("{ACS}.evil.example"))),
        ),
        case(
            "response_in_response_to_missing",
            "SG4015",
            "core 3.2.2",
            "the response answers no request",
            by_assertion(|m| m.in_response_to = None),
        ),
        case(
            "response_in_response_to_missing_signed",
            "SG4015",
            "core 3.2.2",
            "the signed response answers no request",
            by_response(|m| m.in_response_to = None),
        ),
        case(
            "response_in_response_to_other",
            "SG4014",
            "core 3.2.2",
            "the response answers another request",
            by_assertion(|m| m.in_response_to = Some(String::from("_ffffffffffffffffffffffffffffffff"))),
        ),
        case(
            "response_in_response_to_case",
            "SG4014",
            "core 3.2.2",
            "identifiers are compared exactly",
            by_assertion(|m| m.in_response_to = Some(REQUEST.to_uppercase())),
        ),
        case(
            "response_in_response_to_empty",
            "SG4014",
            "core 3.2.2",
            "an empty identifier is none of ours",
            by_assertion(|m| m.in_response_to = Some(String::new())),
        ),
        case(
            "unsolicited",
            "SG4015",
            "profiles 4.1.5",
            "a sign-in that began at the identity provider",
            by_assertion(|m| {
                m.in_response_to = None;
                m.confirmations = swap(&m.confirmations, &format!(" InResponseTo=\"{REQUEST}\""), "");
            }),
        ),
        case(
            "assertion_missing",
            "SG4007",
            "profiles 4.1.4.2",
            "success without an assertion",
            Message::with(|m| m.no_assertion = true).render(),
        ),
        case(
            "assertion_missing_response_signed",
            "SG4007",
            "profiles 4.1.4.2",
            "signed success without an assertion",
            by_response(|m| m.no_assertion = true),
        ),
        case(
            "assertion_twice",
            "SG4008",
            "profiles 4.1.4.2",
            "two assertions in one signed response",
            by_response(|m| m.after_assertion = swap(&m.assertion(), ASSERTION_ID, "_assertion-2")),
        ),
        case(
            "assertion_encrypted",
            "SG4009",
            "core 2.3.4",
            "an encrypted assertion",
            by_response(|m| {
                m.no_assertion = true;
                m.after_assertion = String::from(
                    "<saml:EncryptedAssertion><x:y xmlns:x=\"http://www.w3.org/2001/04/xmlenc#\"/></saml:EncryptedAssertion>",
                );
            }),
        ),
    ]
}

fn assertion() -> Vec<Case> {
    let schema = |name, comment, xml| case(name, "SG4024", "core 2.3.3", comment, xml);
    let issuer = |name, comment, xml| case(name, "SG4005", "profiles 4.1.4.2", comment, xml);
    vec![
        case(
            "assertion_version_11",
            "SG4002",
            "core 2.3.3",
            "Version of the assertion",
            by_assertion(|m| m.assertion_version = Some(String::from("1.1"))),
        ),
        case(
            "assertion_version_missing",
            "SG4002",
            "core 2.3.3",
            "Version of the assertion is missing",
            by_assertion(|m| m.assertion_version = None),
        ),
        schema(
            "assertion_id_missing",
            "ID of the assertion is missing",
            by_response(|m| m.assertion_id = None),
        ),
        schema(
            "assertion_id_digit",
            "an ID does not begin with a digit",
            by_response(|m| m.assertion_id = Some(String::from("1abc"))),
        ),
        schema(
            "assertion_issue_instant_missing",
            "IssueInstant of the assertion is missing",
            by_assertion(|m| m.assertion_issued = None),
        ),
        case(
            "assertion_issue_instant_malformed",
            "SG4023",
            "core 1.3.3",
            "an instant without Z",
            by_assertion(|m| m.assertion_issued = Some(String::from("2026-01-02T03:04:05"))),
        ),
        schema(
            "assertion_issuer_missing",
            "Issuer of the assertion is missing",
            by_assertion(|m| m.assertion_issuer.clear()),
        ),
        schema(
            "assertion_issuer_empty",
            "Issuer of the assertion is empty",
            by_assertion(|m| m.assertion_issuer = String::from("<saml:Issuer/>")),
        ),
        schema(
            "assertion_issuer_twice",
            "two Issuer elements",
            by_response(|m| m.assertion_issuer = m.assertion_issuer.repeat(2)),
        ),
        issuer(
            "assertion_issuer_other",
            "the assertion comes from somebody else, signed with a good key",
            by_assertion(|m| {
                m.assertion_issuer = String::from("<saml:Issuer>https://evil.example</saml:Issuer>")
            }),
        ),
        issuer(
            "assertion_issuer_other_response_signed",
            "the same under a signed response",
            by_response(|m| {
                m.assertion_issuer = String::from("<saml:Issuer>https://evil.example</saml:Issuer>")
            }),
        ),
        issuer(
            "assertion_issuer_slash",
            "entity ids are compared exactly",
            by_assertion(|m| m.assertion_issuer = format!("<saml:Issuer>{IDP}/</saml:Issuer>")),
        ),
        issuer(
            "assertion_issuer_format",
            "Format other than entity",
            by_assertion(|m| {
                m.assertion_issuer = format!(
                    "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\">{IDP}</saml:Issuer>"
                )
            }),
        ),
    ]
}

fn subject() -> Vec<Case> {
    let lacking = |name, comment, xml| case(name, "SG4010", "profiles 4.1.4.2", comment, xml);
    let confirmed = |attributes: &str| by_assertion(|m| m.confirmations = bearer(attributes));
    let other_method =
        |method: &str| by_assertion(|m| m.confirmations = swap(&m.confirmations, "cm:bearer", method));
    let good = good_confirmation();
    let without = |attribute: &str| {
        let text = good.split(' ').filter(|part| !part.starts_with(attribute)).collect::<Vec<_>>().join(" ");
        confirmed(&text)
    };
    let with_recipient = |recipient: &str| confirmed(&swap(&good, ACS, recipient));
    vec![
        lacking("subject_missing", "no Subject", by_assertion(|m| m.subject.clear())),
        lacking("confirmation_missing", "no SubjectConfirmation", by_assertion(|m| m.confirmations.clear())),
        lacking(
            "confirmation_holder_of_key",
            "only a holder-of-key confirmation",
            other_method("cm:holder-of-key"),
        ),
        lacking(
            "confirmation_sender_vouches",
            "only a sender-vouches confirmation",
            other_method("cm:sender-vouches"),
        ),
        lacking("confirmation_method_case", "methods are compared exactly", other_method("cm:Bearer")),
        case(
            "confirmation_method_missing",
            "SG4024",
            "core 2.4.1.1",
            "no Method",
            by_assertion(|m| {
                m.confirmations =
                    swap(&m.confirmations, " Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"", "")
            }),
        ),
        lacking(
            "confirmation_data_missing",
            "no SubjectConfirmationData",
            by_assertion(|m| {
                m.confirmations = String::from(
                    "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"/>",
                )
            }),
        ),
        lacking("recipient_missing", "no Recipient", without("Recipient")),
        lacking("confirmation_end_missing", "no NotOnOrAfter", without("NotOnOrAfter")),
        case(
            "confirmation_in_response_to_missing",
            "SG4015",
            "profiles 4.1.4.2",
            "the confirmation answers no request",
            without("InResponseTo"),
        ),
        case(
            "confirmation_in_response_to_other",
            "SG4014",
            "profiles 4.1.4.3",
            "the confirmation answers another request",
            confirmed(&swap(&good, REQUEST, "_ffffffffffffffffffffffffffffffff")),
        ),
        case(
            "recipient_other",
            "SG4011",
            "profiles 4.1.4.3",
            "meant for another address",
            with_recipient("https://wiki.example/saml/acs"),
        ),
        case("recipient_empty", "SG4011", "profiles 4.1.4.3", "meant for no address", with_recipient("")),
        case(
            "recipient_query",
            "SG4011",
            "profiles 4.1.4.3",
            "addresses are compared exactly",
            with_recipient(&format!("{ACS}?x=1")),
        ),
        case(
            "recipient_http",
            "SG4011",
            "profiles 4.1.4.3",
            "addresses are compared exactly",
            with_recipient("http://jira.example/saml/acs"),
        ),
        case(
            "confirmation_not_before",
            "SG4013",
            "profiles 4.1.4.2",
            "a bearer confirmation has no NotBefore",
            confirmed(&format!("NotBefore=\"{}\" {good}", at(-60))),
        ),
        case(
            "confirmation_end_malformed",
            "SG4023",
            "core 1.3.3",
            "an instant that is none",
            confirmed(&swap(&good, &at(300), "tomorrow")),
        ),
        case(
            "two_confirmations_none_good",
            "SG4011",
            "profiles 4.1.4.3",
            "the first finding is reported",
            by_assertion(|m| {
                m.confirmations = bearer(&swap(&good, ACS, "https://wiki.example/"))
                    + &bearer(&swap(&good, REQUEST, "_other"))
            }),
        ),
        case(
            "confirmations_are_not_mixed",
            "SG4011",
            "profiles 4.1.4.3",
            "what one confirmation lacks another cannot supply",
            by_assertion(|m| {
                m.confirmations = bearer(&swap(&good, ACS, "https://wiki.example/"))
                    + &swap(&bearer(&good), "cm:bearer", "cm:holder-of-key")
            }),
        ),
        case(
            "name_id_twice",
            "SG4024",
            "core 2.4.1",
            "two names",
            by_assertion(|m| m.name_id = m.name_id.repeat(2)),
        ),
        case(
            "name_id_behind_confirmation",
            "SG4024",
            "core 2.4.1",
            "a name out of order",
            by_assertion(|m| m.subject = String::from("<saml:Subject>CONFIRMATIONSNAME_ID</saml:Subject>")),
        ),
        case(
            "name_id_encrypted",
            "SG4009",
            "core 2.2.4",
            "an encrypted name",
            by_assertion(|m| m.name_id = String::from("<saml:EncryptedID/>")),
        ),
        case(
            "subject_twice",
            "SG4024",
            "core 2.3.3",
            "two subjects",
            by_assertion(|m| m.subject = m.subject.repeat(2)),
        ),
    ]
}

fn conditions_of() -> Vec<Case> {
    let audience_wrong = |name, comment, content: &str| {
        case(
            name,
            "SG4016",
            "core 2.5.1.4",
            comment,
            by_assertion(|m| m.conditions = conditions(-60, 300, content)),
        )
    };
    let unknown = |name, comment, content: &str| {
        let content = format!("{}{content}", audience(SP));
        case(
            name,
            "SG4020",
            "core 2.5.1.1",
            comment,
            by_assertion(|m| m.conditions = conditions(-60, 300, &content)),
        )
    };
    let schema = |name, comment, content: &str| {
        case(
            name,
            "SG4024",
            "core 2.5.1",
            comment,
            by_assertion(|m| m.conditions = conditions(-60, 300, content)),
        )
    };
    vec![
        case(
            "conditions_missing",
            "SG4017",
            "profiles 4.1.4.2",
            "no Conditions",
            by_assertion(|m| m.conditions.clear()),
        ),
        case(
            "audience_missing",
            "SG4017",
            "profiles 4.1.4.2",
            "no AudienceRestriction",
            by_assertion(|m| m.conditions = conditions(-60, 300, "")),
        ),
        audience_wrong("audience_other", "meant for another service", &audience("https://wiki.example/saml")),
        audience_wrong("audience_slash", "a trailing slash counts", &audience(&format!("{SP}/"))),
        audience_wrong(
            "audience_case",
            "entity ids are compared exactly",
            &audience("https://SP.example/saml"),
        ),
        audience_wrong(
            "audience_prefix",
            "a longer entity id that begins like ours",
            &audience(&format!("{SP}.evil.example")),
        ),
        audience_wrong(
            "audience_second_restriction_unsatisfied",
            "every restriction must hold",
            &(audience(SP) + &audience("https://wiki.example/saml")),
        ),
        audience_wrong(
            "audience_first_restriction_unsatisfied",
            "every restriction must hold",
            &(audience("https://wiki.example/saml") + &audience(SP)),
        ),
        schema("audience_empty", "an empty audience", &audience("")),
        schema("audience_restriction_empty", "a restriction without audience", "<saml:AudienceRestriction/>"),
        schema(
            "one_time_use_twice",
            "OneTimeUse is there at most once",
            &format!("{}<saml:OneTimeUse/><saml:OneTimeUse/>", audience(SP)),
        ),
        schema(
            "proxy_restriction_twice",
            "ProxyRestriction is there at most once",
            &format!("{}<saml:ProxyRestriction/><saml:ProxyRestriction/>", audience(SP)),
        ),
        schema("text_in_conditions", "text between conditions", &format!("{} x", audience(SP))),
        unknown(
            "condition_extended",
            "a condition of somebody's own type",
            "<saml:Condition xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"x:y\" xmlns:x=\"urn:x\"/>",
        ),
        unknown(
            "condition_foreign",
            "a condition of a foreign namespace",
            "<x:Condition xmlns:x=\"urn:x\"/>",
        ),
        unknown("condition_saml11", "a condition of SAML 1.1", "<saml:DoNotCacheCondition/>"),
        unknown(
            "audience_restriction_foreign",
            "a look-alike in a foreign namespace",
            "<x:AudienceRestriction xmlns:x=\"urn:x\"/>",
        ),
        case(
            "conditions_twice",
            "SG4024",
            "core 2.3.3",
            "two Conditions",
            by_assertion(|m| m.conditions = m.conditions.repeat(2)),
        ),
        case(
            "conditions_window_empty",
            "SG4024",
            "core 2.5.1.2",
            "a window that is never open",
            by_assertion(|m| m.conditions = conditions(30, 30, &audience(SP))),
        ),
        case(
            "conditions_begin_malformed",
            "SG4023",
            "core 1.3.3",
            "an instant that is none",
            by_assertion(|m| m.conditions = swap(&m.conditions, &at(-60), "")),
        ),
        case(
            "conditions_end_malformed",
            "SG4023",
            "core 1.3.3",
            "an instant with an offset",
            by_assertion(|m| m.conditions = swap(&m.conditions, &at(300), "2026-01-02T03:09:05+02:00")),
        ),
    ]
}

fn statements() -> Vec<Case> {
    let schema = |name, comment, xml| case(name, "SG4024", "core 2.7", comment, xml);
    vec![
        case(
            "authn_statement_missing",
            "SG4021",
            "profiles 4.1.4.2",
            "nobody says that anybody authenticated",
            by_assertion(|m| m.authn_statement.clear()),
        ),
        schema(
            "authn_instant_missing",
            "AuthnInstant is missing",
            by_assertion(|m| m.authn_statement = swap(&m.authn_statement, "AuthnInstant", "x")),
        ),
        case(
            "authn_instant_malformed",
            "SG4023",
            "core 1.3.3",
            "an instant that is none",
            by_assertion(|m| m.authn_statement = swap(&m.authn_statement, &at(-10), "1767323035")),
        ),
        schema(
            "authn_context_missing",
            "AuthnContext is missing",
            by_assertion(|m| {
                m.authn_statement = format!("<saml:AuthnStatement AuthnInstant=\"{}\"/>", at(-10))
            }),
        ),
        schema(
            "authn_context_with_assertion",
            "an assertion inside AuthnContext",
            by_assertion(|m| {
                m.authn_statement =
                    swap(&m.authn_statement, "</saml:AuthnContext>", "<saml:Assertion/></saml:AuthnContext>");
            }),
        ),
        schema(
            "authn_context_out_of_order",
            "an authority before the class",
            by_assertion(|m| {
                m.authn_statement = swap(
                    &m.authn_statement,
                    "<saml:AuthnContext>",
                    "<saml:AuthnContext><saml:AuthenticatingAuthority>x</saml:AuthenticatingAuthority>",
                );
            }),
        ),
        case(
            "session_end_malformed",
            "SG4023",
            "core 1.3.3",
            "an instant that is none",
            by_assertion(|m| m.authn_statement = authn("SessionNotOnOrAfter=\"never\"")),
        ),
        schema(
            "authz_decision_statement",
            "a statement that nobody sends and nobody reads",
            by_assertion(|m| m.attribute_statement.push_str("<saml:AuthzDecisionStatement/>")),
        ),
        schema(
            "statement_extended",
            "a statement of somebody's own type",
            by_assertion(|m| m.attribute_statement.push_str("<saml:Statement/>")),
        ),
        schema(
            "attribute_without_name",
            "an attribute without Name",
            by_assertion(|m| m.attribute_statement = attributes("<saml:Attribute/>")),
        ),
        schema(
            "attribute_statement_with_foreign_element",
            "a foreign element among attributes",
            by_assertion(|m| m.attribute_statement = attributes("<x:y xmlns:x=\"urn:x\"/>")),
        ),
        schema(
            "attribute_with_foreign_element",
            "a foreign element among values",
            by_assertion(|m| {
                m.attribute_statement =
                    attributes("<saml:Attribute Name=\"x\"><x:y xmlns:x=\"urn:x\"/></saml:Attribute>")
            }),
        ),
        schema(
            "attribute_value_with_two_names",
            "two NameID in one value",
            by_assertion(|m| {
                m.attribute_statement =
                    attributes(&attribute("x", &["<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>"]))
            }),
        ),
        case(
            "attribute_encrypted",
            "SG4009",
            "core 2.7.3.2",
            "leaving it out would change who somebody is",
            by_assertion(|m| m.attribute_statement = attributes("<saml:EncryptedAttribute/>")),
        ),
    ]
}

/// Every window to the second, with a skew of 60 s.
fn clock() -> Vec<Case> {
    let edge = |name, expect, section, comment, seconds, xml: &str| {
        case(name, expect, section, comment, xml.to_owned()).at(seconds)
    };
    let long = |m: &mut Message| {
        m.conditions = conditions(-60, 7_200, &audience(SP));
        m.confirmations = bearer(&swap(&good_confirmation(), &at(300), &at(7_200)));
    };
    let begins_late = by_assertion(|m| m.conditions = conditions(100, 300, &audience(SP)));
    let conditions_end = by_assertion(|m| {
        m.confirmations = bearer(&swap(&good_confirmation(), &at(300), &at(600)));
    });
    let confirmation_ends = by_assertion(|m| m.conditions = conditions(-60, 600, &audience(SP)));
    let session_ends =
        by_assertion(|m| m.authn_statement = authn(&format!("SessionNotOnOrAfter=\"{}\"", at(100))));
    let second_session_ends = by_assertion(|m| {
        m.authn_statement = authn(&format!("SessionNotOnOrAfter=\"{}\"", at(9_000)))
            + &authn(&format!("SessionNotOnOrAfter=\"{}\"", at(100)));
    });
    let early = by_assertion(|m| {
        long(m);
        m.conditions = conditions(-600, 7_200, &audience(SP));
    });
    let response_late = by_assertion(|m| m.response_issued = Some(at(61)));
    let assertion_late = by_assertion(|m| m.assertion_issued = Some(at(61)));
    let response_old = by_assertion(|m| m.response_issued = Some(at(-3_660)));
    let forever = by_assertion(|m| {
        m.conditions = format!("<saml:Conditions>{}</saml:Conditions>", audience(SP));
        m.confirmations = bearer(&swap(&good_confirmation(), &at(300), "9999-12-31T23:59:59Z"));
    });
    vec![
        edge(
            "clock_not_before_last_second_early",
            "SG4018",
            "core 2.5.1.2",
            "61 s before NotBefore",
            39,
            &begins_late,
        ),
        edge(
            "clock_not_before_first_second",
            "accept",
            "core 2.5.1.2",
            "60 s before NotBefore",
            40,
            &begins_late,
        ),
        edge(
            "clock_conditions_last_second",
            "accept",
            "core 2.5.1.2",
            "59 s behind NotOnOrAfter",
            359,
            &conditions_end,
        ),
        edge(
            "clock_conditions_first_second_late",
            "SG4019",
            "core 2.5.1.2",
            "60 s behind NotOnOrAfter",
            360,
            &conditions_end,
        ),
        edge(
            "clock_confirmation_last_second",
            "accept",
            "profiles 4.1.4.3",
            "59 s behind NotOnOrAfter",
            359,
            &confirmation_ends,
        )
        .field("acceptable_until", &(NOW + 360).to_string()),
        edge(
            "clock_confirmation_first_second_late",
            "SG4012",
            "profiles 4.1.4.3",
            "60 s behind NotOnOrAfter",
            360,
            &confirmation_ends,
        ),
        edge(
            "clock_session_last_second",
            "accept",
            "core 2.7.2",
            "59 s behind SessionNotOnOrAfter",
            159,
            &session_ends,
        ),
        edge(
            "clock_session_first_second_late",
            "SG4022",
            "core 2.7.2",
            "60 s behind SessionNotOnOrAfter",
            160,
            &session_ends,
        ),
        edge(
            "clock_second_session_first_second_late",
            "SG4022",
            "core 2.7.2",
            "the earliest of several ends counts",
            160,
            &second_session_ends,
        ),
        edge("clock_issued_first_second", "accept", "core 2.3.3", "60 s before IssueInstant", -60, &early),
        edge(
            "clock_issued_last_second_early",
            "SG4025",
            "core 2.3.3",
            "61 s before IssueInstant",
            -61,
            &early,
        ),
        edge(
            "clock_response_issued_in_the_future",
            "SG4025",
            "core 3.2.2",
            "the response is issued 61 s from now",
            0,
            &response_late,
        ),
        edge(
            "clock_assertion_issued_in_the_future",
            "SG4025",
            "core 2.3.3",
            "the assertion is issued 61 s from now",
            0,
            &assertion_late,
        ),
        edge(
            "clock_response_issued_long_ago",
            "SG4025",
            "core 3.2.2",
            "the response is older than any pending sign-in",
            0,
            &response_old,
        ),
        edge(
            "clock_old_last_second",
            "accept",
            "core 2.3.3",
            "an hour and 59 s after IssueInstant",
            3_659,
            &by_assertion(long),
        ),
        edge(
            "clock_old_first_second_late",
            "SG4025",
            "core 2.3.3",
            "an hour and 60 s after IssueInstant",
            3_660,
            &by_assertion(long),
        ),
        edge(
            "clock_forever",
            "accept",
            "profiles 4.1.4.5",
            "a confirmation that never ends is remembered for an hour",
            0,
            &forever,
        )
        .field("acceptable_until", &(NOW + 3_660).to_string()),
        edge(
            "clock_without_skew",
            "SG4012",
            "profiles 4.1.4.3",
            "without skew NotOnOrAfter is exact",
            300,
            &confirmation_ends,
        )
        .field("skew", "0"),
        edge(
            "clock_without_skew_last_second",
            "accept",
            "profiles 4.1.4.3",
            "without skew NotOnOrAfter is exact",
            299,
            &confirmation_ends,
        )
        .field("skew", "0"),
        edge(
            "clock_replay_lives_as_long_as_the_latest_confirmation",
            "accept",
            "profiles 4.1.4.5",
            "a confirmation for another request counts for the replay claim",
            0,
            &by_assertion(|m| {
                m.conditions = conditions(-60, 900, &audience(SP));
                m.confirmations = bearer(&good_confirmation())
                    + &bearer(&swap(&swap(&good_confirmation(), &at(300), &at(800)), REQUEST, "_other"));
            }),
        )
        .field("acceptable_until", &(NOW + 860).to_string()),
    ]
}

fn structure() -> Vec<Case> {
    let schema = |name, comment, xml| case(name, "SG4024", "core 3.2.2", comment, xml);
    let one = by_assertion(|_| {});
    vec![
        schema("text_in_response", "text between elements", swap(&one, "<samlp:Status>", "x<samlp:Status>")),
        schema(
            "text_in_signed_assertion",
            "text between elements",
            by_assertion(|m| m.advice = String::from("x")),
        ),
        schema(
            "foreign_element_in_response",
            "an element that does not belong there",
            swap(&one, "</samlp:Response>", "<x:y xmlns:x=\"urn:x\"/></samlp:Response>"),
        ),
        schema(
            "foreign_element_in_signed_assertion",
            "an element that does not belong there",
            by_assertion(|m| m.attribute_statement.push_str("<x:y xmlns:x=\"urn:x\"/>")),
        ),
        schema(
            "status_behind_assertion",
            "elements out of order",
            by_assertion(|m| core::mem::swap(&mut m.status, &mut m.after_assertion)),
        ),
        schema(
            "conditions_before_subject",
            "elements out of order",
            by_assertion(|m| core::mem::swap(&mut m.conditions, &mut m.subject)),
        ),
        schema(
            "issuer_behind_subject",
            "elements out of order",
            by_response(|m| core::mem::swap(&mut m.assertion_issuer, &mut m.subject)),
        ),
        schema(
            "subject_in_the_protocol_namespace",
            "the right name in the wrong namespace",
            by_assertion(|m| m.subject = m.subject.replace("saml:Subject", "samlp:Subject")),
        ),
        schema(
            "status_in_the_assertion_namespace",
            "the right name in the wrong namespace",
            by_assertion(|m| m.status = swap(&m.status, "samlp:Status>", "saml:Status>")),
        ),
        schema(
            "assertion_in_no_namespace",
            "the right name in no namespace",
            swap(&one, assertion_of(&one), "<Assertion/>"),
        ),
        schema(
            "response_in_response",
            "a response inside a response",
            swap(&one, "</samlp:Response>", "<samlp:Response/></samlp:Response>"),
        ),
    ]
}
