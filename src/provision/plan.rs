//! The difference between what an account should be and what it is.

use crate::base::{Code, Pii};
use crate::policy::{AccountDecision, GroupNames};
use core::fmt;

use super::absence::Absence;
use super::account::{AccountRef, Profile, RemoteAccount};
use super::delivery::Delivery;
use super::marker::{CustomerAccess, Marker, MarkerUpdate, RemoteMarker};
use super::operation::{AccountChanges, Operation};
use super::state::{DesiredState, RemoteState, Settings};

/// The operations that lead from what is to what should be, in the order in which they are to be done: account, groups
/// that must exist, additions, removals, organizations, marker.
///
/// A new account that is to get groups has its marker written twice, as unfinished right after it was made and again at
/// the end: what only new people get is not lost when the sign-in breaks off in between.
///
/// Nothing carries it out as it is: [`super::Guardrail::approve`] comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    operations: Vec<Operation>,
    memberships: usize,
    email_conflict: bool,
    leaving: bool,
}

impl Plan {
    /// The operations in order.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// True when everything is as it should be, so nothing is sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// How many memberships it ends, in groups and organizations.
    #[must_use]
    pub fn removals(&self) -> usize {
        let removes = |operation: &&Operation| {
            matches!(operation, Operation::RemoveFromGroup { .. } | Operation::RemoveFromOrganization { .. })
        };
        self.operations.iter().filter(removes).count()
    }

    /// How many memberships the account has before it.
    #[must_use]
    pub const fn memberships(&self) -> usize {
        self.memberships
    }

    /// The IdP has another e-mail address than the application, where an address cannot be changed (J19). Nothing is sent;
    /// somebody has to look.
    #[must_use]
    pub const fn has_email_conflict(&self) -> bool {
        self.email_conflict
    }

    /// How many groups and organizations it makes.
    #[must_use]
    pub fn creations(&self) -> usize {
        let creates = |operation: &&Operation| {
            matches!(operation, Operation::CreateGroup { .. } | Operation::CreateOrganization { .. })
        };
        self.operations.iter().filter(creates).count()
    }

    /// The person leaves, so that taking everything is what is meant.
    #[must_use]
    pub const fn is_leaving(&self) -> bool {
        self.leaving
    }

    pub(super) const fn of_leaving(operations: Vec<Operation>, memberships: usize) -> Self {
        Self { operations, memberships, email_conflict: false, leaving: true }
    }

    pub(super) fn into_operations(self) -> Vec<Operation> {
        self.operations
    }
}

/// There is no plan for this person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProvisionError {
    /// There is no account, and it was not decided that one is made.
    AccountAbsent,
    /// The account is deactivated, and it was not decided that it is activated again.
    AccountInactive,
    /// The person's address leads to several accounts.
    AccountAmbiguous,
    /// The application cannot do to an account what was asked for.
    Impossible(Absence),
}

impl ProvisionError {
    /// The code of the finding.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::AccountAbsent => Code::AccountAbsent,
            Self::AccountInactive => Code::AccountInactive,
            Self::AccountAmbiguous => Code::AccountAmbiguous,
            Self::Impossible(_) => Code::AbsenceImpossible,
        }
    }
}

impl fmt::Display for ProvisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccountAbsent => f.write_str("the person has no account, and none is to be made"),
            Self::AccountInactive => f.write_str("the account is deactivated, and is to stay so"),
            Self::AccountAmbiguous => f.write_str("the address leads to more than one account"),
            Self::Impossible(absence) => {
                write!(f, "the application has no way to do what `{}` asks for", absence.as_str())
            }
        }
    }
}

impl core::error::Error for ProvisionError {}

