//! A job: what `sync` and `plan` share, and what `demo` and `rehearse` run.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use intune_sync_ids::Origin;
use intune_sync_report::{ExitStatus, Format};
use intune_sync_settings::{Advice, Cloud, Given, number::thousandths};
use intune_sync_wit::{self as wit, Purpose};
use jiff::Timestamp;

use super::groups::{
    component::ComponentOptions,
    config::ConfigFileArgs,
    connection::GraphArgs,
    devices_file::{DeviceFileArgs, DeviceFiles},
    entra::EntraGroups,
    history::HistoryOptions,
    identity::{Auth, IdentityArgs},
    notification::NotifyOptions,
    output::{DeviceTable, JobFormat, OutputOptions},
    settings::{Job, Settings},
};

/// The rate that Microsoft documents for writes to Intune devices, for one app in one tenant, in syncs in 1,000
/// seconds: 200 in 20 seconds.
const DOCUMENTED_RATE: u64 = 10_000;

/// `sync` or `plan`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JobOptions {
    /// Which of the two.
    pub(crate) purpose: Purpose,
    /// The job, with the defaults.
    pub(crate) given: Given,
    /// What files add to the selection.
    pub(crate) files: DeviceFiles,
    /// The groups that it names.
    pub(crate) groups: EntraGroups,
    /// The tenant's cloud: it alone decides the token's scope.
    pub(crate) cloud: Cloud,
    /// Where Graph is.
    pub(crate) graph: Origin,
    /// Where tokens come from.
    pub(crate) auth: Auth,
    /// PEM file with certificate authorities to trust in addition to the system's own. Not yet read.
    pub(crate) ca_file: Option<PathBuf>,
    /// The component, whose file is not yet read.
    pub(crate) component: ComponentOptions,
    /// What stdout gets.
    pub(crate) format: Format,
    /// How the devices are listed, if they are.
    pub(crate) list: Option<DeviceTable>,
    /// What is shown.
    pub(crate) output: OutputOptions,
    /// Where the run is recorded, if it is.
    pub(crate) history: Option<HistoryOptions>,
    /// When and where a message is sent about it, if at all.
    pub(crate) notify: Option<NotifyOptions>,
}

impl JobOptions {
    /// What the engine may know. `started_at` is the time of day in milliseconds since 1970, `seed` that of the
    /// engine's jitter.
    pub(crate) fn settings(&self, started_at: u64, seed: u64) -> wit::Settings {
        let graph = (self.cloud, self.graph.to_string());
        let mut settings = self.given.settings(self.purpose, graph, started_at, seed);
        self.files.select(&mut settings.selection);
        settings
    }

    /// Whether every device of the tenant is meant.
    pub(crate) fn whole_fleet(&self) -> bool {
        self.given.whole_fleet() && self.files.taken.is_empty()
    }

    /// When to stop, from the start of the run.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.given.deadline.map(Duration::from_millis)
    }

    /// What the user should know before the run.
    pub(crate) fn warnings(&self) -> Vec<Advice> {
        let rate = self.given.max_rate.filter(|rate| *rate > DOCUMENTED_RATE);
        let warning = rate.map(|rate| {
            Advice::new(
                format!(
                    "`--max-rate {}` is above the {} syncs per second that Microsoft documents",
                    thousandths(rate),
                    thousandths(DOCUMENTED_RATE)
                ),
                "expect throttling, which also slows down other apps of the tenant; leave `--max-rate` out for `9.75`",
            )
        });
        warning.into_iter().collect()
    }

    /// A `sync` of all devices of a tenant whose Graph is at `graph`.
    pub(super) fn of_whole_fleet(graph: Origin, pace: Given, output: OutputOptions) -> Self {
        Self {
            purpose: Purpose::Sync,
            given: Given {
                yes: Some(true),
                ..pace
            },
            files: DeviceFiles::default(),
            groups: EntraGroups::default(),
            cloud: Cloud::default(),
            graph,
            auth: Auth::ManagedIdentity {
                user_assigned: None,
            },
            ca_file: None,
            component: ComponentOptions::default(),
            format: Format::Text,
            list: None,
            output,
            history: None,
            notify: None,
        }
    }
}

