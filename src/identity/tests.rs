//! Identity from attributes, as tables. Names carry the requirement that they cover.

use super::*;
use crate::base::Code;

fn attribute(name: &str, values: &[&str]) -> Attribute {
    Attribute {
        name: name.to_owned(),
        friendly_name: None,
        name_format: None,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        incomplete: false,
    }
}

fn friendly(name: &str, friendly_name: &str, values: &[&str]) -> Attribute {
    Attribute { friendly_name: Some(friendly_name.to_owned()), ..attribute(name, values) }
}

fn from_attribute(names: &[&str], pattern: Option<&str>) -> Settings {
    Settings {
        username: UsernameSource::Attribute(names.iter().map(|name| (*name).to_owned()).collect()),
        username_pattern: pattern.map(|pattern| UsernamePattern::compile(pattern).unwrap()),
        ..Settings::default()
    }
}

fn known(groups: &[&str]) -> AssertedGroups {
    AssertedGroups::Known(groups.iter().map(|group| (*group).to_owned()).collect())
}

fn groups(attributes: &[Attribute]) -> AssertedGroups {
    AssertedGroups::read(attributes, &Settings::default()).unwrap()
}

fn username(attributes: &[Attribute], settings: &Settings) -> Result<String, IdentityError> {
    Identity::from_parts(None, attributes, settings).map(|identity| identity.username.into_inner())
}

#[test]
fn e3_the_group_attribute_is_found_by_its_oid_or_by_the_configured_name() {
    assert_eq!(groups(&[attribute("urn:oid:2.5.4.31", &["a", "b"])]), known(&["a", "b"]));
    assert_eq!(groups(&[attribute("memberOf", &["a"])]), known(&["a"]));
    let microsoft = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
    assert_eq!(groups(&[attribute(microsoft, &["4711-guid"])]), known(&["4711-guid"]));
    let own = AssertedGroups::read(
        &[attribute("team", &["a"])],
        &Settings { groups: vec![String::from("team")], ..Settings::default() },
    )
    .unwrap();
    assert_eq!(own, known(&["a"]));
    // the first candidate that is present counts, whatever the order of the message
    let both = [attribute("memberOf", &["second"]), attribute("urn:oid:2.5.4.31", &["first"])];
    assert_eq!(groups(&both), known(&["first"]));
}

#[test]
fn e4_one_value_is_one_group_and_is_never_split() {
    for joined in ["a,b", "a;b", "a|b", "CN=Jira Users,OU=Groups,DC=example,DC=org", "/it/jira-users", " a "]
    {
        assert_eq!(groups(&[attribute("groups", &[joined])]), known(&[joined]), "{joined}");
    }
    assert_eq!(groups(&[attribute("groups", &["a", "", "a", "  ", "\n", "B"])]), known(&["a", "B"]));
}

#[test]
fn m11_attribute_names_are_case_sensitive() {
    for wrong in ["Groups", "GROUPS", "memberof", "MemberOf", "urn:OID:2.5.4.31"] {
        let found = groups(&[attribute(wrong, &["a"])]);
        assert_eq!(found, AssertedGroups::Unknown(UnknownGroups::ClaimMissing), "{wrong}");
    }
    let settings = from_attribute(&["uid"], None);
    assert_eq!(
        username(&[attribute("UID", &["alice"])], &settings).unwrap_err().code(),
        Code::UsernameMissing
    );
}

#[test]
fn absent_groups_are_unknown_and_empty_groups_are_known() {
    assert_eq!(groups(&[]), AssertedGroups::Unknown(UnknownGroups::ClaimMissing));
    assert_eq!(groups(&[attribute("groups", &[])]), known(&[]));
    assert_eq!(groups(&[attribute("groups", &[""])]), known(&[]));
    // roles are not groups unless somebody says so
    let roles = groups(&[attribute("Role", &["offline_access"])]);
    assert_eq!(roles, AssertedGroups::Unknown(UnknownGroups::ClaimMissing));
}

#[test]
fn an_overage_link_makes_groups_unknown_even_beside_some_groups() {
    let link = attribute("http://schemas.microsoft.com/claims/groups.link", &["https://graph.example/x"]);
    let overage = AssertedGroups::Unknown(UnknownGroups::Overage);
    assert_eq!(groups(std::slice::from_ref(&link)), overage);
    assert_eq!(groups(&[attribute("groups", &["a"]), link]), overage);
}

#[test]
fn e8_a_missing_username_attribute_fails_and_falls_back_to_nothing() {
    let settings = from_attribute(&["uid"], None);
    let mail = [attribute("mail", &["alice@example.com"])];
    let error = username(&mail, &settings).unwrap_err();
    assert_eq!(error.code(), Code::UsernameMissing);
    assert_eq!(error.to_string(), "the assertion has no attribute `uid`");

    // a present but useless candidate does not hand over to the next one
    let settings = from_attribute(&["uid", "mail"], None);
    for values in [&[] as &[&str], &[""], &["a", "b"]] {
        let attributes = [attribute("uid", values), attribute("mail", &["alice@example.com"])];
        assert_eq!(username(&attributes, &settings).unwrap_err().code(), Code::UsernameRefused, "{values:?}");
    }
    assert_eq!(username(&mail, &settings).unwrap(), "alice@example.com");

    // no NameID where the NameID is wanted
    assert_eq!(username(&mail, &Settings::default()).unwrap_err().code(), Code::NameIdMissing);
}

