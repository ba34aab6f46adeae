//! The clap tree: flags as they are written, each with its own parser. What concerns several flags together is decided
//! in `options`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};
use intune_sync_identity::TenantId;
use intune_sync_ids::{Guid, Origin};
use intune_sync_report::ExitStatus;
use intune_sync_settings as settings;

use super::choices::{AuthKind, Color, DispatchKind, Format, OrderKind, PaceKind, ReportFormat};
use super::cloud::Cloud;
use super::doctor::{self, DoctorArgs};
use super::grant::{self, GrantArgs};
use super::number::{seed, whole};
use super::rehearsal::{self, RehearseArgs};
use super::terms::{self, AGENT, COMPLIANCE, OWNER, one_of};

/// The whole tree, with the defaults and words that some commands have of their own.
pub(super) fn command() -> clap::Command {
    // The demo's simulated tenant allows ten times the documented quota, so that a run of minutes takes seconds.
    const DEMO: [(&str, &str); 3] = [
        ("batch_delay", "0.5"),
        ("initial_backoff", "0.5"),
        ("max_rate", "95"),
    ];
    Arguments::command()
        .mut_subcommand("demo", |demo| {
            DEMO.into_iter().fold(demo, |demo, (id, default)| {
                demo.mut_arg(id, |arg| arg.default_value(default))
            })
        })
        .mut_subcommand("doctor", |doctor| {
            doctor.mut_arg("tenant_id", |arg| {
                arg.help("The tenant that the token must be of, by its id; with some `--auth` also the one that is asked")
            })
        })
        // Whoever may grant is a person, at a machine that is not the job's.
        .mut_subcommand("grant", |grant| {
            grant.mut_arg("auth", |arg| arg.default_value("azure-cli"))
        })
}

/// Make every Intune device of a tenant check in now
///
/// The work is done by a WebAssembly component in a sandbox, which can list devices and request syncs; nothing else
/// leaves it.
#[derive(Debug, Parser)]
#[command(
    name = "intune-sync",
    bin_name = "intune-sync",
    version,
    after_help = "Try `intune-sync demo` first: it needs no Azure and changes nothing."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Subcommands,
}

#[derive(Debug, Subcommand)]
pub(super) enum Subcommands {
    /// Request a sync of every device, or of those selected
    ///
    /// Lists the tenant's managed devices, selects, and requests a sync of each, in batches, within Graph's quota.
    #[command(after_help = SOURCES, after_long_help = sources_and_exit_codes())]
    Sync(Box<SyncArgs>),
    /// Show what `sync` would do: devices, batches, requests, expected time
    ///
    /// Lists and selects as `sync` does, with the same flags, and ends before the first write.
    #[command(after_help = SOURCES, after_long_help = sources_and_exit_codes())]
    Plan(Box<JobArgs>),
    /// Run `sync` against a simulated tenant on this machine
    ///
    /// Needs no Azure and reaches nothing but this machine: a simulator on loopback answers as Microsoft Graph does,
    /// with throttling and failures, in a quota compressed in time.
    Demo(DemoArgs),
    /// Say how long a run will take, by running it against a simulated tenant on a virtual clock
    ///
    /// Needs no Azure and opens no connection: the component runs in its sandbox as it would for `sync`, against a
    /// tenant within this process, and hours pass in seconds. The same flags and the same seed give the same answer.
    #[command(after_help = rehearsal::SOURCES, after_long_help = rehearsal::MODEL_AND_EXIT_CODES)]
    Rehearse(Box<RehearseArgs>),
    /// Serve the simulated tenant on loopback until stopped, for other clients
    Simulate(SimulateArgs),
    /// Say whether this identity can do the job here, and what to do if not
    ///
    /// Looks, one step after the other, for the identity, the way to Microsoft Graph, the clock, the token and what it
    /// permits, and reads one page of devices. With `--probe` it requests one sync too. It changes nothing else.
    #[command(after_help = SOURCES, after_long_help = doctor::SOURCES_AND_EXIT_CODES)]
    Doctor(Box<DoctorArgs>),
    /// Give a managed identity the two application permissions that a sync takes
    ///
    /// Runs with an administrator's own sign-in, on any machine. It can look up service principals, and assign or take
    /// away three application permissions of Microsoft Graph; nothing else leaves it.
    #[command(after_long_help = grant::NEEDS_AND_EXIT_CODES)]
    Grant(Box<GrantArgs>),
    /// Show what the component is made of, what it asks for, and what it is allowed to do
    ///
    /// Reads the built-in component, or the one in FILE, without running it: its digest, its imports and exports, what
    /// of them is beyond the promised list, and the compiler and crates that it says it was made with. Then the rules
    /// of the egress gate and the limits, which hold for whatever component runs.
    #[command(after_long_help = AUDIT_EXIT_CODES)]
    Audit(AuditArgs),
}

