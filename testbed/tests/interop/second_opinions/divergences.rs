//! `tests/vectors/divergences.yaml`: where another library differs from us, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;

use super::corpus::Case;
use super::library::{Library, Opinion};
/// Cases in which one library differs from us for one reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    library: Library,
    they: They,
    /// The codes with which we refuse what they accept.
    #[serde(default)]
    we: BTreeSet<String>,
    /// Whom they read in what we refuse; without it the person whom the identity provider named.
    reading: Option<BTreeSet<Option<String>>>,
    /// The words with which they refuse what we accept.
    saying: Option<String>,
    reason: String,
    cases: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "snake_case")]
enum They {
    /// They accept what we refuse.
    Accept,
    /// They refuse what we accept.
    Refuse,
    /// Both accept, and they read another name.
    ReadAnotherName,
    /// Both accept, and they read other attributes.
    ReadOtherAttributes,
}

/// How an opinion differs from ours, and the code or the words that the list must name; at most one of each kind.
fn differences(case: &Case, theirs: &Opinion) -> Vec<(They, String)> {
    match (&case.ours, theirs) {
        (Err(_), Err(_)) => Vec::new(),
        (Err(code), Ok(_)) => vec![(They::Accept, code.id().to_owned())],
        (Ok(_), Err(reason)) => vec![(They::Refuse, reason.clone())],
        (Ok(ours), Ok(theirs)) => {
            let mut found = Vec::new();
            if ours.name_id != theirs.name_id {
                let names = format!("{:?}, not {:?}", theirs.name_id, ours.name_id);
                found.push((They::ReadAnotherName, names));
            }
            if ours.attributes != theirs.attributes {
                let attributes = format!("{:?}, not {:?}", theirs.attributes, ours.attributes);
                found.push((They::ReadOtherAttributes, attributes));
            }
            found
        }
    }
}

impl Entry {
    /// What is wrong with the entry itself.
    fn fault(&self) -> Option<&'static str> {
        if self.reason.trim().is_empty() || self.cases.is_empty() {
            return Some("an entry needs a reason and cases");
        }
        let (codes, words) = (!self.we.is_empty(), self.saying.is_some());
        if self.reading.is_some() && self.they != They::Accept {
            return Some("`reading` goes with `accept`");
        }
        match self.they {
            They::Accept if !codes || words => Some("`accept` goes with `we`, our codes, and nothing else"),
            They::Refuse if codes || !words => {
                Some("`refuse` goes with `saying`, their words, and nothing else")
            }
            They::ReadAnotherName | They::ReadOtherAttributes if codes || words => {
                Some("`we` and `saying` are for refusals")
            }
            _ => None,
        }
    }

    /// Is this what the entry says of the case?
    fn fits(&self, case: &Case, theirs: &Opinion, detail: &str) -> bool {
        match self.they {
            They::Accept => {
                let name = theirs.as_ref().ok().and_then(|person| person.name_id.as_deref());
                let known = match &self.reading {
                    None => name == Some(case.honest),
                    Some(names) => names.iter().any(|listed| listed.as_deref() == name),
                };
                known && self.we.contains(detail)
            }
            They::Refuse => self.saying.as_ref().is_some_and(|words| detail.contains(words)),
            They::ReadAnotherName | They::ReadOtherAttributes => true,
        }
    }
}

