//! The cases of `tests/vectors/response` that a reviewer tried to get in with: somebody who has genuine responses about
//! himself, ciphertexts about others, every public key, and every byte of the message to choose.

use samlgate::effect::SignatureScheme;

use crate::encrypt::{Cipher, Encryption, Place, To};
use crate::response_cases::Case;
use crate::saml_response::*;

const KEY: &str = "rsa2048_decryption";
const SECOND: &str = "rsa2048_decryption_second";
const SAML: &str = " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";
const DS: &str = " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"";

pub fn all() -> Vec<Case> {
    let encrypted = [contexts(), unlike_signatures(), content_keys(), ciphers(), plaintexts(), places()];
    let encrypted = encrypted.into_iter().flatten();
    let encrypted = encrypted.map(|case| {
        if case.has("decryption") { case } else { case.field("decryption", "[rsa2048_decryption]") }
    });
    encrypted.chain(spellings()).chain(instants()).chain(names()).collect()
}

fn case(name: &'static str, expect: &'static str, comment: &'static str, xml: String) -> Case {
    Case { name, expect, section: "review", comment, fields: Vec::new(), xml }
}

/// The response around `plaintext`, encrypted as `how` says.
fn around(plaintext: &str, how: &Encryption<'_>) -> String {
    let message = Message::default().render();
    let assertion = assertion_of(&message).to_owned();
    swap(&message, &assertion, &how.encrypt("EncryptedAssertion", plaintext.as_bytes()))
}

fn holding(plaintext: &str) -> String {
    around(plaintext, &Encryption::to(&certificate(KEY)))
}

fn cbc(plaintext: &str) -> String {
    let own = certificate(KEY);
    around(plaintext, &Encryption { cipher: Cipher::Aes256Cbc, ..Encryption::to(&own) })
}

fn signed_assertion() -> String {
    assertion_of(&by_assertion(|_| {})).to_owned()
}

fn unsigned_assertion() -> String {
    Message::default().assertion()
}

/// The signed response, with declarations at its root that canonical XML drops, so that its signature still holds.
fn declaring(xml: &str, declarations: &str) -> String {
    swap_first(xml, "<samlp:Response ", &format!("<samlp:Response{declarations} "))
}

/// The text of the `index`th element between `begin` and `end`.
fn nth<'a>(xml: &'a str, begin: &str, end: &str, index: usize) -> &'a str {
    let start = xml.match_indices(begin).nth(index).unwrap().0;
    between(&xml[start..], begin, end)
}

/// Prefixes of a plaintext that the sender of the response may choose.
fn contexts() -> Vec<Case> {
    // The signature inside is good where `ds` means what it did, and no signature where it does not.
    let inner = swap_first(&signed_assertion(), &format!("<ds:Signature{DS}"), "<ds:Signature");
    let lent = sign_response(&holding(&inner));
    let bent = swap(&inner, ">alice<", ">admin<");
    let unprefixed = unsigned_assertion().replace("saml:", "").replace(SAML, "");
    let foreign = swap(
        &unsigned_assertion(),
        "<saml:Conditions",
        "<x:Signature><x:SignedInfo/></x:Signature><saml:Conditions",
    );
    let nil = |message: &mut Message| {
        message.attribute_statement = attributes(
            "<saml:Attribute Name=\"urn:oid:2.5.4.31\"><saml:AttributeValue>jira-users</saml:AttributeValue>\
             <saml:AttributeValue xsi:nil=\"true\">jira-admins</saml:AttributeValue></saml:Attribute>",
        );
    };
    let nil = sign_response(&holding(&Message::with(nil).assertion()));
    vec![
        case(
            "review_context_signature_prefix_lent",
            "accept",
            "the signature in the plaintext uses a prefix that the message declares",
            declaring(&lent, DS),
        )
        .field("username", "alice"),
        case(
            "review_context_signature_prefix_taken_away",
            "SG3017",
            "without the declaration the plaintext is not read at all, with the response's signature good",
            lent.clone(),
        ),
        case(
            "review_context_signature_prefix_rebound",
            "SG3017",
            "the sender's declaration makes the bad signature in the plaintext no signature, so that the response's would do",
            declaring(&sign_response(&holding(&bent)), " xmlns:ds=\"urn:x\""),
        ),
        case(
            "review_context_signature_bad_where_it_is_one",
            "SG3004",
            "the same with the true declaration",
            declaring(&sign_response(&holding(&bent)), DS),
        ),
        case(
            "review_context_signature_out_of_nothing",
            "SG3002",
            "the sender's declaration makes an element of the plaintext a signature",
            declaring(&sign_response(&holding(&foreign)), " xmlns:x=\"http://www.w3.org/2000/09/xmldsig#\""),
        ),
        case(
            "review_context_default_namespace_lent",
            "SG3017",
            "the sender's default namespace makes the plaintext an assertion",
            declaring(
                &sign_response(&holding(&unprefixed)),
                " xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
            ),
        ),
        case(
            "review_context_nil_unmade",
            "accept",
            "the sender's xsi is not that of the standard, but only the standard's counts",
            declaring(&nil, " xmlns:xsi=\"urn:x\""),
        )
        .field("groups", "[jira-users]"),
        case(
            "review_context_nil_made_by_another_prefix",
            "SG3017",
            "a prefix that the sender binds to the namespace of xsi gives nobody a nil",
            declaring(
                &sign_response(&holding(&swap(
                    &unsigned_assertion(),
                    "<saml:AttributeValue>jira-users",
                    "<saml:AttributeValue n:nil=\"1\">jira-users",
                ))),
                " xmlns:n=\"http://www.w3.org/2001/XMLSchema-instance\"",
            ),
        ),
    ]
}

