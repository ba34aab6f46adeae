//! From flags as they are written to the typed options: what the flags mean together.

use std::time::Duration;

use super::args::{
    Arguments, AuditArgs, DemoArgs, JobArgs, OutputArgs, PacingArgs, SelectionArgs, SimulateArgs,
    Subcommands, TerminalArgs,
};
use super::auth::Auth;
use super::choices::{Format, Verbosity};
use super::options::{
    AuditOptions, DemoOptions, JobOptions, OutputOptions, Pacing, SimulateOptions,
};
use super::{Advice, Command, devices_file};
use crate::sandbox::bindings::sync;

impl TryFrom<Arguments> for Command {
    type Error = Advice;

    fn try_from(arguments: Arguments) -> Result<Self, Advice> {
        Ok(match arguments.command {
            Subcommands::Sync(args) => {
                let purpose = if args.dry_run {
                    sync::Purpose::Plan
                } else {
                    sync::Purpose::Sync
                };
                Self::Job(Box::new(job(args.job, purpose)?))
            }
            Subcommands::Plan(args) => Self::Job(Box::new(job(*args, sync::Purpose::Plan)?)),
            Subcommands::Demo(DemoArgs {
                devices,
                seed,
                pacing,
                output,
            }) => Self::Demo(DemoOptions {
                devices,
                seed,
                pacing: pacing.into(),
                output: output.try_into()?,
            }),
            Subcommands::Rehearse(args) => Self::Rehearse(Box::new((*args).try_into()?)),
            Subcommands::Simulate(SimulateArgs {
                listen,
                devices,
                config,
                seed,
                terminal,
            }) => Self::Simulate(SimulateOptions {
                listen,
                devices,
                config,
                seed,
                output: terminal.try_into()?,
            }),
            Subcommands::Doctor(args) => Self::Doctor(Box::new((*args).try_into()?)),
            Subcommands::Grant(args) => Self::Grant(Box::new((*args).try_into()?)),
            Subcommands::Audit(AuditArgs { file, output }) => Self::Audit(AuditOptions {
                file,
                format: output,
            }),
        })
    }
}

fn job(args: JobArgs, purpose: sync::Purpose) -> Result<JobOptions, Advice> {
    let auth = args.identity.try_into()?;
    standard_input(&auth, &args.selection)?;
    Ok(JobOptions {
        purpose,
        pacing: args.pacing.into(),
        auth,
        cloud: args.graph.cloud,
        graph: args
            .graph
            .graph_url
            .unwrap_or_else(|| args.graph.cloud.graph()),
        ca_file: args.graph.ca_file,
        component: args.component,
        deadline: args.deadline.map(Duration::from_millis),
        yes: args.yes,
        output: args.output.try_into()?,
        // Last: a devices file on standard input is only read when all else is right.
        selection: selection(args.selection)?,
    })
}

/// Standard input can be read for one purpose.
fn standard_input(auth: &Auth, selection: &SelectionArgs) -> Result<(), Advice> {
    let devices = selection.devices_from.as_deref();
    match auth.reads_standard_input() {
        Some(flag) if devices.is_some_and(|file| file.as_os_str() == "-") => Err(Advice::new(
            format!(
                "`{flag} -` and `--devices-from -` are not allowed together: both read standard input"
            ),
            format!("name a file with `{flag}` or `--devices-from`"),
        )),
        _ => Ok(()),
    }
}

fn selection(args: SelectionArgs) -> Result<sync::Selection, Advice> {
    let mut devices: Vec<(u64, u64)> = args.device.iter().map(|id| id.halves()).collect();
    if let Some(file) = &args.devices_from {
        devices.append(&mut devices_file::read(file)?);
    }
    devices.sort_unstable();
    devices.dedup();
    Ok(sync::Selection {
        os: args.os,
        compliance: args.compliance,
        owner: args.owner,
        agent: args.agent,
        category: args.category,
        name: args.name,
        stale_for: args.stale_for,
        devices: devices
            .into_iter()
            .map(|(hi, lo)| sync::Guid { hi, lo })
            .collect(),
        limit: args.limit,
        order: args.order.into(),
        include_unsupported: args.include_unsupported,
    })
}

impl From<PacingArgs> for Pacing {
    fn from(args: PacingArgs) -> Self {
        Self {
            batch_size: args.batch_size,
            batch_delay: args.batch_delay,
            max_retries: args.max_retries,
            initial_backoff: args.initial_backoff,
            dispatch: args.dispatch.into(),
            pace: args.pace.into(),
            ceiling: args.max_rate,
        }
    }
}

impl TryFrom<OutputArgs> for OutputOptions {
    type Error = Advice;

    fn try_from(args: OutputArgs) -> Result<Self, Advice> {
        Ok(Self {
            format: args.output,
            ..args.terminal.try_into()?
        })
    }
}

impl TryFrom<TerminalArgs> for OutputOptions {
    type Error = Advice;

    fn try_from(args: TerminalArgs) -> Result<Self, Advice> {
        let verbosity = match (args.quiet, args.verbose) {
            (true, true) => {
                return Err(Advice::new(
                    "`--quiet` and `--verbose` are not allowed together",
                    "leave `--quiet` or `--verbose` out",
                ));
            }
            (true, false) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        Ok(Self {
            format: Format::Text,
            color: args.color,
            verbosity,
        })
    }
}
