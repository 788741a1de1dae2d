//! What the directory pushed about somebody who signs in: the groups that then count instead of those of the assertion.

use std::rc::Rc;

use crate::base::Rejection;
use crate::directory::{Group, GroupsBecome, Membership};
use crate::effect::{Answer, Ask, Event, Tell};
use crate::identity::{AssertedGroups, Identity, UnknownGroups};
use crate::scim::{ResourceKind, fold, message::Media};
use crate::store::OnFailure;
use crate::store::table::{Done, List, RowSize, Transaction};

use super::super::Env;
use super::super::provisioning::Person;
use super::super::settings::Organizations;
use super::LIMITS;
use super::book::{Book, Facts, Found, Stop, next_reads};
use super::decision::Context;
use super::pen::row;
use super::person::account_name;
use super::rows;
use super::settings::Memberships;
use super::table::{KnownTable, Table, TableCall, TableFault, TableTurn};

/// Reads of one sign-in: the first row, whose account it is, the person, and the groups in pages.
const MAX_READS: u32 = 40;

/// A look into the table under way.
#[derive(Debug)]
pub(in crate::flow) struct Evidence {
    table: Option<Rc<Table>>,
    facts: Facts,
    reads: u32,
    call: TableCall,
}

/// What the look needs next, or what came of it.
pub(in crate::flow) enum EvidenceTurn {
    /// The answer to this goes to [`Evidence::answer`].
    Ask(Box<Evidence>, Ask),
    /// The person with what counts.
    Settled(Box<Identity>, Vec<Tell>),
    /// Nobody signs in while it is not known.
    Refused(Rejection),
}

/// What was pushed.
enum Pushed {
    /// Nothing about this person, or no groups at all: the assertion says it.
    Nothing,
    /// Something, but perhaps about somebody else.
    Unclear,
    /// The person is in these.
    In(Vec<Group>),
}

impl Evidence {
    /// Begins; `None` where the assertion alone counts.
    pub(in crate::flow) fn start(identity: &Identity, env: &Env<'_>) -> Option<EvidenceTurn> {
        let settings = env.settings.scim_gateway.as_deref()?;
        env.settings.provisioning.as_ref()?;
        if settings.memberships != Memberships::Directory {
            return None;
        }
        let nothing = || (None, Facts::default(), 0);
        Some(Self::turned(nothing(), TableCall::first(env), identity, env))
    }

    /// Takes the answer to the last ask.
    pub(in crate::flow) fn answer(self, answer: Answer, identity: &Identity, env: &Env<'_>) -> EvidenceTurn {
        let Self { table, facts, reads, call } = self;
        Self::turned((table, facts, reads), call.answer(answer, env), identity, env)
    }

    fn turned(
        (table, mut facts, reads): (Option<Rc<Table>>, Facts, u32),
        turn: TableTurn,
        identity: &Identity,
        env: &Env<'_>,
    ) -> EvidenceTurn {
        let (transaction, outcome) = match turn {
            TableTurn::Ask(call, ask) => {
                return EvidenceTurn::Ask(Box::new(Self { table, facts, reads, call }), ask);
            }
            TableTurn::Failed(fault) => return unknown(&fault, identity, env),
            TableTurn::Done(transaction, outcome) => (transaction, outcome),
        };
        let table = match table {
            // Somebody else began another table meanwhile.
            Some(_) if !outcome.carried_out => return unknown(&TableFault::NotReady, identity, env),
            Some(table) => {
                for (action, done) in transaction.then.into_iter().zip(outcome.done) {
                    facts.learn(action, done);
                }
                table
            }
            None => {
                let found = match outcome.done.first() {
                    Some(Done::Read(row)) => row.as_ref(),
                    _ => None,
                };
                match KnownTable::default().open(found, env) {
                    Ok((_, first, _)) if !first.ready => {
                        return unknown(&TableFault::NotReady, identity, env);
                    }
                    Ok((table, ..)) => table,
                    Err(fault) => return unknown(&fault, identity, env),
                }
            }
        };
        match pushed(&table, &facts, identity, env) {
            Ok(Pushed::Nothing) => EvidenceTurn::Settled(Box::new(identity.clone()), Vec::new()),
            Ok(Pushed::Unclear) => {
                let groups = AssertedGroups::Unknown(UnknownGroups::Unreadable);
                EvidenceTurn::Settled(Box::new(Identity { groups, ..identity.clone() }), Vec::new())
            }
            Ok(Pushed::In(groups)) => {
                EvidenceTurn::Settled(Box::new(counting(identity, groups, env)), Vec::new())
            }
            Err(Stop::Read(actions)) if reads < MAX_READS => {
                let then = next_reads(&mut actions.into());
                let call = TableCall::start(&table, Transaction { then, ..Transaction::default() }, env);
                Self::turned((Some(table), facts, reads.saturating_add(1)), call, identity, env)
            }
            Err(Stop::Read(_) | Stop::Refuse(_) | Stop::Unreadable(_)) => {
                unknown(&TableFault::Unreadable, identity, env)
            }
        }
    }
}

