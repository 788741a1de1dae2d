//! Groups: which attribute, what its values go through, and when they are not known.

use super::*;
use crate::base::Limits;
use crate::http::{RegexRewrite, StringMatch};

const ROLES: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
const LINK: &str = "http://schemas.microsoft.com/claims/groups.link";

fn split(separator: &str) -> GroupTransform {
    GroupTransform::Split { separator: separator.to_owned() }
}

fn rewrite(pattern: &str, substitution: &str) -> GroupTransform {
    GroupTransform::RegexRewrite(RegexRewrite::new(pattern, substitution).unwrap())
}

fn with(transforms: Vec<GroupTransform>) -> Settings {
    Settings { group_transforms: transforms, ..Settings::default() }
}

fn read(values: &[&str], settings: &Settings) -> Result<AssertedGroups, IdentityError> {
    AssertedGroups::read(&[attribute("groups", values)], settings)
}

fn from(candidates: &[&str]) -> Settings {
    Settings { groups: candidates.iter().map(|name| (*name).to_owned()).collect(), ..Settings::default() }
}

#[test]
fn e3_m11_candidates_are_names_object_identifiers_or_friendly_names() {
    let oid = attribute("urn:oid:2.5.4.31", &["a"]);
    let friendly = friendly("urn:oid:1.2.3", "memberOf", &["b"]);
    let plain = attribute("2.5.4.31", &["c"]);
    for (candidates, attributes, expected) in [
        (&["2.5.4.31"][..], vec![oid.clone()], Some("a")),
        (&["2.5.4.31"], vec![oid.clone(), plain.clone()], Some("c")),
        (&["urn:oid:2.5.4.31"], vec![plain.clone()], None),
        (&["memberOf"], vec![friendly.clone()], Some("b")),
        (&["memberof"], vec![friendly.clone()], None),
        (&["1.2.3"], vec![friendly.clone()], Some("b")),
        (&["1.2"], vec![friendly.clone()], None),
        (&["1.2.3."], vec![friendly.clone()], None),
        (&["x", "memberOf", "2.5.4.31"], vec![oid.clone(), friendly.clone()], Some("b")),
        (&["URN:OID:2.5.4.31"], vec![oid.clone()], None),
        (&[], vec![oid.clone(), plain], None),
    ] {
        let found = AssertedGroups::read(&attributes, &from(candidates)).unwrap();
        let expected =
            expected.map_or(AssertedGroups::Unknown(UnknownGroups::ClaimMissing), |group| known(&[group]));
        assert_eq!(found, expected, "{candidates:?}");
    }
    // and other fields look attributes up in the same way
    let settings = from_attribute(&["uid"], None);
    let attributes = [attribute("uid", &["alice"]), oid, friendly];
    let identity = Identity::from_parts(None, &attributes, &settings).unwrap();
    for (wanted, expected) in [
        ("urn:oid:2.5.4.31", Some("a")),
        ("2.5.4.31", Some("a")),
        ("memberOf", Some("b")),
        ("uid", Some("alice")),
        ("UID", None),
        ("memberof", None),
        ("", None),
    ] {
        let found = identity.attribute(wanted).and_then(|found| found.values.first()).map(String::as_str);
        assert_eq!(found, expected, "{wanted}");
    }
}

#[test]
fn e4_values_are_split_only_when_told() {
    let joined = ["a, b ,,c;d"];
    assert_eq!(read(&joined, &Settings::default()).unwrap(), known(&joined));
    for (transforms, expected) in [
        (vec![split(",")], &["a", "b", "c;d"][..]),
        (vec![split(";")], &["a, b ,,c", "d"]),
        (vec![split(","), split(";")], &["a", "b", "c", "d"]),
        (vec![split(",,")], &["a, b", "c;d"]),
        (vec![split("x")], &["a, b ,,c;d"]),
    ] {
        assert_eq!(read(&joined, &with(transforms)).unwrap(), known(expected));
    }
    assert_eq!(read(&[",", " , ", ""], &with(vec![split(",")])).unwrap(), known(&[]));
}

