//! The examples in the help pages: each command in them is one that the program takes.

use clap::error::ErrorKind;

use super::tree;

/// The commands in the examples of a help page: the lines that begin with the program's name, up to what is said of
/// them.
fn examples(command: &mut clap::Command) -> Vec<String> {
    let page = command.render_long_help().to_string();
    let lines = page.lines().map(str::trim);
    lines
        .filter(|line| line.starts_with("intune-sync "))
        .map(|line| line.split("  ").next().unwrap_or_default().to_owned())
        .collect()
}

fn all(command: &mut clap::Command, found: &mut Vec<String>) {
    found.extend(examples(command));
    for subcommand in command.get_subcommands_mut() {
        all(subcommand, found);
    }
}

#[test]
fn each_example_is_a_command_that_the_program_takes() {
    let mut found = Vec::new();
    all(&mut tree(), &mut found);
    assert!(found.len() > 20, "{found:?}");
    for example in found {
        // What is behind `>` or `|` is the shell's. A placeholder, such as `ID`, need not be a value.
        let command = example.split(['>', '|']).next().unwrap_or_default();
        // A blank in quotes divides no words.
        let parts = command.split('"').enumerate();
        let parts = parts.map(|(at, part)| match at % 2 {
            0 => part.to_owned(),
            _ => part.replace(' ', "-"),
        });
        let command: String = parts.collect();
        let words = command.split_whitespace();
        if let Err(error) = tree().try_get_matches_from(words) {
            let unknown = [
                ErrorKind::UnknownArgument,
                ErrorKind::InvalidSubcommand,
                ErrorKind::ArgumentConflict,
                ErrorKind::MissingRequiredArgument,
            ];
            assert!(!unknown.contains(&error.kind()), "{example}: {error}");
        }
    }
}
