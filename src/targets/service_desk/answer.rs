//! `/rest/servicedeskapi`: what the answers mean.

use serde::Deserialize;

use crate::http::HttpResponse;
use crate::policy::FoldedName;
use crate::provision::{ListedOrganization, ListedOrganizations, Operation, Page, Question, RemoteState};
use crate::targets::answer::{is_html, read_json};
use crate::targets::error::{Outcome, Request, TargetError};
use crate::targets::listing::{after, answered, offset};

use super::ServiceDeskApi;

/// The longest id: that of the largest number that Jira's databases count to, 2^63 - 1.
const MAX_ID_DIGITS: usize = 19;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageAnswer {
    size: u64,
    start: u64,
    is_last_page: bool,
    values: Vec<OrganizationAnswer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrganizationAnswer {
    id: Id,
    name: String,
    /// An identity provider keeps it (Cloud).
    #[serde(default)]
    scim_managed: bool,
}

/// A decimal number, as text in most answers and as a number in some.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

impl Id {
    fn digits(&self) -> Option<String> {
        let text = match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        };
        let fits =
            (1..=MAX_ID_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then_some(text)
    }
}

/// Refusals that mean the same for every request of a product.
type Refusal = fn(Request, &HttpResponse) -> Result<(), TargetError>;

impl ServiceDeskApi<'_> {
    /// The organizations on a page of the list.
    pub(in crate::targets) fn listed(
        page: &Page,
        response: &HttpResponse,
        refusal: Refusal,
    ) -> Result<ListedOrganizations, TargetError> {
        let request = Request::ListOrganizations;
        let found = read_page(request, page, response, refusal)?;
        let malformed = TargetError::Malformed {
            request,
            status: response.status,
            expected: "the id of an organization",
        };
        let count = found.values.len();
        let next = if found.is_last_page { None } else { after(request, page, count)? };
        let organizations = found.values.into_iter().map(|organization| {
            let id = organization.id.digits().ok_or(malformed)?;
            Ok(ListedOrganization { id, name: organization.name, kept_elsewhere: organization.scim_managed })
        });
        Ok(ListedOrganizations { organizations: organizations.collect::<Result<_, _>>()?, next })
    }

    /// Looks for the organization `name` on a page of the list.
    pub(in crate::targets) fn learn(
        name: &str,
        page: &Page,
        response: &HttpResponse,
        refusal: Refusal,
        remote: &mut RemoteState,
    ) -> Result<Vec<Question>, TargetError> {
        let request = Request::ReadOrganization;
        let malformed = |expected| TargetError::Malformed { request, status: response.status, expected };
        let found = read_page(request, page, response, refusal)?;
        if let Some(organization) = found.values.iter().find(|organization| organization.name == name) {
            if organization.scim_managed {
                return Err(TargetError::OrganizationRefused { request });
            }
            let id = organization.id.digits().ok_or_else(|| malformed("the id of an organization"))?;
            remote.directory.learn_organization(name, &id);
            return Ok(Vec::new());
        }
        if found.is_last_page {
            remote.directory.learn_no_organization(name);
            return Ok(Vec::new());
        }
        let next = after(request, page, found.values.len())?;
        Ok(next.map(|page| Question::Organization { name: name.to_owned(), page }).into_iter().collect())
    }

    /// What the answer to a change says; `None` for operations that are not about organizations and service desks.
    pub(in crate::targets) fn outcome(
        operation: &Operation,
        response: &HttpResponse,
        refusal: Refusal,
        remote: &mut RemoteState,
    ) -> Option<Outcome> {
        let request = Request::Change(operation.kind());
        let is_ours = matches!(
            operation,
            Operation::CreateOrganization { .. }
                | Operation::LinkOrganization { .. }
                | Operation::AddCustomer { .. }
                | Operation::AddToOrganization { .. }
                | Operation::RemoveFromOrganization { .. }
                | Operation::DeleteOrganization { .. }
        );
        if !is_ours {
            return None;
        }
        match refusal(request, response) {
            Err(TargetError::Throttled { retry_after, .. }) => return Some(Outcome::RetryAfter(retry_after)),
            Err(error) => return Some(Outcome::Refused(error)),
            Ok(()) => {}
        }
        let status = response.status;
        let malformed =
            |expected| Some(Outcome::Refused(TargetError::Malformed { request, status, expected }));
        if (200..=299).contains(&status) && is_html(response) {
            return malformed("an answer of the REST API");
        }
        Some(match (status, operation) {
            (200 | 201, Operation::CreateOrganization { organization }) => {
                made(organization, request, response, remote)
            }
            // Without a body it has no id; and what an existing name is refused with is not documented everywhere.
            (204 | 400 | 409, Operation::CreateOrganization { .. }) => Outcome::Reread,
            (200 | 204, Operation::DeleteOrganization { organization }) => {
                remote.directory.learn_no_organization(organization);
                Outcome::Applied
            }
            (200 | 201 | 204, Operation::LinkOrganization { organization, service_desk }) => {
                remote.directory.learn_link(organization, service_desk);
                Outcome::Applied
            }
            (200 | 201 | 204, _) => Outcome::Applied,
            // The organization whose id was remembered may have been deleted: the next sign-in looks for it again.
            (404, Operation::LinkOrganization { organization, .. }) => {
                remote.directory.forget_organization(organization);
                Outcome::Refused(TargetError::Missing { request, what: "service desk or organization" })
            }
            (404, Operation::AddToOrganization { organization, .. }) => {
                remote.directory.forget_organization(organization);
                Outcome::Stale
            }
            // An id that was remembered may be gone, or a proxy has lost the body of a DELETE: the list decides.
            (
                404,
                Operation::RemoveFromOrganization { organization, .. }
                | Operation::DeleteOrganization { organization },
            ) => {
                remote.directory.forget_organization(organization);
                Outcome::Stale
            }
            (404, Operation::AddCustomer { .. }) => {
                Outcome::Refused(TargetError::Missing { request, what: "service desk" })
            }
            (400..=499, _) => Outcome::Refused(TargetError::Refused { request, status }),
            _ => return malformed("a documented status"),
        })
    }
}

/// The page that was asked for: another one would let organizations be missed and made a second time.
fn read_page(
    request: Request,
    page: &Page,
    response: &HttpResponse,
    refusal: Refusal,
) -> Result<PageAnswer, TargetError> {
    refusal(request, response)?;
    answered(request, response)?;
    let found: PageAnswer = read_json(request, response, "a page of organizations")?;
    let count = found.values.len() as u64;
    if found.start != offset(page) || found.size != count || (count == 0 && !found.is_last_page) {
        let expected = "the page that was asked for";
        return Err(TargetError::Malformed { request, status: response.status, expected });
    }
    Ok(found)
}

/// The organization that was made, or that was there already under this name.
fn made(name: &str, request: Request, response: &HttpResponse, remote: &mut RemoteState) -> Outcome {
    let expected = "the organization that was asked for";
    let organization: OrganizationAnswer = match read_json(request, response, expected) {
        Ok(organization) => organization,
        Err(error) => return Outcome::Refused(error),
    };
    match organization.id.digits().filter(|_| FoldedName::same(&organization.name, name)) {
        Some(_) if organization.scim_managed => {
            Outcome::Refused(TargetError::OrganizationRefused { request })
        }
        Some(id) => {
            remote.directory.learn_organization(name, &id);
            Outcome::Applied
        }
        None => Outcome::Refused(TargetError::Malformed { request, status: response.status, expected }),
    }
}
