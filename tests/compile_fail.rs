//! The attacks that must not compile: each file in `tests/compile_fail/` fails for the reason in its `.stderr`.
//!
//! After a change of the compiler: `TRYBUILD=overwrite cargo test --test compile_fail`, and read the difference.

#[test]
fn proofs_cannot_be_made_up() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
