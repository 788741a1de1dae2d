//! A good signature under an answer that is not for us, not for now, or not what it seems.

use samlgate::base::Code;

use super::text::swap;
use super::{Attack, Class, Expect, Threat};
use crate::idp::{Signed, Tamper, User, issue};

pub(super) const ELSEWHERE: &str = "http://other.example/acs";
pub(super) const OTHER_ID: &str = "_0123456789abcdef0123456789abcdef";
pub(super) const EVIL: &str = "http://evil.example/metadata";

static RECIPIENT: Threat = Threat {
    class: Class::Profile,
    attack: "an answer for another service: audience, recipient, destination",
    source: "SAML profiles 4.1.4.2 and 4.1.4.3; core 2.5.1.4; Armando and others (2008): Google's SAML without audience; \
             CVE-2026-41577 authentik",
    answer: "`web_sso::Expectations` has no field that can be left out; each is compared byte for byte",
};

static ISSUER: Threat = Threat {
    class: Class::Profile,
    attack: "an answer in the name of another identity provider",
    source: "SAML profiles 4.1.4.2; core 2.2.5",
    answer: "`web_sso::accept`: both issuers are the one that was asked",
};

static ANSWERED: Threat = Threat {
    class: Class::Profile,
    attack: "an answer to another request, or to none",
    source: "SAML profiles 4.1.4.2; core 3.2.2; login CSRF",
    answer: "`RequestBinding` knows solicited only; the ID is that of this browser's sealed pending request",
};

static CONFIRMED: Threat = Threat {
    class: Class::Profile,
    attack: "a confirmation that confirms nothing: no bearer, other data, something missing",
    source: "SAML profiles 4.1.4.2; core 2.4.1.1",
    answer: "`web_sso::check_bearer` demands recipient, end and request, and refuses NotBefore",
};

static STATEMENTS: Threat = Threat {
    class: Class::Profile,
    attack: "an assertion that says less, or more, than it must",
    source: "SAML core 2.3.3, 2.5.1.1 and 2.7; profiles 4.1.4.2",
    answer: "`saml::assertion`: every element in its place, unknown conditions refused, `AuthnStatement` demanded",
};

/// What a careless identity provider signs.
fn composed(
    threat: &'static Threat,
    name: &str,
    expect: impl Into<Expect>,
    find: &'static str,
    replace: &'static str,
) -> Attack {
    threat.issue(name, expect, move |o| o.compose.push(Tamper::new(find, replace)))
}

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = for_others();
    attacks.extend(confirmations());
    attacks.extend(statements());
    attacks
}

