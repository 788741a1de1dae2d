//! What the vectors cannot see: by which index a filter is answered, and which memberships it asks about.

use super::{Filter, Lookup};
use crate::scim::{Limits, ResourceKind};

fn parse(kind: ResourceKind, text: &str) -> Filter {
    Filter::parse(kind, text, &Limits::DEFAULT).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_narrowest_value_that_all_matches_have_is_looked_up() {
    use Lookup::{DisplayName, Email, ExternalId, Id, Member, UserName};
    for (text, lookup) in [
        (r#"userName eq "ANN@x""#, UserName("ann@x")),
        (r#"externalId eq "E-1""#, ExternalId("E-1")),
        (r#"active eq true and externalId eq "E" and userName eq "A""#, UserName("a")),
        (r#"(title pr or name pr) and (id eq "I")"#, Id("I")),
        (r#"emails eq "A@x""#, Email("a@x")),
        (r#"emails.value eq "A@x""#, Email("a@x")),
        (r#"emails[type eq "work"].value eq "A@x""#, Email("a@x")),
        (r#"emails[type eq "work" and value eq "A@x"]"#, Email("a@x")),
    ] {
        assert_eq!(parse(ResourceKind::User, text).lookup(), Some(lookup), "{text}");
    }
    for (text, lookup) in [
        (r#"displayName eq "Staff""#, DisplayName("staff")),
        (r#"members eq "U""#, Member("U")),
        (r#"members[value eq "U"]"#, Member("U")),
        (r#"id eq "G" and members eq "U""#, Id("G")),
    ] {
        assert_eq!(parse(ResourceKind::Group, text).lookup(), Some(lookup), "{text}");
    }
}

/// An index that is asked for too narrow a value hides people, and a directory makes them a second time.
#[test]
fn what_not_all_matches_have_is_not_looked_up() {
    for text in [
        r#"userName eq "a" or userName eq "b""#,
        r#"not (userName eq "a")"#,
        r#"userName ne "a""#,
        r#"userName sw "a""#,
        r#"displayName eq "a""#,
        r#"emails.type eq "work""#,
        r#"emails[value eq "a" or type eq "work"]"#,
        r#"emails[not (value eq "a")]"#,
        r#"emails[type eq "work"].value ne "a""#,
        r#"userName eq null"#,
        r#"title eq "a""#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "a""#,
    ] {
        assert_eq!(parse(ResourceKind::User, text).lookup(), None, "{text}");
    }
    assert_eq!(parse(ResourceKind::Group, r#"members[value eq "a" or value eq "b"]"#).lookup(), None);
}

#[test]
fn memberships_that_are_asked_about_are_named() {
    let filter = parse(
        ResourceKind::Group,
        r#"not (members eq "a") and (members[value eq b or value eq "c"] or id pr)"#,
    );
    assert_eq!(filter.memberships(), ["a", "b", "c"]);
    assert_eq!(parse(ResourceKind::User, r#"groups.value eq "g""#).memberships(), ["g"]);
    assert!(parse(ResourceKind::User, r#"userName eq "g""#).memberships().is_empty());
}
