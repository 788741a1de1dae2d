//! What becomes of an organization as such, when the group that it stands for comes, is renamed or goes.

use std::collections::BTreeSet;

use super::absence::Absence;
use super::capabilities::Capabilities;
use super::operation::Operation;
use super::plan::{Plan, ProvisionError};

/// Plans what makes an organization that is called `from` be called `to`, and reach `service_desks`; `None` for one that is
/// not there, or is not to be there (J12, J23 to J25).
///
/// # Errors
/// [`ProvisionError::Impossible`] when the application can neither rename nor delete organizations and would have to.
pub fn organization(
    from: Option<&str>,
    to: Option<&str>,
    service_desks: &BTreeSet<String>,
    capabilities: &Capabilities,
) -> Result<Plan, ProvisionError> {
    let mut operations = Vec::new();
    match (from, to) {
        (None, None) => {}
        (Some(from), None) if capabilities.deletes_organizations => {
            operations.push(Operation::DeleteOrganization { organization: from.to_owned() });
        }
        (Some(from), Some(to)) if from == to => {}
        (Some(from), Some(to)) if capabilities.renames_organizations => {
            operations
                .push(Operation::RenameOrganization { organization: from.to_owned(), name: to.to_owned() });
        }
        (Some(_), _) => return Err(ProvisionError::Impossible(Absence::Delete)),
        (None, Some(to)) => {
            operations.push(Operation::CreateOrganization { organization: to.to_owned() });
            operations.extend(service_desks.iter().map(|desk| Operation::LinkOrganization {
                organization: to.to_owned(),
                service_desk: desk.clone(),
            }));
        }
    }
    Ok(Plan::of_leaving(operations, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(from: Option<&str>, to: Option<&str>, can: bool) -> Result<Vec<String>, ProvisionError> {
        let capabilities = Capabilities {
            organizations: true,
            renames_organizations: can,
            deletes_organizations: can,
            ..Capabilities::default()
        };
        let desks = BTreeSet::from([String::from("7")]);
        let plan = organization(from, to, &desks, &capabilities)?;
        Ok(plan.operations().iter().map(|operation| operation.kind().as_str().to_owned()).collect())
    }

    #[test]
    fn j12_j23_j25_an_organization_follows_its_group() {
        let steps = |from, to| planned(from, to, true).unwrap();
        assert_eq!(steps(None, Some("Acme")), ["create_organization", "link_organization"]);
        assert_eq!(steps(Some("Acme"), Some("Apex")), ["rename_organization"]);
        assert_eq!(steps(Some("Acme"), None), ["delete_organization"]);
        assert!(steps(Some("Acme"), Some("Acme")).is_empty() && steps(None, None).is_empty());
    }

    #[test]
    fn what_the_application_cannot_do_is_not_planned_as_something_else() {
        // A new organization beside the old one would leave everybody in both.
        assert!(planned(Some("Acme"), Some("Apex"), false).is_err());
        assert!(planned(Some("Acme"), None, false).is_err());
        assert!(planned(None, Some("Acme"), false).is_ok());
    }
}
