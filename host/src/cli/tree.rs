//! The clap tree: all commands with their help texts.

use std::path::PathBuf;

use clap::{
    ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, builder::StyledStr,
};
use intune_sync_settings::Advice;
use intune_sync_wit::Purpose;

use super::{
    Command, Variables,
    audit::{self, AuditOptions},
    clap_error::error_of,
    completions::{self, CompletionsOptions},
    config::{self, ConfigArgs},
    demo::{self, DemoOptions},
    doctor::{self, DoctorArgs},
    grant::{self, GrantArgs},
    groups::{
        component::Engine,
        history::{HistoryArgs, Resume},
        notification::NotifyArgs,
        report_files::ReportFileArgs,
    },
    job::{self, JobArgs, JobOptions},
    layers::Layers,
    man::{self, ManOptions},
    notify::{self, NotifyCommand},
    rehearse::{self, RehearseOptions},
    report::{self, ReportArgs},
    runs::{self, RunsArgs},
    simulate::{self, SimulateOptions},
};

/// What the program is called.
pub(crate) const NAME: &str = "intune-sync";

/// The whole tree, with the defaults and help texts that only one command has.
pub(crate) fn command() -> clap::Command {
    let tree = Arguments::command()
        .mut_subcommand("demo", |demo| {
            demo::DEFAULTS.into_iter().fold(demo, |demo, (id, default)| {
                demo.mut_arg(id, |arg| arg.default_value(default))
            })
        })
        .mut_subcommand("doctor", |doctor| {
            doctor.mut_arg("tenant_id", |arg| {
                arg.help("The tenant that the token must be of, by its id; with some `--auth` also the one that issues it")
            })
        })
        // An administrator grants, at a machine that is not the job's.
        .mut_subcommand("grant", |grant| {
            grant.mut_arg("auth", |arg| arg.default_value("azure-cli"))
        });
    documented(config::with_flags_of_sync(tree))
}

/// Where more is written, at the end of each page. `host/Cargo.toml` has the packages install it there.
const MORE: &str =
    "More: `intune-sync man`, and docs/ next to README.md (installed: share/doc/intune-sync)";

/// The tree, each of whose pages says where more is written.
fn documented(command: clap::Command) -> clap::Command {
    let with = |help: Option<&StyledStr>| match help {
        Some(help) => format!("{help}\n\n{MORE}"),
        None => MORE.to_owned(),
    };
    let short = with(command.get_after_help());
    let long = command.get_after_long_help().or(command.get_after_help());
    let long = with(long);
    let names: Vec<String> = command
        .get_subcommands()
        .map(|below| below.get_name().to_owned())
        .collect();
    let command = command.after_help(short).after_long_help(long);
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, documented)
    })
}

/// Make every Intune device of a tenant check in now
///
/// The work is done by a WebAssembly component in a sandbox, which can list devices and request syncs; nothing else
/// leaves it.
#[derive(Debug, Parser)]
#[command(
    name = NAME,
    bin_name = NAME,
    version,
    after_help = "Examples:
  intune-sync demo                      see it at work: no Azure, nothing changes
  intune-sync doctor                    find out whether this identity can do it here
  intune-sync plan --stale-for 7d       see what a sync would do
  intune-sync sync --stale-for 7d       do it"
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
    #[command(after_help = job::with_sources(job::SYNC_EXAMPLES),
        after_long_help = job::sources_and_exit_codes(job::SYNC_EXAMPLES))]
    Sync(Box<SyncArgs>),
    /// Show what `sync` would do: devices, batches, requests, expected time
    ///
    /// Lists and selects as `sync` does, with the same flags, and ends before the first write.
    #[command(after_help = job::with_sources(job::PLAN_EXAMPLES),
        after_long_help = job::sources_and_exit_codes(job::PLAN_EXAMPLES))]
    Plan(Box<PlanArgs>),
    /// Run `sync` against a simulated tenant on this machine
    ///
    /// Needs no Azure and reaches nothing but this machine: a simulator on loopback responds as Microsoft Graph does,
    /// with throttling and failures, in a quota compressed in time.
    #[command(after_help = demo::EXAMPLES)]
    Demo(Box<DemoOptions>),
    /// Say how long a run will take, by running it against a simulated tenant on a virtual clock
    ///
    /// Needs no Azure and opens no connection: the component runs in its sandbox as it would for `sync`, against a
    /// tenant within this process, and hours pass in seconds. The same flags and the same seed give the same result.
    #[command(after_help = rehearse::SOURCES, after_long_help = rehearse::MODEL_AND_EXIT_CODES)]
    Rehearse(Box<RehearseOptions>),
    /// Serve the simulated tenant on loopback until stopped, for other clients
    #[command(after_help = simulate::EXAMPLES)]
    Simulate(SimulateOptions),
    /// Say whether this identity can do the job here, and what to do if not
    ///
    /// Looks, one step after the other, for the identity, the way to Microsoft Graph, the clock, the token and what it
    /// permits, and reads one page of devices. With `--probe` it requests one sync too. It changes nothing else.
    #[command(after_help = job::SOURCES, after_long_help = doctor::SOURCES_AND_EXIT_CODES)]
    Doctor(Box<DoctorArgs>),
    /// Give a managed identity the two application permissions that a sync takes
    ///
    /// Runs with an administrator's own sign-in, on any machine. It can look up service principals, and assign or take
    /// away five application permissions of Microsoft Graph; nothing else leaves it.
    #[command(after_long_help = grant::NEEDS_AND_EXIT_CODES)]
    Grant(Box<GrantArgs>),
    /// Show what the component is made of, what it asks for, and what it is allowed to do
    ///
    /// Reads the built-in component, or the one in FILE, without running it: its digest, its imports and exports, what
    /// of them is beyond the promised list, and the compiler and crates that it says it was made with. Then the rules
    /// of the egress gate and the limits, which hold for any component.
    #[command(after_long_help = audit::EXIT_CODES)]
    Audit(AuditOptions),
    /// Compile a component, for the process that has started this one
    #[command(hide = true)]
    Compile {
        /// The component
        file: PathBuf,
        /// It sends messages, and is not an engine
        #[arg(long)]
        notifier: bool,
        /// What is to execute it
        #[arg(long, value_enum)]
        engine: Engine,
    },
    /// Look at earlier runs, resume one, or delete old ones
    ///
    /// Every `sync` records itself as it goes, in a SQLite file that anyone can read with `sqlite3`.
    #[command(after_long_help = runs::EXIT_CODES)]
    Runs(RunsArgs),
    /// Write the report of a run: one HTML file to read, print or attach
    ///
    /// What became of the devices, over time, by platform and by reason, each failure with the ids of its requests, and
    /// which run it was. The file needs nothing else and reaches nothing. It names devices.
    #[command(after_long_help = report::EXIT_CODES)]
    Report(ReportArgs),
    /// Try the webhook that gets messages about runs
    ///
    /// Every `sync` sends a message to Microsoft Teams, Slack or another webhook when it ends, if it is given the
    /// address of one. What comes of that changes neither the run nor its exit code.
    #[command(after_long_help = notify::EXAMPLES)]
    Notify(NotifyCommand),
    /// Show, check or write the config file
    #[command(after_help = config::FILE)]
    Config(ConfigArgs),
    /// Print a script that has a shell complete commands, flags and values
    #[command(after_help = completions::INSTALL)]
    Completions(CompletionsOptions),
    /// Print the help texts as pages for `man`
    #[command(after_help = man::INSTALL)]
    Man(ManOptions),
}

