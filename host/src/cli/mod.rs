//! The command line: arguments, variables and the config file become one typed [`Command`], or an [`Advice`] on
//! what is wrong with them.

mod audit;
mod clap_error;
mod demo;
mod doctor;
mod grant;
mod groups;
mod job;
mod layers;
mod notify;
mod rehearse;
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
    demo::DemoOptions,
    doctor::DoctorOptions,
    grant::{GrantOptions, PrincipalType, Purpose as GrantPurpose, Whom},
    groups::{
        entra::EntraGroups,
        history::{HistoryOptions, Resume, without_devices_file},
        identity::Auth,
        notification::{NotifyOptions, WebhookOptions},
        output::{Color, DeviceTable, OutputOptions, ReportFormat, Verbosity},
    },
    job::JobOptions,
    notify::NotifyTestOptions,
    rehearse::{BulkCost, Limiter, RehearseOptions, TenantOptions},
    runs::{ListOptions, Only, Pruning, RunsCommand, RunsFormat, RunsOptions},
    simulate::SimulateOptions,
};
use self::{groups::history::repeatable, layers::Layers};

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
        /// It sends messages, and is no engine.
        notifier: bool,
    },
    /// `runs`.
    Runs(RunsOptions),
    /// `notify test`.
    NotifyTest(Box<NotifyTestOptions>),
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

/// Reads the command line `args` (the program's name first), the variables `INTUNE_SYNC_*`, and the files that they
/// name. Nothing else is touched.
///
/// # Errors
///
/// What is wrong, in any of these.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, Advice> {
    parse_with(args, &std::env::vars_os().collect::<Vec<_>>())
}

/// Variables, name and value.
type Variables<'a> = &'a [(OsString, OsString)];

fn parse_with(
    args: impl IntoIterator<Item = OsString>,
    variables: Variables<'_>,
) -> Result<Command, Advice> {
    let args: Vec<OsString> = args.into_iter().collect();
    let command = tree::command();

    // The flags alone come first: their errors are theirs, and `--config` is among them.
    let explain = |error, layers: &Layers| clap_error::explain(&error, &command, &args, layers);
    let flags = match command.clone().try_get_matches_from(&args) {
        Ok(flags) => flags,
        Err(error) => return explain(error, &Layers::default()),
    };
    let Some((path, given)) = layered(&flags) else {
        return tree::read(&flags)
            .map(|command| command.with_state_dir(variables))
            .or_else(|error| explain(error, &Layers::default()));
    };

    // Variables and the config file replace the defaults, so that the flags' own parsers read them.
    let config: Option<&PathBuf> = given.get_one("config");
    let layers = Layers::read(&command, given, config.map(PathBuf::as_path), variables)?;
    let layered = at(command.clone(), &path, |subcommand| {
        layers.apply(subcommand)
    });
    layered
        .try_get_matches_from(&args)
        .and_then(|matches| tree::read(&matches))
        .map(|command| command.with_arguments(&args))
        .or_else(|error| explain(error, &layers))
}

/// The subcommand whose flags variables and the config file can set: its path, and what it was given.
fn layered(flags: &ArgMatches) -> Option<(Vec<&str>, &ArgMatches)> {
    match flags.subcommand()? {
        (name @ ("sync" | "plan" | "rehearse" | "doctor"), given) => Some((vec![name], given)),
        ("notify", inner) => {
            let (test, given) = inner.subcommand()?;
            Some((vec!["notify", test], given))
        }
        _ => None,
    }
}

/// The tree with this subcommand changed.
fn at(
    command: clap::Command,
    path: &[&str],
    change: impl FnOnce(clap::Command) -> clap::Command,
) -> clap::Command {
    match path {
        [] => change(command),
        [first, rest @ ..] => {
            command.mut_subcommand(first, |subcommand| at(subcommand, rest, change))
        }
    }
}

impl Command {
    /// The command, with the directory of the history that the variable names.
    fn with_state_dir(mut self, variables: Variables<'_>) -> Self {
        if let Self::Runs(runs) = &mut self
            && runs.state_dir.is_none()
        {
            let name = variable("state-dir");
            let mut set = variables
                .iter()
                .filter(|(known, value)| *known == *name && !value.is_empty());
            runs.state_dir = set.next().map(|(_, value)| PathBuf::from(value));
        }
        self
    }

    /// The command, which knows what it was given: a run that is recorded can be given it again.
    fn with_arguments(mut self, args: &[OsString]) -> Self {
        if let Self::Job(job) = &mut self
            && let Some(history) = &mut job.history
        {
            history.arguments = repeatable(args.get(2..).unwrap_or_default());
        }
        self
    }
}
