//! A config file with each key as a comment.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::Path,
};

use clap::Arg;

use super::Failure;
use crate::cli::{self, Key};

/// Writes the file, and the folder that it is in.
///
/// # Errors
///
/// When there is one, or it cannot be written.
pub(super) fn write(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    let written = match path.parent() {
        Some(folder) => fs::create_dir_all(folder),
        None => Ok(()),
    };
    let written = written
        .and_then(|()| File::create_new(path))
        .and_then(|mut file| file.write_all(text().as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::usage(
            format!("`{shown}` is there already, and is left as it is"),
            format!("`intune-sync config check '{shown}'` checks it; name another file to write"),
        ),
        _ => Failure::failed(
            format!("`{shown}` cannot be written: {error}"),
            "name another file: `intune-sync config init job.toml`",
        ),
    })
}

/// The text of the file.
fn text() -> String {
    let mut text = "\
# Settings of `intune-sync`, for `sync`, `plan`, `rehearse` and `doctor`. A key is the name of a long flag. A flag wins over
# a variable (`INTUNE_SYNC_BATCH_SIZE`), a variable over this file. Paths are relative to this file. Secrets stay in
# files: here are only their paths. `intune-sync config check` checks this file, `config show` says what holds.
"
    .to_owned();
    let tree = cli::tree();
    let mut heading = None;
    for key in Key::all(&tree) {
        if key.arg.get_help_heading() != heading {
            heading = key.arg.get_help_heading();
            text += &format!("\n## {}\n", heading.unwrap_or("Other"));
        }
        text += &format!(
            "\n# {}\n# {} = {}\n",
            help(key.arg),
            key.long,
            example(&key)
        );
    }
    text += "
## Profiles: their keys win over those above, when `--profile nightly` chooses one

# [profile.nightly]
# stale-for = \"7d\"
# pace = \"quota\"
";
    text
}

/// The help of a flag in one line, with its words.
fn help(arg: &Arg) -> String {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let words: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|_| arg.get_action().takes_values())
        .map(|word| format!("`{}`", word.get_name()))
        .collect();
    match words.as_slice() {
        [] => help,
        words => format!("{help}: {}", words.join(", ")),
    }
}

/// The default of a key as it is written in TOML, or a value that shows what it takes.
fn example(key: &Key<'_>) -> String {
    if key.is_switch() {
        return "true".to_owned();
    }
    let default = key.arg.get_default_values().first();
    let text = match default.and_then(|default| default.to_str()) {
        Some(default) => default.to_owned(),
        None => {
            let words = key.arg.get_possible_values();
            let word = words.first().map(|word| word.get_name().to_owned());
            word.unwrap_or_else(|| typical(key).to_owned())
        }
    };
    let value = match text.parse::<f64>() {
        Ok(_) => text,
        Err(_) => format!("\"{text}\""),
    };
    match key.is_list() {
        true => format!("[{value}]"),
        false => value,
    }
}

/// A value that shows what a key takes.
fn typical(key: &Key<'_>) -> &'static str {
    let names = key.arg.get_value_names().unwrap_or_default();
    match (key.long, names.first().map(|name| name.as_str())) {
        ("os", _) => "Windows",
        ("resource-id", _) => "/subscriptions/…/userAssignedIdentities/sync",
        ("devices-column", _) => "Serial number",
        ("max-rate", _) => "9.75",
        (_, Some("DURATION")) => "7d",
        (_, Some("DATE")) => "2026-11-01",
        (_, Some("N")) => "100",
        (_, Some("ID")) => "00112233-4455-6677-8899-aabbccddeeff",
        (_, Some("PATTERN")) => "PC-*",
        (_, Some("VERSION")) => "10.0.22631",
        (_, Some("TENANT")) => "contoso.com",
        (_, Some("URL")) => "https://graph.microsoft.com",
        (_, Some("DIR")) => "history",
        (_, Some("FILE")) => "file",
        _ => "name",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader gets who takes the `#` out.
    #[test]
    fn each_line_can_be_taken_as_it_is() {
        let folder = tempfile::tempdir().expect("there is room for a file");
        let tree = cli::tree();
        let keys = Key::all(&tree);
        for key in &keys {
            let path = folder.path().join(key.long);
            let set = format!("# {} = ", key.long);
            let line = text()
                .lines()
                .find(|line| line.starts_with(&set))
                .map(|line| line.trim_start_matches("# ").to_owned())
                .unwrap_or_else(|| panic!("`{}` is not there", key.long));
            fs::write(&path, &line).expect("there is room for a file");
            let args = ["intune-sync", "config", "check"].map(Into::into);
            let args = args.into_iter().chain([path.into_os_string()]);
            match cli::parse(args).map(|invocation| invocation.command) {
                Ok(cli::Command::Config(cli::ConfigOptions::Check { problems, .. })) => {
                    assert_eq!(problems, [], "{line}");
                }
                other => panic!("{line}: {other:?}"),
            }
        }
        assert!(keys.len() > 40);
    }

    #[test]
    fn the_text_is_a_file_that_sets_nothing() {
        let parsed = intune_sync_files::config::parse(&text(), "`x`");
        assert_eq!(parsed, Ok(intune_sync_files::config::Config::default()));
    }
}
