//! `completions`: a script that has a shell complete commands, flags and values.

use intune_sync_report::ExitStatus;

use super::Failure;
use crate::{
    cli::{self, CompletionsOptions},
    printer::Printer,
};

/// Prints the script.
///
/// # Errors
///
/// When stdout cannot be written.
pub(super) fn run(
    options: CompletionsOptions,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let mut script = Vec::new();
    let mut tree = cli::tree();
    clap_complete::generate(options.shell, &mut tree, cli::NAME, &mut script);
    printer.data(&String::from_utf8_lossy(&script))?;
    Ok(ExitStatus::Success)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;
    use clap_complete::Shell;
    use std::io;

    use super::*;
    use crate::{cli::OutputOptions, printer::tests::Written};

    #[test]
    fn each_shell_learns_of_commands_flags_and_words() {
        for shell in Shell::value_variants() {
            let stdout = Written::default();
            let mut printer = Printer::to(stdout.clone(), io::sink(), &OutputOptions::default());
            let ended = run(CompletionsOptions { shell: *shell }, &mut printer);
            assert_eq!(ended.ok(), Some(ExitStatus::Success));
            let script = stdout.text();
            for word in ["runs", "stale-for", "managed-identity", "completions"] {
                assert!(script.contains(word), "{shell} has no `{word}`");
            }
        }
    }
}