/// Somebody else's ciphertext, or another of ours, under a signature that is not meant for it.
fn unlike_signatures() -> Vec<Case> {
    let one = holding(&signed_assertion());
    let stranger = |xml: &str| signed(xml, RESPONSE_ID, "rsa2048_second", SignatureScheme::RsaSha256, &[]);
    let whole = sign_response(&one);
    let flipped = |xml: &str, index: usize| {
        let value = nth(xml, "<xenc:CipherValue>", "</xenc:CipherValue>", index);
        let (head, first) = value.split_at("<xenc:CipherValue>".len());
        let other = if first.starts_with('A') { 'B' } else { 'A' };
        swap(xml, value, &format!("{head}{other}{}", &first[1..]))
    };
    let covered = sign_response(&cbc(&unsigned_assertion()));
    let other = swap(&one, RESPONSE_ID, "_response-2");
    let other = signed(&other, "_response-2", "rsa2048", SignatureScheme::RsaSha256, &[]);
    vec![
        case(
            "review_ciphertext_in_strangers_response",
            "SG3005",
            "a genuine ciphertext in a response that somebody else signed",
            stranger(&one),
        ),
        case(
            "review_cbc_in_strangers_response",
            "SG3005",
            "CBC is decrypted under a signature, but this one is nobody's",
            stranger(&cbc(&unsigned_assertion())),
        )
        .field("danger_allow_aes_cbc", "true"),
        case(
            "review_cbc_under_the_signature_of_another_response",
            "SG3004",
            "CBC under a genuine signature that covers another ciphertext of the same ID",
            swap(
                &covered,
                between(&covered, "<saml:EncryptedAssertion", "</saml:EncryptedAssertion>"),
                between(&cbc(&signed_assertion()), "<saml:EncryptedAssertion", "</saml:EncryptedAssertion>"),
            ),
        )
        .field("danger_allow_aes_cbc", "true"),
        case(
            "review_cbc_block_changed_in_signed_response",
            "SG3004",
            "the padding oracle's question: is not asked, because the signature does not hold",
            flipped(&covered, 1),
        )
        .field("danger_allow_aes_cbc", "true"),
        case(
            "review_cbc_key_changed_in_signed_response",
            "SG3004",
            "Manger's question: is not asked, because the signature does not hold",
            flipped(&covered, 0),
        )
        .field("danger_allow_aes_cbc", "true"),
        case(
            "review_cbc_demand_is_no_coverage",
            "SG3020",
            "CBC without the signature that covered it; the one inside is good",
            without_signature(&sign_response(&cbc(&signed_assertion()))),
        )
        .field("danger_allow_aes_cbc", "true"),
        case(
            "review_inner_signature_on_the_response",
            "SG3004",
            "the response has the ID of the assertion in the ciphertext, and its signature",
            swap_first(
                &swap(&one, RESPONSE_ID, ASSERTION_ID),
                "</saml:Issuer>",
                &format!("</saml:Issuer>{}", signature_of(&signed_assertion())),
            ),
        ),
        case(
            "review_same_id_outside_and_inside",
            "accept",
            "the response has the ID of the assertion in the ciphertext; each signature refers to its own parent",
            {
                let same = swap(&one, RESPONSE_ID, ASSERTION_ID);
                signed(&same, ASSERTION_ID, "rsa2048", SignatureScheme::RsaSha256, &[])
            },
        )
        .field("username", "alice"),
        case(
            "review_ciphertext_of_one_response_in_another",
            "SG3004",
            "two genuine responses: the ciphertext of one, the signature of the other",
            swap(
                &whole,
                between(&whole, "<saml:EncryptedAssertion", "</saml:EncryptedAssertion>"),
                between(
                    &holding(&swap(&signed_assertion(), "\n</saml:Assertion>", "\n\n</saml:Assertion>")),
                    "<saml:EncryptedAssertion",
                    "</saml:EncryptedAssertion>",
                ),
            ),
        ),
        case(
            "review_signature_of_one_response_on_another",
            "SG3003",
            "two genuine responses: the signature of one on the other",
            swap_first(
                &one,
                "</saml:Issuer>",
                &format!("</saml:Issuer>{}", signature_of(&other)),
            ),
        ),
        case(
            "review_outer_signature_stripped_and_sent_elsewhere",
            "SG4006",
            "the signature inside suffices, and the envelope can only be refused for what it says",
            swap(&without_signature(&whole), ACS, "https://evil.example/acs"),
        ),
    ]
}

