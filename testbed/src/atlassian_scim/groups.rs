//! Groups of a directory, and the organizations that follow them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::stand_in::{Answer, Incoming};

use super::patch::{Op, changes};
use super::resource::{error, list, meta, scim, text, values};
use super::{AtlassianScim, Conflict, Profile, filter, fold};

/// A group as the directory holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScimGroup {
    /// The directory's id; never used again.
    pub id: String,
    /// `displayName`.
    pub name: String,
    /// Ids of users.
    pub members: BTreeSet<String>,
    created: u64,
    modified: u64,
}

impl AtlassianScim {
    pub(super) fn list_groups(&self, request: &Incoming) -> Answer {
        let with_members = !excludes_members(request);
        let shown = |group: &ScimGroup| self.shown_group(group, with_members);
        let Some(filter) = request.query("filter") else {
            return list(&self.groups.values().map(shown).collect::<Vec<_>>(), request);
        };
        let Ok((_, name)) = filter::parse(filter, &["displayName"]) else {
            return error(400, Some("invalidFilter"), "only one eq on displayName is supported");
        };
        let hits = self.groups.values().filter(|group| fold(&group.name) == fold(&name));
        list(&hits.map(shown).collect::<Vec<_>>(), request)
    }

    pub(super) fn read_group(&self, id: &str, request: &Incoming) -> Answer {
        let shown = |group| scim(200, &self.shown_group(group, !excludes_members(request)));
        self.groups.get(id).map_or_else(no_group, shown)
    }

    pub(super) fn create_group(&mut self, body: &Map<String, Value>) -> Answer {
        let Some(name) = text(body, "displayName").filter(|name| !name.trim().is_empty()) else {
            return error(400, Some("invalidValue"), "displayName is required");
        };
        if self.group(name).is_some() {
            return taken();
        }
        if self.groups.len() >= self.max_groups {
            return error(400, Some("invalidValue"), "the directory is full");
        }
        let id = Self::fresh_id("group");
        let members = body.get("members").map(values).unwrap_or_default().into_iter().collect();
        let group = ScimGroup {
            id: id.clone(),
            name: name.to_owned(),
            members,
            created: self.minutes,
            modified: self.minutes,
        };
        if let Err(refusal) = self.check_members(&group) {
            return refusal;
        }
        let shown = self.shown_group(&group, true);
        if self.profile == Profile::JsmCustomers {
            self.found_organization(&group);
        }
        self.groups.insert(id.clone(), group);
        self.follow_group(&id);
        scim(201, &shown)
    }

    pub(super) fn replace_group(&mut self, id: &str, body: &Map<String, Value>) -> Answer {
        let Some(mut group) = self.groups.get(id).cloned() else { return no_group() };
        group.members = body.get("members").map(values).unwrap_or_default().into_iter().collect();
        let name = text(body, "displayName").unwrap_or(&group.name).to_owned();
        self.commit_group(group, &name)
    }

    pub(super) fn patch_group(&mut self, id: &str, body: &Map<String, Value>) -> Answer {
        let Some(mut group) = self.groups.get(id).cloned() else { return no_group() };
        let mut name = group.name.clone();
        let changes = match changes(body) {
            Ok(changes) => changes,
            Err(refusal) => return refusal,
        };
        for change in changes {
            let one = change.path.strip_prefix("members[value eq ").and_then(|rest| rest.strip_suffix(']'));
            let named = values(change.value);
            match (change.op, change.path) {
                (Op::Remove, _) if one.is_some() => {
                    let Ok(member) = serde_json::from_str::<String>(one.unwrap_or_default()) else {
                        return error(400, Some("invalidPath"), "the filter of the path");
                    };
                    group.members.remove(&member);
                }
                // By the letter of RFC 7644 3.5.2.2 this empties the group, whatever `value` says.
                (Op::Remove, "members") => group.members.clear(),
                (Op::Add, "members") => group.members.extend(named),
                (Op::Replace, "members") => group.members = named.into_iter().collect(),
                (Op::Replace, "displayName") => name = change.value.as_str().unwrap_or_default().to_owned(),
                (Op::Replace, "") => {
                    if let Some(new) = change.value.get("displayName").and_then(Value::as_str) {
                        name = new.to_owned();
                    }
                    if let Some(members) = change.value.get("members") {
                        group.members = values(members).into_iter().collect();
                    }
                }
                _ => return error(400, Some("invalidPath"), "no such attribute"),
            }
        }
        self.commit_group(group, &name)
    }

