//! What the commands are told: the typed result of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use intune_sync_ids::Origin;

use super::Advice;
use super::auth::Auth;
use super::choices::{
    Color, DispatchKind, Format, OrderKind, PaceKind, ReportFormat, Verbosity, word,
};
use super::cloud::Cloud;
use super::duration::seconds_text;
use super::number::rate_text;
use intune_sync_wit as sync;

/// The rate that Microsoft documents for writes to Intune devices, for one app in one tenant, in syncs in 1,000
/// seconds: 200 in 20 seconds.
const DOCUMENTED_RATE: u64 = 10_000;

/// `sync` or `plan`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JobOptions {
    /// Which of the two.
    pub(crate) purpose: sync::Purpose,
    /// How fast, and what happens on errors.
    pub(crate) pacing: Pacing,
    /// Which devices.
    pub(crate) selection: sync::Selection,
    /// The tenant's cloud: it alone decides the token's scope.
    pub(crate) cloud: Cloud,
    /// Where Graph is.
    pub(crate) graph: Origin,
    /// Where tokens come from.
    pub(crate) auth: Auth,
    /// PEM file with certificate authorities to trust beside the system's own. Not yet read.
    pub(crate) ca_file: Option<PathBuf>,
    /// Component in place of the built-in one. Not yet read.
    pub(crate) component: Option<PathBuf>,
    /// When to stop, from the start of the run.
    pub(crate) deadline: Option<Duration>,
    /// Do not ask before the whole fleet is synced.
    pub(crate) yes: bool,
    /// What is shown.
    pub(crate) output: OutputOptions,
}

impl JobOptions {
    /// What the engine may know. `started_at` is the time of day in milliseconds since 1970, `seed` that of the
    /// engine's jitter.
    pub(crate) fn settings(&self, started_at: u64, seed: u64) -> sync::Settings {
        let Pacing {
            batch_size,
            batch_delay,
            max_retries,
            initial_backoff,
            dispatch,
            pace,
            ceiling,
        } = self.pacing;
        sync::Settings {
            graph_root: self.graph.to_string(),
            scope: self.cloud.scope(),
            purpose: self.purpose,
            batch_size,
            batch_delay,
            max_retries,
            initial_backoff,
            dispatch,
            pace,
            ceiling,
            selection: self.selection.clone(),
            started_at,
            seed,
        }
    }

    /// Whether every device of the tenant is meant: no criterion and no limit was given.
    pub(crate) fn whole_fleet(&self) -> bool {
        let sync::Selection {
            os,
            compliance,
            owner,
            agent,
            category,
            name,
            stale_for,
            devices,
            limit,
            order: _,
            include_unsupported: _,
        } = &self.selection;
        [os, compliance, owner, agent, category, name]
            .iter()
            .all(|list| list.is_empty())
            && stale_for.is_none()
            && devices.is_empty()
            && limit.is_none()
    }

    /// What the user should know before the run.
    pub(crate) fn warnings(&self) -> Vec<Advice> {
        let mut warnings = Vec::new();
        if self.pacing.ceiling > DOCUMENTED_RATE {
            warnings.push(Advice::new(
                format!(
                    "`--max-rate {}` is above the {} syncs per second that Microsoft documents",
                    rate_text(self.pacing.ceiling),
                    rate_text(DOCUMENTED_RATE)
                ),
                "expect throttling, which also slows down other apps of the tenant; leave `--max-rate` out for `9.75`",
            ));
        }
        warnings
    }
}

/// How fast, and what happens on errors: fields of the engine's settings, in the same units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pacing {
    /// Devices in a batch, 1 to 10,000.
    pub(crate) batch_size: u32,
    /// Milliseconds between two batches, at most a day.
    pub(crate) batch_delay: u64,
    /// At most 100.
    pub(crate) max_retries: u32,
    /// Milliseconds, at most an hour.
    pub(crate) initial_backoff: u64,
    /// How syncs are put into requests.
    pub(crate) dispatch: sync::Dispatch,
    /// What decides when the next device's turn comes.
    pub(crate) pace: sync::Pace,
    /// The most syncs in 1,000 seconds, 1 to 1,000,000,000.
    pub(crate) ceiling: u64,
}

