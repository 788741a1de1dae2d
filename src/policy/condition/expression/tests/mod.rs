//! What expressions may say and what they answer; most of what is tried here is refused.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::base::{Pii, UnixTime};
use crate::identity::{AssertedGroups, Identity, UnknownGroups};
use crate::policy::{AccountFacts, RequestFacts, StartUrl};

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn alice() -> Identity {
    let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    Identity {
        username: Pii::new(String::from("alice")),
        name_id: None,
        email: Some(Pii::new(String::from("Alice@Example.com"))),
        display_name: None,
        groups: AssertedGroups::Known(set(&["it", "jira-agents", "Größe"])),
        attributes: BTreeMap::from([
            (String::from("urn:oid:2.5.4.11"), values(&["sales", "it"])),
            (String::from("level"), values(&["3"])),
            (String::from("huge"), values(&["9223372036854775808"])),
            (String::from("minimum"), values(&["-9223372036854775808"])),
            (String::from("empty"), Vec::new()),
            (String::from("partly"), values(&["sales"])),
        ]),
        friendly_names: BTreeMap::from([(String::from("ou"), String::from("urn:oid:2.5.4.11"))]),
        incomplete_attributes: set(&["partly"]),
    }
}

fn account() -> AccountFacts {
    AccountFacts::Present { groups: set(&["jira-users"]), active: true, unfinished: false }
}

const PORTAL: RequestFacts<'_> = RequestFacts {
    started_at: Some(StartUrl {
        origin: "https://jira.example.com",
        path: "/servicedesk/customer",
        path_and_query: "/servicedesk/customer?x=1",
    }),
};

