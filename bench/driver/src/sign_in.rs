//! Signing in at the filter under measurement, with responses of the testbed's identity provider.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use testbed::client::{Request, Response};
use testbed::idp::{AuthnRequest, Binding, Groups, IssueOptions, SignatureCheck, TestKey, User, issue};

const ENTITY_ID: &str = "http://idp.localhost/metadata";
const SP: &str = "http://app.localhost/saml/metadata";
const ACS: &str = "http://app.localhost/saml/acs";
const HOST: &str = "app.localhost";

/// The filter's configuration: four identity headers, one identity provider, no provisioning.
pub(crate) fn configuration() -> String {
    let metadata = format!(
        concat!(
            r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{}">"#,
            r#"<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">"#,
            r#"<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">"#,
            r#"<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"#,
            r#"<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" "#,
            r#"Location="http://idp.localhost/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>"#
        ),
        ENTITY_ID,
        TestKey::Rsa.certificate_base64()
    );
    json!({
        "sp": { "entity_id": SP, "base_uri": "http://app.localhost" },
        "idp": { "metadata": { "inline_string": metadata } },
        "identity": {
            "username": { "name_id": {} },
            "email": ["mail"],
            "display_name": ["displayName"],
            "groups": ["groups"],
        },
        "headers": {
            "username": "x-remote-user",
            "email": "x-remote-email",
            "display_name": "x-remote-name",
            "groups": { "name": "x-remote-groups", "format": "COMMA_SEPARATED" },
        },
        "policy": { "group_mapping": [
            { "idp_group": "idp-agents", "groups": ["service-desk-agents"] },
            { "idp_group": "idp-staff", "groups": ["staff"] },
        ]},
        "session": { "keys": [{ "inline_string": "c2FtbGdhdGUgaW50ZXJvcDogYSBrZXkgdGhhdCBwcm90ZWN0cyBub3RoaW5n" }] },
    })
    .to_string()
}

/// A sign-in that has begun: the browser has been sent to the identity provider.
pub(crate) struct Begun {
    request: AuthnRequest,
    cookie: String,
}

impl Begun {
    /// Asks the filter at `port` for a page without a session.
    pub(crate) fn at(port: u16) -> Result<Self, Box<dyn Error>> {
        let answer = Request::new("GET", HOST, "/browse/TEST-1")
            .header("Accept", "text/html")
            .header("Sec-Fetch-Mode", "navigate")
            .header("Sec-Fetch-Dest", "document")
            .send(address(port))?;
        let location = answer.header("location").unwrap_or_default();
        let query = location.split_once('?').map_or("", |(_, query)| query);
        let field = |name: &str| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(have, _)| have == name)
                .map(|(_, value)| value.into_owned())
        };
        let encoded = field("SAMLRequest")
            .ok_or_else(|| format!("no login redirect but {}: {}", answer.status, answer.text()))?;
        let request =
            AuthnRequest::read(&encoded, field("RelayState"), Binding::Redirect, SignatureCheck::Unchecked)?;
        Ok(Self { request, cookie: cookies(&answer) })
    }

    /// The form that the browser posts for `user`, with `attributes` beside the usual three.
    fn form(
        &self,
        user: User,
        groups: Groups,
        attributes: Vec<(String, Vec<String>)>,
    ) -> Result<String, Box<dyn Error>> {
        let mut options = IssueOptions::new(user, ENTITY_ID, ACS, SP);
        options.in_response_to = Some(self.request.id.clone());
        options.groups = groups;
        options.attributes = attributes;
        let xml = issue(&options)?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("SAMLResponse", &STANDARD.encode(xml));
        if let Some(state) = &self.request.relay_state {
            form.append_pair("RelayState", state);
        }
        Ok(form.finish())
    }

    /// The whole POST, head included, with 20 attributes, one of which has 50 values.
    pub(crate) fn post(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        let groups =
            (0..50).map(|number| format!("cn=group-{number:03},ou=groups,dc=example,dc=org")).collect();
        let attributes = (0..17)
            .map(|number| {
                let values = (0..4)
                    .map(|value| format!("value {value} of attribute {number}, of a usual length"))
                    .collect();
                (format!("urn:oid:1.3.6.1.4.1.5923.1.1.1.{number}"), values)
            })
            .collect();
        let body = self.form(User::agent(), Groups::These(groups), attributes)?;
        let head = format!(
            concat!(
                "POST /saml/acs HTTP/1.1\r\nHost: {}\r\nUser-Agent: bench\r\nAccept: text/html\r\n",
                "Origin: http://idp.localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n",
                "Sec-Fetch-Dest: document\r\nContent-Type: application/x-www-form-urlencoded\r\n",
                "Cookie: {}\r\nContent-Length: {}\r\n\r\n"
            ),
            HOST,
            self.cookie,
            body.len()
        );
        Ok([head.as_bytes(), body.as_bytes()].concat())
    }

    /// Finishes the sign-in and returns the session's cookies.
    pub(crate) fn finish(&self, port: u16) -> Result<String, Box<dyn Error>> {
        let body = self.form(User::agent(), Groups::OfUser, Vec::new())?;
        let answer = Request::new("POST", HOST, "/saml/acs")
            .header("Accept", "text/html")
            .header("Origin", "http://idp.localhost")
            .header("Cookie", &self.cookie)
            .body("application/x-www-form-urlencoded", body)
            .send(address(port))?;
        if answer.status != 303 {
            return Err(format!(
                "the response was not accepted but answered {}: {}",
                answer.status,
                answer.text()
            )
            .into());
        }
        Ok(cookies(&answer))
    }
}

/// The `Cookie` header after `answer`: what it sets, less what it expires.
fn cookies(answer: &Response) -> String {
    let kept: Vec<&str> = answer
        .all("set-cookie")
        .filter(|line| !line.to_ascii_lowercase().contains("max-age=0"))
        .filter_map(|line| line.split(';').next())
        .filter(|pair| !pair.ends_with('='))
        .collect();
    kept.join("; ")
}

pub(crate) fn address(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
