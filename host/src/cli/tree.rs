//! The clap tree: all commands with their help texts.

use std::path::PathBuf;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use intune_sync_settings::Advice;
use intune_sync_wit::Purpose;

use super::{
    Command,
    audit::{self, AuditOptions},
    clap_error::error_of,
    demo::{self, DemoOptions},
    doctor::{self, DoctorArgs},
    grant::{self, GrantArgs},
    groups::{
        history::{HistoryArgs, Resume},
        notification::NotifyArgs,
    },
    job::{self, JobArgs, JobOptions},
    notify::NotifyCommand,
    rehearse::{self, RehearseOptions},
    runs::{self, RunsArgs},
    simulate::SimulateOptions,
};

/// The whole tree, with the defaults and help texts that only one command has.
pub(super) fn command() -> clap::Command {
    Arguments::command()
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
    #[command(after_help = job::SOURCES, after_long_help = job::sources_and_exit_codes())]
    Sync(Box<SyncArgs>),
    /// Show what `sync` would do: devices, batches, requests, expected time
    ///
    /// Lists and selects as `sync` does, with the same flags, and ends before the first write.
    #[command(after_help = job::SOURCES, after_long_help = job::sources_and_exit_codes())]
    Plan(Box<PlanArgs>),
    /// Run `sync` against a simulated tenant on this machine
    ///
    /// Needs no Azure and reaches nothing but this machine: a simulator on loopback responds as Microsoft Graph does,
    /// with throttling and failures, in a quota compressed in time.
    Demo(Box<DemoOptions>),
    /// Say how long a run will take, by running it against a simulated tenant on a virtual clock
    ///
    /// Needs no Azure and opens no connection: the component runs in its sandbox as it would for `sync`, against a
    /// tenant within this process, and hours pass in seconds. The same flags and the same seed give the same result.
    #[command(after_help = rehearse::SOURCES, after_long_help = rehearse::MODEL_AND_EXIT_CODES)]
    Rehearse(Box<RehearseOptions>),
    /// Serve the simulated tenant on loopback until stopped, for other clients
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
        /// It sends messages, and is no engine
        #[arg(long)]
        notifier: bool,
    },
    /// Look at earlier runs, resume one, or delete old ones
    ///
    /// Every `sync` records itself as it goes, in a SQLite file that anyone can read with `sqlite3`.
    #[command(after_long_help = runs::EXIT_CODES)]
    Runs(RunsArgs),
    /// Try the webhook that gets messages about runs
    ///
    /// Every `sync` sends a message to Microsoft Teams, Slack or another webhook when it ends, if it is given the address
    /// of one. What comes of that changes neither the run nor its exit code.
    Notify(NotifyCommand),
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

/// The command that clap has matched.
///
/// # Errors
///
/// Flags that do not go together; a devices file that cannot be read.
pub(super) fn read(matches: &ArgMatches) -> Result<Command, clap::Error> {
    Arguments::from_arg_matches(matches)?
        .command
        .try_into()
        .map_err(error_of)
}

impl TryFrom<Subcommands> for Command {
    type Error = Advice;

    fn try_from(command: Subcommands) -> Result<Self, Advice> {
        Ok(match command {
            Subcommands::Sync(args) => {
                let history = args.history.options()?;
                let notify = args.notify.options()?;
                if args.dry_run
                    && let Some(history) = &history
                    && (history.resume != Resume::No || history.confirm_after.is_some())
                {
                    return Err(Advice::new(
                        "`--dry-run` is not allowed with `--resume` or `--confirm-after`: it syncs nothing",
                        "`intune-sync runs show RUN --only pending` shows what a resumed run would sync",
                    ));
                }
                Self::Job(Box::new(match args.dry_run {
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
                Self::Job(Box::new(job.options(Purpose::Plan, list)?))
            }
            Subcommands::Demo(options) => Self::Demo(options),
            Subcommands::Rehearse(options) => {
                options.check()?;
                Self::Rehearse(options)
            }
            Subcommands::Simulate(options) => Self::Simulate(options),
            Subcommands::Doctor(args) => Self::Doctor(Box::new((*args).try_into()?)),
            Subcommands::Grant(args) => Self::Grant(Box::new((*args).try_into()?)),
            Subcommands::Audit(options) => Self::Audit(options),
            Subcommands::Compile { file, notifier } => Self::Compile { file, notifier },
            Subcommands::Runs(args) => Self::Runs(args.try_into()?),
            Subcommands::Notify(command) => Self::NotifyTest(Box::new(command.try_into()?)),
        })
    }
}
