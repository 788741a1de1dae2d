//! The attacks that must not compile: each file in `tests/compile_fail/` fails for the reason in its `.stderr`.
//!
//! After a change of the compiler: `TRYBUILD=overwrite cargo test --test compile_fail`, and read the difference.
//! One case alone: `cargo test --test compile_fail -- proofs trybuild=NAME`.

use std::path::Path;

/// Every proof by type, and the cases that try to do without it.
const PROOFS: &[(&str, &[&str])] = &[
    (
        "reading unverified XML",
        &["unverified_fields_read", "unverified_dereferenced", "response_fields_read"],
    ),
    ("signature wrapping", &["signed_element_forged", "signed_element_read_as_arrived", "verified_forged"]),
    ("comment truncation, parser differentials", &["assertion_read_from_tree"]),
    (
        "a valid assertion for another service provider, time or recipient",
        &[
            "accepted_assertion_forged",
            "expectation_left_out",
            "unverified_accepted",
            "verified_read",
            "verified_used_twice",
        ],
    ),
    ("login CSRF, unsolicited responses", &["request_binding_none", "request_id_forged"]),
    (
        "replay",
        &[
            "replay_claim_cloned",
            "replay_claim_forged",
            "replay_claim_not_settled",
            "replay_claim_pending_forged",
            "replay_claim_settled_twice",
            "session_begin_without_assertion",
            "session_begin_without_claim",
            "session_forged",
        ],
    ),
    (
        "decrypted content trusted by accident",
        &["decrypted_accepted", "decrypted_read", "decrypted_under_unverified"],
    ),
    (
        "algorithm downgrade",
        &[
            "algorithm_made_up",
            "algorithms_weakened",
            "verification_key_forged",
            "verification_key_unchecked",
        ],
    ),
    (
        "identity header spoofing",
        &["header_edits_from_nothing", "header_edits_without_head", "sanitized_head_forged"],
    ),
    ("open redirect", &["redirect_target_forged"]),
    ("entering against the rules", &["admitted_forged", "session_begin_without_admission"]),
    ("losing all groups because a claim was left out", &["unknown_groups_taken_for_none"]),
    ("mass deprovisioning", &["approved_plan_forged", "cleanup_without_guardrail"]),
    ("secrets or people in logs", &["pii_read_by_accident", "secret_displayed", "secret_printed"]),
    ("unit mistakes", &["time_without_unit"]),
];

#[test]
fn proofs_cannot_be_made_up() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

#[test]
fn every_case_belongs_to_a_proof() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile_fail");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .collect();
    let mut listed: Vec<&str> = PROOFS.iter().flat_map(|(_, cases)| cases.iter().copied()).collect();
    found.sort();
    listed.sort_unstable();
    assert_eq!(found, listed);
}