/// Plans the way from `remote` to `desired`. Nothing to change gives an empty plan.
///
/// Only direct memberships are compared. An e-mail address is compared without case, and only when the application
/// shows one: Jira can be set to hide or mask addresses, and what cannot be read cannot be seen to differ.
///
/// # Errors
/// [`ProvisionError`] when there is no account and none may be made, or the account is deactivated.
pub fn plan(
    desired: &DesiredState,
    remote: &RemoteState,
    settings: &Settings,
) -> Result<Plan, ProvisionError> {
    let mut plan = Plan::default();
    if !settings.capabilities.reads {
        plan.operations.push(Operation::Deliver(Box::new(delivery(desired))));
        return Ok(plan);
    }
    let account = match &remote.account {
        None if desired.account != AccountDecision::Create => return Err(ProvisionError::AccountAbsent),
        None => {
            let account = AccountRef::named(desired.username.clone());
            plan.operations.push(create(desired, settings));
            plan.operations.extend(unfinished(&account, desired, remote, settings));
            account
        }
        Some(account) => {
            plan.memberships = account.groups.len().saturating_add(remote.marker.organizations());
            let update = match (account.active, desired.account) {
                (false, AccountDecision::Reactivate { update }) if settings.capabilities.reactivates => {
                    plan.operations.push(Operation::ReactivateAccount { account: account.reference() });
                    update
                }
                (false, _) => return Err(ProvisionError::AccountInactive),
                // To be made, and there already: somebody else was faster.
                (true, decision) => matches!(decision, AccountDecision::Update | AccountDecision::Create),
            };
            let mut changes = changes(desired, account, settings);
            plan.email_conflict = settings.capabilities.email_immutable && changes.email.take().is_some();
            if update && settings.capabilities.updates && !changes.is_empty() {
                plan.operations.push(Operation::UpdateAccount { account: account.reference(), changes });
            }
            account.reference()
        }
    };
    change_groups(&account, desired, remote, settings, &mut plan.operations);
    let Some(update) = desired.marker.as_ref().filter(|_| settings.capabilities.marker) else {
        return Ok(plan);
    };
    // The marker must not say that somebody was put where nobody can be put.
    let customer = update.customer.clone().filter(|_| settings.capabilities.organizations);
    let update = MarkerUpdate { customer, ..update.clone() };
    if let Some(customer) = &update.customer {
        place_customer(&account, customer, &update, remote, &mut plan.operations);
    }
    if let Some(marker) = update.against(&remote.marker) {
        plan.operations.push(Operation::WriteMarker { account, marker });
    }
    Ok(plan)
}

fn delivery(desired: &DesiredState) -> Delivery {
    let customer = desired.marker.as_ref().and_then(|update| update.customer.as_ref());
    let ensure = GroupNames::from_iter(&desired.groups.ensure);
    Delivery {
        username: desired.username.clone(),
        email: desired.email.as_ref().and_then(presentable),
        display_name: display_name(desired),
        profile: desired.profile.clone(),
        is_customer: desired.is_customer,
        not_groups: desired
            .groups
            .may_remove
            .iter()
            .filter(|group| !ensure.contains(group))
            .cloned()
            .collect(),
        groups: ensure.into_set(),
        organizations: customer.map(|customer| customer.organizations.clone()),
        signed_in_at: desired.marker.as_ref().and_then(|update| update.signed_in_at),
    }
}

fn create(desired: &DesiredState, settings: &Settings) -> Operation {
    Operation::CreateAccount {
        username: desired.username.clone(),
        email: desired.email.as_ref().and_then(presentable),
        display_name: display_name(desired),
        profile: kept(desired, settings),
        customer: desired.is_customer,
    }
}

fn display_name(desired: &DesiredState) -> Pii<String> {
    desired.display_name.as_ref().and_then(presentable).unwrap_or_else(|| desired.username.clone())
}

/// The fields of the profile that the application keeps and that say something.
fn kept(desired: &DesiredState, settings: &Settings) -> Profile {
    let fields = settings.capabilities.profile_fields;
    let kept = desired.profile.iter().filter(|(field, _)| fields.contains(field));
    kept.filter_map(|(field, value)| Some((*field, presentable(value)?))).collect()
}

fn unfinished(
    account: &AccountRef,
    desired: &DesiredState,
    remote: &RemoteState,
    settings: &Settings,
) -> Option<Operation> {
    let update = desired.marker.as_ref().filter(|_| settings.capabilities.marker)?;
    if desired.groups.ensure.is_empty() {
        return None;
    }
    let customer = update.customer.as_ref().filter(|_| settings.capabilities.organizations);
    let marker = match (customer, &remote.marker) {
        (Some(customer), RemoteMarker::Absent) => moving(customer, update, &Marker::default(), remote),
        _ => {
            // Nobody was put anywhere yet.
            let marker = MarkerUpdate { customer: None, ..update.clone() }.against(&remote.marker)?;
            Marker { unfinished: true, proof: update.proof.clone(), ..marker }
        }
    };
    Some(Operation::WriteMarker { account: account.clone(), marker })
}

fn changes(desired: &DesiredState, account: &RemoteAccount, settings: &Settings) -> AccountChanges {
    let email = desired.email.as_ref().and_then(presentable).filter(|wanted| {
        account.email.as_ref().is_some_and(|have| {
            have.expose().contains('@') && have.expose().to_lowercase() != wanted.expose().to_lowercase()
        })
    });
    let display_name = desired
        .display_name
        .as_ref()
        .and_then(presentable)
        .filter(|wanted| account.display_name.expose().trim() != wanted.expose());
    let mut profile = kept(desired, settings);
    profile.retain(|field, wanted| account.profile.get(field) != Some(wanted));
    let mut changes = AccountChanges { email, display_name, profile };
    if !settings.capabilities.shows_email && !changes.is_empty() {
        changes.email = desired.email.as_ref().and_then(presentable);
    }
    changes
}

