//! What can be typed. The texts here are `--help`, the man page and docs/cli.md.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// SAML 2.0 service provider for Envoy: check a configuration, explain a sign-in, make keys.
///
/// Everything runs on the code that the filter runs, and offline but for `sync`.
#[derive(Debug, Parser)]
#[command(name = "samlgate", version, propagate_version = true, after_help = EXIT_STATUS)]
pub struct Arguments {
    #[command(subcommand)]
    pub(crate) task: Task,
}

const EXIT_STATUS: &str = "Exit status: 0 accepted or in order, 1 the sign-in would be refused or the sync was not done \
                           in full, 2 a mistake in the arguments, a file or the configuration.";

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Check a configuration and list all of its faults.
    ///
    /// The file is YAML or JSON: a configuration of the plugin, or something that contains it: a whole Envoy configuration,
    /// an EnvoyFilter, WasmPlugin, EnvoyPatchPolicy, EnvoyExtensionPolicy or ConfigMap, several documents in one file.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(Check),
    /// Explain what would become of a recorded sign-in, step by step.
    ///
    /// Shows every check with its section of the specification, the person, the decision with the rule behind each group,
    /// and what would be sent to the application. The report holds personal data.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Print the SAML metadata of this service provider, to be given to the identity provider.
    #[command(after_help = "Examples:\n  samlgate metadata --config envoy.yaml > sp-metadata.xml")]
    Metadata(Metadata),
    /// Bring the people of the configured directory to the application, once.
    ///
    /// The flow that Envoy's background service runs, without Envoy: `directory_sync` of the configuration says what is done.
    /// A run that is broken off is gone on with by the next one.
    #[command(after_help = SYNC_EXAMPLES)]
    Sync(Sync),
    /// Make a key: for sessions, for signing requests, or for decryption.
    #[command(after_help = KEYGEN_EXAMPLES)]
    Keygen(Keygen),
    /// Print the JSON Schema of the configuration.
    #[command(after_help = "Examples:\n  samlgate schema > samlgate.schema.json")]
    Schema,
    /// Print completions for a shell.
    #[command(after_help = "Examples:\n  samlgate completions bash > /etc/bash_completion.d/samlgate")]
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the man page.
    #[command(after_help = "Examples:\n  samlgate man > /usr/local/share/man/man1/samlgate.1")]
    Man,
}

const CHECK_EXAMPLES: &str = "Examples:\n  samlgate check envoy.yaml\n  \
                              samlgate check --env-file secrets.env envoy.yaml\n  \
                              samlgate check --expand envoy.yaml > expanded.yaml\n  \
                              kubectl get envoyfilter samlgate -o yaml | samlgate check -";

const EXPLAIN_EXAMPLES: &str = "Examples:\n  samlgate explain --config envoy.yaml --response response.b64\n  \
     samlgate explain --config envoy.yaml --response sign-in.har --url /servicedesk/\n  \
     samlgate explain --config envoy.yaml --response - --account account.yaml --format json < response.xml\n\n\
     The account is YAML or JSON, every field optional:\n  \
     {exists: true, username: alice, email: a@example.com, display_name: Alice, active: true,\n   \
     groups: [jira-users], customer_login: alice, last_login: 2026-01-02T03:04:05Z,\n   \
     unfinished: false, existing_groups: [jira-users, staff]}";

const KEYGEN_EXAMPLES: &str = "Examples:\n  samlgate keygen\n  \
                               samlgate keygen --kind signing --key signing.key.pem --certificate signing.crt.pem\n  \
                               samlgate keygen --kind decryption --name sp.example.com > decryption.pem";

const SYNC_EXAMPLES: &str = "Examples:\n  samlgate sync --config envoy.yaml --dry-run\n  \
     samlgate sync --config envoy.yaml --env-file secrets.env --state /var/lib/samlgate/sync.json\n  \
     samlgate sync --config envoy.yaml --upstream jira=http://jira.default.svc:8080 --format json\n\n\
     A cluster without --upstream is at https://AUTHORITY of the calls. The variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY\n\
     are followed.";

