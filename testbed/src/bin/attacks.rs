//! Writes the attack corpus as files, for other SAML software to be asked about each of them.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::Parser;
use serde_json::{Value, json};
use testbed::attack::{Attack, Delivery, Posted, Setting, Stage, all, metadata};
use testbed::idp::{Signed, TestKey};

/// Writes every attack as `NAME.xml` (`NAME.form` where the attack is about the form around the message), the genuine
/// responses that they start from as `genuine-*.xml`, the identity provider's `metadata.xml`, and `index.json` with
/// the settings under which samlgate gives the answers that it lists.
#[derive(Debug, Parser)]
struct Arguments {
    /// The folder to write to; it is made where it is missing.
    #[arg(long)]
    out: PathBuf,
    /// The clock of the identity provider, in Unix seconds. Software that cannot be told a time needs the present one.
    #[arg(long, default_value_t = Stage::NOW)]
    now: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match write(&arguments.out, arguments.now) {
        Ok(count) => {
            println!("{count} attacks in {}", arguments.out.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path, now: u64) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    let setting = Setting { now, ..Stage::new()?.begin()?.setting };
    let mut genuine = BTreeMap::new();
    let mut attacks = Vec::new();
    for attack in all() {
        let start = start(attack);
        if !genuine.contains_key(&start) {
            let xml = attack.genuine(&setting).map_err(io::Error::other)?;
            let file = format!("{start}.xml");
            fs::write(folder.join(&file), xml)?;
            genuine
                .insert(start.clone(), json!({ "name": start, "file": file, "signed": signed(attack.on) }));
        }
        attacks.push(entry(folder, attack, &start, &setting)?);
    }
    fs::write(folder.join("metadata.xml"), metadata())?;
    let count = attacks.len();
    let index = json!({
        "settings": {
            "idp_entity_id": setting.idp,
            "sp_entity_id": setting.sp,
            "acs": setting.acs,
            "request_id": setting.request_id,
            "relay_state": setting.relay_state,
            "now": setting.now,
            "clock_skew": 60,
            "metadata": "metadata.xml",
            // With which encrypted answers can be read.
            "sp_decryption_key": TestKey::Decryption.private_pem(),
            "sp_decryption_certificate": TestKey::Decryption.certificate_base64(),
            "idp_signing_certificates": TestKey::CORPUS.map(TestKey::certificate_base64),
            "identity": { "name_id": "agent", "groups": ["idp-agents", "idp-staff"] },
        },
        "genuine": genuine.into_values().collect::<Vec<_>>(),
        "attacks": attacks,
    });
    fs::write(folder.join("index.json"), format!("{index:#}\n"))?;
    Ok(count)
}

fn entry(folder: &Path, attack: &Attack, start: &str, setting: &Setting) -> io::Result<Value> {
    let Posted { xml, form } = attack.post(setting).map_err(io::Error::other)?;
    let (kind, file, bytes) = match xml {
        Some(xml) => ("response", format!("{}.xml", attack.name), xml),
        None => ("form", format!("{}.form", attack.name), form.body),
    };
    fs::write(folder.join(&file), bytes)?;
    Ok(json!({
        "name": attack.name,
        "class": attack.class().word(),
        "attack": attack.threat.attack,
        "source": attack.threat.source,
        // How samlgate answers: a code, or null where the change means nothing and the person is the same.
        "code": attack.code().map(|code| code.id()),
        "slug": attack.code().map(|code| code.slug()),
        "file": file,
        // `form` files are bodies with this content type, the others are XML documents before base64.
        "kind": kind,
        "content_type": form.content_type,
        "genuine": start,
        // What is not `straight` needs more than one request to be judged: sessions, cookies, a clock.
        "delivery": attack.delivery.word(),
        "late_by": match attack.delivery { Delivery::Late(seconds) => seconds, _ => 0 },
        "exact_clock": attack.exact_clock,
    }))
}

fn signed(signed: Signed) -> &'static str {
    match signed {
        Signed::Assertion => "assertion",
        Signed::Response => "response",
        Signed::Both => "both",
        Signed::Nothing => "nothing",
    }
}

fn start(attack: &Attack) -> String {
    format!("genuine-{}-{:?}", signed(attack.on), attack.key).to_lowercase()
}