/// What `sync` is mostly called with.
pub(super) const SYNC_EXAMPLES: &str = "Examples:
  intune-sync sync --dry-run                            what a sync of every device would do
  intune-sync sync --stale-for 7d                       devices that have not checked in for a week
  intune-sync sync --os Windows --group \"Pilot ring\"    Windows devices of an Entra group
  intune-sync sync --devices-from broken.csv --yes      those in a file, from a script
  intune-sync sync --resume                             the rest of a run that was stopped
  intune-sync sync -o json > result.json                the result for a program";

/// What `plan` is mostly called with.
pub(super) const PLAN_EXAMPLES: &str = "Examples:
  intune-sync plan                                      devices, batches, time
  intune-sync plan --stale-for 7d --list                each device, and why one is skipped
  intune-sync plan --list -o csv > devices.csv          the same as a table";

/// Where flags that are not given come from.
pub(super) const SOURCES: &str = "Each flag can also be set by a variable, `INTUNE_SYNC_` and the flag's name in \
    capitals (`INTUNE_SYNC_BATCH_SIZE=100`), or in the file named by `--config` (`batch-size = 100`). A flag wins \
    over a variable, a variable over the file, the file over the default. An empty variable counts as not set.";

/// Examples, and the same.
pub(super) fn with_sources(examples: &str) -> String {
    format!("{examples}\n\n{SOURCES}")
}

/// The same, how values are written, and the exit codes.
pub(super) fn sources_and_exit_codes(examples: &str) -> String {
    format!(
        "{examples}

{SOURCES}

Durations have units (`90s`, `2m`, `1h30m`, `7d`, `1w`); the runbook's two, whose names end in `-seconds`, may be plain \
numbers. Times in the log are UTC.

Exit codes:
{}",
        ExitStatus::table()
    )
}

/// What `sync` and `plan` share.
#[derive(Debug, Args)]
pub(super) struct JobArgs {
    #[command(flatten)]
    pub(super) settings: Settings<Job>,
    #[command(flatten)]
    pub(super) component: ComponentOptions,
    #[command(flatten)]
    pub(super) files: DeviceFileArgs,
    #[command(flatten)]
    pub(super) graph: GraphArgs,
    #[command(flatten)]
    pub(super) identity: IdentityArgs,
    /// What stdout gets
    #[arg(
        long = "output",
        short = 'o',
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        help_heading = "Output"
    )]
    pub(super) format: JobFormat,
    #[command(flatten)]
    pub(super) output: OutputOptions,
    #[command(flatten)]
    pub(super) config: ConfigFileArgs,
}

impl JobArgs {
    /// The job, for this purpose; `list` is whether the devices are to be listed.
    ///
    /// # Errors
    ///
    /// Flags that do not go together; a devices file that cannot be read.
    pub(super) fn options(self, purpose: Purpose, list: bool) -> Result<JobOptions, Advice> {
        let (format, list) = self.format.read(list)?;
        let auth = self.identity.try_into()?;
        standard_input(&auth, self.files.reads_standard_input())?;
        // Last: a devices file on standard input is only read when all else is right.
        let mut given = self.settings.given;
        let now = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
        if given.stale_since.is_some_and(|since| since > now) {
            return Err(Advice::new(
                "`--stale-since` is a moment that is yet to come: every device would match",
                "give a date that has passed: `2026-11-01`",
            ));
        }
        let groups = EntraGroups::of(&given)?;
        let files = self.files.read(&mut given)?;
        Ok(JobOptions {
            purpose,
            groups,
            auth,
            cloud: self.graph.cloud,
            graph: self.graph.root(),
            ca_file: self.graph.ca_file,
            component: self.component,
            format,
            list,
            output: self.output,
            history: None,
            notify: None,
            given,
            files,
        })
    }
}

/// Standard input can be read for one purpose.
fn standard_input(auth: &Auth, devices: Option<&str>) -> Result<(), Advice> {
    match (auth.reads_standard_input(), devices) {
        (Some(flag), Some(devices)) => Err(Advice::new(
            format!(
                "`{flag} -` and `{devices} -` are not allowed together: both read standard input"
            ),
            format!("name a file with `{flag}` or `{devices}`"),
        )),
        _ => Ok(()),
    }
}