fn for_others() -> Vec<Attack> {
    let audience = Code::AudienceMismatch;
    vec![
        RECIPIENT.issue("audience-other", audience, |o| o.audience = Some(String::from(ELSEWHERE))),
        RECIPIENT.issue("audience-other-response-signed", audience, |o| o.audience = Some(String::from(ELSEWHERE))).on(Signed::Response),
        RECIPIENT.issue("audience-with-a-slash", audience, |o| o.audience = o.audience.as_ref().map(|a| format!("{a}/"))),
        RECIPIENT.issue("audience-in-upper-case", audience, |o| o.audience = o.audience.as_ref().map(|a| a.to_uppercase())),
        RECIPIENT.issue("audience-prefix-of-ours", audience, |o| o.audience = Some(String::from("http://app.localhost"))),
        RECIPIENT.issue("audience-longer-than-ours", audience, |o| {
            o.audience = o.audience.as_ref().map(|a| format!("{a}.evil.example"));
        }),
        RECIPIENT.issue("audience-of-the-acs", audience, |o| o.audience = Some(o.recipient.clone())),
        RECIPIENT.issue("audience-left-out", Code::AudienceMissing, |o| o.audience = None),
        RECIPIENT.issue("audience-empty", Code::SchemaViolation, |o| o.audience = Some(String::new())),
        RECIPIENT.issue("audience-list-in-one", audience, |o| o.audience = o.audience.as_ref().map(|a| format!("{a} {ELSEWHERE}"))),
        RECIPIENT.issue("audience-second-restriction-other", audience, |o| {
            o.conditions_xml = format!("<saml:AudienceRestriction><saml:Audience>{ELSEWHERE}</saml:Audience></saml:AudienceRestriction>");
        }),
        RECIPIENT.issue("audience-two-in-one-restriction", Expect::SameIdentity, |o| {
            o.compose.push(Tamper::new("</saml:Audience>", &format!("</saml:Audience><saml:Audience>{ELSEWHERE}</saml:Audience>")));
        }),
        RECIPIENT.issue("recipient-other", Code::RecipientMismatch, |o| {
            o.destination = Some(std::mem::replace(&mut o.recipient, String::from(ELSEWHERE)));
        }),
        RECIPIENT.issue("recipient-with-a-query", Code::RecipientMismatch, |o| {
            let ours = o.recipient.clone();
            o.recipient.push_str("?a");
            o.destination = Some(ours);
        }),
        RECIPIENT.issue("destination-other", Code::DestinationMismatch, |o| o.destination = Some(String::from(ELSEWHERE))),
        RECIPIENT.issue("destination-other-response-signed", Code::DestinationMismatch, |o| {
            o.destination = Some(String::from(ELSEWHERE));
        }).on(Signed::Response),
        RECIPIENT.issue("destination-empty", Code::DestinationMismatch, |o| o.destination = Some(String::new())),
        RECIPIENT.issue("destination-prefix-of-ours", Code::DestinationMismatch, |o| {
            o.destination = o.recipient.strip_suffix("/acs").map(str::to_owned);
        }),
        composed(&RECIPIENT, "destination-left-out-response-signed", Code::DestinationMismatch, " Destination=", " Consent=").on(Signed::Response),
        ISSUER.issue("issuer-other", Code::IssuerMismatch, |o| o.issuer = String::from(EVIL)),
        ISSUER.issue("issuer-of-assertion-other", Code::IssuerMismatch, |o| o.assertion_issuer = Some(String::from(EVIL))),
        ISSUER.issue("issuer-of-assertion-other-response-signed", Code::IssuerMismatch, |o| {
            o.assertion_issuer = Some(String::from(EVIL));
        }).on(Signed::Response),
        ISSUER.issue("issuer-longer", Code::IssuerMismatch, |o| o.assertion_issuer = Some(format!("{}/x", o.issuer))),
        ISSUER.issue("issuer-in-upper-case", Code::IssuerMismatch, |o| o.assertion_issuer = Some(o.issuer.to_uppercase())),
        ISSUER.issue("issuer-empty", Code::SchemaViolation, |o| o.assertion_issuer = Some(String::new())),
        composed(&ISSUER, "issuer-of-another-format", Code::IssuerMismatch, "<saml:Issuer>",
            "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName\">"),
        ISSUER.issue("issuer-of-assertion-left-out", Code::SchemaViolation, |o| {
            o.compose.push(Tamper::new(&format!("<saml:Issuer>{}</saml:Issuer>", o.issuer), ""));
        }),
        ANSWERED.issue("in-response-to-other", Code::InResponseToMismatch, |o| o.in_response_to = Some(String::from(OTHER_ID))),
        ANSWERED.issue("in-response-to-other-response-signed", Code::InResponseToMismatch, |o| {
            o.in_response_to = Some(String::from(OTHER_ID));
        }).on(Signed::Response),
        ANSWERED.issue("in-response-to-other-in-confirmation", Code::InResponseToMismatch, |o| {
            o.confirmation_in_response_to = Some(String::from(OTHER_ID));
        }),
        ANSWERED.issue("in-response-to-empty", Code::InResponseToMismatch, |o| o.in_response_to = Some(String::new())),
        ANSWERED.issue("in-response-to-list", Code::InResponseToMismatch, |o| {
            o.in_response_to = o.in_response_to.as_ref().map(|id| format!("{id} {OTHER_ID}"));
        }),
        ANSWERED.issue("unsolicited", Code::UnsolicitedRefused, |o| o.in_response_to = None),
        ANSWERED.issue("unsolicited-response-signed", Code::UnsolicitedRefused, |o| o.in_response_to = None).on(Signed::Response),
        ANSWERED.text("unsolicited-envelope", Code::UnsolicitedRefused, |xml| {
            let have = super::text::attribute(xml, "InResponseTo")?;
            swap(xml, &format!(" InResponseTo=\"{have}\""), "")
        }),
        ANSWERED.issue("unsolicited-confirmation", Code::UnsolicitedRefused, |o| {
            let id = o.in_response_to.clone().unwrap_or_default();
            o.compose.push(Tamper::new(&format!(" InResponseTo=\"{id}\"/>"), "/>"));
        }),
    ]
}

