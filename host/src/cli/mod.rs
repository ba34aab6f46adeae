//! The command line: arguments, variables and the config file become one typed [`Command`], or an [`Advice`] on
//! what is wrong with them.

mod args;
mod auth;
mod choices;
mod clap_error;
mod devices_file;
mod doctor;
mod grant;
mod layers;
mod options;
mod rehearsal;
mod resolve;
mod terms;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::FromArgMatches;
use intune_sync_settings::{Advice, number};
pub(crate) use intune_sync_settings::{cloud, duration};

pub(crate) use self::auth::{Auth, UserAssigned};
pub(crate) use self::choices::{BulkCost, Color, Format, Limiter, ReportFormat, Verbosity};
pub(crate) use self::cloud::Cloud;
pub(crate) use self::doctor::DoctorOptions;
pub(crate) use self::grant::{GrantOptions, Purpose as GrantPurpose, Whom};
use self::layers::Layers;
pub(crate) use self::options::{
    AuditOptions, DemoOptions, JobOptions, OutputOptions, Pacing, SimulateOptions,
};
pub(crate) use self::rehearsal::{RehearseOptions, TenantOptions};

/// What the user asked for.
#[derive(Debug)]
pub(crate) enum Command {
    /// `sync` and `plan`: see [`JobOptions::purpose`].
    Job(Box<JobOptions>),
    /// `demo`.
    Demo(DemoOptions),
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
/// What is wrong, whichever of these it stands in.
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
    let command = args::command();

    // The flags alone come first: their errors are theirs, and `--config` is among them.
    let flags = match command.clone().try_get_matches_from(&args) {
        Ok(flags) => flags,
        Err(error) => return clap_error::explain(&error, &command, &args, &Layers::default()),
    };
    let Some((name @ ("sync" | "plan" | "rehearse" | "doctor"), given)) = flags.subcommand() else {
        return args::Arguments::from_arg_matches(&flags)
            .map_err(|error| unexpected(&error))
            .and_then(Command::try_from);
    };

    // What stands in variables and in the config file takes the place of the defaults, so that the flags' own parsers
    // read it.
    let config: Option<&PathBuf> = given.get_one("config");
    let layers = Layers::read(&command, given, config.map(PathBuf::as_path), variables)?;
    let layered = command
        .clone()
        .mut_subcommand(name, |subcommand| layers.apply(subcommand));
    match layered.try_get_matches_from(&args) {
        Ok(matches) => args::Arguments::from_arg_matches(&matches)
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