const SOURCES: &str = "Each flag can also be set by a variable, `INTUNE_SYNC_` and the flag's name in capitals \
    (`INTUNE_SYNC_BATCH_SIZE=100`), or in the file named by `--config` (`batch-size = 100`). A flag wins over a \
    variable, a variable over the file, the file over the default. An empty variable counts as none.";

fn sources_and_exit_codes() -> String {
    format!(
        "{SOURCES}

Durations are seconds (`10`, `1.5`) or have units (`500ms`, `2m`, `1h30m`, `7d`). Times in the log are UTC.

Exit codes:
{}",
        ExitStatus::table()
    )
}

const AUDIT_EXIT_CODES: &str = "Exit codes:
  0    the component asks for nothing beyond the promised list
  1    it asks for more, as one that stands alone does, or cannot run here
  2    wrong usage, an unreadable file, or no component";

/// `sync`.
#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    /// End before the first write, as `plan` does
    #[arg(long, help_heading = "Job")]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) job: JobArgs,
}

/// What `sync` and `plan` share.
#[derive(Debug, Args)]
pub(super) struct JobArgs {
    /// Skip the question that a terminal is asked before the whole fleet is synced
    #[arg(long, short, help_heading = "Job")]
    pub(super) yes: bool,
    /// Start nothing new after this time; what is in flight is finished. From 1s to 7d
    #[arg(long, value_name = "DURATION", value_parser = settings::deadline, allow_hyphen_values = true,
        help_heading = "Job")]
    pub(super) deadline: Option<u64>,
    /// TOML file with defaults: its keys are the long flags' names
    #[arg(long, value_name = "FILE", help_heading = "Job")]
    pub(super) config: Option<PathBuf>,
    /// Run this component in place of the built-in one, in the same sandbox
    #[arg(long, value_name = "FILE", help_heading = "Job")]
    pub(super) component: Option<PathBuf>,
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    #[command(flatten)]
    pub(super) pacing: PacingArgs,
    #[command(flatten)]
    pub(super) graph: GraphArgs,
    #[command(flatten)]
    pub(super) identity: IdentityArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// Which devices. They meet every criterion given, and of one criterion any of its values.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct SelectionArgs {
    /// Operating system, by how its name begins: `Windows`, `iOS`, `macOS`, `Android`; repeatable, or comma separated
    #[arg(long, value_name = "OS", value_delimiter = ',', value_parser = terms::text)]
    pub(super) os: Vec<String>,
    /// Compliance state; repeatable, or comma separated
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = one_of(&COMPLIANCE), ignore_case = true)]
    pub(super) compliance: Vec<String>,
    /// Who owns the device; repeatable, or comma separated
    #[arg(long, value_name = "OWNER", value_delimiter = ',', value_parser = one_of(&OWNER), ignore_case = true)]
    pub(super) owner: Vec<String>,
    /// What manages the device; repeatable, or comma separated
    #[arg(long, value_name = "AGENT", value_delimiter = ',', value_parser = one_of(&AGENT), ignore_case = true)]
    pub(super) agent: Vec<String>,
    /// Device category by its whole name; repeatable
    #[arg(long, value_name = "NAME", value_parser = terms::text)]
    pub(super) category: Vec<String>,
    /// Device name, as a pattern: `*` is any text, `?` one character; repeatable
    #[arg(long, value_name = "PATTERN", value_parser = terms::text)]
    pub(super) name: Vec<String>,
    /// Only devices whose last check-in is at least this long ago (`24h`, `7d`), or that never checked in
    #[arg(long, value_name = "DURATION", value_parser = settings::stale_for, allow_hyphen_values = true)]
    pub(super) stale_for: Option<u64>,
    /// Only these devices, by their Intune device id; repeatable, or comma separated
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = terms::guid)]
    pub(super) device: Vec<Guid>,
    /// Only the devices whose ids stand in this file (`-` is standard input)
    ///
    /// One GUID a line, blank lines and `#` comments allowed; or a CSV file with a header, whose column `Id` or
    /// `Device ID` is read.
    #[arg(long, value_name = "FILE")]
    pub(super) devices_from: Option<PathBuf>,
    /// At most this many devices, the first in the order of the run that can be synced
    #[arg(long, value_name = "N", value_parser = settings::limit, allow_hyphen_values = true)]
    pub(super) limit: Option<u32>,
    /// The order of the run
    #[arg(long, value_name = "ORDER", value_enum, default_value_t)]
    pub(super) order: OrderKind,
    /// Also send a sync to devices whose platform, agent or state cannot sync, in place of skipping them
    #[arg(long)]
    pub(super) include_unsupported: bool,
}

