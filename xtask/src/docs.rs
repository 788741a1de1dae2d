//! The documents that are made from sources. The test that compares them also writes them, so there is one way to make
//! them and this crate does not build the core.

use crate::run::{Outcome, native_tests, run};

const TESTS: &[&str] = &["--test", "documents", "--test", "schema"];

/// Fails if a document is not what its source makes.
pub(crate) fn check() -> Outcome {
    run(&mut native_tests(TESTS))
}

/// Writes docs/coverage.md.
pub(crate) fn write_coverage() -> Outcome {
    let arguments = ["--test", "coverage", "--", "coverage_is_current"];
    run(native_tests(&arguments).env("SAMLGATE_WRITE_DOCUMENTS", "1"))
}

/// Writes the documents whose test has `test` in its name.
pub(crate) fn write(test: &str) -> Outcome {
    let arguments = ["--test", "documents", "--", test];
    run(native_tests(&arguments).env("SAMLGATE_WRITE_DOCUMENTS", "1"))
}

/// Writes the part of docs/threats.md that is made from the attacks.
pub(crate) fn write_threats() -> Outcome {
    let arguments = ["--test", "threats", "--", "threats_are_current"];
    run(native_tests(&arguments).env("SAMLGATE_WRITE_DOCUMENTS", "1"))
}

/// Writes docs/cli.md.
pub(crate) fn write_cli() -> Outcome {
    let arguments = ["--test", "documents", "--", "cli_docs_are_current"];
    run(native_tests(&arguments).env("SAMLGATE_WRITE_DOCUMENTS", "1"))
}