#[test]
fn e8_name_beats_friendly_name() {
    let settings = from_attribute(&["uid"], None);
    let oid = "urn:oid:0.9.2342.19200300.100.1.1";
    assert_eq!(username(&[friendly(oid, "uid", &["alice"])], &settings).unwrap(), "alice");
    let both = [friendly("urn:x", "uid", &["mallory"]), attribute("uid", &["alice"])];
    assert_eq!(username(&both, &settings).unwrap(), "alice");
    assert_eq!(username(&[attribute("uid", &["alice", "alice"])], &settings).unwrap(), "alice");
}

#[test]
fn e9_the_pattern_matches_all_or_refuses() {
    for (pattern, raw, expected) in [
        ("[a-z]+", "alice", Some("alice")),
        ("[a-z]+", "alice1", None),
        ("[a-z]+", "Alice", None),
        ("[a-z]+", "alice\n", None),
        ("(?m)[a-z]+", "alice\nroot", None),
        ("([^@]+)@example\\.com", "alice@example.com", Some("alice")),
        ("([^@]+)@example\\.com", "alice@example.com.evil", None),
        ("([^@]+)@example\\.com", "alice@exampleXcom", None),
        ("(?:EX\\\\)?([a-z]+)", "EX\\alice", Some("alice")),
        ("(?:EX\\\\)?([a-z]+)", "alice", Some("alice")),
        ("(?i)CN=([^,]+),.*", "cn=Alice Smith,OU=x", Some("Alice Smith")),
        ("a|b", "ab", None),
        ("a|ab", "ab", Some("ab")),
        ("(a)|b", "b", None),
        ("(a?)b", "b", None),
        (".*", "", None),
    ] {
        let settings = from_attribute(&["uid"], Some(pattern));
        let found = username(&[attribute("uid", &[raw])], &settings);
        match expected {
            Some(expected) => assert_eq!(found.as_deref(), Ok(expected), "{pattern} on {raw:?}"),
            None => assert_eq!(found.unwrap_err().code(), Code::UsernameRefused, "{pattern} on {raw:?}"),
        }
    }
    for wrong in ["(", "a)|(?:b", "(?x)a #", "[z-a]", "\\p{L}+"] {
        assert!(UsernamePattern::compile(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_group_that_cannot_be_read_makes_the_groups_unknown_and_takes_none_away() {
    for values in [&[][..], &["developers"]] {
        let partly = Attribute { incomplete: true, ..attribute("groups", values) };
        assert_eq!(groups(&[partly]), AssertedGroups::Unknown(UnknownGroups::Unreadable), "{values:?}");
    }
}

#[test]
fn usernames_that_read_differently_elsewhere_are_refused() {
    let settings = from_attribute(&["uid"], None);
    let longest = "x".repeat(255);
    let too_long = "x".repeat(256);
    for good in [
        "alice",
        "Ädele Öztürk",
        "a b",
        "EX\\alice",
        "alice@example.com",
        "x#EXT#@y",
        "Straße",
        "ŞİRİN",
        "kırmızı",
        "γιάννης",
        "Łukasz",
        "山田\u{3000}太郎",
        &longest,
    ] {
        assert_eq!(username(&[attribute("uid", &[good])], &settings).as_deref(), Ok(good));
    }
    for bad in [
        "",
        " ",
        " alice",
        "alice ",
        "alice\n",
        "\talice",
        "al\0ice",
        "al\u{7f}ice",
        "al\u{85}ice",
        "al\rice",
        "al\u{200b}ice",
        "\u{202e}ecila",
        "al\u{2028}ice",
        "alice\u{a0}",
        "\u{feff}alice",
        "\u{212a}ate",
        "jo\u{212a}e",
        "\u{212b}sa",
        "cu\u{17f}tomer",
        "\u{3d1}eo",
        "\u{61c}alice",
        "ali\u{e0063}ce",
        "ali\u{3164}ce",
        "ali\u{fe0f}ce",
        "al\u{fff9}ice",
        "al\u{a0}ice",
        "al\u{2009}ice",
        "\u{17f}ystem",
        "\u{ff41}lice",
        "\u{1d41a}lice",
        "alice\u{b2}",
        "\u{24d0}lice",
        "\u{fb01}nn",
        &too_long,
    ] {
        let error = username(&[attribute("uid", &[bad])], &settings).unwrap_err();
        assert_eq!(error.code(), Code::UsernameRefused, "{bad:?}");
    }
}

#[test]
fn email_and_display_name_take_the_first_usable_value() {
    let settings = from_attribute(&["uid"], None);
    let attributes = [
        attribute("uid", &["alice"]),
        attribute("mail", &["", "alice@example.com", "other@example.com"]),
        attribute("displayName", &["Alice\r\nX-Evil: 1"]),
    ];
    let identity = Identity::from_parts(None, &attributes, &settings).unwrap();
    assert_eq!(identity.email, Some(Pii::new(String::from("alice@example.com"))));
    assert_eq!(identity.display_name, None);
    assert_eq!(identity.attributes.len(), 3);
}

#[test]
fn nothing_personal_is_printed() {
    let settings = from_attribute(&["uid"], None);
    let attributes = [attribute("uid", &["alice"]), attribute("groups", &["board"])];
    let identity = Identity::from_parts(None, &attributes, &settings).unwrap();
    let printed = format!("{identity:?} {:?}", identity.groups);
    assert!(!printed.contains("alice") && !printed.contains("board"), "{printed}");
}

mod groups;