/// How fast, and what happens on errors.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pace")]
pub(super) struct PacingArgs {
    /// Devices in a batch, 1 to 10000
    #[arg(long, value_name = "N", value_parser = settings::batch_size, default_value = "50",
        allow_hyphen_values = true)]
    pub(super) batch_size: u32,
    /// Pause between two batches, up to 24h
    #[arg(long = "batch-delay-seconds", value_name = "DURATION", value_parser = settings::batch_delay, default_value = "10",
        allow_hyphen_values = true)]
    pub(super) batch_delay: u64,
    /// How often a device's sync is tried again after a transient failure, 0 to 100
    #[arg(long, value_name = "N", value_parser = settings::max_retries, default_value = "5",
        allow_hyphen_values = true)]
    pub(super) max_retries: u32,
    /// First wait after a transient failure; doubled with each further one, up to a minute, and jittered. Up to 1h
    #[arg(long = "initial-backoff-seconds", value_name = "DURATION", value_parser = settings::initial_backoff,
        default_value = "5", allow_hyphen_values = true)]
    pub(super) initial_backoff: u64,
    /// How syncs are put into requests
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub(super) dispatch: DispatchKind,
    /// What decides when the next device's turn comes; the ceiling on the rate holds in both
    #[arg(long, value_name = "PACE", value_enum, default_value_t)]
    pub(super) pace: PaceKind,
    /// Ceiling in syncs per second; the default is 97.5 % of the 200 in 20 seconds that Microsoft documents
    #[arg(long, value_name = "RATE", value_parser = settings::max_rate, default_value = "9.75", allow_hyphen_values = true)]
    pub(super) max_rate: u64,
}

/// Where Graph is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Graph")]
pub(super) struct GraphArgs {
    /// The cloud of the tenant: it decides the address of Graph, and the scope, audience and issuer of the token
    #[arg(long, value_name = "CLOUD", value_enum, default_value_t)]
    pub(super) cloud: Cloud,
    /// Another address for Graph, https or on loopback; the token's scope stays that of `--cloud`
    #[arg(long, value_name = "URL", value_parser = terms::origin)]
    pub(super) graph_url: Option<Origin>,
    /// PEM file with certificate authorities to trust beside the system's own
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
}

