//! The name in a distinguished name, as directories write it into `memberOf`.

/// The common name of the entry that `name` distinguishes: the value of `CN` in its first relative name, with escapes
/// undone (RFC 4514 section 3).
///
/// `None` when `name` as a whole is no distinguished name, or its entry has no common name, or two.
pub(super) fn common_name(name: &str) -> Option<String> {
    let mut rest = name;
    let mut found: Option<String> = None;
    let mut first = true;
    loop {
        let (attribute, behind) = attribute(rest)?;
        if first && attribute.is_common_name() {
            // Two names for one entry: which one is meant nobody can tell.
            if found.is_some() {
                return None;
            }
            found = Some(attribute.value?);
        }
        // RFC 4514 section 2.2: `+` joins the parts of one relative name, `,` ends it
        match behind.chars().next() {
            None => break,
            Some('+') => {}
            Some(',') => first = false,
            Some(_) => return None,
        }
        rest = behind.get(1..)?;
    }
    let usable = |found: &String| !found.trim().is_empty() && !found.chars().any(char::is_control);
    found.filter(usable)
}

struct Attribute<'n> {
    kind: &'n str,
    /// `None` for a value in hexadecimal, `#04024869`, which may be anything.
    value: Option<String>,
}

impl Attribute<'_> {
    fn is_common_name(&self) -> bool {
        self.kind.eq_ignore_ascii_case("CN") || self.kind == "2.5.4.3"
    }
}

/// `CN=Jira Users` and what follows it. White space around the type and the value does not count, as RFC 1779 had it and
/// many still write.
fn attribute(text: &str) -> Option<(Attribute<'_>, &str)> {
    let (kind, rest) = text.split_once('=')?;
    let kind = kind.trim_matches(' ');
    if !is_descriptor(kind) && !is_numeric_oid(kind) {
        return None;
    }
    let rest = rest.trim_start_matches(' ');
    if let Some(digits) = rest.strip_prefix('#') {
        // RFC 4514 section 2.4: pairs of hexadecimal digits
        let end = digits.find([',', '+']).unwrap_or(digits.len());
        let (pairs, behind) = digits.split_at_checked(end)?;
        let pairs = pairs.trim_end_matches(' ');
        let fine =
            !pairs.is_empty() && pairs.len() % 2 == 0 && pairs.bytes().all(|byte| byte.is_ascii_hexdigit());
        return fine.then_some((Attribute { kind, value: None }, behind));
    }
    let (value, behind) = string(rest)?;
    Some((Attribute { kind, value: Some(value) }, behind))
}

/// A value with its escapes undone, and what follows it: nothing, `,` or `+`.
fn string(text: &str) -> Option<(String, &str)> {
    let mut bytes = Vec::new();
    // White space at the end that is not escaped does not count.
    let mut kept = 0;
    let mut characters = text.char_indices();
    let mut end = text.len();
    while let Some((at, character)) = characters.next() {
        match character {
            ',' | '+' => {
                end = at;
                break;
            }
            // RFC 4514 section 2.4: these must be escaped
            '"' | ';' | '<' | '>' | '\0' => return None,
            '\\' => {
                let (_, escaped) = characters.next()?;
                if matches!(escaped, '"' | '+' | ',' | ';' | '<' | '>' | ' ' | '#' | '=' | '\\') {
                    bytes.extend(u8::try_from(escaped).ok());
                } else {
                    let (_, low) = characters.next()?;
                    let digits = escaped.to_digit(16)?.checked_mul(16)?.checked_add(low.to_digit(16)?)?;
                    bytes.push(u8::try_from(digits).ok()?);
                }
                kept = bytes.len();
            }
            plain => {
                bytes.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes());
                if plain != ' ' {
                    kept = bytes.len();
                }
            }
        }
    }
    bytes.truncate(kept);
    // Pairs of hexadecimal digits may make up any octets.
    String::from_utf8(bytes).ok().zip(text.get(end..))
}

fn is_descriptor(kind: &str) -> bool {
    kind.starts_with(|first: char| first.is_ascii_alphabetic())
        && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_numeric_oid(kind: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    kind.contains('.') && kind.split('.').all(part)
}

#[cfg(test)]
mod tests {
    use super::common_name;

    #[test]
    fn the_common_name_is_read_with_its_escapes() {
        for (name, expected) in [
            ("CN=Jira Users,OU=Groups,DC=example,DC=org", "Jira Users"),
            ("cn=jira-users,ou=groups,dc=example,dc=org", "jira-users"),
            ("2.5.4.3=x,DC=org", "x"),
            ("CN=x", "x"),
            (r"CN=Users\, Jira,DC=org", "Users, Jira"),
            (r"CN=a\2Cb,DC=org", "a,b"),
            (r"CN=a\2cb,DC=org", "a,b"),
            (r"CN=Gr\C3\BC\C3\9Fe,DC=org", "Grüße"),
            ("CN=Grüße,DC=org", "Grüße"),
            (r"CN=\#1\+\22\\\<\>\;\=,DC=org", r##"#1+"\<>;="##),
            (r"CN=\ x\ ,DC=org", " x "),
            (r"CN=x\20,DC=org", "x "),
            ("CN = x y  , OU = Groups , DC=org", "x y"),
            ("CN=a=b,DC=org", "a=b"),
            ("CN=a#b,DC=org", "a#b"),
            ("CN=x+UID=7,DC=org", "x"),
            ("UID=7+CN=x,DC=org", "x"),
            ("CN=x,CN=Users,DC=org", "x"),
            ("CN=x,OU=,DC=org", "x"),
            ("CN=x,1.2.840=#0402AFFE,DC=org", "x"),
        ] {
            assert_eq!(common_name(name).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn what_is_no_distinguished_name_or_has_no_common_name_gives_none() {
        for name in [
            "",
            "jira-users",
            "=",
            "CN",
            "CN=",
            "CN=  ",
            r"CN=\ ,DC=org",
            "CN=,DC=org",
            "CN=x,",
            "CN=x+",
            "CN=x,,DC=org",
            "CN=x,DC",
            "CN=x,jira-users",
            ",CN=x",
            "+CN=x",
            "CN=a+CN=b,DC=org",
            "CN=a+cn=a,DC=org",
            "CN=a+2.5.4.3=b,DC=org",
            "OU=Groups,CN=x,DC=org",
            "OU=Groups,DC=org",
            "CN=#04024869,DC=org",
            "CN=#xyz,DC=org",
            "CN=x,DC=#0",
            "CN=x,DC=#",
            "CN=x;DC=org",
            "CN=\"x\",DC=org",
            "CN=x,DC=\"org",
            "CN=<x>,DC=org",
            "CN=x\\",
            r"CN=x\4",
            r"CN=x\zz,DC=org",
            r"CN=x\C3,DC=org",
            r"CN=x\ÿÿ,DC=org",
            r"CN=x\00,DC=org",
            r"CN=x\0Ay,DC=org",
            "CN=x\0,DC=org",
            "CN=x\ny,DC=org",
            "C N=x,DC=org",
            "1CN=x,DC=org",
            "2.5.4.=x,DC=org",
            "2.5.4.3.=x",
            "25=x",
            "CN\u{2003}=x",
            "ＣＮ=x,DC=org",
            "a/b=c/d",
            "https://example.com/?CN=x",
        ] {
            assert_eq!(common_name(name), None, "{name:?}");
        }
        let long = format!("CN={},DC=org", "\\2C".repeat(10_000));
        assert_eq!(common_name(&long).map(|name| name.len()), Some(10_000));
        assert_eq!(common_name(&"CN=x+".repeat(10_000)), None);
    }
}