#[test]
fn e5_full_paths_of_keycloak_are_stripped_when_told() {
    let paths = ["/it/jira-users", "/jira-admins", "/a/b/c"];
    assert_eq!(read(&paths, &Settings::default()).unwrap(), known(&paths));
    let strip = with(vec![GroupTransform::LastPathSegment]);
    assert_eq!(read(&paths, &strip).unwrap(), known(&["jira-users", "jira-admins", "c"]));
    for kept in ["jira-users", "R/D", "/", "//", "/a/", "/a/ ", "https://example.com/x", " /a/b", "\\a\\b"] {
        assert_eq!(read(&[kept], &strip).unwrap(), known(&[kept]), "{kept}");
    }
    // one element per group, as with "Single Group Attribute" off, arrives here as one attribute
    assert_eq!(read(&["/a/x", "/b/x"], &strip).unwrap(), known(&["x"]));
}

#[test]
fn e6_roles_of_an_application_can_be_the_groups() {
    let roles = attribute(ROLES, &["Jira.User"]);
    let link = attribute(LINK, &["https://graph.example/x"]);
    let settings = from(&[ROLES]);
    assert_eq!(AssertedGroups::read(std::slice::from_ref(&roles), &settings).unwrap(), known(&["Jira.User"]));
    // the link says that groups are left out, not roles
    assert_eq!(
        AssertedGroups::read(&[roles.clone(), link.clone()], &settings).unwrap(),
        known(&["Jira.User"])
    );
    let overage = AssertedGroups::Unknown(UnknownGroups::Overage);
    assert_eq!(AssertedGroups::read(std::slice::from_ref(&link), &settings).unwrap(), overage);
    let both = from(&["groups", ROLES]);
    assert_eq!(AssertedGroups::read(&[attribute("groups", &["a"]), roles, link], &both).unwrap(), overage);
}

#[test]
fn transforms_run_in_the_order_given_and_leave_alone_what_they_do_not_fit() {
    let name = "CN=jira-users,OU=Groups,DC=example,DC=org";
    for (transforms, value, expected) in [
        (vec![GroupTransform::CommonName], name, "jira-users"),
        (vec![GroupTransform::CommonName], r"CN=Users\, Jira,DC=org", "Users, Jira"),
        (vec![GroupTransform::CommonName], "CN=x,DC", "CN=x,DC"),
        (vec![GroupTransform::CommonName], "jira-users", "jira-users"),
        (vec![GroupTransform::CommonName, rewrite("^jira-", "")], name, "users"),
        (vec![rewrite("^jira-", ""), GroupTransform::CommonName], name, "jira-users"),
        (vec![rewrite(r"^EX\\", "")], r"EX\users", "users"),
        (vec![rewrite(r"^urn:mace:[^:]+:group:(.+)$", r"\1")], "urn:mace:example.org:group:x", "x"),
        (vec![GroupTransform::LastPathSegment, GroupTransform::CommonName], "/a/CN=x", "x"),
        (vec![GroupTransform::CommonName, GroupTransform::LastPathSegment], "/a/CN=x", "CN=x"),
    ] {
        assert_eq!(read(&[value], &with(transforms)).unwrap(), known(&[expected]), "{value}");
    }
    // a comma in a distinguished name is no separator of groups: the order shows
    let wrong = read(&[name], &with(vec![split(","), GroupTransform::CommonName])).unwrap();
    assert_eq!(wrong, known(&["jira-users", "OU=Groups", "DC=example", "DC=org"]));
    // what a rewrite empties is no group, and two that become one are one
    let empty = with(vec![rewrite("^internal-.*", ""), rewrite("-[0-9]+$", "")]);
    assert_eq!(read(&["internal-a", "team-1", "team-2"], &empty).unwrap(), known(&["team"]));
}

