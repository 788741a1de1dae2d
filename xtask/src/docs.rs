//! The documents that are made from sources. The test that compares them also writes them, so there is one way to make
//! them and this crate does not build the core.

use crate::run::{Outcome, cargo, run};

const TESTS: &[&str] = &["test", "--features", "schema", "--test", "documents", "--test", "schema"];

/// Fails if a document is not what its source makes.
pub(crate) fn check() -> Outcome {
    run(&mut cargo(TESTS))
}

/// Writes docs/coverage.md.
pub(crate) fn write_coverage() -> Outcome {
    let arguments = ["test", "--test", "coverage", "--", "coverage_is_current"];
    run(cargo(&arguments).env("SAMLGATE_WRITE_DOCUMENTS", "1"))
}

/// Writes the documents whose test has `test` in its name.
pub(crate) fn write(test: &str) -> Outcome {
    let arguments = ["test", "--features", "schema", "--test", "documents", "--", test];
    run(cargo(&arguments).env("SAMLGATE_WRITE_DOCUMENTS", "1"))
}

/// Writes the part of docs/threats.md that is made from the attacks.
pub(crate) fn write_threats() -> Outcome {
    let arguments = ["test", "--package", "testbed", "--test", "threats", "--", "threats_are_current"];
    run(cargo(&arguments).env("SAMLGATE_WRITE_DOCUMENTS", "1"))
}

/// Writes docs/cli.md.
pub(crate) fn write_cli() -> Outcome {
    let arguments =
        ["test", "--package", "samlgate-cli", "--test", "documents", "--", "cli_docs_are_current"];
    run(cargo(&arguments).env("SAMLGATE_WRITE_DOCUMENTS", "1"))
}
