//! Three other service providers about every response of the corpus. Where one of them differs from us,
//! `tests/vectors/divergences.yaml` says why; a difference that it does not explain fails, and so does an explanation
//! without a difference.

mod corpus;
mod divergences;
mod library;

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;

use crate::support::{repository, scratch};
use corpus::Case;
use library::{Library, Opinion};

/// Refusals that show that a library was told what to expect: the case, and words of python3-saml, pysaml2 and
/// node-saml. A library that refuses everything, or everything for one wrong reason, says something else.
const CONTROLS: &[(&str, [&str; 3])] = &[
    ("name_id_changed", ["Signature validation failed", "Failed to verify signature", "Invalid signature"]),
    (
        "signature_value_of_another_key",
        ["Signature validation failed", "Failed to verify signature", "Invalid signature"],
    ),
    (
        "unsigned",
        ["No Signature found", "Neither the response nor the assertions are signed", "Invalid signature"],
    ),
    (
        "demand_response_has_assertion",
        [
            "The Message of the Response is not signed",
            "Signature missing for response",
            "Invalid document signature",
        ],
    ),
    (
        "demand_assertion_has_response",
        [
            "The Assertion of the Response is not signed",
            "Signature missing for assertion",
            "Invalid signature",
        ],
    ),
    ("audience_other", ["is not a valid audience", "AudienceRestrictions conditions", "audience mismatch"]),
    ("clock_not_before_last_second_early", ["not yet valid", "Can't use response yet", "not yet valid"]),
    (
        "response_in_response_to_other",
        ["does not match the ID of the AuthNRequest", "Unsolicited response", "InResponseTo is not valid"],
    ),
];

/// Asks every library about every case, in two halves at a time.
fn ask(cases: &[Case], folder: &Path) -> BTreeMap<Library, BTreeMap<String, Opinion>> {
    let halves =
        [0, 1].map(|half| cases.iter().skip(half).step_by(2).map(|case| &case.question).collect::<Vec<_>>());
    let mut opinions: BTreeMap<Library, BTreeMap<String, Opinion>> = BTreeMap::new();
    thread::scope(|scope| {
        let asked: Vec<_> = Library::ALL
            .into_iter()
            .flat_map(|library| halves.iter().enumerate().map(move |half| (library, half)))
            .map(|(library, (number, half))| {
                let file = folder.join(format!("{}-{number}.json", library.name()));
                (library, scope.spawn(move || library.ask(half, &file)))
            })
            .collect();
        for (library, answers) in asked {
            opinions.entry(library).or_default().extend(answers.join().unwrap());
        }
    });
    opinions
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts, with --nocapture")]
fn other_libraries_say_what_we_say_or_the_divergence_is_explained() {
    let folder = scratch("second-opinions");
    let cases: Vec<_> = corpus::vectors().into_iter().chain(corpus::attacks(&folder)).collect();
    let opinions = ask(&cases, &folder);

    for (index, library) in Library::ALL.into_iter().enumerate() {
        let said = &opinions[&library];
        let ours = cases.iter().filter(|case| case.ours.is_ok());
        let (mut good, mut accepted) = (0, 0);
        for case in ours {
            good += 1;
            accepted += usize::from(said[&case.question.name].is_ok());
        }
        assert!(
            good > 50 && accepted * 10 > good * 7,
            "{} accepts {accepted} of {good} good ones",
            library.name()
        );
        for (case, words) in CONTROLS {
            let reason = said[*case].as_ref().expect_err(case);
            assert!(reason.contains(words[index]), "{} about {case}: {reason}", library.name());
        }
    }

    let list = std::fs::read_to_string(repository().join("tests/vectors/divergences.yaml")).unwrap();
    let summary =
        divergences::compare(&list, &cases, &opinions).unwrap_or_else(|faults| panic!("\n{faults}"));
    println!("{summary}");
}
