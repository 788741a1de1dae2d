//! `sp.description`.

use super::identity::attribute_name;
use super::origin::is_authority;
use super::{Checker, quoted};
use crate::config::path::Path;
use crate::config::raw::{
    Contact as RawContact, ContactType, Logo as RawLogo, Organization as RawOrganization,
    RequestedAttribute as RawAttribute, SpDescription, UserInterface as RawUserInterface, Whole,
};
use crate::saml::metadata::description::{
    Contact, ContactKind, Description, Logo, Organization, RequestedAttribute, UserInterface,
};

/// Languages: the European Union has 24.
const MAX_LANGUAGES: usize = 32;
/// Pictures: a small and a large one for a few languages.
const MAX_LOGOS: usize = 8;
/// Contacts: three for each kind.
const MAX_CONTACTS: usize = 16;
/// Addresses of one contact.
const MAX_ADDRESSES: usize = 8;
/// Attributes that are asked for; the largest federations know some fifty.
const MAX_REQUESTED_ATTRIBUTES: usize = 64;
/// Characters of a text for people.
const MAX_TEXT: usize = 255;
/// Characters of an address: what browsers and servers can be relied on to take (RFC 9110 4.1 asks for 8000).
const MAX_URI: usize = 2048;
/// Pixels of a picture.
const MAX_PIXELS: u32 = 4096;

pub(super) fn description(raw: &SpDescription, checker: &mut Checker<'_>) -> Description {
    let at = Path::default().field("sp.description");
    for (field, number, most, entries) in [
        ("user_interface", raw.user_interface.len(), MAX_LANGUAGES, "languages"),
        ("logos", raw.logos.len(), MAX_LOGOS, "pictures"),
        ("organization", raw.organization.len(), MAX_LANGUAGES, "languages"),
        ("contacts", raw.contacts.len(), MAX_CONTACTS, "contacts"),
        ("requested_attributes", raw.requested_attributes.len(), MAX_REQUESTED_ATTRIBUTES, "attributes"),
    ] {
        checker.at_most(number, most, entries, &at.field(field));
    }
    let path = at.field("user_interface");
    let user_interface: Vec<_> = each(&raw.user_interface, MAX_LANGUAGES, &path, |entry, path| {
        let made = user_interface(entry, path, checker)?;
        Some((made.language.clone(), made))
    });
    let user_interface = one_each_language(user_interface, &path, checker);
    let logos = each(&raw.logos, MAX_LOGOS, &at.field("logos"), |entry, path| logo(entry, path, checker));
    let path = at.field("organization");
    let organization: Vec<_> = each(&raw.organization, MAX_LANGUAGES, &path, |entry, path| {
        let made = organization(entry, path, checker)?;
        Some((made.language.clone(), made))
    });
    let organization = one_each_language(organization, &path, checker);
    let path = at.field("contacts");
    let contacts = each(&raw.contacts, MAX_CONTACTS, &path, |entry, path| contact(entry, path, checker));
    let path = at.field("requested_attributes");
    let requested_attributes =
        each(&raw.requested_attributes, MAX_REQUESTED_ATTRIBUTES, &path, |raw, path| {
            requested_attribute(raw, path, checker)
        });
    // Metadata 2.4.4.1: the list has a name for people.
    if !raw.requested_attributes.is_empty() && raw.user_interface.is_empty() {
        checker.conflict(&path, at.field("user_interface"), "the list needs a name of ours for people");
    }
    Description { user_interface, logos, organization, contacts, requested_attributes }
}

fn each<R, T>(raw: &[R], most: usize, at: &Path, mut check: impl FnMut(&R, &Path) -> Option<T>) -> Vec<T> {
    let entries = raw.iter().take(most).enumerate();
    entries.filter_map(|(index, entry)| check(entry, &at.index(index))).collect()
}