/// Where the configuration is, and what it refers to.
#[derive(Debug, Args)]
pub(crate) struct Configuration {
    /// File with the configuration, YAML or JSON; - for standard input.
    #[arg(long = "config", value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) environment: EnvironmentFile,
    /// Which of several configurations in the file, counted from 1.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) plugin: Option<usize>,
}

/// Environment variables besides those of the process.
#[derive(Debug, Args)]
pub(crate) struct EnvironmentFile {
    /// File with environment variables, NAME=VALUE on each line; they win over those of the process. A value between quotes
    /// may go over several lines.
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// File with the configuration; - for standard input.
    #[arg(value_name = "CONFIG")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) environment: EnvironmentFile,
    /// Print the configuration as YAML with its presets replaced by the fields that they stand for; the findings go to
    /// standard error. Text that stands inline is left out where it may be a secret.
    #[arg(long)]
    pub(crate) expand: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) configuration: Configuration,
    /// File with the SAMLResponse: XML, base64, the posted form, or a HAR recording; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) response: PathBuf,
    /// ID of the AuthnRequest that the response must answer. Without it the response is believed about that.
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<String>,
    /// The page that the person asked for: path and query, or the whole address. Without it the rules decide as if nobody
    /// had asked for anything, as in a background sync.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The time of the sign-in, such as 2026-01-02T03:04:05Z. Without it the time of the HAR recording, or now.
    #[arg(long, value_name = "RFC3339", value_parser = crate::environment::instant)]
    pub(crate) now: Option<samlgate::base::UnixTime>,
    /// File with the person's account at the application. Without it the person is new there.
    #[arg(long, value_name = "FILE")]
    pub(crate) account: Option<PathBuf>,
    /// File with the metadata of an identity provider that the configuration has fetched (`remote_metadata`); once for each.
    #[arg(long, value_name = "FILE")]
    pub(crate) idp_metadata: Vec<PathBuf>,
    /// How the report is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Metadata {
    #[command(flatten)]
    pub(crate) configuration: Configuration,
}

#[derive(Debug, Args)]
pub(crate) struct Sync {
    #[command(flatten)]
    pub(crate) configuration: Configuration,
    /// Read and tell, but change nothing at the application.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Pull everybody, also where the directory tells what changed. Only after that are leavers looked for.
    #[arg(long)]
    pub(crate) full: bool,
    /// Do only what is due by the intervals of the configuration.
    #[arg(long, conflicts_with = "full")]
    pub(crate) if_due: bool,
    /// File for what one run keeps for the next; it need not exist. Without it, and without `shared_store` in the
    /// configuration, leavers are only reported.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Where a cluster of the configuration is; once for each.
    #[arg(long, value_name = "CLUSTER=URL", value_parser = crate::sync::upstream)]
    pub(crate) upstream: Vec<(String, String)>,
    /// File with the certificates (PEM) of the authorities to trust instead of the usual ones.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// How the outcome is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Keygen {
    /// What the key is for.
    #[arg(long, value_enum, default_value_t = Kind::Session)]
    pub(crate) kind: Kind,
    /// Write the private key to this file, readable by its owner only. It must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Write the certificate to this file. It must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// The name in the certificate. It proves nothing; identity providers show it.
    #[arg(long, value_name = "NAME", default_value = "samlgate")]
    pub(crate) name: String,
    /// For how many days the certificate is valid.
    #[arg(long, value_name = "DAYS", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub(crate) days: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// 32 random bytes in base64 for session.keys.
    Session,
    /// A P-256 key and a self-signed certificate for sp.signing.
    Signing,
    /// An RSA key of 3072 bits and a self-signed certificate for sp.decryption.
    Decryption,
}
