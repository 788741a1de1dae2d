//! `samlgate explain`: the core's report about a recorded sign-in.

use std::path::Path;
use std::process::ExitCode;

use samlgate::flow::{Env, Trust, explain, metadata};
use samlgate::provision::RecordedAccount;
use samlgate::report::Report;
use samlgate::xmlsec::RustCrypto;

use crate::arguments::{Explain, Format};
use crate::environment::{self, SystemEntropy};
use crate::failure::Failure;
use crate::terminal::{self, BAD, CAREFUL, GOOD, HEADING, styled};
use crate::{document, file, har, plugin};

pub(crate) fn run(arguments: &Explain) -> Result<ExitCode, Failure> {
    let path = arguments.response.display();
    if file::is_stdin(&arguments.response) && file::is_stdin(&arguments.configuration.file) {
        return Err(Failure::new("standard input can be only one of --config and --response"));
    }
    let mut response = file::bytes(&arguments.response)?;
    let mut recorded_at = None;
    if let Some(recording) = har::read(&response) {
        let recording = recording.map_err(|what| Failure::new(format_args!("{path}: {what}")))?;
        response = recording.response.into_bytes();
        recorded_at = recording.at;
    }
    let now = match arguments.now.or(recorded_at) {
        Some(now) => now,
        None => environment::now()?,
    };
    let settings = plugin::load_one(&arguments.configuration, now)?;
    let account = arguments.account.as_deref().map(account).transpose()?;
    let input = explain::Input {
        response: &response,
        request_id: arguments.request_id.as_deref(),
        idp_entity_id: None,
        started_at: arguments.url.as_deref(),
        account: account.as_ref().map(explain::KnownAccount::Recorded),
    };
    let configured = Trust::new(&settings.flow);
    let env = Env {
        now,
        uptime: core::time::Duration::ZERO,
        entropy: &SystemEntropy,
        crypto: &RustCrypto,
        settings: &settings.flow,
        trust: &configured,
    };
    let mut trust = configured.clone();
    for path in &arguments.idp_metadata {
        learn(path, &mut trust, &env)?;
    }
    let env = Env { trust: &trust, ..env };
    let report = explain::explain(&input, &env);
    let text = match arguments.format {
        Format::Text => paint(&report),
        Format::Json => serde_json::to_string_pretty(&report).map_err(Failure::new)?,
    };
    terminal::print(&text)?;
    if arguments.now.or(recorded_at).is_none() && !report.is_accepted() {
        terminal::remark(&format!(
            "{}: judged as of now, {now}; give the time of an older recording with --now\n",
            styled(CAREFUL, "note")
        ));
    }
    Ok(if report.is_accepted() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Believes the document in `path` about the identity provider that has it fetched, if the filter would.
fn learn(path: &Path, trust: &mut Trust, env: &Env<'_>) -> Result<(), Failure> {
    let document = file::bytes(path)?;
    let mut refusals = Vec::new();
    for (index, idp) in env.settings.idps.iter().enumerate() {
        match metadata::accept(index, &document, env) {
            None => {}
            Some(Ok(metadata)) => {
                trust.learn(index, metadata);
                return Ok(());
            }
            Some(Err(refusal)) => refusals.push(format!("{}: {refusal}", idp.entity_id)),
        }
    }
    if refusals.is_empty() {
        refusals.push(String::from("no identity provider of the configuration has `remote_metadata`"));
    }
    Err(Failure::new(format_args!("{}: {}", path.display(), refusals.join("; "))))
}

fn account(path: &Path) -> Result<RecordedAccount, Failure> {
    let fail = |what: String| Failure::new(format_args!("{}: {what}", path.display()));
    let mut documents = document::parse(&file::text(path)?).map_err(fail)?;
    documents.retain(|document| !document.is_null());
    match (documents.pop(), documents.pop()) {
        (Some(only), None) => serde_json::from_value(only).map_err(|fault| fail(fault.to_string())),
        _ => Err(fail(String::from("expected one account"))),
    }
}

/// The report with colours: headings, what passed, what failed.
fn paint(report: &Report) -> String {
    let verdict = if report.is_accepted() { GOOD } else { BAD };
    let text = report.to_string();
    let lines = text.lines().enumerate().map(|(at, line)| {
        if at == 0 {
            styled(verdict, line)
        } else if let Some(rest) = line.strip_prefix("  ok ") {
            format!("  {} {rest}", styled(GOOD, "ok"))
        } else if let Some(rest) = line.strip_prefix("  FAILED ") {
            format!("  {} {rest}", styled(BAD, "FAILED"))
        } else if line.starts_with(' ') || line.starts_with("What to do") {
            line.to_owned()
        } else {
            styled(HEADING, line)
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
