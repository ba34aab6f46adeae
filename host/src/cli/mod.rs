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
mod plan;
mod rehearse;
mod simulate;
mod sync;
#[cfg(test)]
mod tests;
mod tree;

use std::{ffi::OsString, path::PathBuf};

use clap::FromArgMatches;
use intune_sync_settings::Advice;
pub(crate) use intune_sync_settings::{Cloud, duration};

use self::layers::Layers;
pub(crate) use self::{
    audit::AuditOptions,
    demo::DemoOptions,
    doctor::DoctorOptions,
    grant::{GrantOptions, Purpose as GrantPurpose, Whom},
    groups::{
        identity::Auth,
        output::{Color, Format, OutputOptions, ReportFormat, Verbosity},
    },
    job::JobOptions,
    rehearse::{BulkCost, Limiter, RehearseOptions, TenantOptions},
    simulate::SimulateOptions,
};

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
    parse_with(args, &|name| std::env::var_os(name))
}

/// A variable's value.
type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

fn parse_with(
    args: impl IntoIterator<Item = OsString>,
    variables: Variables<'_>,
) -> Result<Command, Advice> {
    let args: Vec<OsString> = args.into_iter().collect();
    let command = tree::command();

    // The flags alone come first: their errors are theirs, and `--config` is among them.
    let flags = match command.clone().try_get_matches_from(&args) {
        Ok(flags) => flags,
        Err(error) => return clap_error::explain(&error, &command, &args, &Layers::default()),
    };
    let Some((name @ ("sync" | "plan" | "rehearse" | "doctor"), given)) = flags.subcommand() else {
        return tree::Arguments::from_arg_matches(&flags)
            .map_err(|error| unexpected(&error))
            .and_then(Command::try_from);
    };

    // Variables and the config file replace the defaults, so that the flags' own parsers read them.
    let config: Option<&PathBuf> = given.get_one("config");
    let layers = Layers::read(&command, given, config.map(PathBuf::as_path), variables)?;
    let layered = command
        .clone()
        .mut_subcommand(name, |subcommand| layers.apply(subcommand));
    match layered.try_get_matches_from(&args) {
        Ok(matches) => tree::Arguments::from_arg_matches(&matches)
            .map_err(|error| unexpected(&error))
            .and_then(Command::try_from),
        Err(error) => clap_error::explain(&error, &command, &args, &layers),
    }
}

/// Matches that clap's own tree has accepted fit the structs derived with it; where they do not, clap says why.
fn unexpected(error: &clap::Error) -> Advice {
    Advice::new(
        error.to_string(),
        "`intune-sync --help` lists the commands and their flags",
    )
}