/// Keys of one message with the content of another.
fn content_keys() -> Vec<Case> {
    let (own, second) = (certificate(KEY), certificate(SECOND));
    let both = "[rsa2048_decryption, rsa2048_decryption_second]";
    let genuine = holding(&signed_assertion());
    let chosen = holding(&swap(&unsigned_assertion(), ">alice<", ">admin<"));
    let key = |xml: &str| between(xml, "<xenc:EncryptedKey", "</xenc:EncryptedKey>").to_owned();
    let named = |key: &str, recipient: &str| {
        swap(key, " Id=\"_key-0\"", &format!(" Id=\"_key-{}\" Recipient=\"{recipient}\"", recipient.len()))
    };
    let (theirs, mine) = (key(&genuine), key(&chosen));
    let twice = Encryption { to: vec![To::new(&own); 2], place: Place::Beside, ..Encryption::to(&own) };
    let name = format!("<saml:NameID{SAML}>alice</saml:NameID>");
    let with_name =
        by_assertion(|m| m.name_id = Encryption::to(&second).encrypt("EncryptedID", name.as_bytes()));
    vec![
        case(
            "review_keys_of_two_messages_exchanged",
            "SG3017",
            "the key of a genuine message with chosen content",
            swap(&chosen, &mine, &theirs),
        ),
        case(
            "review_chosen_key_before_the_genuine",
            "SG3017",
            "a chosen key first, which opens; the content belongs to the second",
            swap(&genuine, &theirs, &format!("{}{theirs}", mine.replace("_key-0", "_key-1"))),
        ),
        case(
            "review_chosen_key_named_ours",
            "SG3017",
            "a chosen key that names us hides the genuine one; nobody else is asked",
            swap(&genuine, &theirs, &format!("{}{theirs}", named(&mine, SP))),
        ),
        case(
            "review_recipient_nearly_ours",
            "accept",
            "a name that is ours but for a slash hides nothing",
            swap(&genuine, &theirs, &named(&theirs, &format!("{SP}/"))),
        )
        .field("username", "alice"),
        case(
            "review_private_key_used_a_sixth_time_inside",
            "SG3021",
            "four uses outside, and two more for the name inside",
            around(assertion_of(&with_name), &twice),
        )
        .field("decryption", both),
        case(
            "review_certificate_of_another_key_shown",
            "SG3017",
            "the hint points to another of our keys; it is believed, and no second attempt is made",
            {
                use base64::Engine as _;
                let der = |shown: &samlgate::xmlsec::key::Certificate| {
                    base64::engine::general_purpose::STANDARD.encode(shown.der())
                };
                let shown =
                    Encryption { to: vec![To { shown: true, ..To::new(&own) }], ..Encryption::to(&own) };
                swap(&around(&signed_assertion(), &shown), &der(&own), &der(&second))
            },
        )
        .field("decryption", both),
    ]
}