impl Pacing {
    /// The value of `--dispatch`.
    pub(crate) fn dispatch_word(&self) -> String {
        let mut kinds = DispatchKind::value_variants().iter();
        let kind = kinds.find(|kind| sync::Dispatch::from(**kind) == self.dispatch);
        kind.map(word).unwrap_or_default()
    }

    /// The value of `--pace`.
    pub(crate) fn pace_word(&self) -> String {
        let mut kinds = PaceKind::value_variants().iter();
        let kind = kinds.find(|kind| sync::Pace::from(**kind) == self.pace);
        kind.map(word).unwrap_or_default()
    }

    /// The flags that say the same, each with its value, for showing them.
    pub(crate) fn flags(&self) -> Vec<String> {
        [
            ("batch-size", self.batch_size.to_string()),
            ("batch-delay-seconds", seconds_text(self.batch_delay)),
            ("max-retries", self.max_retries.to_string()),
            (
                "initial-backoff-seconds",
                seconds_text(self.initial_backoff),
            ),
            ("dispatch", self.dispatch_word()),
            ("pace", self.pace_word()),
            ("max-rate", rate_text(self.ceiling)),
        ]
        .into_iter()
        .flat_map(|(flag, value)| [format!("--{flag}"), value])
        .collect()
    }
}

/// `demo`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DemoOptions {
    /// Devices of the simulated tenant, at least 1.
    pub(crate) devices: u32,
    /// The simulation's seed.
    pub(crate) seed: Option<u64>,
    /// How fast, and what happens on errors.
    pub(crate) pacing: Pacing,
    /// What is shown.
    pub(crate) output: OutputOptions,
}

impl DemoOptions {
    /// The `sync` of the whole simulated fleet, whose Graph is at `graph`.
    pub(crate) fn job(&self, graph: Origin) -> JobOptions {
        JobOptions::of_whole_fleet(graph, self.pacing, self.output)
    }
}

impl JobOptions {
    /// A `sync` of all devices of a tenant whose Graph is at `graph`.
    pub(super) fn of_whole_fleet(graph: Origin, pacing: Pacing, output: OutputOptions) -> Self {
        Self {
            purpose: sync::Purpose::Sync,
            pacing,
            selection: sync::Selection {
                os: Vec::new(),
                compliance: Vec::new(),
                owner: Vec::new(),
                agent: Vec::new(),
                category: Vec::new(),
                name: Vec::new(),
                stale_for: None,
                devices: Vec::new(),
                limit: None,
                order: OrderKind::default().into(),
                include_unsupported: false,
            },
            cloud: Cloud::default(),
            graph,
            auth: Auth::ManagedIdentity {
                user_assigned: None,
            },
            ca_file: None,
            component: None,
            deadline: None,
            yes: true,
            output,
        }
    }
}

/// `simulate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SimulateOptions {
    /// Where to serve: a loopback address.
    pub(crate) listen: SocketAddr,
    /// Devices of the simulated tenant, in place of the file's number.
    pub(crate) devices: Option<u32>,
    /// JSON file with the simulator's configuration. Not yet read.
    pub(crate) config: Option<PathBuf>,
    /// The simulation's seed, in place of the file's.
    pub(crate) seed: Option<u64>,
    /// What is shown.
    pub(crate) output: OutputOptions,
}

/// `audit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditOptions {
    /// The component, in place of the built-in one. Not yet read.
    pub(crate) file: Option<PathBuf>,
    /// What stdout gets.
    pub(crate) format: ReportFormat,
}

/// What is shown, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OutputOptions {
    /// What stdout gets.
    pub(crate) format: Format,
    /// When to use colour.
    pub(crate) color: Color,
    /// How much is said on stderr.
    pub(crate) verbosity: Verbosity,
}