/// Who asks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Identity")]
pub(super) struct IdentityArgs {
    /// Where the token comes from
    #[arg(long, value_name = "SOURCE", value_enum, default_value_t)]
    pub(super) auth: AuthKind,
    /// File with a token, read again when that runs out
    ///
    /// For `--auth token-file` an access token for Graph. For `--auth workload-identity` the token of the issuer that
    /// the identity trusts, in place of `AZURE_FEDERATED_TOKEN_FILE`.
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// File with the client secret, for `--auth client-secret`; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) client_secret_file: Option<PathBuf>,
    /// The tenant, by its id or one of its domains, for `--auth` `client-secret`, `workload-identity` or `azure-cli`
    #[arg(long, value_name = "TENANT", value_parser = terms::tenant)]
    pub(super) tenant_id: Option<TenantId>,
    /// The client id of the app, or of a user-assigned managed identity
    #[arg(long, value_name = "ID", value_parser = terms::guid)]
    pub(super) client_id: Option<Guid>,
    /// The object (principal) id of a user-assigned managed identity
    #[arg(long, value_name = "ID", value_parser = terms::guid)]
    pub(super) object_id: Option<Guid>,
    /// The Azure resource id of a user-assigned managed identity
    #[arg(long, value_name = "ID", value_parser = terms::resource_id)]
    pub(super) resource_id: Option<String>,
}

/// What is shown. Data goes to stdout, everything else to stderr.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// What stdout gets
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) output: Format,
    #[command(flatten)]
    pub(super) terminal: TerminalArgs,
}

/// What is written where, by the commands that report once.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct ReportArgs {
    /// What stdout gets
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) output: ReportFormat,
    #[command(flatten)]
    pub(super) terminal: TerminalArgs,
}

/// How much is said on stderr, and in which colours.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct TerminalArgs {
    /// When to use colour; `auto` is on a terminal, unless `NO_COLOR` is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub(super) color: Color,
    /// No log and no progress on stderr, warnings and errors alone
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Also log each page, each device and each retry
    #[arg(long, short)]
    pub(super) verbose: bool,
}

/// `demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Devices of the simulated tenant, 1 to 1000000
    #[arg(long, value_name = "N", value_parser = whole(1..=1_000_000, "devices"), default_value = "600",
        allow_hyphen_values = true, help_heading = "Job")]
    pub(super) devices: u32,
    /// Seed of the simulation: the same seed makes the same tenant
    #[arg(long, value_name = "N", value_parser = seed, allow_hyphen_values = true, help_heading = "Job")]
    pub(super) seed: Option<u64>,
    #[command(flatten)]
    pub(super) pacing: PacingArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// `simulate`.
#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// Loopback address and port to serve on; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", value_parser = terms::loopback, default_value = "127.0.0.1:0",
        help_heading = "Job")]
    pub(super) listen: SocketAddr,
    /// Devices of the simulated tenant, up to 1000000; wins over the file
    #[arg(long, value_name = "N", value_parser = whole(0..=1_000_000, "devices"), allow_hyphen_values = true,
        help_heading = "Job")]
    pub(super) devices: Option<u32>,
    /// JSON file that says how the simulated tenant behaves: quota, latency, faults
    #[arg(long, value_name = "FILE", help_heading = "Job")]
    pub(super) config: Option<PathBuf>,
    /// Seed of the simulation, in place of the file's: the same seed makes the same tenant
    #[arg(long, value_name = "N", value_parser = seed, allow_hyphen_values = true, help_heading = "Job")]
    pub(super) seed: Option<u64>,
    #[command(flatten)]
    pub(super) terminal: TerminalArgs,
}

/// `audit`.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// The component to look at, in place of the built-in one
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// What stdout gets
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        help_heading = "Output"
    )]
    pub(super) output: ReportFormat,
}