/// One cipher's output under the name of another.
fn ciphers() -> Vec<Case> {
    let genuine = holding(&signed_assertion());
    let (aes256, aes128) = ("xmlenc11#aes256-gcm", "xmlenc11#aes128-gcm");
    let name = format!("<saml:NameID{SAML}>alice</saml:NameID>");
    let own = certificate(KEY);
    let cbc_name = Encryption { cipher: Cipher::Aes128Cbc, ..Encryption::to(&own) }
        .encrypt("EncryptedID", name.as_bytes());
    vec![
        case(
            "review_key_cut_to_the_smaller_cipher",
            "SG3017",
            "half of a key is no key",
            swap(&genuine, aes256, aes128),
        ),
        case(
            "review_cipher_in_another_case",
            "SG3019",
            "URIs are compared exactly",
            swap(&genuine, aes256, "xmlenc11#AES256-GCM"),
        ),
        case(
            "review_cbc_within_gcm",
            "SG3020",
            "a name in CBC inside an assertion in GCM, whose own signature covers it; the response has none",
            holding(assertion_of(&by_assertion(|m| m.name_id.clone_from(&cbc_name)))),
        )
        .field("danger_allow_aes_cbc", "true"),
        case(
            "review_cbc_with_key_of_gcm",
            "SG3020",
            "the ciphertext of GCM as CBC: whoever could ask would learn the key stream",
            swap(
                &genuine,
                "http://www.w3.org/2009/xmlenc11#aes256-gcm",
                "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
            ),
        )
        .field("danger_allow_aes_cbc", "true"),
    ]
}

/// What may be encrypted to us by anybody.
fn plaintexts() -> Vec<Case> {
    let signed = signed_assertion();
    let unsigned = unsigned_assertion();
    vec![
        case(
            "review_plaintext_with_byte_order_mark",
            "SG3017",
            "U+FEFF before it",
            holding(&format!("\u{FEFF}{signed}")),
        ),
        case(
            "review_plaintext_with_next_line",
            "SG3017",
            "U+0085 is no white space",
            holding(&format!("{signed}\u{85}")),
        ),
        case(
            "review_plaintext_with_windows_line_ends",
            "accept",
            "line ends are normalised before the signature is checked, as outside",
            holding(&signed.replace('\n', "\r\n")),
        )
        .field("username", "alice"),
        case(
            "review_plaintext_with_null_behind",
            "SG3017",
            "a string of C would end there",
            holding(&format!("{signed}\0")),
        ),
        case(
            "review_plaintext_with_signature_beside",
            "SG3017",
            "the signature stands beside the evil assertion, as if it were that of the element around",
            holding(&format!("{}{}", signature_of(&signed), swap(&unsigned, ">alice<", ">admin<"))),
        ),
        case(
            "review_plaintext_takes_the_place_of_the_wrapper",
            "SG3017",
            "the element that it is read in, spelled out with an evil neighbour",
            holding(&format!("</decrypted><decrypted{DS}>{signed}")),
        ),
        case(
            "review_plaintext_with_instruction",
            "SG3017",
            "a processing instruction splits the name",
            holding(&swap(&signed, ">alice<", ">admin<?x?>alice<")),
        ),
    ]
}

