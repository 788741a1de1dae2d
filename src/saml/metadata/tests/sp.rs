//! What our metadata says for people, and during a change of keys.

use super::{P256, RSA, description};
use crate::base::Limits;
use crate::saml::metadata::description::{
    Contact, ContactKind, Description, Logo, Organization, RequestedAttribute, UserInterface,
};
use crate::saml::metadata::sp::{SpDescription, render};
use crate::xml::{Element, Source};
use crate::xmlsec::key::Certificate;

/// What `description` says in every part that there is.
fn everything() -> Description {
    let words = |language: &str, name: &str| UserInterface {
        language: language.to_owned(),
        display_name: name.to_owned(),
        description: None,
        information_uri: None,
        privacy_statement_uri: None,
    };
    let organization = |language: &str, name: &str| Organization {
        language: language.to_owned(),
        name: name.to_owned(),
        display_name: format!("{name}!"),
        uri: "https://www.example/".to_owned(),
    };
    let attribute = |name: &str, required| RequestedAttribute {
        name: name.to_owned(),
        name_format: None,
        friendly_name: None,
        required,
    };
    Description {
        user_interface: vec![
            UserInterface {
                description: Some("Tickets & <b>bugs</b>".to_owned()),
                information_uri: Some("https://www.example/?a&b".to_owned()),
                privacy_statement_uri: Some("https://www.example/privacy".to_owned()),
                ..words("en", "Jira")
            },
            words("de", "Jira für alle"),
        ],
        logos: vec![Logo {
            uri: "https://www.example/logo.png".to_owned(),
            width: 80,
            height: 60,
            language: None,
        }],
        organization: vec![organization("en", "Example"), organization("de", "Beispiel")],
        contacts: vec![Contact {
            kind: ContactKind::Technical,
            company: Some("Example".to_owned()),
            given_name: Some("Ann".to_owned()),
            surname: Some("<Other>".to_owned()),
            email_addresses: vec!["ops@example.com".to_owned()],
            telephone_numbers: vec!["+49 1".to_owned()],
        }],
        requested_attributes: vec![
            attribute("mail", true),
            RequestedAttribute {
                name_format: Some("urn:oasis:names:tc:SAML:2.0:attrname-format:uri".to_owned()),
                friendly_name: Some("eduPersonPrincipalName".to_owned()),
                ..attribute("urn:oid:1.3.6.1.4.1.5923.1.1.1.6", false)
            },
        ],
    }
}

#[test]
fn our_metadata_publishes_keys_during_a_change_and_says_who_we_are() {
    let said = everything();
    let old = Certificate::parse(RSA).unwrap();
    let new = Certificate::parse(P256).unwrap();
    let xml = render(&SpDescription {
        signing_certificates: &[&old, &new],
        encryption_certificates: &[&old],
        description: &said,
        ..description()
    });
    let source = Source::check(xml.as_bytes(), &Limits::DEFAULT).unwrap();
    let document = source.document().unwrap();
    // the order of the schema (metadata 2.3.2, 2.4.1, 2.4.2, 2.4.4)
    let names = |element: Element<'_>| -> Vec<String> {
        element.children().map(|child| child.local_name().to_owned()).collect()
    };
    let root = document.root();
    assert_eq!(names(root), ["SPSSODescriptor", "Organization", "ContactPerson"]);
    let role = root.children().next().unwrap();
    assert_eq!(
        names(role),
        [
            "Extensions",
            "KeyDescriptor",
            "KeyDescriptor",
            "KeyDescriptor",
            "NameIDFormat",
            "AssertionConsumerService",
            "AttributeConsumingService"
        ]
    );
    let uses: Vec<_> = role.children().filter_map(|child| child.attribute("use")).collect();
    assert_eq!(uses, ["signing", "signing", "encryption"]);
    let service = role.children().last().unwrap();
    assert_eq!(names(service), ["ServiceName", "ServiceName", "RequestedAttribute", "RequestedAttribute"]);
    let organization = root.children().nth(1).unwrap();
    assert_eq!(names(organization)[..3], ["OrganizationName", "OrganizationName", "OrganizationDisplayName"]);
    let contact = root.children().last().unwrap();
    assert_eq!(names(contact), ["Company", "GivenName", "SurName", "EmailAddress", "TelephoneNumber"]);
    assert!(xml.contains(">mailto:ops@example.com<") && xml.contains("&lt;Other&gt;"));
    assert!(xml.contains("Tickets &amp; &lt;b&gt;bugs&lt;/b&gt;") && !xml.contains("<b>"));
    assert!(xml.contains(r#"<mdui:Logo height="60" width="80">https://www.example/logo.png</mdui:Logo>"#));
    assert!(xml.contains(r#"Name="mail" isRequired="true"/>"#));
}
