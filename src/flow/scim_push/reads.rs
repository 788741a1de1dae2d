//! What clients see of the table.

use serde_json::Value;

use crate::base::UnixTime;
use crate::http::Reply;
use crate::scim::router::{Condition, Projection, Query};
use crate::scim::{Error, Filter, GroupReference, Lookup, Member, Meta, ResourceKind, message};
use crate::store::table::{List, MAX_ROWS, MAX_SMALL_ROWS, RowKey, RowSize, RowVersion};

use super::book::{Found, Stop};
use super::decision::{Commit, Context, Decision, Then};
use super::pen::{Pen, row};
use super::rows::{self, Stored};
use super::users::{MAX_GROUPS_OF_ONE, folder};
use super::{groups, users};

/// Members that one answer shows; at about 130 bytes each that is 1.3 MB. Clients that push leave them out.
const MAX_SHOWN_MEMBERS: usize = 10_000;

/// Resources that are read to answer a filter for which there is no index.
const MAX_SCANNED: u64 = 2_000;

/// Resources with the same e-mail address or external id.
const MAX_CANDIDATES: u32 = 200;

/// How many members a group is shown with.
#[derive(Clone, Copy)]
enum Whole {
    /// All, or the group is not shown.
    Required,
    /// All of so many, or none: whoever made or changed a group knows whom they named.
    UpTo(usize),
}

/// In a list there are many groups, and clients read the members one by one.
const IN_LIST: Whole = Whole::UpTo(500);

/// A resource as clients see it, and its version.
struct Seen {
    resource: Value,
    etag: String,
}