fn ask(text: &str, identity: &Identity, account: &AccountFacts, request: RequestFacts<'_>) -> Holds {
    let expression = Expression::admit(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    expression.holds(&Facts { identity, request, account, now: UnixTime::from_secs(1_800_000_000) })
}

fn holds(text: &str) -> Holds {
    ask(text, &alice(), &account(), PORTAL)
}

fn refusal(text: &str) -> String {
    match Expression::admit(text) {
        Ok(_) => panic!("admitted: {text}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn expressions_answer() {
    for (text, expected) in [
        ("true", true),
        ("'it' in groups", true),
        ("!('it' in groups)", false),
        ("'IT' in groups", false),
        ("'Größe' in groups", true),
        ("groups.exists(g, g.startsWith('jira-'))", true),
        ("groups.all(g, g.endsWith('s'))", false),
        ("groups.exists_one(g, g.contains('jira'))", true),
        ("groups.filter(g, g != 'it').size() == 2", true),
        ("groups.map(g, g.lowerAscii()).exists(g, g == 'jira-agents')", true),
        ("size(groups) == 3 && groups_known", true),
        ("saml.attributes['ou'].exists(o, ('jira-' + o) in groups)", false),
        ("'sales' in saml.attributes['urn:oid:2.5.4.11']", true),
        ("'ou' in saml.attributes && !('OU' in saml.attributes)", true),
        ("has(saml.attributes.level) && int(saml.attributes.level[0]) >= 3", true),
        ("saml.email.lowerAscii().endsWith('@example.com')", true),
        ("has(saml.name_id)", false),
        ("has(saml.name_id) && saml.name_id == 'x'", false),
        ("saml.username == 'alice'", true),
        ("request.present && request.path.startsWith('/servicedesk/')", true),
        ("request.url == 'https://jira.example.com/servicedesk/customer?x=1'", true),
        ("account.known && account.exists && account.active", true),
        ("account.groups.exists(g, g in groups)", false),
        ("['it', 'ops'].exists(p, groups.exists(g, g == p))", true),
        ("now - 86400 > 1799000000", true),
        ("now % 2 == 0 ? 'it' in groups : false", true),
        ("[1, 2, 3].map(n, n * n)[2] == 9", true),
        ("(groups + account.groups).size() == 4", true),
        ("'a\\u0062' == 'ab' && r'\\d' == '\\\\d'", true),
        // What one side settles, the other does not spoil.
        ("saml.name_id == 'x' || true", true),
        ("saml.name_id == 'x' && false", false),
        ("groups.exists(g, saml.name_id == g || g == 'it')", true),
    ] {
        assert_eq!(holds(text), Holds::from(expected), "{text}");
    }
}

/// Evaluations that fail: each is unknown, and none says yes or no.
#[test]
fn what_cannot_be_evaluated_is_unknown() {
    for text in [
        "1 / 0 == 1",
        "1 % 0 == 1",
        "now / (now - now) == 1",
        "9223372036854775807 + 1 > 0",
        "-9223372036854775807 - 2 < 0",
        "9223372036854775807 * 2 > 0",
        "now * now * now > 0",
        "int(saml.attributes.minimum[0]) / -1 > 0",
        "int(saml.attributes.minimum[0]) % -1 == 0",
        "-int(saml.attributes.minimum[0]) > 0",
        "int(saml.attributes.huge[0]) > 0",
        "int('') == 0",
        "int('3.0') == 3",
        "int('0x3') == 3",
        "int(saml.email) == 0",
        "groups[3] == 'x'",
        "groups[-1] == 'x'",
        "groups[9223372036854775807] == 'x'",
        "saml.attributes.empty[0] == ''",
        "saml.attributes['nothing'][0] == 'x'",
        "saml.attributes.nothing.size() == 0",
        "!('x' in saml.attributes.nothing)",
        "saml.name_id == 'x'",
        "saml.name_id != 'x'",
        "!(saml.name_id == 'x')",
        "saml.display_name.size() == 0",
        "saml.name_id_format == ''",
        "saml.name_id == 'x' || false",
        "saml.name_id == 'x' && true",
        "saml.name_id == 'x' ? true : true",
        "groups.all(g, saml.name_id != g)",
        "groups.exists(g, saml.name_id == g)",
        // A value of it could not be read.
        "'sales' in saml.attributes.partly",
        "!('it' in saml.attributes.partly)",
        "saml.attributes.partly.all(v, v != 'it')",
        "saml.attributes.partly.size() == 1",
        "saml.attributes.partly[0] == 'sales'",
        "saml.attributes.partly.map(v, v).size() == 0",
    ] {
        assert_eq!(holds(text), Holds::Unknown, "{text}");
    }
    assert_eq!(holds("'partly' in saml.attributes && has(saml.attributes.partly)"), Holds::Yes);
}

#[test]
fn r9_what_is_not_known_is_no_answer() {
    let unknown = Identity { groups: AssertedGroups::Unknown(UnknownGroups::Overage), ..alice() };
    let no_request = RequestFacts::default();
    for (text, expected) in [
        ("groups_known", Holds::No),
        ("groups_known && 'it' in groups", Holds::No),
        ("'it' in groups", Holds::Unknown),
        ("!('it' in groups)", Holds::Unknown),
        ("groups.all(g, g != 'it')", Holds::Unknown),
        ("size(groups) == 0", Holds::Unknown),
        ("request.present", Holds::No),
        ("request.present && request.path.startsWith('/servicedesk/')", Holds::No),
        ("!request.path.startsWith('/servicedesk/')", Holds::Unknown),
        ("request.path != '/servicedesk/'", Holds::Unknown),
        ("!has(request.url)", Holds::Yes),
        ("account.known", Holds::No),
        ("account.exists", Holds::Unknown),
        ("!account.exists", Holds::Unknown),
        ("!account.active", Holds::Unknown),
        ("'jira-users' in account.groups", Holds::Unknown),
        ("!('jira-users' in account.groups)", Holds::Unknown),
    ] {
        assert_eq!(ask(text, &unknown, &AccountFacts::Unknown, no_request), expected, "{text}");
    }
    let half = AccountFacts::Present { groups: set(&["jira-users"]), active: true, unfinished: true };
    for account in [&AccountFacts::Absent, &half] {
        for text in ["account.exists", "account.active", "size(account.groups) > 0"] {
            assert_eq!(ask(text, &alice(), account, PORTAL), Holds::No, "{text}");
        }
    }
}

/// Text that is not admitted, and a part of the reason.
#[test]
fn what_is_not_admitted_is_refused_with_its_place() {
    let doubled = format!("['a']{}.size() > 0", ".map(x, x + x)".repeat(28));
    let joined = format!("({}).size() > 0", ["groups"; 100].join(" + "));
    let long_text = format!("'{}' == ''", "a".repeat(1020));
    for (text, reason) in [
        // No expression.
        ("", "line 1, column 1: mismatched input '<EOF>'"),
        (" ", "line 1, column 2: mismatched input '<EOF>'"),
        ("// nothing", "mismatched input '<EOF>'"),
        ("true &&", "line 1, column 8: mismatched input '<EOF>'"),
        ("true &&\n  && false", "line 2, column 3: extraneous input '&&'"),
        ("true;", "line 1, column 5: token recognition error"),
        ("true true", "line 1, column 6: extraneous input"),
        ("'unterminated", "line 1, column 1: token recognition error"),
        ("'\\ud800' == 'x'", "line 1, column 1: invalid text"),
        ("@result", "token recognition error"),
        ("if true then false", "reserved identifier: if"),
        ("9223372036854775808 > 0", "invalid int literal"),
        ("`saml`", "mismatched input"),
        ("saml.?name_id == 'x'", "unsupported syntax '.?'"),
        ("groups[?0] == 'x'", "unsupported syntax '[?'"),
        ("groups.exists(g.x, true)", "argument must be a simple name"),
        ("has(groups)", "invalid argument to has() macro"),
        ("has(groups[0])", "invalid argument to has() macro"),
        // Names.
        ("group", "line 1, column 1: nothing is named `group`; there are saml, request, account, groups"),
        ("'Gr\u{f6}\u{df}e' in groups &&\n 'x' in grups", "line 2, column 9: nothing is named `grups`"),
        (".groups.size() == 1", "nothing is named `.groups`"),
        ("int", "nothing is named `int`"),
        ("a.b.c", "nothing is named `a`"),
        ("optional.of(1).hasValue()", "nothing is named `optional`"),
        ("math.greatest(1, 2) == 2", "nothing is named `math`"),
        ("saml.nameid == 'x'", "line 1, column 5: `saml` has no `nameid`; it has name_id, name_id_format"),
        ("has(saml.nothing)", "`saml` has no `nothing`"),
        ("request.query == ''", "`request` has no `query`; it has present, path, url"),
        ("account.licence", "`account` has no `licence`"),
        ("groups.exists(groups, true)", "line 1, column 14: `groups` is the name of something else"),
        ("groups.exists(g, groups.all(g, true))", "`g` is the name of something else"),
        // Functions.
        ("'a'.matches('(a*)*b')", "line 1, column 12: `matches` is not available"),
        ("matches('a', 'b')", "`matches` is not available"),
        ("contains('a', 'b')", "`contains` is not available"),
        ("string(1) == '1'", "`string` is not available"),
        ("type(1) == type(2)", "`type` is not available"),
        ("dyn(1) == 1", "`dyn` is not available"),
        ("max(1, 2) == 2", "`max` is not available"),
        ("timestamp('2026-01-01T00:00:00Z') == 1", "`timestamp` is not available"),
        ("duration('1s') == 1", "`duration` is not available"),
        ("'%s'.format(['a']) == 'a'", "`format` is not available"),
        ("saml.attributes.size", "the whole must be true or false, and is a list"),
        // Kinds.
        ("saml", "the whole must be true or false, and is `saml`"),
        ("groups", "the whole must be true or false, and is a list"),
        ("now", "the whole must be true or false, and is a number"),
        ("'x'", "the whole must be true or false, and is text"),
        ("null == null", "null is not available"),
        ("1.0 == 1.0", "a fraction is not available"),
        ("1u == 1u", "an unsigned number is not available"),
        ("b'x' == b'x'", "a sequence of bytes is not available"),
        ("{'a': 1, 'a': 2}.a == 1", "a map is not available"),
        ("google.protobuf.Duration{} == 1", "a message is not available"),
        ("[].size() == 0", "an empty list is not available"),
        ("[1, 'a'].size() == 2", "`[]` cannot be applied to a number and text"),
        ("[groups].size() == 1", "`[]` cannot be applied to a list"),
        ("[[1]].size() == 1", "`[]` cannot be applied to a list"),
        ("groups == ['it']", "line 1, column 8: `==` cannot be applied to a list and a list"),
        ("saml.attributes.ou != ['it']", "`!=` cannot be applied to a list and a list"),
        ("saml.attributes.ou == 'it'", "`==` cannot be applied to a list and text"),
        ("'a' == 1", "`==` cannot be applied to text and a number"),
        ("'a' < 'b'", "`<` cannot be applied to text and text"),
        ("'a' + 1 == 'a1'", "`+` cannot be applied to text and a number"),
        ("'a' * 1000000 == ''", "`*` cannot be applied to text and a number"),
        ("1 && true", "`&&` cannot be applied to a number and a truth value"),
        ("!'x'", "`!` cannot be applied to text"),
        ("true ? 1 : 'a'", "`?:` cannot be applied to a truth value and a number and text"),
        ("groups['it'] == 'it'", "`[]` cannot be applied to a list and text"),
        ("saml['name_id'] == 'x'", "`[]` cannot be applied to `saml` and text"),
        ("'it' in 'items'", "`in` cannot be applied to text and text"),
        ("1 in groups", "`in` cannot be applied to a number and a list"),
        ("size() == 1", "`size` needs something to be applied to"),
        ("'a'.contains('b', 'c')", "`contains` cannot be applied to text and text and text"),
        ("groups.contains('it')", "`contains` cannot be applied to a list and text"),
        ("groups.exists(g, g)", "`exists or all` cannot be applied to text"),
        ("groups.filter(g, g)", "`filter` cannot be applied to text"),
        ("groups.map(g, groups).size() == 1", "`map` cannot be applied to a list"),
        ("saml.attributes.exists(a, a == 'x')", "a loop needs a list, and this is the attributes"),
        ("'abc'.exists(c, true)", "a loop needs a list, and this is text"),
        ("account.exists(a, true)", "a loop needs a list, and this is `account`"),
        // Size.
        (&long_text, "1028 bytes, more than 1024"),
        (&["true"; 129].join("&&"), "more than 256 operators, names and values"),
        (&["1"; 40].join("+"), "more than 32 operators within one another"),
        (&format!("{}1{} > 0", "-(".repeat(40), ")".repeat(40)), "more than 32"),
        (&joined, "more than 32 operators within one another"),
        (
            "groups.exists(a, groups.exists(b, groups.exists(c, a == b && b == c)))",
            "line 1, column 48: more than 2 loops within one another",
        ),
        ("groups.all(a, [1].all(b, [1].all(c, true)))", "more than 2 loops within one another"),
        (&doubled, "more than 200000 steps of work for one person"),
        (
            "groups.map(a, groups.map(b, a + b + a + b + a + b).size() + groups.map(b, a + b + a + b).size()).size() > 0",
            "more than 200000 steps",
        ),
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains(reason), "{text}\n    {refusal}\n    {reason}");
        assert!(!refusal.contains('\n'), "{refusal}");
    }
}

/// The deepest texts of the greatest length, in half of the stack that they have in Envoy.
#[test]
fn no_text_exhausts_the_stack() {
    let texts: Vec<String> =
        ["!", "-", "(", "[", "{", "{1:", "a.", "a[", "1+", "1?1:", "a&&", "a||", "a.all(a,", "f(", "x.f("]
            .iter()
            .flat_map(|part| {
                let repeated = part.repeat(Expression::MAX_BYTES / part.len() - 1);
                [repeated.clone(), format!("{repeated}1")]
            })
            .chain(
                [")", "]", "}", "\"", "'", "\\", "\0", "\u{feff}", "\u{10ffff}"].map(|part| part.repeat(200)),
            )
            .collect();
    let tried = std::thread::Builder::new()
        .stack_size(512 * 1024)
        .spawn(move || texts.iter().filter(|text| Expression::admit(text).is_err()).count() == texts.len());
    assert!(tried.unwrap().join().unwrap());
}

#[test]
fn an_expression_is_not_evaluated_for_somebody_for_whom_it_takes_too_many_steps() {
    let member_of = |number: usize| Identity {
        groups: AssertedGroups::Known((0..number).map(|group| format!("group-{group}")).collect()),
        ..alice()
    };
    for (text, enough) in [
        ("groups.exists(g, g == 'group-0')", 10_000),
        ("groups.exists(g, g.startsWith('group-') && g.endsWith('-0'))", 5_242),
        ("groups.exists(a, groups.exists(b, a == b))", 100),
    ] {
        let (many, more) = (member_of(enough), member_of(20 * enough));
        assert_eq!(ask(text, &many, &account(), PORTAL), Holds::Yes, "{text}");
        assert_eq!(ask(text, &more, &account(), PORTAL), Holds::Unknown, "{text}");
    }
    // Long values weigh as many steps as they take.
    let photograph = Identity {
        attributes: BTreeMap::from([(String::from("photo"), vec!["x".repeat(64 * 1024)])]),
        ..member_of(1_000)
    };
    let text = "groups.exists(g, saml.attributes.photo[0].contains(g))";
    assert_eq!(ask(text, &photograph, &account(), PORTAL), Holds::Unknown);
}