/// Metadata UI 2.1.2, metadata 2.3.2.1: one text for each language.
fn one_each_language<T>(made: Vec<(String, T)>, at: &Path, checker: &mut Checker<'_>) -> Vec<T> {
    let mut seen: Vec<String> = Vec::new();
    let mut kept = Vec::new();
    for (language, entry) in made {
        let folded = language.to_ascii_lowercase();
        if seen.contains(&folded) {
            checker.invalid(at, quoted(&language), "each language once");
        }
        seen.push(folded);
        kept.push(entry);
    }
    kept
}

fn user_interface(raw: &RawUserInterface, at: &Path, checker: &mut Checker<'_>) -> Option<UserInterface> {
    let language = language(raw.language.as_ref(), &at.field("language"), checker);
    let display_name = required_text(raw.display_name.as_ref(), &at.field("display_name"), checker);
    let description = text(raw.description.as_ref(), &at.field("description"), checker);
    let information_uri = web_address(raw.information_uri.as_ref(), &at.field("information_uri"), checker);
    let path = at.field("privacy_statement_uri");
    let privacy_statement_uri = web_address(raw.privacy_statement_uri.as_ref(), &path, checker);
    Some(UserInterface {
        language: language?,
        display_name: display_name?,
        description,
        information_uri,
        privacy_statement_uri,
    })
}

fn logo(raw: &RawLogo, at: &Path, checker: &mut Checker<'_>) -> Option<Logo> {
    let path = at.field("uri");
    let uri = checker.required(raw.uri.as_ref(), &path, "an address");
    let uri = uri.and_then(|uri| web_address(Some(uri), &path, checker));
    // Metadata UI 2.1.5: a page with TLS that shows it would be spoilt by a picture without.
    if uri.as_ref().is_some_and(|uri| uri.starts_with("http://")) {
        checker.invalid(&path, "an address without TLS", "an `https` address");
    }
    let mut pixels = |raw: Option<Whole>, field: &str| {
        let path = at.field(field);
        let raw = checker.required(raw, &path, "a number of pixels")?;
        super::session::count::<u32>(raw, 1..=MAX_PIXELS, &path, checker)
    };
    let (width, height) = (pixels(raw.width, "width"), pixels(raw.height, "height"));
    let path = at.field("language");
    let language = raw.language.as_ref().and_then(|language| self::language(Some(language), &path, checker));
    Some(Logo { uri: uri?, width: width?, height: height?, language })
}

fn organization(raw: &RawOrganization, at: &Path, checker: &mut Checker<'_>) -> Option<Organization> {
    let language = language(raw.language.as_ref(), &at.field("language"), checker);
    let name = required_text(raw.name.as_ref(), &at.field("name"), checker);
    let display_name = text(raw.display_name.as_ref(), &at.field("display_name"), checker);
    let path = at.field("uri");
    let uri = checker.required(raw.uri.as_ref(), &path, "an address");
    let uri = uri.and_then(|uri| web_address(Some(uri), &path, checker));
    let name = name?;
    let display_name = display_name.unwrap_or_else(|| name.clone());
    Some(Organization { language: language?, name, display_name, uri: uri? })
}

fn contact(raw: &RawContact, at: &Path, checker: &mut Checker<'_>) -> Option<Contact> {
    let path = at.field("contact_type");
    let kind = checker.required(raw.contact_type, &path, "what this contact is asked about");
    let addresses = at.field("email_addresses");
    let numbers = at.field("telephone_numbers");
    checker.at_most(raw.email_addresses.len(), MAX_ADDRESSES, "addresses", &addresses);
    checker.at_most(raw.telephone_numbers.len(), MAX_ADDRESSES, "numbers", &numbers);
    if raw.email_addresses.is_empty() && raw.telephone_numbers.is_empty() {
        checker.missing(&addresses, "an address, or else `telephone_numbers`");
    }
    let email_addresses =
        each(&raw.email_addresses, MAX_ADDRESSES, &addresses, |raw, path| email(raw, path, checker));
    let telephone_numbers =
        each(&raw.telephone_numbers, MAX_ADDRESSES, &numbers, |raw, path| text(Some(raw), path, checker));
    Some(Contact {
        kind: match kind? {
            ContactType::Technical => ContactKind::Technical,
            ContactType::Support => ContactKind::Support,
            ContactType::Administrative => ContactKind::Administrative,
            ContactType::Billing => ContactKind::Billing,
            ContactType::Other => ContactKind::Other,
        },
        company: text(raw.company.as_ref(), &at.field("company"), checker),
        given_name: text(raw.given_name.as_ref(), &at.field("given_name"), checker),
        surname: text(raw.surname.as_ref(), &at.field("surname"), checker),
        email_addresses,
        telephone_numbers,
    })
}

