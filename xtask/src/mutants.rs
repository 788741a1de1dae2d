//! Mutation testing: does a test fail when a line of the core is wrong?

use std::fs;
use std::path::Path;

use clap::Args;

use crate::run::{Failure, Outcome, cargo, read, repository, run};

const CARGO_MUTANTS: &str = "27.1.0";

/// The rooms that decide who gets in, each with the tests that are to notice a mutant besides those in the room
/// itself.
const ROOMS: &[(&str, &[&str])] = &[
    (
        "xml",
        &["limits", "vectors_xml", "vectors_c14n", "vectors_signature", "vectors_response", "properties_xml"],
    ),
    ("xmlsec", &["vectors_signature", "vectors_response", "signature_rounds", "properties_xml"]),
    ("saml", &["limits", "vectors_response", "response_mutations", "vectors_config", "session_begin"]),
    ("session", &["session_begin"]),
];

/// Arguments of mutation testing.
#[derive(Args, Debug)]
pub(crate) struct Mutants {
    /// Only this room (xml, xmlsec, saml, session); can be given several times.
    #[arg(long, value_name = "R")]
    room: Vec<String>,
    /// Only the K-th of N parts of each room's mutants, counted from 0.
    #[arg(long, value_name = "K/N")]
    shard: Option<String>,
}

/// Runs the mutants of the rooms; the last line counts them.
pub(crate) fn mutants(arguments: &Mutants) -> Outcome {
    if read(&mut cargo(&["mutants", "--version"])).is_err() {
        let how = format!("cargo install --locked cargo-mutants@{CARGO_MUTANTS}");
        return Err(Failure::new(format!("mutation testing needs cargo-mutants: {how}")));
    }
    if let Some(unknown) = arguments.room.iter().find(|room| !ROOMS.iter().any(|(name, _)| name == room)) {
        return Err(Failure::new(format!("no room `{unknown}` among xml, xmlsec, saml, session")));
    }
    let wanted = |name: &str| arguments.room.is_empty() || arguments.room.iter().any(|room| room == name);
    let mut totals = Counts::default();
    for (room, tests) in ROOMS.iter().filter(|(name, _)| wanted(name)) {
        let output = repository().join("target/mutants").join(room);
        fs::create_dir_all(&output)?;
        let mut command = cargo(&["mutants", "--package", "samlgate", "--file"]);
        command.arg(format!("src/{room}/**")).arg("--output").arg(&output);
        if let Some(shard) = &arguments.shard {
            command.args(["--sharding", "round-robin", "--shard", shard]);
        }
        // For the build as well as for the run: otherwise every test of the package is built for every mutant.
        command.arg("--cargo-arg=--lib");
        for test in *tests {
            command.args(["--cargo-arg=--test", &format!("--cargo-arg={test}")]);
        }
        // It fails when a mutant was missed; that is counted below, and any other failure leaves no counts.
        let failure = run(&mut command).err();
        let counts = Counts::read(&output.join("mutants.out"))?;
        if counts.all() == 0
            && let Some(failure) = failure
        {
            return Err(failure);
        }
        println!("{room}: {}", counts.told());
        totals.add(&counts);
    }
    println!("mutants: {}", totals.told());
    // A test that no longer ends has noticed something, too.
    if totals.missed == 0 {
        Ok(())
    } else {
        Err(Failure::new("a mutant survived: strengthen a test, or explain it in docs/mutants.md"))
    }
}

#[derive(Default)]
struct Counts {
    caught: usize,
    missed: usize,
    timeout: usize,
    unviable: usize,
}

impl Counts {
    fn read(folder: &Path) -> Outcome<Self> {
        let lines = |name: &str| -> Outcome<usize> {
            let path = folder.join(format!("{name}.txt"));
            Ok(if path.is_file() { fs::read_to_string(path)?.lines().count() } else { 0 })
        };
        Ok(Self {
            caught: lines("caught")?,
            missed: lines("missed")?,
            timeout: lines("timeout")?,
            unviable: lines("unviable")?,
        })
    }

    const fn all(&self) -> usize {
        self.caught + self.missed + self.timeout + self.unviable
    }

    const fn add(&mut self, other: &Self) {
        self.caught += other.caught;
        self.missed += other.missed;
        self.timeout += other.timeout;
        self.unviable += other.unviable;
    }

    fn told(&self) -> String {
        format!(
            "{} mutants, {} caught, {} missed, {} timed out, {} do not compile",
            self.all(),
            self.caught,
            self.missed,
            self.timeout,
            self.unviable
        )
    }
}