/// Encrypted elements in places where nobody expects them.
fn places() -> Vec<Case> {
    let own = certificate(KEY);
    let to = |element: &str, plaintext: &str| Encryption::to(&own).encrypt(element, plaintext.as_bytes());
    let signed = signed_assertion();
    let name = format!("<saml:NameID{SAML}>admin</saml:NameID>");
    vec![
        case(
            "review_encrypted_assertion_in_advice",
            "SG4024",
            "a genuine one in the advice of a signed one",
            by_assertion(|m| {
                m.advice = format!("<saml:Advice>{}</saml:Advice>", to("EncryptedAssertion", &signed))
            }),
        ),
        case(
            "review_encrypted_data_without_container",
            "SG4024",
            "EncryptedData where EncryptedAssertion belongs",
            {
                let one = holding(&signed);
                let container =
                    between(&one, "<saml:EncryptedAssertion", "</saml:EncryptedAssertion>").to_owned();
                swap(&one, &container, between(&container, "<xenc:EncryptedData", "</xenc:EncryptedData>"))
            },
        ),
        case(
            "review_confirming_name_is_not_the_subject",
            "SG4026",
            "the subject has no name; the entity that confirms has an encrypted one, which nobody reads",
            by_assertion(|m| {
                m.name_id.clear();
                m.confirmations = swap(
                    &m.confirmations,
                    "<saml:SubjectConfirmationData",
                    &format!("{}<saml:SubjectConfirmationData", to("EncryptedID", &name)),
                );
            }),
        ),
        case(
            "review_encrypted_name_in_attribute_value",
            "SG4024",
            "an encrypted name as the value of the attribute that names the person",
            by_assertion(|m| {
                m.attribute_statement = attributes(&attribute("uid", &[&to("EncryptedID", &name)]));
            }),
        )
        .field("username_attribute", "uid"),
        case(
            "review_encrypted_base_id",
            "SG3017",
            "the ciphertext holds a BaseID, which is an identifier for nobody we know",
            by_assertion(|m| m.name_id = to("EncryptedID", &name.replace("NameID", "BaseID"))),
        ),
        case(
            "review_name_from_encrypted_new_id",
            "SG4024",
            "an encrypted element of another protocol message in the place of the name",
            by_assertion(|m| m.name_id = to("NewEncryptedID", &name)),
        ),
    ]
}