/// `sync`.
#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    /// End before the first write, as `plan` does
    #[arg(long, help_heading = "Job")]
    dry_run: bool,
    #[command(flatten)]
    job: JobArgs,
    #[command(flatten)]
    history: HistoryArgs,
    #[command(flatten)]
    notify: NotifyArgs,
    #[command(flatten)]
    reports: ReportFileArgs,
}

/// `plan`.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// List the devices, with user and serial number, and why one is skipped
    #[arg(long, help_heading = "Output")]
    list: bool,
    #[command(flatten)]
    job: JobArgs,
}

/// What `config` shows besides what it is given.
pub(super) struct Context<'a> {
    /// The whole tree.
    pub(super) tree: &'a clap::Command,
    /// What was read for the command.
    pub(super) layers: &'a Layers,
    pub(super) variables: Variables<'a>,
}

/// The command that clap has matched.
///
/// # Errors
///
/// Flags that do not go together; a file that cannot be read.
pub(super) fn read(matches: &ArgMatches, context: &Context<'_>) -> Result<Command, clap::Error> {
    let arguments = Arguments::from_arg_matches(matches)?;
    command_of(arguments.command, matches, context).map_err(error_of)
}

fn command_of(
    command: Subcommands,
    matches: &ArgMatches,
    context: &Context<'_>,
) -> Result<Command, Advice> {
    Ok(match command {
        Subcommands::Sync(args) => {
            let history = args.history.options(args.reports)?;
            let notify = args.notify.options()?;
            if args.dry_run
                && let Some(history) = &history
                && !history.reports.is_empty()
            {
                return Err(Advice::new(
                    "`--dry-run` is not allowed with `--report`, `--csv` or `--junit`: it syncs nothing",
                    "`intune-sync plan --list --output csv` writes the devices that a sync would take",
                ));
            }
            if args.dry_run
                && let Some(history) = &history
                && (history.resume != Resume::No || history.confirm_after.is_some())
            {
                return Err(Advice::new(
                    "`--dry-run` is not allowed with `--resume` or `--confirm-after`: it syncs nothing",
                    "`intune-sync runs show RUN --only pending` shows what a resumed run would sync",
                ));
            }
            Command::Job(Box::new(match args.dry_run {
                true => args.job.options(Purpose::Plan, false)?,
                false => JobOptions {
                    history,
                    notify: Some(notify),
                    ..args.job.options(Purpose::Sync, false)?
                },
            }))
        }
        Subcommands::Plan(args) => {
            let PlanArgs { list, job } = *args;
            Command::Job(Box::new(job.options(Purpose::Plan, list)?))
        }
        Subcommands::Demo(options) => Command::Demo(options),
        Subcommands::Rehearse(options) => {
            options.check()?;
            Command::Rehearse(options)
        }
        Subcommands::Simulate(options) => Command::Simulate(options),
        Subcommands::Doctor(args) => Command::Doctor(Box::new((*args).try_into()?)),
        Subcommands::Grant(args) => Command::Grant(Box::new((*args).try_into()?)),
        Subcommands::Audit(options) => Command::Audit(options),
        Subcommands::Compile {
            file,
            notifier,
            engine,
        } => Command::Compile {
            file,
            notifier,
            engine,
        },
        Subcommands::Runs(args) => Command::Runs(args.try_into()?),
        Subcommands::Report(args) => Command::Report(args.into()),
        Subcommands::Notify(command) => Command::NotifyTest(Box::new(command.try_into()?)),
        Subcommands::Config(args) => Command::Config(args.options(matches, context)?),
        Subcommands::Completions(options) => Command::Completions(options),
        Subcommands::Man(options) => Command::Man(options),
    })
}