/// `value` without white space around it, which applications drop too; `None` when nothing is left.
fn presentable(value: &Pii<String>) -> Option<Pii<String>> {
    let value = value.expose().trim();
    (!value.is_empty()).then(|| Pii::new(value.to_owned()))
}

fn change_groups(
    account: &AccountRef,
    desired: &DesiredState,
    remote: &RemoteState,
    settings: &Settings,
    operations: &mut Vec<Operation>,
) {
    let current = GroupNames::from_iter(remote.account.iter().flat_map(|account| &account.groups));
    let ensure = GroupNames::from_iter(&desired.groups.ensure);
    let may_remove = GroupNames::from_iter(&desired.groups.may_remove);
    let creates = settings.create_missing_groups && settings.capabilities.creates_groups;

    let missing = || ensure.iter().filter(|group| !current.contains(group));
    if creates {
        operations.extend(
            missing()
                .filter(|group| !remote.knows_group(group))
                .map(|group| Operation::CreateGroup { group: group.to_owned() }),
        );
    }
    let by_name = GroupNames::from_iter(&desired.groups.if_it_exists);
    operations.extend(missing().map(|group| Operation::AddToGroup {
        account: account.clone(),
        group: group.to_owned(),
        if_it_exists: by_name.contains(group) && !creates,
    }));
    operations.extend(
        current
            .iter()
            .filter(|group| may_remove.contains(group) && !ensure.contains(group))
            .map(|group| Operation::RemoveFromGroup { account: account.clone(), group: group.to_owned() }),
    );
}

/// Puts the customer where `customer` says, and takes the customer out of where only we had put them. The marker
/// remembers both, so that nobody has to read the members of an organization; while the customer is moved it remembers both
/// places, so that a move that breaks off is finished from either.
fn place_customer(
    account: &AccountRef,
    customer: &CustomerAccess,
    update: &MarkerUpdate,
    remote: &RemoteState,
    operations: &mut Vec<Operation>,
) {
    let unmarked = Marker::default();
    let marked = match &remote.marker {
        RemoteMarker::Present(marker) => marker,
        RemoteMarker::Absent => &unmarked,
        // Who cannot be told apart later is not put anywhere now.
        RemoteMarker::NotRead | RemoteMarker::Foreign => return,
    };
    // What a move that broke off has reached is not known.
    let reached = if marked.moving { &unmarked } else { marked };
    let joins: Vec<&String> = customer.organizations.difference(&reached.organizations).collect();
    let leaves: Vec<&String> = marked.organizations.difference(&customer.organizations).collect();
    let enters: Vec<&String> = customer.direct_service_desks.difference(&reached.service_desks).collect();
    if joins.is_empty() && leaves.is_empty() && enters.is_empty() {
        return;
    }
    let marker = moving(customer, update, marked, remote);
    let precaution = Operation::WriteMarker { account: account.clone(), marker };
    if !operations.contains(&precaution) {
        operations.push(precaution);
    }
    for organization in joins {
        if remote.directory.organization_id(organization).is_none() {
            operations.push(Operation::CreateOrganization { organization: organization.clone() });
        }
        for service_desk in &customer.linked_service_desks {
            if !remote.directory.is_linked(organization, service_desk) {
                operations.push(Operation::LinkOrganization {
                    organization: organization.clone(),
                    service_desk: service_desk.clone(),
                });
            }
        }
        operations.push(Operation::AddToOrganization {
            account: account.clone(),
            organization: organization.clone(),
        });
    }
    for service_desk in enters {
        operations
            .push(Operation::AddCustomer { account: account.clone(), service_desk: service_desk.clone() });
    }
    for organization in leaves {
        operations.push(Operation::RemoveFromOrganization {
            account: account.clone(),
            organization: organization.clone(),
        });
    }
}

/// The marker while the customer is moved. A new account keeps its other mark until the end.
fn moving(customer: &CustomerAccess, update: &MarkerUpdate, marked: &Marker, remote: &RemoteState) -> Marker {
    let is_new = remote.account.is_none() || marked.unfinished;
    Marker {
        unfinished: is_new,
        proof: update.proof.clone().filter(|_| is_new),
        moving: true,
        customer_login: update.customer_login.clone().or_else(|| marked.customer_login.clone()),
        last_login: marked.last_login,
        organizations: marked.organizations.union(&customer.organizations).cloned().collect(),
        service_desks: marked.service_desks.union(&customer.direct_service_desks).cloned().collect(),
    }
}