fn requested_attribute(
    raw: &RawAttribute,
    at: &Path,
    checker: &mut Checker<'_>,
) -> Option<RequestedAttribute> {
    let name = checker.required(raw.name.as_ref(), &at.field("name"), "an attribute name");
    for (field, name) in [("name", &raw.name), ("friendly_name", &raw.friendly_name)] {
        if let Some(name) = name {
            attribute_name(name, &at.field(field), checker);
        }
    }
    if let Some(format) = &raw.name_format
        && !is_uri(format)
    {
        checker.invalid(&at.field("name_format"), quoted(format), "a URI without white space");
    }
    Some(RequestedAttribute {
        name: name?.clone(),
        name_format: raw.name_format.clone(),
        friendly_name: raw.friendly_name.clone(),
        required: raw.required,
    })
}

/// The form of a language tag (RFC 5646 2.1), as `xml:lang` takes it.
fn language(raw: Option<&String>, at: &Path, checker: &mut Checker<'_>) -> Option<String> {
    let language = checker.required(raw, at, "a language, such as `en`")?;
    let mut parts = language.split('-');
    let first = parts.next().is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let rest = parts.all(|part| part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if !first || !rest || !language.split('-').all(|part| (1..=8).contains(&part.len())) {
        checker.invalid(at, quoted(language), "a language, such as `en` or `de-AT`");
        return None;
    }
    Some(language.clone())
}

fn required_text(raw: Option<&String>, at: &Path, checker: &mut Checker<'_>) -> Option<String> {
    let raw = checker.required(raw, at, "a text for people")?;
    text(Some(raw), at, checker)
}

fn text(raw: Option<&String>, at: &Path, checker: &mut Checker<'_>) -> Option<String> {
    let text = raw?;
    let fits = (1..=MAX_TEXT).contains(&text.chars().count());
    if !fits || text.trim() != text || text.chars().any(char::is_control) {
        let expected = format_args!("a line of 1 to {MAX_TEXT} characters without white space around it");
        checker.invalid(at, quoted(text), expected);
        return None;
    }
    Some(text.clone())
}

fn email(raw: &str, at: &Path, checker: &mut Checker<'_>) -> Option<String> {
    // Enough to tell an address from something else; `?` would add headers to the message (RFC 6068 2).
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic() && !b"?&%<>\":@".contains(&byte))
    };
    let fits = raw.len() <= MAX_TEXT
        && raw.split_once('@').is_some_and(|(local, domain)| plain(local) && is_authority(domain));
    if !fits {
        checker.invalid(at, quoted(raw), "an e-mail address without `mailto:`");
        return None;
    }
    Some(raw.to_owned())
}

fn is_uri(text: &str) -> bool {
    (1..=MAX_URI).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn web_address(raw: Option<&String>, at: &Path, checker: &mut Checker<'_>) -> Option<String> {
    let uri = raw?;
    let authority = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://"));
    let authority = authority.and_then(|rest| rest.split(['/', '?', '#']).next());
    if !is_uri(uri) || !authority.is_some_and(is_authority) {
        checker.invalid(at, quoted(uri), "an absolute web address, such as `https://www.example.com/`");
        return None;
    }
    Some(uri.clone())
}