/// Changes that canonical XML does not see, and those that only look like it.
fn spellings() -> Vec<Case> {
    let one = by_assertion(|_| {});
    let whole = by_response(|_| {});
    let both = by_both(|_| {});
    let audience_end = "</saml:Audience>";
    vec![
        case(
            "review_response_signature_kept_assertion_signature_removed",
            "SG3004",
            "both were signed: without the inner signature the outer one must not hold",
            {
                let inner = nth(&both, "<ds:Signature ", "</ds:Signature>", 1).to_owned();
                swap(&both, &inner, "")
            },
        ),
        case(
            "review_signatures_exchanged",
            "SG3003",
            "both were signed: each signature in the place of the other",
            {
                let outer = nth(&both, "<ds:Signature ", "</ds:Signature>", 0).to_owned();
                let inner = nth(&both, "<ds:Signature ", "</ds:Signature>", 1).to_owned();
                swap(&swap(&swap(&both, &outer, "OUTER"), &inner, &outer), "OUTER", &inner)
            },
        ),
        case(
            "review_language_of_the_assertion",
            "SG3004",
            "xml:lang is part of what is signed",
            swap(&one, "<saml:Assertion ", "<saml:Assertion xml:lang=\"en\" "),
        ),
        case(
            "review_language_inherited",
            "accept",
            "xml:lang around a signed assertion is not inherited by exclusive canonical XML, nor by us",
            swap(&one, "<samlp:Response ", "<samlp:Response xml:lang=\"en\" xml:space=\"preserve\" "),
        )
        .field("username", "alice"),
        case(
            "review_type_substituted",
            "SG4024",
            "a base type that an xsi:type is to make an AuthnStatement",
            by_assertion(|m| {
                m.authn_statement = swap(
                    &swap(
                        &m.authn_statement,
                        "<saml:AuthnStatement ",
                        "<saml:Statement xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"saml:AuthnStatementType\" ",
                    ),
                    "</saml:AuthnStatement>",
                    "</saml:Statement>",
                );
            }),
        ),
        case(
            "review_condition_substituted",
            "SG4020",
            "a Condition whose xsi:type says AudienceRestriction, beside the true one",
            by_assertion(|m| {
                m.conditions = conditions(
                    -60,
                    300,
                    &format!(
                        "{}<saml:Condition xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"saml:AudienceRestrictionType\">\
                     <saml:Audience>{SP}</saml:Audience></saml:Condition>",
                        audience(SP)
                    ),
                );
            }),
        ),
        case(
            "review_line_end_between_reference_and_text",
            "SG3004",
            "a carriage return by reference in front of a line end is not the line end that was signed",
            swap_first(&one, "</saml:Subject>\n<saml:Conditions", "</saml:Subject>&#xD;\n<saml:Conditions"),
        ),
        case(
            "review_attribute_spread_over_lines",
            "SG3004",
            "a line end in an attribute value is a space, and none was signed",
            swap_first(&one, &format!("Recipient=\"{ACS}\""), &format!("Recipient=\"{ACS}\n\"")),
        ),
        case(
            "review_audience_padded_with_next_line",
            "SG4016",
            "U+0085 and U+00A0 are no white space of XML",
            by_assertion(|m| {
                m.conditions = swap(&m.conditions, audience_end, &format!("\u{85}\u{a0}{audience_end}"))
            }),
        ),
        case(
            "review_audience_with_byte_order_mark",
            "SG4016",
            "U+FEFF in front of our name",
            by_assertion(|m| m.conditions = swap(&m.conditions, SP, &format!("\u{FEFF}{SP}"))),
        ),
        case(
            "review_issuer_with_zero_width_space",
            "SG4005",
            "an issuer that looks like the identity provider",
            by_assertion(|m| m.assertion_issuer = swap(&m.assertion_issuer, IDP, &format!("{IDP}\u{200B}"))),
        ),
        case(
            "review_issuer_from_base",
            "SG4005",
            "xml:base and a relative name for the identity provider",
            by_assertion(|m| {
                m.assertion_issuer =
                    String::from("<saml:Issuer xml:base=\"https://idp.example/\">metadata</saml:Issuer>");
            }),
        ),
        case(
            "review_destination_with_dot_segments",
            "SG4006",
            "an address that a browser would make ours",
            swap(
                &one,
                &format!("Destination=\"{ACS}\""),
                "Destination=\"https://jira.example/x/../saml/acs\"",
            ),
        ),
        case(
            "review_request_in_another_case",
            "SG4014",
            "IDs are compared exactly, inside too",
            by_assertion(|m| {
                m.confirmations = swap(&m.confirmations, REQUEST, &REQUEST.to_uppercase());
            }),
        ),
        case(
            "review_request_padded_inside",
            "SG4014",
            "a name is not trimmed where the identity provider's software might have been fooled",
            by_assertion(|m| m.confirmations = swap(&m.confirmations, REQUEST, &format!("{REQUEST}&#x20;"))),
        ),
        case(
            "review_comment_between_transforms",
            "SG3002",
            "canonical XML drops it, so the signature would hold",
            swap_first(&one, "<ds:Transform ", "<!-- --><ds:Transform "),
        ),
        case(
            "review_declaration_in_signed_info",
            "accept",
            "a declaration that exclusive canonical XML drops",
            swap_first(&one, "<ds:Reference ", "<ds:Reference xmlns:x=\"urn:x\" "),
        )
        .field("username", "alice"),
        case(
            "review_signature_method_by_another_prefix",
            "SG3005",
            "the same names under another prefix are other octets",
            {
                let method = between(&one, "<ds:SignatureMethod", ">").to_owned();
                let bent = method.replace("<ds:", "<d2:").replace("/>", "").replace('>', "");
                let bent = format!("{bent} xmlns:d2=\"http://www.w3.org/2000/09/xmldsig#\">");
                swap(&one, &method, &bent).replace("</ds:SignatureMethod>", "</d2:SignatureMethod>")
            },
        ),
        case(
            "review_status_from_another_response",
            "SG3004",
            "the Success of one response in a signed one that says something else",
            swap(&by_response(|m| m.status = status("Requester", "")), "status:Requester", "status:Success"),
        ),
        case(
            "review_signed_response_in_status_detail",
            "SG4024",
            "the whole signed response as the detail of an unsigned one",
            swap(
                &swap(&Message::default().render(), RESPONSE_ID, "_evil").replace(ASSERTION_ID, "_evil-2"),
                "</samlp:Status>",
                &format!("<samlp:StatusDetail>{whole}</samlp:StatusDetail></samlp:Status>"),
            ),
        ),
    ]
}

