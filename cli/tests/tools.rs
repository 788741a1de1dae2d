//! The smaller commands: keys, metadata, schema, completions, man page, help.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

mod support;

use std::fs;

use samlgate::base::Secret;
use samlgate::effect::KeyKind;
use samlgate::encoding::base64;
use samlgate::xmlsec::decrypt::DecryptionKey;
use samlgate::xmlsec::key::{Certificate, parse_signing_key};
use support::{Folder, read, samlgate};

#[test]
fn keys_are_what_the_core_takes_and_no_two_are_alike() {
    let (one, two) = (samlgate(&["keygen"]), samlgate(&["keygen"]));
    assert_eq!(base64::decode_strict(one.out.trim()).unwrap().len(), 32);
    assert_ne!(one.out, two.out);

    let folder = Folder::new("keygen");
    let (key, certificate) = (folder.path("key.pem"), folder.path("certificate.pem"));
    let name = "sp.example, \"x\"=#1 ";
    let arguments =
        ["keygen", "--kind", "signing", "--key", &key, "--certificate", &certificate, "--name", name];
    let run = samlgate(&arguments);
    assert!(run.code == 0 && run.all().is_empty(), "{}", run.all());
    let made = Certificate::parse(&fs::read_to_string(&certificate).unwrap()).unwrap();
    assert_eq!(made.key().kind(), KeyKind::P256);
    assert_eq!(
        parse_signing_key(&Secret::new(fs::read_to_string(&key).unwrap())).unwrap().kind(),
        KeyKind::P256
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = fs::read_to_string(&key).unwrap();
    let again = samlgate(&arguments);
    assert!(again.code == 2 && again.err.contains(&key), "{}", again.err);
    assert_eq!(fs::read_to_string(&key).unwrap(), before, "a key is never overwritten");

    let run = samlgate(&["keygen", "--kind", "decryption"]);
    let end = "-----END PRIVATE KEY-----\n";
    let (key, certificate) = run.out.split_at(run.out.find(end).unwrap() + end.len());
    let certificate = Certificate::parse(certificate).unwrap();
    assert_eq!(certificate.key().kind(), KeyKind::Rsa);
    assert!(DecryptionKey::parse(&Secret::new(key.trim().to_owned()), certificate).is_ok());
}

#[test]
fn keygen_refuses_what_makes_no_sense() {
    let long = "x".repeat(65);
    for arguments in [
        vec!["keygen", "--kind", "ssh"],
        vec!["keygen", "--certificate", "x.pem"],
        vec!["keygen", "--kind", "signing", "--name", ""],
        vec!["keygen", "--kind", "signing", "--name", &long],
        vec!["keygen", "--kind", "signing", "--days", "0"],
        vec!["keygen", "--kind", "signing", "--key", "nowhere/at/all.pem"],
    ] {
        let run = samlgate(&arguments);
        assert!(run.code == 2 && run.out.is_empty() && !run.err.is_empty(), "{arguments:?}: {}", run.all());
    }
}

#[test]
fn metadata_and_schema_are_the_cores() {
    let run = samlgate(&[
        "metadata",
        "--config",
        "cli/examples/envoy.yaml",
        "--env-file",
        "cli/examples/secrets.env",
    ]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("entityID=\"https://sp.example/saml\""), "{}", run.out);
    assert!(run.out.contains("Location=\"https://jira.example/saml/acs\""), "{}", run.out);
    assert_eq!(samlgate(&["schema"]).out.trim_end(), read("docs/config.schema.json").trim_end());
    let run = samlgate(&["metadata", "--config", "cli/examples/envoy.yaml"]);
    assert!(run.code == 2 && run.out.is_empty(), "{}", run.all());
}

#[test]
fn shells_and_man_are_served() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = samlgate(&["completions", shell]);
        assert!(run.code == 0 && run.out.contains("explain"), "{shell}: {}", run.all());
    }
    let run = samlgate(&["man"]);
    assert!(
        run.code == 0 && run.out.contains(".TH samlgate 1") && run.out.contains("explain"),
        "{}",
        run.all()
    );
}

#[test]
fn help_is_there_and_mistakes_are_two() {
    for command in ["check", "explain", "metadata", "keygen", "schema", "completions", "man"] {
        let run = samlgate(&[command, "--help"]);
        assert!(run.code == 0 && run.out.contains("Examples:\n  samlgate "), "{command}: {}", run.out);
    }
    assert!(samlgate(&["--version"]).out.starts_with("samlgate 0."));
    for arguments in [vec![], vec!["chekc"], vec!["check"], vec!["completions", "ksh"], vec!["schema", "x"]] {
        let run = samlgate(&arguments);
        assert!(run.code == 2 && run.out.is_empty(), "{arguments:?}: {}", run.all());
    }
}
