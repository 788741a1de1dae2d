//! The other implementations, each asked about all responses by a small program in its own language.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use super::corpus::{Person, Question};
use crate::support::{repository, tool};

/// A library that crashes more often than this is not asked on.
const MOST_CRASHES: usize = 20;

/// Somebody else's service provider.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
pub enum Library {
    #[serde(rename = "python3-saml")]
    Python3Saml,
    #[serde(rename = "pysaml2")]
    Pysaml2,
    #[serde(rename = "node-saml")]
    NodeSaml,
}

impl Library {
    pub const ALL: [Self; 3] = [Self::Python3Saml, Self::Pysaml2, Self::NodeSaml];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Python3Saml => "python3-saml",
            Self::Pysaml2 => "pysaml2",
            Self::NodeSaml => "node-saml",
        }
    }

    fn command(self) -> Command {
        let python = || Command::new(tool("INTEROP_PYTHON", &[".cache/venv/bin/python"]));
        let (mut command, program) = match self {
            Self::Python3Saml => (python(), "python3_saml.py"),
            Self::Pysaml2 => (python(), "py_saml2.py"),
            Self::NodeSaml => (Command::new("node"), "node_saml.mjs"),
        };
        command
            .arg(repository().join("testbed/tests/interop/second_opinions").join(program))
            // The drivers leave nothing in the source tree.
            .env("PYTHONDONTWRITEBYTECODE", "1");
        match self {
            Self::Python3Saml => {}
            Self::Pysaml2 => {
                command.env("XMLSEC1", tool("XMLSEC1", &["/usr/bin/xmlsec1"]));
            }
            Self::NodeSaml => {
                command.env("NODE_SAML", tool("INTEROP_NODE_MODULES", &[".cache/npm"]));
            }
        }
        command
    }

    /// Asks about each of `questions`, which are written to `file` for the driver. A response that ends the process is
    /// refused, in the hardest way, and the others are asked about in a new one.
    pub fn ask(self, questions: &[&Question], file: &Path) -> BTreeMap<String, Opinion> {
        let mut opinions = BTreeMap::new();
        let mut open = questions;
        for _ in 0..MOST_CRASHES {
            std::fs::write(file, serde_json::to_vec(open).unwrap()).unwrap();
            let mut command = self.command();
            let output = command
                .arg(file)
                .output()
                .unwrap_or_else(|error| panic!("{command:?}: {error}: run `cargo xtask setup --interop`"));
            let answers = String::from_utf8(output.stdout).unwrap();
            opinions.extend(answers.lines().map(|line| self.opinion(line)));
            if output.status.success() {
                return opinions;
            }
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.code().is_none(), "{} ended with {}:\n{said}", self.name(), output.status);
            let (crashed, rest) = open[answers.lines().count()..].split_first().unwrap();
            opinions.insert(crashed.name.clone(), Err(format!("the process ended with {}", output.status)));
            open = rest;
        }
        panic!("{} crashes again and again", self.name());
    }

    fn opinion(self, line: &str) -> (String, Opinion) {
        let answer: Answer =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}: {line}", self.name()));
        match answer.verdict {
            Verdict::Accepts(person) => (answer.name, Ok(person)),
            Verdict::Refuses { reason } => (answer.name, Err(reason)),
        }
    }
}

/// Who it is, or why not.
pub type Opinion = Result<Person, String>;

#[derive(Deserialize)]
struct Answer {
    name: String,
    #[serde(flatten)]
    verdict: Verdict,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Verdict {
    Accepts(Person),
    Refuses { reason: String },
}
