//! Canonical forms against libxml2's: tests/vectors/c14n, made by tests/vectors/generate/{c14n,c14n_themes}.py.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use samlgate::base::Limits;
use samlgate::encoding::base64;
use samlgate::xml::c14n::{Exclusive, canonicalize};
use samlgate::xml::{Element, Source, XmlError};
use samlgate::xmlsec::algorithm::DigestAlgorithm;
use serde::Deserialize;

/// A document and what is to be canonicalized of it; elements are named by ID or by child numbers from the root.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default = "no_theme")]
    theme: String,
    /// The document..
    #[serde(default)]
    xml: String,
    /// ..or where it is below tests/vectors.
    file: Option<PathBuf>,
    #[serde(default)]
    target: Place,
    path: Option<Vec<usize>>,
    omit: Option<Place>,
    #[serde(default)]
    comments: bool,
    #[serde(default)]
    prefixes: Vec<String>,
    /// The canonical form..
    expected: Option<String>,
    /// ..or, where it is long, its digest and its length.
    sha256: Option<String>,
    length: Option<usize>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Place {
    Id(String),
    Path(Vec<usize>),
}

impl Default for Place {
    fn default() -> Self {
        Self::Path(Vec::new())
    }
}

impl Case {
    fn is_answer(&self, found: &str) -> bool {
        if let Some(expected) = &self.expected {
            return found == expected;
        }
        let digest = DigestAlgorithm::Sha256.digest(found.as_bytes());
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.length == Some(found.len()) && self.sha256 == Some(hex)
    }
}

fn no_theme() -> String {
    String::from("any")
}

fn vectors() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors"))
}

fn find<'a>(element: Element<'a>, id: &str) -> Option<Element<'a>> {
    if element.attribute("ID") == Some(id) {
        return Some(element);
    }
    element.children().find_map(|child| find(child, id))
}

fn at<'a>(root: Element<'a>, place: &Place) -> Element<'a> {
    match place {
        Place::Id(id) => find(root, id).unwrap(),
        Place::Path(path) => path.iter().fold(root, |element, index| element.children().nth(*index).unwrap()),
    }
}

fn canonical(
    octets: &[u8],
    target: &Place,
    omit: Option<&Place>,
    comments: bool,
    prefixes: &[String],
) -> Result<String, XmlError> {
    let source = Source::check(octets, &Limits::DEFAULT)?;
    let document = source.document()?;
    let root = document.root();
    let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    let omit = omit.map(|omit| at(root, omit));
    let how = Exclusive { with_comments: comments, inclusive_prefixes: &prefixes, omit };
    canonicalize(at(root, target), &how).map(|octets| String::from_utf8(octets).unwrap())
}

/// Compares the cases of one file; returns the number of documents and of cases, by theme.
fn compare(name: &Path) -> (usize, BTreeMap<String, usize>) {
    let text = fs::read_to_string(name).unwrap();
    let mut failures = Vec::new();
    let mut documents = BTreeSet::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let case: Case = serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}", number + 1));
        *counts.entry(case.theme.clone()).or_default() += 1;
        let octets = match &case.file {
            Some(file) => fs::read(vectors().join(file)).unwrap(),
            None => case.xml.clone().into_bytes(),
        };
        let target = case.path.clone().map_or(case.target.clone(), Place::Path);
        let found = canonical(&octets, &target, case.omit.as_ref(), case.comments, &case.prefixes);
        match found {
            Ok(found) if case.is_answer(&found) => {
                // Canonicalizing again changes nothing.
                let root = Place::default();
                let again = canonical(found.as_bytes(), &root, None, case.comments, &case.prefixes);
                if again.as_deref() != Ok(found.as_str()) {
                    failures.push(format!("line {}: not idempotent: {found}", number + 1));
                }
            }
            found => failures.push(format!(
                "line {} ({}):\n  {}\n  found {found:?}",
                number + 1,
                case.theme,
                line.chars().take(2_000).collect::<String>()
            )),
        }
        documents.insert(octets);
    }
    let cases: usize = counts.values().sum();
    let shown = failures[..failures.len().min(5)].join("\n");
    assert!(failures.is_empty(), "{} of {cases}:\n{shown}", failures.len());
    println!("{}: {} documents, {cases} cases: {counts:?}", name.display(), documents.len());
    (documents.len(), counts)
}

#[test]
fn generated_documents_have_the_canonical_form_that_libxml2_gives_them() {
    let (random, _) = compare(&vectors().join("c14n/random.jsonl"));
    let (themed, themes) = compare(&vectors().join("c14n/themes.jsonl"));
    assert!(random + themed >= 2_000, "the corpus is gone: {random} and {themed}");
    assert!(themes.values().all(|cases| *cases >= 100), "{themes:?}");
}

#[test]
fn real_documents_have_the_canonical_form_that_libxml2_gives_them() {
    let (documents, _) = compare(&vectors().join("c14n/real.jsonl"));
    assert!(documents >= 150, "the corpus is gone: {documents}");
}

/// A longer run over a file that c14n_themes.py was asked for.
#[test]
#[ignore = "needs C14N_CASES"]
fn the_documents_of_a_longer_run_have_the_canonical_form_that_libxml2_gives_them() {
    compare(Path::new(&std::env::var_os("C14N_CASES").unwrap()));
}

#[test]
fn what_libxml2_canonicalizes_and_we_could_not_do_alike_is_refused_before() {
    #[derive(Deserialize)]
    struct Refused {
        xml: String,
        code: String,
    }
    let text = fs::read_to_string(vectors().join("c14n/refused.jsonl")).unwrap();
    let mut count = 0;
    for line in text.lines() {
        let case: Refused = serde_json::from_str(line).unwrap();
        let found = canonical(case.xml.as_bytes(), &Place::default(), None, true, &[]);
        let code = found.as_ref().map_err(|error| error.code().id());
        assert_eq!(code, Err(case.code.as_str()), "{}", case.xml);
        count += 1;
    }
    assert!(count >= 30, "the corpus is gone: {count}");
}

/// The digests that the exclusive canonicalization vector of the W3C's interoperability matrix publishes: without and
/// with comments, without and with a PrefixList.
#[test]
fn the_published_exclusive_vector_has_its_published_digests() {
    let file = vectors().join("interop/xmlsec1/merlin-exc-c14n-one/exc-signature.xml");
    let octets = fs::read(file).unwrap();
    let object = Place::Path(vec![0, 3]);
    let listed = [String::from("bar"), String::from("#default")];
    for (comments, prefixes, published) in [
        (false, &listed[..0], "7yOTjUu+9oEhShgyIIXDLjQ08aY="),
        (false, &listed, "09xMy0RTQM1Q91demYe/0F6AGXo="),
        (true, &listed[..0], "ZQH+SkCN8c5y0feAr+aRTZDwyvY="),
        (true, &listed, "a1cTqBgbqpUt6bMJN4C6zFtnoyo="),
    ] {
        let canonical = canonical(&octets, &object, None, comments, prefixes).unwrap();
        let digest = DigestAlgorithm::Sha1.digest(canonical.as_bytes());
        assert_eq!(base64::encode(&digest), published, "{canonical}");
    }
}