/// Instants that are read differently by different software.
fn instants() -> Vec<Case> {
    let ends = |end: &str| {
        let end = end.to_owned();
        by_assertion(move |m| m.confirmations = swap(&m.confirmations, &at(300), &end))
    };
    vec![
        case("review_instant_lower_case_zone", "SG4023", "z is not Z", ends("2026-01-02T03:09:05z")),
        case("review_instant_lower_case_separator", "SG4023", "t is not T", ends("2026-01-02t03:09:05Z")),
        case(
            "review_instant_in_leap_second",
            "SG4012",
            "the second that is in no Unix time, long ago",
            ends("2016-12-31T23:59:60Z"),
        ),
        case(
            "review_instant_in_false_leap_second",
            "SG4023",
            "a sixtieth second in the middle of a day",
            ends("2026-01-02T03:09:60Z"),
        ),
        case(
            "review_instant_with_long_fraction",
            "accept",
            "any number of digits is a fraction",
            ends("2026-01-02T03:09:05.999999999999999999999999999999Z"),
        )
        .field("acceptable_until", &(NOW + 360).to_string()),
        case(
            "review_instant_with_empty_fraction",
            "SG4023",
            "a point and nothing behind it",
            ends("2026-01-02T03:09:05.Z"),
        ),
        case(
            "review_instant_with_comma",
            "SG4023",
            "a fraction as ISO 8601 writes it",
            ends("2026-01-02T03:09:05,5Z"),
        ),
        case("review_instant_with_plus", "SG4023", "a year with a sign", ends("+2026-01-02T03:09:05Z")),
        case(
            "review_instant_with_offset_and_zone",
            "SG4023",
            "which of them?",
            ends("2026-01-02T03:09:05+01:00Z"),
        ),
        case(
            "review_instant_on_no_day",
            "SG4023",
            "29 February of a common year",
            ends("2026-02-29T03:09:05Z"),
        ),
        case(
            "review_instant_in_other_digits",
            "SG4023",
            "digits of another script",
            ends("\u{662}\u{660}\u{662}\u{666}-01-02T03:09:05Z"),
        ),
    ]
}

/// Names that the identity provider tells apart and the application may not.
fn names() -> Vec<Case> {
    let named = |name: &str| {
        let name = name.to_owned();
        by_assertion(move |m| m.name_id = swap(&m.name_id, "alice", &name))
    };
    let refused = |name, comment, text: &str| case(name, "SG4041", comment, named(text));
    vec![
        case(
            "review_name_with_dotted_capital",
            "accept",
            "U+0130 is a letter of Turkish names; simple case folding makes it an i, full case folding does not",
            named("AL\u{130}CE"),
        )
        .field("username", "AL\u{130}CE"),
        refused("review_name_with_long_s", "upper case makes U+017F an S", "\u{17F}ystem"),
        refused("review_name_in_full_width", "compatibility forms are folded by databases", "\u{FF41}lice"),
        refused(
            "review_name_in_mathematical_letters",
            "they look like the letters and are folded into them",
            "\u{1D41A}lice",
        ),
        refused("review_name_with_no_break_space", "looks like a space and is none", "al\u{A0}ice"),
        case(
            "review_name_beside_structured_value",
            "SG4041",
            "a second value that cannot be read is not passed over where it says who somebody is",
            by_assertion(|m| {
                m.attribute_statement =
                    attributes(&attribute("uid", &["alice", "<x:user xmlns:x=\"urn:x\">admin</x:user>"]));
            }),
        )
        .field("username_attribute", "uid"),
        refused("review_name_with_invisible_anchor", "U+FFF9 is not seen", "al\u{FFF9}ice"),
    ]
}
