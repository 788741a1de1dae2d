//! Where an identity provider takes messages (metadata 2.2.2, 2.2.3).

use serde::{Deserialize, Serialize};

use super::MetadataError;
use crate::saml::names;
use crate::xml::Element;

/// How a message can be sent through the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Binding {
    /// HTTP-Redirect (bindings 3.4).
    Redirect,
    /// HTTP-POST (bindings 3.5).
    Post,
}

/// One `SingleSignOnService` or `SingleLogoutService` (metadata 2.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// How to send.
    pub binding: Binding,
    /// Where to: an absolute http or https address without fragment, exactly as in the metadata.
    pub location: String,
    /// Where responses go instead, an address of the same kind; `None` for [`Endpoint::location`].
    pub response_location: Option<String>,
}

impl Endpoint {
    /// Where a response goes (metadata 2.2.2).
    #[must_use]
    pub fn response_location(&self) -> &str {
        self.response_location.as_deref().unwrap_or(&self.location)
    }
}

/// One `ArtifactResolutionService` that speaks SOAP (metadata 2.2.3, 2.4.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedEndpoint {
    /// What an artifact names it by; no other service of the same metadata has it.
    pub index: u16,
    /// Where to: an absolute http or https address without fragment.
    pub location: String,
}

/// The endpoints of one role.
pub(super) struct Endpoints {
    /// At least one.
    pub(super) single_sign_on: Vec<Endpoint>,
    pub(super) single_logout: Vec<Endpoint>,
    pub(super) artifact_resolution: Vec<IndexedEndpoint>,
    /// What was left out: the address as it is written.
    pub(super) refused: Vec<String>,
}

impl Endpoints {
    /// Without sign-in nothing works, so an address for it that cannot be used is an error; what else cannot be used is
    /// left out and reported.
    pub(super) fn of(idp: Element<'_>) -> Result<Self, MetadataError> {
        let mut found = Self {
            single_sign_on: Vec::new(),
            single_logout: Vec::new(),
            artifact_resolution: Vec::new(),
            refused: Vec::new(),
        };
        for child in idp.children() {
            if child.is(names::METADATA, "SingleSignOnService") {
                let Some(binding) = binding(child) else { continue };
                let endpoint = endpoint(child, binding)
                    .map_err(|presented| MetadataError::LocationRefused { presented })?;
                found.single_sign_on.push(endpoint);
            } else if child.is(names::METADATA, "SingleLogoutService") {
                let Some(binding) = binding(child) else { continue };
                match endpoint(child, binding) {
                    Ok(endpoint) => found.single_logout.push(endpoint),
                    Err(presented) => found.refuse(presented),
                }
            } else if child.is(names::METADATA, "ArtifactResolutionService")
                && child.attribute("Binding") == Some(names::BINDING_SOAP)
            {
                found.take_artifact_resolution(child);
            }
        }
        if found.single_sign_on.is_empty() {
            return Err(MetadataError::EndpointMissing);
        }
        Ok(found)
    }

    fn take_artifact_resolution(&mut self, service: Element<'_>) {
        let location = service.attribute("Location").unwrap_or_default();
        let index = service.attribute("index").and_then(|index| index.trim_ascii().parse().ok());
        // An index that is there twice names nothing: the first would be as good a guess as the second.
        match index.filter(|index| self.artifact_resolution.iter().all(|other| other.index != *index)) {
            Some(index) if is_web_address(location) => {
                self.artifact_resolution.push(IndexedEndpoint { index, location: location.to_owned() });
            }
            _ => self.refuse(location.to_owned()),
        }
    }

    fn refuse(&mut self, presented: String) {
        // Enough to see what is wrong.
        if self.refused.len() < 5 {
            self.refused.push(presented);
        }
    }
}

fn binding(service: Element<'_>) -> Option<Binding> {
    match service.attribute("Binding") {
        Some(names::BINDING_REDIRECT) => Some(Binding::Redirect),
        Some(names::BINDING_POST) => Some(Binding::Post),
        _ => None,
    }
}

/// The endpoint, or the address that it cannot have.
fn endpoint(service: Element<'_>, binding: Binding) -> Result<Endpoint, String> {
    let location = service.attribute("Location").unwrap_or_default();
    // An empty one is how some products write that there is none.
    let response_location = service.attribute("ResponseLocation").filter(|location| !location.is_empty());
    match [Some(location), response_location].into_iter().flatten().find(|text| !is_web_address(text)) {
        Some(refused) => Err(refused.to_owned()),
        None => Ok(Endpoint {
            binding,
            location: location.to_owned(),
            response_location: response_location.map(str::to_owned),
        }),
    }
}

/// An absolute http or https address (RFC 3986) that can stand in a `Location` header as it is: no `javascript:`,
/// no user name, no fragment (we append a query), no character that a browser would read differently.
fn is_web_address(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_graphic() && !br#""<>\^`{|}#"#.contains(&byte);
    !host.is_empty() && !host.starts_with(':') && !host.contains('@') && text.bytes().all(plain)
}
