//! `man`: the help texts as pages for `man`.

use std::{fs, io, path::Path};

use clap_mangen::Man;
use intune_sync_report::ExitStatus;

use super::Failure;
use crate::{
    cli::{self, ManOptions},
    printer::{Printer, one_line},
};

/// Prints a page, or writes all of them.
///
/// # Errors
///
/// When there is no such command, or a page cannot be written.
pub(super) fn run(options: &ManOptions, printer: &mut Printer) -> Result<ExitStatus, Failure> {
    // Each page lists its commands: one for the help of each would say nothing.
    let mut tree = cli::tree().disable_help_subcommand(true);
    tree.build();
    match &options.dir {
        Some(dir) => {
            let pages = write_all(tree, dir).map_err(|error| {
                Failure::failed(
                    format!(
                        "the pages cannot be written to `{}`: {error}",
                        dir.display()
                    ),
                    "give `--dir` a directory that you can write to",
                )
            })?;
            printer.note(&format!("wrote {pages} pages to `{}`", dir.display()));
        }
        None => {
            let mut page = Vec::new();
            Man::new(find(tree, &options.command)?).render(&mut page)?;
            printer.data(&String::from_utf8_lossy(&page))?;
        }
    }
    Ok(ExitStatus::Success)
}

/// The command of this name, one word for each level.
fn find(tree: clap::Command, names: &[String]) -> Result<clap::Command, Failure> {
    names.iter().try_fold(tree, |command, name| {
        let found = shown(&command).find(|known| known.get_name() == name);
        found.cloned().ok_or_else(|| {
            let path = command.get_bin_name().unwrap_or(cli::NAME);
            Failure::usage(
                format!("`{}` is not a command of `{path}`", one_line(name)),
                format!("`{path} --help` lists the commands"),
            )
        })
    })
}

/// Writes the page of a command, and those of the commands below it; returns how many.
fn write_all(command: clap::Command, dir: &Path) -> io::Result<usize> {
    fs::create_dir_all(dir)?;
    let mut pages = 1;
    for below in shown(&command) {
        pages += write_all(below.clone(), dir)?;
    }
    Man::new(command).generate_to(dir)?;
    Ok(pages)
}

/// The commands below this one that its help shows.
fn shown(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
}