impl Context<'_> {
    pub(super) fn read(
        &self,
        kind: ResourceKind,
        id: &str,
        projection: &Projection,
        condition: &Condition,
    ) -> Found<Decision> {
        let seen = self.seen(kind, id, projection, &[], Whole::Required)?;
        let seen = seen.ok_or(Error::NotFound { what: "resource" })?;
        if condition.is_known(&seen.etag) {
            return Ok(Decision::Answer(message::not_modified(&seen.etag)));
        }
        Ok(Decision::Answer(self.shown(200, kind, projection, seen, None)))
    }

    /// The answer to what was written.
    pub(super) fn then(&self, then: &Then) -> Found<Decision> {
        let Then::Show { status, kind, id, projection } = then else {
            return Ok(Decision::Answer(message::no_content(None)));
        };
        let gone = Error::NotFound { what: "resource" };
        if *status == 201
            && let Some(told) = self.told(*kind, id, then)?
        {
            return Ok(told);
        }
        let seen = self.seen(*kind, id, projection, &[], Whole::UpTo(MAX_SHOWN_MEMBERS))?.ok_or(gone)?;
        let location = format!("{}/{}/{id}", self.settings.base_uri, kind.endpoint());
        let location = (*status == 201).then_some(location);
        Ok(Decision::Answer(self.shown(*status, *kind, projection, seen, location.as_deref())))
    }

    /// From now on the client knows of it.
    fn told(&self, kind: ResourceKind, id: &str, then: &Then) -> Found<Option<Decision>> {
        let key = row(rows::resource(kind, id))?;
        let Some((stored, version)) = self.book.get::<Stored>(&key)? else { return Ok(None) };
        if !stored.provisional {
            return Ok(None);
        }
        let mut pen = Pen::new(self.book.table, self.entropy);
        pen.unchanged(&key, version);
        pen.put(key, &Stored { provisional: false, ..stored })?;
        let Pen { conditions, actions, .. } = pen;
        let commit = Commit { conditions, actions, then: then.clone(), ..Commit::default() };
        Ok(Some(Decision::Commit(Box::new(commit))))
    }

    fn shown(
        &self,
        status: u16,
        kind: ResourceKind,
        projection: &Projection,
        seen: Seen,
        location: Option<&str>,
    ) -> Reply {
        let resource = projection.apply(kind, seen.resource);
        message::resource(status, &resource, Some(&seen.etag), location, self.media)
    }

    pub(super) fn list(&self, query: &Query) -> Found<Decision> {
        let Query { kind, filter, page, projection } = query;
        let (total, resources) = match filter {
            None => self.by_position(*kind, page.skip(), page.count, projection)?,
            Some(filter) => {
                let ids = self.candidates(*kind, filter)?;
                let mut found = Vec::new();
                for id in ids {
                    let seen = self.seen(*kind, &id, projection, &filter.memberships(), IN_LIST)?;
                    found.extend(seen.map(|seen| seen.resource).filter(|resource| filter.matches(resource)));
                }
                let total = found.len();
                (total, found.into_iter().skip(page.skip()).take(page.count).collect())
            }
        };
        let resources = resources.into_iter().map(|resource| projection.apply(*kind, resource)).collect();
        Ok(Decision::Answer(message::list(total, *page, resources, self.media)))
    }

    /// A page in the order in which resources were made.
    fn by_position(
        &self,
        kind: ResourceKind,
        skip: usize,
        count: usize,
        projection: &Projection,
    ) -> Found<(usize, Vec<Value>)> {
        let of_kind = folder(rows::resources(kind))?;
        let total = usize::try_from(self.book.count(of_kind.clone())?).unwrap_or(usize::MAX);
        let (mut after, mut left) = (None::<RowKey>, skip);
        if skip >= total || count == 0 {
            return Ok((total, Vec::new()));
        }
        while left > 0 {
            let limit = u32::try_from(left).unwrap_or(u32::MAX).min(MAX_SMALL_ROWS);
            let list = List { folder: of_kind.clone(), after, limit, size: RowSize::Unread };
            let passed = self.book.page(list)?;
            let Some(last) = passed.rows.last() else { return Ok((total, Vec::new())) };
            left = left.saturating_sub(passed.rows.len());
            after = Some(last.key.clone());
        }
        let mut resources = Vec::new();
        while resources.len() < count {
            let limit =
                u32::try_from(count.saturating_sub(resources.len())).unwrap_or(u32::MAX).min(MAX_ROWS);
            let list = List { folder: of_kind.clone(), after, limit, size: RowSize::Any };
            let page = self.book.page(list)?;
            for found in &page.rows {
                let stored: Stored = self.book.open(found)?;
                let id = found.key.last().to_owned();
                let seen = self.rendered(kind, &id, &stored, found.version, projection, &[], IN_LIST)?;
                resources.push(seen.resource);
            }
            after = page.rows.last().map(|row| row.key.clone());
            if !page.more {
                break;
            }
        }
        Ok((total, resources))
    }

    /// The ids of all resources that can match `filter`.
    fn candidates(&self, kind: ResourceKind, filter: &Filter) -> Found<Vec<String>> {
        let table = self.book.table;
        let owner = |what, name: &str| {
            let found = self.book.get::<String>(&row(rows::unique(what, name, table))?)?;
            Ok(found.map(|(id, _)| id).into_iter().collect())
        };
        let several = |what, value: &str| {
            let folder = folder(rows::found_by(what, kind, value, table))?;
            let list = List { folder, after: None, limit: MAX_CANDIDATES, size: RowSize::Small };
            let page = self.book.page(list)?;
            if page.more {
                return Err(Error::TooMany.into());
            }
            page.rows.iter().try_for_each(|found| self.book.open::<()>(found))?;
            Ok(page.rows.iter().map(|row| row.key.last().to_owned()).collect())
        };
        match filter.lookup() {
            Some(Lookup::Id(id)) => Ok(vec![id.to_owned()]),
            Some(Lookup::UserName(name)) => owner("name", name),
            Some(Lookup::DisplayName(name)) => owner("title", name),
            Some(Lookup::ExternalId(value)) => several("extern", value),
            Some(Lookup::Email(address)) => several("email", address),
            Some(Lookup::Member(user)) => {
                let Some(folder) = rows::groups(user) else { return Ok(Vec::new()) };
                let keys = self.book.all(&folder, MAX_GROUPS_OF_ONE)?;
                Ok(keys.into_iter().map(|key| key.last().to_owned()).collect())
            }
            None => self.everything(kind),
        }
    }

    fn everything(&self, kind: ResourceKind) -> Found<Vec<String>> {
        let of_kind = folder(rows::resources(kind))?;
        if self.book.count(of_kind.clone())? > MAX_SCANNED {
            return Err(Error::TooMany.into());
        }
        let list = List { folder: of_kind, after: None, limit: MAX_SMALL_ROWS, size: RowSize::Unread };
        let page = self.book.page(list)?;
        Ok(page.rows.iter().map(|row| row.key.last().to_owned()).collect())
    }

    /// The resource `id`; `asked` are the memberships that a filter asks about.
    fn seen(
        &self,
        kind: ResourceKind,
        id: &str,
        projection: &Projection,
        asked: &[&str],
        whole: Whole,
    ) -> Found<Option<Seen>> {
        let Some(key) = rows::resource(kind, id) else { return Ok(None) };
        let Some((stored, version)) = self.book.get::<Stored>(&key)? else { return Ok(None) };
        self.rendered(kind, id, &stored, version, projection, asked, whole).map(Some)
    }

    #[expect(clippy::too_many_arguments, reason = "each is one part of what is shown")]
    fn rendered(
        &self,
        kind: ResourceKind,
        id: &str,
        stored: &Stored,
        version: RowVersion,
        projection: &Projection,
        asked: &[&str],
        whole: Whole,
    ) -> Found<Seen> {
        let meta = Meta {
            id: id.to_owned(),
            created: UnixTime::from_secs(stored.created),
            last_modified: UnixTime::from_secs(stored.modified),
            version: version.number().to_string(),
        };
        let base = &self.settings.base_uri;
        let resource = match kind {
            ResourceKind::User => {
                let user: crate::scim::User = self.parsed(id, stored)?;
                let shows = projection.shows(kind, "groups") || !asked.is_empty();
                let groups = if shows { self.groups_of(id)? } else { Vec::new() };
                user.render(&meta, &groups, base)
            }
            ResourceKind::Group => {
                let group: crate::scim::Group = self.parsed(id, stored)?;
                let members = self.members_of(id, projection, asked, whole)?;
                group.render(&meta, members.as_deref(), base)
            }
        };
        Ok(Seen { resource, etag: users::etag(version) })
    }

    fn parsed<T: serde::de::DeserializeOwned>(&self, id: &str, stored: &Stored) -> Found<T> {
        let unreadable = |_| Ok::<_, Stop>(Stop::Unreadable(row(rows::about("user", id))?));
        serde_json::from_str(stored.json.expose()).or_else(|fault| Err(unreadable(fault)?))
    }

    /// The groups that the user `id` is in.
    pub(super) fn groups_of(&self, id: &str) -> Found<Vec<GroupReference>> {
        let kept = self.kept_groups_of(id)?;
        let shown = |kept: &groups::Kept| GroupReference {
            id: kept.id.clone(),
            display: kept.group.display_name().to_owned(),
        };
        Ok(kept.iter().map(shown).collect())
    }

    pub(super) fn kept_groups_of(&self, id: &str) -> Found<Vec<groups::Kept>> {
        let keys = self.book.all(&folder(rows::groups(id))?, MAX_GROUPS_OF_ONE)?;
        let ids: Vec<&str> = keys.iter().map(|key| key.last()).collect();
        let groups = ids.iter().map(|id| row(rows::resource(ResourceKind::Group, id)));
        self.book.prepare(&groups.collect::<Found<Vec<_>>>()?)?;
        let mut kept = Vec::new();
        for id in ids {
            // A membership in a group that is gone, or not made yet, is none.
            kept.extend(self.group(id)?);
        }
        Ok(kept)
    }

    fn members_of(
        &self,
        id: &str,
        projection: &Projection,
        asked: &[&str],
        whole: Whole,
    ) -> Found<Option<Vec<Member>>> {
        let member = |id: &str| Member { id: id.to_owned(), display: None };
        if !asked.is_empty() && !projection.shows(ResourceKind::Group, "members") {
            let sides = asked.iter().filter_map(|user| Some((*user, rows::membership(id, user)?)));
            let sides: Vec<_> = sides.map(|(user, [member, _])| (user, member)).collect();
            self.book.look(sides.iter().map(|(_, key)| key.clone()))?;
            let mut members = Vec::new();
            for (user, key) in &sides {
                if self.book.is_there(key)? {
                    members.push(member(user));
                }
            }
            return Ok(Some(members));
        }
        if !projection.shows(ResourceKind::Group, "members") {
            return Ok(None);
        }
        let of_group = folder(rows::members(id))?;
        let count = usize::try_from(self.book.count(of_group.clone())?).unwrap_or(usize::MAX);
        match whole {
            // What was asked for with its members is not shown without them: that would read as "nobody".
            Whole::Required if count > MAX_SHOWN_MEMBERS => return Err(Error::TooMany.into()),
            Whole::UpTo(most) if count > most => return Ok(None),
            Whole::Required | Whole::UpTo(_) => {}
        }
        let keys = self.book.all(&of_group, MAX_SHOWN_MEMBERS)?;
        Ok(Some(keys.iter().map(|key| member(key.last())).collect()))
    }
}
