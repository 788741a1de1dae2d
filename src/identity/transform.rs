//! What the values of the group attribute go through before they are names of groups.

use std::borrow::Cow;

use super::IdentityError;
use super::common_name::common_name;
use crate::http::substitution::Oversize;
use crate::http::{RegexRewrite, StringMatch};

/// One step from the values as sent to names of groups. Steps are taken in the order of the configuration, each on all
/// values; a value that a step does not fit passes unchanged.
#[derive(Clone, Debug)]
pub enum GroupTransform {
    /// Cuts each value at every `separator`; white space around the parts goes.
    Split {
        /// Where to cut; not empty.
        separator: String,
    },
    /// `/it/jira-users` becomes `jira-users`, as Keycloak sends groups with their full path. Only of values that begin
    /// with `/`: names may have one in the middle.
    LastPathSegment,
    /// `CN=Jira Users,OU=Groups,DC=example,DC=org` becomes `Jira Users`.
    CommonName,
    /// Replaces what a regular expression matches.
    RegexRewrite(RegexRewrite),
}

/// Which groups count, by the names that the transforms made. What does not count is as if it had not been sent.
#[derive(Clone, Debug, Default)]
pub struct GroupFilter {
    /// One of these must match; empty for all groups.
    pub allow: Vec<StringMatch>,
    /// None of these may match, whatever `allow` says.
    pub deny: Vec<StringMatch>,
}

impl GroupFilter {
    /// Does `group` count?
    #[must_use]
    pub fn admits(&self, group: &str) -> bool {
        let any = |list: &[StringMatch]| list.iter().any(|one| one.matches(group));
        (self.allow.is_empty() || any(&self.allow)) && !any(&self.deny)
    }
}

/// The most that the values may be, at every step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) max_groups: usize,
    pub(super) max_group_bytes: usize,
}

impl Bounds {
    fn number(self, presented: usize) -> Result<(), IdentityError> {
        let limit = self.max_groups;
        if presented > limit { Err(IdentityError::TooManyGroups { presented, limit }) } else { Ok(()) }
    }

    fn length(self, bytes: usize) -> Result<(), IdentityError> {
        let limit = self.max_group_bytes;
        if bytes > limit { Err(IdentityError::GroupTooLong { bytes, limit }) } else { Ok(()) }
    }

    fn lengths(self, values: &[Cow<'_, str>]) -> Result<(), IdentityError> {
        self.length(values.iter().map(|value| value.len()).max().unwrap_or_default())
    }
}

/// Takes all steps. The limits hold before and after each, except that a value that is still to be split may be longer
/// than a group.
pub(super) fn apply(
    values: &[String],
    transforms: &[GroupTransform],
    bounds: Bounds,
) -> Result<Vec<String>, IdentityError> {
    bounds.number(values.len())?;
    let mut values: Vec<Cow<'_, str>> = values.iter().map(|value| Cow::Borrowed(value.as_str())).collect();
    for transform in transforms {
        if let GroupTransform::Split { separator } = transform {
            values = split(&values, separator, bounds)?;
            continue;
        }
        bounds.lengths(&values)?;
        for value in &mut values {
            let changed = match transform {
                GroupTransform::Split { .. } => None,
                GroupTransform::LastPathSegment => last_path_segment(value).map(str::to_owned),
                GroupTransform::CommonName => common_name(value),
                GroupTransform::RegexRewrite(rewrite) => {
                    let rewritten = rewrite.apply(value, bounds.max_group_bytes);
                    let limit = bounds.max_group_bytes;
                    let too_long = |Oversize { bytes }| IdentityError::GroupTooLong { bytes, limit };
                    match rewritten.map_err(too_long)? {
                        Cow::Owned(rewritten) => Some(rewritten),
                        Cow::Borrowed(_) => None,
                    }
                }
            };
            if let Some(changed) = changed {
                *value = Cow::Owned(changed);
            }
        }
    }
    bounds.lengths(&values)?;
    Ok(values.into_iter().map(Cow::into_owned).collect())
}

/// The parts of all values that are not blank, counted while they are made.
fn split<'v>(
    values: &[Cow<'v, str>],
    separator: &str,
    bounds: Bounds,
) -> Result<Vec<Cow<'v, str>>, IdentityError> {
    let mut parts = Vec::new();
    for value in values {
        for part in value.split(separator).map(str::trim).filter(|part| !part.is_empty()) {
            bounds.number(parts.len().saturating_add(1))?;
            parts.push(Cow::Owned(part.to_owned()));
        }
    }
    Ok(parts)
}

/// The text behind the last `/` of a path; `None` where that is nothing, or no path.
fn last_path_segment(value: &str) -> Option<&str> {
    let last = value.strip_prefix('/')?.rsplit('/').next()?;
    Some(last).filter(|last| !last.trim().is_empty())
}