fn confirmations() -> Vec<Attack> {
    const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
    let method = |name: &str, method: &'static str| {
        composed(&CONFIRMED, name, Code::SubjectConfirmationMissing, BEARER, method)
    };
    vec![
        method("holder-of-key", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
        method("sender-vouches", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"),
        method("method-of-saml-1", "urn:oasis:names:tc:SAML:1.0:cm:bearer"),
        method("method-with-a-space-behind", "urn:oasis:names:tc:SAML:2.0:cm:bearer "),
        composed(&CONFIRMED, "method-left-out", Code::SchemaViolation, " Method=", " Way="),
        composed(&CONFIRMED, "recipient-left-out", Code::SubjectConfirmationMissing, " Recipient=", " Address="),
        CONFIRMED.issue("confirmation-end-left-out", Code::SubjectConfirmationMissing, |o| {
            o.compose.push(Tamper::new("<saml:SubjectConfirmationData NotOnOrAfter=", "<saml:SubjectConfirmationData Address="));
        }),
        composed(&CONFIRMED, "confirmation-with-not-before", Code::ConfirmationNotBefore,
            "<saml:SubjectConfirmationData ", "<saml:SubjectConfirmationData NotBefore=\"2020-01-01T00:00:00Z\" "),
        composed(&CONFIRMED, "confirmation-twice-in-order", Code::SchemaViolation,
            "<saml:SubjectConfirmationData ", "<saml:SubjectConfirmationData/><saml:SubjectConfirmationData "),
        CONFIRMED.issue("confirmation-left-out", Code::SubjectConfirmationMissing, |o| {
            o.compose.push(Tamper::new("<saml:SubjectConfirmation ", "</saml:Subject><!-- "));
            o.compose.push(Tamper::new("</saml:SubjectConfirmation></saml:Subject>", " -->"));
        }),
        CONFIRMED.issue("confirmation-for-others-beside-ours", Expect::SameIdentity, |o| {
            o.compose.push(Tamper::new(
                "<saml:SubjectConfirmation ",
                "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:sender-vouches\"/><saml:SubjectConfirmation ",
            ));
        }),
        composed(&CONFIRMED, "name-behind-the-confirmation", Code::SchemaViolation,
            "</saml:SubjectConfirmation>", "</saml:SubjectConfirmation><saml:NameID>admin</saml:NameID>"),
        // Who confirms is not who is meant.
        composed(&CONFIRMED, "name-in-the-confirmation", Expect::SameIdentity,
            "<saml:SubjectConfirmationData ", "<saml:NameID>admin</saml:NameID><saml:SubjectConfirmationData "),
    ]
}

fn statements() -> Vec<Attack> {
    let schema = Code::SchemaViolation;
    vec![
        STATEMENTS.issue("authn-statement-left-out", Code::AuthnStatementMissing, |o| {
            o.omit_authn_statement = true
        }),
        STATEMENTS.issue("condition-unknown", Code::ConditionUnknown, |o| {
            o.conditions_xml = String::from("<saml:Condition xmlns:x=\"urn:x\" xsi:type=\"x:Moon\"/>");
        }),
        STATEMENTS.issue("condition-foreign", Code::ConditionUnknown, |o| {
            o.conditions_xml = String::from("<x:Delegation xmlns:x=\"urn:x\"/>");
        }),
        STATEMENTS.issue("one-time-use-twice", schema, |o| {
            o.conditions_xml = String::from("<saml:OneTimeUse/><saml:OneTimeUse/>")
        }),
        composed(
            &STATEMENTS,
            "conditions-twice",
            schema,
            "<saml:Conditions ",
            "<saml:Conditions><saml:OneTimeUse/></saml:Conditions><saml:Conditions ",
        ),
        composed(
            &STATEMENTS,
            "names-two",
            schema,
            "<saml:NameID ",
            "<saml:NameID>admin</saml:NameID><saml:NameID ",
        ),
        composed(
            &STATEMENTS,
            "subjects-two",
            schema,
            "<saml:Subject>",
            "<saml:Subject><saml:NameID>admin</saml:NameID></saml:Subject><saml:Subject>",
        ),
        composed(
            &STATEMENTS,
            "base-id",
            schema,
            "<saml:NameID ",
            "<saml:BaseID NameQualifier=\"admin\"/><saml:NameID ",
        ),
        composed(
            &STATEMENTS,
            "statement-unknown",
            schema,
            "<saml:AttributeStatement>",
            "<saml:Statement xsi:type=\"xs:string\"/><saml:AttributeStatement>",
        ),
        composed(
            &STATEMENTS,
            "authz-decision",
            schema,
            "<saml:AttributeStatement>",
            "<saml:AuthzDecisionStatement Resource=\"urn:x\" Decision=\"Permit\"/><saml:AttributeStatement>",
        ),
        composed(
            &STATEMENTS,
            "attribute-without-a-name",
            schema,
            "<saml:Attribute Name=\"mail\"",
            "<saml:Attribute FriendlyName=\"mail\"",
        ),
        composed(
            &STATEMENTS,
            "text-between-statements",
            schema,
            "<saml:AttributeStatement>",
            "x<saml:AttributeStatement>",
        ),
        composed(
            &STATEMENTS,
            "version-of-assertion",
            Code::VersionUnsupported,
            "Version=\"2.0\"",
            "Version=\"1.1\"",
        ),
        composed(
            &STATEMENTS,
            "advice-with-an-assertion",
            schema,
            "<saml:AuthnStatement ",
            "<saml:Advice><saml:Assertion ID=\"_evil\" Version=\"2.0\" IssueInstant=\"2026-01-01T00:00:00Z\"><saml:Issuer>urn:x</saml:Issuer></saml:Assertion></saml:Advice><saml:AuthnStatement ",
        ),
        // Evidence that the identity provider signed itself: still not what the answer is about.
        STATEMENTS.issue("advice-with-a-signed-assertion", schema, |o| {
            let mut evidence = o.clone();
            (evidence.user, evidence.signed) = (User::admin(), Signed::Assertion);
            evidence.assertion_id = String::from("_evidence");
            let evidence = issue(&evidence).unwrap_or_default();
            if let Some((_, assertion, _)) = super::text::split(&evidence, super::text::ASSERTION) {
                let advice = format!("<saml:Advice>{assertion}</saml:Advice><saml:AuthnStatement ");
                o.compose.push(Tamper::new("<saml:AuthnStatement ", &advice));
            }
        }),
        composed(
            &STATEMENTS,
            "advice-with-a-signature",
            schema,
            "<saml:AuthnStatement ",
            "<saml:Advice><ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/></saml:Advice><saml:AuthnStatement ",
        ),
        composed(
            &STATEMENTS,
            "advice-foreign",
            Expect::SameIdentity,
            "<saml:AuthnStatement ",
            "<saml:Advice><x:y xmlns:x=\"urn:x\">admin</x:y></saml:Advice><saml:AuthnStatement ",
        ),
        composed(
            &STATEMENTS,
            "advice-behind-the-statements",
            schema,
            "</saml:Assertion>",
            "<saml:Advice/></saml:Assertion>",
        ),
        // Signed octets with a signature that nobody verified.
        composed(
            &STATEMENTS,
            "signature-in-signed-subject",
            schema,
            "</saml:Subject>",
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/></saml:Subject>",
        ),
        STATEMENTS.issue("window-empty", schema, |o| {
            o.not_before = 10;
            o.not_on_or_after = 10;
        }),
        STATEMENTS.issue("window-backwards", schema, |o| {
            o.not_before = 20;
            o.not_on_or_after = 10;
        }),
    ]
}
