//! The command line: arguments, variables and the config file become one typed [`Command`], or an [`Advice`] on
//! what is wrong with them.

mod audit;
mod clap_error;
mod completions;
mod config;
mod demo;
mod doctor;
mod grant;
mod groups;
mod job;
mod layers;
mod man;
mod notify;
mod parameters;
mod rehearse;
mod report;
mod runs;
mod simulate;
#[cfg(test)]
mod tests;
mod tree;

use std::{ffi::OsString, path::PathBuf};

use clap::ArgMatches;
use intune_sync_settings::{Advice, variable};
pub(crate) use intune_sync_settings::{Cloud, duration};

pub(crate) use self::{
    audit::AuditOptions,
    completions::CompletionsOptions,
    config::{ConfigOptions, From, Shown, Value},
    demo::DemoOptions,
    doctor::DoctorOptions,
    grant::{GrantOptions, PrincipalType, Purpose as GrantPurpose, Whom},
    groups::{
        component::{ComponentOptions, Engine},
        entra::EntraGroups,
        history::{HistoryOptions, Resume, without_devices_file},
        identity::Auth,
        notification::{NotifyOptions, WebhookOptions},
        output::{Color, DeviceTable, LogFormat, OutputOptions, ReportFormat, Verbosity},
        report_files::{ReportFiles, ReportKind},
    },
    job::JobOptions,
    layers::{ConfigFile, Key, Source},
    man::ManOptions,
    notify::NotifyTestOptions,
    rehearse::{BulkCost, Limiter, RehearseOptions, TenantOptions},
    report::PageOptions,
    runs::{ListOptions, Only, Pruning, RunsCommand, RunsFormat, RunsOptions},
    simulate::SimulateOptions,
    tree::{NAME, command as tree},
};
use self::{groups::history::repeatable, layers::Layers, tree::Context};

/// A command, with its options.
#[derive(Debug)]
pub(crate) enum Command {
    /// `sync` and `plan`: see [`JobOptions::purpose`].
    Job(Box<JobOptions>),
    /// `demo`.
    Demo(Box<DemoOptions>),
    /// `rehearse`.
    Rehearse(Box<RehearseOptions>),
    /// `simulate`.
    Simulate(SimulateOptions),
    /// `doctor`.
    Doctor(Box<DoctorOptions>),
    /// `grant`.
    Grant(Box<GrantOptions>),
    /// `audit`.
    Audit(AuditOptions),
    /// What a confined process does with a component's file.
    Compile {
        /// The component.
        file: PathBuf,
        /// It sends messages, and is not an engine.
        notifier: bool,
        /// What is to execute it.
        engine: Engine,
    },
    /// `runs`.
    Runs(RunsOptions),
    /// `notify test`.
    NotifyTest(Box<NotifyTestOptions>),
    /// `config`.
    Config(ConfigOptions),
    /// `completions`.
    Completions(CompletionsOptions),
    /// `man`.
    Man(ManOptions),
    /// `report`.
    Report(PageOptions),
    /// `--help`, `--version`: a text for stdout, and nothing else to do.
    Show(Page),
}

/// A text to show on stdout.
#[derive(Debug)]
pub(crate) struct Page {
    /// Without colour.
    pub(crate) plain: String,
    /// With ANSI escapes.
    pub(crate) styled: String,
}

/// What the program is called with.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// The command.
    pub(crate) command: Command,
    /// The config file that was read for it.
    pub(crate) config: Option<ConfigFile>,
}

/// Reads the command line `args` (the program's name first), the variables `INTUNE_SYNC_*`, and the files that they
/// name. Nothing else is touched.
///
/// # Errors
///
/// What is wrong, in any of these.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, Advice> {
    parse_with(args, &std::env::vars_os().collect::<Vec<_>>())
}

/// Variables, name and value.
type Variables<'a> = &'a [(OsString, OsString)];

fn parse_with(
    args: impl IntoIterator<Item = OsString>,
    variables: Variables<'_>,
) -> Result<Invocation, Advice> {
    let args: Vec<OsString> = args.into_iter().collect();
    let command = tree::command();

    // The flags alone come first: their errors are theirs, and they say which config file.
    let none = Layers::default();
    let explain = |error, layers: &Layers| clap_error::explain(&error, &command, &args, layers);
    let flags = match command.clone().try_get_matches_from(&args) {
        Ok(flags) => flags,
        Err(error) => return explain(error, &none).map(Invocation::from),
    };
    let read = |matches: &ArgMatches, layers: &Layers| {
        let context = Context {
            tree: &command,
            layers,
            variables,
        };
        tree::read(matches, &context).or_else(|error| explain(error, layers))
    };
    let Some((path, given)) = layered(&flags) else {
        return read(&flags, &none).map(|command| command.with_state_dir(variables).into());
    };

    // Variables and the config file replace the defaults, so that the flags' own parsers read them.
    let layers = Layers::read(&command, given, variables)?;
    let layered = at(command.clone(), path, &|command| layers.apply(command));
    let command = match layered.try_get_matches_from(&args) {
        Ok(matches) => read(&matches, &layers)?,
        Err(error) => explain(error, &layers)?,
    };
    Ok(Invocation {
        command: command.with_arguments(&args),
        config: layers.file().cloned(),
    })
}

/// The names of the command that is given, if it takes variables and the config file, and its flags.
fn layered(flags: &ArgMatches) -> Option<(&'static [&'static str], &ArgMatches)> {
    const LAYERED: [&[&str]; 6] = [
        &["sync"],
        &["plan"],
        &["rehearse"],
        &["doctor"],
        &["config", "show"],
        &["notify", "test"],
    ];
    LAYERED.into_iter().find_map(|path| {
        let given = path.iter().try_fold(flags, |flags, name| {
            let (given, below) = flags.subcommand()?;
            (given == *name).then_some(below)
        })?;
        Some((path, given))
    })
}

/// The tree with one of its commands changed.
fn at(
    tree: clap::Command,
    path: &[&str],
    change: &dyn Fn(clap::Command) -> clap::Command,
) -> clap::Command {
    match path {
        [] => change(tree),
        [name, below @ ..] => tree.mut_subcommand(name, |command| at(command, below, change)),
    }
}

impl std::convert::From<Command> for Invocation {
    /// A command for which no config file was read.
    fn from(command: Command) -> Self {
        Self {
            command,
            config: None,
        }
    }
}

impl Command {
    /// The command, with the directory of the history that the variable names.
    fn with_state_dir(mut self, variables: Variables<'_>) -> Self {
        let state_dir = match &mut self {
            Self::Runs(runs) => &mut runs.state_dir,
            Self::Report(report) => &mut report.state_dir,
            _ => return self,
        };
        if state_dir.is_none() {
            let name = variable("state-dir");
            let mut set = variables
                .iter()
                .filter(|(known, value)| *known == *name && !value.is_empty());
            *state_dir = set.next().map(|(_, value)| PathBuf::from(value));
        }
        self
    }

    /// The command, which knows what it was given: a run that is recorded can be given it again.
    fn with_arguments(mut self, args: &[OsString]) -> Self {
        if let Self::Job(job) = &mut self
            && let Some(history) = &mut job.history
        {
            history.arguments = repeatable(args.get(2..).unwrap_or_default());
            history.arguments.extend(history.reports.flags());
        }
        self
    }
}