    pub(super) fn delete_group(&mut self, id: &str) -> Answer {
        if self.groups.remove(id).is_none() {
            return no_group();
        }
        self.site.organizations.retain(|organization| organization.group.as_deref() != Some(id));
        Answer::empty(204)
    }

    pub(super) fn shown_group(&self, group: &ScimGroup, with_members: bool) -> Value {
        let shown = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "id": group.id, "displayName": group.name, "meta": meta("Group", group.created, group.modified),
        });
        let display = |id: &String| self.users.get(id).map_or("", |user| user.display_name());
        let members = group.members.iter().map(|id| json!({ "value": id, "display": display(id) }));
        match shown {
            Value::Object(mut shown) if with_members => {
                shown.insert("members".to_owned(), members.collect());
                Value::Object(shown)
            }
            shown => shown,
        }
    }

    fn commit_group(&mut self, mut group: ScimGroup, name: &str) -> Answer {
        if let Err(refusal) = self.check_members(&group) {
            return refusal;
        }
        if name != group.name {
            if self.profile == Profile::ManagedUsers {
                return error(400, Some("mutability"), "displayName is immutable");
            }
            let own = |id: Option<&str>| id == Some(group.id.as_str());
            let clash = self.group(name).is_some_and(|other| !own(Some(&other.id)))
                || self.site.organization(name).is_some_and(|other| !own(other.group.as_deref()));
            if clash || name.trim().is_empty() {
                return taken();
            }
            if let Some(organization) = self.site.of_group_mut(&group.id) {
                organization.name = name.to_owned();
            }
            group.name = name.to_owned();
        }
        group.modified = self.minutes;
        let id = group.id.clone();
        let shown = self.shown_group(&group, true);
        self.groups.insert(id.clone(), group);
        self.follow_group(&id);
        scim(200, &shown)
    }

    /// A partial success would be worse than a refusal: one unknown member refuses the whole change.
    fn check_members(&self, group: &ScimGroup) -> Result<(), Answer> {
        let invalid = |detail| Err(error(400, Some("invalidValue"), detail));
        if group.members.iter().any(|member| !self.users.contains_key(member)) {
            return invalid("a member does not exist");
        }
        if group.members.len() > self.max_members {
            return invalid("the group is full");
        }
        Ok(())
    }

    fn found_organization(&mut self, group: &ScimGroup) {
        if self.site.organization(&group.name).is_none() {
            self.site.add_organization(&group.name, &[]);
        } else if self.conflict == Conflict::LeaveAlone {
            return;
        }
        let name = fold(&group.name);
        for organization in self.site.organizations.iter_mut().filter(|have| fold(&have.name) == name) {
            organization.group = Some(group.id.clone());
        }
    }

    /// The organization has the members of the group.
    fn follow_group(&mut self, id: &str) {
        let Some(group) = self.groups.get(id) else { return };
        let users = group.members.iter().filter_map(|member| self.users.get(member));
        let members: BTreeSet<String> = users.map(|user| fold(user.email())).collect();
        if let Some(organization) = self.site.of_group_mut(id) {
            organization.members = members;
        }
    }
}

fn excludes_members(request: &Incoming) -> bool {
    let excluded = request.query("excludedAttributes").unwrap_or_default();
    excluded.split(',').any(|name| name.trim().eq_ignore_ascii_case("members"))
}

fn taken() -> Answer {
    error(409, Some("uniqueness"), "Resource [GROUP]: with displayName already exists.")
}

fn no_group() -> Answer {
    error(404, None, "Resource [GROUP]: does not exist.")
}
