//! Signatures between us and others: what their programs sign verifies here, and what we sign verifies with xmlsec1 and
//! openssl.

mod ours;

pub use ours::xmlsec1;

#[path = "../../../../tests/support/signed_documents.rs"]
mod signed_documents;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{repository, scratch, tool};

/// A program of this folder that signs: its name, and what starts it.
fn signers() -> [(&'static str, Command); 4] {
    let programs = repository().join("testbed/tests/interop/signers");
    let with = |program: &Path, script: &str, variable: &str, value: &Path| {
        let mut command = Command::new(program);
        command.arg(programs.join(script)).env(variable, value);
        command
    };
    let python = tool("INTEROP_PYTHON", &[".cache/venv/bin/python"]);
    let xmlsec1 = tool("XMLSEC1", &["/usr/bin/xmlsec1"]);
    let modules = tool("INTEROP_NODE_MODULES", &[".cache/npm"]);
    let home =
        tool("SSP_HOME", &[".cache/simplesamlphp/usr/share/simplesamlphp", "/usr/share/simplesamlphp"]);
    let (node, php) = (Path::new("node"), Path::new("php"));
    [
        ("signxml", with(&python, "with_signxml.py", "PYTHONDONTWRITEBYTECODE", Path::new("1"))),
        ("xml_crypto", with(node, "with_xml_crypto.mjs", "NODE_MODULES", &modules)),
        ("simplesamlphp", with(php, "with_simplesamlphp.php", "SSP_HOME", &home)),
        ("pysaml2", with(&python, "with_pysaml2.py", "XMLSEC1", &xmlsec1)),
    ]
}

/// The same programs and documents as in tests/vectors/signers, signed now.
#[test]
fn what_other_programs_sign_now_verifies_as_what_it_was() {
    let vectors = repository().join("tests/vectors/signers");
    let unsigned = vectors.join("unsigned");
    let out = scratch("signers");
    for (name, mut command) in signers() {
        let folder = out.join(name);
        fs::create_dir(&folder).unwrap();
        let of_ours = name != "pysaml2";
        let input = if of_ours { unsigned.clone() } else { vectors.join("sp_metadata.xml") };
        command.arg(repository().join("tests/keys")).arg(input).arg(&folder);
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(
            output.status.success(),
            "{command:?}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        let count = signed_documents::verify_all(&repository(), &folder, of_ours.then_some(&unsigned));
        let stored = fs::read_dir(vectors.join(name)).unwrap().count();
        assert_eq!(
            count, stored,
            "{name} signs other documents than tests/vectors/generate/signers.sh stored"
        );
    }
}