/// What the table says about whoever acts by the account of `identity`.
fn pushed(table: &Table, facts: &Facts, identity: &Identity, env: &Env<'_>) -> Found<Pushed> {
    let (Some(settings), Some(provisioning)) =
        (env.settings.scim_gateway.as_deref(), env.settings.provisioning.as_ref())
    else {
        return Ok(Pushed::Nothing);
    };
    let context = Context {
        book: Book { table: &table.key, facts },
        settings,
        identity: &env.settings.identity,
        provisioning,
        limits: &LIMITS,
        entropy: env.entropy,
        now: env.now,
        new_id: "",
        media: Media::of(None),
    };
    let person = Person { username: &identity.username, email: identity.email.as_ref() };
    // Who has nothing that the application knows people by does not get in.
    let Ok(key) = person.key(provisioning) else { return Ok(Pushed::Nothing) };
    let name = fold(key.value().expose());
    let account = row(rows::unique("account", &name, &table.key))?;
    let Some((id, _)) = context.book.get::<String>(&account)? else {
        return may_be_linked(&context, person)
            .map(|may| if may { Pushed::Unclear } else { Pushed::Nothing });
    };
    // Whose account it was is known, and they are not: deleted, and the application does not know yet, or the row is lost.
    let Some(kept) = context.user(&id)? else { return Ok(Pushed::Unclear) };
    // A name that somebody is about to get, or still has, or that their account only happens to have, is nobody's word.
    let at = context.book.get::<rows::Projected>(&row(rows::about("at", &id))?)?;
    let is_theirs = at.is_some_and(|(at, _)| at.renaming.is_none() && *at.name.expose() == name)
        && account_name(&kept.user, &env.settings.identity, provisioning).is_ok_and(|own| own == name);
    if !is_theirs {
        return Ok(Pushed::Unclear);
    }
    // Some directories push people only; then nobody's groups were ever pushed.
    let all = rows::resources(ResourceKind::Group).ok_or(Stop::Read(Vec::new()))?;
    if context.book.count(all)? == 0 {
        return Ok(Pushed::Nothing);
    }
    context.groups_for_rules(&id).map(Pushed::In)
}

/// Nobody of that name was pushed. May the address lead to the account of somebody who was (J8)?
fn may_be_linked(context: &Context<'_>, person: Person<'_>) -> Found<bool> {
    let Some(email) = person.linkable_email(context.provisioning) else { return Ok(false) };
    let email = fold(email.expose());
    let folder = rows::found_by("email", ResourceKind::User, &email, context.book.table);
    let folder = folder.ok_or(Stop::Read(Vec::new()))?;
    let page = context.book.page(List { folder, after: None, limit: 1, size: RowSize::Small })?;
    page.rows.iter().try_for_each(|found| context.book.open::<()>(found))?;
    Ok(!page.rows.is_empty())
}

/// `identity` in the pushed `groups` instead of the asserted ones.
fn counting(identity: &Identity, groups: Vec<Group>, env: &Env<'_>) -> Identity {
    let Some(settings) = env.settings.scim_gateway.as_deref() else { return identity.clone() };
    let named: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
    match settings.groups_become {
        GroupsBecome::Groups => {
            let of = crate::directory::Person {
                id: String::new(),
                username: identity.username.clone(),
                active: true,
                email: None,
                display_name: None,
                attributes: identity.attributes.clone(),
                groups: Membership::Known(groups),
            };
            let mut naming = env.settings.identity.clone();
            // The name was read already.
            naming.username_pattern = None;
            let groups = of
                .identity(settings.naming, &naming)
                .map_or(AssertedGroups::Unknown(UnknownGroups::Unreadable), |read| read.groups);
            Identity { groups, ..identity.clone() }
        }
        // Groups of the application are the assertion's business then, organizations are not.
        GroupsBecome::Organizations => {
            let customers = env.settings.provisioning.as_ref().and_then(|to| to.customers.as_ref());
            let mut identity = identity.clone();
            if let Some(Organizations::Attribute(name)) = customers.map(|customers| &customers.organizations)
            {
                identity.friendly_names.remove(name);
                identity.attributes.insert(name.clone(), named);
            }
            identity
        }
    }
}

/// What the directory says cannot be known now.
fn unknown(fault: &TableFault, identity: &Identity, env: &Env<'_>) -> EvidenceTurn {
    let refuses =
        env.settings.shared_store.as_ref().is_some_and(|store| store.on_failure == OnFailure::Refuse);
    let rejection = fault.rejection();
    if refuses {
        return EvidenceTurn::Refused(rejection);
    }
    let code = rejection.code;
    let tells = vec![
        Tell::Event(Event {
            name: "scim_groups_unknown",
            code: Some(code),
            fields: vec![
                ("slug", code.slug().to_owned()),
                ("user", identity.username.keyed(&env.settings.pii_key)),
                ("detail", rejection.detail),
                ("remedy", code.remedy().to_owned()),
            ],
        }),
        Tell::Count { outcome: "scim_groups_unknown", code: Some(code) },
    ];
    let groups = AssertedGroups::Unknown(UnknownGroups::Unreadable);
    EvidenceTurn::Settled(Box::new(Identity { groups, ..identity.clone() }), tells)
}
