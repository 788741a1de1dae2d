//! The values that an expression starts from. Texts are borrowed.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use cel::common::types::{CelBool, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString};
use cel::common::value::{CowVal, Val};
use cel::{Context, Env};

use super::check::Uses;
use crate::identity::{AssertedGroups, Identity};
use crate::policy::facts::{AccountFacts, Facts};

/// The standard functions and `lowerAscii`; which of them an expression may call is settled before.
static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut environment = Env::stdlib();
    // Fails only for a name that is taken, and then an expression that uses it is unknown.
    let _ = environment.add_member_overload(
        "lowerAscii",
        "string_lower_ascii",
        cel::common::types::STRING_TYPE,
        Vec::new(),
        |arguments| {
            let text = arguments.first().and_then(|text| text.downcast_ref::<CelString<'_>>());
            let lower = text.map(|text| text.inner().to_ascii_lowercase());
            Ok(CowVal::owned(CelString::from(lower.unwrap_or_default())))
        },
    );
    Arc::new(environment)
});

type Fields<'a> = HashMap<CelMapKey<'a>, Box<dyn Val + 'a>>;

/// What an expression sees of `facts`. A value that is not known is not there at all, so that looking at it is an error
/// and not an answer.
pub(super) fn context<'a>(facts: &Facts<'a>, uses: Uses) -> Context<'a, 'a> {
    let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
    let mut set = |name: &str, value: Box<dyn Val + 'a>| context.add_variable_as_val(name, value);
    set("now", Box::new(CelInt::from(i64::try_from(facts.now.as_secs()).unwrap_or(i64::MAX))));
    set("saml", map(saml(facts.identity, uses)));
    set("request", map(request(facts)));
    set("account", map(account(facts.account, uses)));
    let known = match &facts.identity.groups {
        AssertedGroups::Known(groups) => {
            if uses.groups {
                set("groups", list(groups));
            }
            true
        }
        AssertedGroups::Unknown(_) => false,
    };
    set("groups_known", Box::new(CelBool::from(known)));
    context
}

fn saml(identity: &Identity, uses: Uses) -> Fields<'_> {
    let mut fields = Fields::new();
    let texts = [
        ("name_id", identity.name_id.as_ref().map(|name| name.value().expose().as_str())),
        ("name_id_format", identity.name_id.as_ref().and_then(|name| name.format())),
        ("username", Some(identity.username.expose().as_str())),
        ("email", identity.email.as_ref().map(|email| email.expose().as_str())),
        ("display_name", identity.display_name.as_ref().map(|name| name.expose().as_str())),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            fields.insert(CelMapKey::from(name), Box::new(CelString::from(value)));
        }
    }
    if uses.attributes {
        fields.insert(CelMapKey::from("attributes"), map(attributes(identity)));
    }
    fields
}

fn attributes(identity: &Identity) -> Fields<'_> {
    let names = identity.friendly_names.keys().chain(identity.attributes.keys());
    let mut fields = Fields::new();
    for name in names {
        let value: Box<dyn Val + '_> = match identity.attribute(name) {
            None => continue,
            // It is there, but whatever is asked of its values is an error.
            Some(attribute) if attribute.incomplete => Box::new(CelNull),
            Some(attribute) => list(attribute.values),
        };
        fields.insert(CelMapKey::from(name.as_str()), value);
    }
    fields
}

fn request<'a>(facts: &Facts<'a>) -> Fields<'a> {
    let mut fields = Fields::new();
    fields.insert(CelMapKey::from("present"), Box::new(CelBool::from(facts.request.started_at.is_some())));
    if let Some(started_at) = facts.request.started_at {
        fields.insert(CelMapKey::from("path"), Box::new(CelString::from(started_at.path)));
        fields.insert(CelMapKey::from("url"), Box::new(CelString::from(started_at.url())));
    }
    fields
}

fn account(account: &AccountFacts, uses: Uses) -> Fields<'_> {
    let mut fields = Fields::new();
    let mut set = |name: &'static str, holds: bool| {
        fields.insert(CelMapKey::from(name), Box::new(CelBool::from(holds)) as Box<dyn Val>);
    };
    set("known", !matches!(account, AccountFacts::Unknown));
    match account {
        AccountFacts::Unknown => {}
        // One that a sign-in made and did not finish does not exist yet, as in a typed condition.
        AccountFacts::Absent | AccountFacts::Present { unfinished: true, .. } => {
            set("exists", false);
            set("active", false);
            if uses.account_groups {
                fields.insert(CelMapKey::from("groups"), list(&[]));
            }
        }
        AccountFacts::Present { groups, active, .. } => {
            set("exists", true);
            set("active", *active);
            if uses.account_groups {
                fields.insert(CelMapKey::from("groups"), list(groups));
            }
        }
    }
    fields
}

fn map<'a>(fields: Fields<'a>) -> Box<dyn Val + 'a> {
    Box::new(CelMap::from(fields))
}

fn list<'a>(texts: impl IntoIterator<Item = &'a String>) -> Box<dyn Val + 'a> {
    let texts = texts.into_iter();
    let values: Vec<Box<dyn Val + 'a>> =
        texts.map(|text| Box::new(CelString::from(text.as_str())) as Box<dyn Val + 'a>).collect();
    Box::new(CelList::from(values))
}
