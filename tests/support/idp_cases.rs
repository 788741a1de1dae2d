//! Responses shaped as ten identity providers shape them: names, prefixes, formats, windows and what is signed. The
//! text is ours; keys are those of `tests/keys`.

use samlgate::effect::SignatureScheme;

use crate::response_cases::Case;
use crate::saml_response::*;

const XS: &str = "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"";
const XSI: &str = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

fn accepted(name: &'static str, comment: &'static str, issuer: &str, username: &str, xml: String) -> Case {
    Case {
        name,
        expect: "accept",
        section: "profiles 4.1.4.2",
        comment,
        fields: vec![("idp", format!("\"{issuer}\"")), ("username", format!("\"{username}\""))],
        xml,
    }
}

fn also(mut case: Case, fields: &[(&'static str, &str)]) -> Case {
    case.fields.extend(fields.iter().map(|(key, value)| (*key, (*value).to_owned())));
    case
}

fn sign(xml: &str, id: &str, prefixes: &[&str]) -> String {
    signed(xml, id, "rsa2048", SignatureScheme::RsaSha256, prefixes)
}

pub fn all() -> Vec<Case> {
    vec![
        okta(),
        entra(),
        entra_overage(),
        keycloak(),
        adfs(),
        google(),
        onelogin(),
        ping_federate(),
        shibboleth(),
        simplesamlphp(),
    ]
}

/// Response and assertion signed; prefix `saml2`; the inner signature keeps `xs`.
fn okta() -> Case {
    let issuer = "http://www.okta.com/exk1fcia6d6EMsf331d8";
    let entity = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
    let (now, begin, end, ids) = (at(0), at(-300), at(300), ("id16961218217", "id16961218218"));
    let values: String = ["jira-users", "Everyone"]
        .iter()
        .map(|group| {
            format!("<saml2:AttributeValue {XS} {XSI} xsi:type=\"xs:string\">{group}</saml2:AttributeValue>")
        })
        .collect();
    let xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><saml2p:Response Destination="{ACS}" ID="{0}" InResponseTo="{REQUEST}" IssueInstant="{now}" Version="2.0" xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" {XS}><saml2:Issuer Format="{entity}" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</saml2:Issuer><saml2p:Status xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol"><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></saml2p:Status><saml2:Assertion ID="{1}" IssueInstant="{now}" Version="2.0" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" {XS}><saml2:Issuer Format="{entity}" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</saml2:Issuer><saml2:Subject xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"><saml2:NameID Format="{UNSPECIFIED}">alice@example.com</saml2:NameID><saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml2:SubjectConfirmationData InResponseTo="{REQUEST}" NotOnOrAfter="{end}" Recipient="{ACS}"/></saml2:SubjectConfirmation></saml2:Subject><saml2:Conditions NotBefore="{begin}" NotOnOrAfter="{end}" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"><saml2:AudienceRestriction><saml2:Audience>{SP}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions><saml2:AuthnStatement AuthnInstant="{now}" SessionIndex="{REQUEST}" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"><saml2:AuthnContext><saml2:AuthnContextClassRef>{PASSWORD}</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement><saml2:AttributeStatement xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"><saml2:Attribute Name="groups" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified">{values}</saml2:Attribute></saml2:AttributeStatement></saml2:Assertion></saml2p:Response>"#,
        ids.0, ids.1
    );
    let xml = sign(&sign(&xml, ids.1, &["xs"]), ids.0, &["xs"]);
    let case = accepted("idp_okta", "Okta: both signed, prefix list xs", issuer, "alice@example.com", xml);
    also(case, &[("groups", "[Everyone, jira-users]"), ("demand", "BOTH")])
}

fn entra_message(groups: &str) -> (String, &'static str) {
    let issuer = "https://sts.windows.net/6babcaad-604b-40ac-a9d7-9fd97c0b779f/";
    let (now, end, id) =
        (swap(&at(0), "Z", ".123Z"), swap(&at(3_600), "Z", ".123Z"), "_f0a1c2d3-1111-2222-3333-444455556666");
    let xml = format!(
        r#"<samlp:Response ID="_9b2f5a1e-aaaa-bbbb-cccc-1234567890ab" Version="2.0" IssueInstant="{now}" Destination="{ACS}" InResponseTo="{REQUEST}" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"><Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><Assertion ID="{id}" IssueInstant="{now}" Version="2.0" xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Issuer>{issuer}</Issuer><Subject><NameID Format="{EMAIL}">alice@example.com</NameID><SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData InResponseTo="{REQUEST}" NotOnOrAfter="{end}" Recipient="{ACS}"/></SubjectConfirmation></Subject><Conditions NotBefore="{begin}" NotOnOrAfter="{end}"><AudienceRestriction><Audience>{SP}</Audience></AudienceRestriction></Conditions><AttributeStatement><Attribute Name="http://schemas.microsoft.com/identity/claims/tenantid"><AttributeValue>6babcaad-604b-40ac-a9d7-9fd97c0b779f</AttributeValue></Attribute><Attribute Name="http://schemas.microsoft.com/identity/claims/displayname"><AttributeValue>Alice Example</AttributeValue></Attribute>{groups}<Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"><AttributeValue>alice@example.com</AttributeValue></Attribute></AttributeStatement><AuthnStatement AuthnInstant="{now}" SessionIndex="{id}"><AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion></samlp:Response>"#,
        begin = swap(&at(-300), "Z", ".123Z"),
    );
    (sign(&xml, id, &[]), issuer)
}

/// Assertion signed; default namespace; groups are object ids; statements in the other order.
fn entra() -> Case {
    let (xml, issuer) = entra_message(
        "<Attribute Name=\"http://schemas.microsoft.com/ws/2008/06/identity/claims/groups\"><AttributeValue>0f1e2d3c-0000-1111-2222-333344445555</AttributeValue></Attribute>",
    );
    let case = accepted(
        "idp_entra",
        "Entra ID: assertion signed, default namespace, group object ids",
        issuer,
        "alice@example.com",
        xml,
    );
    also(
        case,
        &[("groups", "[0f1e2d3c-0000-1111-2222-333344445555]"), ("demand", "ASSERTION"), ("covers", "[M1]")],
    )
}

/// More than 150 groups: a link instead of groups.
fn entra_overage() -> Case {
    let (xml, issuer) = entra_message(
        "<Attribute Name=\"http://schemas.microsoft.com/claims/groups.link\"><AttributeValue>https://graph.windows.net/x/getMemberObjects</AttributeValue></Attribute>",
    );
    let case = accepted(
        "idp_entra_overage",
        "Entra ID: too many groups to send, so they are unknown",
        issuer,
        "alice@example.com",
        xml,
    );
    also(case, &[("groups", "UNKNOWN")])
}

/// Response signed; one Attribute for each group, with full paths, beside the role list.
fn keycloak() -> Case {
    let issuer = "https://sso.example/realms/main";
    let (now, end, id) =
        (swap(&at(0), "Z", ".456Z"), swap(&at(58), "Z", ".456Z"), "ID_2f7c0a52-6d0e-4b0e-9a53-0c1d2e3f4a5b");
    let basic = "NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\"";
    let value = |name: &str, value: &str| {
        format!(
            r#"<saml:Attribute FriendlyName="{name}" Name="{name}" {basic}><saml:AttributeValue {XS} {XSI} xsi:type="xs:string">{value}</saml:AttributeValue></saml:Attribute>"#
        )
    };
    let content: String = [
        ("member", "/it/jira-users"),
        ("Role", "offline_access"),
        ("member", "/it/admins"),
        ("Role", "default-roles-main"),
    ]
    .iter()
    .map(|(name, text)| value(name, text))
    .collect();
    let xml = format!(
        r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Destination="{ACS}" ID="{id}" InResponseTo="{REQUEST}" IssueInstant="{now}" Version="2.0"><saml:Issuer>{issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="ID_77aa0c1b-0000-4000-8000-000000000001" IssueInstant="{now}" Version="2.0"><saml:Issuer>{issuer}</saml:Issuer><saml:Subject><saml:NameID Format="{UNSPECIFIED}">alice</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="{REQUEST}" NotOnOrAfter="{end}" Recipient="{ACS}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{begin}" NotOnOrAfter="{end}"><saml:AudienceRestriction><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{now}" SessionIndex="6f0c::8d1e" SessionNotOnOrAfter="{session}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>{content}</saml:AttributeStatement></saml:Assertion></samlp:Response>"#,
        begin = swap(&at(-2), "Z", ".456Z"),
        session = swap(&at(36_000), "Z", ".456Z"),
    );
    let case = accepted(
        "idp_keycloak",
        "Keycloak: response signed, one Attribute for each group, roles beside",
        issuer,
        "alice",
        sign(&xml, id, &[]),
    );
    also(case, &[("groups", "[/it/admins, /it/jira-users]"), ("demand", "RESPONSE"), ("covers", "[E5]")])
}

/// Assertion signed; no NameID; the UPN and qualified group names as claims.
fn adfs() -> Case {
    let issuer = "http://adfs.example/adfs/services/trust";
    let (now, end, id) =
        (swap(&at(0), "Z", ".789Z"), swap(&at(3_600), "Z", ".789Z"), "_0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0");
    let xml = format!(
        r#"<samlp:Response ID="_1a2b3c4d-5e6f-7081-92a3-b4c5d6e7f809" Version="2.0" IssueInstant="{now}" Destination="{ACS}" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" InResponseTo="{REQUEST}" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"><Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success" /></samlp:Status><Assertion ID="{id}" IssueInstant="{now}" Version="2.0" xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Issuer>{issuer}</Issuer><Subject><SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData InResponseTo="{REQUEST}" NotOnOrAfter="{confirmed}" Recipient="{ACS}" /></SubjectConfirmation></Subject><Conditions NotBefore="{now}" NotOnOrAfter="{end}"><AudienceRestriction><Audience>{SP}</Audience></AudienceRestriction></Conditions><AttributeStatement><Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"><AttributeValue>alice@example.com</AttributeValue></Attribute><Attribute Name="http://schemas.xmlsoap.org/claims/Group"><AttributeValue>EXAMPLE\Domain Users</AttributeValue><AttributeValue>EXAMPLE\jira-users</AttributeValue></Attribute></AttributeStatement><AuthnStatement AuthnInstant="{now}" SessionIndex="{id}"><AuthnContext><AuthnContextClassRef>{PASSWORD}</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion></samlp:Response>"#,
        confirmed = swap(&at(300), "Z", ".789Z"),
    );
    let case = accepted(
        "idp_adfs",
        "AD FS: assertion signed, no NameID, http entity id",
        issuer,
        "alice@example.com",
        sign(&xml, id, &[]),
    );
    also(
        case,
        &[
            ("username_attribute", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"),
            ("groups", "['EXAMPLE\\Domain Users', 'EXAMPLE\\jira-users']"),
            ("covers", "[E8]"),
        ],
    )
}

/// Only the response is signed, as with "Signed response" ticked; declaration says `standalone`.
fn google() -> Case {
    let issuer = "https://accounts.google.com/o/saml2?idpid=C01abc234";
    let (now, begin, end, id) = (
        swap(&at(0), "Z", ".012Z"),
        swap(&at(-300), "Z", ".012Z"),
        swap(&at(300), "Z", ".012Z"),
        "_c1d2e3f4a5b6c7d8e9f00112233445566",
    );
    let xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="no"?><saml2p:Response xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" Destination="{ACS}" ID="{id}" InResponseTo="{REQUEST}" IssueInstant="{now}" Version="2.0"><saml2:Issuer xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</saml2:Issuer><saml2p:Status><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></saml2p:Status><saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_aa11bb22cc33dd44ee55ff6677889900" IssueInstant="{now}" Version="2.0"><saml2:Issuer>{issuer}</saml2:Issuer><saml2:Subject><saml2:NameID Format="{EMAIL}">alice@example.com</saml2:NameID><saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml2:SubjectConfirmationData InResponseTo="{REQUEST}" NotOnOrAfter="{end}" Recipient="{ACS}"/></saml2:SubjectConfirmation></saml2:Subject><saml2:Conditions NotBefore="{begin}" NotOnOrAfter="{end}"><saml2:AudienceRestriction><saml2:Audience>{SP}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions><saml2:AttributeStatement><saml2:Attribute Name="groups"><saml2:AttributeValue {XS} {XSI} xsi:type="xs:anyType">Jira Users, Berlin</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement><saml2:AuthnStatement AuthnInstant="{now}" SessionIndex="_aa11bb22cc33dd44ee55ff6677889900"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement></saml2:Assertion></saml2p:Response>"#
    );
    let case = accepted(
        "idp_google",
        "Google Workspace: only the response is signed; a group name with a comma",
        issuer,
        "alice@example.com",
        sign(&xml, id, &[]),
    );
    also(case, &[("groups", "[\"Jira Users, Berlin\"]"), ("demand", "RESPONSE"), ("covers", "[E4]")])
}

/// Groups joined into one value, which is one group until somebody says otherwise.
fn onelogin() -> Case {
    let issuer = "https://app.onelogin.com/saml/metadata/123456";
    let xml = by_response(|m| {
        m.response_issuer = format!("<saml:Issuer>{issuer}</saml:Issuer>");
        m.assertion_issuer = m.response_issuer.clone();
        m.name_id = format!("<saml:NameID Format=\"{EMAIL}\">alice@example.com</saml:NameID>");
        m.attribute_statement = attributes(&attribute("memberOf", &["jira-users;jira-admins"]));
        m.authn_statement = authn(&format!("SessionNotOnOrAfter=\"{}\" SessionIndex=\"_1\"", at(86_400)));
    });
    let case = accepted(
        "idp_onelogin",
        "OneLogin: response signed, groups joined into one value",
        issuer,
        "alice@example.com",
        xml,
    );
    also(case, &[("groups", "[\"jira-users;jira-admins\"]"), ("covers", "[E4]")])
}

/// Response signed; groups as distinguished names.
fn ping_federate() -> Case {
    let issuer = "ping:example:idp";
    let xml = by_response(|m| {
        m.response_issuer = format!("<saml:Issuer>{issuer}</saml:Issuer>");
        m.assertion_issuer = m.response_issuer.clone();
        m.attribute_statement = attributes(
            "<saml:Attribute Name=\"memberOf\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\">\
             <saml:AttributeValue>CN=Jira Users,OU=Groups,DC=example,DC=org</saml:AttributeValue></saml:Attribute>",
        );
    });
    let case = accepted(
        "idp_ping_federate",
        "PingFederate: response signed, groups as distinguished names, entity id that is no URL",
        issuer,
        "alice",
        xml,
    );
    also(case, &[("groups", "[\"CN=Jira Users,OU=Groups,DC=example,DC=org\"]")])
}

/// Response signed, assertion not encrypted; transient NameID; attributes by OID with FriendlyName.
fn shibboleth() -> Case {
    let issuer = "https://idp.university.example/idp/shibboleth";
    let oid = |name: &str, friendly: &str, value: &str| {
        format!(
            "<saml:Attribute FriendlyName=\"{friendly}\" Name=\"urn:oid:{name}\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\">\
             <saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>"
        )
    };
    let xml = by_response(|m| {
        m.response_issuer = format!("<saml:Issuer>{issuer}</saml:Issuer>");
        m.assertion_issuer = m.response_issuer.clone();
        m.name_id = format!(
            "<saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\" NameQualifier=\"{issuer}\" SPNameQualifier=\"{SP}\">AAdzZWNyZXQx</saml:NameID>"
        );
        m.attribute_statement = attributes(
            &[
                oid("0.9.2342.19200300.100.1.1", "uid", "alice"),
                oid("1.3.6.1.4.1.5923.1.5.1.1", "isMemberOf", "urn:mace:university.example:group:jira"),
                oid(
                    "1.3.6.1.4.1.5923.1.1.1.7",
                    "eduPersonEntitlement",
                    "urn:mace:dir:entitlement:common-lib-terms",
                ),
            ]
            .concat(),
        );
        m.authn_statement = m.authn_statement.replacen(
            "<saml:AuthnContext>",
            "<saml:SubjectLocality Address=\"192.0.2.1\"/><saml:AuthnContext>",
            1,
        );
    });
    let case = accepted(
        "idp_shibboleth",
        "Shibboleth: response signed, transient NameID, uid by its friendly name",
        issuer,
        "alice",
        xml,
    );
    also(
        case,
        &[
            ("username_attribute", "uid"),
            ("groups", "[\"urn:mace:university.example:group:jira\"]"),
            ("covers", "[E8]"),
        ],
    )
}

/// Both signed; transient NameID; `SessionNotOnOrAfter`.
fn simplesamlphp() -> Case {
    let issuer = "https://login.example/simplesaml/module.php/saml/idp/metadata";
    let message = Message::with(|m| {
        m.response_issuer = format!("<saml:Issuer>{issuer}</saml:Issuer>");
        m.assertion_issuer = m.response_issuer.clone();
        m.name_id = format!(
            "<saml:NameID SPNameQualifier=\"{SP}\" Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\">_b7e1</saml:NameID>"
        );
        m.conditions = conditions(-30, 300, &audience(SP));
        m.authn_statement = authn(&format!("SessionNotOnOrAfter=\"{}\" SessionIndex=\"_e8\"", at(28_800)));
        m.attribute_statement = attributes(
            &format!("{}{}", attribute("uid", &["alice"]), attribute("groups", &["jira-users"])).replace(
                "<saml:AttributeValue>",
                &format!("<saml:AttributeValue {XSI} xsi:type=\"xs:string\">"),
            ),
        );
    });
    let xml = swap_first(&message.render(), "<saml:Assertion ", &format!("<saml:Assertion {XS} "));
    let xml = sign_response(&sign_assertion(&xml));
    let case = accepted(
        "idp_simplesamlphp",
        "SimpleSAMLphp: both signed, transient NameID, uid as the user name",
        issuer,
        "alice",
        xml,
    );
    also(case, &[("username_attribute", "uid"), ("groups", "[jira-users]"), ("demand", "BOTH")])
}
