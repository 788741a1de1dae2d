//! docs/cli.md is what the command says, and what it and README.md show is what happens.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

mod support;

use support::{read, root, samlgate};

#[test]
fn cli_docs_are_current() {
    let made = samlgate_cli::markdown();
    if std::env::var_os("SAMLGATE_WRITE_DOCUMENTS").is_some() {
        std::fs::write(root().join("docs/cli.md"), &made).unwrap();
    }
    assert!(made == read("docs/cli.md"), "docs/cli.md is out of date: cargo xtask cli-docs");
}

/// Runs every `$ samlgate` line of every console block and compares what it prints; a line with `..` stands for any lines.
#[test]
fn what_is_shown_is_what_happens() {
    let mut shown = 0;
    for document in ["README.md", "docs/cli.md"] {
        let text = read(document);
        for block in text.split("```console\n").skip(1) {
            let block = block.split("```").next().unwrap();
            for example in block.split("$ samlgate ").skip(1) {
                let (command, expected) = example.split_once('\n').unwrap();
                let run = samlgate(&command.split_whitespace().collect::<Vec<_>>());
                assert!(run.code < 2, "{document}: {command}: {}", run.err);
                let mut rest = run.out.as_str();
                for part in expected.split("..\n").filter(|part| !part.is_empty()) {
                    let at = rest.find(part).unwrap_or_else(|| {
                        panic!("{document}: {command}: does not print\n{part}\nbut\n{}", run.out)
                    });
                    rest = rest.get(at + part.len()..).unwrap();
                }
                shown += 1;
            }
        }
    }
    assert!(shown >= 3, "only {shown} examples");
}