#[test]
fn limits_hold_after_every_transform() {
    let limit = Limits::DEFAULT.max_group_bytes;
    let few = |transforms| Settings { max_groups: 3, ..with(transforms) };
    assert!(read(&["a,b,c"], &few(vec![split(",")])).is_ok());
    assert!(read(&["a,b", "c,,,,"], &few(vec![split(",")])).is_ok());
    for values in [&["a,b,c,d"][..], &["a,b", "c,d"], &["a", "b", "c", "d"], &["a,a,a,a"]] {
        let error = read(values, &few(vec![split(",")])).unwrap_err();
        assert_eq!(error.code(), Code::GroupsExceeded, "{values:?}");
    }
    // long before the split is fine, long after it is not
    let long = format!("{}a", "abc,".repeat(limit));
    let all = Settings { max_groups: limit * 2, ..with(vec![split(",")]) };
    assert_eq!(read(&[&long], &all).unwrap(), known(&["abc", "a"]));
    let words = "x".repeat(limit + 1);
    for (value, transforms) in [
        (words.clone(), vec![split(",")]),
        (words.clone(), vec![]),
        (words.clone(), vec![rewrite("x", "")]),
        (words.clone(), vec![GroupTransform::CommonName]),
        (format!("/{words}/a"), vec![GroupTransform::LastPathSegment]),
        (String::from("aaaa"), vec![rewrite("a", &"x".repeat(limit / 2))]),
        (String::from("ab"), vec![rewrite(".+", r"\0\0\0\0"); 6]),
    ] {
        let error = read(&[&value], &with(transforms)).unwrap_err();
        assert_eq!(error.code(), Code::ValueTooLong, "{}", value.len());
    }
    // many matches, each of which reads to the end
    let values = vec!["a".repeat(limit); 16];
    let values: Vec<_> = values.iter().map(String::as_str).collect();
    assert!(read(&values, &with(vec![rewrite("a.*b|a", "c"); 8])).is_ok());
}

#[test]
fn the_filter_sees_transformed_names_and_deny_wins() {
    let exact = |value: &str| StringMatch::Exact { value: value.to_owned(), ignore_case: false };
    let prefix = |value: &str| StringMatch::Prefix { value: value.to_owned(), ignore_case: true };
    let filtered = |allow, deny| Settings {
        group_filter: GroupFilter { allow, deny },
        ..with(vec![GroupTransform::LastPathSegment])
    };
    let sent = ["/x/jira-users", "/x/JIRA-admins", "/jira-x/other"];
    for (allow, deny, expected) in [
        (vec![], vec![], &["jira-users", "JIRA-admins", "other"][..]),
        (vec![prefix("jira-")], vec![], &["jira-users", "JIRA-admins"]),
        (vec![prefix("jira-")], vec![exact("JIRA-admins")], &["jira-users"]),
        (vec![], vec![exact("jira-admins")], &["jira-users", "JIRA-admins", "other"]),
        (vec![exact("other")], vec![exact("other")], &[]),
        (vec![prefix("/x/")], vec![], &[]),
    ] {
        assert_eq!(read(&sent, &filtered(allow, deny)).unwrap(), known(expected));
    }
}

#[test]
fn unknown_groups_keep_or_refuse() {
    let refuse = Settings { unknown_groups: UnknownGroupsPolicy::Refuse, ..from_attribute(&["uid"], None) };
    let keep = from_attribute(&["uid"], None);
    let uid = attribute("uid", &["alice"]);
    let partly = Attribute { incomplete: true, ..attribute("groups", &["a"]) };
    for (more, reason) in [
        (vec![], UnknownGroups::ClaimMissing),
        (vec![attribute("Groups", &["a"])], UnknownGroups::ClaimMissing),
        (vec![attribute(LINK, &["https://graph.example/x"])], UnknownGroups::Overage),
        (vec![attribute("groups", &["a"]), attribute(LINK, &[])], UnknownGroups::Overage),
        (vec![partly], UnknownGroups::Unreadable),
    ] {
        let attributes = [vec![uid.clone()], more].concat();
        let error = Identity::from_parts(None, &attributes, &refuse).unwrap_err();
        assert_eq!((error.code(), &error), (Code::GroupsUnknown, &IdentityError::GroupsUnknown(reason)));
        assert_eq!(error.code().id(), "SG6001");
        let identity = Identity::from_parts(None, &attributes, &keep).unwrap();
        assert_eq!(identity.groups, AssertedGroups::Unknown(reason));
    }
    // none at all is known
    for values in [&[][..], &[""]] {
        let none = [uid.clone(), attribute("groups", values)];
        assert_eq!(Identity::from_parts(None, &none, &refuse).unwrap().groups, known(&[]));
    }
}