/// Compares everybody's opinions with the list; the counts.
///
/// # Errors
/// Every divergence that the list does not explain, and every line of it that explains none.
pub fn compare(
    list: &str,
    cases: &[Case],
    opinions: &BTreeMap<Library, BTreeMap<String, Opinion>>,
) -> Result<String, String> {
    let entries: Vec<Entry> = serde_norway::from_str(list).unwrap();
    let mut faults = String::new();

    let mut listed: BTreeMap<(Library, They, &str), &Entry> = BTreeMap::new();
    for entry in &entries {
        if let Some(fault) = entry.fault() {
            writeln!(faults, "`{}`: {fault}", entry.reason).unwrap();
        }
        for case in &entry.cases {
            if listed.insert((entry.library, entry.they, case), entry).is_some() {
                writeln!(faults, "{} {:?} {case}: listed twice", entry.library.name(), entry.they).unwrap();
            }
        }
    }

    let mut summary = String::new();
    let mut used_codes: BTreeMap<(Library, &str), BTreeSet<String>> = BTreeMap::new();
    for (&library, said) in opinions {
        let (mut both_accept, mut both_refuse) = (0, 0);
        let mut counts: BTreeMap<They, usize> = BTreeMap::new();
        for case in cases {
            let name = case.question.name.as_str();
            let Some(theirs) = said.get(name) else {
                writeln!(faults, "{}: no opinion about {name}", library.name()).unwrap();
                continue;
            };
            let found = differences(case, theirs);
            both_accept += usize::from(found.is_empty() && theirs.is_ok());
            both_refuse += usize::from(found.is_empty() && theirs.is_err());
            for (they, detail) in found {
                *counts.entry(they).or_default() += 1;
                match listed.remove(&(library, they, name)) {
                    Some(entry) if entry.fits(case, theirs, &detail) => {
                        used_codes.entry((library, &entry.reason)).or_default().insert(detail);
                    }
                    listed => {
                        let what = if listed.is_some() { "not as listed" } else { "unexplained" };
                        let person = theirs.as_ref().ok().map(|person| &person.name_id);
                        writeln!(faults, "{} {they:?} {name}: {what}: {detail} {person:?}", library.name())
                            .unwrap();
                    }
                }
            }
        }
        writeln!(
            summary,
            "{:<13} {} asked, {both_accept} both accept, {both_refuse} both refuse, differences {counts:?}",
            library.name(),
            cases.len()
        )
        .unwrap();
    }
    for (library, they, case) in listed.keys() {
        writeln!(faults, "{} {they:?} {case}: listed, but there is no such divergence", library.name())
            .unwrap();
    }
    for entry in entries.iter().filter(|entry| entry.they == They::Accept) {
        let used = used_codes.remove(&(entry.library, entry.reason.as_str())).unwrap_or_default();
        for code in entry.we.difference(&used) {
            writeln!(faults, "{} `{}`: no case has {code}", entry.library.name(), entry.reason).unwrap();
        }
    }
    if faults.is_empty() { Ok(summary) } else { Err(format!("{summary}{faults}")) }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use samlgate::base::Code;

    use super::super::corpus::{Person, Question};
    use super::*;

    const LIST: &str = "
- { library: node-saml, they: accept, we: [SG4005], reason: a, cases: [refused] }
- { library: node-saml, they: refuse, saying: such key, reason: b, cases: [accepted] }
- { library: node-saml, they: read_another_name, reason: c, cases: [read] }
";

    fn person(name: &str) -> Person {
        Person { name_id: Some(name.to_owned()), attributes: BTreeMap::new() }
    }

    #[test]
    fn what_is_not_explained_and_what_explains_nothing_is_told() {
        let cases = [
            ("refused", Err(Code::IssuerMismatch)),
            ("accepted", Ok(person("alice"))),
            ("read", Ok(person("alice"))),
            ("agreed", Ok(person("alice"))),
        ]
        .map(|(name, ours)| Case {
            question: Question::new(name.to_owned(), PathBuf::new()),
            honest: "alice",
            ours,
        });
        let said = [
            ("refused", Ok(person("alice"))),
            ("accepted", Err(String::from("no such key"))),
            ("read", Ok(person("admin"))),
            ("agreed", Ok(person("alice"))),
        ];
        let said = said.map(|(name, opinion)| (name.to_owned(), opinion)).into();
        let opinions = BTreeMap::from([(Library::NodeSaml, said)]);
        compare(LIST, &cases, &opinions).unwrap();

        for (from, to, fault) in [
            ("[refused]", "[]", "Accept refused: unexplained: SG4005"),
            ("[accepted]", "[]", "Refuse accepted: unexplained: no such key"),
            ("[read]", "[]", "ReadAnotherName read: unexplained"),
            ("SG4005", "SG4006", "Accept refused: not as listed: SG4005"),
            ("[SG4005]", "[SG4005, SG4006]", "no case has SG4006"),
            ("[SG4005]", "[SG4005], reading: [admin]", "Accept refused: not as listed"),
            ("such key", "bad signature", "Refuse accepted: not as listed"),
            ("[read]", "[read, agreed]", "ReadAnotherName agreed: listed, but there is no such divergence"),
            ("[read]", "[read, read]", "listed twice"),
            ("reason: c", "reason: ''", "needs a reason"),
            ("we: [SG4005], ", "", "goes with `we`"),
        ] {
            assert!(LIST.contains(from));
            let faults = compare(&LIST.replace(from, to), &cases, &opinions).unwrap_err();
            assert!(faults.contains(fault), "{from} -> {to}: {faults}");
        }
    }
}
